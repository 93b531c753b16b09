#include "protocol/domain/movement.h"

#include "protocol/domain/balance.h"
#include "protocol/domain/stock_location.h"
#include "tests/unit/protocol/domain/world.h"

static struct id van(void)
{
	return world_id(RECORD_STOCK_LOCATION, VAN_OF_ANNA);
}

static struct verdict move_part(struct world *world, enum operation_kind kind, uint8_t technician, int64_t quantity)
{
	const struct part_arguments arguments = { .part_id = world_id(RECORD_PART, 1), .location_id = van(), .quantity = quantity };
	struct operation operation = world_operation(kind, world_id(RECORD_VISIT, 1), technician, &arguments);

	return world_decide(world, &operation);
}

static void using_a_part_moves_it_from_the_van_to_the_customer(void **state)
{
	struct world world;
	const struct movement *movement;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	world_stock(&world, VAN_OF_ANNA, 1, 5);
	assert_rule(move_part(&world, OPERATION_USE_PART, ANNA, 2), OUTCOME_APPLIED, "");
	assert_int_equal(world_balance(&world, van(), 1), 3);
	assert_int_equal(world_balance(&world, location_customer, 1), 2);
	assert_int_equal(world_balance(&world, location_vendor, 1), -5);
	movement = world_find(&world, RECORD_MOVEMENT, (struct id){ { [0] = 0xee, [15] = 2 } });
	assert_int_equal(movement->type, MOVEMENT_TYPE_ISSUE);
	assert_true(id_equal(&movement->work_order_id, &world_order(&world, 1)->id));
	world_finish(&world);
}

static void returning_a_part_is_the_reverse_of_using_it(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	world_stock(&world, VAN_OF_ANNA, 1, 5);
	assert_rule(move_part(&world, OPERATION_USE_PART, ANNA, 2), OUTCOME_APPLIED, "");
	assert_rule(move_part(&world, OPERATION_RETURN_PART, ANNA, 2), OUTCOME_APPLIED, "");
	assert_int_equal(world_balance(&world, van(), 1), 5);
	assert_int_equal(world_balance(&world, location_customer, 1), 0);
	world_finish(&world);
}

static void the_last_part_used_twice_is_kept_twice_with_one_issue(void **state)
{
	struct world world;
	struct verdict verdict;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	world_stock(&world, VAN_OF_ANNA, 1, 1);
	assert_rule(move_part(&world, OPERATION_USE_PART, ANNA, 1), OUTCOME_APPLIED, "");
	verdict = move_part(&world, OPERATION_USE_PART, ANNA, 1);
	assert_rule(verdict, OUTCOME_ISSUE, "negative_stock");
	assert_int_equal(world_balance(&world, van(), 1), -1);
	assert_int_equal(world_issues(&world, ISSUE_KIND_NEGATIVE_STOCK), 1);
	assert_true(id_equal(
		&world_issue(&world, verdict.issue_id)->location_id, &(struct id){ { RECORD_STOCK_LOCATION, [15] = VAN_OF_ANNA } }));
	assert_text(
		verdict.detail, "location=04000000000000000000000000000001;part=03000000000000000000000000000001;balance=-1;quantity=1");
	world_finish(&world);
}

/* Every place is known to all: taking from one elsewhere more than can be there must not tell how much there was. */
static void what_is_in_stock_elsewhere_is_not_told(void **state)
{
	const struct stock_location elsewhere = { .id = world_id(RECORD_STOCK_LOCATION, 9),
		.name = text_of("depot"),
		.kind = STOCK_LOCATION_KIND_DEPOT,
		.territory_id = world_id(RECORD_TERRITORY, VALLEY) };
	const struct part_arguments arguments = { .part_id = world_id(RECORD_PART, 1), .location_id = elsewhere.id, .quantity = 90000 };
	struct operation operation = world_operation(OPERATION_USE_PART, world_id(RECORD_VISIT, 1), ANNA, &arguments);
	struct world world;
	struct verdict verdict;

	(void)state;
	world_init(&world);
	world_put(&world, RECORD_STOCK_LOCATION, &elsewhere);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	world_stock(&world, 9, 1, 4);
	verdict = world_decide(&world, &operation);
	assert_rule(verdict, OUTCOME_ISSUE, "negative_stock");
	assert_text(verdict.detail, "location=04000000000000000000000000000009;part=03000000000000000000000000000001;balance=<0");
	assert_text(world_issue(&world, verdict.issue_id)->detail,
		"location=04000000000000000000000000000009;part=03000000000000000000000000000001;balance=-89996;quantity=90000");
	world_finish(&world);
}

static void a_part_used_where_it_should_not_have_been_still_counts(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_stock(&world, VAN_OF_ANNA, 1, 9);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_CANCELLED);
	assert_rule(move_part(&world, OPERATION_USE_PART, ANNA, 1), OUTCOME_ISSUE, "work_done_after_cancel");
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(move_part(&world, OPERATION_USE_PART, CLEO, 1), OUTCOME_ISSUE, "work_without_claim");
	world_close_order(&world, 1);
	assert_rule(move_part(&world, OPERATION_USE_PART, ANNA, 1), OUTCOME_ISSUE, "late_fact");
	assert_int_equal(world_balance(&world, van(), 1), 6);
	world_finish(&world);
}

/* As on a device whose outbox is an older copy, and whose rows are those of today. */
static void a_movement_that_is_there_already_is_not_counted_again(void **state)
{
	const struct part_arguments arguments = { .part_id = world_id(RECORD_PART, 1), .location_id = van(), .quantity = 2 };
	struct operation operation = world_operation(OPERATION_USE_PART, world_id(RECORD_VISIT, 1), ANNA, &arguments);
	struct world world;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	world_stock(&world, VAN_OF_ANNA, 1, 5);
	assert_rule(world_decide_as(&world, &operation, 7), OUTCOME_APPLIED, "");
	(void)world_decide_as(&world, &operation, 7);
	assert_int_equal(world_balance(&world, van(), 1), 3);
	assert_int_equal(world_balance(&world, location_customer, 1), 2);
	world_finish(&world);
}

static void a_use_of_an_unknown_part_waits_for_it(void **state)
{
	const struct part_arguments arguments = { .part_id = world_id(RECORD_PART, 9), .location_id = van(), .quantity = 1 };
	struct operation operation = world_operation(OPERATION_USE_PART, world_id(RECORD_VISIT, 1), ANNA, &arguments);
	struct world world;
	struct verdict verdict;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	verdict = world_decide(&world, &operation);
	assert_rule(verdict, OUTCOME_PARKED, "missing_record");
	assert_true(id_equal(&verdict.waits_for, &arguments.part_id));
	assert_text(verdict.field, "part_id");
	assert_int_equal(world_count(&world, RECORD_MOVEMENT), 0);
	world_finish(&world);
}

static void a_balance_lives_in_its_locations_territory(void **state)
{
	struct world world;
	size_t seen = 0;

	(void)state;
	world_init(&world);
	world_stock(&world, VAN_OF_ANNA, 1, 5);
	for (size_t i = 0; i < world.count; i++) {
		const struct balance *balance = world.rows[i].row;
		struct scope home;
		if (world.rows[i].kind != RECORD_BALANCE)
			continue;
		home = row_home(&balance_schema, balance);
		assert_int_equal(home.kind, location_is_virtual(&balance->location_id) ? SCOPE_ORG_STAFF : SCOPE_TERRITORY);
		seen++;
	}
	assert_int_equal(seen, 2);
	world_finish(&world);
}

#define FACTS 24

/* Random uses, returns and movements; `arguments` must live as long as the operations. */
struct stock_facts {
	struct operation operations[FACTS];
	struct part_arguments parts[FACTS];
	struct movement movements[FACTS];
};

static void make_facts(struct stock_facts *facts, uint64_t *seed)
{
	for (size_t i = 0; i < FACTS; i++) {
		struct id part = world_id(RECORD_PART, (uint8_t)(1 + next_number(seed) % 2));
		int64_t quantity = 1 + (int64_t)(next_number(seed) % 7);
		uint8_t from = (uint8_t)(1 + next_number(seed) % 3);
		uint64_t which = next_number(seed) % 3;
		facts->parts[i] = (struct part_arguments){
			.part_id = part, .location_id = world_id(RECORD_STOCK_LOCATION, from), .quantity = quantity
		};
		facts->movements[i] = (struct movement){
			.type = MOVEMENT_TYPE_LOAD,
			.part_id = part,
			.quantity = quantity,
			.from_location_id = world_id(RECORD_STOCK_LOCATION, from),
			.to_location_id = world_id(RECORD_STOCK_LOCATION, (uint8_t)(1 + from % 3)),
		};
		if (which < 2) {
			facts->operations[i] = world_operation(
				which == 0 ? OPERATION_USE_PART : OPERATION_RETURN_PART, world_id(RECORD_VISIT, 1), ANNA, &facts->parts[i]);
		} else {
			facts->operations[i] = world_operation(OPERATION_CREATE, (struct id){ 0 }, 0, &facts->movements[i]);
			facts->operations[i].head.record = RECORD_MOVEMENT;
		}
	}
}

static void apply_in_order(struct world *world, const struct stock_facts *facts, const size_t *order)
{
	world_init(world);
	world_set_visit(world, 1, ANNA, VISIT_STATE_ON_SITE);
	for (size_t i = 0; i < FACTS; i++) {
		struct verdict verdict = world_decide_as(world, &facts->operations[order[i]], (uint32_t)order[i] + 1);
		assert_true(verdict.outcome == OUTCOME_APPLIED || verdict.outcome == OUTCOME_ISSUE);
	}
}

static void shuffle(size_t *order, uint64_t *seed)
{
	for (size_t i = FACTS; i > 1; i--) {
		size_t j = next_number(seed) % i, held = order[i - 1];
		order[i - 1] = order[j];
		order[j] = held;
	}
}

static void assert_sums_to_zero(const struct world *world)
{
	int64_t sums[3] = { 0 };

	for (size_t i = 0; i < world->count; i++) {
		const struct balance *balance = world->rows[i].row;
		if (world->rows[i].kind == RECORD_BALANCE)
			sums[balance->part_id.bytes[ID_SIZE - 1]] += balance->quantity;
	}
	assert_int_equal(sums[1], 0);
	assert_int_equal(sums[2], 0);
}

static void assert_same_stock(struct world *left, struct world *right)
{
	assert_int_equal(world_count(left, RECORD_BALANCE), world_count(right, RECORD_BALANCE));
	assert_int_equal(world_count(left, RECORD_MOVEMENT), FACTS);
	for (size_t i = 0; i < left->count; i++) {
		const struct stored_row *stored = &left->rows[i];
		if (stored->kind == RECORD_BALANCE || stored->kind == RECORD_MOVEMENT)
			assert_true(
				row_equal(schema_find(stored->kind), stored->row, world_find(right, stored->kind, *row_id(stored->row))));
	}
}

static void the_order_of_arrival_changes_no_balance(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 60; round++) {
		uint64_t seed = round;
		struct stock_facts facts = { 0 };
		struct world first, second;
		size_t order[FACTS];
		for (size_t i = 0; i < FACTS; i++)
			order[i] = i;
		make_facts(&facts, &seed);
		apply_in_order(&first, &facts, order);
		shuffle(order, &seed);
		apply_in_order(&second, &facts, order);
		assert_sums_to_zero(&first);
		assert_same_stock(&first, &second);
		world_finish(&first);
		world_finish(&second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(using_a_part_moves_it_from_the_van_to_the_customer),
		cmocka_unit_test(returning_a_part_is_the_reverse_of_using_it),
		cmocka_unit_test(the_last_part_used_twice_is_kept_twice_with_one_issue),
		cmocka_unit_test(what_is_in_stock_elsewhere_is_not_told),
		cmocka_unit_test(a_part_used_where_it_should_not_have_been_still_counts),
		cmocka_unit_test(a_movement_that_is_there_already_is_not_counted_again),
		cmocka_unit_test(a_use_of_an_unknown_part_waits_for_it),
		cmocka_unit_test(a_balance_lives_in_its_locations_territory),
		cmocka_unit_test(the_order_of_arrival_changes_no_balance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
