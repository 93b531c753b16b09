#include "protocol/sync/herd.h"

/* Last: it has a macro fail(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	BATCH = 2000
};

/* Rounds of so many batches, each of which takes 10 ms; the queue is never empty. Returns the time after them. */
static int64_t work(struct herd *herd, int64_t now_ms, int rounds)
{
	int64_t wait_ms;

	for (int i = 0; i < rounds; i++) {
		while (!herd_round_is_full(herd, now_ms)) {
			herd_queue(herd, true, now_ms);
			assert_true(herd_admit(herd, BATCH, now_ms, 0, &wait_ms));
			now_ms += 10;
		}
		herd_end_round(herd, now_ms);
	}
	return now_ms;
}

static void without_a_queue_everything_is_taken_in(void **state)
{
	struct herd herd = { 0 };
	int64_t wait_ms;

	(void)state;
	for (int64_t now_ms = 1; now_ms < 100000; now_ms += 50) {
		herd_queue(&herd, now_ms % 100 == 1, now_ms);
		assert_true(herd_admit(&herd, BATCH, now_ms, 0, &wait_ms));
		herd_end_round(&herd, now_ms + 10);
	}
	assert_int_equal(herd.told, 0);
}

static void a_queue_that_passes_tells_nobody_to_come_again(void **state)
{
	struct herd herd = { 0 };
	int64_t now_ms = work(&herd, 1000, HERD_PATIENT_MS / HERD_ROUND_MS - 1);

	(void)state;
	assert_int_equal(herd.told, 0);
	herd_queue(&herd, false, now_ms);
	assert_int_equal(herd.since_ms, 0);
}

/* 200,000 bytes a second: a batch every 10 ms. */
static void a_herd_is_told_to_come_again_one_after_the_other(void **state)
{
	struct herd herd = { 0 };
	int64_t now_ms = work(&herd, 1000, 2 * HERD_PATIENT_MS / HERD_ROUND_MS), wait_ms = 0, first_ms = 0, last_ms = 0;

	(void)state;
	while (!herd_round_is_full(&herd, now_ms)) {
		assert_true(herd_admit(&herd, BATCH, now_ms, 0, &wait_ms)); /* some are taken in in every round */
		now_ms += 10;
	}
	for (int i = 0; i < 1000; i++) {
		assert_false(herd_admit(&herd, BATCH, now_ms, (uint64_t)i, &wait_ms));
		first_ms = i == 0 ? wait_ms : first_ms;
		last_ms = wait_ms;
	}
	assert_int_equal(herd.told, 1000);
	assert_in_range(first_ms, 1, 1000);
	assert_in_range(last_ms, 7000, 14000); /* a thousand batches later, a quarter more or less */
	herd_end_round(&herd, now_ms);
	assert_true(herd_admit(&herd, BATCH, now_ms, 0, &wait_ms));
}

static void nobody_is_told_to_wait_for_much_more_than_a_minute(void **state)
{
	struct herd herd = { 0 };
	int64_t now_ms = work(&herd, 1000, 2 * HERD_PATIENT_MS / HERD_ROUND_MS), wait_ms;

	(void)state;
	assert_true(herd_admit(&herd, BATCH, now_ms, 0, &wait_ms));
	now_ms += HERD_ROUND_MS;
	for (uint64_t i = 0; i < 100000; i++) {
		assert_false(herd_admit(&herd, BATCH, now_ms, i * UINT64_C(0x9E3779B97F4A7C15), &wait_ms));
		assert_in_range(wait_ms, 1, HERD_WAIT_MAX_MS + HERD_WAIT_MAX_MS / 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_queue_everything_is_taken_in),
		cmocka_unit_test(a_queue_that_passes_tells_nobody_to_come_again),
		cmocka_unit_test(a_herd_is_told_to_come_again_one_after_the_other),
		cmocka_unit_test(nobody_is_told_to_wait_for_much_more_than_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
