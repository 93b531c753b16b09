#include "protocol/domain/reading.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(reading, id),            .tag = 1, .required = true },
	{ FIELD_OF(reading, meter_id),      .tag = 2, .refers = RECORD_METER, .required = true },
	{ FIELD_OF(reading, value),         .tag = 3, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ TIME_OF(reading, at_ms),          .tag = 4 },
	{ FIELD_OF(reading, corrects_id),   .tag = 5, .refers = RECORD_READING },
	{ FIELD_OF(reading, visit_id),      .tag = 6, .refers = RECORD_VISIT },
	{ FIELD_OF(reading, work_order_id), .tag = 7, .refers = RECORD_WORK_ORDER, .derived = true },
	{ FIELD_OF(reading, territory_id),  .tag = 8, .refers = RECORD_TERRITORY },
	{ FIELD_OF(reading, asset_id),      .tag = 9, .refers = RECORD_ASSET, .derived = true },
	{ FIELD_OF(reading, technician_id), .tag = 10, .refers = RECORD_TECHNICIAN, .derived = true },
	{ FIELD_OF(reading, late),          .tag = 11, .derived = true },
	{ FIELD_OF(reading, archived),      .tag = 12, .derived = true, .since = ARCHIVED_SINCE },
};
/* clang-format on */

const struct schema reading_schema = {
	.kind = RECORD_READING,
	.name = "reading",
	.size = sizeof(struct reading),
	.extra = offsetof(struct reading, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_ORG_STAFF, "archived" }, { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "meter_id" }, { "work_order_id" } },
	.window = { .field = "at_ms", .days = 730 },
};
