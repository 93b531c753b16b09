#include "protocol/domain/operation.h"

#include <assert.h>

#include "protocol/domain/arguments.h"

#define OFFICE   (ROLE_DISPATCHER | ROLE_SYSTEM)
#define EVERYONE (ROLE_TECHNICIAN | ROLE_DISPATCHER | ROLE_IMPORT | ROLE_SYSTEM)
#define STAFF    (ROLE_TECHNICIAN | ROLE_DISPATCHER)

/* clang-format off */
static const struct operation_row rows[] = { /* kind, name, sort, subject, roles, arguments */
	{ OPERATION_NONE,          "none",          SORT_FACT,   RECORD_NONE,       0,               NULL },
	{ OPERATION_CREATE,        "create",        SORT_CREATE, RECORD_NONE,       EVERYONE,        NULL },
	{ OPERATION_EDIT,          "edit",          SORT_EDIT,   RECORD_NONE,       EVERYONE,        NULL },
	{ OPERATION_ADD_NOTE,      "add_note",      SORT_CREATE, RECORD_WORK_ORDER, STAFF,           &add_note_schema },
	{ OPERATION_BOOK,          "book",          SORT_CLAIM,  RECORD_WORK_ORDER, OFFICE,          &book_schema },
	{ OPERATION_DISPATCH,      "dispatch",      SORT_CLAIM,  RECORD_VISIT,      OFFICE,          NULL },
	{ OPERATION_CANCEL,        "cancel",        SORT_CLAIM,  RECORD_VISIT,      OFFICE,          &cancel_schema },
	{ OPERATION_REASSIGN,      "reassign",      SORT_CLAIM,  RECORD_VISIT,      OFFICE,          &reassign_schema },
	{ OPERATION_ACCEPT,        "accept",        SORT_CLAIM,  RECORD_VISIT,      ROLE_TECHNICIAN, NULL },
	{ OPERATION_DECLINE,       "decline",       SORT_CLAIM,  RECORD_VISIT,      ROLE_TECHNICIAN, &decline_schema },
	{ OPERATION_TRAVEL,        "travel",        SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, NULL },
	{ OPERATION_ARRIVE,        "arrive",        SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, NULL },
	{ OPERATION_PAUSE,         "pause",         SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &pause_schema },
	{ OPERATION_RESUME,        "resume",        SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, NULL },
	{ OPERATION_FINISH,        "finish",        SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &finish_schema },
	{ OPERATION_ABORT,         "abort",         SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &abort_schema },
	{ OPERATION_USE_PART,      "use_part",      SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &use_part_schema },
	{ OPERATION_RETURN_PART,   "return_part",   SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &return_part_schema },
	{ OPERATION_RESOLVE_ISSUE, "resolve_issue", SORT_CLAIM,  RECORD_ISSUE,      ROLE_DISPATCHER, &resolve_issue_schema },
};

const struct choice operation_kind_names[] = {
	{ OPERATION_NONE, "none" },
	{ OPERATION_CREATE, "create" },
	{ OPERATION_EDIT, "edit" },
	{ OPERATION_ADD_NOTE, "add_note" },
	{ OPERATION_BOOK, "book" },
	{ OPERATION_DISPATCH, "dispatch" },
	{ OPERATION_CANCEL, "cancel" },
	{ OPERATION_REASSIGN, "reassign" },
	{ OPERATION_ACCEPT, "accept" },
	{ OPERATION_DECLINE, "decline" },
	{ OPERATION_TRAVEL, "travel" },
	{ OPERATION_ARRIVE, "arrive" },
	{ OPERATION_PAUSE, "pause" },
	{ OPERATION_RESUME, "resume" },
	{ OPERATION_FINISH, "finish" },
	{ OPERATION_ABORT, "abort" },
	{ OPERATION_USE_PART, "use_part" },
	{ OPERATION_RETURN_PART, "return_part" },
	{ OPERATION_RESOLVE_ISSUE, "resolve_issue" },
	{ 0, NULL },
};

const struct choice role_names[] = {
	{ 0, "none" },
	{ ROLE_TECHNICIAN, "technician" },
	{ ROLE_DISPATCHER, "dispatcher" },
	{ ROLE_IMPORT, "import" },
	{ ROLE_SYSTEM, "system" },
	{ 0, NULL },
};

/* Tags are permanent: retire a number, never reuse it. */
static const struct field head_fields[] = {
	{ FIELD_OF(operation_head, subject),                    .tag = 1 },
	{ CHOICE_OF(operation_head, kind, operation_kind_names), .tag = 2, .required = true },
	{ CHOICE_OF(operation_head, record, record_kind_names), .tag = 3 },
	{ FIELD_OF(operation_head, actor),                      .tag = 4, .refers = RECORD_TECHNICIAN },
	{ CHOICE_OF(operation_head, role, role_names),          .tag = 5, .required = true },
	{ TIME_OF(operation_head, at_ms),                       .tag = 6 },
	{ FIELD_OF(operation_head, manual),                     .tag = 7 },
	{ FIELD_OF(operation_head, base_gseq),                  .tag = 8, .max = INT64_MAX },
	{ FIELD_OF(operation_head, base_epoch),                 .tag = 9 },
	{ FIELD_OF(operation_head, schema_revision),            .tag = 10, .max = INT64_MAX },
};
/* clang-format on */
static_assert(LENGTH(rows) == OPERATION_KIND_COUNT, "every operation has a row");
static_assert(LENGTH(operation_kind_names) == OPERATION_KIND_COUNT + 1, "every operation has a name");

const struct schema operation_head_schema = {
	.kind = RECORD_OPERATION_HEAD,
	.name = "operation_head",
	.size = sizeof(struct operation_head),
	.fields = head_fields,
	.field_count = LENGTH(head_fields),
};

const struct operation_row *operation_find(enum operation_kind kind)
{
	return kind > OPERATION_NONE && kind < OPERATION_KIND_COUNT ? &rows[kind] : NULL;
}

const struct schema *arguments_schema(enum operation_kind kind, enum record_kind record)
{
	const struct operation_row *row = operation_find(kind);

	if (row == NULL)
		return NULL;
	if (kind == OPERATION_CREATE || kind == OPERATION_EDIT)
		return record <= RECORD_KIND_MAX ? schema_find(record) : NULL;
	return row->arguments;
}
