#include "server/import_row.h"

#include <string.h>

const struct import_value *import_row_find(const struct import_row *row, const char *name)
{
	for (size_t i = 0; i < row->count; i++)
		if (text_equals(row->values[i].name, name))
			return &row->values[i];
	return NULL;
}

struct text import_row_text(const struct import_row *row, const char *name)
{
	const struct import_value *value = import_row_find(row, name);

	return value == NULL ? text_of("") : value->text;
}

bool import_value_is_empty(const struct import_value *value)
{
	if (value->list == NULL)
		return value->text.size == 0;
	return json_array_size(value->list) == 0 && json_object_size(value->list) == 0;
}

int64_t import_value_column(const struct import_row *row, const struct import_value *value)
{
	struct text name = value->name;

	if (value->column > 0)
		return value->column;
	for (size_t i = 0; i + name.size + 2 <= row->text.size; i++) {
		const char *at = row->text.data + i;
		if (at[0] == '"' && at[name.size + 1] == '"' && memcmp(at + 1, name.data, name.size) == 0)
			return (int64_t)i + 1;
	}
	return 1;
}

static struct text scalar_text(struct arena *arena, const json_t *json)
{
	if (json_is_string(json))
		return text_trim((struct text){ .data = json_string_value(json), .size = json_string_length(json) });
	if (json_is_integer(json))
		return arena_print(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
	if (json_is_real(json))
		return arena_print(arena, "%.15g", json_real_value(json));
	return text_of(json_is_true(json) ? "true" : json_is_false(json) ? "false" : "");
}

struct import_row import_row_of_object(struct arena *arena, json_t *object, struct text text, int64_t line)
{
	struct import_row row = { .line = line, .text = text };
	size_t size = json_object_size(object);

	row.values = arena_allocate_array(arena, size > 0 ? size : 1, sizeof(*row.values));
	for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
		const json_t *json = json_object_iter_value(at);
		struct import_value *value = &row.values[row.count++];
		value->name = text_of(json_object_iter_key(at));
		value->line = line;
		if (json_is_array(json) || json_is_object(json))
			value->list = json;
		else
			value->text = scalar_text(arena, json);
	}
	return row;
}
