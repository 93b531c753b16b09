#include "protocol/domain/work_order.h"

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

static struct verdict ask(enum operation_kind kind)
{
	return world_do(&world, kind, 1, 0);
}

static enum work_order_state order_state(void)
{
	return world_order(&world, 1)->state;
}

static void a_held_order_waits_until_it_is_released(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(ask(OPERATION_HOLD), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_ON_HOLD);
	assert_text(world_order(&world, 1)->hold_reason, "parts");
	assert_rule(ask(OPERATION_RELEASE), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_SCHEDULED);
	assert_rule(ask(OPERATION_RELEASE), OUTCOME_APPLIED_NOTE, "no_op");
}

static void work_under_way_goes_before_a_hold(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(ask(OPERATION_HOLD), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_IN_PROGRESS);
	assert_rule(world_do(&world, OPERATION_FINISH, 1, ANNA), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_ON_HOLD);
}

static void releasing_a_draft_makes_it_ready(void **state)
{
	struct work_order draft = *world_order(&world, 1);

	(void)state;
	draft.released = false;
	draft.state = WORK_ORDER_STATE_DRAFT;
	world_put(&world, RECORD_WORK_ORDER, &draft);
	assert_rule(ask(OPERATION_RELEASE), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_UNSCHEDULED);
}

static void an_order_is_closed_when_its_visits_have_ended(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(ask(OPERATION_CLOSE), OUTCOME_REJECTED, "order_unfinished");
	assert_rule(world_do(&world, OPERATION_FINISH, 1, ANNA), OUTCOME_APPLIED, "");
	assert_rule(ask(OPERATION_CLOSE), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_CLOSED);
	assert_text(world_order(&world, 1)->reason, "engine trouble");
	assert_rule(ask(OPERATION_CLOSE), OUTCOME_REJECTED, "order_over");
	assert_rule(ask(OPERATION_HOLD), OUTCOME_REJECTED, "order_over");
}

static void a_reopened_order_is_what_its_visits_say(void **state)
{
	(void)state;
	assert_rule(ask(OPERATION_REOPEN_ORDER), OUTCOME_REJECTED, "order_not_over");
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(world_do(&world, OPERATION_FINISH, 1, ANNA), OUTCOME_APPLIED, "");
	assert_rule(ask(OPERATION_CLOSE), OUTCOME_APPLIED, "");
	assert_rule(ask(OPERATION_REOPEN_ORDER), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_COMPLETED);
	assert_int_equal(world_order(&world, 1)->completed_at_ms, NOON);
}

static void cancelling_an_order_cancels_who_has_not_arrived(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_TRAVELLING);
	world_set_visit(&world, 2, BELA, VISIT_STATE_SCHEDULED);
	world_set_visit(&world, 3, CLEO, VISIT_STATE_DONE);
	assert_rule(ask(OPERATION_CANCEL_ORDER), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_CANCELLED);
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_CANCELLED);
	assert_int_equal(world_visit(&world, 2)->cancel_cause, VISIT_CANCEL_CAUSE_CANCELLED);
	assert_int_equal(world_visit(&world, 3)->state, VISIT_STATE_DONE);
	assert_rule(ask(OPERATION_REOPEN_ORDER), OUTCOME_APPLIED, "");
	assert_int_equal(order_state(), WORK_ORDER_STATE_UNSCHEDULED);
}

static void an_order_is_not_cancelled_under_somebodys_hands(void **state)
{
	struct verdict verdict;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_PAUSED);
	verdict = ask(OPERATION_CANCEL_ORDER);
	assert_rule(verdict, OUTCOME_REJECTED, "order_under_way");
	assert_text(verdict.detail, "technician=02000000000000000000000000000001;state=paused");
}

static void a_technician_goes_on_with_an_own_visit_within_a_day(void **state)
{
	const struct reason_arguments why = { .reason = text_of("leaks again") };
	struct operation reopen = world_operation(OPERATION_REOPEN_VISIT, world_id(RECORD_VISIT, 1), BELA, &why);

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_DONE);
	assert_rule(world_decide(&world, &reopen), OUTCOME_REJECTED, "visit_not_yours");
	reopen = world_operation(OPERATION_REOPEN_VISIT, world_id(RECORD_VISIT, 1), ANNA, &why);
	reopen.head.at_ms = NOON + 86400000;
	assert_rule(world_decide(&world, &reopen), OUTCOME_REJECTED, "reopen_too_late");
	reopen.head.role = ROLE_SUPERVISOR;
	assert_rule(world_decide(&world, &reopen), OUTCOME_APPLIED, "");
	assert_int_equal(world_visit(&world, 1)->state, VISIT_STATE_ON_SITE);
	assert_int_equal(world_visit(&world, 1)->finished_at_ms, 0);
	assert_int_equal(order_state(), WORK_ORDER_STATE_IN_PROGRESS);
}

static void nothing_of_a_closed_order_is_reopened_by_its_visit(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_DONE);
	world_close_order(&world, 1);
	assert_rule(world_do(&world, OPERATION_REOPEN_VISIT, 1, ANNA), OUTCOME_REJECTED, "order_over");
}

static void a_proposal_waits_for_its_time_or_its_dispatch(void **state)
{
	struct book_arguments arguments = { .technician_id = world_id(RECORD_TECHNICIAN, ANNA), .propose = true };
	struct operation book = world_operation(OPERATION_BOOK, world_id(RECORD_WORK_ORDER, 1), 0, &arguments);
	const struct visit *visit;
	struct id id;

	(void)state;
	assert_rule(world_decide(&world, &book), OUTCOME_APPLIED, "");
	id = world_decision(&book, world.operations).operation_id;
	visit = world_find(&world, RECORD_VISIT, id);
	assert_int_equal(visit->state, VISIT_STATE_PROPOSED);
	book = world_operation(OPERATION_RESCHEDULE, id, 0, &(struct reschedule_arguments){ .planned_start_at_ms = NOON });
	assert_rule(world_decide(&world, &book), OUTCOME_APPLIED, "");
	visit = world_find(&world, RECORD_VISIT, id);
	assert_int_equal(visit->state, VISIT_STATE_SCHEDULED);
	arguments.dispatch = true;
	book = world_operation(OPERATION_BOOK, world_id(RECORD_WORK_ORDER, 1), 0, &arguments);
	assert_rule(world_decide(&world, &book), OUTCOME_REJECTED, "bad_form");
}

static void only_the_office_asks_about_orders(void **state)
{
	static const enum operation_kind kinds[] = { OPERATION_HOLD, OPERATION_RELEASE, OPERATION_CLOSE, OPERATION_REOPEN_ORDER,
		OPERATION_CANCEL_ORDER };

	(void)state;
	for (size_t i = 0; i < LENGTH(kinds); i++)
		assert_rule(world_do(&world, kinds[i], 1, ANNA), OUTCOME_REJECTED, "not_allowed");
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_held_order_waits_until_it_is_released),
		IN_A_WORLD(work_under_way_goes_before_a_hold),
		IN_A_WORLD(releasing_a_draft_makes_it_ready),
		IN_A_WORLD(an_order_is_closed_when_its_visits_have_ended),
		IN_A_WORLD(a_reopened_order_is_what_its_visits_say),
		IN_A_WORLD(cancelling_an_order_cancels_who_has_not_arrived),
		IN_A_WORLD(an_order_is_not_cancelled_under_somebodys_hands),
		IN_A_WORLD(a_technician_goes_on_with_an_own_visit_within_a_day),
		IN_A_WORLD(nothing_of_a_closed_order_is_reopened_by_its_visit),
		IN_A_WORLD(a_proposal_waits_for_its_time_or_its_dispatch),
		IN_A_WORLD(only_the_office_asks_about_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
