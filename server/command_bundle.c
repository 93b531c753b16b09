/* Sync by a file: what devices send comes out of one, what the office answers goes into one. */
#include "protocol/base/buffer.h"
#include "protocol/domain/device.h"
#include "server/commands.h"
#include "server/office.h"
#include "shell/blob_folder.h"
#include "shell/bundle_file.h"
#include "shell/file.h"
#include "shell/lookup.h"
#include "shell/owner_question.h"

#define FILES_MIB          64
#define ENVELOPES_AT_ONCE  8 /* that the owner takes in while others wait */
#define ENVELOPE_HEAD_SIZE 4

static enum status add_envelope(void *context, struct bytes sealed)
{
	bundle_add(context, sealed);
	return STATUS_OK;
}

static enum status check_device(struct office *office, const struct id *id)
{
	struct device_entry device;
	enum status status = server_store_device(office->store, id, &device);

	if (status == STATUS_OK && device.state == DEVICE_STATE_STOLEN)
		return fail(STATUS_REFUSED, "this device is stolen: nothing is sent to it");
	return status;
}

/* What is lost, or not on the disk, must not be handed out: a device would know more than the office. */
static enum status check_store(struct office *office)
{
	enum status status = storage_settle(server_store_storage(office->store));

	if (status == STATUS_OK)
		status = office_read_history(office);
	return status == STATUS_OK ? office_check_loss(office) : status;
}

/* By a core of its own, which only reads: the owner's goes on. */
static enum status make_bundle(
	struct context *context, const struct id *device, struct bundle_writer *bundle, struct server_bundle *written)
{
	struct office *office = office_of(context);
	struct server_core_options options = { .store = office->store,
		.clock = context->clock,
		.random = random_system(),
		.identity = office->identity,
		.blobs = blob_folder_to_read(context->arena, office->dir) };
	struct server_core *core = NULL;
	enum status status;

	random_fill(random_system(), &options.incarnation, sizeof(options.incarnation));
	status = server_core_create(&options, &core);
	identity_wipe(&options.identity);
	if (status == STATUS_OK)
		status = server_core_bundle_for(
			core, device, arguments_integer(context->arguments, "files", FILES_MIB) << 20, add_envelope, bundle, written);
	server_core_destroy(core);
	return status;
}

/* Beside the owner, who need not even answer: nothing is noted of a bundle, since a stick may be lost. */
enum status command_bundle_export(struct context *context)
{
	struct office *office = office_of(context);
	struct text path = arguments_text(context->arguments, "FILE");
	struct bundle_head head = { .direction = BUNDLE_TO_DEVICE, .organisation = office->keys.organisation };
	struct bundle_writer bundle;
	struct server_bundle written = { 0 };
	size_t size = 0;
	enum status status = check_store(office);

	if (status == STATUS_OK)
		status = office_find(context, RECORD_DEVICE, arguments_text(context->arguments, "DEVICE"), &head.device);
	if (status == STATUS_OK)
		status = check_device(office, &head.device);
	bundle_begin(&bundle, context->arena, &head);
	if (status == STATUS_OK)
		status = make_bundle(context, &head.device, &bundle, &written);
	if (status == STATUS_OK)
		status = context->program->check(context); /* what could not be read must not be missing in it */
	if (status == STATUS_OK)
		status = bundle_file_write(context, path, &bundle, &size);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "file", NULL, cell_text(path));
	output_value(context->output, "device", NULL, cell_id(&head.device));
	output_value(context->output, "size", NULL, cell_size((int64_t)size));
	output_value(context->output, "files", NULL, cell_integer(written.file_count));
	output_value(context->output, "files_left", "files left out", cell_integer(written.files_left));
	if (written.files_left > 0)
		output_line(context->output, "Files that did not fit go with another bundle or over a network: see --files.");
	output_line(context->output, "Only this device can read it. There: truckroll bundle import FILE");
	return STATUS_OK;
}

/* ---- import ---- */

/* What came of one file, or of some of its envelopes. */
struct taking {
	struct context *context;
	struct bundle bundle;
	int64_t taken;
	int64_t last_seq;
	struct wire_fault fault; /* the first one */
};

static enum status fault_words(const struct wire_fault *fault)
{
	switch ((enum wire_error)fault->code) {
	case WIRE_ERROR_SEND_FROM:
		return fail(STATUS_REFUSED,
			"operations from #%lld on are missing before it: take in the bundle with them first, or have the device make "
			"a new one after it has taken in one of the office",
			(long long)fault->value);
	case WIRE_ERROR_NEWER:
		return fail(STATUS_NEWER, "the device is newer than this server: update the server, then take the bundle in again");
	case WIRE_ERROR_REVOKED:
		return fail(STATUS_REFUSED, "the device was revoked: nothing more is taken from it");
	case WIRE_ERROR_BUSY:
		return fail(STATUS_BUSY, "the server is looking at other operations one by one: take the bundle in again in a while");
	case WIRE_ERROR_TOO_OFTEN:
		return fail(STATUS_BUSY,
			"the device was put back from a copy 24 times within a day: find out what puts it back, and take the bundle "
			"in again when 24 hours are over");
	case WIRE_ERROR_SEND_WHOLE:
	case WIRE_ERROR_FORK:
	case WIRE_ERROR_MALFORMED:
	case WIRE_ERROR_UNKNOWN_SESSION:
	case WIRE_ERROR_EPOCH:
	case WIRE_ERROR_CLASS:
		break;
	}
	return fail(STATUS_CORRUPT,
		"what the device says in it cannot be understood (%u): keep the device, and tell who maintains the program", fault->code);
}

static enum status read_answer(struct taking *taking, struct bytes answer)
{
	struct section *sections;
	struct welcome welcome;
	struct wire_fault fault;
	size_t count = 0;
	enum status status = sections_read(answer, taking->context->arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (sections[i].number == SECTION_ERROR) {
			status = fault_decode(sections[i].body, &fault);
			if (status == STATUS_OK && taking->fault.code == 0)
				taking->fault = fault;
		} else if (sections[i].number == SECTION_WELCOME) {
			status = welcome_decode(sections[i].body, &welcome);
			if (status == STATUS_OK)
				taking->last_seq = welcome.last_seq;
		}
	}
	return status;
}

/* One commit an envelope: what was answered is durable. */
static enum status take_envelope(struct taking *taking, struct bytes sealed)
{
	struct office *office = office_of(taking->context);
	int64_t before = server_core_counts(office->core).operations;
	struct bytes answer = { 0 };
	enum status status = server_core_bundle(office->core, OFFICE_CONNECTION, sealed);

	if (status == STATUS_OK)
		status = office_settle_for(office, taking->context->arena, &answer);
	taking->taken += server_core_counts(office->core).operations - before;
	return status == STATUS_OK ? read_answer(taking, answer) : status;
}

/* Some envelopes of a bundle that the command has read whole and found sound. Should it be another file by now: each proves itself. */
static enum status take_part(struct taking *taking, struct bytes part)
{
	struct reader reader = reader_of(part);
	enum status status = STATUS_OK;

	while (status == STATUS_OK && reader_left(&reader) > 0) {
		struct bytes sealed = read_view(&reader, read_u32(&reader));
		if (reader.bad)
			return fail(STATUS_CORRUPT, "no envelopes of a bundle are there: take it in with \"truckrolld bundle import\"");
		status = take_envelope(taking, sealed);
	}
	return status;
}

/* In the owner. What was taken is told also when something failed. */
enum status command_bundle_take(struct context *context)
{
	struct taking taking = { .context = context };
	struct text path = path_join(context->arena, context->working_dir, arguments_text(context->arguments, "FILE"));
	struct bytes part = { 0 };
	enum status status = file_read_part(context->arena, path.data, arguments_integer(context->arguments, "from", 0),
		(size_t)arguments_integer(context->arguments, "size", 0), &part);

	if (status == STATUS_NOT_FOUND && context->forwarded)
		status = office_cannot_see(context);
	if (status == STATUS_OK)
		status = take_part(&taking, part);
	output_value(context->output, "operations", NULL, cell_integer(taking.taken));
	output_value(context->output, "last_seq", "has up to", cell_integer(taking.last_seq));
	output_json(context->output, "fault", json_integer(taking.fault.code));
	output_json(context->output, "fault_value", json_integer(taking.fault.value));
	return status;
}

/* ---- beside it ---- */

/* Where an envelope begins in the file, with its size before it. */
static int64_t place_of(struct bytes file, struct bytes sealed)
{
	return (int64_t)(sealed.data - file.data) - ENVELOPE_HEAD_SIZE;
}

static enum status hand_over(struct taking *taking, struct text path, int64_t from, int64_t to)
{
	struct arena arena = { 0 };
	const struct text words[] = { text_of("bundle"), text_of("take"), text_of("--json"), text_of("--from"),
		arena_print(&arena, "%lld", (long long)from), text_of("--size"), arena_print(&arena, "%lld", (long long)(to - from)),
		text_of("--"), path };
	json_t *answer;
	enum status status = owner_ask(taking->context, words, LENGTH(words), &answer);

	taking->taken += owner_integer(answer, "operations");
	if (owner_integer(answer, "last_seq") > 0)
		taking->last_seq = owner_integer(answer, "last_seq");
	if (taking->fault.code == 0)
		taking->fault = (struct wire_fault){ (uint32_t)owner_integer(answer, "fault"), owner_integer(answer, "fault_value") };
	json_decref(answer);
	arena_finish(&arena);
	return status;
}

/* The owner takes it in bit by bit, and does other things in between. It reads what was read here just now. */
static enum status take_file(struct taking *taking, struct text path)
{
	struct context *context = taking->context;
	const struct bundle *bundle = &taking->bundle;
	const struct bundle_head wanted = { .direction = BUNDLE_TO_SERVER, .organisation = office_of(context)->keys.organisation };
	struct arena arena = { 0 };
	struct bytes file = { 0 };
	enum status status = bundle_file_read_raw(context, path, &wanted, &arena, &taking->bundle, &file);

	for (size_t i = 0, next; status == STATUS_OK && i < bundle->count; i = next) {
		const struct bytes *last;
		next = bundle->count - i < ENVELOPES_AT_ONCE ? bundle->count : i + ENVELOPES_AT_ONCE;
		last = &bundle->envelopes[next - 1];
		status = hand_over(taking, path, place_of(file, bundle->envelopes[i]),
			place_of(file, *last) + ENVELOPE_HEAD_SIZE + (int64_t)last->size);
	}
	arena_finish(&arena);
	if (status == STATUS_OK && taking->fault.code != 0)
		status = fault_words(&taking->fault);
	return status;
}

static void report(const struct taking *taking, struct table *table, struct text path, enum status status)
{
	struct context *context = taking->context;
	const struct id *device = &taking->bundle.head.device;
	const char *result = status != STATUS_OK ? "refused" : taking->taken == 0 ? "nothing_new" : "taken";

	table_row(table, (const struct cell[]){ cell_text(path),
				  cell_text(lookup_name(server_store_storage(office_of(context)->store), context->arena, device)),
				  cell_integer(taking->taken), cell_integer(taking->last_seq), cell_name("bundle", text_of(result)) });
}

/* All files are tried; the first that failed is told at the end. */
enum status command_bundle_import(struct context *context)
{
	static const struct column columns[] = { { "file", NULL, false }, { "device", NULL, false }, { "operations", NULL, false },
		{ "last_seq", "has up to", false }, { "result", NULL, false } };
	struct table *table = output_table(context->output, "files", columns, LENGTH(columns));
	struct text why = { 0 };
	enum status failed = STATUS_OK;

	for (size_t i = 0; i < arguments_count(context->arguments, "FILE"); i++) {
		struct text path = arguments_text_at(context->arguments, "FILE", i);
		struct taking taking = { .context = context };
		enum status status = take_file(&taking, path);

		if (status != STATUS_OK && failed == STATUS_OK) {
			failed = status;
			why = arena_print(context->arena, "%.*s: %s", TEXT_ARGUMENTS(path), fail_reason());
		}
		report(&taking, table, path, status);
	}
	return failed == STATUS_OK ? STATUS_OK : fail(failed, "%.*s", TEXT_ARGUMENTS(why));
}
