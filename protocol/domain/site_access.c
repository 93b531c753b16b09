#include "protocol/domain/site_access.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(site_access, id),        .tag = 1, .required = true },
	{ FIELD_OF(site_access, site_id),   .tag = 2, .refers = RECORD_SITE, .required = true },
	{ FIELD_OF(site_access, name),      .tag = 3, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(site_access, code),      .tag = 4, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
	{ FIELD_OF(site_access, hazards),   .tag = 5, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 2000 },
	{ FIELD_OF(site_access, source),    .tag = 6, .max = 200 },
	{ FIELD_OF(site_access, source_id), .tag = 7, .max = 200 },
};
/* clang-format on */

const struct schema site_access_schema = {
	.kind = RECORD_SITE_ACCESS,
	.name = "site_access",
	.size = sizeof(struct site_access),
	.extra = offsetof(struct site_access, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "site_id" } },
};
