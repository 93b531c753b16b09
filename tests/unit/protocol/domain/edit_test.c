#include "protocol/domain/asset.h"
#include "protocol/domain/site.h"
#include "tests/unit/protocol/domain/world.h"

#include <string.h>

static struct world world;

static int begin(void **state)
{
	(void)state;
	world_init(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_finish(&world);
	return 0;
}

static uint64_t bit_of(const struct schema *schema, const char *field)
{
	return UINT64_C(1) << schema_field(schema, text_of(field))->tag;
}

/* Edits one text or number field of a record given as text. */
static struct verdict edit_at(enum record_kind kind, struct id id, uint8_t technician, const char *name, const char *old, const char *new)
{
	const struct schema *schema = schema_find(kind);
	const struct field *field = schema_field(schema, text_of(name));
	void *old_row = arena_allocate(&world.arena, schema->size), *new_row = arena_allocate(&world.arena, schema->size);
	struct operation operation = world_operation(OPERATION_EDIT, id, technician, new_row);

	assert_int_equal(field_from_text(&world.arena, field, text_of(old), old_row), STATUS_OK);
	assert_int_equal(field_from_text(&world.arena, field, text_of(new), new_row), STATUS_OK);
	operation.head.record = kind;
	operation.old_values = old_row;
	operation.mask = bit_of(schema, name);
	return world_decide(&world, &operation);
}

static struct verdict edit_asset(const char *field, const char *old, const char *new)
{
	return edit_at(RECORD_ASSET, world_id(RECORD_ASSET, 1), ANNA, field, old, new);
}

static struct verdict edit_order(uint8_t technician, const char *field, const char *old, const char *new)
{
	return edit_at(RECORD_WORK_ORDER, world_id(RECORD_WORK_ORDER, 1), technician, field, old, new);
}

static const struct asset *asset(void)
{
	return world_find(&world, RECORD_ASSET, world_id(RECORD_ASSET, 1));
}

static struct verdict resolve(struct id issue_id, enum issue_resolution resolution)
{
	const struct resolve_arguments arguments = { .resolution = resolution, .text = text_of("asked on the phone") };
	struct operation operation = world_operation(OPERATION_RESOLVE_ISSUE, issue_id, 0, &arguments);

	return world_decide(&world, &operation);
}

static void an_untouched_field_is_set(void **state)
{
	(void)state;
	assert_rule(edit_asset("serial", "HC-17", "HC-18"), OUTCOME_APPLIED, "");
	assert_text(asset()->serial, "HC-18");
	assert_text(asset()->name, "Harbour crane");
}

static void the_same_edit_by_two_people_is_no_conflict(void **state)
{
	(void)state;
	assert_rule(edit_asset("serial", "HC-17", "HC-18"), OUTCOME_APPLIED, "");
	assert_rule(edit_asset("serial", "HC-17", "HC-18"), OUTCOME_APPLIED_NOTE, "no_op");
}

static void two_people_editing_one_field_keep_all_three_values(void **state)
{
	struct verdict verdict;
	const struct issue *issue;

	(void)state;
	assert_rule(edit_asset("serial", "HC-17", "HC-18"), OUTCOME_APPLIED, "");
	verdict = edit_asset("serial", "HC-17", "HC-19");
	assert_rule(verdict, OUTCOME_ISSUE, "edit_conflict");
	issue = world_issue(&world, verdict.issue_id);
	assert_text(issue->base_value, "HC-17");
	assert_text(issue->mine_value, "HC-19");
	assert_text(issue->theirs_value, "HC-18");
	assert_text(issue->field, "serial");
	assert_text(asset()->serial, "HC-19"); /* the edit that commits last */
	assert_int_equal(row_home(&issue_schema, issue).kind, SCOPE_TERRITORY);
}

static void a_dispatcher_owned_field_stands_when_it_moved_on(void **state)
{
	struct verdict verdict;

	(void)state;
	assert_rule(edit_order(0, "priority", "0", "3"), OUTCOME_APPLIED, "");
	verdict = edit_order(0, "priority", "0", "5");
	assert_rule(verdict, OUTCOME_ISSUE, "edit_conflict");
	assert_int_equal(world_order(&world, 1)->priority, 3);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_TOOK_MINE), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 1)->priority, 5);
}

static void keeping_theirs_puts_it_back(void **state)
{
	struct verdict verdict;

	(void)state;
	assert_rule(edit_asset("serial", "HC-17", "HC-18"), OUTCOME_APPLIED, "");
	verdict = edit_asset("serial", "HC-17", "HC-19");
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_KEPT_THEIRS), OUTCOME_APPLIED, "");
	assert_text(asset()->serial, "HC-18");
	assert_int_equal(world_issue(&world, verdict.issue_id)->state, ISSUE_STATE_RESOLVED);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_NOTED), OUTCOME_REJECTED, "issue_resolved");
}

static void keeping_theirs_leaves_what_was_written_since(void **state)
{
	struct verdict verdict;

	(void)state;
	assert_rule(edit_asset("serial", "HC-17", "HC-18"), OUTCOME_APPLIED, "");
	verdict = edit_asset("serial", "HC-17", "HC-19");
	assert_rule(edit_asset("serial", "HC-19", "HC-20"), OUTCOME_APPLIED, "");
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_KEPT_THEIRS), OUTCOME_APPLIED, "");
	assert_text(asset()->serial, "HC-20");
}

static void only_a_conflict_has_values_to_choose_from(void **state)
{
	struct verdict verdict;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_CANCELLED);
	verdict = world_do(&world, OPERATION_TRAVEL, 1, ANNA);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_TOOK_MINE), OUTCOME_REJECTED, "not_a_conflict");
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_NOTED), OUTCOME_APPLIED, "");
	assert_rule(resolve(world_id(RECORD_ISSUE, 9), ISSUE_RESOLUTION_NOTED), OUTCOME_REJECTED, "no_such_record");
}

static void a_value_too_long_for_the_issue_is_not_written_back_cut(void **state)
{
	char mine[3001], theirs[3001];
	struct verdict verdict;

	(void)state;
	memset(mine, 'm', 3000);
	memset(theirs, 't', 3000);
	mine[3000] = theirs[3000] = '\0';
	assert_rule(edit_order(ANNA, "description", "", theirs), OUTCOME_APPLIED, "");
	verdict = edit_order(ANNA, "description", "", mine);
	assert_rule(verdict, OUTCOME_ISSUE, "edit_conflict");
	assert_int_equal(world_issue(&world, verdict.issue_id)->mine_value.size, 2000);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_KEPT_THEIRS), OUTCOME_REJECTED, "value_cut");
	assert_int_equal(world_order(&world, 1)->description.size, 3000);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_CORRECTED), OUTCOME_APPLIED, "");
}

static void several_fields_in_conflict_have_an_issue_each(void **state)
{
	const struct asset old = { .model = text_of("B"), .serial = text_of("A") }, new = { .model = text_of("C"), .serial = text_of("D") };
	struct operation operation = world_operation(OPERATION_EDIT, world_id(RECORD_ASSET, 1), ANNA, &new);

	(void)state;
	operation.head.record = RECORD_ASSET;
	operation.old_values = &old;
	operation.mask = bit_of(&asset_schema, "model") | bit_of(&asset_schema, "serial");
	assert_rule(world_decide(&world, &operation), OUTCOME_ISSUE, "edit_conflict");
	assert_int_equal(world_issues(&world, ISSUE_KIND_EDIT_CONFLICT), 2);
}

static void a_field_that_only_operations_move_cannot_be_edited(void **state)
{
	(void)state;
	assert_rule(edit_order(0, "state", "draft", "closed"), OUTCOME_REJECTED, "field_not_editable");
	assert_rule(edit_order(0, "closed_at_ms", "", "2024-05-01"), OUTCOME_REJECTED, "field_not_editable");
	assert_int_equal(world_order(&world, 1)->closed_at_ms, 0);
}

static void a_technician_edits_only_what_is_his(void **state)
{
	struct verdict verdict = edit_order(ANNA, "priority", "0", "5");

	(void)state;
	assert_rule(verdict, OUTCOME_REJECTED, "not_allowed");
	assert_text(verdict.field, "priority");
	assert_rule(edit_order(ANNA, "problem_code", "", "leak"), OUTCOME_APPLIED, "");
}

static void a_malformed_edit_is_kept_for_a_person(void **state)
{
	(void)state;
	assert_rule(edit_order(0, "priority", "0", "9"), OUTCOME_PARKED, "bad_form");
	assert_rule(edit_asset("name", "Harbour crane", ""), OUTCOME_PARKED, "bad_form");
}

static void an_edit_of_a_missing_record_waits_for_it(void **state)
{
	(void)state;
	assert_rule(
		edit_at(RECORD_SITE, world_id(RECORD_SITE, 5), ANNA, "access_notes", "", "ring twice"), OUTCOME_PARKED, "missing_record");
}

static void holding_an_order_shows_in_its_state(void **state)
{
	(void)state;
	assert_rule(edit_order(0, "hold_reason", "", "parts"), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_ON_HOLD);
	assert_rule(edit_order(0, "released", "true", "false"), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_DRAFT);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(an_untouched_field_is_set),
		IN_A_WORLD(the_same_edit_by_two_people_is_no_conflict),
		IN_A_WORLD(two_people_editing_one_field_keep_all_three_values),
		IN_A_WORLD(a_dispatcher_owned_field_stands_when_it_moved_on),
		IN_A_WORLD(keeping_theirs_puts_it_back),
		IN_A_WORLD(keeping_theirs_leaves_what_was_written_since),
		IN_A_WORLD(only_a_conflict_has_values_to_choose_from),
		IN_A_WORLD(a_value_too_long_for_the_issue_is_not_written_back_cut),
		IN_A_WORLD(several_fields_in_conflict_have_an_issue_each),
		IN_A_WORLD(a_field_that_only_operations_move_cannot_be_edited),
		IN_A_WORLD(a_technician_edits_only_what_is_his),
		IN_A_WORLD(a_malformed_edit_is_kept_for_a_person),
		IN_A_WORLD(an_edit_of_a_missing_record_waits_for_it),
		IN_A_WORLD(holding_an_order_shows_in_its_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
