#include "protocol/domain/part.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(part, id),          .tag = 1, .required = true },
	{ FIELD_OF(part, number),      .tag = 2, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(part, description), .tag = 3, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(part, unit),        .tag = 4, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(part, type),        .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(part, assembly),    .tag = 6, .merge = MERGE_LAST_COMMITTED, .max = 200 },
};
/* clang-format on */

const struct schema part_schema = {
	.kind = RECORD_PART,
	.name = "part",
	.size = sizeof(struct part),
	.extra = offsetof(struct part, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_ALL,
};
