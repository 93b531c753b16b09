/* Deciding one of the device's own operations on its replica, with the same rules as the server. */
#ifndef TRUCKROLL_SYNC_REPLAY_H
#define TRUCKROLL_SYNC_REPLAY_H

#include "protocol/sync/replica.h"

enum replay_mode {
	REPLAY_GUESS,   /* not decided yet: effects go on top of the confirmed rows */
	REPLAY_CONFIRM, /* decided as the device computes it: effects are confirmed rows */
};

/* The outbox entries in (after, last] of the current incarnation, but for those in `skipped`. */
struct replay_span {
	struct id device;
	int64_t after;
	int64_t last;
	const int64_t *skipped; /* ascending */
	size_t skipped_count;
};

/* Decides each operation of the span and stores its effects. */
enum status replay_entries(struct replica *replica, const struct replay_span *span, enum replay_mode mode);

/* Was an operation that is not settled made on a later state of the same server than the replica's, or is one not here any more? So it is
 * when the replica was lost and came back from an older bundle or copy. What the server took for computed here, since it saw the state
 * under the operation, is computed on other rows then, or not at all: it has to come from the server. `state` shows all that is in the
 * outbox. O(1) when all of that is settled, else O(operations not settled + those of former incarnations). */
enum status replay_lacks_base(struct device_store *store, const struct replica_state *state, bool *out_lacks);

#endif
