#include "protocol/domain/territory.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(territory, id),   .tag = 1, .required = true },
	{ FIELD_OF(territory, name), .tag = 2, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
};
/* clang-format on */

const struct schema territory_schema = {
	.kind = RECORD_TERRITORY,
	.name = "territory",
	.size = sizeof(struct territory),
	.extra = offsetof(struct territory, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_ALL,
};
