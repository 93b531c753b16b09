#include "tests/simulation/server_node.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/sync/server_core_inner.h"
#include "protocol/wire/bundle.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/network.h"

#define FILE_BYTES_MAX 300000 /* in a bundle */
#define SERVER_FILE   "/server/store.db"
#define OLDER_PERCENT 20 /* of the restores: somebody takes the wrong backup */

static struct server_node *deciding; /* whose core is at work: there is no place for it in what the core calls */

/* A handler with a fault: it ends the server in the middle of a decision. */
static void die_of_poison(const struct operation *operation)
{
	const struct note_arguments *remark = operation->arguments;

	if (operation->head.kind != OPERATION_ADD_NOTE || !text_equals(remark->text, POISON) || deciding == NULL ||
		crash_disk_state(deciding->disk) == DISK_DEAD)
		return;
	deciding->poisoned++;
	crash_disk_fail(deciding->disk, DISK_DEAD, 0);
}

static bool put_suspects(void *context, size_t place, const struct suspect *suspects, size_t count)
{
	struct server_node *server = context;

	if (crash_disk_state(server->disk) == DISK_DEAD) /* so is the process: what the core does in the meantime never happened */
		return true;
	if (count > 0)
		memcpy(server->suspects + place, suspects, count * sizeof(*suspects));
	server->suspect_count = place + count;
	return true;
}

void server_node_init(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	server->disk = crash_disk_create("server");
	node_clock_init(&server->clock, &server->time, &simulation->now_ms);
	stream_init(&server->stream, simulation->seed, "server");
	server->random = stream_random(&server->stream);
	server->blobs = memory_files_create(server->disk, &server->clock);
	server->suspects = calloc(SUSPECTS_MAX, sizeof(*server->suspects));
	if (server->suspects == NULL)
		abort();
}

void server_node_finish(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	deciding = NULL;
	server_core_destroy(server->core);
	server_store_close(server->store);
	memory_files_destroy(server->blobs);
	crash_image_free(server->backup);
	crash_image_free(server->older);
	crash_disk_destroy(server->disk);
	free(server->suspects);
}

static enum status open_server(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;
	const struct server_store_options store = { .path = SERVER_FILE, .vfs = CRASH_VFS, .mode = STORAGE_OWN };
	struct server_core_options core = {
		.clock = &server->clock, .random = &server->random, .bug = simulation->bug, .page_raw_max = simulation->page_raw_max,
		.retention_ms = simulation->retention_ms,
		.window_ms = simulation->window_ms,
		.before_decide = die_of_poison,
		.sink = { server->put != NULL ? server->put : put_suspects, server },
		.program = server->program,
		.suspect_count = server->suspect_count,
		.held_max = server->held_max
	};
	struct arena left = { 0 };
	enum status status = server_store_open(&store, &server->store);

	if (status != STATUS_OK)
		return status;
	core.store = server->store;
	core.pages = memory_files_of(server->blobs);
	if (simulation->faults.percent[FAULT_FILES] > 0)
		core.blobs = memory_files_of(server->blobs);
	random_fill(&server->random, &core.incarnation, sizeof(core.incarnation));
	organisation_identity(0, &core.identity);
	core.suspects = arena_copy(&left, server->suspects, server->suspect_count * sizeof(*server->suspects));
	status = server_core_create(&core, &server->core);
	identity_wipe(&core.identity);
	arena_finish(&left);
	return status;
}

void server_node_start(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	if (server->core != NULL)
		return;
	stream_for_libsodium(&server->stream);
	deciding = server;
	server->starts++;
	if (open_server(simulation) != STATUS_OK) {
		if (crash_disk_state(server->disk) == DISK_WELL)
			violate(simulation, "start", "the server does not start: %s", fail_reason());
		server_node_kill(simulation);
		return;
	}
	note(simulation, "server started");
	crash_disk_hold(server->disk, true);
	checks_of_server_start(simulation);
	crash_disk_hold(server->disk, false);
}

void server_node_kill(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	crash_disk_fail(server->disk, DISK_DEAD, 0);
	server_core_destroy(server->core);
	server_store_close(server->store);
	server->core = NULL;
	server->store = NULL;
	server->flush_planned = false;
	crash_disk_crash(server->disk, &simulation->crash);
	memory_files_crash(server->blobs, &simulation->crash);
	note(simulation, "server killed");
	plan(simulation, stream_between(&simulation->chance, 10, 20000), EVENT_START_SERVER, 0, 0, (struct bytes){ 0 });
}

void server_node_end(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	(void)server_core_leave(server->core);
	server_core_destroy(server->core);
	server_store_close(server->store);
	server->core = NULL;
	server->store = NULL;
	server->flush_planned = false;
	note(simulation, "server ended");
	plan(simulation, 10, EVENT_START_SERVER, 0, 0, (struct bytes){ 0 });
}

/* After every call: a store that fails for no reason is a violation, a disk that died takes the server along. False: it is not
 * running any more. */
static bool survives(struct simulation *simulation, enum status status, const char *doing)
{
	struct server_node *server = &simulation->server;

	if (crash_disk_state(server->disk) == DISK_DEAD) {
		server_node_kill(simulation);
		return false;
	}
	if (storage_unsynced(server_store_storage(server->store))) {
		server_node_end(simulation);
		return false;
	}
	if (status != STATUS_OK && !(crash_disk_state(server->disk) != DISK_WELL && status == STATUS_CANNOT_WRITE))
		violate(simulation, "failure", "server, %s: %s: %s", doing, status_to_text(status), fail_reason());
	return true;
}

/* I11: commits are numbered upwards. */
static void note_commit(struct simulation *simulation, enum status status)
{
	struct server_state state;

	if (status != STATUS_OK || server_store_state(simulation->server.store, &state) != STATUS_OK)
		return;
	if (state.gseq <= simulation->last_gseq)
		violate(simulation, "I11", "commit %lld follows on %lld", (long long)state.gseq, (long long)simulation->last_gseq);
	simulation->last_gseq = state.gseq;
	visit_paths_follow(simulation);
}

void server_node_effects(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;
	struct server_effect effect;

	while (server->core != NULL && !simulation->violated && server_core_next(server->core, &effect)) {
		enum status status = STATUS_OK;
		switch (effect.kind) {
		case SERVER_EFFECT_SEND:
			network_reply(simulation, effect.connection, effect.bytes);
			break;
		case SERVER_EFFECT_DROP:
			network_drop(simulation, effect.connection);
			break;
		case SERVER_EFFECT_COMMIT:
			status = server_store_commit(server->store);
			note_commit(simulation, status);
			if (crash_disk_state(server->disk) != DISK_DEAD)
				status = server_core_committed(server->core, status);
			break;
		}
		if (!survives(simulation, status, "effect"))
			return;
	}
}

static void settle(struct simulation *simulation, enum status status, const char *doing)
{
	if (survives(simulation, status, doing))
		server_node_effects(simulation);
}

static void plan_flush(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	if (server->flush_planned || server->core == NULL)
		return;
	server->flush_planned = true;
	plan(simulation, stream_between(&simulation->net, 0, 30), EVENT_FLUSH, 0, server->starts, (struct bytes){ 0 });
}

/* The server's queue is old, and the round under way full; else there is none. */
static void beset(struct simulation *simulation)
{
	struct server_core *core = simulation->server.core;
	int64_t now_ms = server_core_monotonic_ms(core);
	bool herd = !simulation->healed && stream_chance(&simulation->herd, simulation->faults.percent[FAULT_HERD]);

	core->herd.since_ms = herd ? now_ms - HERD_PATIENT_MS : 0;
	if (herd)
		core->herd.round_ms = now_ms - HERD_ROUND_MS;
}

void server_node_frame(struct simulation *simulation, uint64_t connection, struct bytes frame)
{
	struct server_node *server = &simulation->server;
	int64_t told;

	if (server->core == NULL) {
		network_drop(simulation, connection);
		return;
	}
	stream_for_libsodium(&server->stream);
	if (simulation->faults.percent[FAULT_HERD] > 0)
		beset(simulation);
	told = server_core_counts(server->core).told_to_wait;
	settle(simulation, server_core_frame(server->core, connection, frame), "frame");
	if (server->core != NULL)
		simulation->counts.happened[FAULT_HERD] += (uint64_t)(server_core_counts(server->core).told_to_wait - told);
	plan_flush(simulation);
}

void server_node_flush(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	if (server->core == NULL)
		return;
	server->flush_planned = false;
	stream_for_libsodium(&server->stream);
	settle(simulation, server_core_flush(server->core), "flush");
	if (server->core != NULL && server_core_may_prepare(server->core) && stream_chance(&simulation->net, 50))
		settle(simulation, server_core_prepare(server->core), "prepare");
}

/* ---- bundles ---- */

/* What a file holds that no device of ours wrote is no trouble of the server. */
static bool is_refusal(enum status status)
{
	return status == STATUS_CORRUPT || status == STATUS_NOT_FOUND || status == STATUS_REFUSED || status == STATUS_NEWER;
}

static void read_envelope(struct simulation *simulation, struct bytes envelope, bool untouched)
{
	enum status status = server_core_bundle(simulation->server.core, ++simulation->connections, envelope);

	if (is_refusal(status)) {
		note(simulation, "server: bundle: %s", fail_reason());
		if (untouched && status == STATUS_CORRUPT)
			violate(simulation, "I16", "the server refuses a bundle as it was written: %s", fail_reason());
		status = STATUS_OK;
	}
	settle(simulation, status, "bundle");
	server_node_flush(simulation);
}

void server_node_read_bundle(struct simulation *simulation, struct bytes file, bool untouched)
{
	struct server_node *server = &simulation->server;
	struct bundle bundle;

	if (server->core == NULL)
		return;
	stream_for_libsodium(&server->stream);
	if (bundle_read(file, &simulation->arena, &bundle) != STATUS_OK) {
		if (untouched)
			violate(simulation, "I16", "a bundle cannot be read: %s", fail_reason());
		return;
	}
	for (size_t i = 0; i < bundle.count && server->core != NULL && !simulation->violated; i++)
		read_envelope(simulation, bundle.envelopes[i], untouched);
}

static enum status add_envelope(void *context, struct bytes sealed)
{
	bundle_add(context, sealed);
	return STATUS_OK;
}

bool server_node_write_bundle(struct simulation *simulation, unsigned number, struct bytes *out_file)
{
	struct server_node *server = &simulation->server;
	const struct bundle_head head = {
		.direction = BUNDLE_TO_DEVICE, .organisation = organisation_self, .device = organisation_device_id(number)
	};
	struct bundle_writer bundle;
	struct server_bundle written;
	enum status status;

	server_node_flush(simulation);
	if (server->core == NULL)
		return false;
	stream_for_libsodium(&server->stream);
	bundle_begin(&bundle, &simulation->arena, &head);
	status = server_core_bundle_for(server->core, &head.device, FILE_BYTES_MAX, add_envelope, &bundle, &written);
	if (status == STATUS_REFUSED) /* a revoked device is sent nothing */
		return false;
	if (status == STATUS_OK)
		status = bundle_end(&bundle, out_file);
	return survives(simulation, status, "bundle") && status == STATUS_OK;
}

void server_node_tick(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;

	stream_for_libsodium(&server->stream);
	settle(simulation, server_core_tick(server->core), "tick");
	if (server->core != NULL)
		settle(simulation, server_core_flush(server->core), "flush");
}

bool server_node_revoke(struct simulation *simulation, const struct id *device, uint32_t state)
{
	struct server_node *server = &simulation->server;
	enum status status;

	stream_for_libsodium(&server->stream);
	status = server_core_revoke(server->core, device, state);
	if (!survives(simulation, status, "revocation"))
		return false;
	if (status != STATUS_OK)
		server_core_abandon(server->core);
	return status == STATUS_OK;
}

bool server_node_operation(struct simulation *simulation, const struct operation *operation, struct verdict *out_verdict, struct id *out_id)
{
	struct server_node *server = &simulation->server;
	unsigned start = server->starts;
	int64_t commits;
	enum status status;

	if (server->core == NULL)
		return false;
	stream_for_libsodium(&server->stream);
	status = server_core_operation(server->core, operation, out_verdict, out_id);
	if (!survives(simulation, status, "operation") || status != STATUS_OK)
		return false;
	*out_verdict = (struct verdict){ .outcome = out_verdict->outcome }; /* its words end with the commit */
	commits = server_core_counts(server->core).commits;
	server_node_flush(simulation);
	return server->core != NULL && server->starts == start && server_core_counts(server->core).commits > commits;
}

/* As `truckrolld backup tell`: devices may let go of what it holds once that is durable. */
static void tell_of_backup(struct simulation *simulation, int64_t gseq)
{
	struct server_node *server = &simulation->server;
	enum status status;

	stream_for_libsodium(&server->stream);
	status = server_core_open_commit(server->core);
	if (status == STATUS_OK)
		status = server_store_put_backup(server->store, gseq, clock_now_ms(&server->clock));
	if (!survives(simulation, status, "backup"))
		return;
	if (status == STATUS_OK)
		server_node_flush(simulation);
	else
		server_core_abandon(server->core);
}

void server_node_backup(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;
	struct server_state state;

	if (server->core == NULL || crash_disk_state(server->disk) == DISK_DEAD ||
		server_store_state(server->store, &state) != STATUS_OK)
		return;
	if (server->older == NULL)
		server->older = server->backup;
	else
		crash_image_free(server->backup);
	server->backup = crash_disk_save(server->disk);
	note(simulation, "server backed up at commit %lld", (long long)state.gseq);
	checks_after_backup(simulation, state.gseq);
	tell_of_backup(simulation, state.gseq);
}

/* Another life of the store begins, as `truckrolld restore` lets it. */
static void begin_epoch(struct simulation *simulation, bool newest)
{
	const struct server_store_options options = { .path = SERVER_FILE, .vfs = CRASH_VFS, .mode = STORAGE_OWN };
	struct server_store *store = NULL;
	struct id *epoch = &simulation->server.epoch;
	struct server_state state;

	stream_fill(&simulation->restores, epoch, sizeof(*epoch));
	if (server_store_open(&options, &store) != STATUS_OK || server_store_state(store, &state) != STATUS_OK ||
		server_store_begin(store) != STATUS_OK ||
		server_store_init_organisation(store, &organisation_self, epoch) != STATUS_OK ||
		server_store_put_backup(store, state.gseq, clock_now_ms(&simulation->server.clock)) != STATUS_OK ||
		server_store_commit(store) != STATUS_OK)
		violate(simulation, "failure", "the server's backup cannot be opened: %s", fail_reason());
	else
		checks_after_server_restore(simulation, store, newest);
	server_store_close(store);
}

void server_node_restore(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;
	bool newest;

	/* Who was revoked or copied since is another story: it would be forgotten. */
	if (server->backup == NULL || server->core == NULL || simulation->counts.happened[FAULT_REVOKE] > 0 ||
		simulation->counts.happened[FAULT_CLONE] > 0)
		return;
	newest = server->older == NULL || !stream_chance(&simulation->restores, OLDER_PERCENT);
	server_node_kill(simulation);
	crash_disk_load(server->disk, newest ? server->backup : server->older);
	server->swapped = true;
	visit_paths_forget(&simulation->paths);
	note(simulation, "server restored from the %s backup", newest ? "newest" : "first");
	begin_epoch(simulation, newest);
}
