#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/time_text.h"

#include <cmocka.h>

#define NOW_MS INT64_C(1795271400000) /* 2026-11-21T14:30:00Z, a Saturday */

static const struct zone east = { .first_offset_s = 3600 };

static int64_t parsed(const char *text, const struct zone *zone)
{
	int64_t at_ms = -1;

	assert_int_equal(time_parse(text_of(text), NOW_MS, zone, &at_ms), STATUS_OK);
	return at_ms;
}

static void what_people_type_is_the_time_they_mean(void **state)
{
	static const struct {
		const char *text;
		int64_t offset_ms; /* from now */
	} rows[] = {
		{ "now", 0 },
		{ "2026-11-21T14:30", -3600000 },
		{ "2026-11-21 14:30", -3600000 },
		{ "2026-11-21T14:30Z", 0 },
		{ "2026-11-21T15:30:00+01:00", 0 },
		{ "2026-11-21T09:00:00.250-0530", 250 },
		{ "15:30", 0 },
		{ "9:05", -(6 * 3600 + 25 * 60) * 1000 },
		{ "yesterday 15:30", -86400000 },
		{ "tomorrow 15:31:02", 86462000 },
		{ "today", -(15 * 3600 + 30 * 60) * 1000 },
		{ "2026-11-20", -(15 * 3600 + 30 * 60) * 1000 - 86400000 },
		{ "-10m", -600000 },
		{ "+2h", 7200000 },
		{ "-1h30m", -5400000 },
		{ " -3d ", -3 * 86400000 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(parsed(rows[i].text, &east) - NOW_MS, rows[i].offset_ms);
}

static void what_is_no_time_is_refused_with_an_example(void **state)
{
	static const char *const texts[] = { "", "soon", "25:00", "12:60", "2026-02-30", "2026-13-01", "2026-11-21T", "2026-11-21T14",
		"14:30 later", "-10", "-m", "10m", "2026-11-21T14:30+1", "1969-12-31T23:00Z", "-99999d", "14:30:5", "14:30:05.",
			"yesterday14:30x" };

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		int64_t at_ms = 7;
		assert_int_equal(time_parse(text_of(texts[i]), NOW_MS, NULL, &at_ms), STATUS_INVALID);
		assert_int_equal(at_ms, 7);
		assert_true(strlen(fail_reason()) > 10);
	}
}

static void a_fact_is_never_later_than_now(void **state)
{
	int64_t at_ms = 7;

	(void)state;
	assert_int_equal(time_parse_past(text_of("14:31"), NOW_MS, NULL, &at_ms), STATUS_INVALID);
	assert_non_null(strstr(fail_reason(), "later than now (14:30)"));
	assert_int_equal(at_ms, 7);
	assert_int_equal(time_parse_past(text_of("14:30"), NOW_MS, NULL, &at_ms), STATUS_OK);
	assert_int_equal(at_ms, NOW_MS);
}

static void every_time_read_back_is_the_one_printed(void **state)
{
	struct arena arena = { 0 };
	uint64_t seed = 42;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		int64_t at_ms;
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
		at_ms = (int64_t)(seed >> 20) % INT64_C(200000000000000) + 1;
		assert_int_equal(parsed(time_print_exact(&arena, at_ms, NULL).data, NULL), at_ms);
		assert_int_equal(parsed(time_print_exact(&arena, at_ms, &east).data, NULL), at_ms);
	}
	arena_finish(&arena);
}

static void printed(struct arena *arena, struct text actual, const char *expected)
{
	(void)arena;
	assert_string_equal(arena_copy_text(arena, actual).data, expected);
}

static void times_durations_and_sizes_read_well(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	printed(&arena, time_print(&arena, NOW_MS, &east), "2026-11-21 15:30");
	printed(&arena, time_print(&arena, 0, NULL), "");
	printed(&arena, time_print_exact(&arena, NOW_MS + 5, &east), "2026-11-21T15:30:00.005+01:00");
	printed(&arena, duration_print(&arena, 12), "12 ms");
	printed(&arena, duration_print(&arena, 125 * 60000), "2 h 5 min");
	printed(&arena, duration_print(&arena, -3 * 86400000), "-3 d");
	printed(&arena, size_print(&arena, 999), "999 B");
	printed(&arena, size_print(&arena, 3400), "3.4 kB");
	printed(&arena, size_print(&arena, 999999), "1.0 MB");
	arena_finish(&arena);
}

static void a_time_beyond_the_calendar_is_shown_as_its_first_or_last_moment(void **state)
{
	static const struct zone west = { .first_offset_s = -3600 };
	struct arena arena = { 0 };

	(void)state;
	printed(&arena, time_print(&arena, INT64_MAX, NULL), "9999-12-31 23:59");
	printed(&arena, time_print(&arena, INT64_MAX, &east), "9999-12-31 23:59");
	printed(&arena, time_print(&arena, INT64_MIN, &west), "0001-01-01 00:00");
	printed(&arena, time_print_exact(&arena, INT64_MAX, &west), "9999-12-31T22:59:59.999-01:00");
	printed(&arena, time_print_exact(&arena, INT64_MIN, NULL), "0001-01-01T00:00:00Z");
	arena_finish(&arena);
}

static void a_time_that_nobody_can_mean_is_refused(void **state)
{
	static const char *const texts[] = { "+9000000d", "+999999d999999d999999d999999d", "9999-12-31T23:59:59.999-01:00" };
	int64_t at_ms;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_int_equal(time_parse(text_of(texts[i]), NOW_MS, NULL, &at_ms), STATUS_INVALID);
	assert_int_equal(time_parse(text_of("9999-12-31T23:59:59.999"), NOW_MS, NULL, &at_ms), STATUS_OK);
}

static void a_zone_with_summer_time_changes_its_offset(void **state)
{
	struct arena arena = { 0 };
	struct zone zone = { 0 };
	/* 2026, last Sundays of March and October, 01:00 UTC */
	const struct zone_change changes[] = { { 1774746000, 7200 }, { 1792890000, 3600 } };
	const struct zone berlin = { .changes = changes, .change_count = 2, .first_offset_s = 3600 };

	(void)state;
	assert_int_equal(zone_offset_s(&berlin, 1774745999999), 3600);
	assert_int_equal(zone_offset_s(&berlin, 1774746000000), 7200);
	assert_int_equal(zone_offset_s(&berlin, NOW_MS), 3600);
	assert_int_equal(parsed("2026-07-01T12:00", &berlin), parsed("2026-07-01T10:00Z", NULL));
	assert_int_equal(parsed("2026-12-01T12:00", &berlin), parsed("2026-12-01T11:00Z", NULL));
	if (zone_open(&arena, text_of("Europe/Berlin"), &zone) == STATUS_OK) { /* where zone files are installed */
		assert_int_equal(zone_offset_s(&zone, 1774745999999), 3600);
		assert_int_equal(zone_offset_s(&zone, 1774746000000), 7200);
		assert_int_equal(zone_offset_s(&zone, NOW_MS), 3600);
	}
	arena_finish(&arena);
}

static void zones_are_also_offsets_and_no_name_leaves_their_folder(void **state)
{
	static const struct {
		const char *name;
		enum status status;
		int32_t offset_s;
	} rows[] = {
		{ "UTC", STATUS_OK, 0 },
		{ "+08:00", STATUS_OK, 28800 },
		{ "-0530", STATUS_OK, -19800 },
		{ "CST-8", STATUS_OK, 28800 },
		{ "<+08>-8", STATUS_OK, 28800 },
		{ "UTC0", STATUS_OK, 0 },
		{ "+99:00", STATUS_NOT_FOUND, 0 },
		{ "Nowhere/Land", STATUS_NOT_FOUND, 0 },
		{ "../../../etc/passwd", STATUS_NOT_FOUND, 0 },
		{ "/etc/localtime", STATUS_NOT_FOUND, 0 },
		{ "", STATUS_NOT_FOUND, 0 },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct zone zone = { 0 };
		assert_int_equal(zone_open(&arena, text_of(rows[i].name), &zone), rows[i].status);
		assert_int_equal(zone_offset_s(&zone, NOW_MS), rows[i].offset_s);
	}
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_type_is_the_time_they_mean),
		cmocka_unit_test(what_is_no_time_is_refused_with_an_example),
		cmocka_unit_test(a_fact_is_never_later_than_now),
		cmocka_unit_test(every_time_read_back_is_the_one_printed),
		cmocka_unit_test(times_durations_and_sizes_read_well),
		cmocka_unit_test(a_time_beyond_the_calendar_is_shown_as_its_first_or_last_moment),
		cmocka_unit_test(a_time_that_nobody_can_mean_is_refused),
		cmocka_unit_test(a_zone_with_summer_time_changes_its_offset),
		cmocka_unit_test(zones_are_also_offsets_and_no_name_leaves_their_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
