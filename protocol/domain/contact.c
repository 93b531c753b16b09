#include "protocol/domain/contact.h"

#include <assert.h>

const struct choice contact_channel_names[] = {
	{ CONTACT_CHANNEL_NONE, "none" },
	{ CONTACT_CHANNEL_PHONE, "phone" },
	{ CONTACT_CHANNEL_EMAIL, "email" },
	{ CONTACT_CHANNEL_MESSAGE, "message" },
	{ 0, NULL },
};
static_assert(LENGTH(contact_channel_names) == CONTACT_CHANNEL_COUNT + 1, "every contact_channel has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(contact, id),                                        .tag = 1, .required = true },
	{ FIELD_OF(contact, account_id),                                .tag = 2, .refers = RECORD_ACCOUNT, .required = true },
	{ FIELD_OF(contact, territory_id),                              .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(contact, name),
	  .tag = 4, .merge = MERGE_LAST_COMMITTED, .required = true, .personal = true, .max = 200 },
	{ FIELD_OF(contact, role),                                      .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(contact, phone),
	  .tag = 6, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
	{ FIELD_OF(contact, email),
	  .tag = 7, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
	{ CHOICE_OF(contact, preferred_channel, contact_channel_names), .tag = 8, .merge = MERGE_LAST_COMMITTED },
	{ FIELD_OF(contact, language),                                  .tag = 9, .merge = MERGE_LAST_COMMITTED, .max = 200, .retired = 4 },
	{ FIELD_OF(contact, inactive),                                  .tag = 10, .merge = MERGE_LAST_COMMITTED },
	{ FIELD_OF(contact, source),                                    .tag = 11, .max = 200 },
	{ FIELD_OF(contact, source_id),                                 .tag = 12, .max = 200 },
};
/* clang-format on */

const struct schema contact_schema = {
	.kind = RECORD_CONTACT,
	.name = "contact",
	.size = sizeof(struct contact),
	.extra = offsetof(struct contact, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "account_id" } },
};
