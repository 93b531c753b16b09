#include "protocol/domain/issue.h"

#include <assert.h>

const struct choice issue_kind_names[] = {
	{ ISSUE_KIND_NEGATIVE_STOCK, "negative_stock" },
	{ ISSUE_KIND_WORK_DONE_AFTER_CANCEL, "work_done_after_cancel" },
	{ ISSUE_KIND_OVERTAKEN, "overtaken" },
	{ ISSUE_KIND_DOUBLE_VISIT, "double_visit" },
	{ ISSUE_KIND_EDIT_CONFLICT, "edit_conflict" },
	{ ISSUE_KIND_WORK_WITHOUT_CLAIM, "work_without_claim" },
	{ ISSUE_KIND_LATE_FACT, "late_fact" },
	{ ISSUE_KIND_CHAIN_GAP, "chain_gap" },
	{ ISSUE_KIND_FORK, "fork" },
	{ ISSUE_KIND_PLAN_MOVED, "plan_moved" },
	{ ISSUE_KIND_TASK_CHANGED, "task_changed" },
	{ ISSUE_KIND_DOUBLE_ANSWER, "double_answer" },
	{ ISSUE_KIND_ASSET_GONE, "asset_gone" },
	{ ISSUE_KIND_FINISH_INCOMPLETE, "finish_incomplete" },
	{ ISSUE_KIND_READING_UNLIKELY, "reading_unlikely" },
	{ 0, NULL },
};
static_assert(LENGTH(issue_kind_names) == ISSUE_KIND_COUNT + 1, "every issue_kind has a name");

const struct choice issue_state_names[] = {
	{ ISSUE_STATE_OPEN, "open" },
	{ ISSUE_STATE_RESOLVED, "resolved" },
	{ 0, NULL },
};
static_assert(LENGTH(issue_state_names) == ISSUE_STATE_COUNT + 1, "every issue_state has a name");

const struct choice issue_resolution_names[] = {
	{ ISSUE_RESOLUTION_NONE, "none" },
	{ ISSUE_RESOLUTION_NOTED, "noted" },
	{ ISSUE_RESOLUTION_KEPT_THEIRS, "kept_theirs" },
	{ ISSUE_RESOLUTION_TOOK_MINE, "took_mine" },
	{ ISSUE_RESOLUTION_CORRECTED, "corrected" },
	{ ISSUE_RESOLUTION_BILL, "bill" },
	{ ISSUE_RESOLUTION_DO_NOT_BILL, "do_not_bill" },
	{ ISSUE_RESOLUTION_KEEP_OTHER_VISIT, "keep_other_visit" },
	{ ISSUE_RESOLUTION_CANCEL_OTHER_VISIT, "cancel_other_visit" },
	{ ISSUE_RESOLUTION_ACCEPT_LATE, "accept_late" },
	{ ISSUE_RESOLUTION_TAKE_OTHER_ANSWER, "take_other_answer" },
	{ 0, NULL },
};
static_assert(LENGTH(issue_resolution_names) == ISSUE_RESOLUTION_COUNT + 1, "every issue_resolution has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(issue, id),                                  .tag = 1, .required = true },
	{ CHOICE_OF(issue, kind, issue_kind_names),             .tag = 2 },
	{ FIELD_OF(issue, territory_id),                        .tag = 3, .refers = RECORD_TERRITORY },
	{ FIELD_OF(issue, work_order_id),                       .tag = 4, .refers = RECORD_WORK_ORDER },
	{ FIELD_OF(issue, visit_id),                            .tag = 5, .refers = RECORD_VISIT },
	{ FIELD_OF(issue, part_id),                             .tag = 6, .refers = RECORD_PART },
	{ FIELD_OF(issue, location_id),                         .tag = 7, .refers = RECORD_STOCK_LOCATION },
	{ FIELD_OF(issue, device_id),                           .tag = 8, .refers = RECORD_DEVICE },
	{ FIELD_OF(issue, technician_id),                       .tag = 9, .refers = RECORD_TECHNICIAN },
	{ FIELD_OF(issue, operation_id),                        .tag = 10 },
	{ FIELD_OF(issue, record),                              .tag = 11, .max = 63 },
	{ FIELD_OF(issue, record_id),                           .tag = 12 },
	{ FIELD_OF(issue, field),                               .tag = 13, .max = 200 },
	{ FIELD_OF(issue, base_value),                          .tag = 14, .personal = true, .max = 2000 },
	{ FIELD_OF(issue, mine_value),                          .tag = 15, .personal = true, .max = 2000 },
	{ FIELD_OF(issue, theirs_value),                        .tag = 16, .personal = true, .max = 2000 },
	{ FIELD_OF(issue, detail),                              .tag = 17, .personal = true, .max = 2000 },
	{ CHOICE_OF(issue, state, issue_state_names),           .tag = 18 },
	{ CHOICE_OF(issue, resolution, issue_resolution_names), .tag = 19 },
	{ FIELD_OF(issue, resolution_text),                     .tag = 20, .personal = true, .max = 2000 },
	{ TIME_OF(issue, opened_at_ms),                         .tag = 21 },
	{ TIME_OF(issue, resolved_at_ms),                       .tag = 22 },
};
/* clang-format on */

const struct schema issue_schema = {
	.kind = RECORD_ISSUE,
	.name = "issue",
	.size = sizeof(struct issue),
	.extra = offsetof(struct issue, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" }, { SCOPE_DEVICE, "device_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" } },
	.derived = true,
};
