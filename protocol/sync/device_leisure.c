/* The part of the device's core that looks after the replica while nothing else is to be done. */
#include <stdio.h>

#include "protocol/sync/device_inner.h"

#define CHECK_EVERY_MS ((int64_t)24 * 3600 * 1000)

static int64_t check_every_ms(const struct device_core *core)
{
	return core->options.check_every_ms > 0 ? core->options.check_every_ms : CHECK_EVERY_MS;
}

/* A wall clock that was ahead must not put the check off for as long. */
static bool is_recent(const struct device_core *core, int64_t checked_at_ms)
{
	int64_t now = clock_now_ms(core->options.clock);

	return checked_at_ms <= now && now - checked_at_ms < check_every_ms(core);
}

/* Rows that were never fetched, or are being compared with the server's, need no check. */
static enum status is_due(struct device_core *core, bool *out_due)
{
	struct device_store *store = core->options.store;
	int64_t checked_at_ms = 0;
	struct replica_state state;
	struct repair repair = { 0 };
	enum status status;

	*out_due = false;
	if (core->link == LINK_COMMITTING || device_store_seeding(store) ||
		clock_monotonic_ms(core->options.clock) < core->check_again_at_ms)
		return STATUS_OK;
	status = device_store_checked_at(store, &checked_at_ms);
	if (status != STATUS_OK || is_recent(core, checked_at_ms))
		return status;
	status = device_store_replica(store, &state);
	if (status == STATUS_OK)
		status = repair_load(store, &core->arena, &repair);
	*out_due = status == STATUS_OK && state.cursor.gseq != 0 && !repair.under_way;
	arena_reset(&core->arena);
	return status;
}

/* What may go with a scope that is dropped was passed over: in an hour it is gone, or looked at once more. */
static enum status was_whole(struct device_core *core)
{
	core->unswept = core->options.blobs == NULL ? 0 : BLOB_FOLDERS;
	core->state.rot[0] = '\0';
	core->state.checks++;
	if (core->check.dropping) {
		core->check_again_at_ms = clock_monotonic_ms(core->options.clock) + check_every_ms(core) / 24;
		return STATUS_OK;
	}
	return device_store_put_checked_at(core->options.store, clock_now_ms(core->options.clock));
}

static enum status found_rot(struct device_core *core, const char *reason)
{
	bool fetch;
	enum status status;

	(void)snprintf(core->state.rot, sizeof(core->state.rot), "%s", reason);
	core->state.rots++;
	status = device_note_incident(core, "rot", core->state.rot);
	if (status == STATUS_OK)
		status = repair_prepare(core->options.store, &core->arena, INT64_MAX, false, &fetch);
	core->nothing_missing = false;
	core->poll_again = false;
	arena_reset(&core->arena);
	return status == STATUS_OK && core->wanted ? device_on_go(core, false) : status;
}

/* A folder of files: only when all rows are there is it known which of them none speaks of. */
static enum status sweep(struct device_core *core, bool *out_done)
{
	struct replica_state state;
	enum status status = device_store_replica(core->options.store, &state);

	if (status != STATUS_OK || device_store_seeding(core->options.store) || state.cursor.gseq == 0 || core->link == LINK_COMMITTING) {
		core->unswept = 0; /* the rows are being fetched: after the next check */
		return status;
	}
	core->unswept--;
	*out_done = core->unswept == 0;
	status = device_blobs_sweep(&core->blobs, core->options.store, &core->arena, (uint8_t)(BLOB_FOLDERS - 1 - core->unswept));
	arena_reset(&core->arena);
	return status;
}

static enum status look(struct device_core *core, size_t rows_max, bool *out_done)
{
	enum self_check_finding finding;
	enum status status = self_check_slice(&core->check, core->options.store, rows_max, &finding);

	if (status != STATUS_OK)
		return status;
	*out_done = finding != SELF_CHECK_GOES_ON;
	if (finding == SELF_CHECK_ROT)
		return found_rot(core, core->check.reason);
	return finding == SELF_CHECK_WHOLE ? was_whole(core) : STATUS_OK;
}

bool device_is_looked_after(struct device_core *core)
{
	bool due = false;

	return core->unswept == 0 && is_due(core, &due) == STATUS_OK && !due;
}

enum status device_on_leisure(struct device_core *core, size_t rows_max, bool *out_done)
{
	bool due = false;
	enum status status = is_due(core, &due);

	*out_done = true;
	if (status == STATUS_OK && due)
		status = look(core, rows_max, out_done);
	else if (status == STATUS_OK && core->unswept > 0)
		status = sweep(core, out_done);
	if (status != STATUS_OK) /* not at once: what cannot be read or written now will not be in a second */
		core->check_again_at_ms = clock_monotonic_ms(core->options.clock) + check_every_ms(core) / 24;
	return status;
}
