/* Live sessions: polls, restarts, replays and devices that are not welcome. */
#include <string.h>

#include "protocol/domain/device.h"
#include "tests/unit/protocol/sync/pair.h"

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

static void a_stolen_device_is_refused(void **state)
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
	assert_false(pair_logged(pair, &remark, &logged));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_waiting_poll_is_answered_when_there_is_news, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_commit_that_does_not_concern_a_device_leaves_its_poll_waiting, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_poll_ends_after_its_time, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_unknown_session_makes_the_device_say_hello_at_once, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_replayed_frame_is_dropped, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_frame_that_is_too_large_is_refused, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_stolen_device_is_refused, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_frame_shows_who_sent_it_and_only_one_of_a_session_that_it_is_fresh, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			no_frame_of_a_stolen_device_is_welcome_but_those_of_a_draining_one_are, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
