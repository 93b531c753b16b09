/* Who gets what: rows come with jobs and homes, and go with them. */
#include "tests/unit/protocol/sync/pair.h"

static void a_job_elsewhere_brings_what_it_needs(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), site = organisation_id(RECORD_SITE, 0), visit;

	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
	assert_false(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order));
	visit = pair_book(pair, &order, 2);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_VISIT, &visit));
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order));
	assert_true(pair_on_device(pair, 2, RECORD_SITE, &site));
}

static void a_job_that_is_taken_away_is_purged(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), site = organisation_id(RECORD_SITE, 0), visit = pair_book(pair, &order, 2);
	const struct reassign_arguments reassign = { .technician_id = organisation_id(RECORD_TECHNICIAN, 0), .reason = text_of("nearer") };

	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_SITE, &site));
	pair_office(pair, OPERATION_REASSIGN, &visit, &reassign);
	pair_settle(pair);
	assert_false(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order));
	assert_false(pair_on_device(pair, 2, RECORD_SITE, &site));
	assert_true(pair_on_device(pair, 2, RECORD_VISIT, &visit)); /* the technician's own, cancelled */
	assert_false(pair_on_device(pair, 1, RECORD_VISIT, &visit) && !pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
}

static void nothing_is_purged_while_work_on_it_is_pending(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2), remark;
	const struct reason_arguments cancel = { .reason = text_of("called off") };

	pair_settle(pair);
	pair_device(pair, 2)->link_up = false;
	remark = pair_note(pair, 2, &order);
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
	for (int i = 0; i < 50; i++)
		(void)simulation_step(pair);
	assert_true(pair_on_device(pair, 2, RECORD_NOTE, &remark));
	pair_device(pair, 2)->link_up = true;
	device_node_go(pair, pair_device(pair, 2));
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_false(pair_on_device(pair, 2, RECORD_NOTE, &remark));
}

static void a_row_that_changes_home_moves_from_device_to_device(void **state)
{
	struct simulation *pair = *state;
	struct id asset = organisation_id(RECORD_ASSET, 0), valley = organisation_id(RECORD_TERRITORY, 1);

	assert_true(pair_on_device(pair, 1, RECORD_ASSET, &asset));
	assert_false(pair_on_device(pair, 2, RECORD_ASSET, &asset));
	pair_set_id(pair, RECORD_ASSET, &asset, "territory_id", &valley);
	pair_settle(pair);
	assert_false(pair_on_device(pair, 1, RECORD_ASSET, &asset));
	assert_true(pair_on_device(pair, 2, RECORD_ASSET, &asset));
}

static void a_technician_who_changes_territory_gets_the_other_one(void **state)
{
	struct simulation *pair = *state;
	struct id technician = organisation_id(RECORD_TECHNICIAN, 1), coast = organisation_id(RECORD_TERRITORY, 0);
	struct id here = organisation_id(RECORD_SITE, 0), there = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 0);

	(void)pair_book(pair, &order, 2); /* one site of the new territory is here already, by a job */
	pair_settle(pair);
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &coast);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_SITE, &here));
	assert_false(pair_on_device(pair, 2, RECORD_SITE, &there));
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, 0);
}

/* A row that a job brought lives in a territory; while the device is away it leaves that, the job ends, and the technician comes to it. */
static void a_row_that_left_before_its_territory_came_goes(void **state)
{
	struct simulation *pair = *state;
	struct id technician = organisation_id(RECORD_TECHNICIAN, 1), coast = organisation_id(RECORD_TERRITORY, 0);
	struct id valley = organisation_id(RECORD_TERRITORY, 1), site = organisation_id(RECORD_SITE, 0);
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2);
	const struct reason_arguments cancel = { .reason = text_of("called off") };

	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_SITE, &site));
	device_node_kill(pair, pair_device(pair, 2));
	pair_set_id(pair, RECORD_SITE, &site, "territory_id", &valley);
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &coast);
	pair_settle(pair);
	assert_false(pair_on_device(pair, 2, RECORD_SITE, &site));
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order)); /* of the coast */
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, 0);
}

/* What a device computes in a scope that it holds by a job only is linked in the commit that decides it. */
static void an_own_remark_on_a_job_elsewhere_stays(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	remark = pair_note(pair, 2, &order);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_NOTE, &remark));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark));
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_job_elsewhere_brings_what_it_needs, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_that_is_taken_away_is_purged, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(nothing_is_purged_while_work_on_it_is_pending, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_changes_home_moves_from_device_to_device, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_technician_who_changes_territory_gets_the_other_one, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_left_before_its_territory_came_goes, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_own_remark_on_a_job_elsewhere_stays, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
