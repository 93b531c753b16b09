#include "protocol/domain/site.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(site, id),           .tag = 1, .required = true },
	{ FIELD_OF(site, account_id),   .tag = 2, .refers = RECORD_ACCOUNT },
	{ FIELD_OF(site, territory_id), .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS, .required = true },
	{ FIELD_OF(site, name),         .tag = 4, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(site, address),      .tag = 5, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
	{ FIELD_OF(site, time_zone),    .tag = 6, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(site, access_notes), .tag = 7, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
};
/* clang-format on */

const struct schema site_schema = {
	.kind = RECORD_SITE,
	.name = "site",
	.size = sizeof(struct site),
	.extra = offsetof(struct site, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
};
