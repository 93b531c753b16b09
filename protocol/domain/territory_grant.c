#include "protocol/domain/territory_grant.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(territory_grant, id),            .tag = 1, .required = true },
	{ FIELD_OF(territory_grant, technician_id), .tag = 2, .refers = RECORD_TECHNICIAN, .required = true },
	{ FIELD_OF(territory_grant, territory_id),  .tag = 3, .refers = RECORD_TERRITORY, .required = true },
	{ FIELD_OF(territory_grant, ended),         .tag = 4, .merge = MERGE_SERVER_WINS },
};
/* clang-format on */

const struct schema territory_grant_schema = {
	.kind = RECORD_TERRITORY_GRANT,
	.name = "territory_grant",
	.size = sizeof(struct territory_grant),
	.extra = offsetof(struct territory_grant, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TECHNICIAN, "technician_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "technician_id" } },
};
