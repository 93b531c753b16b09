/* Files of known form: recognised by the names of their columns or keys, mapped by tables (docs/import.md prints them). */
#ifndef TRUCKROLL_SERVER_IMPORT_FORMAT_H
#define TRUCKROLL_SERVER_IMPORT_FORMAT_H

#include "server/import_pass.h"

/* What happens to a value on its way into a field. */
enum import_rule {
	IMPORT_USED,  /* read by the format's complete() */
	IMPORT_KEY,   /* the source's key; also the field when one is named */
	IMPORT_TAKE,  /* as field_from_text() reads it */
	IMPORT_TIME,  /* the same, where a blank may stand between day and time */
	IMPORT_CUT,   /* text, cut at the field's limit with a warning */
	IMPORT_CENTS, /* a decimal number of the currency; below zero it is left out with a warning */
	IMPORT_WORDS, /* a choice, through the table of words; the last row (no word) is for all others, with a warning */
	IMPORT_LABEL, /* added to a text as a line "Label: value" */
	IMPORT_STEPS, /* a JSON list, added to a text as numbered lines */
	IMPORT_LIST,  /* a JSON list, joined by commas */
};

struct import_word {
	const char *word;
	const char *choice;
};

/* A column may have several rows; a column without a row is reported as not mapped. */
struct import_mapping {
	const char *column; /* NULL ends the table */
	const char *field;
	enum import_rule rule;
	bool required; /* an empty value is an error */
	const char *label;
	const struct import_word *words;
};

#define IMPORT_SIGNATURE_MAX 8

/* Of the catalogue's words for titles. */
#define IMPORT_FORM_PREFIX "import_form"

struct import_format {
	const char *title; /* for people, and in JSON */
	enum record_kind record;
	bool json;
	const char *signature[IMPORT_SIGNATURE_MAX]; /* names that only such a file has all of */
	const struct import_mapping *mappings;
	const char *group; /* rows beside each other with the same text in this column are one record, see import_group.h; NULL: none */
	/* What a table cannot say: parents, values made of several columns. May set `*out_key`. NULL: nothing. */
	void (*complete)(struct import_pass *pass, struct import_draft *draft, struct text *out_key);
	/* Hands out what refers to the row's own record, which has its id by then. NULL: nothing. */
	void (*follow)(struct import_pass *pass, struct import_draft *draft);
};

/* The known forms; ended by a row without a title. */
extern const struct import_format import_formats[];

/* By the names of the first row; NULL when no form has them. */
const struct import_format *import_format_find(bool json, const struct text *names, size_t count);

/* Hands out what one row stands for; of a form with groups, what the group before it stood for. */
void import_format_row(struct import_pass *pass, const struct import_row *row);

/* After the last row: hands out the group that is still gathered. */
void import_format_end(struct import_pass *pass);

/* Does a rule of the form read the column? */
bool import_format_reads(const struct import_format *format, struct text column);

#endif
