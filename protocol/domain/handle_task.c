/* Answers to the checklist. Every answer is kept; which one counts, and what did not fit together, follows from them. */
#include <inttypes.h>

#include "protocol/domain/checklist.h"
#include "protocol/domain/handler.h"
#include "protocol/domain/task_answer.h"

/* One answer being taken in. */
struct answering {
	const struct occasion *occasion;
	const struct answer_arguments *arguments;
	struct task task; /* as it was */
	struct task_answer answer;
	struct task_answer standing; /* the one that counted before; its id is nil when there was none */
};

static struct issue issue_on_task(const struct answering *answering, enum issue_kind kind)
{
	return (struct issue){
		.kind = kind,
		.territory_id = answering->answer.territory_id,
		.work_order_id = answering->answer.work_order_id,
		.visit_id = answering->answer.visit_id,
		.record = RECORD_TASK,
		.record_id = answering->task.id,
	};
}

/* The answer stays bound to what was asked when it was given. */
static enum status flag_changed(struct handling *handling, const struct answering *answering)
{
	int64_t version = checklist_version(&answering->task, answering->occasion->order);
	struct issue issue = issue_on_task(answering, ISSUE_KIND_TASK_CHANGED);

	if (answering->arguments->task_version == 0 || answering->arguments->task_version >= version)
		return STATUS_OK;
	issue.detail = arena_print(handling->arena, "technician=%s;task=%s;seen=%" PRId64 ";version=%" PRId64,
		id_to_text(&answering->answer.technician_id).characters, id_to_text(&answering->task.id).characters,
		answering->arguments->task_version, version);
	return handling_open_issue(handling, &issue);
}

static enum status flag_double(struct handling *handling, const struct answering *answering, bool counts)
{
	const struct task_answer *answer = &answering->answer, *standing = &answering->standing;
	struct issue issue = issue_on_task(answering, ISSUE_KIND_DOUBLE_ANSWER);

	if (id_is_nil(&standing->id) || id_equal(&standing->technician_id, &answer->technician_id))
		return STATUS_OK;
	issue.record = RECORD_TASK_ANSWER; /* the other one, which may be taken instead */
	issue.record_id = counts ? standing->id : answer->id;
	issue.detail =
		arena_print(handling->arena, "technician=%s;other=%s;task=%s;holder=%s", id_to_text(&answer->technician_id).characters,
			id_to_text(&standing->technician_id).characters, id_to_text(&answering->task.id).characters,
			id_to_text(counts ? &answer->technician_id : &standing->technician_id).characters);
	return handling_open_issue(handling, &issue);
}

/* A technician's later answer corrects the earlier one; of two technicians', the earlier counts. */
static bool takes_over(const struct answering *answering)
{
	const struct task_answer *answer = &answering->answer, *standing = &answering->standing;

	if (id_is_nil(&standing->id))
		return true;
	if (id_equal(&standing->technician_id, &answer->technician_id))
		return answer->at_ms >= standing->at_ms;
	if (answer->at_ms != standing->at_ms)
		return answer->at_ms < standing->at_ms;
	return id_compare(&answer->id, &standing->id) < 0;
}

/* A task that asks for a reading makes one. */
static enum status post_reading(struct handling *handling, struct answering *answering)
{
	const struct task_answer *answer = &answering->answer;
	struct reading reading = {
		.meter_id = answering->task.meter_id,
		.value = answer->number,
		.at_ms = answer->at_ms,
		.visit_id = answer->visit_id,
		.work_order_id = answer->work_order_id,
		.territory_id = answer->territory_id,
		.asset_id = answer->asset_id,
		.technician_id = answer->technician_id,
		.late = answer->late,
	};

	if (answering->task.kind != TASK_KIND_READING || answer->skip_reason.size > 0 || id_is_nil(&reading.meter_id))
		return STATUS_OK;
	reading.id = handling_next_id(handling);
	answering->answer.reading_id = reading.id;
	return handling_post_reading(handling, &reading);
}

static void fill_in(struct handling *handling, struct answering *answering, const struct id *asset_id)
{
	const struct occasion *occasion = answering->occasion;
	const struct answer_arguments *arguments = answering->arguments;

	answering->answer = (struct task_answer){
		.id = handling_next_id(handling),
		.task_id = answering->task.id,
		.task_version = arguments->task_version,
		.visit_id = occasion->visit.id,
		.work_order_id = occasion->visit.work_order_id,
		.territory_id = answering->task.territory_id,
		.asset_id = *asset_id,
		.technician_id = handling->operation->head.actor,
		.at_ms = handling->operation->head.at_ms,
		.truth = (enum answer_truth)arguments->truth,
		.number = arguments->number,
		.text = arguments->text,
		.attachment_id = arguments->attachment_id,
		.skip_reason = arguments->skip_reason,
		.failed = checklist_fails(&answering->task, arguments),
		.late = occasion_is_late(occasion),
	};
}

static enum status store_answer(struct handling *handling, struct answering *answering, bool counts)
{
	struct task task = answering->task;
	enum status status = post_reading(handling, answering);

	if (status == STATUS_OK)
		status = records_put(handling->records, RECORD_TASK_ANSWER, &answering->answer);
	if (status != STATUS_OK || !counts)
		return status;
	task.answered = true;
	task.failed = answering->answer.failed;
	task.primary_answer_id = answering->answer.id;
	return records_put(handling->records, RECORD_TASK, &task);
}

static enum status take_answer(struct handling *handling, struct answering *answering)
{
	const struct occasion *occasion = answering->occasion;
	struct id none = { 0 }, asset_id = answering->task.asset_id;
	struct used_asset used;
	const void *standing;
	bool counts;
	enum status status = records_look(handling->records, RECORD_TASK_ANSWER, &answering->task.primary_answer_id, &standing);

	if (status != STATUS_OK)
		return status;
	if (standing != NULL)
		answering->standing = *(const struct task_answer *)standing;
	if (id_is_nil(&asset_id))
		asset_id = occasion->order == NULL ? none : occasion->order->asset_id;
	status = handling_use_asset(handling, &asset_id, &used);
	if (status != STATUS_OK)
		return status;
	fill_in(handling, answering, &used.id);
	counts = takes_over(answering);
	status = store_answer(handling, answering, counts);
	if (status == STATUS_OK)
		status = flag_changed(handling, answering);
	if (status == STATUS_OK)
		status = flag_double(handling, answering, counts);
	if (status == STATUS_OK)
		status = handling_flag_asset(handling, &used, &occasion->visit);
	return status == STATUS_OK ? handling_flag_fact(handling, &occasion->visit, occasion->order) : status;
}

enum status handle_answer_task(struct handling *handling)
{
	struct answering answering = { .arguments = handling->operation->arguments };
	struct occasion occasion;
	enum reason misfit;
	const void *task;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	status = records_get(handling->records, RECORD_TASK, &answering.arguments->task_id, &task);
	if (status != STATUS_OK)
		return status;
	answering.occasion = &occasion;
	answering.task = *(const struct task *)task;
	misfit = checklist_misfit(&answering.task, answering.arguments);
	if (!id_equal(&answering.task.work_order_id, &occasion.visit.work_order_id))
		misfit = REASON_OTHER_ORDER;
	if (misfit != REASON_NONE)
		return handling_park(
			handling, RULE_BAD_FORM, "task_id", arena_print(handling->arena, "reason=%s", reason_find(misfit)->word), NULL);
	return take_answer(handling, &answering);
}
