#include "protocol/domain/decide.h"

#include <string.h>

#include "protocol/domain/handler.h"
#include "protocol/domain/operation_outcome.h"

#define DETAIL_MAX 2000

/* clang-format off */
static const handler handlers[OPERATION_KIND_COUNT] = {
	[OPERATION_CREATE]        = handle_create,
	[OPERATION_EDIT]          = handle_edit,
	[OPERATION_ADD_NOTE]      = handle_note,
	[OPERATION_BOOK]          = handle_book,
	[OPERATION_DISPATCH]      = handle_dispatch,
	[OPERATION_CANCEL]        = handle_cancel,
	[OPERATION_REASSIGN]      = handle_reassign,
	[OPERATION_ACCEPT]        = handle_answer,
	[OPERATION_DECLINE]       = handle_answer,
	[OPERATION_TRAVEL]        = handle_fact,
	[OPERATION_ARRIVE]        = handle_fact,
	[OPERATION_PAUSE]         = handle_fact,
	[OPERATION_RESUME]        = handle_fact,
	[OPERATION_FINISH]        = handle_fact,
	[OPERATION_ABORT]         = handle_fact,
	[OPERATION_USE_PART]      = handle_part,
	[OPERATION_RETURN_PART]   = handle_part,
	[OPERATION_RESOLVE_ISSUE] = handle_issue,
	[OPERATION_RESCHEDULE]    = handle_reschedule,
	[OPERATION_ANSWER_TASK]   = handle_answer_task,
	[OPERATION_LOG_TIME]      = handle_log_time,
	[OPERATION_READ_METER]    = handle_read_meter,
	[OPERATION_ADD_PHOTO]     = handle_add_photo,
	[OPERATION_SIGN]          = handle_sign,
	[OPERATION_REOPEN_VISIT]  = handle_reopen_visit,
	[OPERATION_HOLD]          = handle_hold,
	[OPERATION_RELEASE]       = handle_release,
	[OPERATION_CLOSE]         = handle_close,
	[OPERATION_REOPEN_ORDER]  = handle_reopen_order,
	[OPERATION_CANCEL_ORDER]  = handle_cancel_order,
	[OPERATION_DELAY]         = handle_delay,
};
/* clang-format on */

/* Words, not sentences: they are told in the reader's language. */
static struct text reason_detail(struct handling *handling, const struct objection *objection)
{
	const struct operation_row *row = operation_find(handling->operation->head.kind);
	struct text role = choice_to_text(handling->arena, role_names, handling->operation->head.role);

	return arena_print(handling->arena, "role=%.*s;reason=%s%s%s%s%s", TEXT_ARGUMENTS(role), reason_find(objection->reason)->word,
		objection->record == NULL ? "" : ";record=", objection->record == NULL ? "" : objection->record,
		row == NULL ? "" : ";operation=", row == NULL ? "" : row->name);
}

/* Only a CLAIM, or an EDIT without the right, may be lost to its author; whatever else is malformed is kept for a person. */
static enum status answer_objection(struct handling *handling, const struct objection *objection, enum status status)
{
	const struct operation_row *row = operation_find(handling->operation->head.kind);
	struct text detail = reason_detail(handling, objection);

	if (row != NULL && (row->sort == SORT_CLAIM || (row->sort == SORT_EDIT && status == STATUS_REFUSED)))
		return handling_reject(handling, objection->rule, objection->field, detail);
	return handling_park(handling, objection->rule, objection->field, detail, NULL);
}

static enum status store_outcome(const struct handling *handling)
{
	const struct verdict *verdict = handling->verdict;
	const struct decision *decision = handling->decision;
	struct operation_outcome outcome = {
		.id = decision->operation_id,
		.device_id = decision->device_id,
		.seq = decision->seq,
		.kind = handling->operation->head.kind,
		.subject = handling->operation->head.subject,
		.outcome = verdict->outcome,
		.rule = verdict->rule,
		.field = verdict->field,
		.detail = text_cut(verdict->detail, DETAIL_MAX),
		.issue_id = verdict->issue_id,
		.waits_for = verdict->waits_for,
		.at_ms = time_within(handling->operation->head.at_ms), /* which may be what is wrong with it */
	};
	const void *row;
	enum status status;

	if (verdict->outcome != OUTCOME_APPLIED)
		return records_put(handling->records, RECORD_OPERATION, &outcome);
	if (decision->first)
		return STATUS_OK;
	/* A parked operation that goes on leaves no row behind. */
	status = records_look(handling->records, RECORD_OPERATION, &decision->operation_id, &row);
	if (status != STATUS_OK || row == NULL)
		return status;
	return records_remove(handling->records, RECORD_OPERATION, &decision->operation_id);
}

enum status decide(const struct decision *decision, struct overlay *overlay, struct arena *arena, struct verdict *out_verdict)
{
	struct verdict verdict = { .outcome = OUTCOME_APPLIED };
	struct objection objection;
	struct handling handling = {
		.decision = decision,
		.operation = decision->operation,
		.records = &overlay->records,
		.arena = arena,
		.verdict = &verdict,
	};
	enum status status = operation_check(decision->operation, &objection);

	if (status != STATUS_OK)
		status = answer_objection(&handling, &objection, status);
	else
		status = handlers[decision->operation->head.kind](&handling);
	if (status != STATUS_OK)
		return status;
	if (verdict.outcome == OUTCOME_REJECTED || verdict.outcome == OUTCOME_PARKED)
		overlay->changed_count = 0; /* it was freshly laid: everything in it is this operation's */
	status = store_outcome(&handling);
	if (status == STATUS_OK)
		*out_verdict = verdict;
	return status;
}
