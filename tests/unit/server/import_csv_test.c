#include <stdlib.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "server/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

struct reading {
	struct arena *arena;
	struct csv *csv;
	struct csv_row row;
};

static struct reading read_bytes_of(const void *data, size_t size)
{
	static struct arena arena;
	struct reading reading = { .arena = &arena };

	reading.csv = csv_create(&arena, import_input_of(&arena, (struct bytes){ .data = data, .size = size }));
	return reading;
}

static struct reading read_text(const char *text)
{
	return read_bytes_of(text, strlen(text));
}

static bool next(struct reading *reading)
{
	return csv_next(reading->csv, &reading->row);
}

static void assert_cell(const struct reading *reading, size_t column, const char *expected)
{
	assert_true(column < reading->row.count);
	assert_true(text_equals(reading->row.cells[column].text, expected));
}

static void assert_problem(const struct reading *reading, int64_t line, int64_t column, const char *part)
{
	assert_non_null(reading->row.problem.reason);
	assert_non_null(strstr(reading->row.problem.reason, part));
	assert_int_equal(reading->row.problem.line, line);
	assert_int_equal(reading->row.problem.column, column);
}

static void quotes_keep_line_ends_delimiters_and_doubled_quotes(void **state)
{
	struct reading reading = read_text("a,\"b\nc,\"\"d\"\"\",5\" pipe\r\ne,,\n");

	(void)state;
	assert_true(next(&reading));
	assert_int_equal(reading.row.count, 3);
	assert_cell(&reading, 1, "b\nc,\"d\"");
	assert_cell(&reading, 2, "5\" pipe");
	assert_int_equal(reading.row.cells[2].line, 2);
	assert_true(next(&reading));
	assert_int_equal(reading.row.line, 3);
	assert_int_equal(reading.row.count, 3);
	assert_false(next(&reading));
	arena_finish(reading.arena);
}

static void mark_semicolons_and_crlf_make_no_difference(void **state)
{
	struct reading reading = read_text("\xef\xbb\xbf\"x,y\";b\r\n\r\n  \n\"1\"\r\n2;3\r");

	(void)state;
	assert_true(next(&reading));
	assert_cell(&reading, 0, "x,y");
	assert_cell(&reading, 1, "b");
	assert_true(next(&reading));
	assert_int_equal(reading.row.line, 4);
	assert_int_equal(reading.row.count, 1);
	assert_true(next(&reading));
	assert_cell(&reading, 1, "3");
	assert_null(reading.row.problem.reason);
	assert_false(next(&reading));
	arena_finish(reading.arena);
}

static void an_open_quote_is_named_where_it_begins(void **state)
{
	struct reading reading = read_text("a,b\n1,\"two\nthree\nfour");

	(void)state;
	assert_true(next(&reading));
	assert_true(next(&reading));
	assert_problem(&reading, 2, 2, "never closed");
	assert_true(reading.row.problem.last);
	assert_false(next(&reading));
	arena_finish(reading.arena);
}

static void text_behind_a_closing_quote_is_a_problem_of_that_cell_only(void **state)
{
	struct reading reading = read_text("a,b\n1,\"two\" three\n4,5\n");

	(void)state;
	assert_true(next(&reading));
	assert_true(next(&reading));
	assert_problem(&reading, 2, 2, "closing quote");
	assert_true(next(&reading));
	assert_null(reading.row.problem.reason);
	assert_cell(&reading, 1, "5");
	arena_finish(reading.arena);
}

static void bad_utf8_and_nul_are_named_with_their_cell(void **state)
{
	static const char bytes[] = "a,b,c\n1,2,\xff\n\0,2,3\n";
	struct reading reading = read_bytes_of(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_true(next(&reading));
	assert_true(next(&reading));
	assert_problem(&reading, 2, 3, "UTF-8");
	assert_true(next(&reading));
	assert_problem(&reading, 3, 1, "UTF-8");
	arena_finish(reading.arena);
}

static void more_than_two_hundred_cells_are_refused(void **state)
{
	char text[2 * CSV_CELLS_MAX + 2];
	struct reading reading;

	(void)state;
	memset(text, ',', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	reading = read_bytes_of(text, CSV_CELLS_MAX - 1);
	assert_true(next(&reading));
	assert_null(reading.row.problem.reason);
	assert_int_equal(reading.row.count, CSV_CELLS_MAX);
	arena_finish(reading.arena);
	reading = read_bytes_of(text, sizeof(text));
	assert_true(next(&reading));
	assert_problem(&reading, 1, CSV_CELLS_MAX + 1, "200 cells");
	arena_finish(reading.arena);
}

static void a_row_over_one_mebibyte_ends_the_reading(void **state)
{
	size_t size = IMPORT_LINE_MAX + 10;
	char *text = malloc(size);
	struct reading reading;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	text[0] = 'a';
	text[1] = '\n';
	reading = read_bytes_of(text, IMPORT_LINE_MAX + 2);
	assert_true(next(&reading));
	assert_true(next(&reading));
	assert_null(reading.row.problem.reason);
	arena_finish(reading.arena);
	reading = read_bytes_of(text, size);
	assert_true(next(&reading));
	assert_true(next(&reading));
	assert_problem(&reading, 2, 1, "longer than 1 MiB");
	assert_false(next(&reading));
	arena_finish(reading.arena);
	text[2] = '"';
	reading = read_bytes_of(text, size);
	assert_true(next(&reading));
	assert_true(next(&reading));
	assert_problem(&reading, 2, 1, "a quote is missing");
	arena_finish(reading.arena);
	free(text);
}

static uint32_t chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

#define COLUMNS 4

static void write_cell(struct writer *writer, const char *text, char delimiter)
{
	bool quote = strpbrk(text, ",;\"\r\n") != NULL;

	if (quote)
		write_u8(writer, '"');
	for (; *text != '\0'; text++) {
		write_u8(writer, (uint8_t)*text);
		if (*text == '"')
			write_u8(writer, '"');
	}
	if (quote)
		write_u8(writer, '"');
	if (delimiter != '\0')
		write_u8(writer, (uint8_t)delimiter);
}

static void what_is_written_is_read_back(void **state)
{
	static const char *const pieces[] = { "a", "\"", ",", ";", "\n", "\r\n", "\xe9\x98\x80", " ", "", "'", "x y" };
	uint64_t seed = 20;

	(void)state;
	for (int round = 0; round < 400; round++) {
		char cells[8][COLUMNS][64] = { 0 };
		char delimiter = round % 2 == 0 ? ',' : ';';
		struct arena arena = { .newest = NULL };
		struct writer writer = writer_in(&arena, 65536);
		struct reading reading;

		for (size_t row = 0; row < 8; row++) {
			for (size_t column = 0; column < COLUMNS; column++) {
				for (uint32_t left = row == 0 ? 0 : chance(&seed) % 6; left > 0; left--)
					strcat(cells[row][column], pieces[chance(&seed) % LENGTH(pieces)]);
				write_cell(&writer, cells[row][column], column + 1 < COLUMNS ? delimiter : '\0');
			}
			write_raw(&writer, round % 3 == 0 ? "\r\n" : "\n", round % 3 == 0 ? 2 : 1);
		}
		reading = read_bytes_of(writer.data, writer.size);
		for (size_t row = 0; row < 8; row++) {
			assert_true(next(&reading));
			assert_null(reading.row.problem.reason);
			assert_int_equal(reading.row.count, COLUMNS);
			for (size_t column = 0; column < COLUMNS; column++)
				assert_cell(&reading, column, cells[row][column]);
		}
		assert_false(next(&reading));
		arena_finish(reading.arena);
		arena_finish(&arena);
	}
}

static void any_bytes_end_in_rows_or_problems(void **state)
{
	static const char alphabet[] = "\"\",;\r\na\xff\xc3\xa9";
	uint64_t seed = 4;

	(void)state;
	for (int round = 0; round < 300; round++) {
		char bytes[300];
		size_t size = chance(&seed) % sizeof(bytes);
		size_t rows = 0;
		struct reading reading;

		for (size_t i = 0; i < size; i++)
			bytes[i] = alphabet[chance(&seed) % sizeof(alphabet)];
		reading = read_bytes_of(bytes, size);
		for (; next(&reading); rows++)
			for (size_t i = 0; i < reading.row.count; i++)
				assert_true(reading.row.problem.reason != NULL || text_valid(reading.row.cells[i].text));
		assert_true(rows <= size);
		arena_finish(reading.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_keep_line_ends_delimiters_and_doubled_quotes),
		cmocka_unit_test(mark_semicolons_and_crlf_make_no_difference),
		cmocka_unit_test(an_open_quote_is_named_where_it_begins),
		cmocka_unit_test(text_behind_a_closing_quote_is_a_problem_of_that_cell_only),
		cmocka_unit_test(bad_utf8_and_nul_are_named_with_their_cell),
		cmocka_unit_test(more_than_two_hundred_cells_are_refused),
		cmocka_unit_test(a_row_over_one_mebibyte_ends_the_reading),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(any_bytes_end_in_rows_or_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
