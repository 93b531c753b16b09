#include <sqlite3.h>

#include "db/connection.h" /* to get in the way of the store */
#include "protocol/sync/careful.h"
#include "tests/unit/protocol/sync/suspects.h"

static const struct note_arguments poison = { .text = { POISON, sizeof(POISON) - 1 } };

static void an_operation_that_ends_the_server_is_parked_after_three_counted_tries_and_the_others_go_on(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct id before, bad, behind, other;
	struct logged_operation logged;
	struct poison_found found;

	pair_settle(pair);
	before = pair_note(pair, 1, &order);
	bad = pair_do(pair, 1, OPERATION_ADD_NOTE, &order, &poison);
	behind = pair_note(pair, 1, &order);
	other = pair_note(pair, 2, &order);
	pair_settle(pair);
	assert_int_equal(pair->server.poisoned, 1 + CAREFUL_TRIES_MAX); /* the first time nothing was counted */
	assert_int_equal(suspects_outcome(pair, &before), OUTCOME_APPLIED);
	assert_int_equal(suspects_outcome(pair, &bad), OUTCOME_PARKED);
	assert_int_equal(suspects_outcome(pair, &behind), OUTCOME_APPLIED);
	assert_int_not_equal(suspects_outcome(pair, &other), OUTCOME_REJECTED);
	assert_true(pair_logged(pair, &bad, &logged));
	assert_true(logged.canonical.size > 0);
	found = suspects_poison(pair);
	assert_int_equal(found.count, 1);
	assert_true(id_equal(&found.latest.incident.subject, &bad));
	assert_false(suspects_attempts_are_left(pair));
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
	assert_int_equal(suspects_outcome(pair, &first), OUTCOME_PARKED);
	assert_int_equal(suspects_outcome(pair, &second), OUTCOME_PARKED);
	assert_int_equal(suspects_poison(pair).count, 2);
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
	assert_false(suspects_attempts_are_left(pair));
	assert_true(server_core_counts(pair->server.core).commits - commits <= 4);
}

static void a_server_killed_between_two_commits_suspects_nobody(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	int64_t commits;

	pair_settle(pair);
	assert_int_equal(pair->server.suspect_count, 0);
	server_node_kill(pair);
	pair_settle(pair);
	assert_false(server_core_careful(pair->server.core));
	commits = server_core_counts(pair->server.core).commits;
	for (int i = 0; i < 20; i++)
		(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_false(suspects_attempts_are_left(pair));
	assert_true(server_core_counts(pair->server.core).commits - commits <= 4);
}

static void what_was_decided_after_all_is_suspected_no_more(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct suspect suspect;

	pair_settle(pair);
	(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 1); /* killed when the commit was durable, and nothing said so yet */
	suspects_stop(pair, &suspect);
	assert_false(server_core_careful(pair->server.core));
	assert_int_equal(pair->server.suspect_count, 0);
}

static void what_was_being_decided_is_decided_one_by_one_and_answered_at_once(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct id operations[20];
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, LENGTH(operations));
	int64_t rounds, commits;

	pair_settle(pair);
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	rounds = device_core_state(pair_device(pair, 1)->core).rounds;
	commits = server_core_counts(pair->server.core).commits;
	for (size_t i = 0; i < LENGTH(operations); i++)
		operations[i] = pair_note(pair, 1, &order);
	pair_settle(pair);
	for (size_t i = 0; i < LENGTH(operations); i++)
		assert_int_equal(suspects_outcome(pair, &operations[i]), OUTCOME_APPLIED);
	assert_false(suspects_attempts_are_left(pair));
	commits = server_core_counts(pair->server.core).commits - commits;
	assert_in_range(commits, LENGTH(operations), LENGTH(operations) + 8); /* the count of the next goes into each */
	assert_true(device_core_state(pair_device(pair, 1)->core).rounds - rounds <= 6);
	server_node_tick(pair);
	assert_false(server_core_careful(pair->server.core));
	assert_int_equal(pair->server.suspect_count, 0);
}

static void who_is_not_suspected_is_decided_as_ever(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 20);
	int64_t commits;

	pair_settle(pair);
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	commits = server_core_counts(pair->server.core).commits;
	for (int i = 0; i < 20; i++)
		(void)pair_note(pair, 2, &order);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	assert_true(server_core_counts(pair->server.core).commits - commits <= 4);
}

static void who_is_not_suspected_does_not_wait_for_those_who_are(void **state)
{
	static struct hand_device slow, quick;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), last = { 0 }, other;
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 40);
	struct server_effect effect;
	bool answered = false;

	pair_settle(pair);
	suspect.incarnation = (struct id){ { 9 } };
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	hand_device_open(&slow, pair, 1, 9);
	hand_device_open(&quick, pair, 2, 8);
	for (int i = 0; i < 40; i++)
		last = hand_device_note(&slow, &order);
	other = hand_device_note(&quick, &order);
	hand_device_send(&slow, 1, 40);
	hand_device_send(&quick, 1, 1);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	do
		assert_true(server_core_next(pair->server.core, &effect));
	while (effect.kind == SERVER_EFFECT_DROP); /* of what the real ones wait for */
	assert_int_equal(effect.kind, SERVER_EFFECT_COMMIT);
	assert_int_equal(server_core_committed(pair->server.core, server_store_commit(pair->server.store)), STATUS_OK);
	while (server_core_next(pair->server.core, &effect)) {
		assert_int_not_equal(effect.kind, SERVER_EFFECT_COMMIT); /* the other's turn comes with the next flush */
		answered = answered || effect.connection == quick.connection;
	}
	assert_true(answered);
	assert_true(server_core_deciding(pair->server.core));
	assert_true(pair_logged(pair, &other, &(struct logged_operation){ 0 }));
	hand_devices_flush(pair, (struct hand_device *[]){ &slow }, 1);
	assert_int_equal(suspects_outcome(pair, &last), OUTCOME_APPLIED);
	hand_device_close(&slow);
	hand_device_close(&quick);
}

static void what_comes_behind_the_suspected_is_decided_at_once(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), last = { 0 };
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 3);
	int64_t commits;

	pair_settle(pair);
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	commits = server_core_counts(pair->server.core).commits;
	for (int i = 0; i < 40; i++)
		last = pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_int_equal(suspects_outcome(pair, &last), OUTCOME_APPLIED);
	assert_true(server_core_counts(pair->server.core).commits - commits <= 3 + 1 + 4);
}

static void more_than_it_takes_at_a_time_comes_with_the_next_requests(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 2 * CAREFUL_AT_A_TIME + 10);
	struct id last = { 0 };

	pair_settle(pair);
	suspects_stop(pair, &suspect);
	for (int i = 0; i < 2 * CAREFUL_AT_A_TIME + 10; i++)
		last = pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_int_equal(suspects_outcome(pair, &last), OUTCOME_APPLIED);
	assert_false(suspects_attempts_are_left(pair));
}

/* Else one device, asking without waiting for answers, would keep the others that are suspected waiting for as long as it likes. */
static void a_device_that_asks_many_times_at_once_has_one_turn(void **state)
{
	static struct hand_device hand;
	struct hand_device *hands[] = { &hand };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), operations[3 * CAREFUL_AT_A_TIME];

	pair_settle(pair);
	suspects_open(&hand, pair, SUSPECT_DECIDING, LENGTH(operations));
	for (size_t i = 0; i < LENGTH(operations); i++)
		operations[i] = hand_device_note(&hand, &order);
	for (int i = 0; i < 5; i++)
		hand_device_send(&hand, 1, hand.last_seq);
	hand_devices_flush(pair, hands, 1);
	assert_true(hand.answer.has_decided);
	assert_int_equal(hand.answer.decided.seq, CAREFUL_AT_A_TIME);
	assert_int_equal(suspects_outcome(pair, &operations[CAREFUL_AT_A_TIME - 1]), OUTCOME_APPLIED);
	assert_false(pair_logged(pair, &operations[CAREFUL_AT_A_TIME], &(struct logged_operation){ 0 }));
	hand_device_close(&hand);
}

static void beyond_the_room_for_what_is_held_a_device_is_told_to_come_again_and_nothing_is_lost(void **state)
{
	static struct hand_device hand;
	struct hand_device *hands[] = { &hand };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	pair->server.held_max = 1000;
	suspects_open(&hand, pair, SUSPECT_DECIDING, 2);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	hand_devices_flush(pair, hands, 1);
	assert_true(hand.answer.has_fault);
	assert_int_equal(hand.answer.fault.code, WIRE_ERROR_BUSY);
	assert_false(pair_logged(pair, &remark, &(struct logged_operation){ 0 }));
	hand_device_close(&hand);
	pair->server.held_max = 0;
	suspects_open(&hand, pair, SUSPECT_DECIDING, 2);
	(void)hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	hand_devices_flush(pair, hands, 1);
	assert_false(hand.answer.has_fault);
	assert_true(pair_logged(pair, &remark, &(struct logged_operation){ 0 }));
	hand_device_close(&hand);
}

static void a_device_that_was_told_to_come_again_does(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 5);

	pair_settle(pair);
	pair->server.held_max = 1;
	suspects_stop(pair, &suspect);
	pair->server.held_max = 0;
	remark = pair_note(pair, 1, &order);
	for (int i = 0; i < 300; i++)
		assert_true(simulation_step(pair));
	assert_false(pair_logged(pair, &remark, &(struct logged_operation){ 0 }));
	server_node_kill(pair); /* the room is that of the start */
	pair_settle(pair);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_APPLIED);
}

static void a_suspect_that_never_comes_is_forgotten(void **state)
{
	struct simulation *pair = *state;
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 1000);
	int64_t until;

	pair_settle(pair);
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	for (until = pair->now_ms + CAREFUL_SUSPECT_MS + 2 * POLL_WAIT_MS; pair->now_ms < until;)
		assert_true(simulation_step(pair));
	server_node_tick(pair);
	assert_false(server_core_careful(pair->server.core));
	assert_int_equal(pair->server.suspect_count, 0);
}

static void a_suspect_stays_one_over_further_stops(void **state)
{
	struct simulation *pair = *state;
	struct suspect suspect = suspects_of(pair, 1, SUSPECT_DECIDING, 1, 3);

	pair_settle(pair);
	suspects_stop(pair, &suspect);
	pair_settle(pair);
	server_node_kill(pair);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
	server_node_end(pair);
	pair_settle(pair);
	assert_true(server_core_careful(pair->server.core));
}

static bool cannot_put(void *context, size_t place, const struct suspect *suspects, size_t count)
{
	(void)context;
	(void)place;
	(void)suspects;
	(void)count;
	return false;
}

static void who_cannot_be_marked_is_counted(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	pair->server.put = cannot_put;
	server_node_kill(pair);
	pair_settle(pair);
	hand_device_open(&hand, pair, 1, 9);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	suspects_carry_out_one(pair);
	assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), 1);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_APPLIED);
	assert_false(suspects_attempts_are_left(pair));
	hand_device_close(&hand);
}

static void put_attempt(struct simulation *pair, const struct attempt *attempt)
{
	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(server_store_put_attempt(pair->server.store, attempt, 5), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
}

static void what_was_tried_is_counted_even_when_nobody_is_suspected_any_more(void **state)
{
	static struct careful careful;
	struct simulation *pair = *state;
	struct attempt attempt = { .device = organisation_device_id(1), .incarnation = { { 9 } }, .seq = 1, .count = 1 };
	bool concerned;

	pair_settle(pair);
	put_attempt(pair, &attempt);
	careful = (struct careful){ 0 };
	assert_int_equal(careful_begin(&careful, pair->server.store, &(struct suspect_sink){ 0 }, NULL, 0, 0), STATUS_OK);
	assert_int_equal(
		careful_look(&careful, pair->server.store, &attempt.device, &attempt.incarnation, &concerned), STATUS_OK);
	assert_true(concerned);
	assert_int_equal(
		careful_look(&careful, pair->server.store, &organisation_self, &attempt.incarnation, &concerned), STATUS_OK);
	assert_false(concerned);
	assert_int_equal(server_store_attempt(pair->server.store, &attempt), STATUS_OK);
	assert_int_equal(attempt.count, 1);
	attempt.hash.bytes[0] = 1; /* another operation in the same place */
	assert_int_equal(server_store_attempt(pair->server.store, &attempt), STATUS_OK);
	assert_int_equal(attempt.count, 0);
}

static void run_sql(struct simulation *pair, const char *sql)
{
	assert_int_equal(
		sqlite3_exec(server_store_storage(pair->server.store)->connection, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void a_store_that_cannot_say_what_was_tried_is_not_taken_for_one_that_knows_of_nothing(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	const struct attempt attempt = { .device = organisation_device_id(1), .incarnation = { { 9 } }, .seq = 1, .count = 1 };

	pair_settle(pair);
	put_attempt(pair, &attempt);
	server_node_kill(pair);
	pair_settle(pair);
	hand_device_open(&hand, pair, 1, 9);
	remark = hand_device_note(&hand, &order);
	run_sql(pair, "ALTER TABLE attempt RENAME TO lost");
	hand.store_fails = true;
	hand_device_send(&hand, 1, 1);
	hand.store_fails = false;
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_true(hand.answer.dropped);
	assert_false(pair_logged(pair, &remark, &(struct logged_operation){ 0 }));
	run_sql(pair, "ALTER TABLE lost RENAME TO attempt");
	hand_device_close(&hand);
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
	assert_int_equal(suspects_poison(pair).count, 1);
	assert_false(suspects_attempts_are_left(pair));
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
	stream_for_libsodium(&pair->server.stream);
	operation.head.at_ms = clock_now_ms(&pair->server.clock);
	assert_int_equal(server_core_operation(pair->server.core, &operation, &verdict, &id), STATUS_OK);
	server_node_kill(pair); /* in the middle of it */
	server_node_start(pair);
	assert_true(server_core_careful(pair->server.core));
	stream_for_libsodium(&pair->server.stream);
	for (int tries = 0; tries <= CAREFUL_TRIES_MAX; tries++) {
		operation.head.at_ms = clock_now_ms(&pair->server.clock);
		assert_int_equal(server_core_operation(pair->server.core, &operation, &verdict, &id), STATUS_OK);
		assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
		server_core_abandon(pair->server.core);
		server_node_kill(pair);
		server_node_start(pair);
	}
	assert_true(server_node_operation(pair, &operation, &verdict, &id));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	assert_int_equal(suspects_poison(pair).count, 0);
	assert_false(suspects_attempts_are_left(pair));
	assert_false(server_core_careful(pair->server.core));
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(an_operation_that_ends_the_server_is_parked_after_three_counted_tries_and_the_others_go_on),
		PROMISE(two_such_operations_are_parked_both),
		PROMISE(in_normal_running_nothing_is_counted),
		PROMISE(a_server_killed_between_two_commits_suspects_nobody),
		PROMISE(what_was_decided_after_all_is_suspected_no_more),
		PROMISE(what_was_being_decided_is_decided_one_by_one_and_answered_at_once),
		PROMISE(who_is_not_suspected_is_decided_as_ever),
		PROMISE(who_is_not_suspected_does_not_wait_for_those_who_are),
		PROMISE(what_comes_behind_the_suspected_is_decided_at_once),
		PROMISE(more_than_it_takes_at_a_time_comes_with_the_next_requests),
		PROMISE(a_device_that_asks_many_times_at_once_has_one_turn),
		PROMISE(beyond_the_room_for_what_is_held_a_device_is_told_to_come_again_and_nothing_is_lost),
		PROMISE(a_device_that_was_told_to_come_again_does),
		PROMISE(a_suspect_that_never_comes_is_forgotten),
		PROMISE(a_suspect_stays_one_over_further_stops),
		PROMISE(who_cannot_be_marked_is_counted),
		PROMISE(what_was_tried_is_counted_even_when_nobody_is_suspected_any_more),
		PROMISE(a_store_that_cannot_say_what_was_tried_is_not_taken_for_one_that_knows_of_nothing),
		PROMISE(the_offices_operation_is_counted_and_parked_as_well),
		PROMISE(an_offices_operation_whose_commits_failed_is_not_taken_for_one_that_ends_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
