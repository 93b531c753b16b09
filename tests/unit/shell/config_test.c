#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "shell/config.h"

#include <cmocka.h>

static const struct setting settings[] = {
	{ .key = "sync_port", .otherwise = "7450", .integer = true, .min = 1, .max = 65535 },
	{ .key = "name", .otherwise = "" },
	{ .key = "backup_dir" },
	{ 0 },
};

static void settings_are_read_and_others_keep_their_defaults(void **state)
{
	struct arena arena = { 0 };
	struct config config;

	(void)state;
	assert_int_equal(config_read(&arena, "config",
		text_of("# ours\n\n  name = Harbour & Hill #1  # the firm\r\nbackup_dir=/mnt/x"), settings,
				 &config),
		STATUS_OK);
	assert_string_equal(config_text(&config, "name").data, "Harbour & Hill");
	assert_string_equal(config_text(&config, "backup_dir").data, "/mnt/x");
	assert_int_equal(config_integer(&config, "sync_port"), 7450);
	arena_finish(&arena);
}

static void what_is_wrong_is_named_with_file_and_line(void **state)
{
	static const struct {
		const char *content, *reason;
	} rows[] = {
		{ "name = a\nsync_prot = 1\n", "config, line 2: there is no setting 'sync_prot': did you mean 'sync_port'?" },
		{ "\n\nhello\n", "config, line 3: 'key = value' is expected here" },
		{ "sync_port = 70000", "config, line 1: sync_port: 70000 is not within 1 to 65535" },
		{ "sync_port = many", "config, line 1: sync_port: 'many' is not a whole number" },
		{ "name = a\nname = b", "config, line 2: name is set a second time" },
		{ "name = \xff", "config is not UTF-8 text" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct config config;
		assert_int_equal(config_read(&arena, "config", text_of(rows[i].content), settings, &config), STATUS_INVALID);
		assert_string_equal(fail_reason(), rows[i].reason);
	}
	arena_finish(&arena);
}

static void a_file_that_is_not_there_gives_defaults(void **state)
{
	struct arena arena = { 0 };
	struct config config;

	(void)state;
	assert_int_equal(config_load(&arena, "/tmp/there/is/no/config", settings, &config), STATUS_OK);
	assert_int_equal(config_integer(&config, "sync_port"), 7450);
	assert_string_equal(config_text(&config, "backup_dir").data, "");
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read_and_others_keep_their_defaults),
		cmocka_unit_test(what_is_wrong_is_named_with_file_and_line),
		cmocka_unit_test(a_file_that_is_not_there_gives_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
