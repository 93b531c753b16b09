#include "protocol/sync/parked.h"
#include "protocol/domain/device.h"
#include "protocol/domain/operation_outcome.h"
#include "tests/unit/protocol/sync/pair.h"

static enum status carry_out(struct simulation *pair, const struct parked_order *order, struct verdict *out_verdict)
{
	enum status status = server_core_parked(pair->server.core, order, out_verdict);

	if (status == STATUS_OK)
		server_node_flush(pair);
	else
		server_core_abandon(pair->server.core);
	return status;
}

static enum outcome outcome_of(struct simulation *pair, const struct id *operation)
{
	struct logged_operation logged;

	assert_true(pair_logged(pair, operation, &logged));
	return logged.outcome;
}

/* As the author's device has it; NULL: plainly applied. */
static const struct operation_outcome *told(struct simulation *pair, unsigned number, const struct id *operation)
{
	const void *row;

	assert_int_equal(
		records_look(device_store_records(pair_device(pair, number)->store), RECORD_OPERATION, operation, &row), STATUS_OK);
	return row;
}

static const struct work_order *order_of(struct simulation *pair, const struct id *id)
{
	const void *row;

	assert_int_equal(records_look(server_store_records(pair->server.store), RECORD_WORK_ORDER, id, &row), STATUS_OK);
	return row;
}

/* Device 1 opens an order at a site that nobody has. */
static struct id open_order(struct simulation *pair, struct work_order *order)
{
	struct device_node *device = pair_device(pair, 1);
	const struct operation operation = { .head = { .kind = OPERATION_CREATE,
						     .record = RECORD_WORK_ORDER,
						     .at_ms = clock_now_ms(&device->clock) },
		.arguments = order };
	size_t before = pair->oracle.count;

	*order = (struct work_order){ .territory_id = organisation_id(RECORD_TERRITORY, 0),
		.title = text_of("gate stuck"),
		.site_id = { { 0x77 } } };
	device_node_operation(pair, device, &operation);
	assert_int_equal(pair->oracle.count, before + 1);
	return pair->oracle.promises[before].id;
}

/* As its author made it. */
static struct operation corrected_to(const void *row)
{
	return (struct operation){ .head = { .kind = OPERATION_CREATE,
					   .record = RECORD_WORK_ORDER,
					   .actor = organisation_id(RECORD_TECHNICIAN, 0),
					   .role = ROLE_TECHNICIAN,
					   .at_ms = WALL_START_MS },
		.arguments = row };
}

static void what_a_stolen_device_sent_is_applied_when_a_person_releases_it(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), device = organisation_device_id(1), note;
	struct verdict verdict;

	pair_settle(pair);
	assert_int_equal(server_core_revoke(pair->server.core, &device, DEVICE_STATE_STOLEN), STATUS_OK);
	server_node_flush(pair);
	note = pair_note(pair, 1, &order);
	for (int i = 0; i < 400 && !pair_logged(pair, &note, &(struct logged_operation){ 0 }); i++)
		assert_true(simulation_step(pair));
	assert_int_equal(outcome_of(pair, &note), OUTCOME_PARKED);
	assert_false(pair_on_server(pair, RECORD_NOTE, &note));
	assert_int_equal(
		carry_out(pair, &(struct parked_order){ .operation = note, .decision = PARKED_RELEASED }, &verdict), STATUS_OK);
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	assert_int_equal(outcome_of(pair, &note), OUTCOME_APPLIED);
	assert_true(pair_on_server(pair, RECORD_NOTE, &note));
	assert_int_equal(
		carry_out(pair, &(struct parked_order){ .operation = note, .decision = PARKED_RELEASED }, &verdict), STATUS_REFUSED);
}

static void a_corrected_record_keeps_its_id_and_what_waited_for_it_goes_on(void **state)
{
	struct simulation *pair = *state;
	struct work_order order, right = { 0 };
	struct operation corrected = corrected_to(&right);
	struct parked_order correct = { .decision = PARKED_CORRECTED, .corrected = &corrected };
	struct verdict verdict;
	struct id id, note;

	id = open_order(pair, &order);
	note = pair_note(pair, 1, &id);
	pair_settle(pair);
	assert_int_equal(outcome_of(pair, &id), OUTCOME_PARKED);
	assert_int_equal(outcome_of(pair, &note), OUTCOME_PARKED);
	assert_int_equal(
		carry_out(pair, &(struct parked_order){ .operation = id, .decision = PARKED_RELEASED }, &verdict), STATUS_OK);
	assert_int_equal(verdict.outcome, OUTCOME_PARKED); /* the site is still not there */
	right = order;
	right.site_id = organisation_id(RECORD_SITE, 0);
	correct.operation = id;
	assert_int_equal(carry_out(pair, &correct, &verdict), STATUS_OK);
	assert_int_equal(outcome_of(pair, &id), OUTCOME_APPLIED);
	assert_int_equal(outcome_of(pair, &note), OUTCOME_APPLIED);
	assert_true(id_equal(&order_of(pair, &id)->site_id, &right.site_id));
	pair_settle(pair);
	assert_null(told(pair, 1, &id));
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &id));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &note));
}

static void a_correction_changes_nothing_but_values(void **state)
{
	struct simulation *pair = *state;
	struct work_order order;
	const struct work_order empty = { .territory_id = organisation_id(RECORD_TERRITORY, 0) };
	struct operation other = corrected_to(&empty);
	struct parked_order correct = { .decision = PARKED_CORRECTED, .corrected = &other };
	struct verdict verdict;

	correct.operation = open_order(pair, &order);
	pair_settle(pair);
	other.head.record = RECORD_SITE;
	assert_int_equal(carry_out(pair, &correct, &verdict), STATUS_REFUSED);
	other = corrected_to(&empty);
	assert_int_equal(carry_out(pair, &correct, &verdict), STATUS_INVALID); /* without a title */
	assert_int_equal(outcome_of(pair, &correct.operation), OUTCOME_PARKED);
}

static void a_discarded_operations_author_is_told_why(void **state)
{
	struct simulation *pair = *state;
	struct work_order order;
	struct parked_order discard = { .decision = PARKED_DISCARDED, .reason = text_of("made twice; see the other") };
	const struct operation_outcome *outcome;
	struct verdict verdict;

	discard.operation = open_order(pair, &order);
	pair_settle(pair);
	assert_int_equal(carry_out(pair, &discard, &verdict), STATUS_OK);
	assert_int_equal(verdict.outcome, OUTCOME_REJECTED);
	assert_int_equal(outcome_of(pair, &discard.operation), OUTCOME_REJECTED);
	pair_settle(pair);
	outcome = told(pair, 1, &discard.operation);
	assert_non_null(outcome);
	assert_int_equal(outcome->outcome, OUTCOME_REJECTED);
	assert_true(text_equals(outcome->rule, "discarded"));
	assert_true(text_equals(outcome->detail, "reason=made twice, see the other"));
	assert_int_equal(carry_out(pair, &discard, &verdict), STATUS_REFUSED);
}

static void a_refused_decision_leaves_the_commit_of_others_alone(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), note;
	struct parked_order release = { .decision = PARKED_RELEASED };
	struct verdict verdict;

	pair_settle(pair);
	note = pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_int_equal(server_core_open_commit(pair->server.core), STATUS_OK);
	release.operation = note;
	assert_int_equal(server_core_parked(pair->server.core, &release, &verdict), STATUS_REFUSED);
	release.operation = (struct id){ { 9 } };
	assert_int_equal(server_core_parked(pair->server.core, &release, &verdict), STATUS_REFUSED);
	server_node_flush(pair);
	pair_settle(pair);
	assert_int_equal(outcome_of(pair, &note), OUTCOME_APPLIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_stolen_device_sent_is_applied_when_a_person_releases_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_corrected_record_keeps_its_id_and_what_waited_for_it_goes_on, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_correction_changes_nothing_but_values, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_discarded_operations_author_is_told_why, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_refused_decision_leaves_the_commit_of_others_alone, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
