#include "protocol/domain/movement.h"

#include <assert.h>

const struct choice movement_type_names[] = {
	{ MOVEMENT_TYPE_RECEIPT, "receipt" },
	{ MOVEMENT_TYPE_PICK, "pick" },
	{ MOVEMENT_TYPE_LOAD, "load" },
	{ MOVEMENT_TYPE_ISSUE, "issue" },
	{ MOVEMENT_TYPE_RETURN_UNUSED, "return_unused" },
	{ MOVEMENT_TYPE_TAKE_BACK, "take_back" },
	{ MOVEMENT_TYPE_TRANSFER_OUT, "transfer_out" },
	{ MOVEMENT_TYPE_TRANSFER_IN, "transfer_in" },
	{ MOVEMENT_TYPE_COUNT_ADJUST, "count_adjust" },
	{ MOVEMENT_TYPE_SCRAP, "scrap" },
	{ MOVEMENT_TYPE_RTV, "rtv" },
	{ 0, NULL },
};
static_assert(LENGTH(movement_type_names) == MOVEMENT_TYPE_COUNT + 1, "every movement_type has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(movement, id),                         .tag = 1, .required = true },
	{ CHOICE_OF(movement, type, movement_type_names), .tag = 2 },
	{ FIELD_OF(movement, part_id),                    .tag = 3, .refers = RECORD_PART, .required = true },
	{ FIELD_OF(movement, quantity),                   .tag = 4, .required = true, .min = 1, .max = 100000 },
	{ FIELD_OF(movement, from_location_id),           .tag = 5, .refers = RECORD_STOCK_LOCATION, .required = true },
	{ FIELD_OF(movement, to_location_id),             .tag = 6, .refers = RECORD_STOCK_LOCATION, .required = true },
	{ FIELD_OF(movement, visit_id),                   .tag = 7, .refers = RECORD_VISIT },
	{ FIELD_OF(movement, work_order_id),              .tag = 8, .refers = RECORD_WORK_ORDER },
	{ FIELD_OF(movement, technician_id),              .tag = 9, .refers = RECORD_TECHNICIAN },
	{ TIME_OF(movement, at_ms),                       .tag = 10 },
	{ FIELD_OF(movement, reverses_id),                .tag = 11, .refers = RECORD_MOVEMENT },
	{ FIELD_OF(movement, territory_id),               .tag = 12, .refers = RECORD_TERRITORY },
	{ FIELD_OF(movement, archived),                   .tag = 13, .derived = true, .since = ARCHIVED_SINCE },
};
/* clang-format on */

const struct schema movement_schema = {
	.kind = RECORD_MOVEMENT,
	.name = "movement",
	.size = sizeof(struct movement),
	.extra = offsetof(struct movement, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_ORG_STAFF, "archived" }, { SCOPE_TECHNICIAN, "technician_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "part_id" }, { "visit_id" }, { "work_order_id" } },
	.window = { .field = "at_ms", .days = 90 },
};
