#include "device_agent/device.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "device_agent/settings.h"
#include "protocol/base/memory.h"
#include "shell/blob_folder.h"
#include "shell/file.h"
#include "shell/lock.h"
#include "shell/outcome_words.h"
#include "tests/bench/record/bench_order.h"

void local_device_remember(struct local_device *device)
{
	struct device_core_state state = device_core_state(device->core);
	struct standing_note note = device->note;
	struct arena arena = { 0 };

	if (standing_take(device->store, &note.standing) != STATUS_OK)
		return;
	if (state.rounds > 0) {
		note.device_state = state.device_state;
		note.lease_until_ms = state.lease_until_ms;
		note.refused = (uint16_t)state.refused;
	}
	if (state.server_revision != 0)
		note.server_revision = state.server_revision;
	if (!standing_note_equal(&note, &device->note))
		standing_note_write(&arena, device->keys_directory, &note);
	device->note = note;
	arena_finish(&arena);
}

/* A machine whose id cannot be read is taken for the one before. */
static void note_machine(struct local_device *device, const uint8_t machine[static MACHINE_SIZE])
{
	if (sodium_is_zero(machine, MACHINE_SIZE) || memcmp(machine, device->note.machine, MACHINE_SIZE) == 0)
		return;
	memcpy(device->note.machine, machine, MACHINE_SIZE);
	device->note.standing = (struct standing){ 0 }; /* so that it is written */
}

static enum status open_core(struct local_device *device)
{
	struct device_core_options options = { .store = device->store,
		.clock = device->clock,
		.random = random_system(),
		.identity = device->keys.identity,
		.server = device->keys.server,
		.organisation = device->keys.organisation,
		.technician = device->keys.technician,
		.standing = device->note.standing,
		.blobs = device->blobs,
		.carried = device->blobs,
		.poll_wait_ms = device->poll_wait_ms };
	uint8_t machine[MACHINE_SIZE];
	enum status status;

	machine_hash(&device->arena, &device->keys.identity.id, machine);
	options.moved = machine_differs(machine, device->note.machine);
	if (device->flight != NULL)
		flight_begin_leg(device->flight, &options);
	status = device_core_create(&options, &device->core);
	identity_wipe(&options.identity);
	if (status != STATUS_OK)
		return status;
	note_machine(device, machine);
	local_device_remember(device);
	return STATUS_OK;
}

enum status local_device_begin_leg(struct local_device *device)
{
	device_core_destroy(device->core);
	device->core = NULL;
	return open_core(device);
}

/* With settings that cannot be read nothing is recorded. */
static void start_flight(struct local_device *device, const struct local_device_options *options)
{
	struct device_settings settings;

	if (options->program.size == 0 || device_settings_load(&device->arena, device->dir, &settings) != STATUS_OK)
		return;
	device->flight = flight_create(&(struct flight_options){ .dir = device->dir,
		.program = options->program,
		.clock = device->clock,
		.size_max = settings.flight_bytes,
		.copy_max = options->flight_copy_max,
		.bench = device->keys.bench });
}

/* Keys of one device beside the databases of another would sign what they never wrote. */
static enum status check_same_device(const struct local_device *device)
{
	struct outbox_state outbox;
	enum status status = device_store_outbox(device->store, &outbox);

	if (status == STATUS_OK && !id_equal(&outbox.device, &device->keys.identity.id))
		return fail(STATUS_CORRUPT,
			"%.*s belongs to device %s, but the keys to device %s: name the right keys with --keys, or put them back",
			TEXT_ARGUMENTS(device->dir), id_to_text(&outbox.device).characters,
			id_to_text(&device->keys.identity.id).characters);
	return status;
}

enum status local_device_check_loss(const struct local_device *device)
{
	struct outbox_state outbox;
	struct replica_state replica;
	int64_t known;
	enum status status = device_store_outbox(device->store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(device->store, &replica);
	if (status != STATUS_OK)
		return status;
	known = replica.shown_seq > replica.settled_seq ? replica.shown_seq : replica.settled_seq;
	if (!id_equal(&replica.incarnation, &outbox.incarnation) || known <= outbox.last_seq)
		return STATUS_OK;
	return fail(STATUS_CORRUPT,
		"%.*s/outbox.db has lost what it had saved: it ends at operation %lld, but %lld were made here. Keep a copy of the folder "
		"and tell the office; put back outbox.db and its log if there is a copy, or go on without what is lost: \"truckroll doctor "
		"--repair\"",
		TEXT_ARGUMENTS(device->dir), (long long)outbox.last_seq, (long long)known);
}

/* A damaged replica is no reason to fear for the work: says so, and what to do, when the outbox is sound. */
static enum status explain_damage(struct local_device *device)
{
	struct text why = arena_print(&device->arena, "%s", fail_reason());
	struct text path = path_join(&device->arena, device->dir, text_of("outbox.db"));
	const struct storage_options options = { .path = path.data, .kind = STORAGE_OUTBOX, .mode = STORAGE_READ };
	struct storage *outbox = NULL;
	enum status status = storage_open(&options, &outbox);

	storage_close(outbox);
	if (status != STATUS_OK)
		return fail(STATUS_CORRUPT, "%.*s", TEXT_ARGUMENTS(why));
	return fail(STATUS_CORRUPT,
		"%.*s. What you did is safe in outbox.db. Without a link \"truckroll doctor --repair\" begins an empty one",
		TEXT_ARGUMENTS(why));
}

static enum status open_store(struct local_device *device, const struct device_store_options *options)
{
	enum status status = device_store_open(device->dir.data, options, &device->store);

	return status == STATUS_CORRUPT ? explain_damage(device) : status;
}

enum status local_device_open(const struct local_device_options *options, struct local_device **out_device)
{
	struct local_device *device = memory_zeroed(1, sizeof(*device));
	struct device_store_options store = { .read_only = options->read_only, .fresh_replica = options->fresh_replica };
	enum status status;

	keys_init();
	(void)sodium_mlock(&device->keys, sizeof(device->keys)); /* where the system allows it */
	device->clock = options->clock;
	device->dir = arena_copy_text(&device->arena, options->dir);
	device->keys_directory = arena_copy_text(&device->arena, options->keys_directory);
	device->blobs = blob_folder(&device->arena, device->dir);
	device->poll_wait_ms = options->poll_wait_ms;
	status = keystore_load(&device->arena, options->keys_directory, &device->keys);
	if (status == STATUS_OK)
		device->note = standing_note_read(&device->arena, device->keys_directory, &device->keys.identity.id);
	store.bench = device->keys.bench;
	if (store.bench)
		bench_order_register();
	if (status == STATUS_OK)
		status = open_store(device, &store);
	if (status == STATUS_OK)
		status = check_same_device(device);
	if (status == STATUS_OK && !options->read_only)
		status = local_device_check_loss(device);
	if (status == STATUS_OK && !options->read_only) {
		start_flight(device, options);
		status = open_core(device);
	}
	if (status == STATUS_OK)
		*out_device = device;
	else
		local_device_close(device);
	return status;
}

void local_device_close(struct local_device *device)
{
	if (device == NULL)
		return;
	device_core_destroy(device->core);
	flight_destroy(device->flight);
	device_store_close(device->store);
	keystore_wipe(&device->keys);
	(void)sodium_munlock(&device->keys, sizeof(device->keys));
	arena_finish(&device->arena);
	free(device);
}

struct text local_device_keys_directory(const struct context *context)
{
	return keystore_directory(context->arena, context->working_dir, context->dir, arguments_text(context->arguments, "keys"));
}

/* A reader migrates nothing. After an upgrade somebody must, and when nobody owns the device, this command may; otherwise the reader's
 * reason stands. */
static enum status migrate(const struct local_device_options *reader)
{
	struct local_device_options options = *reader;
	struct local_device *device = NULL;
	struct lock lock = { .descriptor = -1 };
	struct arena arena = { 0 };
	struct text why = arena_print(&arena, "%s", fail_reason());
	enum status status = STATUS_BUSY;

	options.read_only = false;
	if (lock_take(options.dir.data, "truckroll", 0, &lock) == STATUS_OK)
		status = local_device_open(&options, &device);
	else
		(void)fail(STATUS_BUSY, "%.*s", TEXT_ARGUMENTS(why));
	local_device_close(device);
	lock_release(&lock);
	arena_finish(&arena);
	return status;
}

enum status local_device_open_recorded(
	struct context *context, int64_t poll_wait_ms, int64_t copy_max, struct local_device **out_device)
{
	const struct local_device_options options = { .dir = context->dir,
		.keys_directory = local_device_keys_directory(context),
		.clock = context->clock,
		.poll_wait_ms = poll_wait_ms,
		.program = arena_print(context->arena, "%s %s", context->program->name, context->program->version),
		.flight_copy_max = copy_max };

	return local_device_open(&options, out_device);
}

enum status local_device_open_for(struct context *context, bool read_only, int64_t poll_wait_ms, struct local_device **out_device)
{
	const struct local_device_options options = { .dir = context->dir,
		.keys_directory = local_device_keys_directory(context),
		.clock = context->clock,
		.poll_wait_ms = poll_wait_ms,
		.read_only = read_only };
	enum status status = local_device_open(&options, out_device);

	if (read_only && status == STATUS_BUSY) {
		status = migrate(&options);
		if (status == STATUS_OK)
			status = local_device_open(&options, out_device);
	}
	return status;
}

struct local_device *local_device_of(const struct context *context)
{
	return context->state;
}

struct storage *local_device_records(const struct context *context)
{
	return device_store_replica_storage(local_device_of(context)->store);
}

/* Saved, but its effect cannot be laid on the replica: it is re-run when the device is opened again. */
static void tell_not_shown(struct context *context, const struct id *operation_id)
{
	struct text why = arena_print(context->arena, "%s", fail_reason());

	output_message(context->output, "saved.later", NULL, 0);
	output_value(context->output, "operation", NULL, cell_id(operation_id));
	output_warning(context->output, "The operation is saved, but cannot be shown yet: %.*s", TEXT_ARGUMENTS(why));
}

static void tell_shown(struct context *context, enum operation_kind kind, const struct id *operation_id, const struct verdict *verdict)
{
	output_line(context->output, "%.*s", TEXT_ARGUMENTS(catalogue_print(context->arena, context->language, "saved.now", NULL, 0)));
	outcome_tell(context, local_device_records(context), kind, operation_id, verdict);
}

enum status local_device_run(struct context *context, struct operation *operation, struct id *out_operation_id)
{
	struct local_device *device = local_device_of(context);
	struct verdict verdict = { 0 };
	struct id id = { 0 };
	enum status status;

	operation->head.at_ms = context->at_ms;
	operation->head.manual = context->at_manual;
	status = device_core_operation(device->core, context->arena, operation, &verdict, &id);
	if (status == STATUS_REFUSED && verdict.outcome == OUTCOME_REJECTED)
		return outcome_refused(context, local_device_records(context), &verdict);
	if (id_is_nil(&id))
		return status == STATUS_OK ? STATUS_OK : outcome_in_options(context, status);
	local_device_remember(device);
	output_json(context->output, "saved", json_true());
	if (status != STATUS_OK)
		tell_not_shown(context, &id);
	else
		tell_shown(context, operation->head.kind, &id, &verdict);
	*out_operation_id = id;
	return STATUS_OK;
}
