#include "protocol/domain/device.h"

#include <assert.h>

const struct choice device_state_names[] = {
	{ DEVICE_STATE_PENDING, "pending" },
	{ DEVICE_STATE_ACTIVE, "active" },
	{ DEVICE_STATE_DRAINING, "draining" },
	{ DEVICE_STATE_STOLEN, "stolen" },
	{ 0, NULL },
};
static_assert(LENGTH(device_state_names) == DEVICE_STATE_COUNT + 1, "every device_state has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(device, id),                         .tag = 1, .required = true },
	{ FIELD_OF(device, name),
	  .tag = 2, .merge = MERGE_LAST_COMMITTED, .required = true, .personal = true, .max = 200 },
	{ FIELD_OF(device, technician_id),              .tag = 3, .refers = RECORD_TECHNICIAN, .required = true },
	{ CHOICE_OF(device, state, device_state_names), .tag = 4, .merge = MERGE_SERVER_WINS },
	{ TIME_OF(device, enrolled_at_ms),              .tag = 5 },
	{ FIELD_OF(device, platform),                   .tag = 6, .merge = MERGE_LAST_COMMITTED, .max = 200 },
};
/* clang-format on */

const struct schema device_schema = {
	.kind = RECORD_DEVICE,
	.name = "device",
	.size = sizeof(struct device),
	.extra = offsetof(struct device, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_DEVICE, "id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "technician_id" } },
};
