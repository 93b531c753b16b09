#include "shell/assignment.h"

#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/domain/stock_location.h"
#include "shell/lookup.h"
#include "shell/time_text.h"

static struct text field_names(struct arena *arena, const struct schema *schema)
{
	struct text names = { 0 };

	for (size_t i = 0; i < schema->field_count; i++)
		if (schema->fields[i].tag != 1 && !schema->fields[i].derived && !field_is_retired(&schema->fields[i]))
			names = arena_print(arena, "%.*s%s%s", TEXT_ARGUMENTS(names), names.size == 0 ? "" : ", ", schema->fields[i].name);
	return names;
}

/* By what people call the record; a movement's places that are everywhere have none, and are called by their word. */
static enum status find_reference(
	struct storage *storage, const struct schema *schema, const struct field *field, struct text value, struct id *out_id)
{
	bool place = schema->kind == RECORD_MOVEMENT && field->refers == RECORD_STOCK_LOCATION;
	const struct virtual_location *everywhere = place ? virtual_location_named(value) : NULL;
	enum status status = lookup_record(storage, field->refers, value, out_id);

	if (status != STATUS_NOT_FOUND || everywhere == NULL)
		return status;
	*out_id = *everywhere->id;
	return STATUS_OK;
}

static enum status set_value(struct context *context, struct storage *storage, const struct schema *schema, const struct field *field,
	struct text value, void *row)
{
	struct id id;
	int64_t at_ms;
	enum status status;

	if (field->kind == FIELD_ID && field->refers != RECORD_NONE && value.size > 0) {
		status = find_reference(storage, schema, field, value, &id);
		if (status == STATUS_OK)
			memcpy(field_at_mutable(field, row), &id, sizeof(id));
		return status;
	}
	if (field->kind == FIELD_TIME && value.size > 0) {
		status = time_parse(value, context->now_ms, context->zone, &at_ms);
		if (status == STATUS_OK)
			field_set_integer(field, row, at_ms);
		return status;
	}
	return field_from_text(context->arena, field, value, row);
}

static const struct field *find_field(struct context *context, const struct schema *schema, struct text name)
{
	const struct field *field = schema_field(schema, name);

	return field != NULL ? field : schema_field(schema, arena_print(context->arena, "%.*s_ms", TEXT_ARGUMENTS(name)));
}

enum status assignments_apply(
	struct context *context, struct storage *storage, const char *name, const struct schema *schema, void *row, uint64_t *out_mask)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < arguments_count(context->arguments, name); i++) {
		struct text word = arguments_text_at(context->arguments, name, i);
		const char *equals = memchr(word.data, '=', word.size);
		struct text left = { word.data, equals == NULL ? word.size : (size_t)(equals - word.data) };
		const struct field *field = find_field(context, schema, left);
		enum status status;
		if (equals == NULL || field == NULL || field->tag == 1)
			return fail(STATUS_INVALID, "\"%.*s\" does not set a field of %s; its fields are %.*s", TEXT_ARGUMENTS(word),
				schema->name, TEXT_ARGUMENTS(field_names(context->arena, schema)));
		if (field_is_retired(field))
			return fail(STATUS_INVALID, "%s.%s is not used any more; its fields are %.*s", schema->name, field->name,
				TEXT_ARGUMENTS(field_names(context->arena, schema)));
		status = set_value(context, storage, schema, field, text_behind(word, equals), row);
		if (status != STATUS_OK)
			return status;
		mask |= UINT64_C(1) << field->tag;
	}
	*out_mask = mask;
	return STATUS_OK;
}
