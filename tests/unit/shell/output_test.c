#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "protocol/domain/visit.h"
#include "shell/output.h"
#include "shell/terminal.h"

#include <cmocka.h>

#define NOW_MS INT64_C(1795271400000) /* 2026-11-21T14:30:00Z */

static const struct column columns[] = { { .name = "name" }, { .name = "quantity" }, { .name = "code", .json_only = true },
	{ .name = "size" } };

static struct output *output_of(struct arena *arena, bool json, enum language language, size_t width)
{
	const struct output_style style = { .json = json, .language = language, .width = width, .stdout_descriptor = -1,
		.stderr_descriptor = -1 };

	return output_create(arena, &style);
}

static void expect(struct arena *arena, struct text actual, const char *expected)
{
	assert_string_equal(arena_copy_text(arena, actual).data, expected);
}

static void fill(struct output *output)
{
	struct table *table = output_table(output, "parts", columns, LENGTH(columns));

	table_row(table, (const struct cell[]){ cell_string("挖掘机 pump"), cell_integer(12), cell_string("x"), cell_size(1200000) });
	table_row(table, (const struct cell[]){ cell_string("a"), cell_integer(-5), cell_none(), cell_none() });
}

static void columns_stand_straight_also_under_double_width_characters(void **state)
{
	struct arena arena = { 0 };
	struct output *output = output_of(&arena, false, LANGUAGE_EN, 0);

	(void)state;
	fill(output);
	expect(&arena, output_stdout(output),
		"name         quantity    size\n"
		"挖掘机 pump        12  1.2 MB\n"
		"a                  -5        \n");
	output_finish(output);
	arena_finish(&arena);
}

static void words_are_cut_before_times_and_ids(void **state)
{
	struct arena arena = { 0 };
	static const struct column four[] = { { .name = "at" }, { .name = "id" }, { .name = "number" }, { .name = "title" } };
	const struct id id = { { 0x12, 0x34, 0x56, 0x78 } };
	struct output *output = output_of(&arena, false, LANGUAGE_EN, 43);
	struct table *table = output_table(output, "rows", four, LENGTH(four));
	struct text whole;

	(void)state;
	table_row(table, (const struct cell[]){ cell_time(1760000000000), cell_id(&id), cell_string("HH-5001"),
				 cell_string("Boiler does not start in the morning") });
	whole = arena_copy_text(&arena, output_stdout(output));
	assert_non_null(strstr(whole.data, "\n2025-10-09 08:53  12345678  HH-5001  Boile…\n"));
	output_finish(output);
	arena_finish(&arena);
}

static void of_a_files_name_the_end_is_shown(void **state)
{
	struct arena arena = { 0 };
	static const struct column two[] = { { .name = "file" }, { .name = "result" } };
	struct output *output = output_of(&arena, false, LANGUAGE_EN, 24);
	struct table *table = output_table(output, "rows", two, 2);
	struct text whole;

	(void)state;
	table_row(table, (const struct cell[]){ cell_string("/srv/imports/2026/parts-north.csv"), cell_string("done") });
	table_row(table, (const struct cell[]){ cell_string("/srv/导入/挖掘机/零件.csv"), cell_string("done") });
	whole = arena_copy_text(&arena, output_stdout(output));
	assert_non_null(strstr(whole.data, "\n…parts-north.csv  done\n"));
	assert_non_null(strstr(whole.data, "/零件.csv"));
	assert_true(text_valid(whole));
	output_finish(output);
	arena_finish(&arena);
}

static void a_table_is_cut_to_the_terminal(void **state)
{
	struct arena arena = { 0 };
	static const struct column two[] = { { .name = "id" }, { .name = "title" } };
	struct output *output = output_of(&arena, false, LANGUAGE_EN, 40);
	struct table *table = output_table(output, "rows", two, 2);
	struct text text;

	(void)state;
	table_row(table, (const struct cell[]){ cell_string("1"), cell_string("这是一个非常长的句子，需要被截断才能放进终端里面，不然就会换行。") });
	text = output_stdout(output);
	for (const char *line = text.data; line < text.data + text.size;) {
		const char *end = memchr(line, '\n', (size_t)(text.data + text.size - line));
		assert_non_null(end);
		assert_true(text_columns((struct text){ line, (size_t)(end - line) }) <= 40);
		line = end + 1;
	}
	assert_non_null(strstr(arena_copy_text(&arena, text).data, "…"));
	output_finish(output);
	arena_finish(&arena);
}

static void a_sentence_goes_on_in_the_next_line(void **state)
{
	struct arena arena = { 0 };
	static const struct column four[] = { { .name = "id" }, { .name = "title" }, { .name = "words" }, { .name = "advice" } };
	struct output *output = output_of(&arena, false, LANGUAGE_EN, 40);
	struct table *table = output_table(output, "rows", four, LENGTH(four));

	(void)state;
	table_row(table, (const struct cell[]){ cell_string("1"), cell_string("Lift"),
				 cell_string("more was used than was known to be there"), cell_string("count it") });
	table_row(table, (const struct cell[]){ cell_string("2"), cell_string("Pump"), cell_string("Applied."), cell_string("") });
	table_row(table, (const struct cell[]){ cell_string("3"), cell_string(""), cell_string("用量超过已知库存，请盘点，并告知办公室。"),
				 cell_string("atonewordthatislonger") });
	assert_string_equal(arena_copy_text(&arena, output_stdout(output)).data, "id  title  in words        advice\n"
										 "1   Lift   more was used   count it\n"
										 "           than was known\n"
										 "           to be there\n"
										 "2   Pump   Applied.\n"
										 "3          用量超过已知库  atonewordthat\n"
										 "           存，请盘点，并  islonger\n"
										 "           告知办公室。\n");
	output_finish(output);
	arena_finish(&arena);
}

static void json_has_stable_names_and_exact_values(void **state)
{
	struct arena arena = { 0 };
	struct output *output = output_of(&arena, true, LANGUAGE_ZH, 40);
	const struct id id = { .bytes = { 0xab } };
	json_t *root, *row;

	(void)state;
	fill(output);
	output_value(output, "at", NULL, cell_time(NOW_MS));
	output_value(output, "device", "Device", cell_id(&id));
	output_line(output, "for people only");
	output_message(output, "saved.now", NULL, 0);
	root = json_loads(arena_copy_text(&arena, output_stdout(output)).data, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	row = json_array_get(json_object_get(root, "parts"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "挖掘机 pump");
	assert_string_equal(json_string_value(json_object_get(row, "code")), "x");
	assert_int_equal(json_integer_value(json_object_get(row, "size")), 1200000);
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(root, "parts"), 1), "size")));
	assert_string_equal(json_string_value(json_object_get(root, "at")), "2026-11-21T14:30:00Z");
	assert_string_equal(json_string_value(json_object_get(root, "device")), "ab000000000000000000000000000000");
	row = json_array_get(json_object_get(root, "messages"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "key")), "saved.now");
	assert_int_equal(output_stderr(output).size, 0);
	json_decref(root);
	output_finish(output);
	arena_finish(&arena);
}

static void an_empty_table_is_an_empty_list_in_json_and_nothing_for_people(void **state)
{
	struct arena arena = { 0 };
	struct output *people = output_of(&arena, false, LANGUAGE_EN, 0), *json = output_of(&arena, true, LANGUAGE_EN, 0);

	(void)state;
	assert_int_equal(table_row_count(output_table(people, "parts", columns, LENGTH(columns))), 0);
	(void)output_table(json, "parts", columns, LENGTH(columns));
	expect(&arena, output_stdout(people), "");
	expect(&arena, output_stdout(json), "{\n  \"parts\": []\n}\n");
	output_finish(people);
	output_finish(json);
	arena_finish(&arena);
}

static void records_show_the_fields_asked_for_in_the_readers_language(void **state)
{
	static const char *const fields[] = { "id", "state", "planned_start_at_ms", NULL };
	const struct visit visit = { .id = { { 0x3f, 0x2a } }, .state = VISIT_STATE_ON_SITE, .planned_start_at_ms = NOW_MS,
		.text = text_of("a\nb") };
	struct arena arena = { 0 };
	struct output *people = output_of(&arena, false, LANGUAGE_ZH, 0), *json = output_of(&arena, true, LANGUAGE_ZH, 0);
	const char *text;

	(void)state;
	table_record(output_rows(people, "visits", &visit_schema, fields), &visit);
	expect(&arena, output_stdout(people),
		"编号      状态    开始\n"
		"3f2a0000  在现场  2026-11-21 14:30\n");
	table_record(output_rows(json, "visits", &visit_schema, fields), &visit);
	text = arena_copy_text(&arena, output_stdout(json)).data;
	assert_non_null(strstr(text, "\"planned_start_at\": \"2026-11-21T14:30:00Z\""));
	assert_non_null(strstr(text, "\"state\": \"on_site\""));
	output_finish(people);
	people = output_of(&arena, false, LANGUAGE_EN, 0);
	output_record(people, "visit", &visit_schema, &visit);
	expect(&arena, output_stdout(people),
		"id: 3f2a0000000000000000000000000000\nstart: 2026-11-21 14:30\nstate: on site\ntext: a\nb\n");
	output_finish(people);
	output_finish(json);
	arena_finish(&arena);
}

static void a_failure_is_a_sentence_for_people_and_an_object_in_json(void **state)
{
	struct arena arena = { 0 };
	struct output *people = output_of(&arena, false, LANGUAGE_EN, 0), *json = output_of(&arena, true, LANGUAGE_EN, 0);
	enum status status = STATUS_REFUSED;
	const char *text;

	(void)state;
	assert_int_equal((fail)(STATUS_REFUSED, "visit %s is with Ana", "3f2a"), STATUS_REFUSED);
	output_error(people, status);
	expect(&arena, output_stderr(people), "Refused: visit 3f2a is with Ana\n");
	expect(&arena, output_stdout(people), "");
	output_error(json, status);
	text = arena_copy_text(&arena, output_stdout(json)).data;
	assert_non_null(strstr(text, "\"status\": \"refused\""));
	assert_non_null(strstr(text, "\"reason\": \"visit 3f2a is with Ana\""));
	assert_non_null(strstr(text, "\"exit_code\": 1"));
	output_finish(people);
	output_finish(json);
	arena_finish(&arena);
}

static void texts_from_outside_cannot_command_the_terminal(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "pump\033[2J", "pump?[2J" },
		{ "a\tb\r\nc", "a b c" },
		{ "\xff\xfe" "x", "??x" },
		{ "\xc2\x9b" "31m", "?31m" },
		{ "\xe2\x80\xae" "evil", "?evil" },
		{ "挖掘机", "挖掘机" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		expect(&arena, text_one_line(&arena, text_of(rows[i].text)), rows[i].shown);
	expect(&arena, text_printable(&arena, text_of("a\r\nb\007")), "a\nb?");
	arena_finish(&arena);
}

static void widths_count_columns_not_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
	} rows[] = { { "", 0 }, { "abc", 3 }, { "é", 1 }, { "e\xcc\x81", 1 }, { "挖掘", 4 }, { "ｱ", 1 }, { "Ａ", 2 }, { "한", 2 },
		{ "🚚", 2 }, { "…", 1 } };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(text_columns(text_of(rows[i].text)), rows[i].columns);
	assert_true(text_equals(text_cut_columns(text_of("a挖掘"), 4), "a挖"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_stand_straight_also_under_double_width_characters),
		cmocka_unit_test(a_table_is_cut_to_the_terminal),
		cmocka_unit_test(of_a_files_name_the_end_is_shown),
		cmocka_unit_test(words_are_cut_before_times_and_ids),
		cmocka_unit_test(a_sentence_goes_on_in_the_next_line),
		cmocka_unit_test(json_has_stable_names_and_exact_values),
		cmocka_unit_test(an_empty_table_is_an_empty_list_in_json_and_nothing_for_people),
		cmocka_unit_test(records_show_the_fields_asked_for_in_the_readers_language),
		cmocka_unit_test(a_failure_is_a_sentence_for_people_and_an_object_in_json),
		cmocka_unit_test(texts_from_outside_cannot_command_the_terminal),
		cmocka_unit_test(widths_count_columns_not_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
