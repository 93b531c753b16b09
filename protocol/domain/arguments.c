#include "protocol/domain/arguments.h"

#include "protocol/domain/attachment.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/time_entry.h"
#include "protocol/domain/visit.h"

/* The id of arguments is never set. Tags are permanent. */
/* clang-format off */
static const struct field book_fields[] = {
	{ FIELD_OF(book_arguments, id),                 .tag = 1 },
	{ FIELD_OF(book_arguments, technician_id),      .tag = 2, .refers = RECORD_TECHNICIAN, .required = true },
	{ TIME_OF(book_arguments, planned_start_at_ms), .tag = 3 },
	{ TIME_OF(book_arguments, planned_end_at_ms),   .tag = 4 },
	{ FIELD_OF(book_arguments, dispatch),           .tag = 5 },
	{ FIELD_OF(book_arguments, propose),            .tag = 6 },
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

static const struct field reschedule_fields[] = {
	{ FIELD_OF(reschedule_arguments, id),                 .tag = 1 },
	{ TIME_OF(reschedule_arguments, planned_start_at_ms), .tag = 2, .required = true },
	{ TIME_OF(reschedule_arguments, planned_end_at_ms),   .tag = 3 },
	{ FIELD_OF(reschedule_arguments, reason),             .tag = 4, .max = 200 },
};

static const struct field delay_fields[] = {
	{ FIELD_OF(delay_arguments, id),            .tag = 1 },
	{ TIME_OF(delay_arguments, expected_at_ms), .tag = 2, .required = true },
};

static const struct field answer_task_fields[] = {
	{ FIELD_OF(answer_arguments, id),                         .tag = 1 },
	{ FIELD_OF(answer_arguments, task_id),                    .tag = 2, .refers = RECORD_TASK, .required = true },
	{ FIELD_OF(answer_arguments, task_version),               .tag = 3, .max = INT64_MAX },
	{ CHOICE_OF(answer_arguments, truth, answer_truth_names), .tag = 4 },
	{ FIELD_OF(answer_arguments, number),                     .tag = 5, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ FIELD_OF(answer_arguments, has_number),                 .tag = 6 },
	{ FIELD_OF(answer_arguments, text),                       .tag = 7, .max = 4000, .personal = true },
	{ FIELD_OF(answer_arguments, attachment_id),              .tag = 8, .refers = RECORD_ATTACHMENT },
	{ FIELD_OF(answer_arguments, skip_reason),                .tag = 9, .max = 200 },
};

static const struct field log_time_fields[] = {
	{ FIELD_OF(time_arguments, id),                     .tag = 1 },
	{ CHOICE_OF(time_arguments, kind, time_kind_names), .tag = 2 },
	{ TIME_OF(time_arguments, start_at_ms),             .tag = 3, .required = true },
	{ TIME_OF(time_arguments, end_at_ms),               .tag = 4, .required = true },
	{ FIELD_OF(time_arguments, text),                   .tag = 5, .max = 2000, .personal = true },
};

static const struct field read_meter_fields[] = {
	{ FIELD_OF(reading_arguments, id),          .tag = 1 },
	{ FIELD_OF(reading_arguments, meter_id),    .tag = 2, .refers = RECORD_METER, .required = true },
	{ FIELD_OF(reading_arguments, value),       .tag = 3, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ FIELD_OF(reading_arguments, corrects_id), .tag = 4, .refers = RECORD_READING },
};

static const struct field add_photo_fields[] = {
	{ FIELD_OF(photo_arguments, id),                           .tag = 1 },
	{ CHOICE_OF(photo_arguments, kind, attachment_kind_names), .tag = 2 },
	{ CHOICE_OF(photo_arguments, record, record_kind_names),   .tag = 3 },
	{ FIELD_OF(photo_arguments, record_id),                    .tag = 4 },
	{ FIELD_OF(photo_arguments, blob),                         .tag = 5, .max = BLOB_DIGITS },
	{ FIELD_OF(photo_arguments, size),                         .tag = 6, .max = BLOB_SIZE_MAX },
	{ FIELD_OF(photo_arguments, media_type),                   .tag = 7, .max = 200 },
	{ FIELD_OF(photo_arguments, caption),                      .tag = 8, .max = 2000, .personal = true },
	{ FIELD_OF(photo_arguments, thumbnail),                    .tag = 9, .max = BLOB_DIGITS, .since = ATTACHMENT_THUMBNAIL_SINCE },
};

static const struct field sign_fields[] = {
	{ FIELD_OF(sign_arguments, id),          .tag = 1 },
	{ FIELD_OF(sign_arguments, signer_name), .tag = 2, .max = 200, .required = true, .personal = true },
	{ FIELD_OF(sign_arguments, signer_role), .tag = 3, .max = 200, .personal = true },
	{ FIELD_OF(sign_arguments, blob),        .tag = 4, .max = BLOB_DIGITS },
	{ FIELD_OF(sign_arguments, size),        .tag = 5, .max = BLOB_SIZE_MAX },
	{ FIELD_OF(sign_arguments, media_type),  .tag = 6, .max = 200 },
	{ FIELD_OF(sign_arguments, thumbnail),   .tag = 7, .max = BLOB_DIGITS, .since = ATTACHMENT_THUMBNAIL_SINCE },
};

static const struct field hold_fields[] = {
	{ FIELD_OF(hold_arguments, id),                         .tag = 1 },
	{ CHOICE_OF(hold_arguments, reason, hold_reason_names), .tag = 2, .required = true },
	{ FIELD_OF(hold_arguments, text),                       .tag = 3, .max = 160 },
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

const struct schema reschedule_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_RESCHEDULE),
	.name = "reschedule",
	.size = sizeof(struct reschedule_arguments),
	.fields = reschedule_fields,
	.field_count = LENGTH(reschedule_fields),
};

const struct schema delay_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_DELAY),
	.name = "delay",
	.size = sizeof(struct delay_arguments),
	.fields = delay_fields,
	.field_count = LENGTH(delay_fields),
};

const struct schema answer_task_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_ANSWER_TASK),
	.name = "answer_task",
	.size = sizeof(struct answer_arguments),
	.fields = answer_task_fields,
	.field_count = LENGTH(answer_task_fields),
};

const struct schema log_time_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_LOG_TIME),
	.name = "log_time",
	.size = sizeof(struct time_arguments),
	.fields = log_time_fields,
	.field_count = LENGTH(log_time_fields),
};

const struct schema read_meter_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_READ_METER),
	.name = "read_meter",
	.size = sizeof(struct reading_arguments),
	.fields = read_meter_fields,
	.field_count = LENGTH(read_meter_fields),
};

const struct schema add_photo_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_ADD_PHOTO),
	.name = "add_photo",
	.size = sizeof(struct photo_arguments),
	.fields = add_photo_fields,
	.field_count = LENGTH(add_photo_fields),
};

const struct schema sign_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_SIGN),
	.name = "sign",
	.size = sizeof(struct sign_arguments),
	.fields = sign_fields,
	.field_count = LENGTH(sign_fields),
};

const struct schema reopen_visit_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_REOPEN_VISIT),
	.name = "reopen_visit",
	.size = sizeof(struct reason_arguments),
	.fields = reason_fields,
	.field_count = LENGTH(reason_fields),
};

const struct schema hold_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_HOLD),
	.name = "hold",
	.size = sizeof(struct hold_arguments),
	.fields = hold_fields,
	.field_count = LENGTH(hold_fields),
};

const struct schema close_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_CLOSE),
	.name = "close",
	.size = sizeof(struct reason_arguments),
	.fields = pause_fields,
	.field_count = LENGTH(pause_fields),
};

const struct schema reopen_order_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_REOPEN_ORDER),
	.name = "reopen_order",
	.size = sizeof(struct reason_arguments),
	.fields = reason_fields,
	.field_count = LENGTH(reason_fields),
};

const struct schema cancel_order_schema = {
	.kind = (enum record_kind)(RECORD_ARGUMENTS + OPERATION_CANCEL_ORDER),
	.name = "cancel_order",
	.size = sizeof(struct reason_arguments),
	.fields = reason_fields,
	.field_count = LENGTH(reason_fields),
};
