/* What an import found, for people: counts, what has no place here, what is wrong and where. */
#ifndef TRUCKROLL_SERVER_IMPORT_REPORT_H
#define TRUCKROLL_SERVER_IMPORT_REPORT_H

#include "protocol/domain/schema.h"

#define IMPORT_ERRORS_MAX 20
#define IMPORT_NOTES_MAX  64

/* Something that was seen `count` times, first on `line`. */
struct import_note {
	struct text text;
	int64_t count;
	int64_t line;
};

struct import_notes {
	struct import_note items[IMPORT_NOTES_MAX];
	size_t count;
};

struct import_report {
	struct text format;                    /* of the file, in words; empty while it is not known */
	int64_t rows;                          /* read, without the header */
	int64_t operations;                    /* CREATEs the file stands for, parents included */
	int64_t records[RECORD_KIND_MAX + 1];  /* CREATEs by kind */
	struct import_notes ignored;           /* columns that no field takes; `count` of values that were not empty, 0 included */
	struct import_notes skipped;           /* rows left out, by reason */
	struct import_notes warnings;          /* values that were changed, by reason */
	struct text errors[IMPORT_ERRORS_MAX]; /* "parts.csv:17:3: quantity: "abc" is not a whole number" */
	int64_t error_count;                   /* also those beyond the array */
};

/* Adds `times` to the note of that text, or begins one; beyond IMPORT_NOTES_MAX texts the last note takes all others. */
void import_notes_add(struct import_notes *notes, struct arena *arena, struct text text, int64_t line, int64_t times);

/* Where in a file something is. */
struct import_place {
	const char *path;
	int64_t line;
	int64_t column;
};

/* printf style, behind "file:line:column: ". Control characters are shown as '?'. */
void import_report_error(struct import_report *report, struct arena *arena, const struct import_place *place, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));

#endif
