#include "shell/record_json.h"

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
