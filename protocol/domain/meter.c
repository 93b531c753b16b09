#include "protocol/domain/meter.h"

#include <assert.h>

const struct choice meter_kind_names[] = {
	{ METER_KIND_COUNTER, "counter" },
	{ METER_KIND_GAUGE, "gauge" },
	{ 0, NULL },
};
static_assert(LENGTH(meter_kind_names) == METER_KIND_COUNT + 1, "every meter_kind has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(meter, id),                      .tag = 1, .required = true },
	{ FIELD_OF(meter, asset_id),                .tag = 2, .refers = RECORD_ASSET, .required = true },
	{ FIELD_OF(meter, territory_id),            .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(meter, name),                    .tag = 4, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(meter, unit),                    .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 40 },
	{ FIELD_OF(meter, scale),                   .tag = 6, .max = SCALE_MAX },
	{ CHOICE_OF(meter, kind, meter_kind_names), .tag = 7 },
	{ FIELD_OF(meter, rollover),                .tag = 8, .merge = MERGE_SERVER_WINS, .max = NUMBER_MAX },
	{ FIELD_OF(meter, last_value),              .tag = 9, .derived = true, .min = -NUMBER_MAX, .max = NUMBER_MAX },
	{ TIME_OF(meter, last_at_ms),               .tag = 10, .derived = true },
	{ FIELD_OF(meter, last_reading_id),         .tag = 11, .refers = RECORD_READING, .derived = true },
	{ FIELD_OF(meter, source),                  .tag = 12, .max = 200 },
	{ FIELD_OF(meter, source_id),               .tag = 13, .max = 200 },
};
/* clang-format on */

const struct schema meter_schema = {
	.kind = RECORD_METER,
	.name = "meter",
	.size = sizeof(struct meter),
	.extra = offsetof(struct meter, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "asset_id" } },
};
