/* Values of fields and ids as text, in files and on command lines: what is read is printed as text that reads the same. First byte: the
 * record; second: the field; 0 for the record: an id. */
#include <stdlib.h>

#include "protocol/base/id.h"
#include "protocol/domain/schema.h"
#include "tests/fuzz/target.h"

static void try_id(struct text text)
{
	struct id id, again;

	if (id_from_text(text, &id) != STATUS_OK)
		return;
	insist(id_from_text(text_of(id_to_text(&id).characters), &again) == STATUS_OK && id_equal(&id, &again));
}

static void try_field(struct arena *arena, const struct schema *schema, const struct field *field, struct text text)
{
	void *row = arena_allocate(arena, schema->size), *again = arena_allocate(arena, schema->size);
	struct text printed;

	if (field_from_text(arena, field, text, row) != STATUS_OK)
		return;
	if (field->kind == FIELD_TEXT)
		insist(text_valid(*(const struct text *)field_at(field, row)) || field_validate(schema, field, row) != STATUS_OK);
	if (field->kind == FIELD_TIME && field_validate(schema, field, row) != STATUS_OK)
		return; /* beyond what can be shown */
	printed = field_to_text(arena, field, row);
	if (printed.size == 0)
		return; /* nothing, or a nil id: the default */
	insist(field_from_text(arena, field, printed, again) == STATUS_OK && field_equal(field, row, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	const struct schema *schema;
	struct text text;

	if (size < 2)
		return 0;
	text = (struct text){ (const char *)data + 2, size - 2 };
	schema = schema_find((enum record_kind)data[0]);
	if (schema == NULL)
		try_id(text);
	else if (data[1] < schema->field_count)
		try_field(&arena, schema, &schema->fields[data[1]], text);
	arena_finish(&arena);
	return 0;
}
