#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "shell/arguments.h"
#include "shell/terminal.h"
#include "tests/unit/shell/chinese.h"

#include <cmocka.h>

#define WIDTH 60

static const struct program *program;

static void expect_chinese(const char *where, const char *english)
{
	if (english != NULL && catalogue_find(LANGUAGE_ZH, english) == NULL)
		fail_msg("%s: no Chinese for \"%s\"", where, english);
}

static void expect_chinese_options(const char *where, const struct option *options)
{
	for (size_t i = 0; i < option_count(options); i++)
		expect_chinese(where, options[i].help);
}

/* What people write themselves: a reason, a note, words to look for. */
static bool has_prose(const struct command *command)
{
	static const char *const signs[] = { "--reason ", "--text ", " text=", " title=" };

	for (size_t i = 0; i < LENGTH(signs); i++)
		if (strstr(command->example, signs[i]) != NULL)
			return true;
	return strcmp(command->name, "note") == 0 || strcmp(command->name, "kb search") == 0;
}

static void all_that_help_tells_has_chinese(void **state)
{
	(void)state;
	expect_chinese(program->name, program->summary);
	expect_chinese_options(program->name, command_common_options);
	for (size_t i = 0; i < program->command_count; i++) {
		const struct command *command = &program->commands[i];
		expect_chinese(command->name, command->group);
		expect_chinese(command->name, command->summary);
		expect_chinese(command->name, command->details);
		expect_chinese_options(command->name, command->positionals);
		expect_chinese_options(command->name, command->options);
		assert_non_null(command->example);
		if (has_prose(command))
			expect_chinese(command->name, command->example);
	}
}

/* Every option of `english` is one of `chinese`. */
static void expect_same_options(const char *english, const char *chinese)
{
	for (const char *at = english; (at = strstr(at, "--")) != NULL; at += 2) {
		char option[40] = "";
		size_t size = strcspn(at, " ");
		assert_true(size < sizeof(option));
		memcpy(option, at, size);
		if (strstr(chinese, option) == NULL)
			fail_msg("%s is missing in: %s", option, chinese);
	}
}

static void an_example_in_chinese_is_the_same_command(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < program->command_count; i++) {
		const struct command *command = &program->commands[i];
		const char *chinese = catalogue_translate(LANGUAGE_ZH, command->example);
		struct text begin = arena_print(&arena, "%s %s", program->name, command->name);
		assert_memory_equal(chinese, begin.data, begin.size);
		expect_same_options(command->example, chinese);
		expect_same_options(chinese, command->example);
	}
	arena_finish(&arena);
}

static void expect_fits(struct text page)
{
	while (page.size > 0) {
		const char *end = memchr(page.data, '\n', page.size);
		struct text text = { page.data, (size_t)(end - page.data) };
		if (text_columns(text) > WIDTH)
			fail_msg("%zu columns: %.*s", text_columns(text), TEXT_ARGUMENTS(text));
		page = (struct text){ end + 1, page.size - text.size - 1 };
	}
}

static void chinese_help_fits_its_width(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	expect_fits(program_help(&arena, LANGUAGE_ZH, program, WIDTH));
	for (size_t i = 0; i < program->command_count; i++) {
		struct command command = program->commands[i];
		command.details = command.example = NULL; /* have lines of their own */
		expect_fits(command_help(&arena, LANGUAGE_ZH, program, &command, WIDTH));
	}
	arena_finish(&arena);
}

int chinese_main(const struct program *tested)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_help_tells_has_chinese),
		cmocka_unit_test(an_example_in_chinese_is_the_same_command),
		cmocka_unit_test(chinese_help_fits_its_width),
	};

	program = tested;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
