/* What time alone does, now and then: the server's core and its rounds. */
#include "protocol/sync/grants.h"
#include "protocol/sync/horizon.h"
#include "protocol/sync/old_costs.h"
#include "protocol/sync/server_core_inner.h"

#define FORGET_MOST     20000 /* in one round */
#define ARCHIVE_MOST    1000  /* facts to look at in one round */
#define LOOK_AGAIN_MOST 1000  /* parked operations in one round */
#define ROUNDS_EVERY_MS ((int64_t)3600 * 1000)
#define AGAIN_MS        10000 /* after a round that failed, or that left something to archive or to move */

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

static int64_t again_ms(const struct server_core *core)
{
	return round_ms(core) < AGAIN_MS ? round_ms(core) : AGAIN_MS;
}

/* What devices need not have any more can be more than one round takes: it goes on soon, and the rest waits for its hour. */
static enum status archive(struct server_core *core, bool *changed)
{
	const struct window_round round = { core->options.window_ms, ARCHIVE_MOST };
	size_t archived = 0, moved = 0;
	bool all = true;
	enum status status = window_advance(&core->commit, &round, &core->rounds.archived, &archived, &all);

	if (status == STATUS_OK)
		status = old_costs_move(&core->commit, &moved);
	all = all && moved < COSTED_MAX;
	core->rounds.archive_at_ms = server_core_monotonic_ms(core) + (all ? round_ms(core) : again_ms(core));
	*changed = *changed || archived > 0 || moved > 0;
	return status;
}

static enum status do_rest(struct server_core *core, bool *changed)
{
	const struct horizon_round round = { retention_ms(core), FORGET_MOST, core->options.bug };
	size_t ended = 0, written = 0;
	bool moved = false;
	struct ingest ingest;
	enum status status = grants_end_history(&core->commit, &ended);

	if (status == STATUS_OK)
		status = horizon_advance(&core->commit, &core->state, &round, &moved);
	if (status == STATUS_OK && server_core_monotonic_ms(core) >= core->look_again_at_ms) {
		ingest = server_core_make_ingest(core, HANDLER_REVISION);
		status = parked_look_again(&ingest, &core->rounds.looked_after, LOOK_AGAIN_MOST, &written);
	}
	core->rounds.next_at_ms = server_core_monotonic_ms(core) + round_ms(core);
	*changed = *changed || ended > 0 || moved || written > 0;
	return status;
}

/* Jobs that end come first: what they held may be archived at once. */
static enum status do_rounds(struct server_core *core, bool hour)
{
	bool changed = false;
	enum status status = server_core_ensure_commit(core);

	if (status == STATUS_OK && hour)
		status = do_rest(core, &changed);
	if (status == STATUS_OK)
		status = archive(core, &changed);
	if (status != STATUS_OK) { /* the half of a round is in the open commit */
		server_on_abandon(core);
		return status;
	}
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
	bool hour = now >= core->rounds.next_at_ms;
	enum status status;

	if ((!hour && now < core->rounds.archive_at_ms) || now < core->rounds_retry_at_ms)
		return STATUS_OK;
	core->rounds_retry_at_ms = now + again_ms(core);
	status = do_rounds(core, hour);
	if (hour)
		server_core_sweep_blobs(core);
	return status;
}
