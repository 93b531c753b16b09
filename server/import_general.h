/* Files of the general form: the first cell of the header is "record=<kind>", the others are `key` and names of that record's fields. */
#ifndef TRUCKROLL_SERVER_IMPORT_GENERAL_H
#define TRUCKROLL_SERVER_IMPORT_GENERAL_H

#include "server/csv.h"
#include "server/import_pass.h"

/* What the header says. */
struct import_header {
	const struct schema *schema;
	const struct field *fields[CSV_CELLS_MAX]; /* by column; NULL: the first one and the key */
	size_t count;
	size_t key_column;
};

/* True when the row is a header of the general form, well-formed or not. */
bool import_general_is(const struct csv_row *row);

/* Reads the header into `out_header`; errors are noted in the pass's report, then false. */
bool import_general_header(struct import_pass *pass, const struct csv_row *row, struct import_header *out_header);

/* Hands out what one row stands for; its values are in the order of the header. */
void import_general_row(struct import_pass *pass, const struct import_row *row);

#endif
