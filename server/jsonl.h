/* One JSON object a line. Total over all bytes, within fixed memory a line. */
#ifndef TRUCKROLL_SERVER_JSONL_H
#define TRUCKROLL_SERVER_JSONL_H

#include <jansson.h>

#include "server/import_input.h"

struct jsonl_row {
	json_t *object;   /* borrowed until the next jsonl_next(); NULL when there is a problem */
	struct text text; /* the line, borrowed as long */
	int64_t line;
	int64_t column;      /* of the problem, in bytes from 1 */
	struct text problem; /* empty: none */
};

struct jsonl;

/* Memory is in `arena`; `input` must outlive the reader and stand at its start. */
struct jsonl *jsonl_create(struct arena *arena, struct import_input *input);

/* Frees the object of the last row. Safe on NULL. */
void jsonl_finish(struct jsonl *jsonl);

/* The next line that is not blank; false at the end (see import_input_status()) and after a line that is too long. */
bool jsonl_next(struct jsonl *jsonl, struct jsonl_row *out_row);

#endif
