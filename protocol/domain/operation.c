#include "protocol/domain/operation.h"

#include <assert.h>

#include "protocol/domain/arguments.h"
#include "protocol/domain/revision.h"

#define DESK     (ROLE_DISPATCHER | ROLE_SUPERVISOR)
#define OFFICE   (DESK | ROLE_SYSTEM)
#define STAFF    (DESK | ROLE_TECHNICIAN)
#define EVERYONE (STAFF | ROLE_IMPORT | ROLE_SYSTEM)

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
	{ OPERATION_RESOLVE_ISSUE, "resolve_issue", SORT_CLAIM,  RECORD_ISSUE,      DESK,            &resolve_issue_schema },
	{ OPERATION_RESCHEDULE,    "reschedule",    SORT_CLAIM,  RECORD_VISIT,      OFFICE,          &reschedule_schema },
	{ OPERATION_ANSWER_TASK,   "answer_task",   SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &answer_task_schema },
	{ OPERATION_LOG_TIME,      "log_time",      SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &log_time_schema },
	{ OPERATION_READ_METER,    "read_meter",    SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &read_meter_schema },
	{ OPERATION_ADD_PHOTO,     "add_photo",     SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &add_photo_schema },
	{ OPERATION_SIGN,          "sign",          SORT_FACT,   RECORD_VISIT,      ROLE_TECHNICIAN, &sign_schema },
	{ OPERATION_REOPEN_VISIT,  "reopen_visit",  SORT_CLAIM,  RECORD_VISIT,      STAFF,           &reopen_visit_schema },
	{ OPERATION_HOLD,          "hold",          SORT_CLAIM,  RECORD_WORK_ORDER, OFFICE,          &hold_schema },
	{ OPERATION_RELEASE,       "release",       SORT_CLAIM,  RECORD_WORK_ORDER, OFFICE,          NULL },
	{ OPERATION_CLOSE,         "close",         SORT_CLAIM,  RECORD_WORK_ORDER, OFFICE,          &close_schema },
	{ OPERATION_REOPEN_ORDER,  "reopen_order",  SORT_CLAIM,  RECORD_WORK_ORDER, DESK,            &reopen_order_schema },
	{ OPERATION_CANCEL_ORDER,  "cancel_order",  SORT_CLAIM,  RECORD_WORK_ORDER, OFFICE,          &cancel_order_schema },
	{ OPERATION_DELAY,         "delay",         SORT_FACT,   RECORD_VISIT,      STAFF,           &delay_schema },
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
	{ OPERATION_RESCHEDULE,"reschedule" },
	{ OPERATION_ANSWER_TASK,"answer_task" },
	{ OPERATION_LOG_TIME,"log_time" },
	{ OPERATION_READ_METER,"read_meter" },
	{ OPERATION_ADD_PHOTO,"add_photo" },
	{ OPERATION_SIGN,"sign" },
	{ OPERATION_REOPEN_VISIT,"reopen_visit" },
	{ OPERATION_HOLD,"hold" },
	{ OPERATION_RELEASE,"release" },
	{ OPERATION_CLOSE,"close" },
	{ OPERATION_REOPEN_ORDER,"reopen_order" },
	{ OPERATION_CANCEL_ORDER,"cancel_order" },
	{ OPERATION_DELAY, "delay" },
	{ 0, NULL },
};

const struct choice hold_reason_names[] = {
	{ HOLD_REASON_NONE, "none" },
	{ HOLD_REASON_PARTS, "parts" },
	{ HOLD_REASON_CUSTOMER, "customer" },
	{ HOLD_REASON_APPROVAL, "approval" },
	{ HOLD_REASON_SAFETY, "safety" },
	{ HOLD_REASON_WEATHER, "weather" },
	{ 0, NULL },
};
static_assert(LENGTH(hold_reason_names) == HOLD_REASON_COUNT + 1, "every hold_reason has a name");

const struct choice role_names[] = {
	{ 0, "none" },
	{ ROLE_TECHNICIAN, "technician" },
	{ ROLE_DISPATCHER, "dispatcher" },
	{ ROLE_IMPORT, "import" },
	{ ROLE_SYSTEM, "system" },
	{ ROLE_SUPERVISOR, "supervisor" },
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
	return kind > OPERATION_NONE && kind < OPERATION_KIND_COUNT && choice_spoken(operation_kind_names, kind) ? &rows[kind] : NULL;
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
