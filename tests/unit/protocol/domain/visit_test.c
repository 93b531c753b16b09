#include "protocol/domain/visit.h"

#include "protocol/domain/note.h"
#include "protocol/domain/operation_outcome.h"
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

/* A booked, dispatched visit of Anna's through the operations themselves. Its id. */
static struct id book_visit(uint8_t technician)
{
	const struct book_arguments arguments = { .technician_id = world_id(RECORD_TECHNICIAN, technician), .dispatch = true };
	struct operation book = world_operation(OPERATION_BOOK, world_id(RECORD_WORK_ORDER, 1), 0, &arguments);

	assert_rule(world_decide(&world, &book), OUTCOME_APPLIED, "");
	return world_decision(&book, world.operations).operation_id;
}

static const struct visit *visit_of(struct id id)
{
	return world_find(&world, RECORD_VISIT, id);
}

static struct verdict act(enum operation_kind kind, struct id visit_id, uint8_t technician, const void *arguments)
{
	struct operation operation = world_operation(kind, visit_id, technician, arguments);

	return world_decide(&world, &operation);
}

static const struct reason_arguments no_reason;
static const struct reason_arguments reason = { .reason = { "ferry cancelled", 15 } };
static const struct finish_arguments partly = { .outcome = VISIT_OUTCOME_PARTIAL, .signer_name = { "Dora", 4 } };

static struct finish_arguments fixed(void)
{
	return (struct finish_arguments){
		.outcome = VISIT_OUTCOME_FIXED,
		.cause_code = text_of("seal_worn"),
		.action_code = text_of("seal_changed"),
		.signer_name = text_of("Dora"),
	};
}

static struct verdict reassign_to(struct id visit_id, uint8_t technician)
{
	const struct reassign_arguments arguments = { .technician_id = world_id(RECORD_TECHNICIAN, technician),
		.reason = text_of("nearer") };

	return act(OPERATION_REASSIGN, visit_id, 0, &arguments);
}

static void a_whole_visit_carries_its_order_along(void **state)
{
	const struct finish_arguments finish = fixed();
	struct id id = book_visit(ANNA);

	(void)state;
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_SCHEDULED);
	assert_rule(act(OPERATION_ACCEPT, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_TRAVEL, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_IN_PROGRESS);
	assert_rule(act(OPERATION_ARRIVE, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_PAUSE, id, ANNA, &no_reason), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_RESUME, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_FINISH, id, ANNA, &finish), OUTCOME_APPLIED, "");
	assert_int_equal(visit_of(id)->state, VISIT_STATE_DONE);
	assert_text(visit_of(id)->signer_name, "Dora");
	assert_int_equal(visit_of(id)->accepted_at_ms, NOON);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_COMPLETED);
	assert_int_equal(world_order(&world, 1)->outcome, VISIT_OUTCOME_FIXED);
	assert_int_equal(world_order(&world, 1)->completed_at_ms, NOON);
	assert_int_equal(world_count(&world, RECORD_ISSUE), 0);
	assert_int_equal(world_count(&world, RECORD_OPERATION), 0);
}

static void a_partial_visit_returns_its_order_to_unscheduled(void **state)
{
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(act(OPERATION_FINISH, id, ANNA, &partly), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_UNSCHEDULED);
}

static void accepting_may_be_skipped(void **state)
{
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(act(OPERATION_TRAVEL, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_int_equal(visit_of(id)->travelled_at_ms, NOON);
}

static struct verdict tell(struct id visit_id, uint8_t technician, int64_t expected_at_ms)
{
	const struct delay_arguments arguments = { .expected_at_ms = expected_at_ms };

	return act(OPERATION_DELAY, visit_id, technician, &arguments);
}

static void when_to_be_there_is_told_by_the_technician_or_the_office_until_he_is(void **state)
{
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(tell(id, ANNA, NOON + 1), OUTCOME_APPLIED, "");
	assert_int_equal(visit_of(id)->expected_at_ms, NOON + 1);
	assert_int_equal(visit_of(id)->planned_start_at_ms, 0);
	assert_rule(tell(id, ANNA, NOON + 1), OUTCOME_APPLIED_NOTE, "no_op");
	assert_rule(tell(id, BELA, NOON + 2), OUTCOME_APPLIED_NOTE, "superseded");
	assert_rule(tell(id, 0, NOON + 3), OUTCOME_APPLIED, "");
	assert_int_equal(visit_of(id)->expected_at_ms, NOON + 3);
	assert_rule(act(OPERATION_ARRIVE, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_rule(tell(id, ANNA, NOON + 4), OUTCOME_APPLIED_NOTE, "superseded");
	assert_int_equal(visit_of(id)->expected_at_ms, NOON + 3);
}

static void booking_releases_a_draft(void **state)
{
	struct work_order order = *world_order(&world, 1);

	(void)state;
	order.released = false;
	world_put(&world, RECORD_WORK_ORDER, &order);
	(void)book_visit(ANNA);
	assert_true(world_order(&world, 1)->released);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_SCHEDULED);
}

static void a_claim_on_another_ones_visit_is_refused_with_who_has_it(void **state)
{
	struct id id = book_visit(ANNA);
	struct verdict verdict = act(OPERATION_ACCEPT, id, BELA, NULL);
	const struct operation_outcome *row;

	(void)state;
	assert_rule(verdict, OUTCOME_REJECTED, "visit_not_yours");
	assert_text(verdict.detail, "technician=02000000000000000000000000000001;state=dispatched");
	row = world_find(&world, RECORD_OPERATION, (struct id){ { [0] = 0xee, [15] = 2 } });
	assert_non_null(row);
	assert_text(row->rule, "visit_not_yours");
	assert_int_equal(row->outcome, OUTCOME_REJECTED);
	assert_int_equal(row->seq, 2);
}

static void accepting_a_reassigned_visit_names_who_has_it_now(void **state)
{
	struct id id = book_visit(ANNA);
	struct verdict verdict;

	(void)state;
	assert_rule(reassign_to(id, BELA), OUTCOME_APPLIED, "");
	verdict = act(OPERATION_ACCEPT, id, ANNA, NULL);
	assert_rule(verdict, OUTCOME_REJECTED, "visit_reassigned");
	assert_text(verdict.detail, "technician=02000000000000000000000000000002;state=dispatched");
}

static void a_started_visit_is_not_reassigned(void **state)
{
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(act(OPERATION_TRAVEL, id, ANNA, NULL), OUTCOME_APPLIED, "");
	assert_rule(reassign_to(id, BELA), OUTCOME_REJECTED, "visit_state");
	assert_int_equal(world_count(&world, RECORD_VISIT), 1);
}

static void reassigning_to_the_same_technician_is_refused(void **state)
{
	(void)state;
	assert_rule(reassign_to(book_visit(ANNA), ANNA), OUTCOME_REJECTED, "same_technician");
	assert_rule(reassign_to(book_visit(ANNA), 77), OUTCOME_REJECTED, "no_such_record");
}

static void finishing_a_reassigned_visit_withdraws_the_untouched_replacement(void **state)
{
	const struct finish_arguments finish = fixed();
	struct id first = book_visit(ANNA), second;
	struct verdict verdict;

	(void)state;
	assert_rule(reassign_to(first, BELA), OUTCOME_APPLIED, "");
	second = visit_of(first)->replaced_by_id;
	assert_int_equal(visit_of(second)->state, VISIT_STATE_DISPATCHED);
	verdict = act(OPERATION_FINISH, first, ANNA, &finish);
	assert_rule(verdict, OUTCOME_ISSUE, "overtaken");
	assert_int_equal(visit_of(first)->state, VISIT_STATE_DONE);
	assert_int_equal(visit_of(second)->state, VISIT_STATE_CANCELLED);
	assert_int_equal(visit_of(second)->cancel_cause, VISIT_CANCEL_CAUSE_WITHDRAWN);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_COMPLETED);
	assert_int_equal(world_count(&world, RECORD_ISSUE), 1);
	assert_true(id_equal(&world_issue(&world, verdict.issue_id)->visit_id, &first));
}

static void finishing_withdraws_the_last_of_several_replacements(void **state)
{
	struct id first = book_visit(ANNA), second, third;

	(void)state;
	assert_rule(reassign_to(first, BELA), OUTCOME_APPLIED, "");
	second = visit_of(first)->replaced_by_id;
	assert_rule(reassign_to(second, CLEO), OUTCOME_APPLIED, "");
	third = visit_of(second)->replaced_by_id;
	assert_rule(act(OPERATION_FINISH, first, ANNA, &partly), OUTCOME_ISSUE, "overtaken");
	assert_int_equal(visit_of(third)->cancel_cause, VISIT_CANCEL_CAUSE_WITHDRAWN);
	assert_int_equal(visit_of(second)->cancel_cause, VISIT_CANCEL_CAUSE_REASSIGNED);
}

static void a_started_replacement_is_kept_as_a_double_visit(void **state)
{
	struct id first = book_visit(ANNA), second;

	(void)state;
	assert_rule(reassign_to(first, BELA), OUTCOME_APPLIED, "");
	second = visit_of(first)->replaced_by_id;
	assert_rule(act(OPERATION_TRAVEL, second, BELA, NULL), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_FINISH, first, ANNA, &partly), OUTCOME_ISSUE, "overtaken");
	assert_int_equal(visit_of(second)->state, VISIT_STATE_TRAVELLING);
	assert_int_equal(visit_of(first)->state, VISIT_STATE_DONE);
	assert_int_equal(world_issues(&world, ISSUE_KIND_DOUBLE_VISIT), 1);
}

static void travel_to_a_withdrawn_visit_is_kept(void **state)
{
	struct id first = book_visit(ANNA), second;

	(void)state;
	assert_rule(reassign_to(first, BELA), OUTCOME_APPLIED, "");
	second = visit_of(first)->replaced_by_id;
	assert_rule(act(OPERATION_FINISH, first, ANNA, &partly), OUTCOME_ISSUE, "overtaken");
	assert_rule(act(OPERATION_TRAVEL, second, BELA, NULL), OUTCOME_ISSUE, "work_done_after_cancel");
	assert_int_equal(visit_of(second)->travelled_at_ms, NOON);
	assert_int_equal(visit_of(second)->state, VISIT_STATE_CANCELLED);
}

static void finishing_a_cancelled_visit_keeps_the_work(void **state)
{
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(act(OPERATION_CANCEL, id, 0, &reason), OUTCOME_APPLIED, "");
	assert_text(visit_of(id)->reason, "ferry cancelled");
	assert_rule(act(OPERATION_FINISH, id, ANNA, &partly), OUTCOME_ISSUE, "work_done_after_cancel");
	assert_int_equal(visit_of(id)->state, VISIT_STATE_DONE);
	assert_int_equal(visit_of(id)->outcome, VISIT_OUTCOME_PARTIAL);
}

static void work_after_a_refused_claim_is_kept_with_an_issue(void **state)
{
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(act(OPERATION_DECLINE, id, ANNA, &reason), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_ACCEPT, id, ANNA, NULL), OUTCOME_REJECTED, "visit_state");
	assert_rule(act(OPERATION_TRAVEL, id, ANNA, NULL), OUTCOME_ISSUE, "work_without_claim");
	assert_int_equal(visit_of(id)->state, VISIT_STATE_TRAVELLING);
	assert_rule(act(OPERATION_ARRIVE, id, ANNA, NULL), OUTCOME_APPLIED, "");
}

static void another_ones_work_counts_until_the_holder_begins(void **state)
{
	struct id id = book_visit(ANNA), other = book_visit(BELA);

	(void)state;
	assert_rule(act(OPERATION_TRAVEL, id, CLEO, NULL), OUTCOME_ISSUE, "work_without_claim");
	assert_int_equal(visit_of(id)->state, VISIT_STATE_TRAVELLING);
	assert_rule(act(OPERATION_FINISH, id, CLEO, &partly), OUTCOME_ISSUE, "work_without_claim");
	assert_int_equal(visit_of(id)->state, VISIT_STATE_DONE);

	assert_rule(act(OPERATION_ARRIVE, other, BELA, NULL), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_FINISH, other, CLEO, &partly), OUTCOME_ISSUE, "work_without_claim");
	assert_int_equal(visit_of(other)->state, VISIT_STATE_ON_SITE);
	assert_int_equal(visit_of(other)->finished_at_ms, 0);
}

static void a_late_fact_never_reopens_a_closed_order(void **state)
{
	const struct finish_arguments finish = fixed();
	struct id id = book_visit(ANNA);

	(void)state;
	world_close_order(&world, 1);
	assert_rule(act(OPERATION_TRAVEL, id, ANNA, NULL), OUTCOME_ISSUE, "late_fact");
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_CLOSED);
	assert_rule(act(OPERATION_FINISH, id, ANNA, &finish), OUTCOME_ISSUE, "late_fact");
	assert_int_equal(visit_of(id)->state, VISIT_STATE_DONE);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_CLOSED);
	assert_int_equal(world_order(&world, 1)->completed_at_ms, 0);
}

static void a_second_finish_with_other_words_is_kept_for_a_person(void **state)
{
	const struct finish_arguments finish = fixed();
	struct id id = book_visit(ANNA);

	(void)state;
	assert_rule(act(OPERATION_FINISH, id, ANNA, &finish), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_FINISH, id, ANNA, &finish), OUTCOME_APPLIED_NOTE, "no_op");
	assert_rule(act(OPERATION_FINISH, id, ANNA, &partly), OUTCOME_ISSUE, "late_fact");
	assert_int_equal(visit_of(id)->outcome, VISIT_OUTCOME_FIXED);
}

static void nobody_is_booked_for_an_order_that_is_over(void **state)
{
	const struct book_arguments arguments = { .technician_id = world_id(RECORD_TECHNICIAN, ANNA) };

	(void)state;
	world_close_order(&world, 1);
	assert_rule(act(OPERATION_BOOK, world_id(RECORD_WORK_ORDER, 1), 0, &arguments), OUTCOME_REJECTED, "order_over");
	assert_rule(act(OPERATION_BOOK, world_id(RECORD_WORK_ORDER, 9), 0, &arguments), OUTCOME_REJECTED, "no_such_record");
}

static void a_note_on_a_closed_order_is_kept_and_flagged(void **state)
{
	const struct note_arguments arguments = { .text = text_of("the gate was open") };
	struct id order = world_id(RECORD_WORK_ORDER, 1);
	const struct note *note;

	(void)state;
	assert_rule(act(OPERATION_ADD_NOTE, order, ANNA, &arguments), OUTCOME_APPLIED, "");
	note = world_find(&world, RECORD_NOTE, (struct id){ { [0] = 0xee, [15] = 1 } });
	assert_false(note->late);
	world_close_order(&world, 1);
	assert_rule(act(OPERATION_ADD_NOTE, order, ANNA, &arguments), OUTCOME_ISSUE, "late_fact");
	note = world_find(&world, RECORD_NOTE, (struct id){ { [0] = 0xee, [15] = 2 } });
	assert_true(note->late);
}

static void a_fact_on_a_missing_visit_waits_for_it(void **state)
{
	struct id missing = world_id(RECORD_VISIT, 9);
	struct operation travel = world_operation(OPERATION_TRAVEL, missing, ANNA, NULL);
	struct verdict verdict = world_decide_as(&world, &travel, 500);

	(void)state;
	assert_rule(verdict, OUTCOME_PARKED, "missing_record");
	assert_true(id_equal(&verdict.waits_for, &missing));
	assert_int_equal(world_count(&world, RECORD_OPERATION), 1);
	world_set_visit(&world, 9, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(world_decide_as(&world, &travel, 500), OUTCOME_APPLIED, "");
	assert_int_equal(world_visit(&world, 9)->state, VISIT_STATE_TRAVELLING);
	assert_int_equal(world_count(&world, RECORD_OPERATION), 0); /* it waits no more */
	assert_rule(act(OPERATION_ACCEPT, world_id(RECORD_VISIT, 8), ANNA, NULL), OUTCOME_REJECTED, "no_such_record");
}

static void hold_and_release_decide_before_visits_do(void **state)
{
	struct work_order order;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	order = *world_order(&world, 1);
	order.hold_reason = text_of("parts");
	assert_int_equal(work_order_derive(&world.records, &order), STATUS_OK);
	assert_int_equal(order.state, WORK_ORDER_STATE_ON_HOLD);
	world_set_visit(&world, 2, BELA, VISIT_STATE_ON_SITE);
	assert_int_equal(work_order_derive(&world.records, &order), STATUS_OK);
	assert_int_equal(order.state, WORK_ORDER_STATE_IN_PROGRESS);
	order.released = false;
	assert_int_equal(work_order_derive(&world.records, &order), STATUS_OK);
	assert_int_equal(order.state, WORK_ORDER_STATE_DRAFT);
	order.closed_at_ms = NOON;
	order.cancelled_at_ms = NOON;
	assert_int_equal(work_order_derive(&world.records, &order), STATUS_OK);
	assert_int_equal(order.state, WORK_ORDER_STATE_CANCELLED);
}

static void an_open_visit_beside_a_done_one_is_in_progress(void **state)
{
	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_DONE);
	world_set_visit(&world, 2, BELA, VISIT_STATE_SCHEDULED);
	assert_int_equal(world_order(&world, 1)->state, WORK_ORDER_STATE_IN_PROGRESS);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_whole_visit_carries_its_order_along),
		IN_A_WORLD(a_partial_visit_returns_its_order_to_unscheduled),
		IN_A_WORLD(accepting_may_be_skipped),
		IN_A_WORLD(when_to_be_there_is_told_by_the_technician_or_the_office_until_he_is),
		IN_A_WORLD(booking_releases_a_draft),
		IN_A_WORLD(a_claim_on_another_ones_visit_is_refused_with_who_has_it),
		IN_A_WORLD(accepting_a_reassigned_visit_names_who_has_it_now),
		IN_A_WORLD(a_started_visit_is_not_reassigned),
		IN_A_WORLD(reassigning_to_the_same_technician_is_refused),
		IN_A_WORLD(finishing_a_reassigned_visit_withdraws_the_untouched_replacement),
		IN_A_WORLD(finishing_withdraws_the_last_of_several_replacements),
		IN_A_WORLD(a_started_replacement_is_kept_as_a_double_visit),
		IN_A_WORLD(travel_to_a_withdrawn_visit_is_kept),
		IN_A_WORLD(finishing_a_cancelled_visit_keeps_the_work),
		IN_A_WORLD(work_after_a_refused_claim_is_kept_with_an_issue),
		IN_A_WORLD(another_ones_work_counts_until_the_holder_begins),
		IN_A_WORLD(a_late_fact_never_reopens_a_closed_order),
		IN_A_WORLD(a_second_finish_with_other_words_is_kept_for_a_person),
		IN_A_WORLD(nobody_is_booked_for_an_order_that_is_over),
		IN_A_WORLD(a_note_on_a_closed_order_is_kept_and_flagged),
		IN_A_WORLD(a_fact_on_a_missing_visit_waits_for_it),
		IN_A_WORLD(hold_and_release_decide_before_visits_do),
		IN_A_WORLD(an_open_visit_beside_a_done_one_is_in_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
