/* When a device asks again: after a failure at a time of its own, and when the server asked it to. */
#include "protocol/domain/revision.h"
#include "protocol/sync/server_core_inner.h"
#include "tests/simulation/organisation.h"
#include "tests/unit/protocol/sync/pair.h"

#define OLD_MS      100000
#define A_MINUTE_MS 60000

/* The server's queue is old, and the round under way is full. */
static void beset(struct simulation *pair)
{
	struct server_core *core = pair->server.core;
	int64_t now_ms = server_core_monotonic_ms(core);

	core->herd = (struct herd){ .since_ms = now_ms - OLD_MS, .round_ms = now_ms - OLD_MS, .bytes_a_second = 1000 };
}

static void who_is_told_to_come_again_does_so_in_the_same_session(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), id = organisation_device_id(1), remark;
	const struct live_session *live;
	int64_t began_at_ms, told_at_ms;
	uint64_t connection;
	struct bytes frame;

	pair_settle(pair);
	pair->now_ms += OLD_MS + 1;
	pair_settle(pair);
	began_at_ms = session_table_of_device(pair->server.core->sessions, &id)->started_at_ms;
	remark = pair_note(pair, 1, &order);
	assert_true(pair_intercept(pair, 1, &frame, &connection));
	beset(pair);
	server_node_frame(pair, connection, frame);
	server_node_flush(pair);
	assert_int_equal(server_core_counts(pair->server.core).told_to_wait, 1);
	assert_false(pair_on_server(pair, RECORD_NOTE, &remark));
	told_at_ms = pair->now_ms;
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_in_range(pair->now_ms - told_at_ms, 100, 60000);
	live = session_table_of_device(pair->server.core->sessions, &id);
	assert_int_equal(live->started_at_ms, began_at_ms);
	assert_int_equal(device_core_state(device->core).incidents, 0);
}

/* A user who asks does not make it come before its time. */
static void who_was_told_to_come_again_waits_also_when_it_is_urged(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	int64_t rounds, due_ms;
	uint64_t connection;
	struct bytes frame;

	pair_settle(pair);
	pair->now_ms += OLD_MS + 1;
	pair_settle(pair);
	(void)pair_note(pair, 1, &order);
	assert_true(pair_intercept(pair, 1, &frame, &connection));
	beset(pair);
	server_node_frame(pair, connection, frame);
	server_node_flush(pair);
	while (device_core_deadline_ms(device->core) == INT64_MAX || device_core_state(device->core).waiting)
		assert_true(simulation_step(pair));
	due_ms = device_core_deadline_ms(device->core);
	rounds = device_core_state(device->core).rounds;
	device_node_go(pair, device);
	assert_false(device_core_state(device->core).waiting);
	assert_int_equal(device_core_deadline_ms(device->core), due_ms);
	assert_true(due_ms > clock_monotonic_ms(&device->clock));
	pair_settle(pair);
	assert_true(device_core_state(device->core).rounds > rounds);
}

static void two_that_lose_the_server_at_once_come_back_at_times_of_their_own(void **state)
{
	struct simulation *pair = *state;
	int64_t waits_ms[2][6];

	for (unsigned number = 1; number <= 2; number++) {
		struct device_node *device = pair_device(pair, number);
		for (size_t i = 0; i < LENGTH(waits_ms[0]); i++) {
			int64_t now_ms = clock_monotonic_ms(&device->clock);
			assert_int_equal(device_core_go(device->core, false), STATUS_OK);
			assert_int_equal(device_core_lost(device->core), STATUS_OK);
			waits_ms[number - 1][i] = device_core_deadline_ms(device->core) - now_ms;
			assert_in_range(waits_ms[number - 1][i], 0, 500 << i);
			pair->now_ms += waits_ms[number - 1][i];
		}
	}
	assert_memory_not_equal(waits_ms[0], waits_ms[1], sizeof(waits_ms[0]));
}

static bool is_on_its_way(const struct simulation *pair, enum event_kind kind)
{
	for (size_t i = 0; i < pair->queue.count; i++)
		if (pair->queue.events[i].kind == kind)
			return true;
	return false;
}

/* What needs an update of the program needs no second request, and whoever waits for it sees that first. */
static void what_a_newer_server_says_is_not_asked_for_again_before_a_minute_is_over(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order;

	pair_settle(pair);
	order = pair_order_saying(
		pair, "Customer says that the pump leaks again; the seal was replaced in spring, and the filter cleaned.");
	for (int i = 0; i < 100 && !is_on_its_way(pair, EVENT_REPLY); i++)
		assert_true(simulation_step(pair));
	device->older = true; /* as which it reads the answer */
	for (int i = 0; i < 100 && !device_core_state(device->core).outdated; i++)
		assert_true(simulation_step(pair));
	device->older = false;
	assert_true(device_core_state(device->core).outdated);
	assert_true(device_core_deadline_ms(device->core) - clock_monotonic_ms(&device->clock) >= A_MINUTE_MS);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
	assert_false(device_core_state(device->core).outdated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_told_to_come_again_does_so_in_the_same_session, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(who_was_told_to_come_again_waits_also_when_it_is_urged, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(two_that_lose_the_server_at_once_come_back_at_times_of_their_own, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_a_newer_server_says_is_not_asked_for_again_before_a_minute_is_over, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
