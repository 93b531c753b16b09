/* Rows of comma or semicolon separated text: RFC 4180 with or without BOM, CRLF or LF, quotes around line ends. Total over all
 * bytes: whatever comes in, rows and problems come out, within fixed memory. */
#ifndef TRUCKROLL_SERVER_CSV_H
#define TRUCKROLL_SERVER_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "server/import_input.h"

#define CSV_CELLS_MAX 200

struct csv_cell {
	struct text text; /* as meant: without the quotes around it, valid UTF-8 unless the row has a problem */
	int64_t line;     /* where it begins, from 1 */
};

/* Why a row cannot be taken, and where. */
struct csv_problem {
	const char *reason; /* NULL: there is none */
	int64_t line;
	int64_t column; /* number of the cell, from 1 */
	bool last;      /* nothing after it can be read */
};

struct csv_row {
	const struct csv_cell *cells; /* borrowed until the next csv_next() */
	size_t count;
	int64_t line;
	struct csv_problem problem; /* the first one */
};

struct csv;

/* Looks at the first line to tell `;` from `,`. Memory is in `arena`; it and
 * `input`, which stands at its start, must outlive the reader. */
struct csv *csv_create(struct arena *arena, struct import_input *input);

/* The next row that is not blank; false at the end (see import_input_status()) and after a last problem. */
bool csv_next(struct csv *csv, struct csv_row *out_row);

/* Takes off a UTF-8 byte order mark. */
void csv_skip_mark(struct import_input *input);

#endif
