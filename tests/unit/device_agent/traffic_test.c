#include "device_agent/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "device_agent/settings.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

static void bytes_are_counted_by_link_and_day(void **state)
{
	struct traffic traffic = { 0 };

	(void)state;
	traffic_add(&traffic, LINK_CLASS_METERED, 7, 100);
	traffic_add(&traffic, LINK_CLASS_METERED, 7, 50);
	traffic_add(&traffic, LINK_CLASS_UNMETERED, 7, 1);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 7), 150);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_UNMETERED, 7), 1);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 8), 0);
	traffic_add(&traffic, LINK_CLASS_METERED, 8, 3);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 8), 3);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_UNMETERED, 8), 0);
}

static void a_clock_that_goes_back_or_jumps_gives_no_new_day(void **state)
{
	static const int64_t days[] = { 20000, 19999, 20000, 0, 20000, 24000, 20000 };
	struct traffic traffic = { .day = 20000 };

	(void)state;
	for (size_t i = 0; i < LENGTH(days); i++)
		traffic_add(&traffic, LINK_CLASS_METERED, days[i], 10);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 20000), 70);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 19990), 70);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 20001), 0);
	traffic_add(&traffic, LINK_CLASS_METERED, 20001, 10);
	assert_int_equal(traffic_of_day(&traffic, LINK_CLASS_METERED, 20001), 10);
}

static void the_rate_is_that_of_the_latest_measures(void **state)
{
	struct traffic traffic = { 0 };

	(void)state;
	assert_int_equal(traffic_rate(&traffic, LINK_CLASS_METERED), 0);
	traffic_measure(&traffic, LINK_CLASS_METERED, 100, 5000); /* tells nothing */
	assert_int_equal(traffic_rate(&traffic, LINK_CLASS_METERED), 0);
	for (int i = 0; i < 20; i++)
		traffic_measure(&traffic, LINK_CLASS_METERED, 40000, 1000);
	assert_int_equal(traffic_rate(&traffic, LINK_CLASS_METERED), 40000);
	for (int i = 0; i < 40; i++)
		traffic_measure(&traffic, LINK_CLASS_METERED, 8000, 4000);
	assert_in_range(traffic_rate(&traffic, LINK_CLASS_METERED), 2000, 2100);
	assert_int_equal(traffic_rate(&traffic, LINK_CLASS_UNMETERED), 0);
}

static void what_was_counted_is_found_again(void **state)
{
	struct scratch *scratch = *state;
	struct text dir = text_of(scratch->dir);
	struct traffic traffic = { 20000, { 1, 2 }, { 3, 4 }, { 5, 6 }, 7 }, found;

	found = traffic_load(&scratch->arena, dir);
	assert_int_equal(found.day, 0);
	traffic_save(&scratch->arena, dir, &traffic);
	found = traffic_load(&scratch->arena, dir);
	assert_memory_equal(&found, &traffic, sizeof(traffic));
	assert_int_equal(scratch_count(scratch), 1);
	assert_int_equal(file_write(scratch_path(scratch, "traffic"), (struct bytes){ (const uint8_t *)"day = x", 7 }, 0600), STATUS_OK);
	assert_int_equal(traffic_load(&scratch->arena, dir).bytes[0], 0);
}

static void a_setting_is_changed_and_the_others_stay(void **state)
{
	struct scratch *scratch = *state;
	struct text dir = text_of(scratch->dir);
	struct device_settings settings;

	assert_int_equal(device_settings_load(&scratch->arena, dir, &settings), STATUS_OK);
	assert_true(settings.metered == METERED_AUTO && settings.metered_bytes_a_day == 0 && settings.metered_class_max == CLASS_FILES);
	assert_int_equal(device_settings_change(&scratch->arena, dir, text_of("metered_bytes_a_day"), text_of("20MB")), STATUS_OK);
	assert_int_equal(device_settings_change(&scratch->arena, dir, text_of("metered_carries"), text_of("rows")), STATUS_OK);
	assert_int_equal(device_settings_load(&scratch->arena, dir, &settings), STATUS_OK);
	assert_int_equal(settings.metered_bytes_a_day, 20000000);
	assert_int_equal(settings.metered_class_max, CLASS_KNOWLEDGE);
	assert_true(text_equals(settings.metered_interfaces, "wwan* ppp* rmnet*"));
}

static void what_is_no_setting_changes_nothing(void **state)
{
	static const char *const wrong[][2] = { { "metred", "yes" }, { "metered", "maybe" }, { "metered_carries", "all" },
		{ "metered_bytes_a_day", "-1" }, { "metered_bytes_a_day", "20 MiB" }, { "metered_bytes_a_day", "" },
		{ "metered_bytes_a_day", "9999999999GB" }, { "metered_interfaces", "a\nmetered = yes" } };
	struct scratch *scratch = *state;

	for (size_t i = 0; i < LENGTH(wrong); i++) {
		enum status status = device_settings_change(
			&scratch->arena, text_of(scratch->dir), text_of(wrong[i][0]), text_of(wrong[i][1]));
		assert_int_equal(status, STATUS_INVALID);
	}
	assert_int_equal(scratch_count(scratch), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_counted_by_link_and_day),
		cmocka_unit_test(a_clock_that_goes_back_or_jumps_gives_no_new_day),
		cmocka_unit_test(the_rate_is_that_of_the_latest_measures),
		cmocka_unit_test_setup_teardown(what_was_counted_is_found_again, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_setting_is_changed_and_the_others_stay, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(what_is_no_setting_changes_nothing, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
