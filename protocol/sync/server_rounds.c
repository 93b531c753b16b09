/* What time alone does, now and then: the server's core and its rounds. */
#include "protocol/sync/grants.h"
#include "protocol/sync/horizon.h"
#include "protocol/sync/server_core_inner.h"

#define FORGET_MOST     20000 /* in one round */
#define ARCHIVE_MOST    5000  /* facts to look at in one round */
#define LOOK_AGAIN_MOST 1000  /* parked operations in one round */
#define ROUNDS_EVERY_MS ((int64_t)3600 * 1000)
#define SOON_MS         60000 /* when a round failed, or left something to archive */

static int64_t retention_ms(const struct server_core *core)
{
	return core->options.retention_ms > 0 ? core->options.retention_ms : HORIZON_RETENTION_MS;
}

/* Between two rounds, and two times noted. */
static int64_t round_ms(const struct server_core *core)
{
	int64_t shortest_ms = retention_ms(core);

	if (core->options.window_ms > 0 && core->options.window_ms < shortest_ms)
		shortest_ms = core->options.window_ms;
	return shortest_ms / 4 < ROUNDS_EVERY_MS ? shortest_ms / 4 : ROUNDS_EVERY_MS;
}

void server_core_begin_rounds(struct server_core *core)
{
	core->look_again_at_ms = server_core_monotonic_ms(core) + round_ms(core);
}

enum status server_core_note_time(struct server_core *core)
{
	int64_t now = server_core_monotonic_ms(core);

	if (now < core->rounds.note_at_ms)
		return STATUS_OK;
	core->rounds.note_at_ms = now + round_ms(core);
	return horizon_note_time(&core->commit);
}

static int64_t soon_ms(const struct server_core *core)
{
	return round_ms(core) < SOON_MS ? round_ms(core) : SOON_MS;
}

static enum status work(struct server_core *core, bool *out_changed)
{
	const struct horizon_round horizon = { retention_ms(core), FORGET_MOST, core->options.bug };
	const struct window_round window = { core->options.window_ms, ARCHIVE_MOST };
	size_t ended = 0, archived = 0, written = 0;
	bool moved = false;
	struct ingest ingest;
	enum status status = server_core_ensure_commit(core);

	if (status == STATUS_OK)
		status = grants_end_history(&core->commit, &ended);
	if (status == STATUS_OK)
		status = window_advance(&core->commit, &window, &core->rounds.archived, &archived);
	if (status == STATUS_OK)
		status = horizon_advance(&core->commit, &core->state, &horizon, &moved);
	if (status == STATUS_OK && server_core_monotonic_ms(core) >= core->look_again_at_ms) {
		ingest = server_core_make_ingest(core, HANDLER_REVISION);
		status = parked_look_again(&ingest, &core->rounds.looked_after, LOOK_AGAIN_MOST, &written);
	}
	*out_changed = ended > 0 || archived > 0 || moved || written > 0;
	return status;
}

static enum status do_rounds(struct server_core *core)
{
	bool changed;
	enum status status = work(core, &changed);

	if (status != STATUS_OK) { /* the half of a round is in the open commit */
		server_on_abandon(core);
		return status;
	}
	core->rounds.next_at_ms = server_core_monotonic_ms(core) + (core->rounds.archived.schema > 0 ? soon_ms(core) : round_ms(core));
	core->changed = core->changed || changed;
	if (core->changed)
		return STATUS_OK;
	core->rounds_before = core->rounds; /* nothing of it is to become durable */
	server_core_abandon_commit(core);
	return STATUS_OK;
}

enum status server_core_do_rounds(struct server_core *core)
{
	int64_t now = server_core_monotonic_ms(core);
	enum status status;

	if (now < core->rounds.next_at_ms || now < core->rounds_retry_at_ms)
		return STATUS_OK;
	core->rounds_retry_at_ms = now + soon_ms(core);
	status = do_rounds(core);
	server_core_sweep_blobs(core);
	return status;
}
