#include "protocol/domain/time_entry.h"

#include <assert.h>

const struct choice time_kind_names[] = {
	{ TIME_KIND_TRAVEL, "travel" },
	{ TIME_KIND_WORK, "work" },
	{ TIME_KIND_WAIT, "wait" },
	{ TIME_KIND_BREAK, "break" },
	{ TIME_KIND_ADMIN, "admin" },
	{ 0, NULL },
};
static_assert(LENGTH(time_kind_names) == TIME_KIND_COUNT + 1, "every time_kind has a name");

const struct choice time_source_names[] = {
	{ TIME_SOURCE_TAP, "tap" },
	{ TIME_SOURCE_MANUAL, "manual" },
	{ 0, NULL },
};
static_assert(LENGTH(time_source_names) == TIME_SOURCE_COUNT + 1, "every time_source has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(time_entry, id),                         .tag = 1, .required = true },
	{ FIELD_OF(time_entry, visit_id),                   .tag = 2, .refers = RECORD_VISIT },
	{ FIELD_OF(time_entry, work_order_id),              .tag = 3, .refers = RECORD_WORK_ORDER },
	{ FIELD_OF(time_entry, technician_id),              .tag = 4, .refers = RECORD_TECHNICIAN, .required = true },
	{ CHOICE_OF(time_entry, kind, time_kind_names),     .tag = 5 },
	{ TIME_OF(time_entry, start_at_ms),                 .tag = 6, .required = true },
	{ TIME_OF(time_entry, end_at_ms),                   .tag = 7, .required = true },
	{ CHOICE_OF(time_entry, source, time_source_names), .tag = 8 },
	{ FIELD_OF(time_entry, text),                       .tag = 9, .personal = true, .max = 2000 },
	{ FIELD_OF(time_entry, late),                       .tag = 10 },
	{ FIELD_OF(time_entry, archived),                   .tag = 11, .derived = true, .since = ARCHIVED_SINCE },
};
/* clang-format on */

const struct schema time_entry_schema = {
	.kind = RECORD_TIME_ENTRY,
	.name = "time_entry",
	.size = sizeof(struct time_entry),
	.extra = offsetof(struct time_entry, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_ORG_STAFF, "archived" }, { SCOPE_TECHNICIAN, "technician_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" }, { "visit_id" } },
	.window = { .field = "start_at_ms", .days = 90 },
	.derived = true,
};
