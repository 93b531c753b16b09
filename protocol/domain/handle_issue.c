/* A person settles an issue. */
#include <string.h>

#include "protocol/domain/handler.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"

static bool chooses_value(uint32_t resolution)
{
	return resolution == ISSUE_RESOLUTION_TOOK_MINE || resolution == ISSUE_RESOLUTION_KEPT_THEIRS;
}

static bool is_cut(const struct issue *issue)
{
	static const char mark[] = ";cut=1";
	size_t size = sizeof(mark) - 1;

	return issue->detail.size >= size && memcmp(issue->detail.data + issue->detail.size - size, mark, size) == 0;
}

/* Reads a kept value back. A value this version cannot read is rejected with the reason. */
static enum status read_value(
	struct handling *handling, const struct schema *schema, const struct field *field, struct text value, void *row)
{
	if (field_from_text(handling->arena, field, value, row) == STATUS_OK && field_validate(schema, field, row) == STATUS_OK)
		return STATUS_OK;
	return handling_reject(handling, RULE_BAD_FORM, field->name,
		arena_print(handling->arena, "reason=%s", reason_find(REASON_VALUE_UNREADABLE)->word));
}

/* Took mine: it stands from now on. Kept theirs: it stands again where mine had won meanwhile; what somebody wrote since, stays. */
static enum status write_choice(
	struct handling *handling, const struct issue *issue, const struct schema *schema, const struct field *field, const void *current)
{
	bool took_mine = ((const struct resolve_arguments *)handling->operation->arguments)->resolution == ISSUE_RESOLUTION_TOOK_MINE;
	void *mine = arena_copy(handling->arena, current, schema->size);
	void *theirs = arena_copy(handling->arena, current, schema->size);
	void *chosen = took_mine ? mine : theirs;
	enum status status = read_value(handling, schema, field, issue->mine_value, mine);

	if (status == STATUS_OK)
		status = read_value(handling, schema, field, issue->theirs_value, theirs);
	if (status != STATUS_OK || handling->verdict->outcome == OUTCOME_REJECTED)
		return status;
	if (!took_mine && !field_equal(field, current, mine))
		return STATUS_OK;
	if (schema->kind == RECORD_WORK_ORDER)
		status = work_order_derive(handling->records, chosen);
	return status == STATUS_OK ? records_put(handling->records, schema->kind, chosen) : status;
}

static enum status settle_conflict(struct handling *handling, const struct issue *issue)
{
	bool record = issue->record > RECORD_NONE && issue->record <= RECORD_KIND_MAX;
	const struct schema *schema = record ? schema_find((enum record_kind)issue->record) : NULL;
	const struct field *field = schema == NULL ? NULL : schema_field(schema, issue->field);
	struct text kind = choice_to_text(handling->arena, issue_kind_names, issue->kind);
	const void *current;
	enum status status;

	if (issue->kind != ISSUE_KIND_EDIT_CONFLICT || field == NULL)
		return handling_reject(
			handling, RULE_NOT_A_CONFLICT, "resolution", arena_print(handling->arena, "kind=%.*s", TEXT_ARGUMENTS(kind)));
	if (is_cut(issue))
		return handling_reject(handling, RULE_VALUE_CUT, field->name, text_of(""));
	status = records_look(handling->records, schema->kind, &issue->record_id, &current);
	if (status != STATUS_OK)
		return status;
	if (current == NULL)
		return handling_missing(handling, schema->kind, &issue->record_id, "record_id");
	return write_choice(handling, issue, schema, field, current);
}

/* A resolution that belongs to some kinds of issues only, and what it does; NULL: it only says what was decided. */
struct remedy {
	enum issue_resolution resolution;
	uint32_t kinds; /* bit enum issue_kind */
	enum status (*apply)(struct handling *handling, const struct issue *issue);
};

static enum status load_visit(struct handling *handling, const struct id *id, struct visit *out_visit, bool *out_there)
{
	const void *row;
	enum status status = records_look(handling->records, RECORD_VISIT, id, &row);

	*out_there = false;
	if (status != STATUS_OK)
		return status;
	if (row == NULL)
		return handling_missing(handling, RECORD_VISIT, id, "record_id");
	*out_visit = *(const struct visit *)row;
	*out_there = true;
	return STATUS_OK;
}

static enum status store_visit(struct handling *handling, const struct visit *visit)
{
	enum status status = records_put(handling->records, RECORD_VISIT, visit);

	return status == STATUS_OK ? handling_refresh_order(handling, &visit->work_order_id) : status;
}

/* The replacement that was withdrawn goes out again; one that was not stays as it is. */
static enum status keep_other_visit(struct handling *handling, const struct issue *issue)
{
	const void *order;
	struct visit visit;
	uint32_t state;
	bool there;
	enum status status = load_visit(handling, &issue->record_id, &visit, &there);

	if (status != STATUS_OK || !there || visit.cancel_cause != VISIT_CANCEL_CAUSE_WITHDRAWN ||
		!machine_next(&visit_machine, visit.state, OPERATION_RESOLVE_ISSUE, &state))
		return status;
	status = records_look(handling->records, RECORD_WORK_ORDER, &visit.work_order_id, &order);
	if (status != STATUS_OK)
		return status;
	if (order != NULL && work_order_is_over(order))
		return handling_refuse_over(handling, order);
	visit.state = (enum visit_state)state;
	visit.cancel_cause = VISIT_CANCEL_CAUSE_NONE;
	return store_visit(handling, &visit);
}

static enum status cancel_other_visit(struct handling *handling, const struct issue *issue)
{
	struct visit visit;
	uint32_t state;
	bool there;
	enum status status = load_visit(handling, &issue->record_id, &visit, &there);

	if (status != STATUS_OK || !there || visit.state == VISIT_STATE_CANCELLED)
		return status;
	if (!machine_next(&visit_machine, visit.state, OPERATION_CANCEL, &state))
		return handling_reject(handling, RULE_VISIT_STATE, "resolution",
			arena_print(handling->arena, "technician=%s;state=%.*s", id_to_text(&visit.technician_id).characters,
				TEXT_ARGUMENTS(handling_visit_state(handling, visit.state))));
	visit.state = (enum visit_state)state;
	visit.cancel_cause = VISIT_CANCEL_CAUSE_WITHDRAWN;
	return store_visit(handling, &visit);
}

static enum status accept_late(struct handling *handling, const struct issue *issue)
{
	const void *row;
	struct work_order order;
	enum status status = records_look(handling->records, RECORD_WORK_ORDER, &issue->work_order_id, &row);

	if (status != STATUS_OK || row == NULL || !((const struct work_order *)row)->stale)
		return status;
	order = *(const struct work_order *)row;
	order.stale = false;
	return records_put(handling->records, RECORD_WORK_ORDER, &order);
}

static enum status take_other_answer(struct handling *handling, const struct issue *issue)
{
	const struct task_answer *answer;
	const void *row, *task_row;
	struct task task;
	enum status status = records_look(handling->records, RECORD_TASK_ANSWER, &issue->record_id, &row);

	if (status != STATUS_OK)
		return status;
	if (row == NULL)
		return handling_missing(handling, RECORD_TASK_ANSWER, &issue->record_id, "record_id");
	answer = row;
	status = records_look(handling->records, RECORD_TASK, &answer->task_id, &task_row);
	if (status != STATUS_OK)
		return status;
	if (task_row == NULL)
		return handling_missing(handling, RECORD_TASK, &answer->task_id, "record_id");
	task = *(const struct task *)task_row;
	task.answered = true;
	task.failed = answer->failed;
	task.primary_answer_id = answer->id;
	return records_put(handling->records, RECORD_TASK, &task);
}

#define KIND(name) (UINT32_C(1) << ISSUE_KIND_##name)

static const struct remedy remedies[] = {
	{ ISSUE_RESOLUTION_BILL,
		KIND(WORK_DONE_AFTER_CANCEL) | KIND(WORK_WITHOUT_CLAIM) | KIND(OVERTAKEN) | KIND(DOUBLE_VISIT) | KIND(LATE_FACT), NULL },
	{ ISSUE_RESOLUTION_DO_NOT_BILL,
		KIND(WORK_DONE_AFTER_CANCEL) | KIND(WORK_WITHOUT_CLAIM) | KIND(OVERTAKEN) | KIND(DOUBLE_VISIT) | KIND(LATE_FACT), NULL },
	{ ISSUE_RESOLUTION_KEEP_OTHER_VISIT, KIND(OVERTAKEN) | KIND(DOUBLE_VISIT), keep_other_visit },
	{ ISSUE_RESOLUTION_CANCEL_OTHER_VISIT, KIND(OVERTAKEN) | KIND(DOUBLE_VISIT), cancel_other_visit },
	{ ISSUE_RESOLUTION_ACCEPT_LATE, KIND(LATE_FACT) | KIND(WORK_DONE_AFTER_CANCEL), accept_late },
	{ ISSUE_RESOLUTION_TAKE_OTHER_ANSWER, KIND(DOUBLE_ANSWER), take_other_answer },
};

static enum status apply_remedy(struct handling *handling, const struct issue *issue, uint32_t resolution)
{
	struct text kind = choice_to_text(handling->arena, issue_kind_names, issue->kind);
	struct text name = choice_to_text(handling->arena, issue_resolution_names, resolution);

	for (size_t i = 0; i < LENGTH(remedies); i++) {
		if ((uint32_t)remedies[i].resolution != resolution)
			continue;
		if (issue->kind >= ISSUE_KIND_COUNT || (remedies[i].kinds >> issue->kind & 1) == 0)
			return handling_reject(handling, RULE_RESOLUTION_UNFIT, "resolution",
				arena_print(handling->arena, "kind=%.*s;resolution=%.*s", TEXT_ARGUMENTS(kind), TEXT_ARGUMENTS(name)));
		return remedies[i].apply == NULL ? STATUS_OK : remedies[i].apply(handling, issue);
	}
	return STATUS_OK;
}

enum status handle_issue(struct handling *handling)
{
	const struct resolve_arguments *arguments = handling->operation->arguments;
	const void *row;
	struct issue issue;
	struct text resolution;
	enum status status = handling_subject(handling, RECORD_ISSUE, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	issue = *(const struct issue *)row;
	resolution = choice_to_text(handling->arena, issue_resolution_names, issue.resolution);
	if (issue.state == ISSUE_STATE_RESOLVED)
		return handling_reject(
			handling, RULE_ISSUE_RESOLVED, "", arena_print(handling->arena, "resolution=%.*s", TEXT_ARGUMENTS(resolution)));
	status = chooses_value(arguments->resolution) ? settle_conflict(handling, &issue)
						      : apply_remedy(handling, &issue, arguments->resolution);
	if (status != STATUS_OK || handling->verdict->outcome == OUTCOME_REJECTED)
		return status;
	issue.state = ISSUE_STATE_RESOLVED;
	issue.resolution = (enum issue_resolution)arguments->resolution;
	issue.resolution_text = arguments->text;
	issue.resolved_at_ms = handling->operation->head.at_ms;
	return records_put(handling->records, RECORD_ISSUE, &issue);
}
