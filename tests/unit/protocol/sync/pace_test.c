#include "protocol/sync/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>

#include <cmocka.h>

#define MOST   ((size_t)64 * 1024)
#define WAY_MS 100

/* Steps on a link of so many bytes a second, until they settle. */
static size_t settled(size_t bytes_per_s, size_t size)
{
	for (int i = 0; i < 20; i++)
		size = pace_after(size, WAY_MS + (int64_t)(size * 1000 / bytes_per_s), WAY_MS, MOST);
	return size;
}

static void a_step_takes_about_as_long_as_it_may(void **state)
{
	(void)state;
	for (size_t rate = 3000; rate < 500000; rate += 997) {
		size_t size = settled(rate, MOST);
		assert_true(size * 1000 / rate <= PACE_AIM_MS);
		assert_true(size == MOST || size * 1000 / rate > PACE_AIM_MS / 8);
		assert_true(settled(rate, PACE_MIN) * 1000 / rate <= PACE_AIM_MS);
	}
}

static void a_long_way_is_not_taken_for_a_slow_link(void **state)
{
	const size_t size = (size_t)56 * 1024;
	const int64_t way_ms = 2000, took_ms = way_ms + (int64_t)(size * 1000 / 8000); /* 64 kbit/s by a satellite */

	(void)state;
	assert_int_equal(pace_after(size, took_ms, way_ms, size), size);
	assert_int_equal(pace_after(size, took_ms, 0, size), size / 2);
}

static void the_slowest_link_still_gets_something(void **state)
{
	size_t size = MOST;

	(void)state;
	assert_int_equal(settled(10, MOST), PACE_MIN);
	for (int i = 0; i < 20; i++)
		size = pace_after_loss(size);
	assert_int_equal(size, PACE_MIN);
	assert_int_equal(settled(1000000, PACE_MIN), MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_takes_about_as_long_as_it_may),
		cmocka_unit_test(a_long_way_is_not_taken_for_a_slow_link),
		cmocka_unit_test(the_slowest_link_still_gets_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
