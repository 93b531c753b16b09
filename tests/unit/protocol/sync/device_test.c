/* The device's side: cuts, crashes, restores. */
#include <string.h>

#include "protocol/domain/operation_outcome.h"
#include "protocol/sync/device_inner.h"
#include "tests/unit/protocol/sync/pair.h"

#define SLOW_MS 8000
#define BACKLOG 300 /* notes: some dozen kB */
#define SMALL_LINK ((size_t)6 * 1024)

static void what_was_decided_as_computed_brings_no_rows(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	struct device_core_state before, after;

	pair_settle(pair);
	before = device_core_state(pair_device(pair, 1)->core);
	remark = pair_note(pair, 1, &order);
	pair_settle(pair);
	after = device_core_state(pair_device(pair, 1)->core);
	assert_true(after.cuts > before.cuts);
	assert_int_equal(after.rows_received, before.rows_received);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark));
}

static void a_saved_operation_is_shown_after_a_crash(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	device->link_up = false;
	for (int i = 0; i < 5; i++) {
		remark = pair_note(pair, 1, &order);
		device_node_kill(pair, device); /* the replica was not synced: its rows may be gone, the operation is not */
		device_node_start(pair, device, false);
		assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark));
	}
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
}

static void a_claim_that_the_rules_refuse_here_is_not_saved(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 1);
	struct operation accept = { .head = { .kind = OPERATION_ACCEPT, .subject = visit, .at_ms = WALL_START_MS } };
	struct outbox_state before, after;

	pair_settle(pair);
	device_node_operation(pair, device, &accept);
	assert_int_equal(device_store_outbox(device->store, &before), STATUS_OK);
	device_node_operation(pair, device, &accept); /* accepted already */
	assert_int_equal(device_store_outbox(device->store, &after), STATUS_OK);
	assert_int_equal(before.last_seq, 1);
	assert_int_equal(after.last_seq, 1);
}

static void a_restored_device_goes_on_under_a_new_incarnation_and_keeps_ids(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), known, lost, later;
	struct outbox_state before, after;
	struct logged_operation logged;

	pair_settle(pair);
	device->link_up = false;
	known = pair_note(pair, 1, &order);
	device_node_copy(pair, device);
	lost = pair_note(pair, 1, &order);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair); /* the server has both */
	assert_int_equal(device_store_outbox(device->store, &before), STATUS_OK);
	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	later = pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_int_equal(device_store_outbox(device->store, &after), STATUS_OK);
	assert_false(id_equal(&before.incarnation, &after.incarnation));
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 3);
	assert_true(pair_logged(pair, &known, &logged));
	assert_true(pair_logged(pair, &later, &logged));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &lost)); /* what the copy had forgotten came back as a row */
}

/* Device 1 was put back from a copy whose remark the server had decided, took a new incarnation by itself, and was copied once more before
 * the server heard of that. Then that one went on: the remark has been sent again, and more. */
static struct id copy_what_was_put_back(struct simulation *pair, const struct id *order)
{
	struct device_node *device = pair_device(pair, 1);
	struct id known;

	pair_settle(pair);
	device->link_up = false;
	known = pair_note(pair, 1, order);
	device_node_copy(pair, device);
	(void)pair_note(pair, 1, order);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
	device->link_up = false;
	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	device_node_copy(pair, device);
	(void)pair_note(pair, 1, order);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 3);
	return known;
}

static void expect_outcome(struct simulation *pair, const struct id *operation, enum outcome outcome)
{
	struct logged_operation logged;

	assert_true(pair_logged(pair, operation, &logged));
	assert_int_equal(logged.outcome, outcome);
	assert_int_equal(pair_on_server(pair, RECORD_NOTE, operation), outcome == OUTCOME_APPLIED);
	assert_false(pair->violated);
}

static void what_is_sent_again_for_the_second_time_is_no_second_history(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), known = copy_what_was_put_back(pair, &order), later;

	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	pair_settle(pair);
	later = pair_note(pair, 1, &order);
	pair_settle(pair);
	expect_outcome(pair, &known, OUTCOME_APPLIED);
	expect_outcome(pair, &later, OUTCOME_APPLIED);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 4);
}

static void a_second_history_behind_what_was_sent_again_is_one(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), known = copy_what_was_put_back(pair, &order), second;
	const void *row;

	device->link_up = false;
	device_node_restore(pair, device);
	device->standing = (struct standing){ .seq = 0 }; /* nothing is remembered here: it is worked on in the place of what was lost */
	device_node_start(pair, device, false);
	second = pair_note(pair, 1, &order);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
	expect_outcome(pair, &known, OUTCOME_APPLIED);
	expect_outcome(pair, &second, OUTCOME_PARKED);
	assert_int_equal(records_look(server_store_records(pair->server.store), RECORD_OPERATION, &second, &row), STATUS_OK);
	assert_true(text_equals(((const struct operation_outcome *)row)->detail, "seq=2")); /* not what was sent again before it */
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 3);
}

/* Requests under way to the server, made by the device that no longer is. */
static bool is_request(const struct event *event)
{
	return event->kind == EVENT_REQUEST;
}

static void what_arrives_from_before_a_restore_is_noticed(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), late;
	struct outbox_state before, after;
	struct bytes frame, next;
	uint64_t connection;

	pair_settle(pair);
	device_node_copy(pair, device);
	late = pair_note(pair, 1, &order);
	assert_true(pair_intercept(pair, 1, &frame, &connection));
	frame.data = memcpy(test_malloc(frame.size), frame.data, frame.size);
	event_queue_drop(&pair->queue, is_request);
	assert_int_equal(device_store_outbox(device->store, &before), STATUS_OK);
	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	do { /* hello and welcome: both agree that nothing was made */
		assert_true(simulation_step(pair));
		assert_true(pair_intercept(pair, 1, &next, &connection));
	} while (envelope_looks_like(next));
	server_node_frame(pair, 1000000, frame);
	server_node_flush(pair);
	pair_settle(pair);
	test_free((void *)(uintptr_t)frame.data);
	assert_int_equal(device_store_outbox(device->store, &after), STATUS_OK);
	assert_false(id_equal(&before.incarnation, &after.incarnation));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &late));
}

static void only_what_the_server_decided_counts_as_acknowledged(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);

	pair_settle(pair);
	device_node_copy(pair, device);
	for (int i = 0; i < 3; i++)
		(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	(void)pair_note(pair, 1, &order);
	while (device_core_state(device->core).incidents == 0)
		assert_true(simulation_step(pair));
	assert_int_equal(device_core_state(device->core).acknowledged_seq, 0); /* the server's 3 were of the incarnation before */
	pair_settle(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 4);
}

/* The cut is still to come: the answer that had it was lost. */
static void what_the_server_decided_is_known_before_its_cut_without_a_sync(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	struct replica_state replica;
	struct bytes frame;
	uint64_t connection, syncs;

	pair_settle(pair);
	(void)pair_note(pair, 1, &order);
	assert_true(pair_intercept(pair, 1, &frame, &connection));
	server_node_frame(pair, 1000000, frame);
	server_node_flush(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 1);
	event_queue_drop(&pair->queue, is_request);
	device_node_kill(pair, device);
	device_node_start(pair, device, false);
	do {
		syncs = crash_counts().syncs;
		assert_true(simulation_step(pair));
		assert_int_equal(device_store_replica(device->store, &replica), STATUS_OK);
	} while (replica.decided_seq == 0);
	assert_int_equal(replica.decided_seq, 1);
	assert_int_equal(replica.settled_seq, 0);
	assert_int_equal(crash_counts().syncs, syncs);
	pair_settle(pair);
	assert_int_equal(device_store_replica(device->store, &replica), STATUS_OK);
	assert_int_equal(replica.settled_seq, 1);
}

static void a_full_disk_refuses_and_loses_nothing(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), remark;
	const struct note_arguments arguments = { .text = text_of("no room") };
	const struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE, .subject = order, .at_ms = WALL_START_MS },
		.arguments = &arguments };

	pair_settle(pair);
	crash_disk_fail(device->disk, DISK_FULL, 0);
	for (int i = 0; i < 20; i++)
		device_node_operation(pair, device, &operation);
	crash_disk_fail(device->disk, DISK_WELL, 0);
	remark = pair_note(pair, 1, &order);
	device_node_go(pair, device);
	pair_settle(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), pair->oracle.count);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark));
}

/* Each request is under way for so long, until so many of this run of the core were answered. */
static void answer_late(struct simulation *pair, struct device_node *device, int64_t rounds)
{
	struct bytes frame;
	uint64_t connection;

	while (device_core_state(device->core).rounds < rounds) {
		int64_t before = device_core_state(device->core).rounds;
		assert_true(pair_intercept(pair, device->number, &frame, &connection));
		pair->now_ms += SLOW_MS;
		while (device_core_state(device->core).rounds == before)
			assert_true(simulation_step(pair));
	}
}

static void a_page_that_took_long_is_followed_by_a_smaller_one_even_when_it_came_with_the_welcome(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);

	pair_settle(pair);
	(void)pair_order(pair, 0);
	device_node_restart(pair, device);
	answer_late(pair, device, 1);
	assert_true(device->core->page_came);
	assert_int_equal(device->core->page_max, FRAME_SIZE_MAX / 2);
}

static void a_way_that_is_known_to_be_long_makes_no_page_smaller(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);

	pair_settle(pair);
	device->link_up = false;
	(void)pair_note(pair, 1, &order); /* what is to be sent comes before rows: the welcome brings none */
	(void)pair_order(pair, 0);
	device_node_restart(pair, device);
	device->link_up = true;
	device_node_go(pair, device);
	answer_late(pair, device, 1);
	assert_false(device->core->page_came);
	answer_late(pair, device, 2);
	assert_true(device->core->page_came);
	assert_int_equal(device->core->page_max, FRAME_SIZE_MAX);
}

/* What a broken pass had left is to go before the next begins, and there is no room to say so. */
static void a_device_without_room_asks_again_later_and_not_at_once(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);

	pair_settle(pair);
	device_node_lost(pair, device);
	assert_int_equal(device_store_begin(device->store, false), STATUS_OK);
	assert_int_equal(device_store_stage(device->store, (struct bytes){ (const uint8_t *)"left", 4 }), STATUS_OK);
	assert_int_equal(device_store_commit(device->store), STATUS_OK);
	(void)pair_order(pair, 0);
	assert_int_equal(device_core_go(device->core, false), STATUS_OK);
	pair->now_ms = device_core_deadline_ms(device->core);
	crash_disk_fail(device->disk, DISK_FULL, 0);
	assert_int_equal(device_core_tick(device->core), STATUS_CANNOT_WRITE);
	assert_true(device_core_deadline_ms(device->core) > pair->now_ms);
	crash_disk_fail(device->disk, DISK_WELL, 0);
	pair_settle(pair);
}

static bool is_large(const struct event *event)
{
	return event->kind == EVENT_REQUEST && event->size > SMALL_LINK;
}

/* Of a text that does not compress well. */
static void note_chance(struct simulation *pair, const struct id *order, uint64_t seed)
{
	char text[160];

	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		text[i] = (char)('!' + (seed >> 33) % 90);
	}
	(void)pair_do(pair, 1, OPERATION_ADD_NOTE, order, &(struct note_arguments){ .text = { text, sizeof(text) } });
}

static void a_backlog_passes_a_link_that_takes_small_frames_only(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);

	pair_settle(pair);
	device->link_up = false;
	for (int i = 0; i < BACKLOG; i++)
		note_chance(pair, &order, (uint64_t)i);
	device->link_up = true;
	device_node_go(pair, device);
	for (int i = 0; i < 10000 && device->core->acknowledged_seq < BACKLOG; i++) {
		event_queue_drop(&pair->queue, is_large); /* longer under way than a device waits */
		assert_true(simulation_step(pair));
	}
	assert_int_equal(device->core->acknowledged_seq, BACKLOG);
	pair_settle(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_without_room_asks_again_later_and_not_at_once, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_backlog_passes_a_link_that_takes_small_frames_only, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_decided_as_computed_brings_no_rows, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_saved_operation_is_shown_after_a_crash, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_claim_that_the_rules_refuse_here_is_not_saved, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_restored_device_goes_on_under_a_new_incarnation_and_keeps_ids, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_sent_again_for_the_second_time_is_no_second_history, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_second_history_behind_what_was_sent_again_is_one, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_arrives_from_before_a_restore_is_noticed, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(only_what_the_server_decided_counts_as_acknowledged, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_the_server_decided_is_known_before_its_cut_without_a_sync, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_full_disk_refuses_and_loses_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_page_that_took_long_is_followed_by_a_smaller_one_even_when_it_came_with_the_welcome, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_way_that_is_known_to_be_long_makes_no_page_smaller, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
