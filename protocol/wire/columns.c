#include "protocol/wire/columns.h"

#include <stdalign.h>
#include <string.h>

#include "protocol/domain/extra.h"
#include "protocol/domain/revision.h"
#include "protocol/wire/integers.h"
#include "protocol/wire/record_codec.h"
#include "protocol/wire/texts.h"

#define ID_TAG    1
#define ID_BIT    ((uint64_t)1 << ID_TAG)
#define SIZED     128 /* added to the lead of a column whose values state their sizes */
#define LEAD_MAX  (SIZED + TAG_MAX * 2 + 1)

/* What a value that is kept takes beside its bytes, at most: its place, its note, then its tag and size. */
#define KEPT_MEMORY 64
#define KEPT_HEAD   4 /* tag and size in the row */

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

/* What a column holds: a field, or what rows keep of one that is not known here (field NULL). */
struct part {
	const struct field *field;
	uint32_t tag;
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

static bool is_empty(const struct encoder *encoder, const struct part *part, const void *row)
{
	if (part->field != NULL)
		return field_is_default(part->field, row);
	return extra_find(row_extra(encoder->columns->schema, row), part->tag).size == 0;
}

static struct selection select_rows(struct encoder *encoder, const struct part *part)
{
	const struct columns *columns = encoder->columns;
	struct selection selection = {
		.rows = arena_allocate_array(&encoder->scratch, columns->count, sizeof(*selection.rows)),
		.present = arena_allocate(&encoder->scratch, bitmap_size(columns->count)),
	};

	for (size_t i = 0; i < columns->count; i++) {
		const void *row = columns->rows[i];
		if (part->tag != ID_TAG && columns->masks != NULL && (columns->masks[i] >> part->tag & 1) == 0)
			continue;
		if (!is_empty(encoder, part, row)) {
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

static void write_lead(struct encoder *encoder, uint32_t lead, const struct selection *selection, bool sparse)
{
	write_varint(encoder->writer, lead + sparse);
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
			write_lead(encoder, field->tag * 2, selection, false);
			integers_encode(encoder->writer, all, selection->count, &encoder->scratch);
			return;
		}
	}
	write_lead(encoder, field->tag * 2, selection, sparse);
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
	write_lead(encoder, field->tag * 2, selection, selection->present_count != selection->count);
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
	write_lead(encoder, field->tag * 2, selection, selection->present_count != selection->count);
	ids_encode(encoder->writer, ids, selection->present_count, reference_kind(field, columns->ids_known, columns->ids_kind),
		   encoder->references, &encoder->scratch);
}

/* The values as in the canonical form, with their sizes: who does not know the field keeps them all the same. */
static void write_sized(struct encoder *encoder, const struct part *part, const struct selection *selection)
{
	const void **rows = present_rows(encoder, selection);
	struct writer values = writer_in(&encoder->scratch, RECORD_SIZE_MAX * selection->present_count);
	int64_t *sizes = arena_allocate_array(&encoder->scratch, selection->present_count, sizeof(*sizes));

	for (size_t i = 0; i < selection->present_count; i++) {
		struct bytes kept = row_extra(encoder->columns->schema, rows[i]);
		size_t before = values.size;
		if (part->field != NULL) {
			record_write_value(&values, part->field, rows[i]);
		} else {
			kept = extra_find(kept, part->tag);
			write_raw(&values, kept.data, kept.size);
		}
		sizes[i] = (int64_t)(values.size - before);
	}
	spend(encoder, values.size + selection->present_count * KEPT_MEMORY);
	write_lead(encoder, SIZED + part->tag * 2, selection, selection->present_count != selection->count);
	integers_encode(encoder->writer, sizes, selection->present_count, &encoder->scratch);
	write_raw(encoder->writer, values.data, values.size);
}

/* Programs of before know the fields of the plain revisions and nothing of sizes. */
static bool is_plain(const struct part *part)
{
	return part->field != NULL && part->field->since <= SCHEMA_REVISION_PLAIN;
}

static void write_plain(struct encoder *encoder, const struct field *field, const struct selection *selection)
{
	switch (field->kind) {
	case FIELD_ID:
		write_ids(encoder, field, selection);
		break;
	case FIELD_TEXT:
		write_texts(encoder, field, selection);
		break;
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		write_integers(encoder, field, selection);
		break;
	}
}

static void write_column(struct encoder *encoder, const struct part *part)
{
	struct selection selection;

	if ((encoder->columns->left_out >> part->tag & 1) != 0)
		return;
	arena_reset(&encoder->scratch);
	selection = select_rows(encoder, part);
	if (selection.present_count == 0)
		return;
	if (is_plain(part))
		write_plain(encoder, part->field, &selection);
	else
		write_sized(encoder, part, &selection);
}

static uint64_t extra_of_rows(const struct columns *columns)
{
	uint64_t tags = 0;

	for (size_t i = 0; i < columns->count && columns->extra; i++)
		tags |= extra_tags(row_extra(columns->schema, columns->rows[i]));
	return tags;
}

static void write_columns(struct encoder *encoder)
{
	const struct schema *schema = encoder->columns->schema;
	uint64_t extra = extra_of_rows(encoder->columns);

	write_column(encoder, &(struct part){ &id_field, ID_TAG });
	for (uint32_t tag = ID_TAG + 1; tag <= TAG_MAX; tag++) {
		struct part part = { schema_field_by_tag(schema, tag), tag };
		if (part.field != NULL || (extra >> tag & 1) != 0)
			write_column(encoder, &part);
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
		write_columns(&encoder);
	}
	write_varint(writer, 0);
	arena_finish(&encoder.scratch);
}

/* A value of a field that is not known here, until all columns of the row were read. */
struct kept {
	struct kept *before; /* of a lower tag */
	uint32_t tag;
	struct bytes value;
};

struct decoder {
	const struct columns_shape *shape;
	struct reader *reader;
	struct arena *arena;
	struct arena scratch;
	size_t *room;
	void **rows;
	const uint64_t *masks;
	struct kept **kept; /* by the row's place; NULL: nothing is */
};

/* Rows that a column's values go to, one after the other. */
struct target {
	void **rows;
	size_t count;
};

static enum status corrupt(const struct decoder *decoder, uint32_t tag, const char *why)
{
	return fail(STATUS_CORRUPT, "%s of %s, field %u: %s", what, decoder->shape->schema->name, tag, why);
}

/* Keeps the rows whose bits are set. */
static enum status apply_bitmap(struct decoder *decoder, uint32_t tag, struct target *target)
{
	struct bytes bitmap = read_view(decoder->reader, bitmap_size(target->count));
	size_t kept = 0;

	if (decoder->reader->bad)
		return corrupt(decoder, tag, "cut");
	if (target->count % 8 != 0 && bitmap.data[bitmap.size - 1] >> target->count % 8 != 0)
		return corrupt(decoder, tag, "bits after the last row");
	for (size_t i = 0; i < target->count; i++)
		if (bitmap_has(bitmap.data, i))
			target->rows[kept++] = target->rows[i];
	if (kept == 0 || kept == target->count)
		return corrupt(decoder, tag, "a bitmap that says nothing");
	target->count = kept;
	return STATUS_OK;
}

static enum status find_target(struct decoder *decoder, uint32_t tag, bool sparse, struct target *out_target)
{
	const struct columns_shape *shape = decoder->shape;
	struct target target = { .rows = arena_allocate_array(&decoder->scratch, shape->count, sizeof(*target.rows)) };
	enum status status = STATUS_OK;

	for (size_t i = 0; i < shape->count; i++)
		if (tag == ID_TAG || decoder->masks == NULL || (decoder->masks[i] >> tag & 1) != 0)
			target.rows[target.count++] = decoder->rows[i];
	if (target.count == 0)
		return corrupt(decoder, tag, "a column that no row asks for");
	if (sparse)
		status = apply_bitmap(decoder, tag, &target);
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
			return corrupt(decoder, field->tag, "more text than a block may unfold to");
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

static enum status read_plain(struct decoder *decoder, const struct field *field, const struct target *target)
{
	switch (field->kind) {
	case FIELD_ID:
		return read_ids(decoder, field, target);
	case FIELD_TEXT:
		return read_texts(decoder, field, target);
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		return read_integers(decoder, field, target);
	}
	return corrupt(decoder, field->tag, "no such kind of field");
}

static void keep_value(struct decoder *decoder, uint32_t tag, struct bytes value, const void *row)
{
	size_t stride = row_stride(decoder->shape->schema);
	size_t place = (size_t)((const uint8_t *)row - (const uint8_t *)decoder->rows[0]) / stride;
	struct kept *kept = arena_allocate(decoder->arena, sizeof(*kept));

	if (decoder->kept == NULL)
		decoder->kept = arena_allocate_array(decoder->arena, decoder->shape->count, sizeof(struct kept *));
	*kept = (struct kept){ decoder->kept[place], tag, value };
	decoder->kept[place] = kept;
}

static enum status read_value(struct decoder *decoder, const struct part *part, struct bytes value, void *row)
{
	if (value.size + KEPT_MEMORY > *decoder->room)
		return corrupt(decoder, part->tag, "more than a block may unfold to");
	*decoder->room -= value.size + KEPT_MEMORY;
	if (part->field != NULL)
		return record_read_value(decoder->shape->schema, part->field, value, row);
	keep_value(decoder, part->tag, value, row);
	return STATUS_OK;
}

/* What was kept of a row, in order of tags. */
static enum status join_kept(struct decoder *decoder, const struct kept *last, void *row)
{
	const struct kept *kept[TAG_MAX];
	size_t count = 0, size = 0;
	struct writer writer;

	for (; last != NULL; last = last->before) {
		size += last->value.size + KEPT_HEAD;
		kept[count++] = last;
	}
	writer = (struct writer){
		.arena = decoder->arena, .data = arena_allocate(decoder->arena, size), .capacity = size, .size_max = EXTRA_SIZE_MAX
	};
	while (count-- > 0)
		extra_write(&writer, kept[count]->tag, kept[count]->value);
	if (writer.overflow)
		return corrupt(decoder, kept[0]->tag, "a row with more that is not known than may be kept");
	row_set_extra(decoder->shape->schema, row, writer_bytes(&writer));
	return STATUS_OK;
}

static enum status join_all_kept(struct decoder *decoder)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && decoder->kept != NULL && i < decoder->shape->count; i++)
		if (decoder->kept[i] != NULL)
			status = join_kept(decoder, decoder->kept[i], decoder->rows[i]);
	return status;
}

static enum status read_sized(struct decoder *decoder, const struct part *part, const struct target *target)
{
	int64_t *sizes;
	enum status status =
		integers_decode_below(decoder->reader, &decoder->scratch, target->count, reader_left(decoder->reader), &sizes);

	for (size_t i = 0; status == STATUS_OK && i < target->count; i++) {
		struct bytes value = read_view(decoder->reader, (size_t)sizes[i]);
		if (value.size == 0)
			return corrupt(decoder, part->tag, "cut, or a value of no size");
		status = read_value(decoder, part, value, target->rows[i]);
	}
	return status;
}

static enum status read_column(struct decoder *decoder, const struct part *part, uint64_t lead)
{
	struct target target = { 0 };
	enum status status;

	arena_reset(&decoder->scratch);
	status = find_target(decoder, part->tag, (lead & 1) != 0, &target);
	if (status != STATUS_OK)
		return status;
	return lead >= SIZED ? read_sized(decoder, part, &target) : read_plain(decoder, part->field, &target);
}

/* Of columns that are not known here only those with sizes can be passed over. */
static enum status find_part(const struct decoder *decoder, uint64_t lead, uint32_t last_tag, struct part *out_part)
{
	const struct columns_shape *shape = decoder->shape;
	uint32_t tag = (uint32_t)(lead < SIZED ? lead : lead - SIZED) / 2;
	const struct field *field = tag == ID_TAG ? &id_field : schema_field_by_tag(shape->schema, tag);

	if (lead <= LEAD_MAX && (tag <= last_tag || (shape->left_out >> tag & 1) != 0 || (tag == ID_TAG && lead >= SIZED)))
		return corrupt(decoder, tag, "out of place");
	if (lead > LEAD_MAX || (field == NULL && (lead < SIZED || !shape->extra || shape->schema->extra == 0)))
		return fail(STATUS_NEWER, "%s of %s: a column (%llu) is not known here; update this program", what, shape->schema->name,
			(unsigned long long)lead);
	*out_part = (struct part){ field, tag };
	return STATUS_OK;
}

static enum status read_all(struct decoder *decoder)
{
	struct part part = { 0 };

	for (;;) {
		uint64_t lead = read_varint(decoder->reader);
		enum status status;

		if (decoder->reader->bad)
			return fail(STATUS_CORRUPT, "%s of %s: cut", what, decoder->shape->schema->name);
		if (lead == 0)
			return STATUS_OK;
		status = find_part(decoder, lead, part.tag, &part);
		if (status == STATUS_OK)
			status = read_column(decoder, &part, lead);
		if (status != STATUS_OK)
			return status;
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
	if (unknown != 0 && !shape->extra)
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
	if (status == STATUS_OK)
		status = join_all_kept(&decoder);
	arena_finish(&decoder.scratch);
	if (status != STATUS_OK)
		return status;
	*out_rows = decoder.rows;
	if (out_masks != NULL)
		memcpy(out_masks, &decoder.masks, sizeof(*out_masks));
	return STATUS_OK;
}
