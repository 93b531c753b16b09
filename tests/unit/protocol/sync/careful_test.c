#include "protocol/sync/careful.h"
#include "tests/unit/protocol/sync/by_hand.h"
#include "tests/unit/protocol/sync/pair.h"

static const struct note_arguments poison = { .text = { POISON, sizeof(POISON) - 1 } };

struct found {
	size_t count;
	struct kept_incident latest; /* without its texts */
};

static enum status find(void *context, const struct kept_incident *incident)
{
	struct found *found = context;

	if (incident->incident.kind == INCIDENT_POISON) {
		found->latest = *incident;
		found->count++;
	}
	return STATUS_OK;
}

static struct found poison_incidents(struct simulation *pair)
{
	struct found found = { 0 };

	assert_int_equal(server_store_each_incident(pair->server.store, true, 100, find, &found), STATUS_OK);
	return found;
}

static enum outcome outcome_of(struct simulation *pair, const struct id *operation)
{
	struct logged_operation logged;

	assert_true(pair_logged(pair, operation, &logged));
	return logged.outcome;
}

static bool attempts_are_left(struct simulation *pair)
{
	return server_store_any_attempt(pair->server.store) == STATUS_OK;
}

static void an_operation_that_ends_the_server_is_parked_after_three_counted_tries_and_the_others_go_on(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct id before, bad, behind, other;
	struct logged_operation logged;
	struct found found;

	pair_settle(pair);
	before = pair_note(pair, 1, &order);
	bad = pair_do(pair, 1, OPERATION_ADD_NOTE, &order, &poison);
	behind = pair_note(pair, 1, &order);
	other = pair_note(pair, 2, &order);
	pair_settle(pair);
	assert_int_equal(pair->server.poisoned, 1 + CAREFUL_TRIES_MAX); /* the first time nothing was counted */
	assert_int_equal(outcome_of(pair, &before), OUTCOME_APPLIED);
	assert_int_equal(outcome_of(pair, &bad), OUTCOME_PARKED);
	assert_int_equal(outcome_of(pair, &behind), OUTCOME_APPLIED);
	assert_int_not_equal(outcome_of(pair, &other), OUTCOME_REJECTED);
	assert_true(pair_logged(pair, &bad, &logged));
	assert_true(logged.canonical.size > 0);
	found = poison_incidents(pair);
	assert_int_equal(found.count, 1);
	assert_true(id_equal(&found.latest.incident.subject, &bad));
	assert_false(attempts_are_left(pair));
}

static void two_such_operations_are_parked_both(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct id first, second;

	pair_settle(pair);
	first = pair_do(pair, 1, OPERATION_ADD_NOTE, &order, &poison);
	second = pair_do(pair, 1, OPERATION_ADD_NOTE, &order, &poison);
	pair_settle(pair);
	assert_int_equal(outcome_of(pair, &first), OUTCOME_PARKED);
	assert_int_equal(outcome_of(pair, &second), OUTCOME_PARKED);
	assert_int_equal(poison_incidents(pair).count, 2);
}

static void in_normal_running_nothing_is_counted(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	int64_t commits;

	pair_settle(pair);
	assert_false(server_core_careful(pair->server.core));
	commits = server_core_counts(pair->server.core).commits;
	for (int i = 0; i < 20; i++)
		(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_false(attempts_are_left(pair));
	assert_true(server_core_counts(pair->server.core).commits - commits <= 4);
}

static void what_was_sent_while_the_server_is_careful_is_decided_one_by_one_and_answered_at_once(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct id operations[20];
	int64_t rounds;

	pair_settle(pair);
	server_node_kill(pair);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	rounds = device_core_state(pair_device(pair, 1)->core).rounds;
	for (size_t i = 0; i < LENGTH(operations); i++)
		operations[i] = pair_note(pair, 1, &order);
	pair_settle(pair);
	for (size_t i = 0; i < LENGTH(operations); i++)
		assert_int_equal(outcome_of(pair, &operations[i]), OUTCOME_APPLIED);
	assert_false(attempts_are_left(pair));
	assert_true(server_core_counts(pair->server.core).commits >= 2 * (int64_t)LENGTH(operations));
	assert_true(device_core_state(pair_device(pair, 1)->core).rounds - rounds <= 6);
}

static void more_than_it_takes_at_a_time_comes_with_the_next_requests(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct id last = { 0 };

	pair_settle(pair);
	server_node_kill(pair);
	for (int i = 0; i < 2 * CAREFUL_AT_A_TIME + 10; i++)
		last = pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_int_equal(outcome_of(pair, &last), OUTCOME_APPLIED);
	assert_false(attempts_are_left(pair));
}

/* Else one device, asking without waiting for answers, would keep everybody waiting for as long as it likes. */
static void a_device_that_asks_many_times_at_once_has_one_turn(void **state)
{
	static struct hand_device hand;
	struct hand_device *hands[] = { &hand };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), operations[3 * CAREFUL_AT_A_TIME];

	pair_settle(pair);
	server_node_kill(pair);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	hand_device_open(&hand, pair, 1, 9);
	for (size_t i = 0; i < LENGTH(operations); i++)
		operations[i] = hand_device_note(&hand, &order);
	for (int i = 0; i < 5; i++)
		hand_device_send(&hand, 1, hand.last_seq);
	hand_devices_flush(pair, hands, 1);
	assert_true(hand.answer.has_decided);
	assert_int_equal(hand.answer.decided.seq, CAREFUL_AT_A_TIME);
	assert_int_equal(outcome_of(pair, &operations[CAREFUL_AT_A_TIME - 1]), OUTCOME_APPLIED);
	assert_false(pair_logged(pair, &operations[CAREFUL_AT_A_TIME], &(struct logged_operation){ 0 }));
	hand_device_close(&hand);
}

static void caution_ends_when_all_who_were_on_line_have_come_again(void **state)
{
	struct simulation *pair = *state;
	int64_t until;

	server_node_kill(pair);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	for (until = pair->now_ms + CAREFUL_MS + 2 * POLL_WAIT_MS; pair->now_ms < until;)
		assert_true(simulation_step(pair));
	server_node_tick(pair);
	assert_false(server_core_careful(pair->server.core));
}

static void what_was_tried_is_counted_even_when_caution_is_over(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct attempt attempt = { .device = organisation_device_id(1), .seq = 1, .count = 1 };
	struct careful careful;
	struct outbox_state outbox;

	(void)order;
	pair_settle(pair);
	assert_int_equal(device_store_outbox(pair_device(pair, 1)->store, &outbox), STATUS_OK);
	attempt.incarnation = outbox.incarnation;
	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(server_store_put_attempt(pair->server.store, &attempt, 5), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	assert_int_equal(careful_begin(&careful, pair->server.store, false, 0), STATUS_OK);
	assert_true(careful_concerns(&careful, pair->server.store, &attempt.device, &attempt.incarnation));
	assert_false(careful_concerns(&careful, pair->server.store, &organisation_self, &attempt.incarnation));
	assert_int_equal(server_store_attempt(pair->server.store, &attempt), STATUS_OK);
	assert_int_equal(attempt.count, 1);
	attempt.hash.bytes[0] = 1; /* another operation in the same place */
	assert_int_equal(server_store_attempt(pair->server.store, &attempt), STATUS_OK);
	assert_int_equal(attempt.count, 0);
}

static void the_offices_operation_is_counted_and_parked_as_well(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), id = { 0 };
	struct operation operation = {
		.head = { .kind = OPERATION_ADD_NOTE, .subject = order, .role = ROLE_DISPATCHER }, .arguments = &poison
	};
	struct verdict verdict = { 0 };

	pair_settle(pair);
	for (int tries = 0; tries <= CAREFUL_TRIES_MAX; tries++) {
		operation.head.at_ms = clock_now_ms(&pair->server.clock);
		assert_false(server_node_operation(pair, &operation, &verdict, &id));
		pair_settle(pair);
	}
	assert_int_equal(pair->server.poisoned, 1 + CAREFUL_TRIES_MAX);
	operation.head.at_ms = clock_now_ms(&pair->server.clock);
	assert_true(server_node_operation(pair, &operation, &verdict, &id));
	assert_int_equal(verdict.outcome, OUTCOME_PARKED);
	assert_int_equal(poison_incidents(pair).count, 1);
	assert_false(attempts_are_left(pair));
}

/* As when the disk is full: what was decided never becomes durable, and the same command is given again. */
static void an_offices_operation_whose_commits_failed_is_not_taken_for_one_that_ends_the_server(void **state)
{
	const struct note_arguments arguments = { .text = text_of("ask for the key") };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), id;
	struct operation operation = {
		.head = { .kind = OPERATION_ADD_NOTE, .subject = order, .role = ROLE_DISPATCHER }, .arguments = &arguments
	};
	struct verdict verdict;

	pair_settle(pair);
	server_node_kill(pair);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	stream_for_libsodium(&pair->server.stream);
	for (int tries = 0; tries <= CAREFUL_TRIES_MAX; tries++) {
		operation.head.at_ms = clock_now_ms(&pair->server.clock);
		assert_int_equal(server_core_operation(pair->server.core, &operation, &verdict, &id), STATUS_OK);
		assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
		server_core_abandon(pair->server.core);
	}
	assert_true(server_node_operation(pair, &operation, &verdict, &id));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	assert_int_equal(poison_incidents(pair).count, 0);
	assert_false(attempts_are_left(pair));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_operation_that_ends_the_server_is_parked_after_three_counted_tries_and_the_others_go_on, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(two_such_operations_are_parked_both, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(in_normal_running_nothing_is_counted, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_was_sent_while_the_server_is_careful_is_decided_one_by_one_and_answered_at_once, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(more_than_it_takes_at_a_time_comes_with_the_next_requests, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_device_that_asks_many_times_at_once_has_one_turn, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(caution_ends_when_all_who_were_on_line_have_come_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_tried_is_counted_even_when_caution_is_over, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(the_offices_operation_is_counted_and_parked_as_well, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			an_offices_operation_whose_commits_failed_is_not_taken_for_one_that_ends_the_server, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
