/* A device that may send operations alone rests when none may go: what is refused, or cannot be shown, is not forgotten over it. */
#include <string.h>

#include "protocol/domain/operation.h"
#include "protocol/domain/revision.h"
#include "protocol/wire/message.h"
#include "tests/unit/protocol/sync/pair.h"

#define STEPS_MAX 2000

static struct device_core_state state_of(struct simulation *pair)
{
	return device_core_state(pair_device(pair, 1)->core);
}

/* Device 1 may send operations alone. */
static void allow_operations_alone(struct simulation *pair)
{
	pair_settle(pair);
	device_node_allow(pair, pair_device(pair, 1), CLASS_CONTROL);
	while (state_of(pair).waiting) /* for the answer to its poll */
		assert_true(simulation_step(pair));
	assert_true(state_of(pair).synced);
}

/* The server is of an earlier revision until it has refused what device 1 sends. */
static void be_answered_by_an_older_server(struct simulation *pair)
{
	for (int i = 0; i < STEPS_MAX && state_of(pair).refused == 0; i++) {
		schema_speak(SCHEMA_REVISION_PLAIN);
		assert_true(simulation_step(pair));
	}
	schema_speak(SCHEMA_REVISION);
}

/* What device 1 does and an older server does not know: refused. The operation's id. */
static struct id be_refused(struct simulation *pair)
{
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 1), delayed;
	const struct delay_arguments arguments = { .expected_at_ms = WALL_START_MS + 7200000 };

	allow_operations_alone(pair);
	delayed = pair_do(pair, 1, OPERATION_DELAY, &visit, &arguments);
	be_answered_by_an_older_server(pair);
	assert_int_equal(state_of(pair).refused, WIRE_ERROR_NEWER);
	return delayed;
}

static void who_was_refused_is_not_in_step_where_only_operations_may_go(void **state)
{
	struct simulation *pair = *state;

	(void)be_refused(pair);
	assert_false(state_of(pair).waiting);
	assert_false(state_of(pair).synced);
}

static void what_was_refused_is_offered_again_where_only_operations_may_go(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id refused = be_refused(pair);
	struct logged_operation logged;
	int64_t due_ms = device_core_deadline_ms(device->core);

	assert_in_range(due_ms - clock_monotonic_ms(&device->clock), 1, SESSION_LIFE_MS);
	for (int i = 0; i < STEPS_MAX && !pair_logged(pair, &refused, &logged); i++)
		assert_true(simulation_step(pair));
	assert_true(pair_logged(pair, &refused, &logged));
	assert_true(clock_monotonic_ms(&device->clock) >= due_ms); /* no sooner: an older server is not asked all the time */
}

static void what_was_refused_is_offered_again_after_the_link_was_lost(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id refused = be_refused(pair);
	struct logged_operation logged;

	device_node_lost(pair, device);
	assert_true(device_core_deadline_ms(device->core) < INT64_MAX);
	for (int i = 0; i < STEPS_MAX && !pair_logged(pair, &refused, &logged); i++)
		assert_true(simulation_step(pair));
	assert_true(pair_logged(pair, &refused, &logged));
}

/* The disk runs full at every place in turn, until the operation is saved and its effect is not shown. */
static void what_was_saved_and_could_not_be_shown_is_sent_at_once(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), id = { 0 };
	const struct note_arguments arguments = { .text = text_of("no room to show it") };
	const struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE, .subject = order, .at_ms = WALL_START_MS },
		.arguments = &arguments };
	struct verdict verdict;
	enum status status = STATUS_OK;

	allow_operations_alone(pair);
	for (uint64_t calls = 0; id_is_nil(&id); calls++) {
		crash_disk_fail(device->disk, DISK_FULL, calls);
		stream_for_libsodium(&device->stream);
		status = device_core_operation(device->core, &pair->arena, &operation, &verdict, &id);
		crash_disk_fail(device->disk, DISK_WELL, 0);
	}
	assert_int_equal(status, STATUS_CANNOT_WRITE);
	assert_non_null(strstr(fail_reason(), "full"));
	assert_true(state_of(pair).waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_was_refused_is_not_in_step_where_only_operations_may_go, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_refused_is_offered_again_where_only_operations_may_go, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_refused_is_offered_again_after_the_link_was_lost, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_saved_and_could_not_be_shown_is_sent_at_once, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
