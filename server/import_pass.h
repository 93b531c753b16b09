/* One reading of a file: what all its rows share, and how a finished record leaves it. */
#ifndef TRUCKROLL_SERVER_IMPORT_PASS_H
#define TRUCKROLL_SERVER_IMPORT_PASS_H

#include "server/import.h"
#include "server/import_group.h"
#include "server/import_keys.h"
#include "server/import_row.h"

/* Why a row was skipped. */
#define IMPORT_REPEATED "repeats an earlier row word for word"

struct import_format;
struct import_header;

struct import_pass {
	const struct import_options *options;
	struct import_report *report;
	struct arena *arena;     /* of the report and of the header */
	struct arena *row_arena; /* forgotten after each row */
	struct import_keys keys;
	struct import_group group; /* of a form with groups: the rows that wait for their last one */
	import_sink sink;          /* NULL: nobody is asked */
	void *sink_context;
	const struct import_format *format; /* of a known file; NULL: the general form */
	const struct import_header *header; /* of the general form */
	enum status status;                 /* the sink's, or of a limit: the pass is over */
	bool checking;                      /* false: the report is complete, only operations count */
	bool refused;                       /* the sink missed a record, and it is noted in the report */
};

/* A record while it is made from a row. */
struct import_draft {
	const struct schema *schema;
	void *row;
	const struct import_row *from;
	const struct import_value *places[RECORD_KIND_MAX + 1]; /* by tag: the value that a field came from */
	int64_t cents;                                          /* an amount that the row names, for the record beside it */
	bool broken;                                            /* an error was noted: it is not handed out */
	const struct import_value *refused;                     /* the last value an error was noted at: one error a value */
};

/* Notes an error at a value of the row (NULL: at its beginning) and breaks the draft. `reason` may begin with the field's own
 * name, which is replaced by the column's. */
void import_draft_refuse(
	struct import_pass *pass, struct import_draft *draft, const struct import_value *value, const char *field, const char *reason);

/* A value was changed or left out; counted by `reason`. */
void import_draft_warn(struct import_pass *pass, const struct import_draft *draft, const char *reason);

/* Sets a field from text; `value` is where it came from. */
void import_draft_set(struct import_pass *pass, struct import_draft *draft, const struct field *field, struct text text,
	const struct import_value *value);

/* Sets a text field; what is too long is cut between two characters, with a warning. */
void import_draft_cut(struct import_pass *pass, struct import_draft *draft, const struct field *field, struct text text,
	const struct import_value *value);

/* Checks the finished draft and hands it out under `id`. A row that repeats an earlier one is skipped and counted; one that contradicts
 * it is an error at `key`. */
void import_draft_finish(struct import_pass *pass, struct import_draft *draft, const struct id *id, const struct import_value *key);

/* Hands out a record that the row only implies, once. Its id is set. */
void import_implied(struct import_pass *pass, struct import_draft *draft, enum record_kind kind, const void *row);

#endif
