/* An operation: what one command meant. One kind, one sequence number, one outcome; applied whole or not at all. */
#ifndef TRUCKROLL_DOMAIN_OPERATION_H
#define TRUCKROLL_DOMAIN_OPERATION_H

#include "protocol/domain/reason.h"
#include "protocol/domain/rule.h"
#include "protocol/domain/schema.h"

/* Numbers are on disk and on the wire: never reuse one. */
enum operation_kind {
	OPERATION_NONE = 0,
	OPERATION_CREATE = 1, /* arguments: the new record itself, see `record` below */
	OPERATION_EDIT = 2,   /* arguments: old and new values, see `edit` below */
	OPERATION_ADD_NOTE = 3,
	OPERATION_BOOK = 4,
	OPERATION_DISPATCH = 5,
	OPERATION_CANCEL = 6,
	OPERATION_REASSIGN = 7,
	OPERATION_ACCEPT = 8,
	OPERATION_DECLINE = 9,
	OPERATION_TRAVEL = 10,
	OPERATION_ARRIVE = 11,
	OPERATION_PAUSE = 12,
	OPERATION_RESUME = 13,
	OPERATION_FINISH = 14,
	OPERATION_ABORT = 15,
	OPERATION_USE_PART = 16,
	OPERATION_RETURN_PART = 17,
	OPERATION_RESOLVE_ISSUE = 18,
	OPERATION_RESCHEDULE = 19,
	OPERATION_ANSWER_TASK = 20,
	OPERATION_LOG_TIME = 21,
	OPERATION_READ_METER = 22,
	OPERATION_ADD_PHOTO = 23,
	OPERATION_SIGN = 24,
	OPERATION_REOPEN_VISIT = 25,
	OPERATION_HOLD = 26,
	OPERATION_RELEASE = 27,
	OPERATION_CLOSE = 28,
	OPERATION_REOPEN_ORDER = 29,
	OPERATION_CANCEL_ORDER = 30,
	OPERATION_DELAY = 31,
	OPERATION_KIND_COUNT,
};

enum operation_sort {
	SORT_FACT,
	SORT_CREATE,
	SORT_EDIT,
	SORT_CLAIM
};

enum role {
	ROLE_TECHNICIAN = 1,
	ROLE_DISPATCHER = 2,
	ROLE_IMPORT = 4,
	ROLE_SYSTEM = 8,
	ROLE_SUPERVISOR = 16,
};

/* The part every operation has. It is itself a record with a field table (schema kind RECORD_OPERATION_HEAD, whose id
 * field is the subject). */
struct operation_head {
	struct id subject; /* the record it is about; for CREATE the new record's id when it is given (imports), else nil */
	enum operation_kind kind;
	uint32_t record;      /* enum record_kind of the subject: CREATE and EDIT only, else 0 */
	struct id actor;      /* technician on a device; nil for the office */
	uint32_t role;        /* enum role the author acts in */
	int64_t at_ms;        /* event time, from the author's clock */
	bool manual;          /* at_ms was typed, not measured */
	int64_t base_gseq;    /* the commit the author had seen */
	struct id base_epoch; /* the server epoch that base_gseq belongs to */
	int64_t schema_revision;
};

struct operation {
	struct operation_head head;
	/* Row of arguments_schema(head.kind, head.record): for CREATE a whole record of kind head.record; for EDIT the new
	 * values, where only the fields in `mask` count. */
	const void *arguments;
	const void *old_values; /* EDIT: what the author saw, same schema and mask; else NULL */
	uint64_t mask;          /* EDIT: bit `tag` set for every field named; else 0 */
};

/* The names of the rows below, for fields. */
extern const struct choice operation_kind_names[];
extern const struct choice role_names[];

/* One row per kind. */
struct operation_row {
	enum operation_kind kind;
	const char *name; /* also the name in commands, JSON and documents, such as "use_part" */
	enum operation_sort sort;
	enum record_kind subject;       /* what head.subject is; RECORD_NONE for CREATE and EDIT */
	uint32_t roles;                 /* who may: a set of enum role */
	const struct schema *arguments; /* NULL: none (CREATE and EDIT use the record's own schema) */
};

/* NULL for an unknown kind. */
const struct operation_row *operation_find(enum operation_kind kind);
/* The schema of the arguments: the row's own, for CREATE and EDIT that of `record`; NULL when there are none. */
const struct schema *arguments_schema(enum operation_kind kind, enum record_kind record);

/* The field table of struct operation_head. */
extern const struct schema operation_head_schema;

/* Checks everything that needs no store: known kind, role, subject given where one is needed, arguments valid, EDIT names at
 * least one editable field. STATUS_INVALID or STATUS_REFUSED (role) with the reason. */
enum status operation_validate(const struct operation *operation);

/* What operation_validate() found, for whoever must answer with words of rule.h. */
struct objection {
	enum rule rule;
	const char *field; /* "" when it is about the whole */
	enum reason reason;
	const char *record; /* kind of record that the reason speaks of; NULL: none */
};

/* operation_validate(), but says on failure which rule and which field; the reason is set as well. */
enum status operation_check(const struct operation *operation, struct objection *out_objection);

/* May an author in this role change this field by EDIT? Derived fields and those that never merge: nobody. */
bool edit_allowed(uint32_t role, enum record_kind record, const struct field *field);
/* May an author in this role CREATE records of this kind? */
bool create_allowed(uint32_t role, enum record_kind record);

/* Arguments, one struct per kind that has any. */
struct book_arguments {
	struct id id; /* unused: nil. Every described struct begins with an id. */
	struct id technician_id;
	int64_t planned_start_at_ms;
	int64_t planned_end_at_ms;
	bool dispatch; /* book and dispatch in one */
	bool propose;  /* nobody has agreed yet; not with `dispatch` */
};

struct reason_arguments { /* decline, abort, cancel, pause, reopen_visit, close, reopen_order, cancel_order */
	struct id id;
	struct text reason;
};

struct reassign_arguments { /* subject: the visit taken away */
	struct id id;
	struct id technician_id;
	int64_t planned_start_at_ms;
	int64_t planned_end_at_ms;
	struct text reason;
};

struct finish_arguments {
	struct id id;
	uint32_t outcome; /* enum visit_outcome */
	struct text cause_code;
	struct text action_code;
	struct text text;        /* what was done, in the technician's words */
	struct text signer_name; /* either this or the refusal's reason */
	struct text signature_refused_reason;
};

struct part_arguments { /* use_part, return_part; subject: the visit */
	struct id id;
	struct id part_id;
	struct id location_id; /* van taken from or returned to */
	int64_t quantity;      /* 1..100000 */
};

struct reschedule_arguments { /* subject: the visit */
	struct id id;
	int64_t planned_start_at_ms;
	int64_t planned_end_at_ms;
	struct text reason;
};

struct delay_arguments { /* subject: the visit */
	struct id id;
	int64_t expected_at_ms;
};

struct answer_arguments { /* subject: the visit */
	struct id id;
	struct id task_id;
	int64_t task_version; /* task_version_of() as the author saw it */
	uint32_t truth;       /* enum answer_truth: confirm, yes_no */
	int64_t number;       /* number, reading: in the task's scale */
	bool has_number;      /* 0 is a number as well */
	struct text text;     /* text, choice */
	struct id attachment_id;
	struct text skip_reason; /* instead of an answer */
};

struct time_arguments { /* subject: the visit */
	struct id id;
	uint32_t kind; /* enum time_kind */
	int64_t start_at_ms;
	int64_t end_at_ms;
	struct text text;
};

struct reading_arguments { /* subject: the visit */
	struct id id;
	struct id meter_id;
	int64_t value; /* in the meter's scale */
	struct id corrects_id;
};

struct photo_arguments { /* subject: the visit */
	struct id id;
	uint32_t kind;       /* enum attachment_kind: photo or document */
	uint32_t record;     /* enum record_kind of the owner; 0: the visit */
	struct id record_id; /* the owner; nil: the visit */
	struct text blob;
	int64_t size;
	struct text media_type;
	struct text caption;
	struct text thumbnail; /* a file as `blob` is; empty: there is none */
};

struct sign_arguments { /* subject: the visit */
	struct id id;
	struct text signer_name;
	struct text signer_role;
	struct text blob;
	int64_t size;
	struct text media_type;
	struct text thumbnail; /* a file as `blob` is; empty: there is none */
};

/* Why an order is not to be worked on now. */
enum hold_reason {
	HOLD_REASON_NONE = 0,
	HOLD_REASON_PARTS = 1,
	HOLD_REASON_CUSTOMER = 2,
	HOLD_REASON_APPROVAL = 3,
	HOLD_REASON_SAFETY = 4,
	HOLD_REASON_WEATHER = 5,
	HOLD_REASON_COUNT,
};

extern const struct choice hold_reason_names[];

struct hold_arguments { /* subject: the work order */
	struct id id;
	uint32_t reason; /* enum hold_reason */
	struct text text;
};

struct note_arguments { /* subject: the work order */
	struct id id;
	struct text text;
};

struct resolve_arguments { /* subject: the issue */
	struct id id;
	uint32_t resolution; /* enum issue_resolution */
	struct text text;
};

#endif
