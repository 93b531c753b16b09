/* Who gets what: rows come with jobs and homes, and go with them. */
#include "protocol/domain/contact.h"
#include "protocol/domain/device.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/task.h"
#include "protocol/domain/territory_grant.h"
#include "protocol/sync/grants.h"
#include "protocol/sync/publish.h"
#include "protocol/sync/server_core_inner.h"
#include "tests/unit/protocol/sync/pair.h"

/* Nothing had to be fetched again, and what the device has is what the server gives it. */
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

/* Door codes are at home on no device: those with a job on the site read them, and the territory's others do not. */
static void a_door_code_comes_with_a_job_and_goes_with_it(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), site = organisation_id(RECORD_SITE, 0), visit;
	struct id access = organisation_id(RECORD_SITE_ACCESS, 0);
	const struct reason_arguments cancel = { .reason = text_of("called off") };

	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_SITE, &site));
	assert_false(pair_on_device(pair, 1, RECORD_SITE_ACCESS, &access));
	visit = pair_book(pair, &order, 2);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_SITE_ACCESS, &access));
	assert_false(pair_on_device(pair, 1, RECORD_SITE_ACCESS, &access));
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
	pair_settle(pair);
	assert_false(pair_on_device(pair, 2, RECORD_SITE_ACCESS, &access));
	pair_assert_fits(pair, 1);
	pair_assert_fits(pair, 2);
}

/* Tasks of the order, people of the customer, meters of the machine: also those that are made when the job is out already. */
static void what_a_job_needs_comes_when_it_is_made_later(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), asset = organisation_id(RECORD_ASSET, 0);
	const struct contact contact = { .account_id = organisation_id(RECORD_ACCOUNT, 0), .name = text_of("the new caretaker") };
	const struct task task = { .work_order_id = order, .title = text_of("door closes") };
	const struct meter meter = { .asset_id = asset, .name = text_of("doors moved") };
	struct id made[3];

	pair_set_id(pair, RECORD_WORK_ORDER, &order, "asset_id", &asset);
	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_ASSET, &asset));
	made[0] = pair_make(pair, RECORD_CONTACT, &contact);
	made[1] = pair_make(pair, RECORD_TASK, &task);
	made[2] = pair_make(pair, RECORD_METER, &meter);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_CONTACT, &made[0]));
	assert_true(pair_on_device(pair, 2, RECORD_TASK, &made[1]));
	assert_true(pair_on_device(pair, 2, RECORD_METER, &made[2]));
	pair_assert_fits(pair, 2);
}

/* Its author goes on holding what came after the closing, though it is linked only then. */
static void a_late_fact_on_a_job_elsewhere_stays(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2), late;
	const struct photo_arguments photo = { .caption = text_of("how it was left") };
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_PARTIAL, .signer_name = text_of("the caretaker") };
	const struct reason_arguments close = { .reason = text_of("looked at") };

	pair_settle(pair);
	(void)pair_do(pair, 2, OPERATION_FINISH, &visit, &finish);
	pair_settle(pair);
	pair_office(pair, OPERATION_CLOSE, &order, &close);
	late = pair_do(pair, 2, OPERATION_ADD_PHOTO, &visit, &photo);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_ATTACHMENT, &late));
	assert_true(pair_on_device(pair, 1, RECORD_ATTACHMENT, &late));
	pair_assert_fits(pair, 2);
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

static void a_note_on_a_sent_job_reaches_its_device_without_a_new_seed(void **state)
{
	struct simulation *pair = *state;
	struct id elsewhere = pair_order(pair, 0), at_home = pair_order(pair, 1);
	const struct note_arguments remark = { .text = text_of("ask for the key") };
	int64_t rows;

	(void)pair_book(pair, &elsewhere, 2);
	(void)pair_book(pair, &at_home, 2);
	pair_settle(pair);
	rows = device_core_state(pair_device(pair, 2)->core).rows_received;
	for (int i = 0; i < 3; i++) {
		pair_office(pair, OPERATION_ADD_NOTE, &elsewhere, &remark);
		pair_office(pair, OPERATION_ADD_NOTE, &at_home, &remark);
		(void)pair_note(pair, 2, &at_home);
		pair_settle(pair);
	}
	/* one row of the first, a row and its membership of the second, the membership of the third */
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).rows_received, rows + 12);
	pair_assert_fits(pair, 2);
}

/* Left and entered again while the device is away, with changes at every moment. */
static void a_territory_that_is_given_back_fits(void **state)
{
	struct simulation *pair = *state;
	struct id technician = organisation_id(RECORD_TECHNICIAN, 1), coast = organisation_id(RECORD_TERRITORY, 0);
	struct id valley = organisation_id(RECORD_TERRITORY, 1), site = organisation_id(RECORD_SITE, 1), order;

	pair_settle(pair);
	device_node_kill(pair, pair_device(pair, 2));
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &coast);
	pair_set_id(pair, RECORD_SITE, &site, "territory_id", &coast);
	order = pair_order(pair, 1);
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &valley);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order));
	assert_false(pair_on_device(pair, 2, RECORD_SITE, &site));
	pair_assert_fits(pair, 2);
	pair_assert_fits(pair, 1);
}

static void a_job_that_is_given_back_fits(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2);
	const struct reason_arguments cancel = { .reason = text_of("called off") };
	const struct note_arguments remark = { .text = text_of("ask for the key") };

	pair_settle(pair);
	device_node_kill(pair, pair_device(pair, 2));
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
	pair_office(pair, OPERATION_ADD_NOTE, &order, &remark);
	visit = pair_book(pair, &order, 2);
	pair_office(pair, OPERATION_ADD_NOTE, &order, &remark);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_VISIT, &visit));
	pair_assert_fits(pair, 2);
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel); /* the same while it is there */
	pair_settle(pair);
	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	pair_assert_fits(pair, 2);
}

/* Gives device 2 another technician or state, as a commit of the office does. */
static void change_device(struct simulation *pair, const struct id *technician, enum device_state device_state)
{
	struct server_store *store = pair->server.store;
	const struct id id = organisation_device_id(2);
	struct server_state now;
	struct commit commit;
	struct overlay overlay;
	struct device device;
	const void *row;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &now), STATUS_OK);
	commit_init(&commit, store, NULL, &pair->arena, now.gseq + 1);
	overlay_init(&overlay, server_store_records(store), &pair->arena);
	assert_int_equal(records_get(&overlay.records, RECORD_DEVICE, &id, &row), STATUS_OK);
	device = *(const struct device *)row;
	device.technician_id = *technician;
	device.state = device_state;
	assert_int_equal(records_put(&overlay.records, RECORD_DEVICE, &device), STATUS_OK);
	assert_int_equal(publish_changes(&commit, &overlay, 0), STATUS_OK);
	assert_int_equal(publish_finish(&commit), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	server_store_reset_rows(store);
}

static bool is_granted(struct simulation *pair, enum scope_kind kind, struct id id)
{
	struct server_store *store = pair->server.store;
	const struct id device = organisation_device_id(2);
	const struct scope scope = { kind, id };
	struct grant_entry *grants;
	struct scope_state wanted;
	size_t count;
	bool granted = false;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_scope(store, &scope, &wanted), STATUS_OK);
	assert_int_equal(server_store_grants(store, &device, INT64_MAX, &pair->arena, &grants, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		granted = granted || (grants[i].scope == wanted.number && grants[i].until_gseq == 0);
	server_store_rollback(store);
	return granted;
}

static void a_device_of_another_technician_holds_nothing_of_the_one_before(void **state)
{
	struct simulation *pair = *state;
	struct id one = organisation_id(RECORD_TECHNICIAN, 0), two = organisation_id(RECORD_TECHNICIAN, 1);
	struct id coast = organisation_id(RECORD_TERRITORY, 0), valley = organisation_id(RECORD_TERRITORY, 1), nil = { 0 };
	struct id elsewhere = pair_order(pair, 0), shared = pair_order(pair, 0);

	(void)pair_book(pair, &elsewhere, 2);
	(void)pair_book(pair, &shared, 2);
	(void)pair_book(pair, &shared, 1);
	change_device(pair, &one, DEVICE_STATE_ACTIVE);
	assert_false(is_granted(pair, SCOPE_TECHNICIAN, two) || is_granted(pair, SCOPE_TERRITORY, valley));
	assert_false(is_granted(pair, SCOPE_JOB, elsewhere));
	assert_true(is_granted(pair, SCOPE_TECHNICIAN, one) && is_granted(pair, SCOPE_TERRITORY, coast));
	assert_true(is_granted(pair, SCOPE_JOB, shared) && is_granted(pair, SCOPE_ORG_ALL, nil));
}

static void a_device_that_is_not_active_holds_nothing(void **state)
{
	struct simulation *pair = *state;
	struct id two = organisation_id(RECORD_TECHNICIAN, 1), valley = organisation_id(RECORD_TERRITORY, 1), nil = { 0 };
	struct id order = pair_order(pair, 0);

	(void)pair_book(pair, &order, 2);
	change_device(pair, &two, DEVICE_STATE_DRAINING);
	assert_false(is_granted(pair, SCOPE_TECHNICIAN, two) || is_granted(pair, SCOPE_TERRITORY, valley));
	assert_false(is_granted(pair, SCOPE_JOB, order) || is_granted(pair, SCOPE_ORG_ALL, nil));
	change_device(pair, &two, DEVICE_STATE_ACTIVE);
	assert_true(is_granted(pair, SCOPE_TECHNICIAN, two) && is_granted(pair, SCOPE_JOB, order));
}

static void end_territory_grant(struct simulation *pair, const struct id *id)
{
	struct territory_grant before, after;
	const struct schema *schema = schema_find(RECORD_TERRITORY_GRANT);
	const struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = RECORD_TERRITORY_GRANT, .subject = *id,
						     .role = ROLE_DISPATCHER, .at_ms = WALL_START_MS },
		.arguments = &after,
		.old_values = &before,
		.mask = UINT64_C(1) << schema_field(schema, text_of("ended"))->tag };
	struct verdict verdict;
	struct id made;
	const void *row;

	assert_int_equal(records_get(server_store_records(pair->server.store), RECORD_TERRITORY_GRANT, id, &row), STATUS_OK);
	before = after = *(const struct territory_grant *)row;
	server_store_reset_rows(pair->server.store);
	after.ended = true;
	assert_true(server_node_operation(pair, &operation, &verdict, &made));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
}

static void a_further_territory_comes_with_its_grant_and_goes_with_it(void **state)
{
	struct simulation *pair = *state;
	const struct territory_grant wanted = { .technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.territory_id = organisation_id(RECORD_TERRITORY, 1) };
	const struct operation create = { .head = { .kind = OPERATION_CREATE, .record = RECORD_TERRITORY_GRANT, .role = ROLE_DISPATCHER,
						  .at_ms = WALL_START_MS },
		.arguments = &wanted };
	struct id home = organisation_id(RECORD_SITE, 0), further = organisation_id(RECORD_SITE, 1), given;
	struct verdict verdict;

	pair_settle(pair);
	assert_false(pair_on_device(pair, 1, RECORD_SITE, &further));
	assert_true(server_node_operation(pair, &create, &verdict, &given));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_SITE, &home) && pair_on_device(pair, 1, RECORD_SITE, &further));
	pair_assert_fits(pair, 1);
	end_territory_grant(pair, &given);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_SITE, &home));
	assert_false(pair_on_device(pair, 1, RECORD_SITE, &further));
	pair_assert_fits(pair, 1);
}

static void close_order(struct simulation *pair, const struct id *id)
{
	struct server_store *store = pair->server.store;
	struct server_state now;
	struct commit commit;
	struct overlay overlay;
	struct work_order order;
	const void *row;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &now), STATUS_OK);
	commit_init(&commit, store, NULL, &pair->arena, now.gseq + 1);
	overlay_init(&overlay, server_store_records(store), &pair->arena);
	assert_int_equal(records_get(&overlay.records, RECORD_WORK_ORDER, id, &row), STATUS_OK);
	order = *(const struct work_order *)row;
	order.closed_at_ms = clock_now_ms(&pair->server.clock);
	assert_int_equal(records_put(&overlay.records, RECORD_WORK_ORDER, &order), STATUS_OK);
	assert_int_equal(publish_changes(&commit, &overlay, 0), STATUS_OK);
	assert_int_equal(publish_finish(&commit), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	server_store_reset_rows(store);
}

static void a_job_stays_for_a_fortnight_after_its_order_was_closed(void **state)
{
	const int64_t day_ms = (int64_t)24 * 3600 * 1000;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), site = organisation_id(RECORD_SITE, 0);

	(void)pair_book(pair, &order, 2); /* from elsewhere */
	pair_settle(pair);
	close_order(pair, &order);
	pair->now_ms += 13 * day_ms;
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order) && pair_on_device(pair, 2, RECORD_SITE, &site));
	pair->now_ms += 2 * day_ms;
	pair_settle(pair);
	while (pair_on_device(pair, 2, RECORD_WORK_ORDER, &order))
		assert_true(simulation_step(pair));
	assert_false(pair_on_device(pair, 2, RECORD_SITE, &site));
	pair_settle(pair);
	pair_assert_fits(pair, 2);
}

static void many_jobs_in_one_commit_cost_the_memory_of_one(void **state)
{
	enum {
		JOBS = 300
	};
	struct simulation *pair = *state;
	struct server_effect effect;
	size_t before;
	struct id made;

	stream_for_libsodium(&pair->server.stream);
	for (int i = 0; i < JOBS; i++) {
		const struct work_order order = { .territory_id = organisation_id(RECORD_TERRITORY, 0), .title = text_of("one of many") };
		assert_int_equal(
			organisation_make(pair->server.core, RECORD_WORK_ORDER, &order, ROLE_IMPORT, WALL_START_MS, &made), STATUS_OK);
	}
	before = pair->server.core->commit_arena.used;
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	assert_true(pair->server.core->commit_arena.used < before + (size_t)64 * 1024);
	while (server_core_next(pair->server.core, &effect))
		if (effect.kind == SERVER_EFFECT_COMMIT)
			assert_int_equal(server_core_committed(pair->server.core, server_store_commit(pair->server.store)), STATUS_OK);
	assert_true(pair_on_server(pair, RECORD_WORK_ORDER, &made));
}

static void a_grant_is_found_by_its_scope(void **state)
{
	struct grant_entry grants[9];

	(void)state;
	for (size_t i = 0; i < LENGTH(grants); i++)
		grants[i] = (struct grant_entry){ .scope = 10 + 2 * (int64_t)i };
	for (size_t count = 0; count <= LENGTH(grants); count++) {
		for (size_t i = 0; i < count; i++)
			assert_ptr_equal(grants_find(grants, count, grants[i].scope), &grants[i]);
		for (int64_t scope = 9; scope <= 10 + 2 * (int64_t)count; scope += 2)
			assert_null(grants_find(grants, count, scope));
		assert_null(grants_find(grants, count, 10 + 2 * (int64_t)count));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_is_found_by_its_scope),
		cmocka_unit_test_setup_teardown(a_job_elsewhere_brings_what_it_needs, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_door_code_comes_with_a_job_and_goes_with_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_a_job_needs_comes_when_it_is_made_later, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_late_fact_on_a_job_elsewhere_stays, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_that_is_taken_away_is_purged, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(nothing_is_purged_while_work_on_it_is_pending, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_changes_home_moves_from_device_to_device, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_technician_who_changes_territory_gets_the_other_one, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_left_before_its_territory_came_goes, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_own_remark_on_a_job_elsewhere_stays, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_note_on_a_sent_job_reaches_its_device_without_a_new_seed, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_territory_that_is_given_back_fits, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_that_is_given_back_fits, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_device_of_another_technician_holds_nothing_of_the_one_before, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_device_that_is_not_active_holds_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_further_territory_comes_with_its_grant_and_goes_with_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_stays_for_a_fortnight_after_its_order_was_closed, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(many_jobs_in_one_commit_cost_the_memory_of_one, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
