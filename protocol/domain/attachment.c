#include "protocol/domain/attachment.h"

#include <assert.h>

const struct choice attachment_kind_names[] = {
	{ ATTACHMENT_KIND_PHOTO, "photo" },
	{ ATTACHMENT_KIND_SIGNATURE, "signature" },
	{ ATTACHMENT_KIND_DOCUMENT, "document" },
	{ 0, NULL },
};
static_assert(LENGTH(attachment_kind_names) == ATTACHMENT_KIND_COUNT + 1, "every attachment_kind has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(attachment, id),                           .tag = 1, .required = true },
	{ FIELD_OF(attachment, record),                       .tag = 2, .max = 63 },
	{ FIELD_OF(attachment, record_id),                    .tag = 3, .required = true },
	{ FIELD_OF(attachment, visit_id),                     .tag = 4, .refers = RECORD_VISIT, .derived = true },
	{ FIELD_OF(attachment, work_order_id),                .tag = 5, .refers = RECORD_WORK_ORDER, .derived = true },
	{ FIELD_OF(attachment, territory_id),                 .tag = 6, .refers = RECORD_TERRITORY, .derived = true },
	{ FIELD_OF(attachment, technician_id),                .tag = 7, .refers = RECORD_TECHNICIAN, .derived = true },
	{ CHOICE_OF(attachment, kind, attachment_kind_names), .tag = 8 },
	{ FIELD_OF(attachment, blob),                         .tag = 9, .max = BLOB_DIGITS },
	{ FIELD_OF(attachment, size),                         .tag = 10, .max = BLOB_SIZE_MAX },
	{ FIELD_OF(attachment, media_type),                   .tag = 11, .max = 200 },
	{ FIELD_OF(attachment, caption),                      .tag = 12, .personal = true, .max = 2000 },
	{ TIME_OF(attachment, taken_at_ms),                   .tag = 13 },
	{ FIELD_OF(attachment, late),                         .tag = 14, .derived = true },
	{ FIELD_OF(attachment, thumbnail),                    .tag = 15, .max = BLOB_DIGITS, .since = ATTACHMENT_THUMBNAIL_SINCE },
	{ FIELD_OF(attachment, archived),                     .tag = 16, .derived = true, .since = ARCHIVED_SINCE },
};
/* clang-format on */

const struct schema attachment_schema = {
	.kind = RECORD_ATTACHMENT,
	.name = "attachment",
	.size = sizeof(struct attachment),
	.extra = offsetof(struct attachment, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_ORG_STAFF, "archived" }, { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" }, { "record_id" } },
	.window = { .field = "taken_at_ms", .days = 730, .of_orders = true },
};

/* They live in a territory, as attachments do. */
static const enum record_kind owners[] = { RECORD_WORK_ORDER, RECORD_VISIT, RECORD_SERVICE_REQUEST, RECORD_ACCOUNT, RECORD_SITE,
	RECORD_ASSET };

bool attachment_fits(enum record_kind kind)
{
	for (size_t i = 0; i < LENGTH(owners); i++)
		if (owners[i] == kind)
			return true;
	return false;
}

bool attachment_is_fact(const struct attachment *attachment)
{
	return attachment->record == RECORD_WORK_ORDER || attachment->record == RECORD_VISIT;
}
