/* What belongs to a job: what it refers to, what was done here before, and how much of it at most. */
#include "protocol/domain/asset.h"
#include "protocol/domain/attachment.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/note.h"
#include "protocol/sync/closure.h"
#include "protocol/sync/job.h"
#include "tests/unit/protocol/sync/by_store.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* An order on asset 0 of the first territory, closed so long ago, with one visit that did it. */
static struct id past_order(struct simulation *pair, unsigned number, int64_t days)
{
	const int64_t at_ms = clock_now_ms(&pair->server.clock) - days * DAY_MS;
	const struct work_order order = { .id = by_store_id("past", number),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.asset_id = organisation_id(RECORD_ASSET, 0),
		.title = text_of("bearing renewed"),
		.completed_at_ms = at_ms,
		.closed_at_ms = at_ms };
	const struct visit visit = { .id = by_store_id("past visit", number),
		.work_order_id = order.id,
		.technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.state = VISIT_STATE_DONE,
		.finished_at_ms = at_ms,
		.text = text_of("left bearing, 6204") };
	const struct note note = { .id = by_store_id("past note", number),
		.work_order_id = order.id,
		.territory_id = order.territory_id,
		.text = text_of("pay first") };
	struct by_store by;

	by_store_begin(&by, pair);
	by_store_put(&by, RECORD_WORK_ORDER, &order);
	by_store_put(&by, RECORD_VISIT, &visit);
	by_store_put(&by, RECORD_NOTE, &note);
	(void)by_store_end(&by);
	return order.id;
}

/* An order about asset 0. */
static struct id order_on_asset(struct simulation *pair)
{
	struct id order = pair_order(pair, 0), asset = organisation_id(RECORD_ASSET, 0);

	pair_set_id(pair, RECORD_WORK_ORDER, &order, "asset_id", &asset);
	return order;
}

static void what_was_done_here_before_comes_with_the_job(void **state)
{
	struct simulation *pair = *state;
	struct id order, visit, note;

	for (unsigned i = 0; i < 12; i++)
		(void)past_order(pair, i, 30 + (int64_t)i);
	(void)past_order(pair, 12, 731);
	order = order_on_asset(pair);
	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	for (unsigned i = 0; i < 13; i++) {
		struct id past = by_store_id("past", i);
		visit = by_store_id("past visit", i);
		note = by_store_id("past note", i);
		assert_int_equal(pair_on_device(pair, 2, RECORD_WORK_ORDER, &past), i < HISTORY_ORDERS_MAX);
		assert_int_equal(pair_on_device(pair, 2, RECORD_VISIT, &visit), i < HISTORY_VISITS_MAX);
		assert_false(pair_on_device(pair, 2, RECORD_NOTE, &note));
	}
	pair_assert_fits(pair, 2);
}

static void what_is_done_meanwhile_becomes_history_of_the_other_job(void **state)
{
	struct simulation *pair = *state;
	struct id first = order_on_asset(pair), second = order_on_asset(pair), visit = pair_book(pair, &first, 1);
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_FIXED,
		.cause_code = text_of("WEAR"),
		.action_code = text_of("REPLACED"),
		.signer_name = text_of("the caretaker") };

	(void)pair_book(pair, &second, 2);
	pair_settle(pair);
	assert_false(pair_on_device(pair, 2, RECORD_WORK_ORDER, &first));
	(void)pair_do(pair, 1, OPERATION_FINISH, &visit, &finish);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &first));
	assert_true(pair_on_device(pair, 2, RECORD_VISIT, &visit));
	pair_assert_fits(pair, 2);
}

static void who_goes_over_to_another_customer_goes_with_its_jobs(void **state)
{
	struct simulation *pair = *state;
	struct contact contact = { .id = by_store_id("contact", 0),
		.account_id = organisation_id(RECORD_ACCOUNT, 0),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.name = text_of("the new caretaker") };
	struct meter meter = { .id = by_store_id("meter", 0),
		.asset_id = organisation_id(RECORD_ASSET, 2),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.name = text_of("doors") };
	struct id order = order_on_asset(pair);

	(void)by_store_put_one(pair, RECORD_CONTACT, &contact);
	(void)by_store_put_one(pair, RECORD_METER, &meter);
	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_CONTACT, &contact.id));
	assert_false(pair_on_device(pair, 2, RECORD_METER, &meter.id));
	contact.account_id = organisation_id(RECORD_ACCOUNT, 2);
	meter.asset_id = organisation_id(RECORD_ASSET, 0);
	assert_int_equal(by_store_put_one(pair, RECORD_CONTACT, &contact), 1);
	assert_int_equal(by_store_put_one(pair, RECORD_METER, &meter), 1);
	by_store_settle(pair);
	assert_false(pair_on_device(pair, 2, RECORD_CONTACT, &contact.id));
	assert_true(pair_on_device(pair, 2, RECORD_METER, &meter.id));
	pair_assert_fits(pair, 2);
}

/* Whatever a job cannot do without comes first; what goes over the top is told. */
static void a_job_of_too_many_rows_is_cut_and_says_so(void **state)
{
	struct simulation *pair = *state;
	struct id order = order_on_asset(pair), visit, site = organisation_id(RECORD_SITE, 0);
	struct by_store by;

	(void)past_order(pair, 0, 30);
	visit = pair_book(pair, &order, 2);
	by_store_begin(&by, pair);
	for (unsigned i = 0; i < CLOSURE_ROWS_MAX; i++) {
		const struct note note = { .id = by_store_id("note", i),
			.work_order_id = order,
			.territory_id = organisation_id(RECORD_TERRITORY, 0),
			.text = text_of("one of many") };
		by_store_put(&by, RECORD_NOTE, &note);
	}
	assert_int_equal(by_store_end(&by), 1);
	assert_int_equal(by.commit.overfull_count, 1);
	assert_true(id_equal(&by.commit.overfull, &order));
	assert_int_equal(by_store_job_rows(pair, &order), CLOSURE_ROWS_MAX);
	by_store_settle(pair);
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, 0);
	assert_true(pair_on_device(pair, 2, RECORD_VISIT, &visit) && pair_on_device(pair, 2, RECORD_SITE, &site));
}

static void a_job_that_nobody_has_links_nothing(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2), done = pair_order(pair, 0), other;
	const struct reason_arguments cancel = { .reason = text_of("called off") }, close = { .reason = text_of("looked at") };
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_PARTIAL, .signer_name = text_of("the caretaker") };

	other = pair_book(pair, &done, 2);
	pair_settle(pair);
	assert_true(by_store_job_rows(pair, &order) > 0);
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
	assert_int_equal(by_store_job_rows(pair, &order), 0);
	(void)pair_do(pair, 2, OPERATION_FINISH, &other, &finish);
	pair_settle(pair);
	pair_office(pair, OPERATION_CLOSE, &done, &close);
	assert_true(by_store_job_rows(pair, &done) > 0);
	pair->now_ms += JOB_LIFE_MS + DAY_MS;
	pair_settle(pair);
	while (by_store_job_rows(pair, &done) > 0)
		assert_true(simulation_step(pair));
	pair_settle(pair);
	assert_false(pair_on_device(pair, 2, RECORD_WORK_ORDER, &done));
	pair_assert_fits(pair, 2);
	pair_office(pair, OPERATION_REOPEN_ORDER, &done, &close); /* it was not done after all */
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &done));
	pair_assert_fits(pair, 2);
}

/* A remark that is changed, a visit that goes on: no job gets other rows by it, and none is walked. */
static void only_jobs_whose_links_may_change_are_walked(void **state)
{
	struct simulation *pair = *state;
	struct id order = order_on_asset(pair), visit_id = pair_book(pair, &order, 2), asset_id = organisation_id(RECORD_ASSET, 0);
	struct note note = { .id = by_store_id("note", 0),
		.work_order_id = order,
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.text = text_of("ring twice") };
	struct work_order never_sent = { .id = by_store_id("order", 0), .territory_id = organisation_id(RECORD_TERRITORY, 0) };
	struct asset asset;
	struct visit visit;
	const void *row;

	assert_int_equal(by_store_put_one(pair, RECORD_WORK_ORDER, &never_sent), 0);
	assert_int_equal(by_store_put_one(pair, RECORD_NOTE, &note), 1);
	note.late = true;
	assert_int_equal(by_store_put_one(pair, RECORD_NOTE, &note), 0);
	assert_int_equal(records_get(server_store_records(pair->server.store), RECORD_VISIT, &visit_id, &row), STATUS_OK);
	visit = *(const struct visit *)row_copy(&pair->arena, &visit_schema, row);
	visit.state = VISIT_STATE_ACCEPTED;
	assert_int_equal(by_store_put_one(pair, RECORD_VISIT, &visit), 0);
	assert_int_equal(records_get(server_store_records(pair->server.store), RECORD_ASSET, &asset_id, &row), STATUS_OK);
	asset = *(const struct asset *)row_copy(&pair->arena, &asset_schema, row);
	asset.name = text_of("press, left");
	assert_int_equal(by_store_put_one(pair, RECORD_ASSET, &asset), 0);
	asset.site_id = organisation_id(RECORD_SITE, 2);
	assert_int_equal(by_store_put_one(pair, RECORD_ASSET, &asset), 1);
	by_store_settle(pair);
	pair_assert_fits(pair, 2);
}

static void a_row_that_is_given_to_an_order_comes_with_its_job(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct attachment attachment = { .id = by_store_id("attachment", 1), .territory_id = organisation_id(RECORD_TERRITORY, 0) };
	int64_t rows;

	(void)pair_book(pair, &order, 2);
	rows = by_store_job_rows(pair, &order);
	(void)by_store_put_one(pair, RECORD_ATTACHMENT, &attachment);
	assert_int_equal(by_store_job_rows(pair, &order), rows);
	attachment.work_order_id = order;
	(void)by_store_put_one(pair, RECORD_ATTACHMENT, &attachment);
	assert_int_equal(by_store_job_rows(pair, &order), rows + 1);
	attachment.work_order_id = (struct id){ 0 };
	(void)by_store_put_one(pair, RECORD_ATTACHMENT, &attachment);
	assert_int_equal(by_store_job_rows(pair, &order), rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_done_here_before_comes_with_the_job, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_done_meanwhile_becomes_history_of_the_other_job, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(who_goes_over_to_another_customer_goes_with_its_jobs, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_of_too_many_rows_is_cut_and_says_so, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_that_nobody_has_links_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(only_jobs_whose_links_may_change_are_walked, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_is_given_to_an_order_comes_with_its_job, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
