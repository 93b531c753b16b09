#include "protocol/wire/record_codec.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/domain/extra.h"

#define ID_TAG 1

/* Published: it hides nothing, it only makes the function one that others can compute. */
static const uint8_t row_key[crypto_shorthash_siphashx24_KEYBYTES] = "truckroll/row/v1";

static uint64_t zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

void record_write_value(struct writer *writer, const struct field *field, const void *row)
{
	const struct text *text;

	switch (field->kind) {
	case FIELD_ID:
		write_raw(writer, field_at(field, row), ID_SIZE);
		break;
	case FIELD_TEXT:
		text = field_at(field, row);
		write_raw(writer, text->data, text->size);
		break;
	case FIELD_INTEGER:
	case FIELD_TIME:
		write_varint(writer, zigzag(field_integer(field, row)));
		break;
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		write_varint(writer, (uint64_t)field_integer(field, row));
		break;
	}
}

static size_t varint_size(uint64_t value)
{
	size_t size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

static size_t value_size(const struct field *field, const void *row)
{
	switch (field->kind) {
	case FIELD_ID:
		return ID_SIZE;
	case FIELD_TEXT:
		return ((const struct text *)field_at(field, row))->size;
	case FIELD_INTEGER:
	case FIELD_TIME:
		return varint_size(zigzag(field_integer(field, row)));
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		break;
	}
	return varint_size((uint64_t)field_integer(field, row));
}

static void write_field(struct writer *writer, const struct field *field, const void *row)
{
	write_varint(writer, field->tag);
	write_varint(writer, value_size(field, row));
	record_write_value(writer, field, row);
}

/* Those of tags below one. */
static void write_extra(struct writer *writer, struct extra_walk *walk, uint32_t below, uint64_t mask)
{
	for (; walk->there && walk->tag < below; extra_step(walk))
		if ((mask >> walk->tag & 1) != 0)
			extra_write(writer, walk->tag, walk->value);
}

void record_encode_as(struct writer *writer, const struct schema *schema, const struct id *id, const void *row, uint64_t mask)
{
	struct extra_walk extra = extra_walk_of(row_extra(schema, row));

	write_varint(writer, schema->kind);
	write_raw(writer, id, ID_SIZE);
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		assert(i == 0 || schema->fields[i - 1].tag < field->tag);
		write_extra(writer, &extra, field->tag, mask);
		if (field->tag != ID_TAG && (mask >> field->tag & 1) != 0 && !field_is_default(field, row))
			write_field(writer, field, row);
	}
	write_extra(writer, &extra, TAG_MAX + 1, mask);
}

void record_encode(struct writer *writer, const struct schema *schema, const void *row)
{
	record_encode_as(writer, schema, row_id(row), row, UINT64_MAX);
}

static enum status refuse(const struct schema *schema, const struct field *field, const char *why)
{
	return fail(STATUS_CORRUPT, "canonical %s, field %s: %s", schema->name, field->name, why);
}

/* All of `value` is one varint. */
static bool read_number(struct bytes value, uint64_t *out_number)
{
	struct reader reader = reader_of(value);

	*out_number = read_varint(&reader);
	return !reader.bad && reader_left(&reader) == 0;
}

enum status record_read_value(const struct schema *schema, const struct field *field, struct bytes value, void *row)
{
	struct text text = { .data = (const char *)value.data, .size = value.size };
	uint64_t number;

	switch (field->kind) {
	case FIELD_ID:
		if (value.size != ID_SIZE)
			return refuse(schema, field, "an id that has not 16 bytes");
		memcpy(field_at_mutable(field, row), value.data, ID_SIZE);
		break;
	case FIELD_TEXT:
		if (!text_valid(text))
			return refuse(schema, field, "not UTF-8");
		memcpy(field_at_mutable(field, row), &text, sizeof(text));
		break;
	case FIELD_INTEGER:
	case FIELD_TIME:
		if (!read_number(value, &number))
			return refuse(schema, field, "not one number");
		field_set_integer(field, row, (int64_t)(number >> 1 ^ (0 - (number & 1))));
		break;
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		if (!read_number(value, &number) || number > (field->kind == FIELD_BOOLEAN ? 1 : UINT32_MAX))
			return refuse(schema, field, "a number out of its range");
		field_set_integer(field, row, (int64_t)number);
		break;
	}
	if (field_is_default(field, row))
		return refuse(schema, field, "a default written out");
	return STATUS_OK;
}

/* A record being read. */
struct form {
	struct reader reader;
	const struct schema *schema;
	void *row;
	struct writer *extra; /* where fields of unknown tags are kept; NULL: nowhere */
};

static enum status read_unknown(struct form *form, uint64_t tag, struct bytes value)
{
	if (form->extra == NULL || tag > TAG_MAX)
		return fail(STATUS_NEWER, "canonical %s: tag %llu is not known here; update this program", form->schema->name,
			(unsigned long long)tag);
	if (value.size == 0)
		return fail(STATUS_CORRUPT, "canonical %s: tag %u has no value", form->schema->name, (unsigned int)tag);
	extra_write(form->extra, (uint32_t)tag, value);
	return STATUS_OK;
}

static enum status read_field(struct form *form, uint64_t *last_tag)
{
	uint64_t tag = read_varint(&form->reader);
	struct bytes value = read_bytes(&form->reader, RECORD_SIZE_MAX);
	const struct field *field;

	if (form->reader.bad)
		return reader_end(&form->reader, form->schema->name);
	if (tag <= *last_tag)
		return fail(STATUS_CORRUPT, "canonical %s: tag %u is out of order", form->schema->name, (unsigned int)tag);
	*last_tag = tag;
	field = tag <= TAG_MAX ? schema_field_by_tag(form->schema, (uint32_t)tag) : NULL;
	return field == NULL ? read_unknown(form, tag, value) : record_read_value(form->schema, field, value, form->row);
}

static enum status read_row(struct reader *reader, struct arena *arena, const struct schema *schema, bool keeps, void **out_row)
{
	struct writer extra = writer_in(arena, EXTRA_SIZE_MAX);
	struct form form = { .reader = *reader, .schema = schema, .row = arena_allocate(arena, schema->size) };
	uint64_t last_tag = ID_TAG;
	enum status status = STATUS_OK;

	if (keeps && schema->extra != 0)
		form.extra = &extra;
	read_raw(&form.reader, form.row, ID_SIZE); /* every described struct begins with its id */
	while (status == STATUS_OK && !form.reader.bad && reader_left(&form.reader) > 0)
		status = read_field(&form, &last_tag);
	if (status == STATUS_OK)
		status = reader_end(&form.reader, schema->name);
	if (status != STATUS_OK)
		return status;
	if (extra.size > 0)
		row_set_extra(schema, form.row, writer_bytes(&extra));
	*out_row = form.row;
	return STATUS_OK;
}

static enum status read_kind(struct reader *reader, struct bytes bytes, uint64_t *out_kind)
{
	if (bytes.size > RECORD_SIZE_MAX)
		return fail(STATUS_CORRUPT, "canonical record: %zu bytes are more than %zu", bytes.size, RECORD_SIZE_MAX);
	*reader = reader_of(bytes);
	*out_kind = read_varint(reader);
	if (reader->bad)
		return fail(STATUS_CORRUPT, "canonical record: its kind is malformed or missing");
	return STATUS_OK;
}

enum status record_decode_as(struct arena *arena, struct bytes bytes, const struct schema *schema, void **out_row)
{
	struct reader reader;
	uint64_t kind;
	enum status status = read_kind(&reader, bytes, &kind);

	if (status != STATUS_OK)
		return status;
	if (kind != schema->kind)
		return fail(STATUS_CORRUPT, "canonical record: kind %llu stands where %s belongs", (unsigned long long)kind, schema->name);
	return read_row(&reader, arena, schema, false, out_row);
}

enum status record_decode(struct arena *arena, struct bytes bytes, const struct schema **out_schema, void **out_row)
{
	struct reader reader;
	const struct schema *schema;
	uint64_t kind;
	enum status status = read_kind(&reader, bytes, &kind);

	if (status != STATUS_OK)
		return status;
	schema = kind <= UINT16_MAX ? schema_find((enum record_kind)kind) : NULL;
	if (schema == NULL)
		return fail(STATUS_NEWER, "canonical record: kind %llu is not known here; update this program", (unsigned long long)kind);
	status = read_row(&reader, arena, schema, true, out_row);
	if (status == STATUS_OK)
		*out_schema = schema;
	return status;
}

enum status record_adopt(struct arena *arena, const struct schema *schema, void *row)
{
	struct writer kept = writer_in(arena, EXTRA_SIZE_MAX);
	enum status status = STATUS_OK;

	for (struct extra_walk walk = extra_walk_of(row_extra(schema, row)); status == STATUS_OK && walk.there; extra_step(&walk)) {
		const struct field *field = schema_field_by_tag(schema, walk.tag);
		if (field == NULL)
			extra_write(&kept, walk.tag, walk.value);
		else
			status = record_read_value(schema, field, walk.value, row);
	}
	if (schema->extra != 0)
		row_set_extra(schema, row, writer_bytes(&kept));
	return status;
}

static uint64_t load_little(const uint8_t bytes[static 8])
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

struct row_hash row_hash_from_bytes(const uint8_t bytes[static ROW_HASH_SIZE])
{
	return (struct row_hash){ .low = load_little(bytes), .high = load_little(bytes + 8) };
}

void row_hash_to_bytes(struct row_hash hash, uint8_t out_bytes[static ROW_HASH_SIZE])
{
	for (size_t i = 0; i < 8; i++) {
		out_bytes[i] = (uint8_t)(hash.low >> (8 * i));
		out_bytes[8 + i] = (uint8_t)(hash.high >> (8 * i));
	}
}

struct row_hash row_hash(const struct schema *schema, const void *row)
{
	uint8_t room[2048]; /* most rows; a longer one moves on to `spill` */
	uint8_t hash[ROW_HASH_SIZE];
	struct arena spill = { 0 };
	struct writer writer = { .arena = &spill, .data = room, .capacity = sizeof(room), .size_max = SIZE_MAX / 4 };

	record_encode(&writer, schema, row);
	crypto_shorthash_siphashx24(hash, writer.data, writer.size, row_key);
	arena_finish(&spill);
	return row_hash_from_bytes(hash);
}

void digest_add(struct digest *digest, struct row_hash hash)
{
	digest->count++;
	digest->sum.low += hash.low;
	digest->sum.high += hash.high + (digest->sum.low < hash.low);
}

void digest_remove(struct digest *digest, struct row_hash hash)
{
	bool borrow = digest->sum.low < hash.low;

	digest->count--;
	digest->sum.low -= hash.low;
	digest->sum.high -= hash.high + borrow;
}

bool digest_equal(const struct digest *left, const struct digest *right)
{
	return left->count == right->count && left->sum.low == right->sum.low && left->sum.high == right->sum.high;
}
