#include "protocol/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* All that was written. */
struct page {
	char text[64 * 1024];
	size_t size;
	size_t lines;
};

static struct page page;

static void keep(void *context, const char *line, size_t size)
{
	struct page *out = context;

	assert_true(out->size + size < sizeof(out->text));
	assert_int_equal(line[size - 1], '\n');
	memcpy(out->text + out->size, line, size);
	out->size += size;
	out->text[out->size] = '\0';
	out->lines++;
}

static int64_t fixed_now(void *context)
{
	(void)context;
	return INT64_C(1795271400123); /* 2026-11-21T14:30:00.123Z */
}

static const struct clock fixed = { .now_ms = fixed_now, .monotonic_ms = fixed_now };
static struct log log_book;

static int start(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	log_init(&log_book, &fixed, LOG_INFO, keep, &page);
	return 0;
}

static int end(void **state)
{
	(void)state;
	log_finish(&log_book);
	return 0;
}

static void a_line_has_time_level_event_and_values(void **state)
{
	(void)state;
	log_info(&log_book, "sync.batch.applied", "device=%s changes=%d", "3f", 12);
	assert_string_equal(page.text, "2026-11-21T14:30:00.123Z info sync.batch.applied device=3f changes=12\n");
}

static void debug_lines_come_out_only_when_something_is_broken(void **state)
{
	(void)state;
	for (int i = 0; i < LOG_RING_LINES + 3; i++)
		log_debug(&log_book, "loop", "i=%d", i);
	log_unusual(&log_book, "odd", "x=1");
	assert_int_equal(page.lines, 1);
	log_broken(&log_book, "lost", "y=2");
	assert_int_equal(page.lines, 1 + LOG_RING_LINES + 1);
	assert_null(strstr(page.text, "i=2\n")); /* pushed out by later ones */
	assert_non_null(strstr(page.text, "i=3\n"));
	assert_true(strstr(page.text, "i=66\n") < strstr(page.text, "broken lost y=2"));
	log_broken(&log_book, "again", "z=3");
	assert_int_equal(page.lines, 1 + LOG_RING_LINES + 2); /* each debug line is told once */
}

static void a_value_cannot_begin_a_line_of_its_own(void **state)
{
	(void)state;
	log_info(&log_book, "name", "text=%s", "a\n2026 info forged\033[2J");
	assert_int_equal(page.lines, 1);
	assert_ptr_equal(strchr(page.text, '\n'), page.text + page.size - 1);
	assert_null(strchr(page.text, '\033'));
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char value[2 * LOG_LINE_SIZE];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	log_info(&log_book, "long", "value=%s", value);
	assert_true(page.size < LOG_LINE_SIZE);
	log_info(&log_book, value, "%s", "");
	assert_true(page.size < 2 * LOG_LINE_SIZE);
	assert_int_equal(page.lines, 2);
}

static void no_log_is_no_trouble(void **state)
{
	(void)state;
	log_info(NULL, "nothing", "x=%d", 1);
	log_broken(NULL, "nothing", "x=%d", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_has_time_level_event_and_values, start, end),
		cmocka_unit_test_setup_teardown(debug_lines_come_out_only_when_something_is_broken, start, end),
		cmocka_unit_test_setup_teardown(a_value_cannot_begin_a_line_of_its_own, start, end),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut_and_still_ends, start, end),
		cmocka_unit_test_setup_teardown(no_log_is_no_trouble, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
