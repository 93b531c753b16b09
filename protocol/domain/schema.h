/* The description of a record: a C struct beside a const table of its fields. Walkers over the table do validation,
 * storage, wire encoding, JSON and documentation, so that a new field is one row here and nowhere else. */
#ifndef TRUCKROLL_DOMAIN_SCHEMA_H
#define TRUCKROLL_DOMAIN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/id.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* Numbers are on disk and on the wire: never reuse one. Arguments of operations are described by schemas as well; their
 * kind is RECORD_ARGUMENTS + the operation's kind (operation.h). */
enum record_kind {
	RECORD_NONE = 0,
	RECORD_TERRITORY = 1,
	RECORD_TECHNICIAN = 2,
	RECORD_PART = 3,
	RECORD_STOCK_LOCATION = 4,
	RECORD_ACCOUNT = 5,
	RECORD_SITE = 6,
	RECORD_ASSET = 7,
	RECORD_SERVICE_REQUEST = 8,
	RECORD_WORK_ORDER = 9,
	RECORD_VISIT = 10,
	RECORD_NOTE = 11,
	RECORD_MOVEMENT = 12,
	RECORD_BALANCE = 13,
	RECORD_KB_ARTICLE = 14,
	RECORD_DEVICE = 15,
	RECORD_OPERATION = 16, /* the outcome of an operation that was not plainly applied */
	RECORD_ISSUE = 17,
	RECORD_CONTACT = 18,
	RECORD_TASK = 19,
	RECORD_TASK_ANSWER = 20,
	RECORD_TIME_ENTRY = 21,
	RECORD_ATTACHMENT = 22,
	RECORD_METER = 23,
	RECORD_READING = 24,
	RECORD_TERRITORY_GRANT = 25,
	RECORD_SITE_ACCESS = 26,
	RECORD_WORK_ORDER_COST = 27,
	RECORD_BENCH_ORDER = 60, /* only in stores made with --bench */
	RECORD_KIND_MAX = 63,
	RECORD_OPERATION_HEAD = 64,
	RECORD_ARGUMENTS = 128, /* + enum operation_kind */
};

enum field_kind {
	FIELD_ID,      /* struct id; `refers` names the record kind it points to, RECORD_NONE for any or itself */
	FIELD_TEXT,    /* struct text; at most `max` bytes */
	FIELD_INTEGER, /* int64_t within min..max */
	FIELD_TIME,    /* int64_t, ms since 1970 UTC, at most TIME_MAX_MS; 0 = not set */
	FIELD_CHOICE,  /* an enum (4 bytes); unknown numbers from newer peers are kept */
	FIELD_BOOLEAN, /* bool */
};

#define TIME_MAX_MS INT64_C(253402300799999) /* the end of the year 9999: what RFC 3339 can write */

/* Who wins an EDIT when the field moved on since the editor saw it; the loser is kept in an issue. */
enum merge {
	MERGE_NEVER,          /* the field cannot be edited at all */
	MERGE_LAST_COMMITTED, /* the edit that commits last */
	MERGE_SERVER_WINS,    /* what stands on the server (dispatcher-owned fields) */
};

/* Name of a choice's number; a table ends with a NULL name. Number 0 is the default and has a row as well. */
struct choice {
	uint32_t number;
	const char *name;
};

/* Measured values are integers in units of 10^-scale, so that they are the same everywhere. */
#define NUMBER_MAX INT64_C(1000000000000000)
#define SCALE_MAX  9

struct field {
	const char *name;
	enum field_kind kind;
	uint32_t since;   /* schema revision that added it to a record that was there (revision.h); 0: it came with its record */
	uint32_t retired; /* schema revision from which nobody sets it anew: older programs still may; 0: it is in use */
	size_t offset;
	uint32_t tag; /* 1..63, permanent; the id of a record is tag 1 */
	enum merge merge;
	enum record_kind refers;
	bool required;  /* must not be nil, empty or 0 */
	bool personal;  /* never logged */
	bool derived;   /* computed by handlers; no EDIT and no CREATE may set it */
	int64_t min;
	int64_t max;
	const struct choice *choices;
};

/* A secondary index: rows of `kind` by the id in `field`. Declared here, built by the store, walked by handlers. */
struct index {
	const char *field;
};

/* Where a row lives: the first row of the table whose field is not nil gives the home; none: HOME `otherwise`. */
enum scope_kind {
	SCOPE_NONE = 0,
	SCOPE_ORG_ALL = 1,   /* id nil */
	SCOPE_ORG_STAFF = 2, /* id nil; never on a device */
	SCOPE_TERRITORY = 3,
	SCOPE_TECHNICIAN = 4,
	SCOPE_DEPOT = 5,
	SCOPE_DEVICE = 6,
	SCOPE_JOB = 7, /* id = work order; rows are members by link, never at home */
};

struct scope {
	enum scope_kind kind;
	struct id id;
};

struct home_rule {
	enum scope_kind scope;
	const char *field; /* an id, which is the scope's; or yes or no, of a scope without one. NULL ends the table */
};

/* Facts stay on devices for so long, counted from a time of theirs and from the end of their order, whichever is later. Then they are
 * `archived`: their home is `org.staff`. */
struct window {
	const char *field; /* a time, which must be set; NULL: the records stay for ever */
	int64_t days;
	bool of_orders;    /* only those that belong to a work order: others are no facts, however old */
};

#define ARCHIVED_SINCE 5 /* the revision of the schema that added `archived` to facts */

#define TAG_MAX        63
#define HOME_RULES_MAX 4
#define INDEXES_MAX    4

struct schema {
	enum record_kind kind;
	const char *name; /* table, JSON type and document heading, such as "work_order" */
	size_t size;      /* of the C struct */
	size_t extra;     /* offset of `struct bytes extra`: fields that this program does not know (extra.h); 0: there are none */
	const struct field *fields;
	size_t field_count; /* at most 63 */
	struct home_rule homes[HOME_RULES_MAX];
	enum scope_kind home_otherwise;
	struct index indexes[INDEXES_MAX];
	struct window window;
	bool derived; /* rows are written by handlers only, never by CREATE or EDIT */
};

#define FIELD_KIND_OF(member)                                                                                                              \
	_Generic((member), struct id : FIELD_ID, struct text : FIELD_TEXT, int64_t : FIELD_INTEGER, bool : FIELD_BOOLEAN)
#define MEMBER(record, member) (((struct record *)0)->member)

/* First part of a row of a field table; further designated members follow: { FIELD_OF(site, name), .tag = 2 }. */
#define FIELD_OF(record, member) .name = #member, .offset = offsetof(struct record, member), .kind = FIELD_KIND_OF(MEMBER(record, member))
#define TIME_OF(record, member)                                                                                                            \
	.name = #member, .kind = FIELD_TIME, .max = TIME_MAX_MS,                                                                           \
	.offset = offsetof(struct record, member) + 0 * sizeof(char[sizeof(MEMBER(record, member)) == sizeof(int64_t) ? 1 : -1])
#define CHOICE_OF(record, member, names)                                                                                                   \
	.name = #member, .kind = FIELD_CHOICE, .choices = (names),                                                                         \
	.offset = offsetof(struct record, member) + 0 * sizeof(char[sizeof(MEMBER(record, member)) == sizeof(uint32_t) ? 1 : -1])

/* The names of record kinds, for fields that hold one. */
extern const struct choice record_kind_names[];

/* The schema of a record kind or of an operation's arguments, as this process speaks it (revision.h); NULL for an unknown number. */
const struct schema *schema_find(enum record_kind kind);
/* The schema of a record kind; STATUS_NEWER for a number that has none here. */
enum status schema_of_record(enum record_kind kind, const struct schema **out_schema);
/* By name; NULL when there is none. */
const struct schema *schema_by_name(struct text name);
/* The registered record schemas (not arguments) in ascending kind order; NULL at and beyond the end. */
const struct schema *schema_at(size_t position);
/* Adds a record kind that is not part of the product (the benchmark's). Call before any thread starts and any store is
 * opened; the schema must outlive the process. Adding the same one again does nothing. */
void schema_register(const struct schema *schema);

/* The field of that name or tag; NULL when the schema has none. */
const struct field *schema_field(const struct schema *schema, struct text name);
const struct field *schema_field_by_tag(const struct schema *schema, uint32_t tag);

/* Pointers into a row. */
const struct id *row_id(const void *row); /* every record struct begins with `struct id id` */
const void *field_at(const struct field *field, const void *row);
void *field_at_mutable(const struct field *field, void *row);

/* The value as an integer (INTEGER, TIME, CHOICE, BOOLEAN). */
int64_t field_integer(const struct field *field, const void *row);
void field_set_integer(const struct field *field, void *row, int64_t value);

/* True for nil, empty, 0 or false: such fields are left out of the canonical form. */
bool field_is_default(const struct field *field, const void *row);
bool field_equal(const struct field *field, const void *left, const void *right);
/* Copies one field; a text's bytes are borrowed from `from`. */
void field_copy(const struct field *field, void *to, const void *from);

/* What the row keeps of fields that this program does not know; empty where the schema has no room for it. */
struct bytes row_extra(const struct schema *schema, const void *row);
/* Borrows the bytes; the schema must have room for them. */
void row_set_extra(const struct schema *schema, void *row, struct bytes extra);

bool row_equal(const struct schema *schema, const void *left, const void *right);
/* A deep copy in the arena. */
void *row_copy(struct arena *arena, const struct schema *schema, const void *row);

/* STATUS_INVALID naming record, field and rule when a value breaks its limits (required, length, range, UTF-8, unknown
 * choice); `out_field` (may be NULL) is set on failure only. */
enum status row_validate(const struct schema *schema, const void *row, const struct field **out_field);

/* The same for one field. */
enum status field_validate(const struct schema *schema, const struct field *field, const void *row);

/* The nearest time that a field can hold. */
int64_t time_within(int64_t at_ms);

/* The home scope of a row, by the schema's table. A pure function of the row. */
struct scope row_home(const struct schema *schema, const void *row);

/* For records that have a window. */
bool row_is_archived(const struct schema *schema, const void *row);
void row_set_archived(const struct schema *schema, void *row, bool archived);

/* The choice's name, or "other (n)" built in `arena`. */
struct text choice_to_text(struct arena *arena, const struct choice *choices, uint32_t number);
/* STATUS_INVALID listing the known names. */
enum status choice_from_text(const struct choice *choices, struct text name, uint32_t *out_number);

/* One value as text for a person or a file: ids in hex, times as RFC 3339 UTC, choices by name. */
struct text field_to_text(struct arena *arena, const struct field *field, const void *row);
/* The reverse; times also as "YYYY-MM-DD" and "YYYY-MM-DDTHH:MM[:SS[.mmm]][Z|+hh:mm]". STATUS_INVALID names the field. */
enum status field_from_text(struct arena *arena, const struct field *field, struct text text, void *row);

bool scope_equal(const struct scope *left, const struct scope *right);

#endif
