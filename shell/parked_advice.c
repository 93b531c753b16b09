#include "shell/parked_advice.h"

#include "protocol/domain/operation.h"
#include "protocol/domain/reason.h"
#include "protocol/domain/rule.h"
#include "shell/catalogue.h"

#define OFFICE_DECIDES "the office decides: \"truckrolld parked release\" or \"parked discard\""

/* The first row that fits counts. */
static const struct advice_row {
	enum rule rule;
	enum reason reason; /* REASON_NONE: any */
	bool here;          /* only when what it waits for is there */
	bool edit;          /* only an EDIT of what it waits for */
	bool values;        /* only when it has values to correct */
	const char *advice;
} rows[] = {
	/* clang-format off */
	{ RULE_MISSING_RECORD, REASON_NONE, true, true, false,
	  "the server does not know that its author has that: it is decided when it does, or by the office: "
	  "\"truckrolld parked release\" or \"parked discard\"" },
	{ RULE_MISSING_RECORD, REASON_NONE, true, false, false,
	  "that is there, but its author never had it: if this is right \"truckrolld parked release\", else \"parked discard\"" },
	{ RULE_MISSING_RECORD,     REASON_NONE,      false, false, false, "nothing: it is decided by itself when that arrives" },
	{ RULE_BUG,                REASON_NONE,      false, false, false,
	  "the office releases it after an update: \"truckrolld parked release\"" },
	{ RULE_FORK,               REASON_NONE,      false, false, false,
	  "find out which copy is right; then \"truckrolld parked release --device\" or \"parked discard\"" },
	{ RULE_REVOKED,            REASON_NONE,      false, false, false, OFFICE_DECIDES },
	{ RULE_NOT_YOUR_TERRITORY, REASON_NONE,      false, false, false, OFFICE_DECIDES },
	{ RULE_NOT_ALLOWED, REASON_NOT_REMEMBERED, false, false, false,
	  "is decided when the device has it again, or by the office: \"truckrolld parked release\" or \"parked discard\"" },
	{ RULE_NOT_ALLOWED,        REASON_NEVER_HAD, false, false, false, OFFICE_DECIDES },
	{ RULE_BAD_FORM,           REASON_NONE,      false, false, true,
	  "put it right with \"truckrolld parked correct\", or have it made anew and \"parked discard\" this one" },
	{ RULE_NONE,               REASON_NONE,      false, false, false,
	  "have its author make it anew, then \"truckrolld parked discard\"" },
	/* clang-format on */
};

static bool fits(const struct advice_row *row, const struct operation_outcome *outcome, bool here)
{
	bool values = outcome->kind == OPERATION_CREATE || outcome->kind == OPERATION_EDIT;
	bool edit = outcome->kind == OPERATION_EDIT && id_equal(&outcome->waits_for, &outcome->subject);

	return (row->rule == RULE_NONE || text_equals(outcome->rule, rule_find(row->rule)->word)) &&
	       (row->reason == REASON_NONE || text_equals(detail_value(outcome->detail, "reason"), reason_find(row->reason)->word)) &&
	       (here || !row->here) && (edit || !row->edit) && (values || !row->values);
}

const char *parked_advice(const struct operation_outcome *outcome, bool here)
{
	size_t i = 0;

	while (i + 1 < LENGTH(rows) && !fits(&rows[i], outcome, here))
		i++;
	return rows[i].advice;
}
