#include "protocol/domain/note.h"

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(note, id),            .tag = 1, .required = true },
	{ FIELD_OF(note, work_order_id), .tag = 2, .refers = RECORD_WORK_ORDER, .required = true },
	{ FIELD_OF(note, territory_id),  .tag = 3, .refers = RECORD_TERRITORY },
	{ FIELD_OF(note, text),          .tag = 4, .required = true, .personal = true, .max = 4000 },
	{ FIELD_OF(note, author_id),     .tag = 5, .refers = RECORD_TECHNICIAN },
	{ TIME_OF(note, at_ms),          .tag = 6 },
	{ FIELD_OF(note, late),          .tag = 7 },
	{ FIELD_OF(note, archived),      .tag = 8, .derived = true, .since = ARCHIVED_SINCE },
};
/* clang-format on */

const struct schema note_schema = {
	.kind = RECORD_NOTE,
	.name = "note",
	.size = sizeof(struct note),
	.extra = offsetof(struct note, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_ORG_STAFF, "archived" }, { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "work_order_id" } },
	.window = { .field = "at_ms", .days = 730 },
};
