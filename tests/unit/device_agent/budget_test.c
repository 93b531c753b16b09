#include "device_agent/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "protocol/base/text.h"

#include <cmocka.h>

static void a_link_that_costs_nothing_carries_everything(void **state)
{
	const struct budget budget = { .bytes_a_day = 1, .bytes_used = 99, .class_max = CLASS_CONTROL };

	(void)state;
	assert_int_equal(budget_class(&budget), CLASS_FILES);
	assert_int_equal(budget_for_files(&budget), -1);
	assert_int_equal(budget_left(&budget), -1);
}

static void a_metered_link_carries_what_the_day_leaves(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t a_day, used;
		enum delivery_class class_max, class;
		int64_t left, files;
	} rows[] = {
		{      0, 999999, CLASS_FILES,     CLASS_FILES,     -1,     -1     },
		{ 400000,      0, CLASS_FILES,     CLASS_FILES,     400000, 300000 },
		{ 400000, 240000, CLASS_FILES,     CLASS_FILES,     160000, 60000  },
		{ 400000, 240001, CLASS_FILES,     CLASS_KNOWLEDGE, 159999, 59999  },
		{ 400000, 300000, CLASS_FILES,     CLASS_KNOWLEDGE, 100000, 0      },
		{ 400000, 399999, CLASS_FILES,     CLASS_KNOWLEDGE, 1,      0      },
		{ 400000, 400000, CLASS_FILES,     CLASS_CONTROL,   0,      0      },
		{ 400000, 500000, CLASS_FILES,     CLASS_CONTROL,   0,      0      },
		{ 400000,      0, CLASS_KNOWLEDGE, CLASS_KNOWLEDGE, 400000, 0      },
		{      0,      0, CLASS_KNOWLEDGE, CLASS_KNOWLEDGE, -1,     0      },
		{      0,      0, CLASS_CONTROL,   CLASS_CONTROL,   -1,     0      },
		{ 400000, 400000, CLASS_KNOWLEDGE, CLASS_CONTROL,   0,      0      },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct budget budget = { true, rows[i].a_day, rows[i].used, rows[i].class_max };
		assert_int_equal(budget_class(&budget), rows[i].class);
		assert_int_equal(budget_left(&budget), rows[i].left);
		assert_int_equal(budget_for_files(&budget), rows[i].files);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_costs_nothing_carries_everything),
		cmocka_unit_test(a_metered_link_carries_what_the_day_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
