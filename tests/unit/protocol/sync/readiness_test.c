/* A job is called complete when its rows, as they lie on the disk, sum up to what the server said, and not else. */
#include "protocol/sync/readiness.h"

#include <string.h>

#include "tests/unit/protocol/sync/pair.h"

static struct job_readiness look(struct simulation *pair, const struct id *order)
{
	struct readiness readiness;
	struct job_readiness job;

	assert_int_equal(readiness_open(&readiness, pair_device(pair, 1)->store, NULL), STATUS_OK);
	assert_int_equal(readiness_of_job(&readiness, order, &job), STATUS_OK);
	readiness_close(&readiness);
	device_store_reset_rows(pair_device(pair, 1)->store);
	return job;
}

/* A job of the first technician's, with everything. */
static struct id a_job(struct simulation *pair, struct id *out_visit)
{
	struct id order = pair_order(pair, 0);

	*out_visit = pair_book(pair, &order, 1);
	pair_settle(pair);
	return order;
}

static void a_job_that_came_is_proven_complete(void **state)
{
	struct simulation *pair = *state;
	struct id visit, order = a_job(pair, &visit);
	struct job_readiness job = look(pair, &order);

	assert_true(job.granted && job.proven && job_is_ready(&job));
	assert_true(job.rows >= 2); /* the order and the visit */
	assert_int_equal(job.rows, job.rows_here);
	assert_int_equal(job.rows, job.digest.count);
}

static void a_job_that_was_not_given_is_not_complete(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 1);
	struct job_readiness job;

	pair_settle(pair);
	job = look(pair, &order);
	assert_false(job.granted || job.proven || job_is_ready(&job));
}

static void what_waits_to_be_sent_does_not_spoil_the_proof(void **state)
{
	struct simulation *pair = *state;
	struct id visit, order = a_job(pair, &visit);
	struct operation accept = { .head = { .kind = OPERATION_ACCEPT, .subject = visit, .at_ms = WALL_START_MS } };
	struct job_readiness before = look(pair, &order), after;

	pair_device(pair, 1)->link_up = false;
	device_node_operation(pair, pair_device(pair, 1), &accept);
	(void)pair_note(pair, 1, &order);
	after = look(pair, &order);
	assert_true(job_is_ready(&after));
	assert_true(digest_equal(&before.digest, &after.digest));
}

struct damage {
	struct device_store *store;
	struct arena arena;
	struct id order;
	void *row;
	struct device_row meta;
};

static enum status keep_order(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct damage *damage = context;

	if (kind != RECORD_WORK_ORDER || !id_equal(row_id(row), &damage->order))
		return STATUS_OK;
	damage->row = row_copy(&damage->arena, schema_find(kind), row);
	damage->meta = *meta;
	return STATUS_OK;
}

static struct damage find_order(struct simulation *pair, const struct id *order)
{
	struct damage damage = { .store = pair_device(pair, 1)->store, .order = *order };

	assert_int_equal(device_store_rows_each(damage.store, keep_order, &damage), STATUS_OK);
	assert_non_null(damage.row);
	return damage;
}

static void end_damage(struct damage *damage)
{
	assert_int_equal(device_store_commit(damage->store), STATUS_OK);
	device_store_reset_rows(damage->store);
	arena_finish(&damage->arena);
}

static void a_row_that_changed_on_the_disk_spoils_it(void **state)
{
	struct simulation *pair = *state;
	struct id visit, order = a_job(pair, &visit);
	struct damage damage = find_order(pair, &order);
	struct job_readiness job;

	((struct work_order *)damage.row)->title = text_of("rotten");
	assert_int_equal(device_store_begin(damage.store, true), STATUS_OK);
	assert_int_equal(device_store_put_row(damage.store, RECORD_WORK_ORDER, damage.row, &damage.meta), STATUS_OK);
	end_damage(&damage);
	job = look(pair, &order);
	assert_true(job.granted);
	assert_false(job.proven || job_is_ready(&job));
	assert_int_equal(job.rows, job.rows_here);
}

static void a_row_that_is_missing_spoils_it(void **state)
{
	struct simulation *pair = *state;
	struct id visit, order = a_job(pair, &visit);
	struct damage damage = find_order(pair, &order);
	struct job_readiness job;

	assert_int_equal(device_store_begin(damage.store, true), STATUS_OK);
	assert_int_equal(device_store_remove_row(damage.store, RECORD_WORK_ORDER, &order), STATUS_OK);
	end_damage(&damage);
	job = look(pair, &order);
	assert_false(job.proven || job_is_ready(&job));
	assert_int_equal(job.rows, job.rows_here + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_job_that_came_is_proven_complete, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_that_was_not_given_is_not_complete, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_waits_to_be_sent_does_not_spoil_the_proof, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_changed_on_the_disk_spoils_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_row_that_is_missing_spoils_it, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
