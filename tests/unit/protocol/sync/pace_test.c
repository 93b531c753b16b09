#include "protocol/sync/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>

#include <cmocka.h>

#define MOST ((size_t)64 * 1024)

/* Steps on a link of so many bytes a second, until they settle. */
static size_t settled(size_t bytes_per_s, size_t size)
{
	for (int i = 0; i < 20; i++)
		size = pace_after(size, (int64_t)(size * 1000 / bytes_per_s), MOST);
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
		cmocka_unit_test(the_slowest_link_still_gets_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
