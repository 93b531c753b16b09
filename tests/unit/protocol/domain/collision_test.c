/* What the office and a device did without knowing of each other: the seven collisions, and what a person may do about each. */
#include "protocol/domain/asset.h"
#include "protocol/domain/checklist.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/task_answer.h"
#include "tests/unit/protocol/domain/world.h"

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

/* By somebody who has not seen what the office did. */
static struct verdict act_unaware(enum operation_kind kind, uint8_t visit, uint8_t technician, const void *arguments)
{
	struct operation operation = world_operation(kind, world_id(RECORD_VISIT, visit), technician, arguments);

	operation.head.base_gseq = 0;
	return world_decide(&world, &operation);
}

static struct verdict resolve(struct id issue_id, enum issue_resolution resolution)
{
	const struct resolve_arguments arguments = { .resolution = (uint32_t)resolution };
	struct operation operation = world_operation(OPERATION_RESOLVE_ISSUE, issue_id, 0, &arguments);

	return world_decide(&world, &operation);
}

static struct verdict edit(enum record_kind kind, struct id id, const char *field, struct id value)
{
	const struct schema *schema = schema_find(kind);
	const void *old = world_find(&world, kind, id);
	void *new = row_copy(&world.arena, schema, old);
	struct operation operation = world_operation(OPERATION_EDIT, id, 0, new);

	*(struct id *)field_at_mutable(schema_field(schema, text_of(field)), new) = value;
	operation.head.record = kind;
	operation.old_values = old;
	operation.mask = UINT64_C(1) << schema_field(schema, text_of(field))->tag;
	return world_decide(&world, &operation);
}

/* The issue of a kind; there is one. */
static const struct issue *only_issue(enum issue_kind kind)
{
	const struct issue *found = NULL;

	assert_int_equal(world_issues(&world, kind), 1);
	for (size_t i = 0; i < world.count; i++)
		if (world.rows[i].kind == RECORD_ISSUE && ((const struct issue *)world.rows[i].row)->kind == kind)
			found = world.rows[i].row;
	return found;
}

static void cancelled_and_finished_keeps_the_work_and_asks_about_billing(void **state)
{
	struct verdict verdict;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_CANCEL, 1, 0), OUTCOME_APPLIED, "");
	verdict = world_do(&world, OPERATION_FINISH, 1, ANNA);
	assert_rule(verdict, OUTCOME_ISSUE, "work_done_after_cancel");
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_DONE);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_KEEP_OTHER_VISIT), OUTCOME_REJECTED, "resolution_unfit");
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_BILL), OUTCOME_APPLIED, "");
	assert_int_equal(world_issue(&world, verdict.issue_id)->resolution, ISSUE_RESOLUTION_BILL);
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_DONE);
}

static void work_after_a_cancel_opens_one_issue_a_visit_and_another_only_when_that_was_resolved(void **state)
{
	static const enum operation_kind kinds[] = { OPERATION_TRAVEL, OPERATION_ARRIVE, OPERATION_PAUSE };
	struct verdict first, last;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_CANCEL, 1, 0), OUTCOME_APPLIED, "");
	first = world_do(&world, kinds[0], 1, ANNA);
	for (size_t i = 1; i < LENGTH(kinds); i++) {
		last = world_do(&world, kinds[i], 1, ANNA);
		assert_rule(last, OUTCOME_ISSUE, "work_done_after_cancel");
		assert_true(id_equal(&last.issue_id, &first.issue_id));
	}
	assert_int_equal(world_issues(&world, ISSUE_KIND_WORK_DONE_AFTER_CANCEL), 1);
	assert_rule(resolve(first.issue_id, ISSUE_RESOLUTION_BILL), OUTCOME_APPLIED, "");
	last = world_do(&world, OPERATION_RESUME, 1, ANNA);
	assert_false(id_equal(&last.issue_id, &first.issue_id));
	assert_int_equal(world_issues(&world, ISSUE_KIND_WORK_DONE_AFTER_CANCEL), 2);
}

static void a_late_fact_on_a_cancelled_order_opens_one_issue(void **state)
{
	struct verdict verdict;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_CANCEL_ORDER, 1, 0), OUTCOME_APPLIED, "");
	verdict = world_do(&world, OPERATION_ARRIVE, 1, ANNA);
	assert_rule(verdict, OUTCOME_ISSUE, "work_done_after_cancel");
	assert_int_equal(world_count(&world, RECORD_ISSUE), 1);
	assert_true(world_order(&world, 1)->stale);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_ACCEPT_LATE), OUTCOME_APPLIED, "");
	assert_false(world_order(&world, 1)->stale);
}

static void what_is_reported_after_the_end_is_told_with_its_outcome(void **state)
{
	const struct finish_arguments stop = { .outcome = VISIT_OUTCOME_SAFETY_STOP, .text = text_of("gas"), .signer_name = text_of("B") };
	struct verdict verdict;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_CANCEL_ORDER, 1, 0), OUTCOME_APPLIED, "");
	assert_rule(world_do(&world, OPERATION_ARRIVE, 1, ANNA), OUTCOME_ISSUE, "work_done_after_cancel");
	assert_text(only_issue(ISSUE_KIND_WORK_DONE_AFTER_CANCEL)->mine_value, "");
	assert_rule(world_do(&world, OPERATION_FINISH, 1, ANNA), OUTCOME_ISSUE, "work_done_after_cancel");
	assert_text(only_issue(ISSUE_KIND_WORK_DONE_AFTER_CANCEL)->mine_value, "fixed");
	verdict = act_unaware(OPERATION_FINISH, 1, ANNA, &stop);
	assert_rule(verdict, OUTCOME_ISSUE, "late_fact");
	assert_text(world_issue(&world, verdict.issue_id)->mine_value, "safety_stop");
	assert_int_equal(world_visit(&world, 1)->outcome, VISIT_OUTCOME_FIXED);
}

static struct id reassign_and_finish(enum visit_state replacement_state)
{
	struct id other;

	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_REASSIGN, 1, 0), OUTCOME_APPLIED, "");
	other = world_visit(&world, 1)->replaced_by_id;
	if (replacement_state != VISIT_STATE_DISPATCHED) {
		struct visit visit = *(const struct visit *)world_find(&world, RECORD_VISIT, other);
		visit.state = replacement_state;
		visit.started_by_id = visit.technician_id;
		world_put(&world, RECORD_VISIT, &visit);
	}
	assert_int_equal(world_do(&world, OPERATION_FINISH, 1, ANNA).outcome, OUTCOME_ISSUE);
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_DONE);
	return other;
}

static void reassigned_and_finished_withdraws_the_other_who_may_go_all_the_same(void **state)
{
	struct id other = reassign_and_finish(VISIT_STATE_DISPATCHED);
	const struct visit *visit = world_find(&world, RECORD_VISIT, other);

	(void)state;
	assert_int_equal(visit->cancel_cause, VISIT_CANCEL_CAUSE_WITHDRAWN);
	assert_rule(resolve(only_issue(ISSUE_KIND_OVERTAKEN)->id, ISSUE_RESOLUTION_KEEP_OTHER_VISIT), OUTCOME_APPLIED, "");
	visit = world_find(&world, RECORD_VISIT, other);
	assert_int_equal(visit->state, VISIT_STATE_DISPATCHED);
	assert_int_equal(visit->cancel_cause, VISIT_CANCEL_CAUSE_NONE);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_IN_PROGRESS);
}

static void reassigned_and_both_went_may_call_the_second_back(void **state)
{
	struct id other = reassign_and_finish(VISIT_STATE_TRAVELLING);
	const struct visit *visit = world_find(&world, RECORD_VISIT, other);

	(void)state;
	assert_int_equal(visit->state, VISIT_STATE_TRAVELLING);
	assert_rule(resolve(only_issue(ISSUE_KIND_DOUBLE_VISIT)->id, ISSUE_RESOLUTION_CANCEL_OTHER_VISIT), OUTCOME_APPLIED, "");
	visit = world_find(&world, RECORD_VISIT, other);
	assert_int_equal(visit->state, VISIT_STATE_CANCELLED);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_COMPLETED);
}

static void who_is_on_site_is_not_called_back(void **state)
{
	struct id other = reassign_and_finish(VISIT_STATE_ON_SITE);
	const struct issue *issue = only_issue(ISSUE_KIND_DOUBLE_VISIT);

	(void)state;
	assert_rule(resolve(issue->id, ISSUE_RESOLUTION_CANCEL_OTHER_VISIT), OUTCOME_REJECTED, "visit_state");
	assert_int_equal(((const struct visit *)world_find(&world, RECORD_VISIT, other))->state, VISIT_STATE_ON_SITE);
	assert_int_equal(world_issue(&world, issue->id)->state, ISSUE_STATE_OPEN);
}

static void moved_and_started_stands_with_the_new_plan_kept(void **state)
{
	struct verdict verdict;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_RESCHEDULE, 1, 0), OUTCOME_APPLIED, "");
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_ACCEPTED);
	verdict = act_unaware(OPERATION_TRAVEL, 1, ANNA, NULL);
	assert_rule(verdict, OUTCOME_ISSUE, "plan_moved");
	assert_text(verdict.detail, "technician=02000000000000000000000000000001;operation=travel;planned_start_at_ms=1700003600000");
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_TRAVELLING);
	assert_int_equal(world_visit(&world, 1)->planned_start_at_ms, NOON + 3600000);
	assert_rule(act_unaware(OPERATION_ARRIVE, 1, ANNA, NULL), OUTCOME_APPLIED, ""); /* told once */
}

static void moved_and_accepted_is_told(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_DISPATCHED);
	assert_rule(world_do(&world, OPERATION_RESCHEDULE, 1, 0), OUTCOME_APPLIED, "");
	assert_rule(act_unaware(OPERATION_ACCEPT, 1, ANNA, NULL), OUTCOME_ISSUE, "plan_moved");
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_ACCEPTED);
}

static void a_plan_that_was_edited_has_moved_too(void **state)
{
	const struct visit *old;
	struct visit new;
	struct operation operation;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	old = world_visit(&world, 1);
	new = *old;
	new.planned_start_at_ms = NOON + 7200000;
	operation = world_operation(OPERATION_EDIT, old->id, 0, &new);
	operation.head.record = RECORD_VISIT;
	operation.old_values = old;
	operation.mask = UINT64_C(1) << schema_field(&visit_schema, text_of("planned_start_at_ms"))->tag;
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED, "");
	assert_rule(act_unaware(OPERATION_TRAVEL, 1, ANNA, NULL), OUTCOME_ISSUE, "plan_moved");
}

static void who_saw_the_move_starts_without_a_word(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_do(&world, OPERATION_RESCHEDULE, 1, 0), OUTCOME_APPLIED, "");
	assert_rule(world_do(&world, OPERATION_TRAVEL, 1, ANNA), OUTCOME_APPLIED, "");
}

static void a_started_visit_is_not_moved(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_TRAVELLING);
	assert_rule(world_do(&world, OPERATION_RESCHEDULE, 1, 0), OUTCOME_REJECTED, "visit_state");
}

static void another_asset_leaves_answers_bound_to_what_was_asked(void **state)
{
	const struct answer_arguments answer = { .task_id = world_id(RECORD_TASK, 1), .task_version = 1, .truth = ANSWER_TRUTH_YES };
	const struct asset other = {
		.id = world_id(RECORD_ASSET, 2), .territory_id = world_id(RECORD_TERRITORY, COAST), .name = text_of("Crane 2")
	};
	const struct task *task;
	const struct task_answer *kept;
	struct verdict verdict;

	(void)state;
	world_put(&world, RECORD_ASSET, &other);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(edit(RECORD_WORK_ORDER, world_id(RECORD_WORK_ORDER, 1), "asset_id", other.id), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 1)->scope_version, 1);
	verdict = act_unaware(OPERATION_ANSWER_TASK, 1, ANNA, &answer);
	assert_rule(verdict, OUTCOME_ISSUE, "task_changed");
	task = world_find(&world, RECORD_TASK, answer.task_id);
	assert_true(task->answered);
	kept = world_find(&world, RECORD_TASK_ANSWER, task->primary_answer_id);
	assert_int_equal(kept->task_version, 1);
	assert_int_equal(checklist_version(task, world_order(&world, 1)), 2);
}

static void closed_and_still_reported_is_kept_and_marks_the_totals(void **state)
{
	static const enum operation_kind kinds[] = { OPERATION_USE_PART, OPERATION_LOG_TIME, OPERATION_ADD_PHOTO, OPERATION_READ_METER,
		OPERATION_ANSWER_TASK, OPERATION_SIGN };
	struct verdict verdict = { 0 };

	(void)state;
	world_stock(&world, VAN_OF_ANNA, 1, 5);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_DONE);
	assert_rule(world_do(&world, OPERATION_CLOSE, 1, 0), OUTCOME_APPLIED, "");
	for (size_t i = 0; i < LENGTH(kinds); i++) {
		verdict = world_do(&world, kinds[i], 1, ANNA);
		assert_rule(verdict, OUTCOME_ISSUE, "late_fact");
		assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_CLOSED);
		assert_true(world_order(&world, 1)->stale);
	}
	assert_int_equal(world_balance(&world, world_id(RECORD_STOCK_LOCATION, VAN_OF_ANNA), 1), 4);
	assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_ACCEPT_LATE), OUTCOME_APPLIED, "");
	assert_false(world_order(&world, 1)->stale);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_CLOSED);
}

static struct verdict answer_by(uint8_t visit, uint8_t technician, enum answer_truth truth, int64_t at_ms)
{
	const struct answer_arguments answer = { .task_id = world_id(RECORD_TASK, 1), .task_version = 1, .truth = truth };
	struct operation operation = world_operation(OPERATION_ANSWER_TASK, world_id(RECORD_VISIT, visit), technician, &answer);

	operation.head.at_ms = at_ms;
	return world_decide(&world, &operation);
}

static void of_two_technicians_answers_the_earlier_counts_and_both_stay(void **state)
{
	const struct task *task;
	struct verdict verdict;

	(void)state;
	for (int late_first = 0; late_first < 2; late_first++) {
		world_finish(&world);
		world_init(&world);
		world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
		world_set_visit(&world, 2, BELA, VISIT_STATE_ON_SITE);
		if (late_first)
			assert_rule(answer_by(2, BELA, ANSWER_TRUTH_NO, NOON + 5), OUTCOME_APPLIED, "");
		verdict = answer_by(1, ANNA, ANSWER_TRUTH_YES, NOON);
		if (!late_first)
			verdict = answer_by(2, BELA, ANSWER_TRUTH_NO, NOON + 5);
		assert_rule(verdict, OUTCOME_ISSUE, "double_answer");
		task = world_find(&world, RECORD_TASK, world_id(RECORD_TASK, 1));
		assert_false(task->failed);
		assert_int_equal(world_count(&world, RECORD_TASK_ANSWER), 2);
		assert_rule(resolve(verdict.issue_id, ISSUE_RESOLUTION_TAKE_OTHER_ANSWER), OUTCOME_APPLIED, "");
		task = world_find(&world, RECORD_TASK, world_id(RECORD_TASK, 1));
		assert_true(task->failed); /* Bela's */
	}
}

static void merge(uint8_t from, uint8_t into)
{
	assert_rule(edit(RECORD_ASSET, world_id(RECORD_ASSET, from), "merged_into_id", world_id(RECORD_ASSET, into)), OUTCOME_APPLIED, "");
}

static void put_assets(uint8_t count)
{
	for (uint8_t n = 2; n <= count; n++) {
		const struct asset asset = {
			.id = world_id(RECORD_ASSET, n), .territory_id = world_id(RECORD_TERRITORY, COAST), .name = text_of("Crane")
		};
		world_put(&world, RECORD_ASSET, &asset);
	}
}

static void facts_on_a_merged_asset_follow_it(void **state)
{
	const struct id last = world_id(RECORD_ASSET, 3);
	const struct reading *reading;
	struct verdict verdict;

	(void)state;
	put_assets(3);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	merge(1, 2);
	merge(2, 3);
	verdict = act_unaware(
		OPERATION_READ_METER, 1, ANNA, &(struct reading_arguments){ .meter_id = world_id(RECORD_METER, 1), .value = 5 });
	assert_rule(verdict, OUTCOME_ISSUE, "asset_gone");
	assert_text(verdict.detail,
		"technician=02000000000000000000000000000001;operation=read_meter;asset=07000000000000000000000000000001;"
		"survivor=07000000000000000000000000000003");
	reading = world_find(&world, RECORD_READING, world_decision(&(struct operation){ 0 }, world.operations).operation_id);
	assert_true(id_equal(&reading->asset_id, &last));
	assert_rule(world_do(&world, OPERATION_ANSWER_TASK, 1, ANNA), OUTCOME_ISSUE, "asset_gone");
}

static void what_is_made_for_a_merged_asset_is_made_for_the_one_left(void **state)
{
	const struct work_order order = {
		.territory_id = world_id(RECORD_TERRITORY, COAST), .asset_id = world_id(RECORD_ASSET, 1), .title = text_of("Rope frays")
	};
	struct operation operation = world_operation(OPERATION_CREATE, (struct id){ 0 }, ANNA, &order);
	const struct id left = world_id(RECORD_ASSET, 2);
	const struct work_order *made;

	(void)state;
	put_assets(2);
	merge(1, 2);
	operation.head.record = RECORD_WORK_ORDER;
	assert_rule(world_decide(&world, &operation), OUTCOME_ISSUE, "asset_gone");
	made = world_find(&world, RECORD_WORK_ORDER, world_decision(&operation, world.operations).operation_id);
	assert_true(id_equal(&made->asset_id, &left));
	operation.head.subject = made->id; /* brought in once more, as an import does */
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED_NOTE, "no_op");
}

static void what_was_made_before_a_merge_is_still_the_same(void **state)
{
	const struct work_order order = {
		.territory_id = world_id(RECORD_TERRITORY, COAST), .asset_id = world_id(RECORD_ASSET, 1), .title = text_of("Rope frays")
	};
	struct operation operation = world_operation(OPERATION_CREATE, world_id(RECORD_WORK_ORDER, 9), 0, &order);

	(void)state;
	put_assets(2);
	operation.head.record = RECORD_WORK_ORDER;
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED, "");
	merge(1, 2);
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED_NOTE, "no_op");
}

static void assets_are_not_merged_in_a_circle(void **state)
{
	(void)state;
	put_assets(4);
	merge(1, 2);
	merge(2, 3);
	assert_rule(edit(RECORD_ASSET, world_id(RECORD_ASSET, 3), "merged_into_id", world_id(RECORD_ASSET, 1)), OUTCOME_PARKED, "bad_form");
	assert_rule(edit(RECORD_ASSET, world_id(RECORD_ASSET, 3), "merged_into_id", world_id(RECORD_ASSET, 3)), OUTCOME_PARKED, "bad_form");
	merge(4, 1);
	/* what 1 was merged into so far does not count */
	assert_rule(edit(RECORD_ASSET, world_id(RECORD_ASSET, 1), "merged_into_id", world_id(RECORD_ASSET, 4)), OUTCOME_PARKED, "bad_form");
}

static void a_retired_asset_is_told(void **state)
{
	struct asset asset = *(const struct asset *)world_find(&world, RECORD_ASSET, world_id(RECORD_ASSET, 1));

	(void)state;
	asset.status = ASSET_STATUS_RETIRED;
	world_put(&world, RECORD_ASSET, &asset);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(world_do(&world, OPERATION_READ_METER, 1, ANNA), OUTCOME_ISSUE, "asset_gone");
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(cancelled_and_finished_keeps_the_work_and_asks_about_billing),
		IN_A_WORLD(work_after_a_cancel_opens_one_issue_a_visit_and_another_only_when_that_was_resolved),
		IN_A_WORLD(a_late_fact_on_a_cancelled_order_opens_one_issue),
		IN_A_WORLD(what_is_reported_after_the_end_is_told_with_its_outcome),
		IN_A_WORLD(reassigned_and_finished_withdraws_the_other_who_may_go_all_the_same),
		IN_A_WORLD(reassigned_and_both_went_may_call_the_second_back),
		IN_A_WORLD(who_is_on_site_is_not_called_back),
		IN_A_WORLD(moved_and_started_stands_with_the_new_plan_kept),
		IN_A_WORLD(moved_and_accepted_is_told),
		IN_A_WORLD(a_plan_that_was_edited_has_moved_too),
		IN_A_WORLD(who_saw_the_move_starts_without_a_word),
		IN_A_WORLD(a_started_visit_is_not_moved),
		IN_A_WORLD(another_asset_leaves_answers_bound_to_what_was_asked),
		IN_A_WORLD(closed_and_still_reported_is_kept_and_marks_the_totals),
		IN_A_WORLD(of_two_technicians_answers_the_earlier_counts_and_both_stay),
		IN_A_WORLD(facts_on_a_merged_asset_follow_it),
		IN_A_WORLD(what_is_made_for_a_merged_asset_is_made_for_the_one_left),
		IN_A_WORLD(what_was_made_before_a_merge_is_still_the_same),
		IN_A_WORLD(assets_are_not_merged_in_a_circle),
		IN_A_WORLD(a_retired_asset_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
