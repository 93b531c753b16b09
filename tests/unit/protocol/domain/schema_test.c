#include "protocol/domain/schema.h"

#include <string.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/rule.h"
#include "tests/unit/protocol/domain/world.h"

static const char *const kind_names[] = {
	[FIELD_ID] = "id",
	[FIELD_TEXT] = "text",
	[FIELD_INTEGER] = "integer",
	[FIELD_TIME] = "time",
	[FIELD_CHOICE] = "choice",
	[FIELD_BOOLEAN] = "boolean",
};

/* Every schema there is: records, the head of operations, arguments. NULL at the end. */
static const struct schema *any_schema(size_t position)
{
	size_t records = 0;

	while (schema_at(records) != NULL)
		records++;
	if (position < records)
		return schema_at(position);
	if (position == records)
		return schema_find(RECORD_OPERATION_HEAD);
	for (enum operation_kind kind = OPERATION_CREATE; kind < OPERATION_KIND_COUNT; kind++) {
		const struct schema *schema = operation_find(kind)->arguments;
		if (schema != NULL && position-- == records + 1)
			return schema;
	}
	return NULL;
}

static void tags_names_and_rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; any_schema(i) != NULL; i++) {
		const struct schema *schema = any_schema(i);
		uint64_t tags = 0;
		assert_ptr_equal(schema_find(schema->kind), schema);
		assert_true(schema->field_count <= 63);
		for (size_t j = 0; j < schema->field_count; j++) {
			const struct field *field = &schema->fields[j];
			assert_in_range(field->tag, 1, 63);
			assert_int_equal(tags >> field->tag & 1, 0);
			tags |= UINT64_C(1) << field->tag;
			assert_ptr_equal(schema_field(schema, text_of(field->name)), field);
			assert_ptr_equal(schema_field_by_tag(schema, field->tag), field);
			assert_true(field->kind != FIELD_TEXT || field->max > 0);
			assert_true((field->kind != FIELD_INTEGER && field->kind != FIELD_TIME) || field->max > 0);
			assert_int_equal(field->kind == FIELD_CHOICE, field->choices != NULL);
			assert_false(field->derived && field->merge != MERGE_NEVER);
		}
		assert_int_equal(schema->fields[0].tag, 1);
		assert_int_equal(schema->fields[0].offset, 0);
		assert_null(schema_field_by_tag(schema, 63));
	}
}

/* An id, whose scope it is; or yes or no, of a scope that has none. */
static void assert_home_rule(const struct schema *schema, const struct home_rule *rule)
{
	bool without_id = rule->scope == SCOPE_ORG_ALL || rule->scope == SCOPE_ORG_STAFF;

	assert_int_equal(schema_field(schema, text_of(rule->field))->kind, without_id ? FIELD_BOOLEAN : FIELD_ID);
}

static void indexes_name_ids_and_homes_and_windows_fitting_fields(void **state)
{
	(void)state;
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		const struct schema *schema = schema_at(i);
		assert_ptr_equal(schema_by_name(text_of(schema->name)), schema);
		for (size_t j = 0; j < INDEXES_MAX && schema->indexes[j].field != NULL; j++)
			assert_int_equal(schema_field(schema, text_of(schema->indexes[j].field))->kind, FIELD_ID);
		for (size_t j = 0; j < HOME_RULES_MAX && schema->homes[j].field != NULL; j++)
			assert_home_rule(schema, &schema->homes[j]);
		assert_int_not_equal(schema->home_otherwise, SCOPE_NONE);
		if (schema->window.field == NULL)
			continue;
		assert_int_equal(schema_field(schema, text_of(schema->window.field))->kind, FIELD_TIME);
		assert_int_equal(schema_field(schema, text_of("archived"))->kind, FIELD_BOOLEAN);
		assert_int_equal(schema_field(schema, text_of("work_order_id"))->kind, FIELD_ID); /* protocol/sync/window.c */
		assert_true(schema->window.days > 0);
	}
}

static struct text list_fields(struct arena *arena)
{
	struct writer writer = writer_in(arena, 256 * 1024);

	for (size_t i = 0; any_schema(i) != NULL; i++) {
		const struct schema *schema = any_schema(i);
		for (size_t j = 0; j < schema->field_count; j++) {
			const struct field *field = &schema->fields[j];
			struct text line = arena_print(
				arena, "%s.%s %u %s", schema->name, field->name, (unsigned int)field->tag, kind_names[field->kind]);
			if (field->since > 0)
				line = arena_print(arena, "%.*s since %u", TEXT_ARGUMENTS(line), field->since);
			if (field->retired > 0)
				line = arena_print(arena, "%.*s retired %u", TEXT_ARGUMENTS(line), field->retired);
			write_raw(&writer, line.data, line.size);
			write_raw(&writer, "\n", 1);
		}
	}
	return (struct text){ .data = (const char *)writer_bytes(&writer).data, .size = writer_bytes(&writer).size };
}

/* What may change in it says revision_test.c. */
static void the_fields_are_those_that_were_released(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_golden("fields.txt", list_fields(&arena));
	arena_finish(&arena);
}

static void a_row_outside_its_limits_is_named(void **state)
{
	const struct field *field = NULL;
	struct movement movement = {
		.id = world_id(RECORD_MOVEMENT, 1),
		.part_id = world_id(RECORD_PART, 1),
		.from_location_id = world_id(RECORD_STOCK_LOCATION, 1),
		.to_location_id = world_id(RECORD_STOCK_LOCATION, 2),
	};

	(void)state;
	assert_int_equal(row_validate(&movement_schema, &movement, &field), STATUS_INVALID);
	assert_string_equal(field->name, "quantity");
	assert_string_equal(fail_reason(), "movement.quantity is required");
	movement.quantity = 100000;
	assert_int_equal(row_validate(&movement_schema, &movement, NULL), STATUS_OK);
	movement.quantity = 100001;
	assert_int_equal(row_validate(&movement_schema, &movement, &field), STATUS_INVALID);
	assert_string_equal(fail_reason(), "movement.quantity is 100001; it must be 1 to 100000");
	movement.quantity = -1;
	assert_int_equal(row_validate(&movement_schema, &movement, &field), STATUS_INVALID);
	movement.quantity = 1;
	movement.type = (enum movement_type)77;
	assert_int_equal(row_validate(&movement_schema, &movement, &field), STATUS_INVALID);
	assert_string_equal(field->name, "type");
}

static void a_text_is_short_enough_and_well_formed(void **state)
{
	char longest[201];
	struct asset asset = { .id = world_id(RECORD_ASSET, 1), .territory_id = world_id(RECORD_TERRITORY, 1) };

	(void)state;
	memset(longest, 'x', sizeof(longest));
	asset.name = (struct text){ longest, 200 };
	assert_int_equal(row_validate(&asset_schema, &asset, NULL), STATUS_OK);
	asset.name.size = 201;
	assert_int_equal(row_validate(&asset_schema, &asset, NULL), STATUS_INVALID);
	asset.name = text_of("\xff");
	assert_int_equal(row_validate(&asset_schema, &asset, NULL), STATUS_INVALID);
}

static void the_first_home_that_is_set_counts(void **state)
{
	struct issue issue = { .device_id = world_id(RECORD_DEVICE, 1), .territory_id = world_id(RECORD_TERRITORY, 1) };
	struct scope home = row_home(&issue_schema, &issue);

	(void)state;
	assert_int_equal(home.kind, SCOPE_TERRITORY);
	assert_true(id_equal(&home.id, &issue.territory_id));
	issue.territory_id = (struct id){ 0 };
	assert_int_equal(row_home(&issue_schema, &issue).kind, SCOPE_DEVICE);
	issue.device_id = (struct id){ 0 };
	assert_int_equal(row_home(&issue_schema, &issue).kind, SCOPE_ORG_STAFF);
}

static void a_copy_shares_nothing_with_its_row(void **state)
{
	char name[] = "Harbour crane";
	struct asset asset = { .id = world_id(RECORD_ASSET, 1), .name = text_of(name), .status = ASSET_STATUS_DOWN };
	struct arena arena = { 0 };
	struct asset *copy = row_copy(&arena, &asset_schema, &asset);

	(void)state;
	assert_true(row_equal(&asset_schema, copy, &asset));
	name[0] = 'X';
	assert_text(copy->name, "Harbour crane");
	assert_false(row_equal(&asset_schema, copy, &asset));
	arena_finish(&arena);
}

static const struct field *asset_field(const char *name)
{
	return schema_field(&asset_schema, text_of(name));
}

static void assert_time(const char *text, int64_t expected, const char *printed)
{
	struct arena arena = { 0 };
	struct asset asset = { 0 };

	assert_int_equal(field_from_text(&arena, asset_field("installed_at_ms"), text_of(text), &asset), STATUS_OK);
	assert_int_equal(asset.installed_at_ms, expected);
	assert_text(field_to_text(&arena, asset_field("installed_at_ms"), &asset), printed);
	arena_finish(&arena);
}

static void times_read_and_print_as_rfc_3339(void **state)
{
	(void)state;
	assert_time("2024-02-29", INT64_C(1709164800000), "2024-02-29T00:00:00Z");
	assert_time("2024-05-31T14:30", INT64_C(1717165800000), "2024-05-31T14:30:00Z");
	assert_time("2024-05-31T14:30:15.250+02:00", INT64_C(1717158615250), "2024-05-31T12:30:15.250Z");
	assert_time("1999-12-31T23:59:59-00:30", INT64_C(946686599000), "2000-01-01T00:29:59Z");
	assert_time("9999-12-31T23:59:59.999Z", INT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
	assert_time("", 0, "");
}

static void a_time_beyond_the_year_9999_is_refused(void **state)
{
	static const int64_t beyond[] = { TIME_MAX_MS + 1, INT64_MAX, -1, INT64_MIN };
	struct asset asset = { .id = world_id(RECORD_ASSET, 1) };
	const struct field *field = schema_field(&asset_schema, text_of("installed_at_ms"));

	(void)state;
	for (size_t i = 0; i < LENGTH(beyond); i++) {
		asset.installed_at_ms = beyond[i];
		assert_int_equal(field_validate(&asset_schema, field, &asset), STATUS_INVALID);
		assert_non_null(strstr(fail_reason(), "give a time from 1970 to 9999"));
		asset.installed_at_ms = time_within(beyond[i]);
		assert_int_equal(field_validate(&asset_schema, field, &asset), STATUS_OK);
	}
	assert_time("9999-12-31T23:59:59.999Z", TIME_MAX_MS, "9999-12-31T23:59:59.999Z");
}

static void malformed_values_name_their_field(void **state)
{
	static const char *const times[] = {
		"2023-02-29",
		"2024-13-01",
		"2024-1-01",
		"2024-01-01T24:00",
		"2024-01-01T10:61",
		"2024-01-01T10:00:00.1Z",
		"2024-01-01T10:00Zx",
		"1969-12-31",
		"1970-01-01T00:00+05:00",
		"noon",
		"2024-01-01x",
		"-024-01-01",
	};
	struct arena arena = { 0 };
	struct asset asset = { .status = ASSET_STATUS_DOWN };
	struct movement movement = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(times); i++) {
		assert_int_equal(field_from_text(&arena, asset_field("installed_at_ms"), text_of(times[i]), &asset), STATUS_INVALID);
		assert_memory_equal(fail_reason(), "installed_at_ms", 15);
	}
	assert_int_equal(asset.installed_at_ms, 0);
	assert_int_equal(field_from_text(&arena, asset_field("status"), text_of("lost"), &asset), STATUS_INVALID);
	assert_string_equal(
		fail_reason(), "status: \"lost\" is none of: active, planned, down, in_repair, loaned, retired, replaced, standby");
	assert_int_equal(asset.status, ASSET_STATUS_DOWN);
	assert_int_equal(
		field_from_text(&arena, schema_field(&movement_schema, text_of("quantity")), text_of("9223372036854775808"), &movement),
		STATUS_INVALID);
	assert_int_equal(field_from_text(&arena, asset_field("site_id"), text_of("12"), &asset), STATUS_INVALID);
	arena_finish(&arena);
}

static void every_kind_of_field_survives_text(void **state)
{
	struct arena arena = { 0 };
	const struct work_order order = {
		.id = world_id(RECORD_WORK_ORDER, 200),
		.title = text_of("Aufzug \xc3\xb6"
				 "len"),
		.priority = 4,
		.cost_cents = 123456,
		.released = true,
		.type = WORK_ORDER_TYPE_RECALL,
		.closed_at_ms = NOON,
	};
	struct work_order copy = { 0 };

	(void)state;
	for (size_t i = 0; i < work_order_schema.field_count; i++) {
		const struct field *field = &work_order_schema.fields[i];
		assert_int_equal(field_from_text(&arena, field, field_to_text(&arena, field, &order), &copy), STATUS_OK);
	}
	assert_true(row_equal(&work_order_schema, &order, &copy));
	arena_finish(&arena);
}

static void an_unknown_choice_is_shown_as_other(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_text(choice_to_text(&arena, asset_status_names, 99), "other (99)");
	assert_text(choice_to_text(&arena, asset_status_names, ASSET_STATUS_DOWN), "down");
	arena_finish(&arena);
}

static void every_rule_is_found_by_its_word(void **state)
{
	(void)state;
	for (unsigned int rule = RULE_NONE; rule < RULE_COUNT; rule++)
		assert_ptr_equal(rule_by_word(text_of(rule_find((enum rule)rule)->word)), rule_find((enum rule)rule));
	for (unsigned int kind = 0; kind < ISSUE_KIND_COUNT; kind++)
		assert_non_null(rule_by_word(text_of(issue_kind_names[kind].name)));
	assert_null(rule_by_word(text_of("not_a_rule")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_names_and_rows_are_sound),
		cmocka_unit_test(indexes_name_ids_and_homes_and_windows_fitting_fields),
		cmocka_unit_test(the_fields_are_those_that_were_released),
		cmocka_unit_test(a_row_outside_its_limits_is_named),
		cmocka_unit_test(a_text_is_short_enough_and_well_formed),
		cmocka_unit_test(the_first_home_that_is_set_counts),
		cmocka_unit_test(a_copy_shares_nothing_with_its_row),
		cmocka_unit_test(times_read_and_print_as_rfc_3339),
		cmocka_unit_test(a_time_beyond_the_year_9999_is_refused),
		cmocka_unit_test(malformed_values_name_their_field),
		cmocka_unit_test(every_kind_of_field_survives_text),
		cmocka_unit_test(an_unknown_choice_is_shown_as_other),
		cmocka_unit_test(every_rule_is_found_by_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
