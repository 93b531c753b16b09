/* The horizon: the commit up to which the server has forgotten which rows left a scope and which grants ended. A device that stands below
 * it cannot be told what to drop; it compares instead (protocol/sync/recon.h). */
#ifndef TRUCKROLL_SYNC_HORIZON_H
#define TRUCKROLL_SYNC_HORIZON_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/commit.h"

/* Longer than a revoked device may still deliver, whose grants are looked at. */
#define HORIZON_RETENTION_MS ((int64_t)90 * 24 * 3600 * 1000)

struct horizon_round {
	int64_t retention_ms;
	size_t most; /* entries to forget in one round */
	enum seeded_bug bug;
};

/* Notes in the open commit that the one before it was the latest until now. A commit that is made anyhow carries it, now and then: a server
 * that has nothing to do makes none for this. */
enum status horizon_note_time(struct commit *commit);

/* Moves the horizon to the latest commit noted that is older than the retention, and forgets some of what lies below it. In the open
 * commit; `*out_changed`: there was something to write. O(entries forgotten). */
enum status horizon_advance(
	struct commit *commit, const struct server_state *state, const struct horizon_round *round, bool *out_changed);

#endif
