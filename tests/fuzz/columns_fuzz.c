#include "protocol/wire/columns.h"
#include "protocol/wire/record_codec.h"
#include "tests/fuzz/target.h"

#define HEAD_SIZE     4
#define ROOM          ((size_t)16 * 1024 * 1024)
#define ROWS_COMPARED 100

static void write_rows(struct writer *writer, const struct columns_shape *shape, void **rows, const uint64_t *masks)
{
	const struct columns columns = { .schema = shape->schema,
		.rows = (const void *const *)rows,
		.masks = shape->masked ? masks : NULL,
		.count = shape->count,
		.ids_known = shape->ids_known,
		.ids_kind = shape->ids_kind,
		.extra = shape->extra };
	size_t room = COLUMNS_ROOM;

	columns_encode(writer, &columns, NULL, &room);
}

static struct bytes row_bytes(struct arena *arena, const struct schema *schema, const void *row)
{
	struct writer writer = writer_in(arena, RECORD_SIZE_MAX);

	record_encode(&writer, schema, row);
	return writer_bytes(&writer);
}

/* What was decoded, however it was written, is written in one way: that decodes to the same rows, and is written the same again. */
static void write_again(const struct columns_shape *shape, void **rows, const uint64_t *masks)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct writer first = writer_in(&arena, ROOM), second = writer_in(&arena, ROOM);
	size_t room = COLUMNS_MEMORY_MAX;
	uint64_t *same_masks = NULL;
	struct reader reader;
	void **same;

	write_rows(&first, shape, rows, masks);
	if (!first.overflow) { /* a writer fills half of what a reader takes */
		reader = reader_of(writer_bytes(&first));
		insist(columns_decode(&reader, &arena, shape, &room, &same, &same_masks) == STATUS_OK && reader_left(&reader) == 0);
		write_rows(&second, shape, same, same_masks);
		insist(!second.overflow && bytes_equal(writer_bytes(&first), writer_bytes(&second)));
		for (size_t i = 0; i < shape->count && i < ROWS_COMPARED; i++) {
			struct bytes left = row_bytes(&scratch, shape->schema, rows[i]);
			insist(bytes_equal(left, row_bytes(&scratch, shape->schema, same[i])));
			arena_reset(&scratch);
		}
	}
	arena_finish(&arena);
	arena_finish(&scratch);
}

/* The first bytes choose the schema, the number of rows and the sort of block. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct references references = fuzz_references();
	struct arena arena = { 0 };
	const struct schema *schema;
	struct reader reader;
	struct columns_shape shape;
	size_t count, room = COLUMNS_MEMORY_MAX;
	uint64_t *masks;
	void **rows;

	if (size < HEAD_SIZE)
		return 0;
	schema = schema_find((enum record_kind)data[0]);
	count = data[1] | (size_t)data[2] << 8;
	if (schema == NULL)
		return 0;
	reader = reader_of((struct bytes){ data + HEAD_SIZE, size - HEAD_SIZE });
	shape = (struct columns_shape){ .schema = schema,
		.count = count,
		.masked = (data[3] & 1) != 0,
		.ids_known = (data[3] & 2) != 0,
		.ids_kind = schema->kind,
		.extra = (data[3] & 4) != 0,
		.references = &references };
	if (columns_decode(&reader, &arena, &shape, &room, &rows, &masks) == STATUS_OK)
		write_again(&shape, rows, masks);
	insist(arena.used <= 2 * COLUMNS_MEMORY_MAX);
	arena_finish(&arena);
	return 0;
}
