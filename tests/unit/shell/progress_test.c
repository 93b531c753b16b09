#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/progress.h"
#include "shell/terminal.h"

#include <cmocka.h>

static void a_bar_tells_items_bytes_and_time_left(void **state)
{
	const struct progress progress = { .what = "importing orders", .items = 812, .items_total = 1624, .bytes = 1200000 };
	char line[256];
	size_t size;

	(void)state;
	size = progress_print(&progress, 3000, 0, line, sizeof(line));
	assert_int_equal(size, strlen(line));
	assert_string_equal(line, "importing orders  [###############...............]  50 %  812 of 1624  1.2 MB  3 s left");
	(void)progress_print(&progress, 10, 0, line, sizeof(line));
	assert_null(strstr(line, "left"));
}

static void without_a_total_only_what_is_done_is_told(void **state)
{
	const struct progress progress = { .what = "receiving", .items = 7, .bytes = 900 };
	char line[256] = "";

	(void)state;
	(void)progress_print(&progress, 3000, 0, line, sizeof(line));
	assert_string_equal(line, "receiving  7  900 B");
}

static void a_bar_fits_the_terminal_and_its_buffer(void **state)
{
	const struct progress progress = { .what = "正在导入工单", .items = 9, .items_total = 5, .bytes = -1 };
	char line[256] = "";

	(void)state;
	for (size_t width = 1; width < 80; width++) {
		(void)progress_print(&progress, 3000, width, line, sizeof(line));
		assert_true(text_columns(text_of(line)) < width);
	}
	for (size_t size = 1; size < 80; size++)
		assert_true(progress_print(&progress, 3000, 0, line, size) < size);
}

static int64_t zero(void *context)
{
	(void)context;
	return 0;
}

static void nothing_is_drawn_where_there_is_no_terminal(void **state)
{
	const struct clock clock = { .now_ms = zero, .monotonic_ms = zero };
	struct progress progress;

	(void)state;
	progress_start(&progress, &clock, LANGUAGE_EN, "importing", true);
	progress_total(&progress, 5, 0);
	progress_step(&progress, 3, 0);
	assert_false(progress.on_screen);
	progress_finish(&progress);
}

static void a_terminal_that_says_it_is_dumb_gets_no_escape_codes(void **state)
{
	static const char *const kinds[] = { "dumb", "" };

	(void)state;
	assert_int_equal(setenv("TERM", "xterm", 1), 0);
	assert_true(terminal_obeys());
	for (size_t i = 0; i < LENGTH(kinds); i++) {
		assert_int_equal(setenv("TERM", kinds[i], 1), 0);
		assert_false(terminal_obeys());
	}
	assert_int_equal(unsetenv("TERM"), 0);
	assert_false(terminal_obeys());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bar_tells_items_bytes_and_time_left),
		cmocka_unit_test(without_a_total_only_what_is_done_is_told),
		cmocka_unit_test(a_bar_fits_the_terminal_and_its_buffer),
		cmocka_unit_test(a_terminal_that_says_it_is_dumb_gets_no_escape_codes),
		cmocka_unit_test(nothing_is_drawn_where_there_is_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
