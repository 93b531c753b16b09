#include "protocol/domain/operation.h"

#include <string.h>

#include "protocol/domain/stock_location.h"
#include "tests/unit/protocol/domain/world.h"

static struct operation travel(void)
{
	return world_operation(OPERATION_TRAVEL, world_id(RECORD_VISIT, 1), ANNA, NULL);
}

static void assert_objection(const struct operation *operation, enum status expected, enum rule rule, const char *field)
{
	struct objection objection = { 0 };

	assert_int_equal(operation_check(operation, &objection), expected);
	assert_int_equal(operation_validate(operation), expected);
	assert_int_equal(objection.rule, rule);
	assert_string_equal(objection.field, field);
}

static void every_operation_is_found_by_its_kind(void **state)
{
	(void)state;
	for (unsigned int kind = OPERATION_CREATE; kind < OPERATION_KIND_COUNT; kind++) {
		const struct operation_row *row = operation_find((enum operation_kind)kind);
		assert_int_equal(row->kind, kind);
			assert_string_equal(operation_kind_names[kind].name, row->name);
		if (row->arguments != NULL)
			assert_int_equal(row->arguments->kind, RECORD_ARGUMENTS + kind);
	}
	assert_null(operation_find(OPERATION_NONE));
	assert_null(operation_find(OPERATION_KIND_COUNT));
	assert_null(arguments_schema(OPERATION_CREATE, RECORD_OPERATION_HEAD));
}

static void a_well_formed_operation_passes(void **state)
{
	struct operation operation = travel();

	(void)state;
	assert_int_equal(operation_validate(&operation), STATUS_OK);
}

static void each_part_of_the_head_is_checked(void **state)
{
	struct operation operation = travel();

	(void)state;
	operation.head.kind = (enum operation_kind)99;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "kind");
	operation = travel();
	operation.head.role = ROLE_DISPATCHER;
	assert_objection(&operation, STATUS_REFUSED, RULE_NOT_ALLOWED, "role");
	operation.head.role = ROLE_TECHNICIAN | ROLE_DISPATCHER; /* one author acts in one role */
	assert_objection(&operation, STATUS_REFUSED, RULE_NOT_ALLOWED, "role");
	operation = travel();
	operation.head.actor = (struct id){ 0 };
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "actor");
	operation = travel();
	operation.head.subject = (struct id){ 0 };
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "subject");
	operation = travel();
	operation.head.at_ms = 0;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "at_ms");
	operation.head.at_ms = TIME_MAX_MS;
	assert_int_equal(operation_validate(&operation), STATUS_OK);
	operation.head.at_ms = TIME_MAX_MS + 1;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "at_ms");
	assert_non_null(strstr(fail_reason(), "after the year 9999"));
}

static void a_finish_says_outcome_codes_and_signature(void **state)
{
	struct finish_arguments finish = { 0 };
	struct operation operation = world_operation(OPERATION_FINISH, world_id(RECORD_VISIT, 1), ANNA, &finish);

	(void)state;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "outcome");
	finish.outcome = VISIT_OUTCOME_FIXED;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "cause_code");
	finish.cause_code = text_of("seal_worn");
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "action_code");
	finish.action_code = text_of("seal_changed");
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "signer_name");
	finish.signature_refused_reason = text_of("nobody there");
	assert_int_equal(operation_validate(&operation), STATUS_OK);
	finish.outcome = VISIT_OUTCOME_NO_ACCESS;
	finish.cause_code = finish.action_code = (struct text){ 0 };
	assert_int_equal(operation_validate(&operation), STATUS_OK);
}

static void arguments_that_a_kind_needs_are_there(void **state)
{
	struct part_arguments part = { .part_id = world_id(RECORD_PART, 1), .location_id = world_id(RECORD_STOCK_LOCATION, 1) };
	struct operation operation = world_operation(OPERATION_USE_PART, world_id(RECORD_VISIT, 1), ANNA, NULL);

	(void)state;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "");
	operation.arguments = &part;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "quantity");
	part.quantity = 1;
	assert_int_equal(operation_validate(&operation), STATUS_OK);
	part.location_id = location_vendor;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "location_id");
}

static void a_plan_does_not_end_before_it_starts(void **state)
{
	struct book_arguments book = {
		.technician_id = world_id(RECORD_TECHNICIAN, ANNA), .planned_start_at_ms = NOON, .planned_end_at_ms = NOON - 1
	};
	struct operation operation = world_operation(OPERATION_BOOK, world_id(RECORD_WORK_ORDER, 1), 0, &book);

	(void)state;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "planned_end_at_ms");
	book.planned_end_at_ms = NOON;
	assert_int_equal(operation_validate(&operation), STATUS_OK);
}

static void an_edit_names_known_fields_with_both_values(void **state)
{
	const struct work_order old = { 0 }, new = { .problem_code = text_of("leak") };
	struct operation operation = world_operation(OPERATION_EDIT, world_id(RECORD_WORK_ORDER, 1), ANNA, &new);
	uint64_t bit = UINT64_C(1) << schema_field(&work_order_schema, text_of("problem_code"))->tag;

	(void)state;
	operation.head.record = RECORD_WORK_ORDER;
	operation.mask = bit;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "");
	operation.old_values = &old;
	assert_int_equal(operation_validate(&operation), STATUS_OK);
	operation.mask = 0;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "");
	operation.mask = bit | UINT64_C(1) << 60;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "");
	operation.mask = bit | 1; /* there is no tag 0 */
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "");
	operation.mask = bit;
	operation.head.record = RECORD_BALANCE;
	assert_objection(&operation, STATUS_REFUSED, RULE_FIELD_NOT_EDITABLE, "");
	operation.head.record = 5000;
	assert_objection(&operation, STATUS_INVALID, RULE_BAD_FORM, "record");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_is_found_by_its_kind),
		cmocka_unit_test(a_well_formed_operation_passes),
		cmocka_unit_test(each_part_of_the_head_is_checked),
		cmocka_unit_test(a_finish_says_outcome_codes_and_signature),
		cmocka_unit_test(arguments_that_a_kind_needs_are_there),
		cmocka_unit_test(a_plan_does_not_end_before_it_starts),
		cmocka_unit_test(an_edit_names_known_fields_with_both_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
