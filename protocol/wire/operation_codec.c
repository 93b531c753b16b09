#include "protocol/wire/operation_codec.h"

#include <assert.h>

#include "protocol/wire/record_codec.h"

static const struct id nil_id;

uint64_t schema_mask(const struct schema *schema)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < schema->field_count; i++)
		mask |= (uint64_t)1 << schema->fields[i].tag;
	return mask & ~(uint64_t)2; /* tag 1 is the id: not a field that an operation can change */
}

/* A record as a byte string: its length, then its canonical form. */
static void write_part(struct writer *writer, const struct schema *schema, const struct id *id, const void *row, uint64_t mask)
{
	uint8_t room[1024];
	struct arena spill = { 0 };
	struct writer part = { .arena = &spill, .data = room, .capacity = sizeof(room), .size_max = writer->size_max };

	record_encode_as(&part, schema, id, row, mask);
	write_bytes(writer, writer_bytes(&part));
	writer->overflow = writer->overflow || part.overflow;
	arena_finish(&spill);
}

void operation_encode(struct writer *writer, const struct operation *operation)
{
	const struct operation_head *head = &operation->head;
	const struct schema *schema = arguments_schema(head->kind, (enum record_kind)head->record);
	uint64_t mask;

	write_part(writer, &operation_head_schema, &head->subject, head, UINT64_MAX);
	if (schema == NULL) {
		write_varint(writer, 0);
		return;
	}
	assert(operation->arguments != NULL);
	mask = head->kind == OPERATION_EDIT ? operation->mask & schema_mask(schema) : UINT64_MAX;
	write_part(writer, schema, head->kind == OPERATION_CREATE ? &head->subject : &nil_id, operation->arguments, mask);
	if (head->kind != OPERATION_EDIT)
		return;
	assert(operation->old_values != NULL);
	write_varint(writer, mask);
	write_part(writer, schema, &nil_id, operation->old_values, mask);
}

static enum status check_edit_mask(const struct schema *schema, uint64_t mask)
{
	if ((mask & 3) != 0)
		return fail(STATUS_CORRUPT, "edit of %s: its mask names the id", schema->name);
	if ((mask & ~schema_mask(schema)) != 0)
		return fail(STATUS_NEWER, "edit of %s: it names a field not known here; update this program", schema->name);
	return STATUS_OK;
}

/* Only fields of the mask may be there. */
static enum status check_masked(const struct schema *schema, const void *row, uint64_t mask)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if ((mask >> field->tag & 1) == 0 && !field_is_default(field, row))
			return fail(STATUS_CORRUPT, "edit of %s: a value of %s, which its mask does not name", schema->name, field->name);
	}
	return STATUS_OK;
}

static enum status read_part(struct reader *reader, struct arena *arena, const struct schema *schema, const struct id *id,
			     const void **out_row)
{
	struct bytes part = read_bytes(reader, RECORD_SIZE_MAX);
	enum status status;
	void *row;

	if (reader->bad)
		return fail(STATUS_CORRUPT, "operation: cut before the end of %s", schema->name);
	status = record_decode_as(arena, part, schema, &row);
	if (status != STATUS_OK)
		return status;
	if (id != NULL && !id_equal(row_id(row), id))
		return fail(STATUS_CORRUPT, "operation: %s carries another id than its place demands", schema->name);
	*out_row = row;
	return STATUS_OK;
}

static enum status read_edit(struct reader *reader, struct arena *arena, const struct schema *schema, struct operation *operation)
{
	enum status status;

	operation->mask = read_varint(reader);
	status = check_edit_mask(schema, operation->mask);
	if (status == STATUS_OK)
		status = check_masked(schema, operation->arguments, operation->mask);
	if (status == STATUS_OK)
		status = read_part(reader, arena, schema, &nil_id, &operation->old_values);
	if (status == STATUS_OK)
		status = check_masked(schema, operation->old_values, operation->mask);
	return status;
}

enum status operation_schema(uint64_t kind, uint64_t record, const struct schema **out_schema)
{
	const struct schema *schema;

	if (kind >= OPERATION_KIND_COUNT || operation_find((enum operation_kind)kind) == NULL)
		return fail(STATUS_NEWER, "operation: kind %llu is not known here; update this program", (unsigned long long)kind);
	if (record > RECORD_KIND_MAX)
		return fail(STATUS_NEWER, "operation: record kind %llu is not known here; update this program", (unsigned long long)record);
	schema = arguments_schema((enum operation_kind)kind, (enum record_kind)record);
	if (schema == NULL && (kind == OPERATION_CREATE || kind == OPERATION_EDIT))
		return fail(STATUS_NEWER, "operation: record kind %llu is not known here; update this program", (unsigned long long)record);
	*out_schema = schema;
	return STATUS_OK;
}

static enum status read_arguments(struct reader *reader, struct arena *arena, struct operation *operation)
{
	const struct operation_head *head = &operation->head;
	const struct schema *schema;
	enum status status = operation_schema((uint64_t)head->kind, head->record, &schema);

	if (status != STATUS_OK)
		return status;
	if (schema == NULL) {
		(void)read_bytes(reader, 0);
		return STATUS_OK;
	}
	status = read_part(reader, arena, schema, head->kind == OPERATION_CREATE ? &head->subject : &nil_id, &operation->arguments);
	if (status == STATUS_OK && head->kind == OPERATION_EDIT)
		status = read_edit(reader, arena, schema, operation);
	return status;
}

enum status operation_decode(struct arena *arena, struct bytes bytes, struct operation *out_operation)
{
	struct operation operation = { 0 };
	struct reader reader = reader_of(bytes);
	const void *head;
	enum status status;

	if (bytes.size > OPERATION_SIZE_MAX)
		return fail(STATUS_CORRUPT, "operation: %zu bytes are more than %zu", bytes.size, OPERATION_SIZE_MAX);
	status = read_part(&reader, arena, &operation_head_schema, NULL, &head);
	if (status != STATUS_OK)
		return status;
	operation.head = *(const struct operation_head *)head;
	status = read_arguments(&reader, arena, &operation);
	if (status == STATUS_OK)
		status = reader_end(&reader, "operation");
	if (status == STATUS_OK)
		*out_operation = operation;
	return status;
}
