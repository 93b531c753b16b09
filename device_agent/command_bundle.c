/* Sync by a file: what this device would send goes into one, what the office answers comes out of one. */
#include "device_agent/command_carry.h"
#include "device_agent/commands.h"
#include "device_agent/device.h"
#include "device_agent/link.h"
#include "shell/blob_folder.h"
#include "shell/bundle_file.h"
#include "shell/owner_question.h"

#define FILES_MIB 64

static enum status add_envelope(void *context, struct bytes sealed)
{
	bundle_add(context, sealed);
	return STATUS_OK;
}

static void tell_written(struct context *context, struct text path, const struct device_bundle *written, size_t size)
{
	int64_t last_seq = written->first_seq + written->operation_count - 1;

	output_value(context->output, "file", NULL, cell_text(path));
	output_value(context->output, "operations", NULL, cell_integer(written->operation_count));
	output_value(context->output, "size", NULL, cell_size((int64_t)size));
	if (written->operation_count > 0)
		output_line(context->output, "Operations #%lld to #%lld are in it, and which data this device has.",
			(long long)written->first_seq, (long long)last_seq);
	else
		output_line(context->output, "Nothing waits to be sent; the bundle says which data this device has.");
	output_value(context->output, "files", NULL, cell_integer(written->file_count));
	output_value(context->output, "files_left", "files left out", cell_integer(written->files_left));
	if (written->files_left > 0)
		output_line(context->output, "Files that did not fit go with another bundle or over a network: see --files.");
	output_line(context->output, "The office takes it in with \"truckrolld bundle import\", and may answer with a bundle of its own.");
}

/* ---- with the owner ---- */

/* All else is in the store. Whoever owns the device has brought that up to date, too. */
static enum status ask_owner(struct context *context, bool *out_own_rows)
{
	const struct text words[] = { text_of("bundle"), text_of("tell"), text_of("--json"), text_of("--keys"),
		local_device_keys_directory(context) };
	json_t *answer;
	enum status status = owner_ask(context, words, LENGTH(words), &answer);

	*out_own_rows = json_is_true(json_object_get(answer, "own_rows"));
	json_decref(answer);
	return status;
}

/* When that fails the next bundle tells of the incident once more. */
static void tell_kept(struct context *context, const struct device_bundle *written)
{
	struct arena *arena = context->arena;
	const struct text words[] = { text_of("bundle"), text_of("tell"), text_of("--json"), text_of("--keys"),
		local_device_keys_directory(context), text_of("--incident"), arena_print(arena, "%lld", (long long)written->told_at_ms),
		text_of("--epoch"), arena_print(arena, "%s", id_to_text(&written->stands.epoch).characters), text_of("--commit"),
		arena_print(arena, "%lld", (long long)written->stands.gseq) };
	json_t *answer = NULL;

	if (written->told_at_ms != 0)
		(void)(owner_ask(context, words, LENGTH(words), &answer) == STATUS_OK);
	json_decref(answer);
}

/* In the owner. */
enum status command_bundle_tell(struct context *context)
{
	struct local_device *device = local_device_of(context);
	struct cursor stands = { .gseq = arguments_integer(context->arguments, "commit", 0) };
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "incident")) {
		status = id_from_text(arguments_text(context->arguments, "epoch"), &stands.epoch);
		if (status == STATUS_OK)
			device_core_bundle_kept(device->core, arguments_integer(context->arguments, "incident", 0), &stands);
	}
	output_value(context->output, "own_rows", "the office is asked for what was done here, too",
		cell_boolean(device_core_state(device->core).own_rows));
	return status;
}

/* ---- beside it ---- */

/* By a core of its own, which only reads: the owner's goes on. */
static enum status make_bundle(struct context *context, bool own_rows, struct bundle_writer *bundle, struct device_bundle *written)
{
	struct local_device *device = local_device_of(context);
	const struct blob_files *files = blob_folder_to_read(context->arena, device->dir);
	struct device_core_options options = { .store = device->store,
		.clock = context->clock,
		.random = random_system(),
		.identity = device->keys.identity,
		.server = device->keys.server,
		.organisation = device->keys.organisation,
		.technician = device->keys.technician,
		.blobs = files,
		.carried = files };
	struct device_core *core = device_core_create_reader(&options, own_rows);
	enum status status = device_store_begin_read(device->store);

	identity_wipe(&options.identity);
	if (status == STATUS_OK)
		status = device_core_write_bundle(
			core, arguments_integer(context->arguments, "files", FILES_MIB) << 20, add_envelope, bundle, written);
	device_store_end_read(device->store);
	device_core_destroy(core);
	return status;
}

/* Of this device, for the office. */
static enum status export_own(struct context *context)
{
	struct local_device *device = local_device_of(context);
	struct text path = arguments_text(context->arguments, "FILE");
	const struct bundle_head head = {
		.direction = BUNDLE_TO_SERVER, .organisation = device->keys.organisation, .device = device->keys.identity.id
	};
	struct device_bundle written = { 0 };
	struct bundle_writer bundle;
	bool own_rows = false;
	size_t size = 0;
	enum status status = ask_owner(context, &own_rows);

	bundle_begin(&bundle, context->arena, &head);
	if (status == STATUS_OK)
		status = make_bundle(context, own_rows, &bundle, &written);
	if (status == STATUS_OK)
		status = context->program->check(context); /* what could not be read must not be missing in it */
	if (status == STATUS_OK)
		status = bundle_file_write(context, path, &bundle, &size);
	if (status != STATUS_OK)
		return status;
	tell_kept(context, &written);
	tell_written(context, path, &written, size);
	return STATUS_OK;
}

enum status command_bundle_export(struct context *context)
{
	struct text which = arguments_text(context->arguments, "for");

	return which.size > 0 ? carry_export(context, which) : export_own(context);
}

/* ---- import ---- */

/* What the core wants done before the next envelope. Requests over a link are the link's. */
static enum status carry_out(struct local_device *device)
{
	struct device_effect effect;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && device_core_next(device->core, &effect))
		if (effect.kind == DEVICE_EFFECT_COMMIT)
			status = device_core_committed(device->core, device_core_cut(device->core));
	return status;
}

static enum status take_envelopes(struct local_device *device, const struct bundle *bundle, enum bundle_finding *out_finding)
{
	enum bundle_finding finding = BUNDLE_TAKEN;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < bundle->count && status == STATUS_OK && (finding == BUNDLE_TAKEN || finding == BUNDLE_OLDER); i++) {
		status = device_core_read_bundle(device->core, bundle->envelopes[i], &finding);
		if (status == STATUS_OK)
			status = carry_out(device);
	}
	*out_finding = finding;
	return status;
}

static enum status finding_words(enum bundle_finding finding)
{
	switch (finding) {
	case BUNDLE_TAKEN:
	case BUNDLE_OLDER:
		return STATUS_OK;
	case BUNDLE_OTHER_EPOCH:
		return fail(STATUS_REFUSED,
			"it is from before the server was restored, or the office does not know where this device stands: "
			"give the office a bundle of this device first");
	case BUNDLE_OTHER_LIFE:
		return fail(STATUS_REFUSED,
			"it is for what this device was before it was put back from a copy: give the office a bundle of this device first");
	case BUNDLE_BEGINS_LATER:
		return fail(STATUS_REFUSED, "it begins later than this device stands: give the office a bundle of this device first");
	case BUNDLE_NEEDS_ALL:
		break;
	}
	return fail(STATUS_REFUSED, "what changed is not enough for this device: give the office a bundle of this device first");
}

static enum status take_file(struct context *context, struct text path, enum bundle_finding *out_finding)
{
	struct local_device *device = local_device_of(context);
	const struct bundle_head wanted = {
		.direction = BUNDLE_TO_DEVICE, .organisation = device->keys.organisation, .device = device->keys.identity.id
	};
	struct arena arena = { 0 };
	struct bundle bundle;
	enum status status = bundle_file_read(context, path, &wanted, &arena, &bundle);

	if (status == STATUS_OK)
		status = take_envelopes(device, &bundle, out_finding);
	if (status == STATUS_OK)
		status = finding_words(*out_finding);
	arena_finish(&arena);
	return status;
}

/* The link, if there is one, goes on from where the files have brought the device. */
static enum status resume_link(struct local_device *device)
{
	local_device_remember(device);
	return device->link == NULL ? STATUS_OK : link_go(device->link, true);
}

static void tell_state(struct context *context, const struct device_core_state *before)
{
	struct local_device *device = local_device_of(context);
	struct device_core_state state = device_core_state(device->core);
	struct outbox_state outbox;
	struct replica_state replica;

	output_value(context->output, "rows_received", "rows received", cell_integer(state.rows_received - before->rows_received));
	if (device_store_outbox(device->store, &outbox) != STATUS_OK || device_store_replica(device->store, &replica) != STATUS_OK)
		return;
	output_value(context->output, "pending", NULL, cell_integer(outbox.last_seq - replica.settled_seq));
}

/* All files are tried; the first that failed is told at the end. */
enum status command_bundle_import(struct context *context)
{
	static const struct column columns[] = { { "file", NULL, false }, { "result", NULL, false } };
	struct local_device *device = local_device_of(context);
	struct device_core_state before = device_core_state(device->core);
	struct table *table = output_table(context->output, "files", columns, LENGTH(columns));
	struct text why = { 0 };
	enum status failed = STATUS_OK;

	for (size_t i = 0; i < arguments_count(context->arguments, "FILE"); i++) {
		struct text path = arguments_text_at(context->arguments, "FILE", i);
		enum bundle_finding finding = BUNDLE_TAKEN;
		enum status status = take_file(context, path, &finding);
		const char *result = status != STATUS_OK ? "refused" : finding == BUNDLE_OLDER ? "nothing_new" : "taken";

		table_row(table, (const struct cell[]){ cell_text(path), cell_name("bundle", text_of(result)) });
		if (status != STATUS_OK && failed == STATUS_OK) {
			failed = status;
			why = arena_print(context->arena, "%.*s: %s", TEXT_ARGUMENTS(path), fail_reason());
		}
	}
	if (resume_link(device) != STATUS_OK && failed == STATUS_OK)
		return STATUS_CANNOT_WRITE;
	tell_state(context, &before);
	return failed == STATUS_OK ? STATUS_OK : fail(failed, "%.*s", TEXT_ARGUMENTS(why));
}
