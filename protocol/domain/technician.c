#include "protocol/domain/technician.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(technician, id),              .tag = 1, .required = true },
	{ FIELD_OF(technician, name),            .tag = 2, .merge = MERGE_LAST_COMMITTED, .required = true, .personal = true, .max = 200 },
	{ FIELD_OF(technician, territory_id),    .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS, .required = true },
	{ FIELD_OF(technician, van_location_id), .tag = 4, .refers = RECORD_STOCK_LOCATION, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(technician, language),        .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(technician, phone),           .tag = 6, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 200 },
};
/* clang-format on */

const struct schema technician_schema = {
	.kind = RECORD_TECHNICIAN,
	.name = "technician",
	.size = sizeof(struct technician),
	.extra = offsetof(struct technician, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_ALL,
};
