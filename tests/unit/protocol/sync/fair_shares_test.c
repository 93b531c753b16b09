#include "protocol/sync/fair_shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "protocol/base/text.h"

#include <cmocka.h>

#define ROUNDS 5000

static void bytes_stand_in_the_ratio_of_the_quanta(void **state)
{
	const int64_t quanta[] = { 4000, 2000, 1000 };
	struct fair_shares shares = { 0 };
	int64_t served[3] = { 0 };
	unsigned dice = 7;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		int64_t heads[3];
		size_t next;
		for (size_t k = 0; k < LENGTH(heads); k++)
			heads[k] = 1 + (int64_t)((dice = dice * 1664525 + 1013904223) >> 16) % 1500;
		next = fair_shares_next(&shares, quanta, heads, LENGTH(heads));
		assert_true(next < LENGTH(heads));
		served[next] += heads[next];
		for (size_t k = 0; k < LENGTH(heads); k++)
			for (size_t l = 0; l < LENGTH(heads); l++)
				assert_true(llabs(served[k] / quanta[k] - served[l] / quanta[l]) <= 3);
	}
}

static void none_starves_beside_one_that_always_has_more(void **state)
{
	const int64_t quanta[] = { 1000000, 1 }, heads[] = { 1000000, 30 };
	struct fair_shares shares = { 0 };
	int served = 0;

	(void)state;
	for (int i = 0; i < 310; i++)
		served += fair_shares_next(&shares, quanta, heads, LENGTH(heads)) == 1;
	assert_int_equal(served, 10);
}

static void who_waits_alone_gets_everything_and_saves_nothing_up(void **state)
{
	const int64_t quanta[] = { 100, 100 };
	struct fair_shares shares = { 0 };
	int first = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		assert_int_equal(fair_shares_next(&shares, quanta, (const int64_t[]){ 0, 100 }, 2), 1);
	for (int i = 0; i < 20; i++)
		first += fair_shares_next(&shares, quanta, (const int64_t[]){ 100, 100 }, 2) == 0;
	assert_int_equal(first, 10);
}

static void nothing_waits_nowhere(void **state)
{
	const int64_t quanta[] = { 1, 1 }, heads[] = { 0, 0 };
	struct fair_shares shares = { 0 };

	(void)state;
	assert_int_equal(fair_shares_next(&shares, quanta, heads, 2), 2);
	assert_int_equal(fair_shares_next(&shares, NULL, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_stand_in_the_ratio_of_the_quanta),
		cmocka_unit_test(none_starves_beside_one_that_always_has_more),
		cmocka_unit_test(who_waits_alone_gets_everything_and_saves_nothing_up),
		cmocka_unit_test(nothing_waits_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
