#include "protocol/domain/revision.h"

#include <stdio.h>
#include <string.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/operation.h"
#include "protocol/domain/visit.h"
#include "tests/unit/protocol/domain/world.h"

#define NAME_SIZE 100

/* A field as tests/golden/fields.txt tells of it. */
struct released {
	char name[NAME_SIZE];
	uint32_t tag;
	char kind[NAME_SIZE];
	uint32_t since;
	uint32_t retired;
};

static const char *const kind_names[] = { "id", "text", "integer", "time", "choice", "boolean" };

/* The next line that is about the record; false at the end. */
static bool next_released(const char **rest, const char *record, struct released *out_released)
{
	size_t size = strlen(record);

	for (const char *line = *rest; *line != '\0'; line = *rest) {
		const char *marks;
		*rest = strchr(line, '\n') + 1;
		if (strncmp(line, record, size) != 0 || line[size] != '.')
			continue;
		*out_released = (struct released){ 0 };
		assert_int_equal(sscanf(line + size + 1, "%99s %u %99s", out_released->name, &out_released->tag, out_released->kind), 3);
		marks = strstr(line, " since ");
		if (marks != NULL && marks < *rest)
			(void)sscanf(marks, " since %u", &out_released->since);
		marks = strstr(line, " retired ");
		if (marks != NULL && marks < *rest)
			(void)sscanf(marks, " retired %u", &out_released->retired);
		return true;
	}
	return false;
}

/* What a table breaks by itself. */
static const char *flaw_of_table(const struct schema *schema)
{
	uint32_t tag = 0, since = 0;

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (field->tag <= tag || field->tag > TAG_MAX)
			return "its tag is not above those before it";
		if (field->since < since)
			return "it stands behind what came later";
		if (field->since > SCHEMA_REVISION || field->retired > SCHEMA_REVISION)
			return "its revision is not there yet";
		if (field->retired != 0 && (field->retired <= field->since || field->required))
			return "it was retired before it came, or is required";
		tag = field->tag;
		since = field->since;
	}
	return NULL;
}

/* What it breaks of what was released. */
static const char *flaw_of_history(const struct schema *schema, const char *golden)
{
	uint64_t used = 0, known = 0;
	struct released was;

	for (const char *rest = golden; next_released(&rest, schema->name, &was);) {
		const struct field *field = schema_field_by_tag(schema, was.tag);
		used |= UINT64_C(1) << was.tag;
		if (field == NULL)
			return "a released field is gone: retire it";
		if (strcmp(field->name, was.name) != 0)
			return "the tag of a released field has another name";
		if (strcmp(kind_names[field->kind], was.kind) != 0 || field->since != was.since)
			return "a released field has another kind or revision";
		if (was.retired != 0 && field->retired != was.retired)
			return "a retired field is in use again";
	}
	for (size_t i = 0; i < schema->field_count && used != 0; i++) {
		const struct field *field = &schema->fields[i];
		known = UINT64_C(1) << field->tag;
		if ((used & known) == 0 && (field->since != SCHEMA_REVISION || used > known))
			return "a new field is not of the newest revision, or its tag is not above all that were used";
	}
	return NULL;
}

static const char *flaw_of(const struct schema *schema, const char *golden)
{
	const char *flaw = flaw_of_table(schema);

	return flaw != NULL ? flaw : flaw_of_history(schema, golden);
}

static void every_field_table_keeps_the_rules(void **state)
{
	struct arena arena = { 0 };
	struct text golden = golden_read(&arena, "fields.txt");

	(void)state;
	for (unsigned int kind = 0; kind < RECORD_ARGUMENTS + OPERATION_KIND_COUNT; kind++) {
		const struct schema *schema = schema_find((enum record_kind)kind);
		const char *flaw = schema == NULL ? NULL : flaw_of(schema, golden.data);
		if (flaw != NULL)
			print_error("# %s: %s\n", schema->name, flaw);
		assert_null(flaw);
	}
	arena_finish(&arena);
}

/* A record that was released with a name (2), an old word (3, retired) and a size (4, since the revision before). */
struct crate {
	struct id id;
	struct text name;
	struct text word;
	int64_t size;
	struct text more;
};

static const char crate_golden[] = "box.id 1 id\ncrate.id 1 id\ncrate.name 2 text\ncrate.word 3 text retired 4\n"
				   "crate.size 4 integer since 3\ncrated.id 1 id\ncrated.name 9 text\n";

#define CRATE_ID   { FIELD_OF(crate, id), .tag = 1 }
#define CRATE_NAME { FIELD_OF(crate, name), .tag = 2, .max = 9 }
#define CRATE_WORD { FIELD_OF(crate, word), .tag = 3, .max = 9, .retired = 4 }
#define CRATE_SIZE { FIELD_OF(crate, size), .tag = 4, .max = 9, .since = 3 }
#define CRATE_MAX  5
#define NEWEST     SCHEMA_REVISION

static const struct {
	const char *flaw; /* NULL: none */
	struct field fields[CRATE_MAX];
	size_t count;
} crates[] = {
	{ NULL, { CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE }, 4 },
	{ NULL, { CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE, { FIELD_OF(crate, more), .tag = 5, .max = 9, .since = NEWEST } }, 5 },
	{ "its tag is not above those before it",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE, { FIELD_OF(crate, more), .tag = 4, .max = 9, .since = NEWEST } }, 5 },
	{ "its tag is not above those before it",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE, { FIELD_OF(crate, more), .tag = 64, .max = 9, .since = NEWEST } }, 5 },
	{ "it stands behind what came later",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE, { FIELD_OF(crate, more), .tag = 5, .max = 9 } }, 5 },
	{ "its revision is not there yet",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE, { FIELD_OF(crate, more), .tag = 5, .max = 9, .since = 99 } }, 5 },
	{ "it was retired before it came, or is required",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, { FIELD_OF(crate, size), .tag = 4, .max = 9, .since = 3, .retired = 3 } }, 4 },
	{ "it was retired before it came, or is required",
		{ CRATE_ID, { FIELD_OF(crate, name), .tag = 2, .max = 9, .required = true, .retired = 4 }, CRATE_WORD, CRATE_SIZE }, 4 },
	{ "a released field is gone: retire it", { CRATE_ID, CRATE_NAME, CRATE_WORD }, 3 },
	{ "a released field is gone: retire it", { CRATE_ID, CRATE_NAME, CRATE_SIZE }, 3 },
	{ "the tag of a released field has another name",
		{ CRATE_ID, CRATE_NAME, { FIELD_OF(crate, more), .tag = 3, .max = 9 }, CRATE_SIZE }, 4 },
	{ "a released field has another kind or revision",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, { TIME_OF(crate, size), .tag = 4, .since = 3 } }, 4 },
	{ "a released field has another kind or revision",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, { FIELD_OF(crate, size), .tag = 4, .max = 9, .since = NEWEST } }, 4 },
	{ "a retired field is in use again", { CRATE_ID, CRATE_NAME, { FIELD_OF(crate, word), .tag = 3, .max = 9 }, CRATE_SIZE }, 4 },
	{ "a new field is not of the newest revision, or its tag is not above all that were used",
		{ CRATE_ID, CRATE_NAME, CRATE_WORD, CRATE_SIZE, { FIELD_OF(crate, more), .tag = 5, .max = 9, .since = 3 } }, 5 },
};

static void a_field_table_that_breaks_a_rule_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(crates); i++) {
		const struct schema schema = { .name = "crate", .fields = crates[i].fields, .field_count = crates[i].count };
		const char *flaw = flaw_of(&schema, crate_golden);
		if (crates[i].flaw == NULL)
			assert_null(flaw);
		else
			assert_string_equal(flaw == NULL ? "none" : flaw, crates[i].flaw);
	}
}

/* Speaks as programs did that were shipped first, and back. */
static int speak_older(void **state)
{
	(void)state;
	schema_speak(SCHEMA_REVISION_PLAIN);
	return 0;
}

static int speak_newest(void **state)
{
	(void)state;
	schema_speak(SCHEMA_REVISION);
	return 0;
}

static void an_older_program_knows_nothing_that_came_later(void **state)
{
	const struct schema *visit = schema_find(RECORD_VISIT);
	struct asset asset = { .id = world_id(RECORD_ASSET, 1), .name = text_of("Pump"), .territory_id = world_id(RECORD_TERRITORY, 1) };
	struct arena arena = { 0 };
	uint32_t number;

	(void)state;
	assert_null(schema_field(visit, text_of("expected_at_ms")));
	assert_null(schema_field_by_tag(visit, 27));
	assert_int_equal(visit->field_count, visit_schema.field_count - 1);
	assert_ptr_equal(schema_by_name(text_of("visit")), visit);
	assert_null(operation_find(OPERATION_DELAY));
	assert_non_null(operation_find(OPERATION_CANCEL_ORDER));
	asset.status = ASSET_STATUS_REPLACED;
	assert_int_equal(row_validate(&asset_schema, &asset, NULL), STATUS_OK);
	asset.status = ASSET_STATUS_STANDBY;
	assert_int_equal(row_validate(&asset_schema, &asset, NULL), STATUS_INVALID);
	assert_true(text_equals(choice_to_text(&arena, asset_status_names, ASSET_STATUS_STANDBY), "other (7)"));
	assert_int_equal(choice_from_text(asset_status_names, text_of("standby"), &number), STATUS_INVALID);
	assert_null(strstr(fail_reason(), "standby,"));
	arena_finish(&arena);
}

static void the_newest_program_knows_all(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(schema_revision(), SCHEMA_REVISION);
	assert_ptr_equal(schema_find(RECORD_VISIT), &visit_schema);
	assert_non_null(schema_field(&visit_schema, text_of("expected_at_ms")));
	assert_non_null(operation_find(OPERATION_DELAY));
	assert_true(text_equals(choice_to_text(&arena, asset_status_names, ASSET_STATUS_STANDBY), "standby"));
	assert_int_equal(schema_field(&contact_schema, text_of("language"))->retired, 4);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_table_keeps_the_rules),
		cmocka_unit_test(a_field_table_that_breaks_a_rule_is_refused),
		cmocka_unit_test_setup_teardown(an_older_program_knows_nothing_that_came_later, speak_older, speak_newest),
		cmocka_unit_test(the_newest_program_knows_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
