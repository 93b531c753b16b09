#include "server/import_general.h"

#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/domain/stock_location.h"
#include "protocol/wire/chain.h"

#define MARK      "record="
#define KEY       "key"
#define TODAY     "today"
#define DAY_MS    INT64_C(86400000)
#define DAYS_MAX  3660
#define SHOWN_MAX 40 /* bytes of a wrong value quoted in a reason */
#define DATE_SIZE 10 /* "2024-05-31" */

static bool text_begins(struct text text, const char *start)
{
	size_t size = strlen(start);

	return text.size >= size && memcmp(text.data, start, size) == 0;
}

bool import_general_is(const struct csv_row *row)
{
	return row->count > 0 && text_begins(text_trim(row->cells[0].text), MARK);
}

static void refuse_column(struct import_pass *pass, const struct csv_row *row, size_t column, const char *reason)
{
	const struct import_place place = { pass->options->path, row->cells[column].line, (int64_t)column + 1 };

	import_report_error(pass->report, pass->arena, &place, "%s", reason);
}

/* The names of what may be written here, joined by commas. */
static const char *known_kinds(struct arena *arena)
{
	struct text list = text_of("");

	for (size_t i = 0; schema_at(i) != NULL; i++)
		if (!schema_at(i)->derived && create_allowed(ROLE_IMPORT, schema_at(i)->kind))
			list = arena_print(arena, "%.*s%s%s", TEXT_ARGUMENTS(list), list.size > 0 ? ", " : "", schema_at(i)->name);
	return list.data;
}

static const char *known_fields(struct arena *arena, const struct schema *schema)
{
	struct text list = text_of("");

	for (size_t i = 1; i < schema->field_count; i++)
		if (!schema->fields[i].derived && !field_is_retired(&schema->fields[i]))
			list = arena_print(arena, "%.*s%s%s", TEXT_ARGUMENTS(list), i > 1 ? ", " : "", schema->fields[i].name);
	return list.data;
}

static const struct schema *header_schema(struct import_pass *pass, const struct csv_row *row)
{
	struct text name = text_trim(row->cells[0].text);
	const struct schema *schema;
	struct text shown;

	name.data += strlen(MARK);
	name.size -= strlen(MARK);
	schema = schema_by_name(name);
	if (schema != NULL && !schema->derived && create_allowed(ROLE_IMPORT, schema->kind))
		return schema;
	shown = text_cut(name, SHOWN_MAX);
	refuse_column(pass, row, 0,
		arena_print(pass->row_arena, "record \"%.*s\" cannot be imported; these can: %s", TEXT_ARGUMENTS(shown),
			known_kinds(pass->row_arena))
			.data);
	return NULL;
}

/* The field of one column of the header; errors are noted. */
static const struct field *header_field(
	struct import_pass *pass, const struct csv_row *row, size_t column, const struct import_header *header)
{
	struct text name = text_trim(row->cells[column].text);
	struct text shown = text_cut(name, SHOWN_MAX);
	const struct field *field = schema_field(header->schema, name);

	if (field == NULL || field->tag == 1) {
		refuse_column(pass, row, column,
			arena_print(pass->row_arena, "\"%.*s\" is not a field of %s; write %s or one of: %s", TEXT_ARGUMENTS(shown),
				header->schema->name, KEY, known_fields(pass->row_arena, header->schema))
				.data);
		return NULL;
	}
	if (field_is_retired(field))
		refuse_column(pass, row, column,
			arena_print(pass->row_arena, "%s is no longer in use; leave the column out", field->name).data);
	if (field->derived)
		refuse_column(pass, row, column, arena_print(pass->row_arena, "%s is computed; leave the column out", field->name).data);
	for (size_t i = 0; i < column; i++)
		if (header->fields[i] == field)
			refuse_column(pass, row, column, arena_print(pass->row_arena, "%s is there twice", field->name).data);
	return field;
}

bool import_general_header(struct import_pass *pass, const struct csv_row *row, struct import_header *out_header)
{
	struct import_header header = { .schema = header_schema(pass, row), .count = row->count };

	if (header.schema == NULL)
		return false;
	for (size_t i = 1; i < row->count; i++) {
		if (!text_equals(text_trim(row->cells[i].text), KEY))
			header.fields[i] = header_field(pass, row, i, &header);
		else if (header.key_column == 0)
			header.key_column = i;
		else
			refuse_column(pass, row, i, KEY " is there twice");
	}
	if (header.key_column == 0)
		refuse_column(
			pass, row, 0, "there is no column \"" KEY "\": it names each row, so that importing it twice changes nothing");
	if (pass->report->error_count > 0)
		return false;
	*out_header = header;
	return true;
}

struct id import_id(struct text source, enum record_kind kind, struct text key)
{
	const struct virtual_location *everywhere = kind == RECORD_STOCK_LOCATION ? virtual_location_named(key) : NULL;
	struct arena arena = { .newest = NULL };
	struct id id;

	if (everywhere != NULL)
		return *everywhere->id;
	if (id_from_text(key, &id) == STATUS_OK)
		return id;
	id = id_imported(source, arena_print(&arena, "%s/%.*s", schema_find(kind)->name, TEXT_ARGUMENTS(key)));
	arena_finish(&arena);
	return id;
}

static struct text source_of(const struct import_pass *pass)
{
	return pass->options->source.size > 0 ? pass->options->source : text_of(IMPORT_SOURCE);
}

/* "today", "today-3", "today+1T09:30": the day counted from the import's own; anything else stays as it is. */
static struct text resolve_today(struct import_pass *pass, const struct field *field, struct text text)
{
	struct text rest = text;
	int64_t days = 0;
	int64_t sign = 1;
	struct text date;

	if (!text_begins(text, TODAY))
		return text;
	rest.data += strlen(TODAY);
	rest.size -= strlen(TODAY);
	if (rest.size > 1 && (rest.data[0] == '+' || rest.data[0] == '-')) {
		sign = rest.data[0] == '-' ? -1 : 1;
		do {
			rest.data++;
			rest.size--;
			if (rest.size > 0 && rest.data[0] >= '0' && rest.data[0] <= '9')
				days = 10 * days + (rest.data[0] - '0');
		} while (rest.size > 0 && rest.data[0] >= '0' && rest.data[0] <= '9' && days <= DAYS_MAX);
	}
	days = pass->options->at_ms / DAY_MS + sign * days;
	if (days <= 0)
		return text;
	void *row = arena_allocate(pass->row_arena, pass->header->schema->size);
	field_set_integer(field, row, days * DAY_MS);
	date = text_cut(field_to_text(pass->row_arena, field, row), DATE_SIZE);
	return arena_print(pass->row_arena, "%.*s%.*s", TEXT_ARGUMENTS(date), TEXT_ARGUMENTS(rest));
}

static void set_reference(struct import_pass *pass, struct import_draft *draft, const struct field *field, const struct import_value *value)
{
	draft->places[field->tag] = value;
	if (field->refers == RECORD_NONE)
		import_draft_set(pass, draft, field, value->text, value);
	else
		*(struct id *)field_at_mutable(field, draft->row) = import_id(source_of(pass), field->refers, value->text);
}

static void set_field(struct import_pass *pass, struct import_draft *draft, const struct field *field, const struct import_value *value)
{
	if (value->text.size == 0)
		draft->places[field->tag] = value;
	else if (field->kind == FIELD_ID)
		set_reference(pass, draft, field, value);
	else if (field->kind == FIELD_TIME)
		import_draft_set(pass, draft, field, resolve_today(pass, field, value->text), value);
	else
		import_draft_set(pass, draft, field, value->text, value);
}

/* Fields that the file leaves to the import. */
static void set_defaults(struct import_pass *pass, struct import_draft *draft, struct text key)
{
	const struct schema *schema = draft->schema;
	const struct field *territory = schema_field(schema, text_of("territory_id"));
	const struct field *source = schema_field(schema, text_of("source"));
	const struct field *source_id = schema_field(schema, text_of("source_id"));

	if (territory != NULL && territory->required && field_is_default(territory, draft->row))
		*(struct id *)field_at_mutable(territory, draft->row) = pass->options->territory_id;
	if (source != NULL && field_is_default(source, draft->row))
		*(struct text *)field_at_mutable(source, draft->row) = source_of(pass);
	if (source_id != NULL && field_is_default(source_id, draft->row))
		*(struct text *)field_at_mutable(source_id, draft->row) = key;
}

void import_general_row(struct import_pass *pass, const struct import_row *row)
{
	const struct import_header *header = pass->header;
	const struct schema *schema = header->schema;
	struct import_draft draft = { .schema = schema, .row = arena_allocate(pass->row_arena, schema->size), .from = row };
	const struct import_value *key = &row->values[header->key_column];
	struct id id;

	if (row->values[0].text.size > 0 && !text_equals(row->values[0].text, schema->name))
		import_draft_refuse(pass, &draft, NULL, NULL,
			arena_print(pass->row_arena, "the first cell must be empty or \"%s\", as in the header", schema->name).data);
	if (key->text.size == 0)
		import_draft_refuse(pass, &draft, key, NULL, "is empty; every row needs its own");
	for (size_t i = 0; i < header->count; i++)
		if (header->fields[i] != NULL)
			set_field(pass, &draft, header->fields[i], &row->values[i]);
	set_defaults(pass, &draft, key->text);
	if (draft.broken)
		return;
	id = import_id(source_of(pass), schema->kind, key->text);
	if (schema->kind == RECORD_STOCK_LOCATION && location_is_virtual(&id))
		import_draft_refuse(pass, &draft, key, NULL, "names a place that is everywhere and needs no row; choose another");
	import_draft_finish(pass, &draft, &id, key);
}
