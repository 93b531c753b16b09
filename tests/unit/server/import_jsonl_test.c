#include <stdlib.h>
#include <string.h>

#include "server/jsonl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

struct reading {
	struct arena arena;
	struct jsonl *jsonl;
	struct jsonl_row row;
};

static struct reading read_text(const char *data, size_t size)
{
	struct reading reading = { .jsonl = NULL };
	struct bytes bytes = { .data = (const uint8_t *)data, .size = size };

	reading.jsonl = jsonl_create(&reading.arena, import_input_of(&reading.arena, bytes));
	return reading;
}

static bool next(struct reading *reading)
{
	return jsonl_next(reading->jsonl, &reading->row);
}

static void finish(struct reading *reading)
{
	jsonl_finish(reading->jsonl);
	arena_finish(&reading->arena);
}

static void a_bad_line_is_named_and_the_next_one_read(void **state)
{
	static const char text[] = "\xef\xbb\xbf{\"a\": 1}\r\n\n{\"a\": }\n[1]\n{\"a\":1,\"a\":2}\n{\"b\": \"\\u0000\"}\n{\"c\": 2}";
	struct reading reading = read_text(text, sizeof(text) - 1);

	(void)state;
	assert_true(next(&reading));
	assert_non_null(reading.row.object);
	assert_true(next(&reading));
	assert_int_equal(reading.row.line, 3);
	assert_int_equal(reading.row.column, 7);
	assert_null(reading.row.object);
	for (int line = 4; line <= 6; line++) {
		assert_true(next(&reading));
		assert_int_equal(reading.row.line, line);
		assert_null(reading.row.object);
		assert_true(reading.row.problem.size > 0);
	}
	assert_true(next(&reading));
	assert_int_equal(json_integer_value(json_object_get(reading.row.object, "c")), 2);
	assert_false(next(&reading));
	finish(&reading);
}

static void a_line_over_one_mebibyte_ends_the_reading(void **state)
{
	size_t size = IMPORT_LINE_MAX + 1;
	char *text = malloc(size);
	struct reading reading;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', size);
	memcpy(text, "{}", 2);
	reading = read_text(text, IMPORT_LINE_MAX);
	assert_true(next(&reading));
	assert_non_null(reading.row.object);
	finish(&reading);
	reading = read_text(text, size);
	assert_true(next(&reading));
	assert_null(reading.row.object);
	assert_false(next(&reading));
	finish(&reading);
	free(text);
}

static void deep_nesting_is_a_problem_not_a_crash(void **state)
{
	size_t size = 200000;
	char *text = malloc(size);
	struct reading reading;

	(void)state;
	assert_non_null(text);
	memset(text, '[', size);
	memcpy(text, "{\"a\":", 5);
	reading = read_text(text, size);
	assert_true(next(&reading));
	assert_null(reading.row.object);
	finish(&reading);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_line_is_named_and_the_next_one_read),
		cmocka_unit_test(a_line_over_one_mebibyte_ends_the_reading),
		cmocka_unit_test(deep_nesting_is_a_problem_not_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
