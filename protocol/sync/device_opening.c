/* A device's core is made and ended: what was left of the life before is taken up. */
#include <stdlib.h>

#include "protocol/base/memory.h"
#include "protocol/sync/device_inner.h"
#include "protocol/sync/history.h"
#include "protocol/sync/replay.h"
#include "protocol/sync/standing.h"

/* A replica that speaks of another incarnation, of more operations than there are, or of fewer than were let go of (one of the two files
 * was restored), has shown nothing of this outbox: its guesses go, and it is fetched again. */
static enum status adopt_incarnation(struct device_core *core, const struct outbox_state *outbox, struct replica_state *state)
{
	struct device_store *store = core->options.store;
	struct kept_state kept;
	enum status status = device_store_kept(store, &kept);

	if (status != STATUS_OK)
		return status;
	if (id_equal(&state->incarnation, &outbox->incarnation) && state->shown_seq <= outbox->last_seq &&
		state->shown_seq >= kept.first_seq - 1)
		return STATUS_OK;
	*state = (struct replica_state){ .incarnation = outbox->incarnation };
	core->own_rows = true;
	status = device_store_restore_shadows(store);
	if (status == STATUS_OK)
		status = device_store_clear_staged(store);
	if (status == STATUS_OK)
		status = repair_forget(store);
	return status == STATUS_OK ? device_store_put_resume(store, (struct bytes){ 0 }) : status;
}

enum status device_show_unshown(struct device_core *core)
{
	struct device_store *store = core->options.store;
	struct replica_state state;
	struct outbox_state outbox;
	struct replica replica;
	enum status status = device_store_replica(store, &state);

	if (status == STATUS_OK)
		status = device_store_outbox(store, &outbox);
	if (status == STATUS_OK)
		status = device_store_begin(store, false);
	if (status != STATUS_OK)
		return status;
	status = adopt_incarnation(core, &outbox, &state);
	if (status == STATUS_OK)
		status = replica_open(&replica, store, &core->arena);
	if (status == STATUS_OK)
		status = replay_entries(&replica,
			&(struct replay_span){ .device = core->options.identity.id, .after = state.shown_seq, .last = outbox.last_seq },
			REPLAY_GUESS);
	state.shown_seq = outbox.last_seq;
	if (status == STATUS_OK)
		status = device_store_put_replica(store, &state);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

/* An outbox that was put back from an older copy, or came to another machine, goes on under a new incarnation before anything more is
 * made in the place of what was lost. */
static enum status judge_standing(struct device_core *core)
{
	struct device_store *store = core->options.store;
	bool lost = false;
	enum status status = standing_proves_loss(&core->options.standing, store, &lost);

	if (status != STATUS_OK || (!lost && !core->options.moved) || core->options.bug == BUG_SEQUENCE_REUSED)
		return status;
	status = history_begin_incarnation(store, core->options.random, &core->arena);
	core->own_rows = true; /* what the lost history computed is missing here */
	if (status == STATUS_OK && lost)
		return device_note_incident(core, "restored", "operations that were made here are not in this outbox any more");
	return status == STATUS_OK ? device_note_incident(core, "moved", "this is another machine than the device was on") : status;
}

/* What cannot be read of a repair under way would stand in the way of every request. */
static enum status judge_repair(struct device_core *core)
{
	struct device_store *store = core->options.store;
	struct repair repair;
	bool fetch = false;
	enum status status = repair_load(store, &core->arena, &repair);

	if (status != STATUS_CORRUPT)
		return status;
	status = device_note_incident(core, "repair", fail_reason());
	return status == STATUS_OK ? repair_prepare(store, &core->arena, INT64_MAX, true, &fetch) : status;
}

/* What was left of the life before is taken up. */
static enum status open_core(struct device_core *core)
{
	struct replica_state replica = { 0 };
	enum status status;

	untold_load(&core->untold, core->options.carried);
	status = device_show_unshown(core);
	if (status == STATUS_OK)
		status = judge_repair(core);
	if (status == STATUS_OK)
		status = judge_standing(core);
	arena_reset(&core->arena);
	if (status == STATUS_OK)
		status = device_store_replica(core->options.store, &replica);
	if (status == STATUS_OK && !core->own_rows)
		status = replay_lacks_base(core->options.store, &replica, &core->own_rows);
	if (status == STATUS_OK && replica.cursor.gseq == 0)
		core->own_rows = true;
	return status;
}

static struct device_core *make_core(const struct device_core_options *options)
{
	struct device_core *core = memory_zeroed(1, sizeof(*core));

	core->options = *options;
	core->blobs.files = options->blobs;
	core->blobs.bug = options->bug;
	core->blobs.clock = options->clock;
	core->carry.files = options->carried;
	core->carry.bug = options->bug;
	core->blobs.technician = options->technician;
	core->class_max = CLASS_FILES;
	core->page_max = FRAME_SIZE_MAX;
	core->batch_max = FRAME_SIZE_MAX;
	core->backoff_ms = BACKOFF_MIN_MS;
	core->batch_raw_max = options->batch_raw_max > 0 ? options->batch_raw_max : (size_t)400 * 1024;
	return core;
}

struct device_core *device_core_create_reader(const struct device_core_options *options, bool own_rows)
{
	struct device_core *core = make_core(options);

	untold_load(&core->untold, options->carried);
	core->own_rows = own_rows;
	return core;
}

enum status device_core_create(const struct device_core_options *options, struct device_core **out_core)
{
	struct device_core *core = make_core(options);
	const struct device_tap *tap = options->tap;
	enum status status;

	if (tap != NULL)
		tap->begin(tap->context, &(struct device_event){ .kind = DEVICE_EVENT_CREATE });
	status = open_core(core);
	if (tap != NULL)
		tap->end(tap->context, status);
	if (status == STATUS_OK)
		*out_core = core;
	else
		device_core_destroy(core);
	return status;
}

void device_core_destroy(struct device_core *core)
{
	if (core == NULL)
		return;
	device_blobs_finish(&core->blobs);
	device_carry_finish(&core->carry);
	session_wipe(&core->session);
	ephemeral_wipe(&core->ephemeral);
	identity_wipe(&core->options.identity);
	arena_finish(&core->arena);
	self_check_finish(&core->check);
	arena_finish(&core->cut_arena);
	arena_finish(&core->decided_arena);
	arena_finish(&core->effect_arena);
	free(core);
}
