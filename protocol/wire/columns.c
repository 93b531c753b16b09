#include "protocol/wire/columns.h"

#include <stdalign.h>
#include <string.h>

#include "protocol/wire/integers.h"
#include "protocol/wire/texts.h"

#define ID_TAG 1
#define ID_BIT ((uint64_t)1 << ID_TAG)
#define TAG_MAX 63

static const char what[] = "columns";

/* The id is a field like any other here, and the first. */
static const struct field id_field = { .name = "id", .kind = FIELD_ID, .tag = ID_TAG };

struct encoder {
	const struct columns *columns;
	const struct references *references;
	struct writer *writer;
	struct arena scratch;
	size_t *room;
};

/* The rows in which a field counts, and which of them hold something else than its default. */
struct selection {
	const void **rows;
	uint8_t *present;
	size_t count;
	size_t present_count;
};

static size_t bitmap_size(size_t count)
{
	return (count + 7) / 8;
}

static bool bitmap_has(const uint8_t *bitmap, size_t position)
{
	return (bitmap[position / 8] >> position % 8 & 1) != 0;
}

static size_t row_stride(const struct schema *schema)
{
	return (schema->size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

/* Without texts. */
static size_t rows_memory(const struct schema *schema, size_t count)
{
	return count * (row_stride(schema) + sizeof(void *) + sizeof(uint64_t));
}

static void spend(struct encoder *encoder, size_t memory)
{
	if (memory > *encoder->room)
		encoder->writer->overflow = true;
	else
		*encoder->room -= memory;
}

static struct selection select_rows(struct encoder *encoder, const struct field *field)
{
	const struct columns *columns = encoder->columns;
	struct selection selection = {
		.rows = arena_allocate_array(&encoder->scratch, columns->count, sizeof(*selection.rows)),
		.present = arena_allocate(&encoder->scratch, bitmap_size(columns->count)),
	};

	for (size_t i = 0; i < columns->count; i++) {
		const void *row = columns->rows[i];
		if (field->tag != ID_TAG && columns->masks != NULL && (columns->masks[i] >> field->tag & 1) == 0)
			continue;
		if (!field_is_default(field, row)) {
			selection.present[selection.count / 8] |= (uint8_t)(1U << selection.count % 8);
			selection.present_count++;
		}
		selection.rows[selection.count++] = row;
	}
	return selection;
}

/* Only rows that hold something. */
static const void **present_rows(struct encoder *encoder, const struct selection *selection)
{
	const void **rows;
	size_t count = 0;

	if (selection->present_count == selection->count)
		return selection->rows;
	rows = arena_allocate_array(&encoder->scratch, selection->present_count, sizeof(*rows));
	for (size_t i = 0; i < selection->count; i++)
		if (bitmap_has(selection->present, i))
			rows[count++] = selection->rows[i];
	return rows;
}

static void write_lead(struct encoder *encoder, const struct field *field, const struct selection *selection, bool sparse)
{
	write_varint(encoder->writer, field->tag * 2 + sparse);
	if (sparse)
		write_raw(encoder->writer, selection->present, bitmap_size(selection->count));
}

static int64_t *gather_integers(struct encoder *encoder, const struct field *field, const void *const *rows, size_t count)
{
	int64_t *values = arena_allocate_array(&encoder->scratch, count, sizeof(*values));

	for (size_t i = 0; i < count; i++)
		values[i] = field_integer(field, rows[i]);
	return values;
}

/* Zeros among numbers may be cheaper written than marked. */
static void write_integers(struct encoder *encoder, const struct field *field, const struct selection *selection)
{
	const void **rows = present_rows(encoder, selection);
	int64_t *values = gather_integers(encoder, field, rows, selection->present_count);
	bool sparse = selection->present_count != selection->count;

	if (sparse) {
		int64_t *all = gather_integers(encoder, field, selection->rows, selection->count);
		size_t marked = bitmap_size(selection->count) + integers_cost(values, selection->present_count, &encoder->scratch);
		if (integers_cost(all, selection->count, &encoder->scratch) <= marked) {
			write_lead(encoder, field, selection, false);
			integers_encode(encoder->writer, all, selection->count, &encoder->scratch);
			return;
		}
	}
	write_lead(encoder, field, selection, sparse);
	integers_encode(encoder->writer, values, selection->present_count, &encoder->scratch);
}

static void write_texts(struct encoder *encoder, const struct field *field, const struct selection *selection)
{
	const void **rows = present_rows(encoder, selection);
	struct text *texts = arena_allocate_array(&encoder->scratch, selection->present_count, sizeof(*texts));
	size_t memory = 0;

	for (size_t i = 0; i < selection->present_count; i++) {
		texts[i] = *(const struct text *)field_at(field, rows[i]);
		memory += texts[i].size;
	}
	spend(encoder, memory);
	write_lead(encoder, field, selection, selection->present_count != selection->count);
	texts_encode(encoder->writer, texts, selection->present_count, &encoder->scratch);
}

static enum record_kind reference_kind(const struct field *field, bool ids_known, enum record_kind ids_kind)
{
	if (field->tag == ID_TAG)
		return ids_known ? ids_kind : RECORD_NONE;
	return field->refers;
}

static void write_ids(struct encoder *encoder, const struct field *field, const struct selection *selection)
{
	const struct columns *columns = encoder->columns;
	const void **rows = present_rows(encoder, selection);
	struct id *ids = arena_allocate_array(&encoder->scratch, selection->present_count, sizeof(*ids));

	for (size_t i = 0; i < selection->present_count; i++)
		ids[i] = *(const struct id *)field_at(field, rows[i]);
	write_lead(encoder, field, selection, selection->present_count != selection->count);
	ids_encode(encoder->writer, ids, selection->present_count, reference_kind(field, columns->ids_known, columns->ids_kind),
		   encoder->references, &encoder->scratch);
}

static void write_column(struct encoder *encoder, const struct field *field)
{
	struct selection selection;

	if ((encoder->columns->left_out >> field->tag & 1) != 0)
		return;
	arena_reset(&encoder->scratch);
	selection = select_rows(encoder, field);
	if (selection.present_count == 0)
		return;
	switch (field->kind) {
	case FIELD_ID:
		write_ids(encoder, field, &selection);
		break;
	case FIELD_TEXT:
		write_texts(encoder, field, &selection);
		break;
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		write_integers(encoder, field, &selection);
		break;
	}
}

static void write_masks(struct encoder *encoder)
{
	const struct columns *columns = encoder->columns;
	int64_t *masks = arena_allocate_array(&encoder->scratch, columns->count, sizeof(*masks));

	memcpy(masks, columns->masks, columns->count * sizeof(*masks));
	integers_encode(encoder->writer, masks, columns->count, &encoder->scratch);
}

void columns_encode(struct writer *writer, const struct columns *columns, const struct references *references, size_t *room)
{
	struct encoder encoder = { .columns = columns, .references = references, .writer = writer, .room = room };

	if (columns->count > COLUMNS_ROWS_MAX) {
		writer->overflow = true;
		return;
	}
	spend(&encoder, rows_memory(columns->schema, columns->count));
	if (writer->overflow)
		return;
	if (columns->count > 0) {
		if (columns->masks != NULL && !columns->masks_known)
			write_masks(&encoder);
		write_column(&encoder, &id_field);
		for (size_t i = 0; i < columns->schema->field_count; i++)
			if (columns->schema->fields[i].tag != ID_TAG)
				write_column(&encoder, &columns->schema->fields[i]);
	}
	write_varint(writer, 0);
	arena_finish(&encoder.scratch);
}

struct decoder {
	const struct columns_shape *shape;
	struct reader *reader;
	struct arena *arena;
	struct arena scratch;
	size_t *room;
	void **rows;
	const uint64_t *masks;
};

/* Rows that a column's values go to, one after the other. */
struct target {
	void **rows;
	size_t count;
};

static enum status corrupt(const struct decoder *decoder, const struct field *field, const char *why)
{
	return fail(STATUS_CORRUPT, "%s of %s, field %s: %s", what, decoder->shape->schema->name, field->name, why);
}

/* Keeps the rows whose bits are set. */
static enum status apply_bitmap(struct decoder *decoder, const struct field *field, struct target *target)
{
	struct bytes bitmap = read_view(decoder->reader, bitmap_size(target->count));
	size_t kept = 0;

	if (decoder->reader->bad)
		return corrupt(decoder, field, "cut");
	if (target->count % 8 != 0 && bitmap.data[bitmap.size - 1] >> target->count % 8 != 0)
		return corrupt(decoder, field, "bits after the last row");
	for (size_t i = 0; i < target->count; i++)
		if (bitmap_has(bitmap.data, i))
			target->rows[kept++] = target->rows[i];
	if (kept == 0 || kept == target->count)
		return corrupt(decoder, field, "a bitmap that says nothing");
	target->count = kept;
	return STATUS_OK;
}

static enum status find_target(struct decoder *decoder, const struct field *field, bool sparse, struct target *out_target)
{
	const struct columns_shape *shape = decoder->shape;
	struct target target = { .rows = arena_allocate_array(&decoder->scratch, shape->count, sizeof(*target.rows)) };
	enum status status = STATUS_OK;

	for (size_t i = 0; i < shape->count; i++)
		if (field->tag == ID_TAG || decoder->masks == NULL || (decoder->masks[i] >> field->tag & 1) != 0)
			target.rows[target.count++] = decoder->rows[i];
	if (target.count == 0)
		return corrupt(decoder, field, "a column that no row asks for");
	if (sparse)
		status = apply_bitmap(decoder, field, &target);
	if (status == STATUS_OK)
		*out_target = target;
	return status;
}

static enum status read_integers(struct decoder *decoder, const struct field *field, const struct target *target)
{
	int64_t *values;
	enum status status;

	if (field->kind == FIELD_INTEGER || field->kind == FIELD_TIME)
		status = integers_decode(decoder->reader, &decoder->scratch, target->count, &values);
	else
		status = integers_decode_below(decoder->reader, &decoder->scratch, target->count,
					       field->kind == FIELD_BOOLEAN ? 1 : UINT32_MAX, &values);
	for (size_t i = 0; status == STATUS_OK && i < target->count; i++)
		field_set_integer(field, target->rows[i], values[i]);
	return status;
}

static enum status read_texts(struct decoder *decoder, const struct field *field, const struct target *target)
{
	struct text *texts;
	enum status status = texts_decode(decoder->reader, decoder->arena, &decoder->scratch, target->count, decoder->room, &texts);

	for (size_t i = 0; status == STATUS_OK && i < target->count; i++) {
		if (texts[i].size > *decoder->room) /* views are shared here, but who encodes the rows one by one writes each out */
			return corrupt(decoder, field, "more text than a block may unfold to");
		*decoder->room -= texts[i].size;
		memcpy(field_at_mutable(field, target->rows[i]), &texts[i], sizeof(texts[i]));
	}
	return status;
}

static enum status read_ids(struct decoder *decoder, const struct field *field, const struct target *target)
{
	const struct columns_shape *shape = decoder->shape;
	struct id *ids;
	enum status status = ids_decode(decoder->reader, &decoder->scratch, target->count,
		reference_kind(field, shape->ids_known, shape->ids_kind), shape->references, &ids);

	for (size_t i = 0; status == STATUS_OK && i < target->count; i++)
		memcpy(field_at_mutable(field, target->rows[i]), &ids[i], sizeof(ids[i]));
	return status;
}

static enum status read_column(struct decoder *decoder, const struct field *field, bool sparse)
{
	struct target target = { 0 };
	enum status status;

	arena_reset(&decoder->scratch);
	status = find_target(decoder, field, sparse, &target);
	if (status != STATUS_OK)
		return status;
	switch (field->kind) {
	case FIELD_ID:
		return read_ids(decoder, field, &target);
	case FIELD_TEXT:
		return read_texts(decoder, field, &target);
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		return read_integers(decoder, field, &target);
	}
	return corrupt(decoder, field, "no such kind of field");
}

static enum status read_all(struct decoder *decoder)
{
	const struct columns_shape *shape = decoder->shape;
	uint64_t last_tag = 0;

	for (;;) {
		uint64_t lead = read_varint(decoder->reader);
		uint64_t tag = lead / 2;
		const struct field *field = NULL;
		enum status status;

		if (decoder->reader->bad)
			return fail(STATUS_CORRUPT, "%s of %s: cut", what, shape->schema->name);
		if (lead == 0)
			return STATUS_OK;
		if (tag <= last_tag || (tag <= TAG_MAX && (shape->left_out >> tag & 1) != 0))
			return fail(STATUS_CORRUPT, "%s of %s: tag %llu out of place", what, shape->schema->name, (unsigned long long)tag);
		if (tag <= TAG_MAX)
			field = tag == ID_TAG ? &id_field : schema_field_by_tag(shape->schema, (uint32_t)tag);
		if (field == NULL)
			return fail(STATUS_NEWER, "%s of %s: tag %llu is not known here; update this program", what, shape->schema->name,
				    (unsigned long long)tag);
		status = read_column(decoder, field, (lead & 1) != 0);
		if (status != STATUS_OK)
			return status;
		last_tag = tag;
	}
}

static enum status read_masks(struct decoder *decoder)
{
	const struct columns_shape *shape = decoder->shape;
	uint64_t known = 0, unknown = 0, *masks;
	int64_t *values;
	enum status status = integers_decode(decoder->reader, &decoder->scratch, shape->count, &values);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < shape->schema->field_count; i++)
		known |= (uint64_t)1 << shape->schema->fields[i].tag;
	known &= ~ID_BIT;
	for (size_t i = 0; i < shape->count; i++)
		unknown |= (uint64_t)values[i] & ~known;
	if ((unknown & 3) != 0)
		return fail(STATUS_CORRUPT, "%s of %s: a mask names the id", what, shape->schema->name);
	if (unknown != 0)
		return fail(STATUS_NEWER, "%s of %s: a mask names a field not known here; update this program", what, shape->schema->name);
	masks = arena_allocate_array(decoder->arena, shape->count, sizeof(*masks));
	memcpy(masks, values, shape->count * sizeof(*masks));
	decoder->masks = masks;
	return STATUS_OK;
}

static void make_rows(struct decoder *decoder)
{
	const struct columns_shape *shape = decoder->shape;
	size_t stride = row_stride(shape->schema);
	uint8_t *block = arena_allocate_array(decoder->arena, shape->count, stride);

	decoder->rows = arena_allocate_array(decoder->arena, shape->count, sizeof(*decoder->rows));
	for (size_t i = 0; i < shape->count; i++)
		decoder->rows[i] = block + i * stride;
}

enum status columns_decode(
	struct reader *reader, struct arena *arena, const struct columns_shape *shape, size_t *room, void ***out_rows, uint64_t **out_masks)
{
	struct decoder decoder = { .shape = shape, .reader = reader, .arena = arena, .room = room };
	enum status status = STATUS_OK;

	if (shape->count > COLUMNS_ROWS_MAX || rows_memory(shape->schema, shape->count) > *room)
		return fail(STATUS_CORRUPT, "%s: %zu rows of %s are more than one block may hold", what, shape->count, shape->schema->name);
	*room -= rows_memory(shape->schema, shape->count);
	make_rows(&decoder);
	decoder.masks = shape->masks;
	if (shape->masked && shape->masks == NULL)
		status = read_masks(&decoder);
	if (status == STATUS_OK)
		status = read_all(&decoder);
	arena_finish(&decoder.scratch);
	if (status != STATUS_OK)
		return status;
	*out_rows = decoder.rows;
	if (out_masks != NULL)
		memcpy(out_masks, &decoder.masks, sizeof(*out_masks));
	return STATUS_OK;
}
