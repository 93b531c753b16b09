#include "protocol/domain/task.h"

#include <assert.h>

const struct choice task_kind_names[] = {
	{ TASK_KIND_CONFIRM, "confirm" },
	{ TASK_KIND_YES_NO, "yes_no" },
	{ TASK_KIND_NUMBER, "number" },
	{ TASK_KIND_TEXT, "text" },
	{ TASK_KIND_CHOICE, "choice" },
	{ TASK_KIND_READING, "reading" },
	{ TASK_KIND_PHOTO, "photo" },
	{ 0, NULL },
};
static_assert(LENGTH(task_kind_names) == TASK_KIND_COUNT + 1, "every task_kind has a name");

const struct choice task_limits_names[] = {
	{ TASK_LIMITS_NONE, "none" },
	{ TASK_LIMITS_MINIMUM, "minimum" },
	{ TASK_LIMITS_MAXIMUM, "maximum" },
	{ TASK_LIMITS_BOTH, "both" },
	{ 0, NULL },
};
static_assert(LENGTH(task_limits_names) == TASK_LIMITS_COUNT + 1, "every task_limits has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(task, id),                         .tag = 1, .required = true },
	{ FIELD_OF(task, work_order_id),              .tag = 2, .refers = RECORD_WORK_ORDER, .required = true },
	{ FIELD_OF(task, territory_id),               .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(task, position),                   .tag = 4, .merge = MERGE_SERVER_WINS, .max = TASK_POSITION_MAX },
	{ FIELD_OF(task, version),                    .tag = 5, .derived = true, .max = INT64_MAX },
	{ CHOICE_OF(task, kind, task_kind_names),     .tag = 6 },
	{ FIELD_OF(task, title),                      .tag = 7, .merge = MERGE_SERVER_WINS, .required = true, .max = 200 },
	{ FIELD_OF(task, instruction),                .tag = 8, .merge = MERGE_SERVER_WINS, .max = 4000 },
	{ FIELD_OF(task, mandatory),                  .tag = 9, .merge = MERGE_SERVER_WINS },
	{ CHOICE_OF(task, limits, task_limits_names), .tag = 10, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(task, minimum),                    .tag = 11, .merge = MERGE_SERVER_WINS, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ FIELD_OF(task, maximum),                    .tag = 12, .merge = MERGE_SERVER_WINS, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ FIELD_OF(task, scale),                      .tag = 13, .max = SCALE_MAX },
	{ FIELD_OF(task, unit),                       .tag = 14, .merge = MERGE_SERVER_WINS, .max = 40 },
	{ FIELD_OF(task, options),                    .tag = 15, .merge = MERGE_SERVER_WINS, .max = 2000 },
	{ FIELD_OF(task, asset_id),                   .tag = 16, .refers = RECORD_ASSET, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(task, meter_id),                   .tag = 17, .refers = RECORD_METER, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(task, withdrawn),                  .tag = 18, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(task, answered),                   .tag = 19, .derived = true },
	{ FIELD_OF(task, failed),                     .tag = 20, .derived = true },
	{ FIELD_OF(task, primary_answer_id),          .tag = 21, .refers = RECORD_TASK_ANSWER, .derived = true },
};
/* clang-format on */

const struct schema task_schema = {
	.kind = RECORD_TASK,
	.name = "task",
	.size = sizeof(struct task),
	.extra = offsetof(struct task, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" } },
};
