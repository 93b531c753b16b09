/* What belongs to a work order beside its visits: tasks with their answers, meters, the way in, contacts, time, files. */
#include <stdlib.h>

#include "protocol/domain/attachment.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/site_access.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/time_entry.h"
#include "protocol/domain/work_order_cost.h"
#include "shell/listing.h"
#include "shell/number_text.h"

struct loading {
	struct context *context;
	struct task_list *list;
	size_t capacity;
};

static enum status load_task(void *user, const void *row, const struct row_meta *meta)
{
	struct loading *loading = user;
	struct task_list *list = loading->list;
	struct arena *arena = loading->context->arena;

	(void)meta;
	if (((const struct task *)row)->withdrawn)
		return STATUS_OK;
	list->tasks = arena_grow(arena, list->tasks, list->count, &loading->capacity, sizeof(struct task *));
	list->tasks[list->count++] = row_copy(arena, &task_schema, row);
	return STATUS_OK;
}

static int compare_tasks(const void *left, const void *right)
{
	const struct task *a = *(const struct task *const *)left, *b = *(const struct task *const *)right;

	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return id_compare(&a->id, &b->id);
}

enum status listing_load_tasks(struct context *context, struct storage *storage, const struct id *work_order, struct task_list *out_list)
{
	struct loading loading = { .context = context, .list = out_list };
	enum status status;

	*out_list = (struct task_list){ 0 };
	status = table_each(storage, &task_schema, "work_order_id", work_order, load_task, &loading);
	if (out_list->count > 1)
		qsort(out_list->tasks, out_list->count, sizeof(struct task *), compare_tasks);
	return status;
}

size_t listing_open_tasks(const struct task_list *list)
{
	size_t open = 0;

	for (size_t i = 0; i < list->count; i++)
		open += list->tasks[i]->mandatory && !list->tasks[i]->answered;
	return open;
}

static struct text with_unit(struct arena *arena, const struct task *task, int64_t number)
{
	struct text text = number_to_text(arena, number, task->scale);

	return task->unit.size == 0 ? text : arena_print(arena, "%.*s %.*s", TEXT_ARGUMENTS(text), TEXT_ARGUMENTS(task->unit));
}

/* What is a good answer: "1.5 to 2.5 bar", or the options. */
static struct text limits_text(struct arena *arena, const struct task *task)
{
	struct text minimum = with_unit(arena, task, task->minimum), maximum = with_unit(arena, task, task->maximum);

	switch (task->limits) {
	case TASK_LIMITS_MINIMUM:
		return arena_print(arena, ">= %.*s", TEXT_ARGUMENTS(minimum));
	case TASK_LIMITS_MAXIMUM:
		return arena_print(arena, "<= %.*s", TEXT_ARGUMENTS(maximum));
	case TASK_LIMITS_BOTH:
		return arena_print(
			arena, "%.*s .. %.*s", TEXT_ARGUMENTS(number_to_text(arena, task->minimum, task->scale)), TEXT_ARGUMENTS(maximum));
	case TASK_LIMITS_NONE:
	case TASK_LIMITS_COUNT:
		break;
	}
	return task->options.size > 0 ? task->options : task->unit;
}

static struct text answer_text(struct context *context, const struct task *task, const struct task_answer *answer)
{
	struct arena *arena = context->arena;

	if (answer->skip_reason.size > 0)
		return arena_print(arena, "(%.*s)", TEXT_ARGUMENTS(answer->skip_reason));
	if (answer->truth != ANSWER_TRUTH_NONE)
		return catalogue_word(arena, context->language, "word", choice_to_text(arena, answer_truth_names, answer->truth));
	if (task->kind == TASK_KIND_NUMBER || task->kind == TASK_KIND_READING)
		return with_unit(arena, task, answer->number);
	if (!id_is_nil(&answer->attachment_id))
		return arena_print(arena, "%.8s", id_to_text(&answer->attachment_id).characters);
	return answer->text;
}

/* What a finish still lacks. */
static void tell_open(struct context *context, size_t open)
{
	struct message_value count = { .name = "count" };

	if (open == 0)
		return;
	count.text = arena_print(context->arena, "%zu", open);
	output_message(context->output, "task.open", &count, 1);
}

enum status listing_tasks(struct context *context, struct storage *storage, const struct task_list *list)
{
	static const struct column columns[] = { { "position", NULL, false }, { "title", NULL, false }, { "kind", NULL, false },
		{ "mandatory", NULL, false }, { "limits", NULL, false }, { "answer", NULL, false }, { "failed", NULL, false },
		{ "answered", NULL, true }, { "instruction", NULL, true }, { "id", NULL, true } };
	struct table *table = output_table(context->output, "tasks", columns, LENGTH(columns));

	for (size_t i = 0; i < list->count; i++) {
		const struct task *task = list->tasks[i];
		struct text kind = choice_to_text(context->arena, task_kind_names, task->kind);
		void *answer = NULL;
		if (task->answered &&
			table_get(storage, &task_answer_schema, &task->primary_answer_id, context->arena, &answer, NULL) != STATUS_OK)
			answer = NULL;
		struct cell cells[] = {
			cell_integer((int64_t)i + 1),
			cell_text(task->title),
			cell_name("kind.task", kind),
			cell_boolean(task->mandatory),
			cell_text(limits_text(context->arena, task)),
			cell_text(answer == NULL ? text_of("") : answer_text(context, task, answer)),
			task->answered ? cell_boolean(task->failed) : cell_none(),
			cell_boolean(task->answered),
			cell_text(task->instruction),
			cell_id(&task->id),
		};
		table_row(table, cells);
	}
	tell_open(context, listing_open_tasks(list));
	return STATUS_OK;
}

/* ---- meters ---- */

struct meter_listing {
	struct context *context;
	struct table *table;
};

static enum status list_meter(void *user, const void *row, const struct row_meta *meta)
{
	struct meter_listing *listing = user;
	const struct meter *meter = row;
	struct text value = number_to_text(listing->context->arena, meter->last_value, meter->scale);
	struct cell cells[] = {
		cell_text(meter->name),
		id_is_nil(&meter->last_reading_id) ? cell_none() : cell_text(value),
		cell_text(meter->unit),
		cell_time(meter->last_at_ms),
		cell_id(&meter->id),
	};

	(void)meta;
	table_row(listing->table, cells);
	return STATUS_OK;
}

static enum status list_meters(struct context *context, struct storage *storage, const struct id *asset)
{
	static const struct column columns[] = { { "meter", NULL, false }, { "last_value", NULL, false }, { "unit", NULL, false },
		{ "at", NULL, false }, { "id", NULL, true } };
	struct meter_listing listing = { context, output_table(context->output, "meters", columns, LENGTH(columns)) };

	return table_each(storage, &meter_schema, "asset_id", asset, list_meter, &listing);
}

/* ---- rows as they are ---- */

static enum status list_row(void *user, const void *row, const struct row_meta *meta)
{
	(void)meta;
	table_record(user, row);
	return STATUS_OK;
}

static enum status list_rows(
	struct storage *storage, const struct schema *schema, const char *index_field, const struct id *key, struct table *table)
{
	return id_is_nil(key) ? STATUS_OK : table_each(storage, schema, index_field, key, list_row, table);
}

enum status listing_site(struct context *context, struct storage *storage, const struct work_order *order)
{
	static const char *const contact_fields[] = { "name", "role", "phone", "email", "preferred_channel", NULL };
	static const char *const access_fields[] = { "name", "code", "hazards", NULL };
	static const char *const time_fields[] = { "kind", "start_at_ms", "end_at_ms", "technician_id", "source", "late", NULL };
	static const char *const cost_fields[] = { "cost_cents", NULL };
	static const char *const file_fields[] = { "kind", "caption", "media_type", "size", "taken_at_ms", NULL };
	struct task_list list;
	enum status status = listing_load_tasks(context, storage, &order->id, &list);

	if (status == STATUS_OK)
		status = listing_tasks(context, storage, &list);
	if (status == STATUS_OK && !id_is_nil(&order->asset_id))
		status = list_meters(context, storage, &order->asset_id);
	if (status == STATUS_OK)
		status = list_rows(storage, &site_access_schema, "site_id", &order->site_id,
			output_rows(context->output, "access", &site_access_schema, access_fields));
	if (status == STATUS_OK)
		status = list_rows(storage, &contact_schema, "account_id", &order->account_id,
			output_rows(context->output, "contacts", &contact_schema, contact_fields));
	if (status == STATUS_OK)
		status = list_rows(storage, &time_entry_schema, "work_order_id", &order->id,
			output_rows(context->output, "times", &time_entry_schema, time_fields));
	if (status == STATUS_OK)
		status = list_rows(storage, &work_order_cost_schema, "work_order_id", &order->id,
			output_rows(context->output, "costs", &work_order_cost_schema, cost_fields));
	if (status == STATUS_OK)
		status = list_rows(storage, &attachment_schema, "work_order_id", &order->id,
			output_rows(context->output, "files", &attachment_schema, file_fields));
	return status;
}

void listing_note_overfull(struct context *context)
{
	output_json(context->output, "overfull", json_true());
	output_message(context->output, "job.overfull", NULL, 0);
}
