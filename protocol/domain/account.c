#include "protocol/domain/account.h"

#include <assert.h>

const struct choice account_kind_names[] = {
	{ ACCOUNT_KIND_CUSTOMER, "customer" },
	{ ACCOUNT_KIND_PARTNER, "partner" },
	{ ACCOUNT_KIND_INTERNAL, "internal" },
	{ 0, NULL },
};
static_assert(LENGTH(account_kind_names) == ACCOUNT_KIND_COUNT + 1, "every account_kind has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(account, id),                        .tag = 1, .required = true },
	{ FIELD_OF(account, name),
	  .tag = 2, .merge = MERGE_LAST_COMMITTED, .required = true, .personal = true, .max = 200 },
	{ CHOICE_OF(account, kind, account_kind_names), .tag = 3, .merge = MERGE_LAST_COMMITTED },
	{ FIELD_OF(account, territory_id),
	  .tag = 4, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS, .required = true },
	{ FIELD_OF(account, phone),                     .tag = 5, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
	{ FIELD_OF(account, source),                    .tag = 6, .max = 200 },
	{ FIELD_OF(account, source_id),                 .tag = 7, .max = 200 },
};
/* clang-format on */

const struct schema account_schema = {
	.kind = RECORD_ACCOUNT,
	.name = "account",
	.size = sizeof(struct account),
	.extra = offsetof(struct account, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
};
