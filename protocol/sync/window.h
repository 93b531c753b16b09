/* The window of facts: how long devices keep what happened. A fact that is older than its kind's window (schema.h), whose work order has
 * been over for as long, and that no job holds, is archived: its home is `org.staff`, and devices drop it as they drop any row that left a
 * scope. It comes back when its order is opened again, or when a job takes it after all. So no device ever holds an archived row. */
#ifndef TRUCKROLL_SYNC_WINDOW_H
#define TRUCKROLL_SYNC_WINDOW_H

#include "protocol/sync/commit.h"

struct window_round {
	int64_t window_ms; /* no window is longer; 0: they are as long as their tables say */
	size_t most;       /* facts to look at in one round */
};

/* How far the rounds came; zeros: from the start. */
struct window_place {
	size_t schema; /* schema_at() */
	struct aged_place row;
};

/* Archives, in the open commit, what aged out of the window, going on from `place`. `*out_all`: it came to the end, and begins anew.
 * O(facts looked at and the jobs that hold them). Adds the store's statuses. */
enum status window_advance(
	struct commit *commit, const struct window_round *round, struct window_place *place, size_t *out_archived, bool *out_all);

/* The order is open again: what is archived of it is so no more. O(facts of the order). */
enum status window_reopen(struct commit *commit, const struct id *work_order);
/* The same of one row, which a job takes. */
enum status window_bring_back(struct commit *commit, enum record_kind kind, const struct id *id);

#endif
