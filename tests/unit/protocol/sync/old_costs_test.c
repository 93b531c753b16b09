/* What orders cost leaves the devices that have the orders. */
#include "protocol/domain/revision.h"
#include "protocol/domain/work_order_cost.h"
#include "protocol/sync/old_costs.h"
#include "tests/simulation/organisation.h"
#include "tests/unit/protocol/sync/by_store.h"

/* Imported under a word of its source's that is its own, when it has no number. */
static struct id order_that_cost(struct simulation *pair, unsigned number, const char *source_id, int64_t cents)
{
	const struct work_order order = { .id = number > 0 ? by_store_id("order", number) : id_imported(text_of("erp"), text_of(source_id)),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.title = text_of("was dear"),
		.source = text_of("erp"),
		.source_id = text_of(source_id),
		.cost_cents = cents };

	(void)by_store_put_one(pair, RECORD_WORK_ORDER, &order);
	return order.id;
}

static int64_t cost_on_device(struct simulation *pair, const struct id *order)
{
	const void *row;

	assert_int_equal(records_get(device_store_records(pair_device(pair, 1)->store), RECORD_WORK_ORDER, order, &row), STATUS_OK);
	return ((const struct work_order *)row)->cost_cents;
}

static enum status add_cost(void *context, const void *row)
{
	*(int64_t *)context += ((const struct work_order_cost *)row)->cost_cents;
	return STATUS_OK;
}

static int64_t costs_of(struct simulation *pair, const struct id *order)
{
	int64_t sum = 0;

	assert_int_equal(
		records_each(server_store_records(pair->server.store), RECORD_WORK_ORDER_COST, "work_order_id", order, add_cost, &sum),
		STATUS_OK);
	return sum;
}

static void what_orders_cost_is_moved_to_where_only_the_office_has_it(void **state)
{
	struct simulation *pair = *state;
	struct id imported = order_that_cost(pair, 0, "WO-1", 12345), own = order_that_cost(pair, 1, "", 500);
	struct id one = order_that_cost(pair, 2, "contract 7", 600), other = order_that_cost(pair, 3, "contract 7", 700);
	size_t costs = pair_count_on_server(pair, RECORD_WORK_ORDER_COST);

	by_store_settle(pair);
	assert_int_equal(cost_on_device(pair, &imported), 12345);
	by_store_let_a_round_pass(pair);
	assert_int_equal(cost_on_device(pair, &imported), 0);
	assert_int_equal(cost_on_device(pair, &own), 0);
	assert_int_equal(costs_of(pair, &imported), 12345);
	assert_int_equal(costs_of(pair, &own), 500);
	assert_int_equal(costs_of(pair, &one), 600);
	assert_int_equal(costs_of(pair, &other), 700);
	assert_int_equal(pair_count_on_server(pair, RECORD_WORK_ORDER_COST), costs + 4);
	by_store_let_a_round_pass(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_WORK_ORDER_COST), costs + 4);
	pair_assert_fits(pair, 1);
}

/* The order was imported again meanwhile, with its cost apart. */
static void a_cost_that_is_there_already_is_not_there_twice(void **state)
{
	struct simulation *pair = *state;
	struct id order = order_that_cost(pair, 0, "WO-1", 12345);
	const struct work_order_cost cost = {
		.id = id_imported(text_of("erp"), text_of("WO-1|cost")), .work_order_id = order, .cost_cents = 12345
	};

	(void)by_store_put_one(pair, RECORD_WORK_ORDER_COST, &cost);
	by_store_settle(pair);
	by_store_let_a_round_pass(pair);
	assert_int_equal(cost_on_device(pair, &order), 0);
	assert_int_equal(costs_of(pair, &order), 12345);
}

static size_t costed(struct simulation *pair)
{
	struct id orders[COSTED_MAX];
	size_t count;

	assert_int_equal(server_store_costed(pair->server.store, orders, &count), STATUS_OK);
	return count;
}

/* What one round does not take, the next one does within the minute. */
static void many_costs_are_moved_within_a_minute(void **state)
{
	struct simulation *pair = *state;

	for (unsigned i = 1; i <= COSTED_MAX + 1; i++)
		(void)order_that_cost(pair, i, "", i);
	by_store_settle(pair);
	pair->now_ms += (int64_t)3600 * 1000;
	while (costed(pair) > 1)
		assert_true(simulation_step(pair));
	for (int64_t until = pair->now_ms + 60000; pair->now_ms < until && costed(pair) > 0;)
		assert_true(simulation_step(pair));
	assert_int_equal(costed(pair), 0);
}

static void a_program_of_before_leaves_costs_where_they_are(void **state)
{
	struct simulation *pair = *state;
	struct by_store by;
	size_t moved;

	(void)order_that_cost(pair, 0, "WO-1", 12345);
	by_store_begin(&by, pair);
	schema_speak(COSTS_APART_SINCE - 1);
	assert_int_equal(old_costs_move(&by.commit, &moved), STATUS_OK);
	schema_speak(SCHEMA_REVISION);
	(void)by_store_end(&by);
	assert_int_equal(moved, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_orders_cost_is_moved_to_where_only_the_office_has_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_cost_that_is_there_already_is_not_there_twice, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(many_costs_are_moved_within_a_minute, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_program_of_before_leaves_costs_where_they_are, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
