/* A device with more scopes than a cut can list: what is said of them travels in pages before it. */
#include "tests/unit/protocol/sync/by_store.h"

enum {
	JOBS = 5000,
	TOO_MANY = 1500 /* for one cut */
};

static struct id job_id(unsigned number)
{
	return by_store_id("job", number);
}

static struct id visit_id(unsigned number)
{
	return by_store_id("visit", number);
}

/* Visits of technician 2, each to an order of its own in the other territory, in one commit. */
static void put_jobs(struct simulation *pair, unsigned count, enum visit_state visit_state)
{
	struct by_store by;

	by_store_begin(&by, pair);
	for (unsigned i = 0; i < count; i++) {
		const struct work_order order = { .id = job_id(i),
			.territory_id = organisation_id(RECORD_TERRITORY, 0),
			.title = text_of("one of many"),
			.released = true,
			.state = visit_state == VISIT_STATE_CANCELLED ? WORK_ORDER_STATE_UNSCHEDULED : WORK_ORDER_STATE_SCHEDULED };
		const struct visit visit = { .id = visit_id(i),
			.work_order_id = order.id,
			.technician_id = organisation_id(RECORD_TECHNICIAN, 1),
			.state = visit_state };
		by_store_put(&by, RECORD_WORK_ORDER, &order);
		by_store_put(&by, RECORD_VISIT, &visit);
	}
	(void)by_store_end(&by);
}

static void settle(struct simulation *pair)
{
	device_node_go(pair, pair_device(pair, 2));
	pair_settle(pair);
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, 0);
}

static enum status count_scope(void *context, const struct scope *scope, const struct digest *digest)
{
	size_t *jobs = context;

	*jobs += scope->kind == SCOPE_JOB && digest->count == 2;
	return STATUS_OK;
}

static size_t jobs_held(struct simulation *pair)
{
	size_t jobs = 0;

	assert_int_equal(device_store_scopes_each(pair_device(pair, 2)->store, count_scope, &jobs), STATUS_OK);
	return jobs;
}

static size_t staged(struct simulation *pair)
{
	size_t count = 0;

	assert_int_equal(device_store_staged_count(pair_device(pair, 2)->store, &count), STATUS_OK);
	return count;
}

/* As new, or damaged: every row comes again. */
static void fetch_all_again(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 2);
	struct replica_state state;

	assert_int_equal(device_store_replica(device->store, &state), STATUS_OK);
	assert_int_equal(device_store_begin(device->store, true), STATUS_OK);
	state.cursor = (struct cursor){ 0 };
	assert_int_equal(device_store_put_replica(device->store, &state), STATUS_OK);
	assert_int_equal(device_store_commit(device->store), STATUS_OK);
	device_node_kill(pair, device);
}

static void five_thousand_jobs_come_and_go(void **state)
{
	struct simulation *pair = *state;
	struct id last = job_id(JOBS - 1);

	pair_settle(pair);
	put_jobs(pair, JOBS, VISIT_STATE_DISPATCHED);
	settle(pair);
	assert_int_equal(jobs_held(pair), JOBS);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &last));
	assert_int_equal(staged(pair), 0);
	put_jobs(pair, JOBS, VISIT_STATE_CANCELLED);
	settle(pair);
	assert_int_equal(jobs_held(pair), 0);
	assert_false(pair_on_device(pair, 2, RECORD_WORK_ORDER, &last));
	assert_int_equal(staged(pair), 0);
}

/* While the words travel, commits change, add and end jobs that were spoken of already. */
static void what_commits_meanwhile_is_in_the_cut(void **state)
{
	struct simulation *pair = *state;
	struct id first = job_id(0), second = job_id(1), visit = visit_id(1), note;
	const struct note_arguments remark = { .text = text_of("ask for the key") };
	const struct reason_arguments cancel = { .reason = text_of("called off") };
	struct bytes frame;
	uint64_t connection;

	pair_settle(pair);
	put_jobs(pair, TOO_MANY, VISIT_STATE_DISPATCHED);
	for (int again = 0; again < 2; again++) { /* into the replica that is there, then into a fresh one */
		if (again)
			fetch_all_again(pair);
		else
			device_node_go(pair, pair_device(pair, 2));
		for (int i = 0; i < 6; i++) {
			assert_true(pair_intercept(pair, 2, &frame, &connection));
			pair_office(pair, OPERATION_ADD_NOTE, &first, &remark);
			if (i == 4 && !again)
				pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
			assert_true(simulation_step(pair));
		}
		settle(pair);
		assert_int_equal(jobs_held(pair), TOO_MANY - 2); /* the first one has remarks, the second is gone */
		assert_false(pair_on_device(pair, 2, RECORD_WORK_ORDER, &second));
		assert_int_equal(staged(pair), 0);
	}
	note = pair_note(pair, 2, &first);
	settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &note) && pair_on_device(pair, 2, RECORD_NOTE, &note));
}

/* A digest said in a page is checked as one said in the cut. */
static void a_scope_that_does_not_fit_is_found_among_thousands(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 2);
	struct scope job = { .kind = SCOPE_JOB, .id = job_id(7) };
	struct digest digest;

	pair_settle(pair);
	put_jobs(pair, TOO_MANY, VISIT_STATE_DISPATCHED);
	settle(pair);
	assert_int_equal(device_store_begin(device->store, true), STATUS_OK);
	assert_int_equal(device_store_scope(device->store, &job, &digest), STATUS_OK);
	digest.sum.low ^= 1;
	assert_int_equal(device_store_put_scope(device->store, &job, &digest), STATUS_OK);
	assert_int_equal(device_store_commit(device->store), STATUS_OK);
	put_jobs(pair, TOO_MANY, VISIT_STATE_ACCEPTED);
	device_node_go(pair, device);
	for (int i = 0; i < 3000 && device_core_state(device->core).incidents == 0; i++)
		assert_true(simulation_step(pair));
	assert_true(device_core_state(device->core).incidents > 0);
}

/* What the device is to hold does not fit one answer. */
static void one_job_of_thousands_that_was_never_heard_of_is_found_by_a_comparison(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 2);
	const struct scope job = { .kind = SCOPE_JOB, .id = job_id(JOBS / 2) };
	struct digest digest;

	pair_settle(pair);
	put_jobs(pair, JOBS, VISIT_STATE_DISPATCHED);
	settle(pair);
	assert_int_equal(device_store_begin(device->store, true), STATUS_OK);
	assert_int_equal(device_store_remove_scope(device->store, &job), STATUS_OK);
	assert_int_equal(device_store_commit(device->store), STATUS_OK);
	assert_int_equal(jobs_held(pair), JOBS - 1);
	assert_int_equal(device_core_check(device->core), STATUS_OK);
	settle(pair);
	assert_int_equal(jobs_held(pair), JOBS);
	assert_int_equal(device_store_scope(device->store, &job, &digest), STATUS_OK);
	assert_int_equal(device_core_state(device->core).repairs, 1);
	assert_int_equal(device_core_state(device->core).fetches, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(five_thousand_jobs_come_and_go, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_commits_meanwhile_is_in_the_cut, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			one_job_of_thousands_that_was_never_heard_of_is_found_by_a_comparison, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_scope_that_does_not_fit_is_found_among_thousands, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
