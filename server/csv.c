#include "server/csv.h"

#include <string.h>

enum csv_state {
	CSV_CELL_START,
	CSV_PLAIN,
	CSV_QUOTED,
	CSV_QUOTE_SEEN, /* a quote inside quotes: the end of the cell or half of a doubled one */
};

struct csv {
	struct import_input *input;
	struct arena *arena;
	char *text; /* of the row's cells, IMPORT_LINE_MAX at most */
	size_t size, capacity;
	struct csv_cell cells[CSV_CELLS_MAX];
	size_t count;      /* of finished cells, also those beyond the array */
	size_t cell_start; /* in text */
	int64_t cell_line;
	int64_t line; /* of the next byte */
	enum csv_state state;
	struct csv_problem problem;
	char delimiter;
	bool quoted; /* a cell of this row had quotes: the row is not blank */
	bool done;
};

void csv_skip_mark(struct import_input *input)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
	struct bytes ahead = import_input_ahead(input, sizeof(mark));

	if (ahead.size < sizeof(mark) || memcmp(ahead.data, mark, sizeof(mark)) != 0)
		return;
	import_input_skip(input, sizeof(mark));
}

static char delimiter_guess(struct bytes start)
{
	size_t commas = 0;
	size_t semicolons = 0;
	bool quoted = false;

	for (size_t i = 0; i < start.size && (quoted || start.data[i] != '\n'); i++) {
		if (start.data[i] == '"')
			quoted = !quoted;
		commas += !quoted && start.data[i] == ',';
		semicolons += !quoted && start.data[i] == ';';
	}
	return semicolons > commas ? ';' : ',';
}

struct csv *csv_create(struct arena *arena, struct import_input *input)
{
	struct csv *csv = arena_allocate(arena, sizeof(*csv));

	csv->input = input;
	csv->arena = arena;
	csv->text = arena_grow(arena, NULL, 0, &csv->capacity, sizeof(*csv->text));
	csv->line = 1;
	csv_skip_mark(input);
	csv->delimiter = delimiter_guess(import_input_ahead(input, IMPORT_LINE_MAX));
	return csv;
}

static void note_problem(struct csv *csv, const char *reason, bool last)
{
	csv->done = csv->done || last;
	if (csv->problem.reason != NULL)
		return;
	csv->problem = (struct csv_problem){ .reason = reason, .line = csv->cell_line, .column = (int64_t)csv->count + 1, .last = last };
}

static void append(struct csv *csv, int byte)
{
	if (csv->size < IMPORT_LINE_MAX) {
		/* Cells of the row may lie in the former array, which stays. */
		if (csv->size == csv->capacity)
			csv->text = arena_grow(csv->arena, csv->text, csv->size, &csv->capacity, sizeof(*csv->text));
		csv->text[csv->size++] = (char)byte;
		return;
	}
	note_problem(csv,
		csv->state == CSV_QUOTED ? "a quoted cell that begins here is not closed within 1 MiB: a quote is missing"
					 : "the row is longer than 1 MiB",
		true);
}

static void start_cell(struct csv *csv)
{
	csv->cell_start = csv->size;
	csv->cell_line = csv->line;
	csv->state = CSV_CELL_START;
}

static void end_cell(struct csv *csv)
{
	struct text text = { .data = csv->text + csv->cell_start, .size = csv->size - csv->cell_start };

	if (csv->count < CSV_CELLS_MAX)
		csv->cells[csv->count] = (struct csv_cell){ .text = text, .line = csv->cell_line };
	else
		note_problem(csv, "the row has more than 200 cells", false);
	if (!text_valid(text))
		note_problem(csv, "not well-formed UTF-8 text without NUL: save the file as UTF-8", false);
	csv->count++;
}

static bool is_row_end(int byte)
{
	return byte == '\n' || byte == IMPORT_INPUT_END;
}

/* The end of a cell, if `byte` is one; `*out_row_ended` says whether the row ends as well. */
static bool ends_cell(struct csv *csv, int byte, bool *out_row_ended)
{
	if (!is_row_end(byte) && byte != csv->delimiter)
		return false;
	if (is_row_end(byte) && csv->state == CSV_PLAIN && csv->size > csv->cell_start && csv->text[csv->size - 1] == '\r')
		csv->size--;
	csv->line += byte == '\n';
	end_cell(csv);
	start_cell(csv);
	*out_row_ended = is_row_end(byte);
	return true;
}

static void feed_quoted(struct csv *csv, int byte)
{
	if (byte == '"')
		csv->state = CSV_QUOTE_SEEN;
	else
		append(csv, byte);
	csv->line += byte == '\n';
}

static void feed_after_quote(struct csv *csv, int byte)
{
	if (byte == '"') {
		append(csv, byte);
		csv->state = CSV_QUOTED;
	} else if (byte != '\r' || !is_row_end(import_input_peek(csv->input))) {
		note_problem(csv, "text after the closing quote: double the quotes inside a quoted cell", false);
		csv->state = CSV_PLAIN;
	}
}

/* Takes one byte of the row in; true when the row is complete. */
static bool feed(struct csv *csv, int byte)
{
	bool row_ended = false;

	switch (csv->state) {
	case CSV_CELL_START:
		csv->state = byte == '"' ? CSV_QUOTED : CSV_PLAIN;
		csv->quoted = csv->quoted || byte == '"';
		if (csv->state == CSV_PLAIN && !ends_cell(csv, byte, &row_ended))
			append(csv, byte);
		break;
	case CSV_PLAIN:
		if (!ends_cell(csv, byte, &row_ended))
			append(csv, byte);
		break;
	case CSV_QUOTED:
		if (byte != IMPORT_INPUT_END) {
			feed_quoted(csv, byte);
			break;
		}
		note_problem(csv, "a quoted cell that begins here is never closed: a quote is missing", true);
		end_cell(csv);
		return true;
	case CSV_QUOTE_SEEN:
		if (!ends_cell(csv, byte, &row_ended))
			feed_after_quote(csv, byte);
		break;
	}
	return row_ended || csv->done;
}

static void read_row(struct csv *csv, struct csv_row *out_row)
{
	csv->size = 0;
	csv->count = 0;
	csv->quoted = false;
	csv->problem = (struct csv_problem){ .reason = NULL };
	start_cell(csv);
	out_row->line = csv->line;
	while (!feed(csv, import_input_take(csv->input)))
		continue;
	out_row->cells = csv->cells;
	out_row->count = csv->count < CSV_CELLS_MAX ? csv->count : CSV_CELLS_MAX;
	out_row->problem = csv->problem;
}

bool csv_next(struct csv *csv, struct csv_row *out_row)
{
	while (!csv->done && import_input_peek(csv->input) != IMPORT_INPUT_END) {
		read_row(csv, out_row);
		/* A file that stops unpacking in the middle of a row has no such row. */
		if (import_input_status(csv->input) != STATUS_OK)
			return false;
		if (csv->count != 1 || csv->quoted || text_trim(csv->cells[0].text).size > 0 || csv->problem.reason != NULL)
			return true;
	}
	return false;
}
