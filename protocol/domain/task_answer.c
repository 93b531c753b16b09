#include "protocol/domain/task_answer.h"

#include <assert.h>

const struct choice answer_truth_names[] = {
	{ ANSWER_TRUTH_NONE, "none" },
	{ ANSWER_TRUTH_YES, "yes" },
	{ ANSWER_TRUTH_NO, "no" },
	{ 0, NULL },
};
static_assert(LENGTH(answer_truth_names) == ANSWER_TRUTH_COUNT + 1, "every answer_truth has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(task_answer, id),                         .tag = 1, .required = true },
	{ FIELD_OF(task_answer, task_id),                    .tag = 2, .refers = RECORD_TASK, .required = true },
	{ FIELD_OF(task_answer, task_version),               .tag = 3, .max = INT64_MAX },
	{ FIELD_OF(task_answer, visit_id),                   .tag = 4, .refers = RECORD_VISIT },
	{ FIELD_OF(task_answer, work_order_id),              .tag = 5, .refers = RECORD_WORK_ORDER },
	{ FIELD_OF(task_answer, territory_id),               .tag = 6, .refers = RECORD_TERRITORY },
	{ FIELD_OF(task_answer, asset_id),                   .tag = 7, .refers = RECORD_ASSET },
	{ FIELD_OF(task_answer, technician_id),              .tag = 8, .refers = RECORD_TECHNICIAN },
	{ TIME_OF(task_answer, at_ms),                       .tag = 9 },
	{ CHOICE_OF(task_answer, truth, answer_truth_names), .tag = 10 },
	{ FIELD_OF(task_answer, number),                     .tag = 11, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ FIELD_OF(task_answer, text),                       .tag = 12, .personal = true, .max = 4000 },
	{ FIELD_OF(task_answer, attachment_id),              .tag = 13, .refers = RECORD_ATTACHMENT },
	{ FIELD_OF(task_answer, reading_id),                 .tag = 14, .refers = RECORD_READING },
	{ FIELD_OF(task_answer, skip_reason),                .tag = 15, .max = 200 },
	{ FIELD_OF(task_answer, failed),                     .tag = 16 },
	{ FIELD_OF(task_answer, late),                       .tag = 17 },
	{ FIELD_OF(task_answer, archived),                   .tag = 18, .derived = true, .since = ARCHIVED_SINCE },
};
/* clang-format on */

const struct schema task_answer_schema = {
	.kind = RECORD_TASK_ANSWER,
	.name = "task_answer",
	.size = sizeof(struct task_answer),
	.extra = offsetof(struct task_answer, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_ORG_STAFF, "archived" }, { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "task_id" }, { "work_order_id" } },
	.window = { .field = "at_ms", .days = 730 },
	.derived = true,
};
