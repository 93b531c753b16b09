#include "protocol/domain/checklist.h"

#include "protocol/domain/meter.h"
#include "protocol/domain/task_answer.h"
#include "tests/unit/protocol/domain/world.h"

static struct world world;

static int begin(void **state)
{
	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_finish(&world);
	return 0;
}

static const struct task *task_of(uint8_t n)
{
	return world_find(&world, RECORD_TASK, world_id(RECORD_TASK, n));
}

static void put_task(uint8_t n, struct task task)
{
	task.id = world_id(RECORD_TASK, n);
	task.work_order_id = world_id(RECORD_WORK_ORDER, 1);
	task.territory_id = world_id(RECORD_TERRITORY, COAST);
	task.version = 1;
	if (task.title.size == 0)
		task.title = text_of("Look at it");
	world_put(&world, RECORD_TASK, &task);
}

static struct verdict answer_at(uint8_t n, struct answer_arguments arguments, uint8_t technician, int64_t at_ms)
{
	struct operation operation = world_operation(OPERATION_ANSWER_TASK, world_id(RECORD_VISIT, 1), technician, &arguments);

	arguments.task_id = world_id(RECORD_TASK, n);
	operation.head.at_ms = at_ms;
	return world_decide(&world, &operation);
}

static struct verdict answer(uint8_t n, struct answer_arguments arguments)
{
	return answer_at(n, arguments, ANNA, NOON);
}

static void every_kind_of_check_takes_its_own_answer(void **state)
{
	const struct answer_arguments yes = { .truth = ANSWER_TRUTH_YES }, number = { .has_number = true }, text = { .text = text_of("x") },
				      photo = { .attachment_id = world_id(RECORD_ATTACHMENT, 1) }, nothing = { 0 };
	const struct {
		enum task_kind kind;
		const struct answer_arguments *fit;
	} rows[] = { { TASK_KIND_CONFIRM, &yes }, { TASK_KIND_YES_NO, &yes }, { TASK_KIND_NUMBER, &number }, { TASK_KIND_TEXT, &text },
		{ TASK_KIND_CHOICE, &text }, { TASK_KIND_READING, &number }, { TASK_KIND_PHOTO, &photo } };
	const struct answer_arguments skipped = { .skip_reason = text_of("no power") };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct task task = { .kind = rows[i].kind };
		assert_int_equal(checklist_misfit(&task, rows[i].fit), REASON_NONE);
		assert_int_equal(checklist_misfit(&task, &skipped), REASON_NONE);
		assert_int_not_equal(checklist_misfit(&task, &nothing), REASON_NONE);
	}
}

static void a_value_outside_the_limits_failed(void **state)
{
	struct task task = { .kind = TASK_KIND_NUMBER, .limits = TASK_LIMITS_BOTH, .minimum = -5, .maximum = 10 };
	struct answer_arguments arguments = { .has_number = true, .number = -5 };

	(void)state;
	assert_false(checklist_fails(&task, &arguments));
	arguments.number = -6;
	assert_true(checklist_fails(&task, &arguments));
	arguments.number = 11;
	assert_true(checklist_fails(&task, &arguments));
	task.limits = TASK_LIMITS_MINIMUM;
	assert_false(checklist_fails(&task, &arguments));
	task.limits = TASK_LIMITS_NONE;
	arguments.number = -1000;
	assert_false(checklist_fails(&task, &arguments));
}

static void an_option_with_a_mark_failed(void **state)
{
	const struct task task = { .kind = TASK_KIND_CHOICE, .options = text_of("good; worn ;!cracked;") };
	bool failing;

	(void)state;
	assert_true(checklist_offers(&task, text_of("worn"), &failing) && !failing);
	assert_true(checklist_offers(&task, text_of("cracked"), &failing) && failing);
	assert_false(checklist_offers(&task, text_of("!cracked"), NULL));
	assert_false(checklist_offers(&task, text_of("lost"), NULL));
	assert_true(checklist_fails(&task, &(struct answer_arguments){ .text = text_of("cracked") }));
	assert_false(checklist_fails(&task, &(struct answer_arguments){ .text = text_of("lost") }));
}

static void an_answer_answers_its_task(void **state)
{
	const struct task_answer *kept;

	(void)state;
	assert_rule(answer(1, (struct answer_arguments){ .truth = ANSWER_TRUTH_NO, .task_version = 1 }), OUTCOME_APPLIED, "");
	assert_true(task_of(1)->answered && task_of(1)->failed);
	kept = world_find(&world, RECORD_TASK_ANSWER, task_of(1)->primary_answer_id);
	assert_int_equal(kept->truth, ANSWER_TRUTH_NO);
	assert_true(id_equal(&kept->asset_id, &(struct id){ { RECORD_ASSET, [ID_SIZE - 1] = 1 } }));
	assert_false(kept->late);
	assert_rule(answer(1, (struct answer_arguments){ .truth = ANSWER_TRUTH_YES, .task_version = 1 }), OUTCOME_APPLIED, "");
	assert_false(task_of(1)->failed); /* the same technician looked again */
	assert_int_equal(world_count(&world, RECORD_TASK_ANSWER), 2);
}

static void an_answer_of_another_kind_is_kept_aside(void **state)
{
	struct verdict verdict;

	(void)state;
	verdict = answer(1, (struct answer_arguments){ .text = text_of("yes") });
	assert_rule(verdict, OUTCOME_PARKED, "bad_form");
	assert_text(verdict.detail, "reason=answer_yes_no");
	assert_rule(answer(7, (struct answer_arguments){ .truth = ANSWER_TRUTH_YES }), OUTCOME_PARKED, "missing_record");
	assert_false(task_of(1)->answered);
}

static void a_task_that_asks_for_a_reading_makes_one(void **state)
{
	const struct meter *meter;
	const struct task_answer *kept;

	(void)state;
	put_task(2, (struct task){ .kind = TASK_KIND_READING, .meter_id = world_id(RECORD_METER, 1) });
	assert_rule(answer(2, (struct answer_arguments){ .has_number = true, .number = 4711 }), OUTCOME_APPLIED, "");
	meter = world_find(&world, RECORD_METER, world_id(RECORD_METER, 1));
	assert_int_equal(meter->last_value, 4711);
	kept = world_find(&world, RECORD_TASK_ANSWER, task_of(2)->primary_answer_id);
	assert_true(id_equal(&kept->reading_id, &meter->last_reading_id));
	assert_rule(answer(2, (struct answer_arguments){ .skip_reason = text_of("covered") }), OUTCOME_APPLIED, "");
	assert_int_equal(world_count(&world, RECORD_READING), 1);
}

static void a_visit_lacks_its_mandatory_tasks_until_they_are_answered(void **state)
{
	const struct id order = world_id(RECORD_WORK_ORDER, 1);
	struct checklist_lack lack;

	(void)state;
	put_task(2, (struct task){ .kind = TASK_KIND_CONFIRM, .mandatory = true, .position = 2, .title = text_of("Guard is back on") });
	put_task(3, (struct task){ .kind = TASK_KIND_TEXT, .mandatory = true, .position = 1, .title = text_of("Oil level") });
	put_task(4, (struct task){ .kind = TASK_KIND_TEXT, .mandatory = true, .withdrawn = true });
	assert_int_equal(checklist_lacks(&world.records, &world.arena, &order, &lack), STATUS_OK);
	assert_int_equal(lack.count, 2);
	assert_text(lack.titles, "Oil level, Guard is back on");
	assert_rule(answer(2, (struct answer_arguments){ .truth = ANSWER_TRUTH_YES }), OUTCOME_APPLIED, "");
	assert_rule(answer(3, (struct answer_arguments){ .skip_reason = text_of("no dipstick") }), OUTCOME_APPLIED, "");
	assert_int_equal(checklist_lacks(&world.records, &world.arena, &order, &lack), STATUS_OK);
	assert_int_equal(lack.count, 0);
}

static void only_the_first_of_many_open_tasks_are_named(void **state)
{
	const struct id order = world_id(RECORD_WORK_ORDER, 1);
	struct checklist_lack lack;

	(void)state;
	for (uint8_t n = 2; n < 12; n++)
		put_task(n, (struct task){ .mandatory = true,
				    .position = 100 - n,
				    .title = arena_print(&world.arena, "no. %u", (unsigned int)(100 - n)) });
	assert_int_equal(checklist_lacks(&world.records, &world.arena, &order, &lack), STATUS_OK);
	assert_int_equal(lack.count, 10);
	assert_text(lack.titles, "no. 89, no. 90, no. 91, no. 92, no. 93");
}

static void a_finish_with_mandatory_tasks_open_is_kept_and_told(void **state)
{
	struct verdict verdict;

	(void)state;
	put_task(2, (struct task){ .kind = TASK_KIND_CONFIRM, .mandatory = true, .title = text_of("Guard; back on") });
	verdict = world_do(&world, OPERATION_FINISH, 1, ANNA);
	assert_rule(verdict, OUTCOME_ISSUE, "finish_incomplete");
	assert_text(verdict.detail, "technician=02000000000000000000000000000001;count=1;tasks=Guard, back on");
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_DONE);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_COMPLETED);
}

static void an_edit_of_what_is_asked_makes_another_version(void **state)
{
	const struct task old = *task_of(1);
	struct task new = old;
	struct operation operation = world_operation(OPERATION_EDIT, old.id, 0, &new);

	(void)state;
	new.title = text_of("Brake holds 110 % of the load");
	operation.head.record = RECORD_TASK;
	operation.old_values = &old;
	operation.mask = UINT64_C(1) << schema_field(&task_schema, text_of("title"))->tag;
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED, "");
	assert_int_equal(task_of(1)->version, 2);
	new.position = 5;
	operation.mask = UINT64_C(1) << schema_field(&task_schema, text_of("position"))->tag;
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED, "");
	assert_int_equal(task_of(1)->version, 2); /* its place in the list asks nothing else */
}

static void of_answers_by_one_technician_the_later_counts_in_any_order(void **state)
{
	(void)state;
	assert_rule(answer_at(1, (struct answer_arguments){ .truth = ANSWER_TRUTH_YES }, ANNA, NOON + 10), OUTCOME_APPLIED, "");
	assert_rule(answer_at(1, (struct answer_arguments){ .truth = ANSWER_TRUTH_NO }, ANNA, NOON), OUTCOME_APPLIED, "");
	assert_false(task_of(1)->failed);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(every_kind_of_check_takes_its_own_answer),
		IN_A_WORLD(a_value_outside_the_limits_failed),
		IN_A_WORLD(an_option_with_a_mark_failed),
		IN_A_WORLD(an_answer_answers_its_task),
		IN_A_WORLD(an_answer_of_another_kind_is_kept_aside),
		IN_A_WORLD(a_task_that_asks_for_a_reading_makes_one),
		IN_A_WORLD(a_visit_lacks_its_mandatory_tasks_until_they_are_answered),
		IN_A_WORLD(only_the_first_of_many_open_tasks_are_named),
		IN_A_WORLD(a_finish_with_mandatory_tasks_open_is_kept_and_told),
		IN_A_WORLD(an_edit_of_what_is_asked_makes_another_version),
		IN_A_WORLD(of_answers_by_one_technician_the_later_counts_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
