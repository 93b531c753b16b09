#include "shell/record_json.h"

#include <assert.h>
#include <string.h>

static json_t *text_to_json(struct text text)
{
	return json_stringn(text.data == NULL ? "" : text.data, text.size);
}

json_t *field_to_json(const struct field *field, const void *row)
{
	struct arena arena = { 0 };
	json_t *json = NULL;

	if (field_is_default(field, row) && (field->kind == FIELD_ID || field->kind == FIELD_TIME))
		return json_null();
	switch (field->kind) {
	case FIELD_TEXT:
		json = text_to_json(*(const struct text *)field_at(field, row));
		break;
	case FIELD_INTEGER:
		json = json_integer((json_int_t)field_integer(field, row));
		break;
	case FIELD_BOOLEAN:
		json = json_boolean(field_integer(field, row));
		break;
	case FIELD_ID:
	case FIELD_TIME:
	case FIELD_CHOICE:
		json = text_to_json(field_to_text(&arena, field, row));
		break;
	}
	arena_finish(&arena);
	return json == NULL ? json_null() : json; /* only invalid UTF-8 comes here, which no codec lets in */
}

size_t field_json_name_size(const struct field *field)
{
	size_t size = strlen(field->name);

	return field->kind == FIELD_TIME && size > 3 && strcmp(field->name + size - 3, "_ms") == 0 ? size - 3 : size;
}

json_t *record_to_json(const struct schema *schema, const void *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		(void)json_object_setn_new(object, field->name, field_json_name_size(field), field_to_json(field, row));
	}
	return object;
}

static const struct field *find_field(const struct schema *schema, const char *name)
{
	const struct field *field = schema_field(schema, text_of(name));

	for (size_t i = 0; i < schema->field_count && field == NULL; i++) {
		size_t size = field_json_name_size(&schema->fields[i]);
		if (strlen(name) == size && memcmp(schema->fields[i].name, name, size) == 0)
			field = &schema->fields[i];
	}
	return field;
}

static enum status wrong_kind(const struct schema *schema, const struct field *field, const char *expected)
{
	return fail(STATUS_INVALID, "%s.%s: %s is expected here", schema->name, field->name, expected);
}

static enum status set_integer(const struct schema *schema, const struct field *field, const json_t *json, void *row)
{
	if (field->kind == FIELD_BOOLEAN) {
		if (!json_is_boolean(json))
			return wrong_kind(schema, field, "true or false");
		field_set_integer(field, row, json_is_true(json));
	} else {
		if (!json_is_integer(json))
			return wrong_kind(schema, field, "a whole number");
		field_set_integer(field, row, json_integer_value(json));
	}
	return STATUS_OK;
}

static enum status set_field(struct arena *arena, const struct schema *schema, const struct field *field, const json_t *json, void *row)
{
	struct text text;

	if (json_is_null(json))
		return STATUS_OK;
	if (field->kind == FIELD_BOOLEAN || field->kind == FIELD_INTEGER)
		return set_integer(schema, field, json, row);
	if (!json_is_string(json))
		return wrong_kind(schema, field, "a text");
	text = arena_copy_text(arena, (struct text){ json_string_value(json), json_string_length(json) });
	if (field->kind == FIELD_TEXT) {
		*(struct text *)field_at_mutable(field, row) = text;
		return STATUS_OK;
	}
	return field_from_text(arena, field, text, row);
}

enum status record_from_json(struct arena *arena, const struct schema *schema, const json_t *object, void **out_row)
{
	void *row = arena_allocate(arena, schema->size);
	const struct field *wrong = NULL;
	enum status status = STATUS_OK;

	if (!json_is_object(object))
		return fail(STATUS_INVALID, "%s: an object is expected here", schema->name);
	/* jansson's iterator takes no pointer to const, though it changes nothing. */
	for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL && status == STATUS_OK;
		at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		const char *name = json_object_iter_key(at);
		const struct field *field = find_field(schema, name);
		if (field == NULL)
			return fail(STATUS_INVALID, "%s: there is no field '%.60s'", schema->name, name);
		status = set_field(arena, schema, field, json_object_iter_value(at), row);
	}
	if (status == STATUS_OK)
		status = row_validate(schema, row, &wrong);
	if (status == STATUS_OK)
		*out_row = row;
	return status;
}
