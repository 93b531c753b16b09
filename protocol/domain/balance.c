#include "protocol/domain/balance.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(balance, id),           .tag = 1, .required = true },
	{ FIELD_OF(balance, location_id),  .tag = 2, .refers = RECORD_STOCK_LOCATION, .required = true },
	{ FIELD_OF(balance, part_id),      .tag = 3, .refers = RECORD_PART, .required = true },
	{ FIELD_OF(balance, quantity),     .tag = 4, .min = INT64_C(-1000000000000000), .max = INT64_C(1000000000000000) },
	{ FIELD_OF(balance, territory_id), .tag = 5, .refers = RECORD_TERRITORY },
};
/* clang-format on */

const struct schema balance_schema = {
	.kind = RECORD_BALANCE,
	.name = "balance",
	.size = sizeof(struct balance),
	.extra = offsetof(struct balance, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "location_id" } },
	.derived = true,
};
