#include <stdlib.h>

#include "protocol/wire/columns.h"
#include "tests/fuzz/target.h"

#define HEAD_SIZE 4

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
		.references = &references };
	if (columns_decode(&reader, &arena, &shape, &room, &rows, &masks) == STATUS_OK) {
		struct writer writer = writer_in(&arena, (size_t)16 * 1024 * 1024);
		struct columns columns = { .schema = schema, .rows = (const void *const *)rows, .count = count };
		room = COLUMNS_ROOM;
		columns_encode(&writer, &columns, NULL, &room);
	}
	if (arena.used > 2 * COLUMNS_MEMORY_MAX + (size_t)32 * 1024 * 1024)
		abort();
	arena_finish(&arena);
	return 0;
}
