/* One row of a file, whatever its form: named values with their places. */
#ifndef TRUCKROLL_SERVER_IMPORT_ROW_H
#define TRUCKROLL_SERVER_IMPORT_ROW_H

#include <jansson.h>

#include "protocol/base/arena.h"
#include "protocol/base/text.h"

struct import_value {
	struct text name;   /* of the column or key */
	struct text text;   /* without blanks around it; empty for a list */
	const json_t *list; /* a JSON array or object; NULL for everything else */
	int64_t line;
	int64_t column; /* CSV: number of the cell; JSON: 0, see import_value_column() */
};

struct import_row {
	struct import_value *values;
	size_t count;
	int64_t line;
	struct text text; /* JSON: the line itself, to find places in it */
};

/* NULL when there is none of that name. */
const struct import_value *import_row_find(const struct import_row *row, const char *name);

/* The text of that name, empty when there is none. */
struct text import_row_text(const struct import_row *row, const char *name);

/* True for an empty text and an empty list. */
bool import_value_is_empty(const struct import_value *value);

/* The number of the cell, or the byte of a JSON line at which the key begins; from 1. */
int64_t import_value_column(const struct import_row *row, const struct import_value *value);

/* The values of a JSON object in its order, allocated in `arena`, texts borrowed from the object. */
struct import_row import_row_of_object(struct arena *arena, json_t *object, struct text text, int64_t line);

#endif
