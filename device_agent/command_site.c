/* What a technician leaves behind on site: the checklist, readings, photos, time, a signature. One command is one operation. */
#include <string.h>

#include "device_agent/commands.h"
#include "device_agent/thumbnail_helper.h"
#include "device_agent/visits.h"
#include "protocol/domain/attachment.h"
#include "protocol/domain/checklist.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/time_entry.h"
#include "protocol/sync/blob_store.h"
#include "shell/file.h"
#include "shell/file_listing.h"
#include "shell/listing.h"
#include "shell/lookup.h"
#include "shell/number_text.h"

static struct text argument(const struct context *context, const char *name)
{
	return arguments_text(context->arguments, name);
}

/* Runs it on a visit and tells which one it was. */
static enum status run_on(struct context *context, const struct visit *visit, enum operation_kind kind, const void *arguments)
{
	struct operation operation = { .head = { .kind = kind, .subject = visit->id }, .arguments = arguments };
	struct text words = visit_words(context, visit);
	struct id id;
	enum status status = local_device_run(context, &operation, &id);

	if (status != STATUS_OK)
		return status;
	output_json(context->output, "visit", json_string(id_to_text(&visit->id).characters));
	output_line(context->output, "Visit %.8s: %.*s", id_to_text(&visit->id).characters, TEXT_ARGUMENTS(words));
	return STATUS_OK;
}

static enum status run_on_visit(struct context *context, enum operation_kind kind, const void *arguments)
{
	const struct visit *visit;
	enum status status = visit_choose(context, kind, argument(context, "visit"), &visit);

	return status == STATUS_OK ? run_on(context, visit, kind, arguments) : status;
}

/* ---- the checklist ---- */

/* Which task a person means: its place in the list as shown, its title, or digits of its id; NULL: none of these. */
static const struct task *find_task(struct context *context, const struct task_list *list, struct text which)
{
	int64_t position;
	struct id id;

	if (number_from_text(which, 0, &position) == STATUS_OK && position >= 1 && (uint64_t)position <= list->count)
		return list->tasks[position - 1];
	for (size_t i = 0; i < list->count; i++)
		if (text_equal(list->tasks[i]->title, which))
			return list->tasks[i];
	if (lookup_record(local_device_records(context), RECORD_TASK, which, &id) != STATUS_OK)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (id_equal(&list->tasks[i]->id, &id))
			return list->tasks[i];
	return NULL;
}

static bool is_word(struct text word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_equals(word, *words))
			return true;
	return false;
}

static enum status read_truth(struct text word, uint32_t *out_truth)
{
	static const char *const yes[] = { "yes", "y", "ok", "done", "是", NULL }, *const no[] = { "no", "n", "否", NULL };

	if (is_word(word, yes))
		*out_truth = ANSWER_TRUTH_YES;
	else if (is_word(word, no))
		*out_truth = ANSWER_TRUTH_NO;
	else
		return fail(STATUS_INVALID, "\"%.*s\" is neither yes nor no", TEXT_ARGUMENTS(word));
	return STATUS_OK;
}

static enum status read_option(const struct task *task, struct text option, struct text *out_option)
{
	if (!checklist_offers(task, option, NULL))
		return fail(STATUS_INVALID, "\"%.*s\" cannot be chosen; the options are: %.*s", TEXT_ARGUMENTS(option),
			TEXT_ARGUMENTS(task->options));
	*out_option = option;
	return STATUS_OK;
}

/* A document is no answer: nothing is set, and the misfit says so. */
static enum status read_photo(struct context *context, struct text words, struct id *attachment_id)
{
	struct attachment attachment = { 0 };
	enum status status = file_find(context, local_device_records(context), words, &attachment);

	if (status == STATUS_OK && attachment.kind == ATTACHMENT_KIND_PHOTO)
		*attachment_id = attachment.id;
	return status;
}

/* The words of the command line as the kind of answer that the task takes. */
static enum status read_answer(struct context *context, const struct task *task, struct text words, struct answer_arguments *answer)
{
	if (words.size == 0 && task->kind != TASK_KIND_CONFIRM)
		return STATUS_OK; /* the misfit says what is missing */
	switch (task->kind) {
	case TASK_KIND_CONFIRM:
		return words.size == 0 ? read_truth(text_of("yes"), &answer->truth) : read_truth(words, &answer->truth);
	case TASK_KIND_YES_NO:
		return read_truth(words, &answer->truth);
	case TASK_KIND_NUMBER:
	case TASK_KIND_READING:
		answer->has_number = true;
		return number_from_text(words, task->scale, &answer->number);
	case TASK_KIND_CHOICE:
		return read_option(task, words, &answer->text);
	case TASK_KIND_PHOTO:
		return read_photo(context, words, &answer->attachment_id);
	case TASK_KIND_TEXT:
	case TASK_KIND_COUNT:
		break;
	}
	answer->text = words;
	return STATUS_OK;
}

static enum status refuse_answer(struct context *context, const struct task *task, enum reason misfit)
{
	struct text why = catalogue_word(context->arena, context->language, "reason", text_of(reason_find(misfit)->word));
	struct text words =
		catalogue_format(context->arena, context->language, "%.*s: %.*s", TEXT_ARGUMENTS(task->title), TEXT_ARGUMENTS(why));

	return fail(STATUS_INVALID, "%.*s", TEXT_ARGUMENTS(words));
}

static enum status answer_task(struct context *context, const struct visit *visit, const struct task *task)
{
	struct answer_arguments answer = {
		.task_id = task->id,
		.task_version = checklist_version(task, visit_order(context, visit)),
		.skip_reason = text_trim(argument(context, "skip")),
	};
	enum reason misfit;
	enum status status = STATUS_OK;

	if (answer.skip_reason.size == 0)
		status = read_answer(context, task, arguments_joined(context->arguments, context->arena, "ANSWER"), &answer);
	if (status != STATUS_OK)
		return status;
	misfit = checklist_misfit(task, &answer);
	if (misfit != REASON_NONE)
		return refuse_answer(context, task, misfit);
	status = run_on(context, visit, OPERATION_ANSWER_TASK, &answer);
	if (status == STATUS_OK && checklist_fails(task, &answer))
		output_message(context->output, "task.failed", NULL, 0);
	return status;
}

enum status command_task(struct context *context)
{
	const struct visit *visit;
	struct text which = argument(context, "TASK");
	const struct task *task;
	struct task_list list;
	enum status status = visit_choose(context, OPERATION_ANSWER_TASK, argument(context, "visit"), &visit);

	if (status == STATUS_OK)
		status = listing_load_tasks(context, local_device_records(context), &visit->work_order_id, &list);
	if (status != STATUS_OK)
		return status;
	task = which.size > 0 ? find_task(context, &list, which) : NULL;
	if (task != NULL)
		return answer_task(context, visit, task);
	if (which.size > 0)
		return fail(STATUS_NOT_FOUND, "this visit has no task \"%.*s\"; \"truckroll task\" lists them", TEXT_ARGUMENTS(which));
	status = listing_tasks(context, local_device_records(context), &list);
	if (status == STATUS_OK && list.count == 0)
		output_message(context->output, "task.none", NULL, 0);
	return status;
}

enum status finish_is_ready(struct context *context, const struct visit *visit)
{
	struct checklist_lack lack;
	struct message_value values[] = { { .name = "count" }, { .name = "tasks" } };
	struct text words;
	enum status status =
		checklist_lacks(device_store_records(local_device_of(context)->store), context->arena, &visit->work_order_id, &lack);

	if (status != STATUS_OK || lack.count == 0)
		return status;
	values[0].text = arena_print(context->arena, "%zu", lack.count);
	values[1].text = lack.titles;
	words = catalogue_print(context->arena, context->language, "finish.lacks", values, LENGTH(values));
	return fail(STATUS_REFUSED, "%.*s", TEXT_ARGUMENTS(words));
}

/* ---- the rest ---- */

/* A meter of the order's equipment by its name: many machines have one of the same name. */
struct meter_search {
	struct text name;
	struct id found;
};

static enum status look_at_meter(void *user, const void *row, const struct row_meta *meta)
{
	struct meter_search *search = user;

	(void)meta;
	if (text_equal(((const struct meter *)row)->name, search->name))
		search->found = *row_id(row);
	return STATUS_OK;
}

static enum status find_meter(struct context *context, const struct visit *visit, struct text which, struct id *out_meter)
{
	struct storage *storage = local_device_records(context);
	const struct work_order *order = visit_order(context, visit);
	struct meter_search search = { .name = which };
	enum status status = STATUS_OK;

	if (order != NULL && !id_is_nil(&order->asset_id))
		status = table_each(storage, &meter_schema, "asset_id", &order->asset_id, look_at_meter, &search);
	if (status != STATUS_OK)
		return status;
	*out_meter = search.found;
	return id_is_nil(&search.found) ? lookup_record(storage, RECORD_METER, which, out_meter) : STATUS_OK;
}

enum status command_read(struct context *context)
{
	struct storage *storage = local_device_records(context);
	struct reading_arguments arguments = { 0 };
	const struct visit *visit;
	void *meter;
	enum status status = visit_choose(context, OPERATION_READ_METER, argument(context, "visit"), &visit);

	if (status == STATUS_OK)
		status = find_meter(context, visit, argument(context, "METER"), &arguments.meter_id);
	if (status == STATUS_OK)
		status = table_get(storage, &meter_schema, &arguments.meter_id, context->arena, &meter, NULL);
	if (status == STATUS_OK)
		status = number_from_text(argument(context, "VALUE"), ((const struct meter *)meter)->scale, &arguments.value);
	if (status == STATUS_OK && arguments_has(context->arguments, "corrects"))
		status = lookup_record(storage, RECORD_READING, argument(context, "corrects"), &arguments.corrects_id);
	return status == STATUS_OK ? run_on(context, visit, OPERATION_READ_METER, &arguments) : status;
}

/* The copy is what is sent later: what becomes of the file itself does not matter. It is there before the operation that speaks of it, and
 * when that is refused nobody speaks of it. */
static enum status keep_file(struct context *context, struct bytes bytes, struct text *out_blob)
{
	struct local_device *device = local_device_of(context);
	struct hash id;
	enum status status = STATUS_OK;

	if (device->blobs->free_bytes(device->blobs->context) - (int64_t)bytes.size < BLOB_RESERVE_BYTES)
		status = fail(STATUS_CANNOT_WRITE,
			"no room for a file of %lld bytes: the disk is nearly full, and work needs the rest; free some space",
			(long long)bytes.size);
	if (status == STATUS_OK)
		status = blob_keep(device->blobs, context->arena, bytes, &id);
	if (status == STATUS_OK)
		status = blob_list_add(device->blobs, BLOB_OUT, &id);
	if (status != STATUS_OK)
		return status;
	device_core_files(device->core);
	*out_blob = arena_copy_text(context->arena, text_of(blob_to_text(&id).characters));
	return STATUS_OK;
}

/* What is known of a file before anything is saved of it. */
struct taken_file {
	struct text blob, thumbnail, media_type;
	int64_t size;
};

/* A thumbnail is worth having when it is much smaller. A server that has not said that it knows of them is told of none: it would take
 * nothing more until it is updated. */
static bool wants_thumbnail(const struct context *context, const struct taken_file *file)
{
	return schema_revision() >= ATTACHMENT_THUMBNAIL_SINCE &&
	       local_device_of(context)->note.server_revision >= ATTACHMENT_THUMBNAIL_SINCE && file->size > (int64_t)BLOB_SMALL_MAX &&
	       text_equals(file->media_type, "image/jpeg");
}

/* The helper works while the file itself is written. Without a thumbnail the file is as good as it was. */
static enum status keep_with_thumbnail(struct context *context, struct bytes bytes, struct taken_file *file)
{
	struct thumbnail_helper helper = thumbnail_helper_start(bytes);
	enum status status = keep_file(context, bytes, &file->blob);
	struct bytes thumbnail;

	if (thumbnail_helper_finish(&helper, context->arena, &thumbnail) && status == STATUS_OK)
		(void)(keep_file(context, thumbnail, &file->thumbnail) == STATUS_OK);
	return status;
}

static enum status look_at_file(struct context *context, struct text name, struct taken_file *out_file)
{
	struct taken_file file = { 0 };
	struct bytes bytes;
	enum status status = file_read(context->arena, path_join(context->arena, context->working_dir, name).data, BLOB_FILE_MAX, &bytes);

	if (status != STATUS_OK)
		return status;
	file.size = (int64_t)bytes.size;
	file.media_type = file_media_type(bytes);
	status = wants_thumbnail(context, &file) ? keep_with_thumbnail(context, bytes, &file) : keep_file(context, bytes, &file.blob);
	if (status == STATUS_OK)
		*out_file = file;
	return status;
}

enum status command_photo(struct context *context)
{
	struct photo_arguments arguments = {
		.kind = arguments_flag(context->arguments, "document") ? ATTACHMENT_KIND_DOCUMENT : ATTACHMENT_KIND_PHOTO,
		.caption = argument(context, "caption"),
	};
	struct taken_file file = { 0 };
	enum status status = look_at_file(context, argument(context, "FILE"), &file);

	arguments.blob = file.blob;
	arguments.size = file.size;
	arguments.media_type = file.media_type;
	arguments.thumbnail = file.thumbnail;
	if (status == STATUS_OK && arguments_has(context->arguments, "asset")) {
		arguments.record = RECORD_ASSET;
		status = lookup_record(local_device_records(context), RECORD_ASSET, argument(context, "asset"), &arguments.record_id);
	}
	if (status == STATUS_OK)
		status = run_on_visit(context, OPERATION_ADD_PHOTO, &arguments);
	if (status == STATUS_OK)
		output_message(context->output, "photo.keep", NULL, 0);
	return status;
}

enum status command_time(struct context *context)
{
	struct time_arguments arguments = {
		.start_at_ms = arguments_time(context->arguments, "START", 0),
		.end_at_ms = arguments_time(context->arguments, "END", 0),
		.text = argument(context, "text"),
	};
	enum status status = choice_from_text(time_kind_names, argument(context, "WHAT"), &arguments.kind);

	return status == STATUS_OK ? run_on_visit(context, OPERATION_LOG_TIME, &arguments) : status;
}

enum status command_sign(struct context *context)
{
	struct sign_arguments arguments = {
		.signer_name = arguments_joined(context->arguments, context->arena, "NAME"),
		.signer_role = argument(context, "role"),
	};
	struct taken_file file = { 0 };
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "file"))
		status = look_at_file(context, argument(context, "file"), &file);
	arguments.blob = file.blob;
	arguments.size = file.size;
	arguments.media_type = file.media_type;
	arguments.thumbnail = file.thumbnail;
	return status == STATUS_OK ? run_on_visit(context, OPERATION_SIGN, &arguments) : status;
}

enum status command_reopen(struct context *context)
{
	struct reason_arguments arguments = { .reason = argument(context, "reason") };
	const struct visit *visit;
	enum status status = visit_choose(context, OPERATION_REOPEN_VISIT, argument(context, "VISIT"), &visit);

	return status == STATUS_OK ? run_on(context, visit, OPERATION_REOPEN_VISIT, &arguments) : status;
}
