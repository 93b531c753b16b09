#include "tests/simulation/device_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/sync/blob_store.h"
#include "protocol/wire/bundle.h"
#include "protocol/wire/operation_codec.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/network.h"

#define CHECK_EVERY_MS 120000
#define SLICE_ROWS_MAX 40
#define SLICES_MAX     100000
#define FILE_BYTES_MAX 300000 /* in a bundle */

void device_node_init(struct simulation *simulation, unsigned number)
{
	struct device_node *device = &simulation->devices[number - 1];
	char name[24];

	device->number = device->who = number;
	(void)snprintf(name, sizeof(name), "device-%u", number);
	(void)snprintf(device->dir, sizeof(device->dir), "/device-%u", number);
	device->disk = crash_disk_create(name);
	stream_init(&device->stream, simulation->seed, name);
	(void)snprintf(name, sizeof(name), "hands-%u", number);
	stream_init(&device->hands, simulation->seed, name);
	device->random = stream_random(&device->stream);
	device->link_up = true;
	node_clock_init(&device->clock, &device->time, &simulation->now_ms);
	device->files = calloc(1, sizeof(*device->files));
	if (device->files == NULL)
		abort();
	*device->files = (struct store_files){ crash_disk_rename, crash_disk_remove, crash_disk_sync_directory, device->disk };
	device->blobs = memory_files_create(device->disk, &device->clock);
}

void device_node_finish(struct device_node *device)
{
	device_core_destroy(device->core);
	device_store_close(device->store);
	crash_disk_destroy(device->disk);
	crash_image_free(device->copy);
	memory_files_destroy(device->blobs);
	memory_files_destroy(device->blobs_copy);
	free(device->files);
}

/* Older programs are of all earlier revisions, by whose device it is. */
static uint32_t revision_of(const struct device_node *device)
{
	const uint32_t earlier = SCHEMA_REVISION - SCHEMA_REVISION_PLAIN;

	return device->older ? SCHEMA_REVISION_PLAIN + (device->who - 1) % earlier : SCHEMA_REVISION;
}

/* What happens now happens in the device's program. */
static void enter(struct device_node *device)
{
	stream_for_libsodium(&device->stream);
	schema_speak(revision_of(device));
}

/* What looks on, and the server, are of today. */
static void leave(void)
{
	schema_speak(SCHEMA_REVISION);
}

static enum status open_device(struct simulation *simulation, struct device_node *device, bool create)
{
	const struct device_store_options store = { .create = create,
		.fresh_replica = device->anew,
		.device = organisation_device_id(device->who),
		.incarnation = organisation_incarnation(device->who),
		.vfs = CRASH_VFS,
		.files = device->files };
	struct device_core_options core = { .clock = &device->clock,
		.random = &device->random,
		.organisation = organisation_self,
		.technician = organisation_id(RECORD_TECHNICIAN, device->who - 1),
		.poll_wait_ms = POLL_WAIT_MS,
		.bug = simulation->bug,
		.standing = device->standing,
		.check_every_ms = CHECK_EVERY_MS,
		.batch_raw_max = simulation->batch_raw_max };
	struct identity server;
	enum status status = device_store_open(device->dir, &store, &device->store);

	if (status != STATUS_OK)
		return status;
	if (simulation->faults.percent[FAULT_FILES] > 0)
		core.blobs = memory_files_of(device->blobs);
	if (simulation->faults.percent[FAULT_BUNDLES] > 0)
		core.carried = memory_files_of(device->blobs);
	core.store = device->store;
	organisation_identity(device->who, &core.identity);
	organisation_identity(0, &server);
	core.server = identity_party(&server);
	identity_wipe(&server);
	status = device_core_create(&core, &device->core);
	identity_wipe(&core.identity);
	return status;
}

static void effects(struct simulation *simulation, struct device_node *device);

void device_node_start(struct simulation *simulation, struct device_node *device, bool create)
{
	enum status status;

	if (device->core != NULL || device->gone)
		return;
	if (device->older && !device->anew && stream_chance(&simulation->revisions, 35)) {
		device->older = false;
		note(simulation, "device %u upgraded", device->number);
	}
	enter(device);
	status = open_device(simulation, device, create);
	leave();
	if (status != STATUS_OK) {
		if (crash_disk_state(device->disk) == DISK_WELL)
			violate(simulation, "start", "device %u does not start: %s", device->number, fail_reason());
		device_node_kill(simulation, device);
		return;
	}
	device->anew = false;
	device->incidents = 0;
	device->acknowledged_seq = 0;
	note(simulation, "device %u started", device->number);
	crash_disk_hold(device->disk, true);
	checks_of_device_start(simulation, device);
	crash_disk_hold(device->disk, false);
	device_node_go(simulation, device);
}

void device_node_kill(struct simulation *simulation, struct device_node *device)
{
	crash_disk_fail(device->disk, DISK_DEAD, 0);
	device_core_destroy(device->core);
	device_store_close(device->store);
	device->core = NULL;
	device->store = NULL;
	device->connection = 0;
	crash_disk_crash(device->disk, &simulation->crash);
	memory_files_crash(device->blobs, &simulation->crash);
	note(simulation, "device %u killed", device->number);
	plan(simulation, stream_between(&simulation->chance, 10, 60000), EVENT_START_DEVICE, device->number, 0, (struct bytes){ 0 });
}

void device_node_end(struct simulation *simulation, struct device_node *device)
{
	device_core_destroy(device->core);
	device_store_close(device->store);
	device->core = NULL;
	device->store = NULL;
	device->connection = 0;
	note(simulation, "device %u ended", device->number);
	plan(simulation, 10, EVENT_START_DEVICE, device->number, 0, (struct bytes){ 0 });
}

void device_node_restart(struct simulation *simulation, struct device_node *device)
{
	device_core_destroy(device->core);
	device_store_close(device->store);
	device->core = NULL;
	device->store = NULL;
	device->connection = 0;
	device_node_start(simulation, device, false);
}

/* As of the server. */
static bool survives(struct simulation *simulation, struct device_node *device, enum status status, const char *doing)
{
	if (crash_disk_state(device->disk) == DISK_DEAD) {
		device_node_kill(simulation, device);
		return false;
	}
	if (device_store_unsynced(device->store) || device_store_replica_storage(device->store) == NULL) { /* there the agent ends */
		device_node_end(simulation, device);
		return false;
	}
	if (status != STATUS_OK && !(crash_disk_state(device->disk) != DISK_WELL && status == STATUS_CANNOT_WRITE))
		violate(simulation, "failure", "device %u, %s: %s: %s", device->number, doing, status_to_text(status), fail_reason());
	else if (status != STATUS_OK)
		(void)(device_core_lost(device->core) == STATUS_OK); /* as the agent: it is tried again later */
	return true;
}

static void effects(struct simulation *simulation, struct device_node *device)
{
	struct device_effect effect;

	while (device->core != NULL && !simulation->violated && device_core_next(device->core, &effect)) {
		enum status status = STATUS_OK;
		switch (effect.kind) {
		case DEVICE_EFFECT_SEND:
			network_request(simulation, device, effect.bytes);
			break;
		case DEVICE_EFFECT_COMMIT:
			status = device_core_cut(device->core);
			if (crash_disk_state(device->disk) != DISK_DEAD)
				status = device_core_committed(device->core, status);
			if (status == STATUS_OFFLINE) /* a bundle's rows did not fit: what differs is fetched over the link */
				status = STATUS_OK;
			break;
		}
		if (!survives(simulation, device, status, "effect"))
			return;
	}
}

static void settle(struct simulation *simulation, struct device_node *device, enum status status, const char *doing)
{
	struct device_core_state state;

	if (survives(simulation, device, status, doing))
		effects(simulation, device);
	leave();
	crash_disk_hold(device->disk, true);
	if (device->core != NULL) {
		state = device_core_state(device->core);
		if (state.failure[0] != '\0')
			note(simulation, "device %u: %s", device->number, state.failure);
		(void)(standing_take(device->store, &device->standing) == STATUS_OK);
	}
	if (device->core != NULL && !simulation->violated)
		checks_of_device(simulation, device, &state);
	crash_disk_hold(device->disk, false);
}

void device_node_reply(struct simulation *simulation, struct device_node *device, struct bytes frame)
{
	enter(device);
	settle(simulation, device, device_core_reply(device->core, frame), "reply");
}

void device_node_lost(struct simulation *simulation, struct device_node *device)
{
	enter(device);
	device->connection = 0;
	settle(simulation, device, device_core_lost(device->core), "lost");
}

void device_node_tick(struct simulation *simulation, struct device_node *device)
{
	enter(device);
	settle(simulation, device, device_core_tick(device->core), "tick");
}

void device_node_go(struct simulation *simulation, struct device_node *device)
{
	if (device->core == NULL)
		return;
	enter(device);
	settle(simulation, device, device_core_go(device->core, true), "go");
}

void device_node_allow(struct simulation *simulation, struct device_node *device, enum delivery_class class_max)
{
	if (device->core == NULL)
		return;
	enter(device);
	settle(simulation, device, device_core_allow(device->core, CARRIER_METERED, class_max), "allow");
}

void device_node_operation(struct simulation *simulation, struct device_node *device, const struct operation *operation)
{
	struct verdict verdict = { 0 };
	struct id id = { 0 };
	enum status status;

	if (device->core == NULL)
		return;
	enter(device);
	status = device_core_operation(device->core, &simulation->arena, operation, &verdict, &id);
	note(simulation, "device %u: %s: %s", device->number, operation_find(operation->head.kind)->name,
		status == STATUS_OK ? id_to_text(&id).characters : status_to_text(status));
	crash_disk_hold(device->disk, true);
	if (crash_disk_state(device->disk) != DISK_DEAD && (status == STATUS_OK || !id_is_nil(&id)))
		checks_note_saved(simulation, device, &id, status == STATUS_OK ? PROMISE_SAVED : PROMISE_MAYBE);
	crash_disk_hold(device->disk, false);
	if (status == STATUS_REFUSED) { /* a claim that the rules refuse here and now */
		if (operation_find(operation->head.kind)->sort != SORT_CLAIM)
			violate(simulation, "refused", "device %u refused its own %s: %s", device->number,
				operation_find(operation->head.kind)->name, fail_reason());
		status = STATUS_OK;
	}
	settle(simulation, device, status, "operation");
}

/* ---- files ---- */

bool device_node_attach(struct simulation *simulation, struct device_node *device, struct bytes content)
{
	const struct blob_files *blobs = memory_files_of(device->blobs);
	struct hash id;
	enum status status = blob_id_of_list((int64_t)content.size, blob_list_of(&simulation->arena, content), &id);

	if (device->core == NULL)
		return false;
	if (status == STATUS_OK)
		status = blob_put(blobs, &id, content);
	if (status == STATUS_OK)
		status = blob_list_add(blobs, BLOB_OUT, &id);
	if (!survives(simulation, device, status, "file") || status != STATUS_OK)
		return false;
	device_core_files(device->core);
	simulation->counts.happened[FAULT_FILES]++;
	return true;
}

void device_node_look_at_files(struct simulation *simulation, struct device_node *device, enum status status)
{
	if (!survives(simulation, device, status, "file") || status != STATUS_OK)
		return;
	device_core_files(device->core);
	device_node_go(simulation, device);
}

static enum status add_envelope(void *context, struct bytes sealed)
{
	bundle_add(context, sealed);
	return STATUS_OK;
}

bool device_node_write_bundle(struct simulation *simulation, struct device_node *device, struct bytes *out_file)
{
	const struct bundle_head head = {
		.direction = BUNDLE_TO_SERVER, .organisation = organisation_self, .device = organisation_device_id(device->who)
	};
	struct device_bundle written;
	struct bundle_writer bundle;
	enum status status;

	if (device->core == NULL)
		return false;
	enter(device);
	bundle_begin(&bundle, &simulation->arena, &head);
	status = device_core_write_bundle(device->core, FILE_BYTES_MAX, add_envelope, &bundle, &written);
	if (status == STATUS_OK)
		status = bundle_end(&bundle, out_file);
	if (status == STATUS_OK && written.told_at_ms != 0)
		device_core_bundle_kept(device->core, written.told_at_ms, &written.stands);
	leave();
	return survives(simulation, device, status, "bundle") && status == STATUS_OK;
}

/* False: the rest of the file does not matter any more. */
static bool read_envelope(struct simulation *simulation, struct device_node *device, struct bytes envelope, bool untouched)
{
	enum bundle_finding finding = BUNDLE_TAKEN;
	enum status status;
	bool taken;

	enter(device);
	status = device_core_read_bundle(device->core, envelope, &finding);
	taken = status == STATUS_OK && (finding == BUNDLE_TAKEN || finding == BUNDLE_OLDER);
	if (status != STATUS_OK || (finding != BUNDLE_TAKEN && finding != BUNDLE_OLDER))
		note(simulation, "device %u: bundle: %s, finding %d", device->number, status == STATUS_OK ? "" : fail_reason(),
			(int)finding);
	if (status == STATUS_CORRUPT && untouched)
		violate(simulation, "I16", "device %u refuses a bundle as it was written: %s", device->number, fail_reason());
	if (status == STATUS_CORRUPT || status == STATUS_OFFLINE) /* as a reply that cannot be used */
		status = STATUS_OK;
	settle(simulation, device, status, "bundle");
	return taken && device->core != NULL;
}

void device_node_read_bundle(struct simulation *simulation, struct device_node *device, struct bytes file, bool untouched)
{
	struct bundle bundle;
	bool goes_on = true;

	if (device->core == NULL)
		return;
	if (bundle_read(file, &simulation->arena, &bundle) != STATUS_OK) {
		if (untouched)
			violate(simulation, "I16", "a bundle cannot be read: %s", fail_reason());
		return;
	}
	for (size_t i = 0; i < bundle.count && goes_on && !simulation->violated; i++)
		goes_on = read_envelope(simulation, device, bundle.envelopes[i], untouched);
	device_node_go(simulation, device);
}

void device_node_copy(struct simulation *simulation, struct device_node *device)
{
	if (device->core == NULL)
		return;
	crash_image_free(device->copy);
	device->copy = crash_disk_save(device->disk);
	if (device->blobs_copy == NULL)
		device->blobs_copy = memory_files_create(device->disk, &device->clock);
	memory_files_copy(device->blobs_copy, device->blobs);
	note(simulation, "device %u copied", device->number);
}

void device_node_restore(struct simulation *simulation, struct device_node *device)
{
	if (device->copy == NULL || device->core == NULL)
		return;
	device_node_kill(simulation, device);
	crash_disk_load(device->disk, device->copy);
	memory_files_copy(device->blobs, device->blobs_copy);
	device->swapped = true;
	note(simulation, "device %u restored", device->number);
	checks_after_restore(simulation, device);
}

void device_node_clone(struct simulation *simulation, struct device_node *device)
{
	struct device_node *copy = &simulation->devices[simulation->device_count];
	struct crash_image *image;

	if (device->core == NULL || simulation->node_count > simulation->device_count || copy->number != 0)
		return;
	device_node_init(simulation, ++simulation->node_count);
	copy->who = device->who;
	copy->swapped = device->swapped = true; /* whichever comes second finds that the server knows more */
	copy->damaged = device->damaged;
	copy->rotted_in_repair = device->rotted_in_repair;
	copy->older = device->older;
	image = crash_disk_save(device->disk);
	crash_disk_load(copy->disk, image);
	crash_image_free(image);
	memory_files_copy(copy->blobs, device->blobs);
	note(simulation, "device %u copied as %u", device->number, copy->number);
	for (int64_t i = stream_between(&simulation->chance, 0, 8); i > 0; i--)
		plan(simulation, stream_between(&simulation->chance, 1, 10 * 60000), EVENT_WORK, copy->number, 0, (struct bytes){ 0 });
	device_node_start(simulation, copy, false);
}

void device_node_retire_copies(struct simulation *simulation)
{
	for (; simulation->node_count > simulation->device_count; simulation->node_count--) {
		struct device_node *copy = &simulation->devices[simulation->node_count - 1];
		if (copy->core != NULL)
			device_node_kill(simulation, copy);
		copy->gone = true;
		checks_after_restore(simulation, copy);
	}
}

static bool take_leisure(struct simulation *simulation, struct device_node *device)
{
	bool done = true;

	if (device->core == NULL || simulation->violated)
		return false;
	enter(device);
	settle(simulation, device,
		device_core_leisure(device->core, (size_t)stream_between(&simulation->leisure, 1, SLICE_ROWS_MAX), &done), "leisure");
	return !done;
}

void device_node_leisure(struct simulation *simulation, struct device_node *device, size_t slices)
{
	while (slices > 0 && take_leisure(simulation, device))
		slices--;
}

void device_node_check_whole(struct simulation *simulation, struct device_node *device)
{
	size_t slices = 0;

	if (device->core == NULL || simulation->violated || device_store_seeding(device->store))
		return;
	if (device_store_put_checked_at(device->store, 0) != STATUS_OK)
		violate(simulation, "failure", "device %u does not note when it was checked: %s", device->number, fail_reason());
	while (slices < SLICES_MAX && take_leisure(simulation, device))
		slices++;
}
