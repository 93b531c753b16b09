/* What technicians report about their visits. It happened: nothing here refuses. What does not fit the state is recorded as far as
 * it makes sense, and a person is told. */
#include <inttypes.h>

#include "protocol/domain/checklist.h"
#include "protocol/domain/handler.h"

#define REPLACEMENTS_MAX 64 /* reassigned again and again; beyond it the chain is taken to end */

/* One report being applied. */
struct report {
	const struct visit *before;
	const struct work_order *order; /* may be NULL: not held here */
	struct visit after;
	bool moved;
	bool changed;
};

static bool is_holder(const struct handling *handling, const struct visit *visit)
{
	return id_equal(&visit->technician_id, &handling->operation->head.actor);
}

/* Somebody else's report counts for the visit only while its holder has not begun. */
static bool has_effect(const struct handling *handling, const struct visit *visit)
{
	if (is_holder(handling, visit))
		return true;
	return visit->state != VISIT_STATE_CANCELLED &&
	       (id_is_nil(&visit->started_by_id) || id_equal(&visit->started_by_id, &handling->operation->head.actor));
}

static void keep_first(int64_t *time_at_ms, int64_t at_ms)
{
	if (*time_at_ms == 0)
		*time_at_ms = at_ms;
}

static void record_finish(struct visit *visit, const struct finish_arguments *finish, int64_t at_ms)
{
	visit->finished_at_ms = at_ms;
	visit->outcome = (enum visit_outcome)finish->outcome;
	visit->cause_code = finish->cause_code;
	visit->action_code = finish->action_code;
	visit->text = finish->text;
	visit->signer_name = finish->signer_name;
	visit->signature_refused_reason = finish->signature_refused_reason;
}

/* The facts of an event that moved the visit. */
static void record_move(struct visit *visit, const struct operation *operation)
{
	const struct reason_arguments *reason = operation->arguments;

	if (operation->head.kind == OPERATION_FINISH)
		record_finish(visit, operation->arguments, operation->head.at_ms);
	if (operation->head.kind == OPERATION_ABORT)
		visit->finished_at_ms = operation->head.at_ms;
	if (operation->head.kind == OPERATION_ABORT || operation->head.kind == OPERATION_PAUSE)
		visit->reason = reason->reason.size > 0 ? reason->reason : visit->reason;
}

static void apply_report(struct handling *handling, struct report *report)
{
	const struct operation *operation = handling->operation;
	struct visit *visit = &report->after;
	enum operation_kind kind = operation->head.kind;
	uint32_t state;

	if (kind == OPERATION_TRAVEL)
		keep_first(&visit->travelled_at_ms, operation->head.at_ms);
	if (kind == OPERATION_ARRIVE)
		keep_first(&visit->arrived_at_ms, operation->head.at_ms);
	report->moved = machine_next(&visit_machine, visit->state, kind, &state);
	if (report->moved) {
		visit->state = (enum visit_state)state;
		visit->since_at_ms = operation->head.at_ms;
		record_move(visit, operation);
	}
	report->changed = !row_equal(&visit_schema, report->before, visit);
	if (report->changed && id_is_nil(&visit->started_by_id))
		visit->started_by_id = operation->head.actor;
}

/* The visit that took the place of a reassigned one, through further reassignments; NULL when it is not there. */
static enum status find_replacement(struct handling *handling, const struct visit *visit, const struct visit **out_replacement)
{
	for (int i = 0; i < REPLACEMENTS_MAX; i++) {
		const void *row;
		enum status status = records_look(handling->records, RECORD_VISIT, &visit->replaced_by_id, &row);
		if (status != STATUS_OK)
			return status;
		visit = row;
		if (visit == NULL || visit->cancel_cause != VISIT_CANCEL_CAUSE_REASSIGNED)
			break;
	}
	*out_replacement = visit;
	return STATUS_OK;
}

static enum status withdraw(struct handling *handling, const struct visit *replacement)
{
	struct visit withdrawn = *replacement;

	withdrawn.state = VISIT_STATE_CANCELLED;
	withdrawn.cancel_cause = VISIT_CANCEL_CAUSE_WITHDRAWN;
	return records_put(handling->records, RECORD_VISIT, &withdrawn);
}

static enum status open_replaced(
	struct handling *handling, enum issue_kind kind, const struct visit *visit, const struct visit *replacement)
{
	static const struct visit nobody = { .state = VISIT_STATE_CANCELLED };
	const struct visit *other = replacement == NULL ? &nobody : replacement;
	struct issue issue = {
		.kind = kind,
		.territory_id = visit->territory_id,
		.work_order_id = visit->work_order_id,
		.visit_id = visit->id,
		.record = RECORD_VISIT,
		.record_id = other->id,
	};
	struct text state = handling_visit_state(handling, other->state);

	issue.detail = arena_print(handling->arena, "technician=%s;other=%s;state=%.*s", id_to_text(&visit->technician_id).characters,
		id_to_text(&other->technician_id).characters, TEXT_ARGUMENTS(state));
	return handling_open_issue(handling, &issue);
}

/* The first technician finished what had been given to another: whoever has not begun need not go. */
static enum status settle_reassigned(struct handling *handling, const struct visit *visit)
{
	const struct visit *replacement = NULL;
	const struct visit_state_row *state;
	struct visit seen;
	enum status status = find_replacement(handling, visit, &replacement);

	if (status != STATUS_OK)
		return status;
	if (replacement == NULL)
		return open_replaced(handling, ISSUE_KIND_OVERTAKEN, visit, NULL);
	seen = *replacement;
	state = visit_state_find(seen.state);
	status = open_replaced(handling, ISSUE_KIND_OVERTAKEN, visit, &seen);
	if (status == STATUS_OK && state->open && !state->started)
		status = withdraw(handling, &seen);
	if (status == STATUS_OK && state->started && seen.state != VISIT_STATE_ABORTED)
		status = open_replaced(handling, ISSUE_KIND_DOUBLE_VISIT, visit, &seen);
	return status;
}

/* Whether a finish or an abort says something else than what is recorded of the visit already. */
static bool says_more(const struct handling *handling, const struct visit *visit)
{
	const struct finish_arguments *finish = handling->operation->arguments;

	if (handling->operation->head.kind == OPERATION_ABORT)
		return visit->state != VISIT_STATE_ABORTED;
	if (handling->operation->head.kind != OPERATION_FINISH)
		return false;
	return finish->outcome != visit->outcome || !text_equal(finish->cause_code, visit->cause_code) ||
	       !text_equal(finish->action_code, visit->action_code) || !text_equal(finish->text, visit->text) ||
	       !text_equal(finish->signer_name, visit->signer_name);
}

/* What a finish says of how it went; of one that is not applied it stands nowhere else. */
static struct text reported_outcome(const struct handling *handling)
{
	const struct finish_arguments *finish = handling->operation->arguments;

	if (handling->operation->head.kind != OPERATION_FINISH)
		return (struct text){ 0 };
	return choice_to_text(handling->arena, visit_outcome_names, finish->outcome);
}

static enum status open_on_visit(struct handling *handling, enum issue_kind kind, const struct visit *visit, const struct work_order *order)
{
	const struct operation_head *head = &handling->operation->head;
	struct text state = visit == NULL ? text_of("-") : handling_visit_state(handling, visit->state);
	struct text order_state = order == NULL ? text_of("") : handling_order_state(handling, order->state);
	struct issue issue = { .kind = kind, .mine_value = reported_outcome(handling) };

	if (visit != NULL) {
		issue.territory_id = visit->territory_id;
		issue.work_order_id = visit->work_order_id;
		issue.visit_id = visit->id;
		issue.record = RECORD_VISIT;
		issue.record_id = visit->id;
	}
	if (order != NULL) {
		issue.territory_id = order->territory_id;
		issue.work_order_id = order->id;
	}
	issue.detail = arena_print(handling->arena, "technician=%s;operation=%s;holder=%s;state=%.*s;order_state=%.*s",
		id_to_text(&head->actor).characters, operation_find(head->kind)->name,
		visit == NULL ? "" : id_to_text(&visit->technician_id).characters, TEXT_ARGUMENTS(state), TEXT_ARGUMENTS(order_state));
	if (kind == ISSUE_KIND_WORK_DONE_AFTER_CANCEL)
		return handling_open_issue_once(handling, &issue);
	return handling_open_issue(handling, &issue);
}

/* What was billed or reported of the order lacks this fact. */
static enum status mark_stale(struct handling *handling, const struct id *work_order_id)
{
	const void *row;
	struct work_order order;
	enum status status = records_look(handling->records, RECORD_WORK_ORDER, work_order_id, &row);

	if (status != STATUS_OK || row == NULL || ((const struct work_order *)row)->stale)
		return status;
	order = *(const struct work_order *)row;
	order.stale = true;
	return records_put(handling->records, RECORD_WORK_ORDER, &order);
}

enum status handling_flag_late(struct handling *handling, const struct work_order *order, const struct visit *visit)
{
	enum status status = STATUS_OK;

	if (order == NULL || !work_order_is_over(order))
		return STATUS_OK;
	if (visit != NULL)
		status = mark_stale(handling, &order->id);
	return status == STATUS_OK ? open_on_visit(handling, ISSUE_KIND_LATE_FACT, visit, order) : status;
}

enum status handling_flag_moved(struct handling *handling, const struct visit *before, const struct work_order *order)
{
	const struct operation_head *head = &handling->operation->head;
	struct issue issue = {
		.kind = ISSUE_KIND_PLAN_MOVED,
		.territory_id = order != NULL ? order->territory_id : before->territory_id,
		.work_order_id = before->work_order_id,
		.visit_id = before->id,
		.record = RECORD_VISIT,
		.record_id = before->id,
	};

	if (before->moved_gseq <= head->base_gseq)
		return STATUS_OK;
	issue.detail = arena_print(handling->arena, "technician=%s;operation=%s;planned_start_at_ms=%" PRId64,
		id_to_text(&head->actor).characters, operation_find(head->kind)->name, before->planned_start_at_ms);
	return handling_open_issue(handling, &issue);
}

/* Finished as fixed with mandatory tasks open: the device asks beforehand, so its copy of the list was another. */
static enum status flag_incomplete(struct handling *handling, const struct report *report)
{
	const struct visit *visit = &report->after;
	struct checklist_lack lack;
	struct issue issue = {
		.kind = ISSUE_KIND_FINISH_INCOMPLETE,
		.territory_id = visit->territory_id,
		.work_order_id = visit->work_order_id,
		.visit_id = visit->id,
		.record = RECORD_VISIT,
		.record_id = visit->id,
	};
	enum status status;

	if (!report->moved || visit->state != VISIT_STATE_DONE || visit->outcome != VISIT_OUTCOME_FIXED)
		return STATUS_OK;
	status = checklist_lacks(handling->records, handling->arena, &visit->work_order_id, &lack);
	if (status != STATUS_OK || lack.count == 0)
		return status;
	issue.detail = arena_print(handling->arena, "technician=%s;count=%zu;tasks=%.*s",
		id_to_text(&handling->operation->head.actor).characters, lack.count, TEXT_ARGUMENTS(handling_plain(handling, lack.titles)));
	return handling_open_issue(handling, &issue);
}

/* One issue says all, also that the order is over. */
static enum status flag_after_cancel(struct handling *handling, const struct visit *before, const struct work_order *order)
{
	enum status status = open_on_visit(handling, ISSUE_KIND_WORK_DONE_AFTER_CANCEL, before, order);

	if (status != STATUS_OK || order == NULL || !work_order_is_over(order))
		return status;
	return mark_stale(handling, &order->id);
}

enum status handling_flag_fact(struct handling *handling, const struct visit *before, const struct work_order *order)
{
	const struct visit_state_row *state = visit_state_find(before->state);
	enum status status = STATUS_OK;

	if (!is_holder(handling, before) || before->state == VISIT_STATE_PROPOSED || before->state == VISIT_STATE_SCHEDULED ||
		before->state == VISIT_STATE_DECLINED)
		status = open_on_visit(handling, ISSUE_KIND_WORK_WITHOUT_CLAIM, before, order);
	else if (!state->open && !state->ended)
		return flag_after_cancel(handling, before, order);
	return status == STATUS_OK ? handling_flag_late(handling, order, before) : status;
}

/* Nothing moved and nobody need be told. */
static enum status note_standing(struct handling *handling, const struct visit *visit)
{
	/* clang-format off */
	static const struct {
		enum operation_kind kind;
		enum visit_state state;
	} targets[] = {
		{ OPERATION_TRAVEL, VISIT_STATE_TRAVELLING },
		{ OPERATION_ARRIVE, VISIT_STATE_ON_SITE },
		{ OPERATION_PAUSE,  VISIT_STATE_PAUSED },
		{ OPERATION_RESUME, VISIT_STATE_ON_SITE },
		{ OPERATION_FINISH, VISIT_STATE_DONE },
		{ OPERATION_ABORT,  VISIT_STATE_ABORTED },
	};
	/* clang-format on */
	struct text state = handling_visit_state(handling, visit->state);
	struct text detail = arena_print(handling->arena, "state=%.*s", TEXT_ARGUMENTS(state));

	for (size_t i = 0; i < LENGTH(targets); i++)
		if (targets[i].kind == handling->operation->head.kind && targets[i].state == visit->state)
			return handling_note(handling, RULE_NO_OP, "", detail);
	return handling_note(handling, RULE_SUPERSEDED, "", detail);
}

static enum status judge_report(struct handling *handling, const struct report *report)
{
	const struct visit *before = report->before;
	const struct visit_state_row *state = visit_state_find(before->state);
	bool more = report->changed || says_more(handling, before);
	bool over = report->order != NULL && work_order_is_over(report->order);
	enum status status;

	if (is_holder(handling, before) && (state->ended || state->under_way) && !report->moved && !more)
		return note_standing(handling, before);
	if (is_holder(handling, before) && before->cancel_cause == VISIT_CANCEL_CAUSE_REASSIGNED && report->moved &&
		before->state == VISIT_STATE_CANCELLED) {
		status = settle_reassigned(handling, before);
		return status == STATUS_OK ? handling_flag_late(handling, report->order, before) : status;
	}
	status = handling_flag_fact(handling, before, report->order);
	if (status == STATUS_OK && is_holder(handling, before) && state->ended && !over)
		status = open_on_visit(handling, ISSUE_KIND_LATE_FACT, before, report->order);
	if (status == STATUS_OK && !report->moved)
		status = note_standing(handling, before);
	return status;
}

enum status handle_fact(struct handling *handling)
{
	struct report report = { 0 };
	const void *row, *order_row;
	struct visit before;
	struct work_order order;
	enum status status = handling_subject(handling, RECORD_VISIT, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	before = *(const struct visit *)row; /* copies: both rows are about to change */
	report.before = &before;
	report.after = before;
	status = records_look(handling->records, RECORD_WORK_ORDER, &before.work_order_id, &order_row);
	if (status != STATUS_OK)
		return status;
	if (order_row != NULL) {
		order = *(const struct work_order *)order_row;
		report.order = &order;
	}
	if (has_effect(handling, &before))
		apply_report(handling, &report);
	if (report.moved)
		status = handling_end_span(handling, &before, report.order != NULL && work_order_is_over(report.order));
	if (status == STATUS_OK && report.changed)
		status = records_put(handling->records, RECORD_VISIT, &report.after);
	if (status == STATUS_OK)
		status = judge_report(handling, &report);
	if (status == STATUS_OK && report.moved && !visit_state_find(before.state)->started)
		status = handling_flag_moved(handling, &before, report.order);
	if (status == STATUS_OK)
		status = flag_incomplete(handling, &report);
	return status == STATUS_OK ? handling_refresh_order(handling, &before.work_order_id) : status;
}
