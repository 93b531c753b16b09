#include "protocol/domain/device.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/technician.h"
#include "tests/unit/protocol/domain/world.h"

static struct world world;

static int begin(void **state)
{
	(void)state;
	world_init(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_finish(&world);
	return 0;
}

static struct verdict create(enum record_kind kind, struct id subject, uint8_t technician, enum role role, const void *row)
{
	struct operation operation = world_operation(OPERATION_CREATE, subject, technician, row);

	operation.head.record = kind;
	operation.head.role = role;
	return world_decide(&world, &operation);
}

static struct work_order order_in(uint8_t territory)
{
	return (struct work_order){
		.title = text_of("Lift door stuck"),
		.territory_id = world_id(RECORD_TERRITORY, territory),
		.released = true,
	};
}

static void a_new_record_has_its_operations_id(void **state)
{
	const struct work_order order = order_in(COAST);
	const struct work_order *stored;

	(void)state;
	assert_rule(create(RECORD_WORK_ORDER, (struct id){ 0 }, ANNA, ROLE_TECHNICIAN, &order), OUTCOME_APPLIED, "");
	stored = world_find(&world, RECORD_WORK_ORDER, (struct id){ { [0] = 0xee, [15] = 1 } });
	assert_non_null(stored);
	assert_int_equal(stored->state, WORK_ORDER_STATE_UNSCHEDULED);
}

static void importing_twice_changes_nothing(void **state)
{
	struct work_order order = order_in(COAST);
	struct id id = world_id(RECORD_WORK_ORDER, 7);

	(void)state;
	order.source = text_of("imported");
	order.source_id = text_of("W-1");
	order.closed_at_ms = NOON;
	assert_rule(create(RECORD_WORK_ORDER, id, 0, ROLE_IMPORT, &order), OUTCOME_APPLIED, "");
	assert_int_equal(world_order(&world, 7)->state, WORK_ORDER_STATE_CLOSED);
	assert_rule(create(RECORD_WORK_ORDER, id, 0, ROLE_IMPORT, &order), OUTCOME_APPLIED_NOTE, "no_op");
	assert_int_equal(world_count(&world, RECORD_WORK_ORDER), 2);
}

static void what_exists_is_kept_as_it_stands(void **state)
{
	struct work_order order = order_in(COAST);
	struct id id = world_id(RECORD_WORK_ORDER, 7);
	struct verdict verdict;

	(void)state;
	assert_rule(create(RECORD_WORK_ORDER, id, 0, ROLE_IMPORT, &order), OUTCOME_APPLIED, "");
	order.title = text_of("Something else");
	verdict = create(RECORD_WORK_ORDER, id, 0, ROLE_IMPORT, &order);
	assert_rule(verdict, OUTCOME_APPLIED_NOTE, "exists");
	assert_text(verdict.field, "title");
	assert_text(world_order(&world, 7)->title, "Lift door stuck");
}

static void a_child_waits_for_its_parent(void **state)
{
	struct work_order order = order_in(COAST);
	const struct site site = { .name = text_of("Pier 4"), .territory_id = world_id(RECORD_TERRITORY, COAST) };
	struct operation child;
	struct verdict verdict;

	(void)state;
	order.site_id = world_id(RECORD_SITE, 3);
	child = world_operation(OPERATION_CREATE, world_id(RECORD_WORK_ORDER, 7), 0, &order);
	child.head.record = RECORD_WORK_ORDER;
	verdict = world_decide_as(&world, &child, 900);
	assert_rule(verdict, OUTCOME_PARKED, "missing_record");
	assert_true(id_equal(&verdict.waits_for, &order.site_id));
	assert_rule(create(RECORD_SITE, order.site_id, 0, ROLE_DISPATCHER, &site), OUTCOME_APPLIED, "");
	assert_rule(world_decide_as(&world, &child, 900), OUTCOME_APPLIED, "");
	assert_int_equal(world_count(&world, RECORD_OPERATION), 0);
}

static void a_technician_opens_orders_in_the_own_territory_only(void **state)
{
	const struct work_order order = order_in(VALLEY);

	(void)state;
	assert_rule(create(RECORD_WORK_ORDER, (struct id){ 0 }, ANNA, ROLE_TECHNICIAN, &order), OUTCOME_PARKED, "not_your_territory");
	assert_rule(create(RECORD_WORK_ORDER, (struct id){ 0 }, CLEO, ROLE_TECHNICIAN, &order), OUTCOME_APPLIED, "");
}

static void a_create_without_the_right_is_parked(void **state)
{
	const struct site site = { .name = text_of("Pier 4"), .territory_id = world_id(RECORD_TERRITORY, COAST) };
	const struct device device = { .name = text_of("tablet"), .technician_id = world_id(RECORD_TECHNICIAN, ANNA) };

	(void)state;
	assert_rule(create(RECORD_SITE, (struct id){ 0 }, ANNA, ROLE_TECHNICIAN, &site), OUTCOME_PARKED, "not_allowed");
	assert_rule(create(RECORD_DEVICE, (struct id){ 0 }, 0, ROLE_DISPATCHER, &device), OUTCOME_PARKED, "not_allowed");
	assert_rule(create(RECORD_DEVICE, (struct id){ 0 }, 0, ROLE_SYSTEM, &device), OUTCOME_APPLIED, "");
	assert_int_equal(world_count(&world, RECORD_SITE), 0);
}

static void nobody_creates_what_handlers_derive(void **state)
{
	struct work_order order = order_in(COAST);
	const struct issue issue = { .kind = ISSUE_KIND_FORK };

	(void)state;
	order.state = WORK_ORDER_STATE_COMPLETED;
	assert_rule(create(RECORD_WORK_ORDER, (struct id){ 0 }, 0, ROLE_DISPATCHER, &order), OUTCOME_PARKED, "bad_form");
	assert_rule(create(RECORD_ISSUE, (struct id){ 0 }, 0, ROLE_SYSTEM, &issue), OUTCOME_PARKED, "not_allowed");
	assert_rule(create(RECORD_OPERATION, (struct id){ 0 }, 0, ROLE_SYSTEM, &issue), OUTCOME_PARKED, "not_allowed");
}

static void an_order_starts_the_request_behind_it(void **state)
{
	const struct service_request request = { .text = text_of("it leaks"), .territory_id = world_id(RECORD_TERRITORY, COAST) };
	struct work_order order = order_in(COAST);
	const struct service_request *stored;

	(void)state;
	order.request_id = world_id(RECORD_SERVICE_REQUEST, 1);
	assert_rule(create(RECORD_SERVICE_REQUEST, order.request_id, 0, ROLE_DISPATCHER, &request), OUTCOME_APPLIED, "");
	assert_rule(create(RECORD_WORK_ORDER, (struct id){ 0 }, 0, ROLE_DISPATCHER, &order), OUTCOME_APPLIED, "");
	stored = world_find(&world, RECORD_SERVICE_REQUEST, order.request_id);
	assert_int_equal(stored->state, SERVICE_REQUEST_STATE_IN_WORK);
	assert_int_equal(stored->opened_at_ms, NOON);
}

static void a_movement_from_a_place_to_itself_is_malformed(void **state)
{
	const struct movement movement = {
		.part_id = world_id(RECORD_PART, 1),
		.quantity = 1,
		.from_location_id = world_id(RECORD_STOCK_LOCATION, DEPOT),
		.to_location_id = world_id(RECORD_STOCK_LOCATION, DEPOT),
	};

	(void)state;
	assert_rule(create(RECORD_MOVEMENT, (struct id){ 0 }, 0, ROLE_DISPATCHER, &movement), OUTCOME_PARKED, "bad_form");
	assert_int_equal(world_count(&world, RECORD_MOVEMENT), 0);
}

static void what_moves_on_a_visit_belongs_to_its_order(void **state)
{
	const struct visit visit = { .id = world_id(RECORD_VISIT, 77), .work_order_id = world_id(RECORD_WORK_ORDER, 7) };
	const struct movement movement = {
		.part_id = world_id(RECORD_PART, 1),
		.quantity = 1,
		.from_location_id = location_vendor,
		.to_location_id = location_customer,
		.visit_id = visit.id,
	};
	const struct movement *stored;

	(void)state;
	world_put(&world, RECORD_VISIT, &visit);
	assert_rule(create(RECORD_MOVEMENT, (struct id){ 0 }, 0, ROLE_DISPATCHER, &movement), OUTCOME_APPLIED, "");
	stored = world_find(&world, RECORD_MOVEMENT, (struct id){ { [0] = 0xee, [15] = 1 } });
	assert_true(id_equal(&stored->work_order_id, &visit.work_order_id));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_new_record_has_its_operations_id),
		IN_A_WORLD(importing_twice_changes_nothing),
		IN_A_WORLD(what_exists_is_kept_as_it_stands),
		IN_A_WORLD(a_child_waits_for_its_parent),
		IN_A_WORLD(a_technician_opens_orders_in_the_own_territory_only),
		IN_A_WORLD(a_create_without_the_right_is_parked),
		IN_A_WORLD(nobody_creates_what_handlers_derive),
		IN_A_WORLD(an_order_starts_the_request_behind_it),
		IN_A_WORLD(a_movement_from_a_place_to_itself_is_malformed),
		IN_A_WORLD(what_moves_on_a_visit_belongs_to_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
