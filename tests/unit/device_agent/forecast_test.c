#include "device_agent/forecast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "protocol/base/text.h"

#include <cmocka.h>

static void times_add_up_in_the_order_of_the_day(void **state)
{
	struct forecast_job jobs[] = { { .ready = true }, { .bytes_missing = 3000 }, { .bytes_missing = 5000 } };
	const struct forecast_terms terms = { .bytes_per_s = 1000, .file_bytes_allowed = -1 };
	struct forecast_totals totals;

	(void)state;
	forecast_fill(&terms, jobs, LENGTH(jobs), &totals);
	assert_int_equal(jobs[0].ready_in_ms, 0);
	assert_int_equal(jobs[1].ready_in_ms, 3000);
	assert_int_equal(jobs[2].ready_in_ms, 8000);
	assert_int_equal(totals.ready_in_ms, 8000);
	assert_int_equal(totals.ready, 1);
	assert_int_equal(totals.waiting, 2);
	assert_int_equal(totals.bytes_to_come, 8000);
	assert_int_equal(totals.bytes_held_back, 0);
}

static void what_does_not_fit_leaves_its_room_to_what_does(void **state)
{
	struct forecast_job jobs[] = { { .bytes_missing = 600 }, { .bytes_missing = 500 }, { .bytes_missing = 400 } };
	const struct forecast_terms terms = { .bytes_per_s = 100, .file_bytes_allowed = 1000 };
	struct forecast_totals totals;

	(void)state;
	forecast_fill(&terms, jobs, LENGTH(jobs), &totals);
	assert_true(jobs[0].fits && !jobs[1].fits && jobs[2].fits);
	assert_int_equal(jobs[1].ready_in_ms, -1);
	assert_int_equal(jobs[2].ready_in_ms, 10000);
	assert_int_equal(totals.too_large, 1);
	assert_int_equal(totals.bytes_held_back, 500);
	assert_int_equal(totals.bytes_to_come, 1500);
	assert_int_equal(totals.ready_in_ms, 10000);
}

static void an_unknown_rate_and_missing_rows_promise_no_time(void **state)
{
	struct forecast_job slow = { .bytes_missing = 1 }, blind = { .rows_missing = true };
	struct forecast_totals totals;

	(void)state;
	forecast_fill(&(struct forecast_terms){ .file_bytes_allowed = -1 }, &slow, 1, &totals);
	assert_int_equal(slow.ready_in_ms, -1);
	assert_int_equal(totals.ready_in_ms, -1);
	forecast_fill(&(struct forecast_terms){ .bytes_per_s = 9, .file_bytes_allowed = -1 }, &blind, 1, &totals);
	assert_int_equal(blind.ready_in_ms, -1);
	assert_int_equal(totals.ready_in_ms, -1);
	assert_int_equal(totals.rows_missing, 1);
}

static void nothing_missing_is_ready_now(void **state)
{
	struct forecast_job job = { .ready = true };
	struct forecast_totals totals;

	(void)state;
	forecast_fill(&(struct forecast_terms){ .file_bytes_allowed = 0 }, &job, 1, &totals);
	assert_true(job.fits);
	assert_int_equal(totals.ready_in_ms, 0);
	forecast_fill(&(struct forecast_terms){ .file_bytes_allowed = 0 }, NULL, 0, &totals);
	assert_int_equal(totals.ready + totals.waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_add_up_in_the_order_of_the_day),
		cmocka_unit_test(what_does_not_fit_leaves_its_room_to_what_does),
		cmocka_unit_test(an_unknown_rate_and_missing_rows_promise_no_time),
		cmocka_unit_test(nothing_missing_is_ready_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
