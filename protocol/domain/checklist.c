#include "protocol/domain/checklist.h"

#include <string.h>

#include "protocol/domain/task_answer.h"

#define TITLES_MAX 5

int64_t checklist_version(const struct task *task, const struct work_order *order)
{
	return task->version + (order == NULL ? 0 : order->scope_version);
}

enum reason checklist_misfit(const struct task *task, const struct answer_arguments *answer)
{
	if (answer->skip_reason.size > 0)
		return REASON_NONE;
	switch (task->kind) {
	case TASK_KIND_CONFIRM:
		return answer->truth == ANSWER_TRUTH_YES ? REASON_NONE : REASON_ANSWER_CONFIRM;
	case TASK_KIND_YES_NO:
		return answer->truth != ANSWER_TRUTH_NONE ? REASON_NONE : REASON_ANSWER_YES_NO;
	case TASK_KIND_NUMBER:
	case TASK_KIND_READING:
		return answer->has_number ? REASON_NONE : REASON_ANSWER_NUMBER;
	case TASK_KIND_TEXT:
		return answer->text.size > 0 ? REASON_NONE : REASON_ANSWER_TEXT;
	case TASK_KIND_CHOICE:
		return answer->text.size > 0 ? REASON_NONE : REASON_ANSWER_CHOICE;
	case TASK_KIND_PHOTO:
		return !id_is_nil(&answer->attachment_id) ? REASON_NONE : REASON_ANSWER_PHOTO;
	case TASK_KIND_COUNT:
		break;
	}
	return REASON_NONE; /* a kind from a newer version: whatever was answered is kept */
}

/* Takes the next option off the rest of the list. */
static struct text next_option(struct text *rest, bool *out_failing)
{
	const char *end = memchr(rest->data, ';', rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	struct text option = text_trim((struct text){ rest->data, size });

	rest->data += size + (end != NULL);
	rest->size -= size + (end != NULL);
	*out_failing = option.size > 0 && option.data[0] == '!';
	if (*out_failing)
		option = text_trim((struct text){ option.data + 1, option.size - 1 });
	return option;
}

bool checklist_offers(const struct task *task, struct text option, bool *out_failing)
{
	struct text rest = task->options;

	while (rest.size > 0) {
		bool failing;
		struct text offered = next_option(&rest, &failing);
		if (!text_equal(offered, option))
			continue;
		if (out_failing != NULL)
			*out_failing = failing;
		return true;
	}
	return false;
}

static bool outside_limits(const struct task *task, int64_t number)
{
	bool below = (task->limits == TASK_LIMITS_MINIMUM || task->limits == TASK_LIMITS_BOTH) && number < task->minimum;
	bool above = (task->limits == TASK_LIMITS_MAXIMUM || task->limits == TASK_LIMITS_BOTH) && number > task->maximum;

	return below || above;
}

bool checklist_fails(const struct task *task, const struct answer_arguments *answer)
{
	bool failing = false;

	if (answer->skip_reason.size > 0)
		return false;
	if (task->kind == TASK_KIND_YES_NO)
		return answer->truth == ANSWER_TRUTH_NO;
	if (task->kind == TASK_KIND_NUMBER || task->kind == TASK_KIND_READING)
		return outside_limits(task, answer->number);
	return task->kind == TASK_KIND_CHOICE && checklist_offers(task, answer->text, &failing) && failing;
}

/* The open tasks that come first in the list. */
struct looking {
	struct arena *arena;
	struct task first[TITLES_MAX]; /* by position, then id */
	size_t count;                  /* of all that are open */
};

static bool comes_before(const struct task *left, const struct task *right)
{
	if (left->position != right->position)
		return left->position < right->position;
	return id_compare(&left->id, &right->id) < 0;
}

static enum status look_at_task(void *context, const void *row)
{
	struct looking *looking = context;
	const struct task *task = row;
	size_t at = looking->count < TITLES_MAX ? looking->count : TITLES_MAX;

	if (!task->mandatory || task->withdrawn || task->answered)
		return STATUS_OK;
	looking->count++;
	while (at > 0 && comes_before(task, &looking->first[at - 1])) {
		if (at < TITLES_MAX)
			looking->first[at] = looking->first[at - 1];
		at--;
	}
	if (at == TITLES_MAX)
		return STATUS_OK;
	looking->first[at] = *task;
	looking->first[at].title = arena_copy_text(looking->arena, task->title);
	return STATUS_OK;
}

enum status checklist_lacks(struct records *records, struct arena *arena, const struct id *work_order_id, struct checklist_lack *out_lack)
{
	struct looking looking = { .arena = arena };
	struct checklist_lack lack = { 0 };
	enum status status = records_each(records, RECORD_TASK, "work_order_id", work_order_id, look_at_task, &looking);

	if (status != STATUS_OK)
		return status;
	lack.count = looking.count;
	for (size_t i = 0; i < looking.count && i < TITLES_MAX; i++)
		lack.titles = arena_print(
			arena, "%.*s%s%.*s", TEXT_ARGUMENTS(lack.titles), i == 0 ? "" : ", ", TEXT_ARGUMENTS(looking.first[i].title));
	*out_lack = lack;
	return STATUS_OK;
}
