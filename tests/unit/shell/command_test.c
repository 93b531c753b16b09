#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "shell/command.h"
#include "shell/nearest.h"
#include "shell/terminal.h"

#include <cmocka.h>

#define NOW_MS INT64_C(1795271400000) /* 2026-11-21T14:30:00Z */

static enum status do_nothing(struct context *context)
{
	(void)context;
	return STATUS_OK;
}

static const struct option resolve_positionals[] = {
	{ .name = "ISSUE", .kind = OPTION_TEXT, .required = true, .help = "its first digits" },
	{ .name = "WORDS", .kind = OPTION_TEXT, .repeated = true, .help = "what was decided" },
	{ 0 },
};

static const struct option resolve_options[] = {
	{ .name = "as", .kind = OPTION_TEXT, .value = "CHOICE", .required = true, .help = "how it ends" },
	{ .name = "count", .kind = OPTION_INTEGER, .value = "N", .min = 1, .max = 9, .help = "how often" },
	{ .name = "start", .kind = OPTION_TIME, .value = "TIME", .help = "when it begins" },
	{ .name = "tag", .kind = OPTION_TEXT, .value = "TEXT", .repeated = true, .help = "a mark" },
	{ .name = "quick", .kind = OPTION_FLAG, .help = "without asking" },
	{ 0 },
};

static const struct command commands[] = {
	{ .name = "issues", .summary = "Lists what needs a person", .run = do_nothing, .group = "office" },
	{ .name = "issue resolve", .summary = "Closes an issue", .example = "depot issue resolve 3f2a --as noted",
		.positionals = resolve_positionals,
	  .options = resolve_options, .run = do_nothing, .group = "office" },
	{ .name = "issue show", .summary = "Shows an issue", .run = do_nothing, .group = "office" },
	{ .name = "sync", .summary = "Talks to the server", .run = do_nothing, .group = "device" },
};

static const struct program program = {
	.name = "depot", .summary = "an example", .version = "1.0", .commands = commands, .command_count = LENGTH(commands),
		.dir_default = "."
};

/* Splits at '|'. */
static enum status parse(struct arena *arena, const char *line, struct request *out_request)
{
	const struct parse_options options = { .now_ms = NOW_MS };
	struct text words[20];
	size_t count = 0;

	for (const char *word = line; word != NULL && *word != '\0' && count < LENGTH(words);) {
		const char *end = strchr(word, '|');
		words[count++] = (struct text){ word, end == NULL ? strlen(word) : (size_t)(end - word) };
		word = end == NULL ? NULL : end + 1;
	}
	return command_parse(&program, arena, words, count, &options, out_request);
}

static void options_and_positionals_are_found_by_name(void **state)
{
	struct arena arena = { 0 };
	struct request request;

	(void)state;
	assert_int_equal(parse(&arena,
		"--json|issue|resolve|3f2a|--as=noted|all|--count|3|--tag|a|--tag=b|good|--start|15:00|--|--quick", &request),
		STATUS_OK);
	assert_int_equal(request.kind, REQUEST_RUN);
	assert_ptr_equal(request.command, &commands[1]);
	assert_string_equal(arguments_text(request.arguments, "ISSUE").data, "3f2a");
	assert_string_equal(arguments_joined(request.arguments, &arena, "WORDS").data, "all good --quick");
	assert_string_equal(arguments_text(request.arguments, "as").data, "noted");
	assert_int_equal(arguments_integer(request.arguments, "count", 0), 3);
	assert_int_equal(arguments_count(request.arguments, "tag"), 2);
	assert_string_equal(arguments_text_at(request.arguments, "tag", 1).data, "b");
	assert_int_equal(arguments_time(request.arguments, "start", 0), NOW_MS + 1800000);
	assert_true(arguments_flag(request.arguments, "json"));
	assert_false(arguments_flag(request.arguments, "quick"));
	assert_false(arguments_has(request.arguments, "at"));
	assert_int_equal(arguments_time(request.arguments, "at", 7), 7);
	assert_string_equal(arguments_text(request.arguments, "dir").data, "");
	arena_finish(&arena);
}

static void an_option_never_takes_the_next_one_for_its_value(void **state)
{
	struct arena arena = { 0 };
	struct request request;

	(void)state;
	assert_int_equal(parse(&arena, "issue|resolve|3f|--as|--quick", &request), STATUS_INVALID);
	assert_int_equal(parse(&arena, "issue|resolve|3f|--as=--quick", &request), STATUS_OK);
	assert_string_equal(arguments_text(request.arguments, "as").data, "--quick");
	assert_false(arguments_flag(request.arguments, "quick"));
	arena_finish(&arena);
}

static void what_is_wrong_is_said_with_what_was_probably_meant(void **state)
{
	static const struct {
		const char *line, *reason;
	} rows[] = {
		{ "snyc", "there is no command 'snyc': did you mean 'sync'?" },
		{ "isues", "there is no command 'isues': did you mean 'issues'?" },
		{ "issue|reslove", "there is no command 'issue reslove': did you mean 'issue resolve'?" },
		{ "issue", "'issue' is only half a command: issue resolve, issue show" },
		{ "frobnicate", "there is no command 'frobnicate': 'depot --help' lists them" },
		{ "--json", "a command is missing: 'depot --help' lists them" },
		{ "help|frobnicate", "there is no command 'frobnicate': 'depot --help' lists them" },
		{ "help|issue|reslove", "there is no command 'issue reslove': did you mean 'issue resolve'?" },
		{ "sync|now", "'now' is one word too many: put a name of several words in quotes" },
		{ "sync|--jsno", "there is no option --jsno: did you mean --json?" },
		{ "sync|--frobnicate", "there is no option --frobnicate here" },
		{ "sync|-j", "there is no option -j: options begin with two dashes" },
		{ "sync|--json=yes", "--json takes no value" },
		{ "sync|--at", "--at needs a value: --at TIME" },
		{ "issue|resolve|3f|--as|--json", "--as needs a value: --as CHOICE; one that begins with dashes is given as --as=--json" },
		{ "sync|--dir=a|--dir=b", "--dir is given twice" },
		{ "issue|resolve|--as=x", "ISSUE is missing: its first digits" },
		{ "issue|resolve|3f", "--as is missing: how it ends" },
		{ "issue|resolve|3f|--as=x|--count=10", "--count: 10 is not within 1 to 9" },
		{ "issue|resolve|3f|--as=x|--count=1x", "--count: '1x' is not a whole number" },
		{ "issue|resolve||--as=x", "ISSUE: an empty word says nothing: give a text, or leave it out if it may be" },
		{ "issue|resolve| |--as=x", "ISSUE: an empty word says nothing: give a text, or leave it out if it may be" },
		{ "issue|resolve|\xff|--as=x", "ISSUE: the text is not UTF-8" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct request request;
		assert_int_equal(parse(&arena, rows[i].line, &request), STATUS_INVALID);
		assert_string_equal(fail_reason(), rows[i].reason);
	}
	arena_finish(&arena);
}

static void a_fact_later_than_now_is_refused_but_a_plan_is_not(void **state)
{
	struct arena arena = { 0 };
	struct request request;

	(void)state;
	assert_int_equal(parse(&arena, "sync|--at|14:31", &request), STATUS_INVALID);
	assert_int_equal(parse(&arena, "sync|--at|-10m", &request), STATUS_OK);
	assert_int_equal(arguments_time(request.arguments, "at", 0), NOW_MS - 600000);
	assert_int_equal(parse(&arena, "issue|resolve|3f|--as=x|--start=tomorrow 8:00", &request), STATUS_OK);
	arena_finish(&arena);
}

static void help_can_be_asked_for_anywhere_even_on_a_wrong_line(void **state)
{
	static const struct {
		const char *line;
		enum request_kind kind;
	} rows[] = {
		{ "", REQUEST_HELP_PROGRAM },
		{ "--help", REQUEST_HELP_PROGRAM },
		{ "-h", REQUEST_HELP_PROGRAM },
		{ "help", REQUEST_HELP_PROGRAM },
		{ "help|sync", REQUEST_HELP_COMMAND },
		{ "help|issue|resolve", REQUEST_HELP_COMMAND },
		{ "sync|--help", REQUEST_HELP_COMMAND },
		{ "issue|resolve|--help", REQUEST_HELP_COMMAND },
		{ "--dir|x|help|sync", REQUEST_HELP_COMMAND },
		{ "help|issue", REQUEST_HELP_PROGRAM },
		{ "--version", REQUEST_VERSION },
		{ "version", REQUEST_VERSION },
		{ "--dir|x|--version", REQUEST_VERSION },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct request request;
		assert_int_equal(parse(&arena, rows[i].line, &request), STATUS_OK);
		assert_int_equal(request.kind, rows[i].kind);
	}
	arena_finish(&arena);
}

static void help_names_every_option_and_fits_its_width(void **state)
{
	struct arena arena = { 0 };
	struct text help = command_help(&arena, LANGUAGE_EN, &program, &commands[1], 60);
	static const char *const parts[] = { "usage: depot issue resolve ISSUE [WORDS...] --as CHOICE [options]", "--count N",
		"how often, 1 to 9",
		"--as CHOICE", "(required)", "--json", "--at TIME", "depot issue resolve 3f2a --as noted" };

	(void)state;
	for (size_t i = 1; /* the usage line is wrapped */ i < LENGTH(parts); i++)
		assert_non_null(strstr(help.data, parts[i]));
	assert_string_equal(arena_copy_text(&arena, command_usage(&arena, LANGUAGE_EN, &program, &commands[1])).data, parts[0]);
	for (const char *line = help.data; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_true(text_columns((struct text){ line, (size_t)(strchr(line, '\n') - line) }) <= 60);
	help = program_help(&arena, LANGUAGE_EN, &program, 0);
	for (size_t i = 0; i < LENGTH(commands); i++)
		assert_non_null(strstr(help.data, commands[i].summary));
	assert_non_null(strstr(help.data, "\noffice\n"));
	help = commands_help(&arena, LANGUAGE_EN, &program, text_of("issue"), 0);
	assert_non_null(strstr(help.data, "issue resolve"));
	assert_non_null(strstr(help.data, "issue show"));
	assert_null(strstr(help.data, "issues"));
	arena_finish(&arena);
}

static void chinese_help_breaks_between_characters_but_not_before_what_closes(void **state)
{
	/* The name takes 9 of 60 columns, so 25 characters fit, but the 26th must not begin a line. */
	static const struct command chinese = { .name = "x",
		.summary = "一二三四五六七八九十一二三四五六七八九十一二三四五，truckroll sync（六）" };
	struct arena arena = { 0 };
	struct text help = command_help(&arena, LANGUAGE_ZH, &program, &chinese, 60);

	(void)state;
	assert_non_null(strstr(help.data, "depot x：一二三四五六七八九十一二三四五六七八九十一二三四\n"
					  "  五，truckroll sync（六）\n"));
	arena_finish(&arena);
}

static void random_words_never_break_the_parser(void **state)
{
	static const char *const pieces[] = { "sync", "issue", "resolve", "--as", "=", "--", "-", "", "--json", "--at", "x",
		"--count=", "7", "\xff", "help", "-5" };
	const struct parse_options options = { .now_ms = NOW_MS };
	struct arena arena = { 0 };
	uint64_t seed = 99;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct text words[8];
		struct request request;
		size_t count;
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
		count = seed >> 61;
		for (size_t k = 0; k < count; k++)
			words[k] = text_of(pieces[seed >> (20 + 4 * k) & 15]);
		if (command_parse(&program, &arena, words, count, &options, &request) == STATUS_OK && request.kind == REQUEST_RUN)
			assert_non_null(request.command);
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static void near_words_are_near_and_far_ones_are_not(void **state)
{
	struct nearest nearest = nearest_to(text_of("finsh"));

	(void)state;
	assert_int_equal(text_distance(text_of("finsh"), text_of("finish")), 1);
	assert_int_equal(text_distance(text_of("tset"), text_of("test")), 1);
	assert_int_equal(text_distance(text_of(""), text_of("abc")), 3);
	nearest_offer(&nearest, "accept");
	assert_int_equal(nearest_found(&nearest).size, 0);
	nearest_offer(&nearest, "finish");
	nearest_offer(&nearest, "fish-and-chips");
	assert_true(text_equals(nearest_found(&nearest), "finish"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_positionals_are_found_by_name),
		cmocka_unit_test(an_option_never_takes_the_next_one_for_its_value),
		cmocka_unit_test(what_is_wrong_is_said_with_what_was_probably_meant),
		cmocka_unit_test(a_fact_later_than_now_is_refused_but_a_plan_is_not),
		cmocka_unit_test(help_can_be_asked_for_anywhere_even_on_a_wrong_line),
		cmocka_unit_test(help_names_every_option_and_fits_its_width),
		cmocka_unit_test(chinese_help_breaks_between_characters_but_not_before_what_closes),
		cmocka_unit_test(random_words_never_break_the_parser),
		cmocka_unit_test(near_words_are_near_and_far_ones_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
