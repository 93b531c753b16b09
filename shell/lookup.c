#include "shell/lookup.h"

#include <ctype.h>
#include <string.h>

#include "shell/catalogue.h"

/* Fields that people call a record by. */
static const char *const name_fields[] = { "number", "name", "serial", "source_id", "title" };

static struct text kind_names(struct arena *arena)
{
	const struct schema *schema;
	struct text names = { 0 };

	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		if (schema->kind < RECORD_KIND_MAX)
			names = arena_print(arena, "%.*s%s%s", TEXT_ARGUMENTS(names), names.size == 0 ? "" : ", ", schema->name);
	return names;
}

enum status lookup_kind(struct text name, const struct schema **out_schema)
{
	const struct schema *schema = schema_by_name(name);
	struct arena arena = { 0 };
	struct text names;
	enum status status;

	if (schema != NULL && schema->kind < RECORD_KIND_MAX) {
		*out_schema = schema;
		return STATUS_OK;
	}
	names = kind_names(&arena);
	if (name.size == 0)
		status = fail(STATUS_INVALID, "say which kind of record: %.*s", TEXT_ARGUMENTS(names));
	else
		status = fail(STATUS_INVALID, "\"%.*s\" is not a kind of record; kinds are %.*s", TEXT_ARGUMENTS(text_cut(name, 60)),
			TEXT_ARGUMENTS(names));
	arena_finish(&arena);
	return status;
}

static bool read_digits(struct text text, uint8_t out_prefix[static ID_SIZE], size_t *out_width, bool *out_odd)
{
	char padded[2 * ID_SIZE + 1];
	struct id id;

	if (text.size < LOOKUP_DIGITS_MIN || text.size > 2 * ID_SIZE)
		return false;
	memset(padded, '0', 2 * ID_SIZE);
	padded[2 * ID_SIZE] = '\0';
	memcpy(padded, text.data, text.size);
	if (memchr(text.data, '-', text.size) != NULL || id_from_text(text_of(padded), &id) != STATUS_OK)
		return false;
	memcpy(out_prefix, id.bytes, ID_SIZE);
	*out_width = text.size / 2;
	*out_odd = text.size % 2 != 0;
	return true;
}

static enum status by_digits(struct storage *storage, const struct schema *schema, struct text text, struct id *out_id)
{
	uint8_t prefix[ID_SIZE];
	size_t width;
	bool odd;
	struct id id;
	enum status status;

	if (!read_digits(text, prefix, &width, &odd))
		return STATUS_NOT_FOUND;
	status = table_resolve(storage, schema, prefix, width, &id);
	if (status != STATUS_OK)
		return status;
	if (odd && (id.bytes[width] >> 4) != (prefix[width] >> 4))
		return STATUS_NOT_FOUND;
	*out_id = id;
	return STATUS_OK;
}

struct name_search {
	const struct schema *schema;
	struct text name;
	struct id found;      /* called exactly so */
	struct id found_near; /* called so but for capitals */
	size_t count;
	size_t near_count;
};

bool lookup_alike(struct text left, struct text right)
{
	if (left.size != right.size)
		return false;
	for (size_t i = 0; i < left.size; i++)
		if (tolower((unsigned char)left.data[i]) != tolower((unsigned char)right.data[i]))
			return false;
	return true;
}

static void note_match(struct name_search *search, const void *row, bool exact)
{
	*(exact ? &search->found : &search->found_near) = *row_id(row);
	*(exact ? &search->count : &search->near_count) += 1;
}

static enum status compare_names(void *context, const void *row, const struct row_meta *meta)
{
	struct name_search *search = context;
	bool near = false, exact = false;

	(void)meta;
	for (size_t i = 0; i < LENGTH(name_fields); i++) {
		const struct field *field = schema_field(search->schema, text_of(name_fields[i]));
		if (field == NULL || field->kind != FIELD_TEXT)
			continue;
		near = near || lookup_alike(*(const struct text *)field_at(field, row), search->name);
		exact = exact || text_equal(*(const struct text *)field_at(field, row), search->name);
	}
	if (near)
		note_match(search, row, exact);
	return STATUS_OK;
}

enum status lookup_record(struct storage *storage, enum record_kind kind, struct text text, struct id *out_id)
{
	const struct schema *schema = schema_find(kind);
	struct name_search search = { .schema = schema, .name = text_trim(text) };
	enum status status;

	if (search.name.size == 0) /* many a record has no number, and none of them is meant */
		return fail(STATUS_INVALID, "an empty word names no %s: give a number, a name or the first digits of an id",
			catalogue_kind(schema->name));
	status = by_digits(storage, schema, search.name, out_id);
	if (status == STATUS_AMBIGUOUS)
		return fail(STATUS_AMBIGUOUS, "several %s records begin with \"%.*s\": give more digits", catalogue_kind(schema->name),
			TEXT_ARGUMENTS(text));
	if (status != STATUS_NOT_FOUND)
		return status;
	status = table_scan(storage, schema, &(struct id){ 0 }, compare_names, &search);
	if (status != STATUS_OK)
		return status;
	if (search.count == 0) {
		search.count = search.near_count;
		search.found = search.found_near;
	}
	if (search.count == 0)
		return fail(STATUS_NOT_FOUND, "there is no %s \"%.*s\" here", catalogue_kind(schema->name), TEXT_ARGUMENTS(text));
	if (search.count > 1)
		return fail(STATUS_AMBIGUOUS, "%zu %s records are called \"%.*s\": give the first digits of the id", search.count,
			catalogue_kind(schema->name), TEXT_ARGUMENTS(text));
	*out_id = search.found;
	return STATUS_OK;
}

struct twin_search {
	const struct field *field;
	const void *row;
	struct id found;
	bool any;
};

static enum status compare_twin(void *context, const void *row, const struct row_meta *meta)
{
	struct twin_search *search = context;

	(void)meta;
	if (field_equal(search->field, row, search->row) && !id_equal(row_id(row), row_id(search->row))) {
		search->found = *row_id(row);
		search->any = true;
	}
	return STATUS_OK;
}

enum status lookup_twin(struct storage *storage, const struct schema *schema, const struct field *field, const void *row,
	struct id *out_other)
{
	struct twin_search search = { .field = field, .row = row };
	enum status status;

	if (((const struct text *)field_at(field, row))->size == 0)
		return STATUS_NOT_FOUND;
	status = table_scan(storage, schema, &(struct id){ 0 }, compare_twin, &search);
	if (status != STATUS_OK)
		return status;
	if (!search.any)
		return STATUS_NOT_FOUND;
	*out_other = search.found;
	return STATUS_OK;
}

static struct text own_name(const struct schema *schema, const void *row)
{
	for (size_t i = 0; i < LENGTH(name_fields); i++) {
		const struct field *field = schema_field(schema, text_of(name_fields[i]));
		if (field != NULL && field->kind == FIELD_TEXT && ((const struct text *)field_at(field, row))->size > 0)
			return *(const struct text *)field_at(field, row);
	}
	return (struct text){ 0 };
}

struct text lookup_name(struct storage *storage, struct arena *arena, const struct id *id)
{
	/* the kinds that outcomes and issues speak of, most frequent first */
	static const enum record_kind kinds[] = { RECORD_TECHNICIAN, RECORD_PART, RECORD_STOCK_LOCATION, RECORD_WORK_ORDER, RECORD_VISIT,
		RECORD_DEVICE, RECORD_SITE, RECORD_ASSET, RECORD_ACCOUNT, RECORD_TERRITORY, RECORD_TASK, RECORD_METER, RECORD_CONTACT,
		RECORD_KB_ARTICLE };
	struct text name = { 0 };
	void *row;

	if (id_is_nil(id))
		return name;
	for (size_t i = 0; i < LENGTH(kinds) && name.size == 0; i++)
		if (table_get(storage, schema_find(kinds[i]), id, arena, &row, NULL) == STATUS_OK)
			name = own_name(schema_find(kinds[i]), row);
	return name.size > 0 ? name : arena_print(arena, "%.8s", id_to_text(id).characters);
}
