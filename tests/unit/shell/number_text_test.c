#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/domain/schema.h"
#include "shell/number_text.h"

#include <cmocka.h>

static void expect(const char *text, int64_t scale, int64_t expected, const char *shown)
{
	struct arena arena = { 0 };
	int64_t number = 0;

	assert_int_equal(number_from_text(text_of(text), scale, &number), STATUS_OK);
	assert_int_equal(number, expected);
	assert_string_equal(number_to_text(&arena, number, scale).data, shown);
	arena_finish(&arena);
}

static void a_number_is_read_and_shown_with_its_decimals(void **state)
{
	(void)state;
	expect("12", 0, 12, "12");
	expect("12.5", 2, 1250, "12.50");
	expect("-0,5", 1, -5, "-0.5");
	expect("-.05", 2, -5, "-0.05");
	expect("0", 3, 0, "0.000");
	assert_int_equal(number_decimals(text_of("12.50")), 2);
	assert_int_equal(number_decimals(text_of("12")), 0);
	assert_int_equal(number_decimals(text_of("0.12345678901")), SCALE_MAX);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const wrong[] = { "", "-", ".", "1.2.3", "1e3", "twelve", "0.123", "10000000000000000", "999999999999999" };
	int64_t number = 7;

	(void)state;
	for (size_t i = 0; i < LENGTH(wrong); i++)
		assert_int_equal(number_from_text(text_of(wrong[i]), 2, &number), STATUS_INVALID);
	assert_int_equal(number, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_read_and_shown_with_its_decimals),
		cmocka_unit_test(what_is_no_number_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
