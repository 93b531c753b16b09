/* Live sessions: polls, restarts, replays and devices that are not welcome. */
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/request.h"
#include "protocol/sync/session_table.h"
#include "tests/unit/protocol/sync/by_hand.h"

static void a_waiting_poll_is_answered_when_there_is_news(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	int64_t asked_at_ms = pair->now_ms;

	while (!pair_on_device(pair, 1, RECORD_WORK_ORDER, &order))
		assert_true(simulation_step(pair));
	assert_true(pair->now_ms - asked_at_ms < 1000);
}

static void a_commit_that_does_not_concern_a_device_leaves_its_poll_waiting(void **state)
{
	struct simulation *pair = *state;
	int64_t rounds = device_core_state(pair_device(pair, 2)->core).rounds;

	(void)pair_order(pair, 0);
	pair_settle(pair);
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).rounds, rounds);
}

/* Its answer would be sent, and thrown away there. */
static void whoever_asks_again_waits_for_the_earlier_answer_no_more(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct bytes frame;
	uint64_t connection;

	pair_settle(pair);
	assert_int_equal(server_core_counts(pair->server.core).parked, 2);
	(void)pair_note(pair, 1, &order);
	assert_true(pair_intercept(pair, 1, &frame, &connection));
	server_node_frame(pair, connection, frame);
	assert_int_equal(server_core_counts(pair->server.core).parked, 1);
	pair_settle(pair);
	pair_assert_fits(pair, 1);
	assert_int_equal(server_core_counts(pair->server.core).parked, 2);
}

/* It was sent before the poll, on a connection that was slow. */
static void a_frame_that_comes_late_ends_no_later_poll(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct pull pull = { .class_max = 5 };
	struct server_state server;
	struct writer body;
	struct bytes late;

	pair_settle(pair);
	hand_device_open(&hand, pair, 1, 9);
	assert_int_equal(server_store_state(pair->server.store, &server), STATUS_OK);
	pull.cursor = (struct cursor){ server.epoch, server.gseq };
	for (int waits = 0; waits < 2; waits++) {
		body = writer_in(&hand.arena, FRAME_SIZE_MAX);
		pull.wait_ms = waits * 30000;
		pull_encode(&body, &pull);
		late = hand_device_seal(&hand, &(struct section){ .number = SECTION_PULL, .body = writer_bytes(&body) });
		pull.wait_ms = 60000;
		hand_device_pull(&hand, &pull);
		hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
		assert_false(hand.answer.answered);
		server_node_frame(pair, 1000000, late);
		hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
		assert_false(hand.answer.dropped);
		assert_int_equal(server_core_counts(pair->server.core).parked, 2); /* device 2's, and this */
	}
	hand_device_close(&hand);
}

/* It costs the server a look at rows, and it would wait for its turn in the later one's place. */
static void a_comparison_that_comes_late_is_refused(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	const struct recon_question questions[] = { { .form = RECON_SCOPES } };
	const struct recon_request request = { .questions = questions, .count = 1 };
	struct writer body;
	struct bytes late;
	int64_t refused;

	pair_settle(pair);
	hand_device_open(&hand, pair, 1, 9);
	body = writer_in(&hand.arena, FRAME_SIZE_MAX);
	recon_request_encode(&body, &request);
	late = hand_device_seal(&hand, &(struct section){ .number = SECTION_RECON, .body = writer_bytes(&body) });
	hand_device_recon(&hand, &request);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_true(hand.answer.answered);
	refused = server_core_counts(pair->server.core).frames_refused;
	server_node_frame(pair, 1000000, late);
	assert_int_equal(server_core_counts(pair->server.core).frames_refused, refused + 1);
	hand_device_close(&hand);
}

static void a_poll_ends_after_its_time(void **state)
{
	struct simulation *pair = *state;
	int64_t rounds = device_core_state(pair_device(pair, 1)->core).rounds, at_ms = pair->now_ms;

	while (device_core_state(pair_device(pair, 1)->core).rounds == rounds)
		assert_true(simulation_step(pair));
	assert_true(pair->now_ms - at_ms <= POLL_WAIT_MS + 1000);
}

static void an_unknown_session_makes_the_device_say_hello_at_once(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	int64_t at_ms;

	pair_settle(pair);
	server_node_kill(pair); /* and with it every session */
	server_node_start(pair);
	at_ms = pair->now_ms;
	remark = pair_note(pair, 1, &order);
	while (!pair_on_server(pair, RECORD_NOTE, &remark))
		assert_true(simulation_step(pair));
	assert_true(pair->now_ms - at_ms < 1000); /* no waiting time after a failure */
}

/* Anybody on the line can say it, and say it again: then the device would do nothing but greet. */
static void an_unknown_session_in_which_nothing_was_answered_is_a_failed_try(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct hand_server server = { 0 };
	uint8_t forged[UNKNOWN_SESSION_MAGIC_SIZE + SESSION_ID_SIZE];

	pair_settle(pair);
	device->link_up = false;
	device_node_lost(pair, device);
	device->link_up = true;
	device_node_go(pair, device);
	hand_server_take(&server, pair, 1);
	hand_server_welcome(&server);
	hand_server_answer(&server);
	hand_server_take(&server, pair, 1);
	memcpy(forged, UNKNOWN_SESSION_MAGIC, UNKNOWN_SESSION_MAGIC_SIZE);
	memcpy(forged + UNKNOWN_SESSION_MAGIC_SIZE, server.session.id, SESSION_ID_SIZE);
	device_node_reply(pair, device, (struct bytes){ forged, sizeof(forged) });
	assert_false(device_core_state(device->core).waiting); /* for an answer to another hello */
	pair_settle(pair);
	assert_true(device_core_state(device->core).connected);
	hand_server_close(&server);
}

static void a_replayed_frame_is_dropped(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	struct bytes frame, kept;
	uint64_t connection;
	int64_t refused, operations;

	pair_settle(pair);
	remark = pair_note(pair, 1, &order);
	assert_true(pair_intercept(pair, 1, &frame, &connection));
	kept = (struct bytes){ memcpy(test_malloc(frame.size), frame.data, frame.size), frame.size };
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	refused = server_core_counts(pair->server.core).frames_refused;
	operations = server_core_counts(pair->server.core).operations;
	server_node_frame(pair, 1000000, kept);
	server_node_flush(pair);
	assert_int_equal(server_core_counts(pair->server.core).frames_refused, refused + 1);
	assert_int_equal(server_core_counts(pair->server.core).operations, operations);
	test_free((void *)(uintptr_t)kept.data);
}

static void a_frame_that_is_too_large_is_refused(void **state)
{
	struct simulation *pair = *state;
	size_t size = FRAME_SIZE_MAX + 1;
	uint8_t *large = test_malloc(size);
	int64_t refused = server_core_counts(pair->server.core).frames_refused;

	memset(large, 0x80, size);
	server_node_frame(pair, 1000000, (struct bytes){ large, size });
	memcpy(large, "TRK1\1\1\1\0", 8);
	server_node_frame(pair, 1000001, (struct bytes){ large, size });
	assert_int_equal(server_core_counts(pair->server.core).frames_refused, refused + 2);
	test_free(large);
	pair_settle(pair);
}

static void what_a_stolen_device_sends_is_kept_and_counts_for_nothing(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), thief = organisation_device_id(1), remark;
	struct logged_operation logged;

	pair_settle(pair);
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_revoke(pair->server.core, &thief, DEVICE_STATE_STOLEN), STATUS_OK);
	server_node_flush(pair);
	remark = pair_note(pair, 1, &order);
	for (int i = 0; i < 300; i++)
		assert_true(simulation_step(pair));
	assert_true(pair_logged(pair, &remark, &logged));
	assert_int_equal(logged.outcome, OUTCOME_PARKED);
	assert_false(pair_on_server(pair, RECORD_NOTE, &remark));
}

/* The next frame of device 1, as it arrives. */
static struct server_sender sender_of_next(struct simulation *pair)
{
	struct bytes frame;
	uint64_t connection;

	assert_true(pair_intercept(pair, 1, &frame, &connection));
	server_node_frame(pair, 1000000, frame);
	return server_core_sender(pair->server.core);
}

static void revoke(struct simulation *pair, enum device_state state)
{
	struct id device = organisation_device_id(1);

	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_revoke(pair->server.core, &device, state), STATUS_OK);
	server_node_flush(pair);
}

static void a_frame_shows_who_sent_it_and_only_one_of_a_session_that_it_is_fresh(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), device = organisation_device_id(1);
	struct server_sender sender;

	pair_settle(pair);
	server_node_kill(pair);
	server_node_start(pair);
	(void)pair_note(pair, 1, &order);
	sender = sender_of_next(pair); /* of the session that is not known any more */
	assert_false(sender.welcome);
	while (simulation_step(pair) && !sender.welcome)
		sender = server_core_sender(pair->server.core);
	assert_true(sender.welcome && !sender.fresh); /* the hello */
	assert_true(id_equal(&sender.device, &device));
	pair_settle(pair);
	(void)pair_note(pair, 1, &order);
	sender = sender_of_next(pair);
	assert_true(sender.welcome && sender.fresh);
	assert_true(id_equal(&sender.device, &device));
	server_node_frame(pair, 1000001, (struct bytes){ (const uint8_t *)"garbage", 7 });
	assert_false(server_core_sender(pair->server.core).welcome);
}

static void no_frame_of_a_stolen_device_is_welcome_but_those_of_a_draining_one_are(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), device = organisation_device_id(1);
	bool draining_was_welcome = false;

	pair_settle(pair);
	revoke(pair, DEVICE_STATE_DRAINING);
	(void)pair_note(pair, 1, &order);
	for (int i = 0; i < 100 && simulation_step(pair); i++) {
		struct server_sender sender = server_core_sender(pair->server.core);
		draining_was_welcome = draining_was_welcome || (sender.welcome && sender.fresh && id_equal(&sender.device, &device));
	}
	assert_true(draining_was_welcome);
	revoke(pair, DEVICE_STATE_STOLEN);
	(void)pair_note(pair, 1, &order);
	assert_false(sender_of_next(pair).welcome);
	for (int i = 0; i < 300 && simulation_step(pair); i++) {
		struct server_sender sender = server_core_sender(pair->server.core);
		assert_false(i > 0 && sender.welcome && id_equal(&sender.device, &device));
	}
}

/* A hello of device 1 that knows nothing yet, with a pull; valid until the test ends. Each has a key of its own. */
static struct bytes make_hello(struct simulation *pair)
{
	struct request request;
	struct outbox_state outbox;
	struct replica_state replica;
	struct ephemeral ephemeral;
	struct identity device, server;
	struct party party;
	struct pull pull = { .class_max = 5, .own_rows = true };
	struct bytes frame = { 0 };

	organisation_identity(1, &device);
	organisation_identity(0, &server);
	party = identity_party(&server);
	assert_int_equal(device_store_outbox(pair_device(pair, 1)->store, &outbox), STATUS_OK);
	assert_int_equal(device_store_replica(pair_device(pair, 1)->store, &replica), STATUS_OK);
	replica.cursor.gseq = 0;
	pull.cursor = replica.cursor;
	request_init(&request, &pair->arena, REPLY_IN_WELCOME_MAX);
	request_hello(&request, &outbox, &replica, pair->now_ms, 1000000, CARRIER_LIVE);
	request_pull(&request, &pull);
	ephemeral_generate(&ephemeral);
	assert_int_equal(request_seal_hello(&request, &device, &organisation_self, &party,
				 &(struct opening){ outbox.incarnation, replica.cursor.epoch, &ephemeral }, &frame),
		STATUS_OK);
	identity_wipe(&device);
	identity_wipe(&server);
	return frame;
}

/* Bytes of the answer to a frame that comes `times` at once; 0 when there is none. */
static size_t answers(struct simulation *pair, struct bytes frame, int times)
{
	struct server_core *core = pair->server.core;
	struct server_effect effect;
	size_t size = 0;

	stream_for_libsodium(&pair->server.stream);
	for (int i = 0; i < times; i++)
		assert_int_equal(server_core_frame(core, 1000000, frame), STATUS_OK);
	assert_int_equal(server_core_flush(core), STATUS_OK);
	while (server_core_next(core, &effect))
		size += effect.kind == SERVER_EFFECT_SEND ? effect.bytes.size : 0;
	return size;
}

static void a_hello_that_comes_again_gets_a_few_short_answers_and_earns_its_connection_nothing(void **state)
{
	struct simulation *pair = *state;
	struct bytes hello;
	size_t whole, again;

	pair_settle(pair);
	hello = make_hello(pair);
	whole = answers(pair, hello, 1);
	assert_true(server_core_sender(pair->server.core).welcome);
	again = answers(pair, hello, 1);
	assert_false(server_core_sender(pair->server.core).welcome);
	assert_true(again > 0 && again + 300 < whole);
	for (size_t i = 2; i < HELLO_ANSWERS_MAX; i++)
		assert_int_equal(answers(pair, hello, 1), again);
	assert_int_equal(answers(pair, hello, 1), 0);
	pair->now_ms += SESSIONS_UNPROVED_LIFE_MS + 1;
	hello = make_hello(pair);
	assert_int_equal(answers(pair, hello, 50), whole + (HELLO_ANSWERS_MAX - 1) * again); /* all in one group */
}

static void hellos_of_a_device_get_a_page_only_so_often(void **state)
{
	struct simulation *pair = *state;
	size_t whole;

	pair_settle(pair);
	whole = answers(pair, make_hello(pair), 1);
	for (size_t i = 1; i < HELLO_PAGES_MAX; i++)
		assert_int_equal(answers(pair, make_hello(pair), 1), whole);
	for (size_t i = 0; i < 3; i++) {
		size_t size = answers(pair, make_hello(pair), 1);
		assert_true(size > 0 && size + 300 < whole);
		assert_true(server_core_sender(pair->server.core).welcome);
	}
	pair->now_ms += SESSIONS_UNPROVED_LIFE_MS + 1;
	assert_int_equal(answers(pair, make_hello(pair), 1), whole);
}

/* Somebody who listens is faster than the device. */
static void a_device_whose_hello_was_copied_still_gets_its_rows_and_then_the_copies_get_no_answer(void **state)
{
	struct simulation *pair = *state;
	struct id order, remark;
	struct bytes frame, hello;
	uint64_t connection;

	pair_settle(pair);
	server_node_kill(pair);
	server_node_start(pair);
	order = pair_order(pair, 0);
	remark = pair_note(pair, 1, &order);
	do {
		assert_true(pair_intercept(pair, 1, &frame, &connection));
		hello = (struct bytes){ memcpy(test_malloc(frame.size), frame.data, frame.size), frame.size };
		if (!envelope_looks_like(hello)) {
			test_free((void *)(uintptr_t)hello.data);
			assert_true(simulation_step(pair));
			hello = (struct bytes){ 0 };
		}
	} while (hello.size == 0);
	assert_true(answers(pair, hello, 2) > 0);
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
	assert_int_equal(answers(pair, hello, 1), 0);
	test_free((void *)(uintptr_t)hello.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_waiting_poll_is_answered_when_there_is_news, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_commit_that_does_not_concern_a_device_leaves_its_poll_waiting, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(whoever_asks_again_waits_for_the_earlier_answer_no_more, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_frame_that_comes_late_ends_no_later_poll, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_comparison_that_comes_late_is_refused, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_poll_ends_after_its_time, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_unknown_session_makes_the_device_say_hello_at_once, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			an_unknown_session_in_which_nothing_was_answered_is_a_failed_try, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_replayed_frame_is_dropped, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_frame_that_is_too_large_is_refused, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_a_stolen_device_sends_is_kept_and_counts_for_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_frame_shows_who_sent_it_and_only_one_of_a_session_that_it_is_fresh, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			no_frame_of_a_stolen_device_is_welcome_but_those_of_a_draining_one_are, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_hello_that_comes_again_gets_a_few_short_answers_and_earns_its_connection_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(hellos_of_a_device_get_a_page_only_so_often, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_device_whose_hello_was_copied_still_gets_its_rows_and_then_the_copies_get_no_answer, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
