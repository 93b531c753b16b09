/* Bundles of other devices: this one takes them along, and its own link brings them to the office. */
#include "device_agent/command_carry.h"

#include "device_agent/commands.h"
#include "device_agent/device.h"
#include "device_agent/link.h"
#include "protocol/sync/carry_answer.h"
#include "protocol/sync/carry_store.h"
#include "shell/blob_folder.h"
#include "shell/bundle_file.h"
#include "shell/lookup.h"

/* ---- taking along ---- */

/* "ben" of "/media/stick/ben.bundle". */
static struct text stem_of(struct text path)
{
	size_t from = path.size, end;

	while (from > 0 && path.data[from - 1] != '/')
		from--;
	for (end = from; end < path.size && path.data[end] != '.';)
		end++;
	return (struct text){ path.data + from, end - from };
}

static enum status take_along(struct context *context, struct text path)
{
	struct local_device *device = local_device_of(context);
	const struct bundle_head wanted = { .direction = BUNDLE_TO_SERVER, .organisation = device->keys.organisation };
	struct arena arena = { 0 };
	struct bundle bundle;
	struct bytes file;
	enum status status = bundle_file_read_raw(context, path, &wanted, &arena, &bundle, &file);

	if (status == STATUS_OK && id_equal(&bundle.head.device, &device->keys.identity.id))
		status = fail(STATUS_REFUSED, "this bundle is of this device itself: \"truckroll sync\" sends what is in it");
	if (status == STATUS_OK)
		status = carry_add(device->blobs, &bundle, file);
	if (status == STATUS_OK)
		status = carry_put_name(device->blobs, &bundle.head.device, stem_of(path));
	if (status == STATUS_BUSY)
		status = fail(STATUS_BUSY, "this device carries as many bundles as it may (%d, %lld MiB in all): let it sync first",
			CARRY_COUNT_MAX, (long long)(CARRY_BYTES_MAX >> 20));
	arena_finish(&arena);
	return status;
}

/* All files are tried; the first that failed is told at the end. */
enum status command_bundle_carry(struct context *context)
{
	static const struct column columns[] = { { "file", NULL, false }, { "result", NULL, false } };
	struct local_device *device = local_device_of(context);
	struct table *table = output_table(context->output, "files", columns, LENGTH(columns));
	struct text why = { 0 };
	enum status failed = STATUS_OK, status;

	for (size_t i = 0; i < arguments_count(context->arguments, "FILE"); i++) {
		struct text path = arguments_text_at(context->arguments, "FILE", i);
		status = take_along(context, path);
		table_row(table, (const struct cell[]){ cell_text(path),
					  cell_name("bundle", text_of(status == STATUS_OK ? "carried" : "refused")) });
		if (status != STATUS_OK && failed == STATUS_OK) {
			failed = status;
			why = arena_print(context->arena, "%.*s: %s", TEXT_ARGUMENTS(path), fail_reason());
		}
	}
	device_core_files(device->core);
	status = device->link == NULL ? STATUS_OK : link_go(device->link, true);
	if (failed != STATUS_OK)
		return fail(failed, "%.*s", TEXT_ARGUMENTS(why));
	output_line(context->output, "They go to the office with the next sync; this device cannot read them.");
	return status == STATUS_OFFLINE ? STATUS_OK : status;
}

/* ---- what is carried ---- */

static const char *state_of(const struct carried_bundle *carried)
{
	if (carried->refused)
		return "refused";
	if (carried->answered)
		return "not_taken";
	if (carried->taken == carried->count)
		return "sent";
	return carried->taken == 0 ? "waiting" : "under_way";
}

struct line {
	const struct id *device;
	int64_t size, age_ms, percent;
	const char *state;
};

static void list_line(struct context *context, struct table *table, const struct line *line)
{
	struct text name = carry_name_of(local_device_of(context)->blobs, context->arena, line->device);
	struct text words = catalogue_word(context->arena, context->language, "state.carry", text_of(line->state));

	table_row(table, (const struct cell[]){ cell_id(line->device), cell_text(name), cell_size(line->size),
				  cell_duration(line->age_ms), cell_integer(line->percent), cell_text(words), cell_string(line->state) });
}

static void list_carried(struct context *context, struct table *table, const struct carried_bundle *carried)
{
	int64_t percent = carried->count == 0 ? 0 : (int64_t)(100 * carried->taken / carried->count);

	list_line(context, table,
		&(struct line){ &carried->device, carried->size, carried->age_ms, percent, state_of(carried) });
}

static void list_answer(struct context *context, struct table *table, const struct whole_answer *answer)
{
	list_line(context, table, &(struct line){ &answer->device, answer->size, answer->age_ms, 100, "answer" });
}

enum status command_bundle_list(struct context *context)
{
	static const struct column columns[] = { { "device", NULL, false }, { "name", NULL, false }, { "size", NULL, false },
		{ "age", NULL, false }, { "percent", NULL, false }, { "words", "state", false }, { "state", NULL, true } };
	const struct blob_files *files = local_device_of(context)->blobs;
	struct table *table = output_table(context->output, "bundles", columns, LENGTH(columns));
	struct carried_bundle *carried = NULL;
	struct whole_answer *answers = NULL;
	size_t carried_count = 0, answer_count = 0;
	enum status status = carry_list(files, context->arena, &carried, &carried_count);

	if (status == STATUS_OK)
		status = carry_answer_list(files, context->arena, &answers, &answer_count);
	for (size_t i = 0; status == STATUS_OK && i < carried_count; i++)
		list_carried(context, table, &carried[i]);
	for (size_t i = 0; status == STATUS_OK && i < answer_count; i++)
		list_answer(context, table, &answers[i]);
	if (status == STATUS_OK && carried_count + answer_count == 0)
		output_line(context->output, "This device carries no bundles.");
	if (answer_count > 0)
		output_line(context->output, "An answer is written out with: truckroll bundle export FILE --for DEVICE");
	return status;
}

/* ---- handing out ---- */

/* By what people here call it, or by its id. */
static bool is_meant(struct context *context, const struct id *id, struct text digits)
{
	struct id_text text = id_to_text(id);

	if (lookup_alike(carry_name_of(local_device_of(context)->blobs, context->arena, id), digits))
		return true;
	return digits.size >= LOOKUP_DIGITS_MIN && digits.size < ID_TEXT_SIZE &&
	       lookup_alike((struct text){ text.characters, digits.size }, digits);
}

static enum status find_answer(struct context *context, const struct blob_files *files, struct text which, struct id *out_device)
{
	struct whole_answer *answers = NULL;
	size_t count = 0, found = 0;
	enum status status = carry_answer_list(files, context->arena, &answers, &count);

	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (is_meant(context, &answers[i].device, which)) {
			found++;
			*out_device = answers[i].device;
		}
	if (status == STATUS_OK && found == 0)
		status = fail(STATUS_NOT_FOUND, "there is no answer for a device \"%.*s\" here: see \"truckroll bundle list\"",
			TEXT_ARGUMENTS(which));
	if (status == STATUS_OK && found > 1)
		status = fail(STATUS_AMBIGUOUS, "\"%.*s\" fits several devices: give digits of the id", TEXT_ARGUMENTS(which));
	return status;
}

enum status carry_export(struct context *context, struct text which)
{
	struct local_device *device = local_device_of(context);
	const struct blob_files *files = blob_folder_to_read(context->arena, device->dir);
	struct text path = arguments_text(context->arguments, "FILE");
	struct bundle_head head = { .direction = BUNDLE_TO_DEVICE, .organisation = device->keys.organisation };
	struct bundle_writer bundle;
	size_t size = 0;
	enum status status = find_answer(context, files, which, &head.device);

	bundle_begin(&bundle, context->arena, &head);
	if (status == STATUS_OK)
		status = carry_answer_write(files, &head.device, &bundle);
	if (status == STATUS_OK)
		status = bundle_file_write(context, path, &bundle, &size);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "file", NULL, cell_text(path));
	output_value(context->output, "device", NULL, cell_id(&head.device));
	output_value(context->output, "size", NULL, cell_size((int64_t)size));
	output_line(context->output, "Only this device can read it. There: truckroll bundle import FILE");
	return STATUS_OK;
}
