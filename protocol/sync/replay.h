/* Deciding one of the device's own operations on its replica, with the same rules as the server. */
#ifndef TRUCKROLL_SYNC_REPLAY_H
#define TRUCKROLL_SYNC_REPLAY_H

#include "protocol/sync/replica.h"

enum replay_mode {
	REPLAY_GUESS,   /* not decided yet: effects go on top of the confirmed rows */
	REPLAY_CONFIRM, /* decided as the device computes it: effects are confirmed rows */
};

/* Decides a decoded operation and stores its effects. `out_verdict` texts are in the replica's arena. */
enum status replay_operation(struct replica *replica, const struct operation *operation, const struct id *operation_id,
	const struct id *device, int64_t seq, enum replay_mode mode, struct verdict *out_verdict);

/* The same for the outbox entries in (after, last] of the current incarnation, but for those in `skipped` (ascending). */
enum status replay_entries(struct replica *replica, const struct id *device, int64_t after, int64_t last, const int64_t *skipped,
	size_t skipped_count, enum replay_mode mode);

#endif
