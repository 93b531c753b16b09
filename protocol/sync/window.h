/* The window of facts: how long devices keep what happened. A fact that is older than its kind's window (schema.h), whose work order is
 * over, and that no job holds, is archived: its home is `org.staff`, and devices drop it as they drop any row that left a scope. It comes
 * back when a job takes it. So no device ever holds an archived row. */
#ifndef TRUCKROLL_SYNC_WINDOW_H
#define TRUCKROLL_SYNC_WINDOW_H

#include "protocol/sync/commit.h"

struct window_round {
	int64_t window_ms; /* no window is longer; 0: they are as long as their tables say */
	size_t most;       /* facts to look at in one round */
};

/* How far the rounds came; zeros: all were looked at. */
struct window_place {
	size_t schema; /* schema_at() */
	struct aged_place row;
};

/* Archives, in the open commit, what aged out of the window, going on from `place`. O(facts looked at and the jobs that hold them). Adds
 * the store's statuses. */
enum status window_advance(
	struct commit *commit, const struct window_round *round, struct window_place *place, size_t *out_archived);

/* A job takes the row: when it was archived, it is so no more. */
enum status window_bring_back(struct commit *commit, enum record_kind kind, const struct id *id);

#endif
