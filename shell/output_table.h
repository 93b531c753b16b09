/* A table while it is filled, and how it is laid out; inside of output.[ch]. */
#ifndef TRUCKROLL_SHELL_OUTPUT_TABLE_H
#define TRUCKROLL_SHELL_OUTPUT_TABLE_H

#include "protocol/base/buffer.h"
#include "shell/output.h"

struct table_line {
	struct table_line *next;
	struct text cells[];
};

struct table {
	struct output *output;
	const struct column *columns;
	size_t column_count;
	const struct schema *schema;   /* of records; NULL: ad-hoc columns */
	const struct field **fields;   /* of records, beside the columns */
	bool *right;                   /* numbers stand at the right */
	bool *firm;                    /* times and ids, which are of no use when cut */
	json_t *list;                  /* with --json: rows; borrowed from the result */
	struct table_line *first, *last; /* without */
	size_t row_count;
};

/* Heading for people. */
struct text column_title(struct arena *arena, enum language language, const char *name, const char *title);

/* What a person sees of a value; what JSON gets (the caller owns it). */
struct text cell_print(struct arena *arena, const struct output_style *style, const struct cell *cell);
json_t *cell_to_json(struct arena *arena, const struct cell *cell);

/* A field of a record as a value, and for people: choices in their language. */
struct text field_print(struct arena *arena, const struct output_style *style, const struct schema *schema,
	const struct field *field, const void *row);

/* Lays the table out for people, within `width` columns (0: as wide as it is). */
void table_print(const struct table *table, struct arena *arena, const struct output_style *style, struct writer *out);

#endif
