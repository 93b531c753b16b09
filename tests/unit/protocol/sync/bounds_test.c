/* What a device can make the server write by what it says of itself: bounded, each device's, and nothing honest is lost by it. */
#include "protocol/sync/incarnation.h"
#include "protocol/sync/incident.h"
#include "tests/unit/protocol/sync/by_hand.h"

static struct hand_device hand; /* large */

#define HOUR_MS ((int64_t)3600 * 1000)

struct counted {
	enum incident_kind kind;
	int64_t rows;
	int64_t times;
};

static enum status count_incident(void *context, const struct kept_incident *kept)
{
	struct counted *counted = context;

	if (kept->incident.kind == counted->kind) {
		counted->rows++;
		counted->times += kept->count;
	}
	return STATUS_OK;
}

static struct counted count(struct simulation *pair, enum incident_kind kind)
{
	struct counted counted = { .kind = kind };

	assert_int_equal(server_store_each_incident(pair->server.store, true, 1000, count_incident, &counted), STATUS_OK);
	return counted;
}

static int64_t commits(struct simulation *pair)
{
	return server_core_counts(pair->server.core).commits;
}

static void flush(struct simulation *pair)
{
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
}

static void tell(struct simulation *pair, const char *what, const char *detail)
{
	hand_device_tell(&hand, what, detail);
	flush(pair);
}

static void pass(struct simulation *pair, int64_t ms)
{
	pair->now_ms += ms;
	server_node_tick(pair);
	hand_devices_flush(pair, NULL, 0);
}

static void what_a_device_tells_again_and_again_costs_few_commits_and_stays_on_record(void **state)
{
	struct simulation *pair = *state;
	int64_t before = commits(pair);

	hand_device_open(&hand, pair, 1, 7);
	for (int i = 0; i < 500; i++)
		tell(pair, "rot", "table site");
	assert_true(commits(pair) - before <= INCIDENT_TIMES_FREE);
	assert_int_equal(count(pair, INCIDENT_ROT).rows, 1);
	assert_int_equal(count(pair, INCIDENT_ROT).times, INCIDENT_TIMES_FREE);
	tell(pair, "digest", "scope valley"); /* something else is told at once */
	assert_int_equal(count(pair, INCIDENT_DIGEST).times, 1);
	hand_device_close(&hand);
	pass(pair, INCIDENT_AGAIN_MS);
	hand_device_open(&hand, pair, 1, 8);
	tell(pair, "rot", "table site");
	assert_int_equal(count(pair, INCIDENT_ROT).times, INCIDENT_TIMES_FREE + 1);
	hand_device_close(&hand);
}

/* The incarnation with that number, after the one before; false: the server does not take it. */
static bool begin(struct simulation *pair, uint8_t number)
{
	const struct id previous = { { (uint8_t)(number - 1) } };
	struct chain_state chain;
	bool begun;

	hand_device_open(&hand, pair, 1, number);
	hand_device_origin(&hand, &previous, 0);
	flush(pair);
	begun = server_store_chain(pair->server.store, &hand.identity.id, &hand.incarnation, &chain) == STATUS_OK;
	assert_int_equal(hand.answer.has_fault, !begun);
	if (!begun)
		assert_int_equal(hand.answer.fault.code, WIRE_ERROR_TOO_OFTEN);
	return begun;
}

static void begin_first(struct simulation *pair)
{
	struct id order = pair_order(pair, 0);

	hand_device_open(&hand, pair, 1, 1);
	(void)hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	flush(pair);
	assert_true(hand.answer.has_decided);
	hand_device_close(&hand);
}

static void a_device_begins_so_many_incarnations_a_day_and_goes_on_the_next_day(void **state)
{
	struct simulation *pair = *state;
	uint8_t number = 2;
	int64_t before;

	begin_first(pair);
	for (; number <= INCARNATIONS_A_DAY; number++) {
		assert_true(begin(pair, number));
		hand_device_close(&hand);
	}
	before = commits(pair);
	for (int i = 0; i < 100; i++) {
		assert_false(begin(pair, number));
		hand_device_close(&hand);
	}
	assert_true(commits(pair) - before <= INCIDENT_TIMES_FREE);
	assert_int_equal(count(pair, INCIDENT_INCARNATIONS).rows, 1);
	pass(pair, 24 * HOUR_MS + 1);
	assert_true(begin(pair, number));
	hand_device_close(&hand);
}

/* What it made waits, and what others made still comes. */
static void a_device_that_began_too_many_incarnations_knows_why_nothing_is_taken_and_gets_rows(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), made, visit;
	struct device_node *device = pair_device(pair, 1);
	int64_t until;

	begin_first(pair);
	for (uint8_t number = 2; number <= INCARNATIONS_A_DAY; number++) {
		assert_true(begin(pair, number));
		hand_device_close(&hand);
	}
	made = pair_note(pair, 1, &order);
	visit = pair_book(pair, &order, 1);
	for (until = pair->now_ms + 60000; pair->now_ms < until;)
		assert_true(simulation_step(pair));
	assert_int_equal(device_core_state(device->core).refused, WIRE_ERROR_TOO_OFTEN);
	assert_false(pair_on_server(pair, RECORD_NOTE, &made));
	assert_true(pair_on_device(pair, 1, RECORD_VISIT, &visit));
}

/* It keeps them, and sends them again. */
static void operations_under_an_incarnation_too_many_are_taken_the_next_day(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	uint8_t number = 2;

	begin_first(pair);
	for (; number <= INCARNATIONS_A_DAY; number++) {
		assert_true(begin(pair, number));
		hand_device_close(&hand);
	}
	hand_device_open(&hand, pair, 1, number);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	flush(pair);
	assert_true(hand.answer.has_fault);
	assert_int_equal(hand.answer.fault.code, WIRE_ERROR_TOO_OFTEN);
	assert_false(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_int_equal(count(pair, INCIDENT_INCARNATIONS).rows, 1);
	hand_device_close(&hand);
	pass(pair, 24 * HOUR_MS + 1);
	hand_device_open(&hand, pair, 1, number);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	flush(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	hand_device_close(&hand);
}

/* As of a clock that was ahead, and was put right. */
static void incarnations_of_a_time_to_come_count_for_nothing(void **state)
{
	struct simulation *pair = *state;
	struct server_store *store = pair->server.store;
	const struct id device = organisation_device_id(1);
	const int64_t now_ms = clock_now_ms(&pair->server.clock);
	struct chain_state chain;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	for (uint8_t i = 1; i <= INCARNATIONS_A_DAY; i++)
		assert_int_equal(incarnation_begin(store, &device, &(struct id){ { i } }, now_ms + 100 * HOUR_MS, &chain), STATUS_OK);
	assert_int_equal(incarnation_begin(store, &device, &(struct id){ { 200 } }, now_ms + 100 * HOUR_MS, &chain), STATUS_BUSY);
	assert_int_equal(incarnation_begin(store, &device, &(struct id){ { 201 } }, now_ms, &chain), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_a_device_tells_again_and_again_costs_few_commits_and_stays_on_record, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_device_begins_so_many_incarnations_a_day_and_goes_on_the_next_day, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_device_that_began_too_many_incarnations_knows_why_nothing_is_taken_and_gets_rows, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			operations_under_an_incarnation_too_many_are_taken_the_next_day, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(incarnations_of_a_time_to_come_count_for_nothing, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
