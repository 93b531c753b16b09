#include "protocol/domain/operation_outcome.h"

#include <assert.h>

#include "protocol/domain/decide.h"

const struct choice outcome_names[] = {
	{ OUTCOME_APPLIED, "applied" },
	{ OUTCOME_APPLIED_NOTE, "applied_note" },
	{ OUTCOME_ISSUE, "issue" },
	{ OUTCOME_REJECTED, "rejected" },
	{ OUTCOME_PARKED, "parked" },
	{ 0, NULL },
};
static_assert(LENGTH(outcome_names) == OUTCOME_PARKED + 2, "every outcome has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(operation_outcome, id),                          .tag = 1, .required = true },
	{ FIELD_OF(operation_outcome, device_id),                   .tag = 2, .refers = RECORD_DEVICE, .required = true },
	{ FIELD_OF(operation_outcome, seq),                         .tag = 3, .max = INT64_MAX },
	{ CHOICE_OF(operation_outcome, kind, operation_kind_names), .tag = 4 },
	{ FIELD_OF(operation_outcome, subject),                     .tag = 5 },
	{ CHOICE_OF(operation_outcome, outcome, outcome_names),     .tag = 6 },
	{ FIELD_OF(operation_outcome, rule),                        .tag = 7, .max = 200 },
	{ FIELD_OF(operation_outcome, field),                       .tag = 8, .max = 200 },
	{ FIELD_OF(operation_outcome, detail),                      .tag = 9, .personal = true, .max = 2000 },
	{ FIELD_OF(operation_outcome, issue_id),                    .tag = 10, .refers = RECORD_ISSUE },
	{ FIELD_OF(operation_outcome, waits_for),                   .tag = 11 },
	{ TIME_OF(operation_outcome, at_ms),                        .tag = 12 },
};
/* clang-format on */

const struct schema operation_outcome_schema = {
	.kind = RECORD_OPERATION,
	.name = "operation",
	.size = sizeof(struct operation_outcome),
	.extra = offsetof(struct operation_outcome, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_DEVICE, "device_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "waits_for" } },
	.derived = true,
};
