/* What a command has to say, collected and then written at once: text for people, or with --json one object with stable names.
 * An output belongs to one thread and lives in its arena. */
#ifndef TRUCKROLL_SHELL_OUTPUT_H
#define TRUCKROLL_SHELL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>

#include "protocol/domain/schema.h"
#include "shell/catalogue.h"
#include "shell/zone.h"

enum cell_kind {
	CELL_NONE,
	CELL_TEXT,
	CELL_INTEGER,
	CELL_TIME,
	CELL_DURATION,
	CELL_SIZE,
	CELL_ID,
	CELL_BOOLEAN,
	CELL_NAME
};

/* One value. JSON gets the exact one (times RFC 3339 UTC, ids 32 digits, durations in ms, sizes in bytes), people a readable one. */
struct cell {
	enum cell_kind kind;
	struct text text;
	int64_t integer;
	struct id id;
	const char *prefix; /* CELL_NAME */
};

struct cell cell_none(void); /* "" and null */
struct cell cell_text(struct text text);
struct cell cell_string(const char *string);
struct cell cell_integer(int64_t integer);
struct cell cell_time(int64_t at_ms); /* 0: not set */
struct cell cell_duration(int64_t duration_ms);
struct cell cell_size(int64_t bytes);
struct cell cell_id(const struct id *id); /* people see its first 8 digits */
struct cell cell_boolean(bool boolean);
/* "on_site", as JSON and English have it; other languages show the catalogue's word under the prefix, "state.visit". */
struct cell cell_name(const char *prefix, struct text name);

struct column {
	const char *name;  /* in JSON; never change one */
	const char *title; /* heading for people, in English; NULL: the name, or what the catalogue has for "column.<name>" */
	bool json_only;
};

struct output_style {
	bool json;
	enum language language;
	size_t width;            /* columns of the terminal, 0: do not cut */
	const struct zone *zone; /* NULL: UTC */
	int stdout_descriptor;   /* where output_flush() writes; -1: only collect */
	int stderr_descriptor;
};

struct output;
struct table;

/* In the arena; nothing to give back except by output_finish(). */
struct output *output_create(struct arena *arena, const struct output_style *style);
void output_finish(struct output *output);
const struct output_style *output_style_of(const struct output *output);

/* One value under a name: a line "Title: value", a member in JSON. `title` NULL: as for a column. */
void output_value(struct output *output, const char *name, const char *title, struct cell cell);

/* A table, begun; rows are added until the next call that writes something else. In JSON a list of objects under `name`. Columns
 * must outlive the output. An empty table prints nothing for people: say so by output_message(). */
struct table *output_table(struct output *output, const char *name, const struct column *columns, size_t column_count);
/* `column_count` cells, copied. */
void table_row(struct table *table, const struct cell *cells);
size_t table_row_count(const struct table *table);

/* A table of records with the fields named (ends with NULL); "id" is added to JSON by itself. NULL: all fields. */
struct table *output_rows(struct output *output, const char *name, const struct schema *schema, const char *const *fields);
void table_record(struct table *table, const void *row);

/* How people read what a row holds. */
struct output_reader {
	/* What the record is called. */
	struct text (*name_of)(void *context, struct arena *arena, const struct id *id);
	/* A number with its decimals and unit; empty: as it is stored. NULL: all are. */
	struct text (*measure)(
		void *context, struct arena *arena, const struct schema *schema, const struct field *field, const void *row);
	void *context;
};

/* From now on people see names instead of ids, and measured numbers. JSON keeps what is stored. */
void output_read_records(struct output *output, const struct output_reader *reader);

/* A field of a row as people see it. */
struct text output_field(struct output *output, const struct schema *schema, const struct field *field, const void *row);

/* One record, a line per field that is set; in JSON the whole object under `name`. */
void output_record(struct output *output, const char *name, const struct schema *schema, const void *row);

/* A sentence of the catalogue; in JSON {"key", "text"} in the list "messages". */
void output_message(struct output *output, const char *key, const struct message_value *values, size_t count);

/* For people only. The format is translated; a heading stands as it is. */
void output_line(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_heading(struct output *output, const char *title);

/* Not in JSON: what another program reads, byte for byte. */
void output_plain(struct output *output, struct text text);

/* For JSON only: a member of the result; `value` is taken over. */
void output_json(struct output *output, const char *name, json_t *value);

/* A sentence on standard error, beside the result (both ways); the format is translated. */
void output_warning(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says why the command failed: fail_reason() on standard error; with --json {"error": {"status", "reason",
 * "exit_code"}} on standard output. */
void output_error(struct output *output, enum status status);

/* Commands that go on for long: writes what there is for people now. Nothing with --json or when only collecting. */
void output_flush(struct output *output);

/* What was collected and not flushed; in the arena. Call once, at the end: it closes tables and the JSON object. */
struct text output_stdout(struct output *output);
struct text output_stderr(struct output *output);

#endif
