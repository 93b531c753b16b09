#include "shell/measured.h"

#include <string.h>

#include "shell/number_text.h"
#include "shell/time_text.h"

#define CENTS 2

/* Where the decimals and the unit of a number stand: in the row itself, or in what it refers to. */
struct measure {
	const char *field;
	const char *by; /* field of the same row that refers to it; NULL: the row itself */
};

static const struct measure measures[] = {
	{ "minimum", NULL },
	{ "maximum", NULL },
	{ "rollover", NULL },
	{ "last_value", NULL },
	{ "number", "task_id" },
	{ "value", "meter_id" },
};

static const struct field *find_field(const struct schema *schema, const char *name)
{
	return schema_field(schema, text_of(name));
}

static struct text with_unit(struct arena *arena, const struct schema *schema, const void *row, int64_t number)
{
	const struct field *scale = find_field(schema, "scale"), *unit = find_field(schema, "unit");
	struct text text = number_to_text(arena, number, field_integer(scale, row));
	const struct text *word = unit == NULL ? NULL : field_at(unit, row);

	return word == NULL || word->size == 0 ? text : arena_print(arena, "%.*s %.*s", TEXT_ARGUMENTS(text), TEXT_ARGUMENTS(*word));
}

static struct text print_by(struct storage *storage, struct arena *arena, const struct field *reference, const void *row, int64_t number)
{
	const struct schema *schema = schema_find(reference->refers);
	void *of;

	if (storage == NULL || table_get(storage, schema, field_at(reference, row), arena, &of, NULL) != STATUS_OK)
		return text_of("");
	return with_unit(arena, schema, of, number);
}

struct text measured_print(void *storage, struct arena *arena, const struct schema *schema, const struct field *field, const void *row)
{
	if (field->kind != FIELD_INTEGER)
		return text_of("");
	if (strcmp(field->name, "cost_cents") == 0)
		return number_to_text(arena, field_integer(field, row), CENTS);
	if (strcmp(field->name, "size") == 0)
		return size_print(arena, field_integer(field, row));
	for (size_t i = 0; i < LENGTH(measures); i++) {
		const struct measure *measure = &measures[i];
		const struct field *reference = measure->by == NULL ? NULL : find_field(schema, measure->by);
		if (strcmp(field->name, measure->field) != 0)
			continue;
		if (reference != NULL)
			return print_by(storage, arena, reference, row, field_integer(field, row));
		if (measure->by == NULL && find_field(schema, "scale") != NULL)
			return with_unit(arena, schema, row, field_integer(field, row));
	}
	return text_of("");
}
