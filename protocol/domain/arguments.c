#include "protocol/domain/arguments.h"

#include "protocol/domain/issue.h"
#include "protocol/domain/visit.h"

/* The id of arguments is never set. Tags are permanent. */
/* clang-format off */
static const struct field book_fields[] = {
	{ FIELD_OF(book_arguments, id),                 .tag = 1 },
	{ FIELD_OF(book_arguments, technician_id),      .tag = 2, .refers = RECORD_TECHNICIAN, .required = true },
	{ TIME_OF(book_arguments, planned_start_at_ms), .tag = 3 },
	{ TIME_OF(book_arguments, planned_end_at_ms),   .tag = 4 },
	{ FIELD_OF(book_arguments, dispatch),           .tag = 5 },
};

static const struct field reason_fields[] = {
	{ FIELD_OF(reason_arguments, id),     .tag = 1 },
	{ FIELD_OF(reason_arguments, reason), .tag = 2, .max = 200, .required = true },
};

static const struct field pause_fields[] = {
	{ FIELD_OF(reason_arguments, id),     .tag = 1 },
	{ FIELD_OF(reason_arguments, reason), .tag = 2, .max = 200 },
};

static const struct field reassign_fields[] = {
	{ FIELD_OF(reassign_arguments, id),                 .tag = 1 },
	{ FIELD_OF(reassign_arguments, technician_id),      .tag = 2, .refers = RECORD_TECHNICIAN, .required = true },
	{ TIME_OF(reassign_arguments, planned_start_at_ms), .tag = 3 },
	{ TIME_OF(reassign_arguments, planned_end_at_ms),   .tag = 4 },
	{ FIELD_OF(reassign_arguments, reason),             .tag = 5, .max = 200 },
};

static const struct field finish_fields[] = {
	{ FIELD_OF(finish_arguments, id),                            .tag = 1 },
	{ CHOICE_OF(finish_arguments, outcome, visit_outcome_names), .tag = 2, .required = true },
	{ FIELD_OF(finish_arguments, cause_code),                    .tag = 3, .max = 200 },
	{ FIELD_OF(finish_arguments, action_code),                   .tag = 4, .max = 200 },
	{ FIELD_OF(finish_arguments, text),                          .tag = 5, .max = 4000, .personal = true },
	{ FIELD_OF(finish_arguments, signer_name),                   .tag = 6, .max = 200, .personal = true },
	{ FIELD_OF(finish_arguments, signature_refused_reason),      .tag = 7, .max = 200, .personal = true },
};

static const struct field part_fields[] = {
	{ FIELD_OF(part_arguments, id),          .tag = 1 },
	{ FIELD_OF(part_arguments, part_id),     .tag = 2, .refers = RECORD_PART, .required = true },
	{ FIELD_OF(part_arguments, location_id), .tag = 3, .refers = RECORD_STOCK_LOCATION, .required = true },
	{ FIELD_OF(part_arguments, quantity),    .tag = 4, .min = 1, .max = 100000, .required = true },
};

static const struct field note_fields[] = {
	{ FIELD_OF(note_arguments, id),   .tag = 1 },
	{ FIELD_OF(note_arguments, text), .tag = 2, .max = 4000, .required = true, .personal = true },
};

static const struct field resolve_fields[] = {
	{ FIELD_OF(resolve_arguments, id),                                  .tag = 1 },
	{ CHOICE_OF(resolve_arguments, resolution, issue_resolution_names), .tag = 2, .required = true },
	{ FIELD_OF(resolve_arguments, text),                                .tag = 3, .max = 2000, .personal = true },
};
/* clang-format on */

const struct schema book_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_BOOK),
	.name = "book",
	.size = sizeof(struct book_arguments),
	.fields = book_fields,
	.field_count = LENGTH(book_fields),
};

const struct schema cancel_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_CANCEL),
	.name = "cancel",
	.size = sizeof(struct reason_arguments),
	.fields = reason_fields,
	.field_count = LENGTH(reason_fields),
};

const struct schema reassign_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_REASSIGN),
	.name = "reassign",
	.size = sizeof(struct reassign_arguments),
	.fields = reassign_fields,
	.field_count = LENGTH(reassign_fields),
};

const struct schema decline_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_DECLINE),
	.name = "decline",
	.size = sizeof(struct reason_arguments),
	.fields = reason_fields,
	.field_count = LENGTH(reason_fields),
};

const struct schema pause_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_PAUSE),
	.name = "pause",
	.size = sizeof(struct reason_arguments),
	.fields = pause_fields,
	.field_count = LENGTH(pause_fields),
};

const struct schema finish_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_FINISH),
	.name = "finish",
	.size = sizeof(struct finish_arguments),
	.fields = finish_fields,
	.field_count = LENGTH(finish_fields),
};

const struct schema abort_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_ABORT),
	.name = "abort",
	.size = sizeof(struct reason_arguments),
	.fields = reason_fields,
	.field_count = LENGTH(reason_fields),
};

const struct schema use_part_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_USE_PART),
	.name = "use_part",
	.size = sizeof(struct part_arguments),
	.fields = part_fields,
	.field_count = LENGTH(part_fields),
};

const struct schema return_part_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_RETURN_PART),
	.name = "return_part",
	.size = sizeof(struct part_arguments),
	.fields = part_fields,
	.field_count = LENGTH(part_fields),
};

const struct schema add_note_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_ADD_NOTE),
	.name = "add_note",
	.size = sizeof(struct note_arguments),
	.fields = note_fields,
	.field_count = LENGTH(note_fields),
};

const struct schema resolve_issue_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_RESOLVE_ISSUE),
	.name = "resolve_issue",
	.size = sizeof(struct resolve_arguments),
	.fields = resolve_fields,
	.field_count = LENGTH(resolve_fields),
};
