#include "tests/bench/record/bench_order.h"

/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(bench_order, id),            .tag = 1, .required = true },
	{ FIELD_OF(bench_order, site),          .tag = 2, .merge = MERGE_LAST_COMMITTED, .max = 40 },
	{ FIELD_OF(bench_order, asset),         .tag = 3, .merge = MERGE_LAST_COMMITTED, .max = 40 },
	{ FIELD_OF(bench_order, title),         .tag = 4, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(bench_order, description),   .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 2000 },
	{ FIELD_OF(bench_order, state),         .tag = 6, .merge = MERGE_LAST_COMMITTED, .max = 40 },
	{ FIELD_OF(bench_order, priority),      .tag = 7, .merge = MERGE_LAST_COMMITTED, .max = 9 },
	{ TIME_OF(bench_order, due_at_ms),      .tag = 8, .merge = MERGE_LAST_COMMITTED },
	{ FIELD_OF(bench_order, technician),    .tag = 9, .merge = MERGE_LAST_COMMITTED, .max = 40 },
	{ TIME_OF(bench_order, updated_at_ms),  .tag = 10, .merge = MERGE_LAST_COMMITTED },
};
/* clang-format on */

const struct schema bench_order_schema = {
	.kind = RECORD_BENCH_ORDER,
	.name = "bench_order",
	.size = sizeof(struct bench_order),
	.extra = offsetof(struct bench_order, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_ALL,
};

void bench_order_register(void)
{
	schema_register(&bench_order_schema);
}
