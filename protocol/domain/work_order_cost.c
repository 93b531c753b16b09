#include "protocol/domain/work_order_cost.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(work_order_cost, id),            .tag = 1, .required = true },
	{ FIELD_OF(work_order_cost, work_order_id), .tag = 2, .refers = RECORD_WORK_ORDER, .required = true },
	{ FIELD_OF(work_order_cost, cost_cents),    .tag = 3, .merge = MERGE_LAST_COMMITTED, .max = INT64_C(1000000000000) },
	{ FIELD_OF(work_order_cost, source),        .tag = 4, .max = 200 },
	{ FIELD_OF(work_order_cost, source_id),     .tag = 5, .max = 200 },
};
/* clang-format on */

const struct schema work_order_cost_schema = {
	.kind = RECORD_WORK_ORDER_COST,
	.name = "work_order_cost",
	.size = sizeof(struct work_order_cost),
	.extra = offsetof(struct work_order_cost, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" } },
};
