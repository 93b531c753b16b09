/* Imported files through the rules, into a store in memory. */
#include <stdio.h>

#include "tests/unit/protocol/domain/world.h"
#include "tests/unit/server/import_help.h"

#include "protocol/domain/balance.h"

/* In the order of import. */
static const char *const example[] = {
	"01_territories.csv",
	"02_stock_locations.csv",
	"03_technicians.csv",
	"04_parts.csv",
	"05_opening_stock.csv",
	"06_accounts.csv",
	"07_sites.csv",
	"08_assets.csv",
	"09_knowledge_articles.csv",
	"10_service_requests.csv",
	"11_work_orders_open.csv",
	"12_work_orders_past.csv",
};

struct outcome_count {
	size_t applied, no_op, other;
};

static void import_into(struct world *world, struct import_run *run, struct outcome_count *counts, uint32_t *number)
{
	for (size_t i = 0; i < run->taken.count; i++) {
		struct verdict verdict = world_decide_as(world, run->taken.operations[i], ++*number);
		bool no_op = verdict.outcome == OUTCOME_APPLIED_NOTE && text_equals(verdict.rule, "no_op");

		counts->applied += verdict.outcome == OUTCOME_APPLIED;
		counts->no_op += no_op;
		counts->other += verdict.outcome != OUTCOME_APPLIED && !no_op;
		if (verdict.outcome != OUTCOME_APPLIED && !no_op)
			print_error("%s: rule %.*s, %.*s\n", schema_find(run->taken.operations[i]->head.record)->name,
				TEXT_ARGUMENTS(verdict.rule), TEXT_ARGUMENTS(verdict.detail));
	}
}

static void import_example(struct world *world, struct outcome_count *counts, uint32_t *number)
{
	for (size_t i = 0; i < LENGTH(example); i++) {
		struct import_run run = { .status = STATUS_OK };
		const char *path = arena_print(&run.taken.arena, "%s/example/%s", SOURCE_ROOT, example[i]).data;

		import_run(&run, path);
		assert_int_equal(run.status, STATUS_OK);
		import_into(world, &run, counts, number);
		import_run_finish(&run);
	}
}

static void every_record_of_the_example_is_applied_and_again_changes_nothing(void **state)
{
	struct world world = { .count = 0 };
	struct outcome_count first = { .applied = 0 }, again = first;
	uint32_t number = 1000;
	size_t balances;

	(void)state;
	world_init(&world);
	balances = world_count(&world, RECORD_BALANCE);
	import_example(&world, &first, &number);
	assert_int_equal(first.other, 0);
	assert_int_equal(first.no_op, 0);
	assert_true(first.applied > 1200);
	assert_true(world_count(&world, RECORD_BALANCE) > balances + 300);
	assert_int_equal(world_count(&world, RECORD_ISSUE), 0);
	balances = world_count(&world, RECORD_BALANCE);
	import_example(&world, &again, &number);
	assert_int_equal(again.other, 0);
	assert_int_equal(again.applied, 0);
	assert_int_equal(again.no_op, first.applied);
	assert_int_equal(world_count(&world, RECORD_BALANCE), balances);
	world_finish(&world);
}

static void imported_history_is_closed(void **state)
{
	struct world world = { .count = 0 };
	struct outcome_count counts = { .applied = 0 };
	uint32_t number = 1000;
	size_t closed = 0, open = 0;

	(void)state;
	world_init(&world);
	import_example(&world, &counts, &number);
	for (size_t i = 0; i < world.count; i++) {
		const struct work_order *order = world.rows[i].row;
		if (world.rows[i].kind != RECORD_WORK_ORDER || order->number.size < 3)
			continue;
		if (text_equals(order->source, IMPORT_SOURCE) && order->closed_at_ms > 0) {
			assert_int_equal(order->state, WORK_ORDER_STATE_CLOSED);
			closed++;
		} else if (order->number.data[0] == 'H') {
			assert_true(order->state < WORK_ORDER_STATE_COMPLETED);
			open++;
		}
	}
	assert_int_equal(closed, 200);
	assert_int_equal(open, 45);
	world_finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_of_the_example_is_applied_and_again_changes_nothing),
		cmocka_unit_test(imported_history_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
