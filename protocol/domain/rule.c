#include "protocol/domain/rule.h"

#include <assert.h>
#include <stddef.h>

/* clang-format off */
static const struct rule_row rows[] = {
	{ RULE_NONE, "", "Applied." },
	{ RULE_NO_OP, "no_op", "Nothing changed: it is so already." },
	{ RULE_EXISTS, "exists",
	  "The {record} exists with other content in {field} and was kept as it stands; edit it to change it." },
	{ RULE_SUPERSEDED, "superseded", "Kept, but nothing moved: the visit is {state} by now." },
	{ RULE_MISSING_RECORD, "missing_record",
	  "Waits for the {record} {id} named in {field}, which is not there, or not for its author. "
	  "It goes on by itself when that arrives, or when the office releases it." },
	{ RULE_BAD_FORM, "bad_form", "Kept on record, but not applied: {reason}. It has to be made anew." },
	{ RULE_NOT_YOUR_TERRITORY, "not_your_territory",
	  "Kept on record, but not applied: territory {territory} is not the author's. The office has to do it." },
	{ RULE_REVOKED, "revoked",
	  "Kept on record, but not applied: the device was revoked ({reason}). The office can release it." },
	{ RULE_BUG, "bug",
	  "Kept on record, but not applied: it stopped the server whenever it was tried. "
	  "The office can release it when the program was mended." },
	{ RULE_NOT_ALLOWED, "not_allowed", "A {role} may not do this: {reason}. Ask the office to do it." },
	{ RULE_NO_SUCH_RECORD, "no_such_record", "There is no {record} {id} for its author ({field}); check the reference." },
	{ RULE_FIELD_NOT_EDITABLE, "field_not_editable", "{field} cannot be edited: only operations change it." },
	{ RULE_VISIT_NOT_YOURS, "visit_not_yours",
	  "The visit is with {technician} and is {state}; ask the dispatcher." },
	{ RULE_VISIT_REASSIGNED, "visit_reassigned",
	  "The visit went to {technician} and is {state}; ask the dispatcher." },
	{ RULE_VISIT_STATE, "visit_state",
	  "The visit of {technician} is {state} already; look at it again before you decide." },
	{ RULE_SAME_TECHNICIAN, "same_technician", "{technician} has the visit already; name somebody else." },
	{ RULE_ORDER_OVER, "order_over", "The work order is {state}; make a new one for further work." },
	{ RULE_ISSUE_RESOLVED, "issue_resolved",
	  "The issue was resolved already ({resolution}); nothing is left to do." },
	{ RULE_NOT_A_CONFLICT, "not_a_conflict",
	  "The issue is {kind}: it has no values to choose from; resolve it as noted or corrected." },
	{ RULE_VALUE_CUT, "value_cut",
	  "{field} was too long to keep whole in the issue; edit the field, then resolve the issue as corrected." },
	{ RULE_RESOLUTION_UNFIT, "resolution_unfit",
	  "The issue is {kind}: \"{resolution}\" does not settle it; resolve it as noted, or see what fits it." },
	{ RULE_ORDER_UNFINISHED, "order_unfinished",
	  "The work order is {state} and has visits that have not ended; finish or cancel them first." },
	{ RULE_ORDER_UNDER_WAY, "order_under_way",
	  "{technician} is {state} for this order; have the visit ended first." },
	{ RULE_ORDER_NOT_OVER, "order_not_over",
	  "The work order is {state}, neither closed nor cancelled; there is nothing to reopen." },
	{ RULE_REOPEN_TOO_LATE, "reopen_too_late",
	  "The visit of {technician} ended more than a day ago; ask a supervisor to reopen it, or plan another visit." },
	{ RULE_DISCARDED, "discarded", "The office put it away without applying it: {reason}." },
	{ RULE_NEGATIVE_STOCK, "negative_stock",
	  "{location} has {balance} of {part}: more was used than was known to be there; count it." },
	{ RULE_WORK_DONE_AFTER_CANCEL, "work_done_after_cancel",
	  "{technician}: {operation} on a visit that had been taken back (cancelled or given to somebody else); decide what to bill." },
	{ RULE_OVERTAKEN, "overtaken",
	  "{technician} finished the visit that had been reassigned to {other}, who is {state}; check who goes." },
	{ RULE_DOUBLE_VISIT, "double_visit",
	  "{technician} finished the visit that {other} had started as well ({state}); both are kept. "
	  "Call {other} back or let both stand, and decide what to bill." },
	{ RULE_EDIT_CONFLICT, "edit_conflict",
	  "{field} was changed by two people; {winner} stands meanwhile; choose one." },
	{ RULE_WORK_WITHOUT_CLAIM, "work_without_claim",
	  "{technician} did {operation} on a visit of {holder} that was {state}; check who goes." },
	{ RULE_LATE_FACT, "late_fact",
	  "{operation} came after the end (order: {order_state}, visit: {state}); it was kept, nothing was reopened. "
	  "Take it into the totals, or decide that it is not billed." },
	{ RULE_CHAIN_GAP, "chain_gap",
	  "The device cannot send operations {first} to {last} any more; ask its technician what was done." },
	{ RULE_FORK, "fork",
	  "The device has a second history from operation {seq} on; it is kept aside. "
	  "Find out whether it was copied; if so, enrol each copy anew." },
	{ RULE_PLAN_MOVED, "plan_moved",
	  "{technician} did {operation} by the old plan: the visit had been moved to {planned_start_at_ms}. It stands; "
	  "tell the customer, or move the visit again." },
	{ RULE_TASK_CHANGED, "task_changed",
	  "{technician} answered \"{task}\" as it was before it, or what the order is for, was changed; "
	  "see whether the answer still holds, or ask again." },
	{ RULE_DOUBLE_ANSWER, "double_answer",
	  "{technician} answered \"{task}\" as {other} had done; both are kept, that of {holder} counts. "
	  "Take the other one if it is right." },
	{ RULE_ASSET_GONE, "asset_gone",
	  "{technician}: {operation} on {asset}, which was merged or retired; it is kept with {survivor}. Check which machine it was." },
	{ RULE_FINISH_INCOMPLETE, "finish_incomplete",
	  "{technician} finished the visit as fixed with {count} mandatory tasks open ({tasks}); "
	  "ask for the answers, or reopen the visit." },
	{ RULE_READING_UNLIKELY, "reading_unlikely",
	  "{technician} read {value} on {meter}, but {reason}. See whether it was mistyped or the meter exchanged; "
	  "a reading can be corrected." },
};
/* clang-format on */
static_assert(LENGTH(rows) == RULE_COUNT, "every rule has a row");

const struct rule_row *rule_find(enum rule rule)
{
	assert(rule < RULE_COUNT && rows[rule].rule == rule);
	return &rows[rule];
}

const struct rule_row *rule_by_word(struct text word)
{
	for (size_t i = 0; i < LENGTH(rows); i++)
		if (text_equals(word, rows[i].word))
			return &rows[i];
	return NULL;
}
