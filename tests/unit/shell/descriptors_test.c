#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "shell/descriptors.h"

#include <cmocka.h>

static void set_limits(rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = { .rlim_cur = soft, .rlim_max = hard };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t soft_limit(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur;
}

/* One test, as a hard limit cannot be had back. */
static void the_limit_is_raised_to_what_is_allowed_or_wanted_and_never_lowered(void **state)
{
	(void)state;
	if (getenv("TRUCKROLL_VALGRIND") != NULL)
		return; /* it lets nobody change the hard limit */
	set_limits(64, 200);
	assert_int_equal(descriptors_raise(100), 100);
	assert_int_equal(soft_limit(), 100);
	assert_int_equal(descriptors_raise(50), 100);
	assert_int_equal(soft_limit(), 100);
	assert_int_equal(descriptors_raise(65536), 200);
	assert_int_equal(soft_limit(), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_raised_to_what_is_allowed_or_wanted_and_never_lowered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
