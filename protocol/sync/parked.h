/* Parked operations: kept, not applied. They go on under their id when the record they wait for appears, when their author has it again,
 * or when a person says so. */
#ifndef TRUCKROLL_SYNC_PARKED_H
#define TRUCKROLL_SYNC_PARKED_H

#include "protocol/sync/ingest.h"

/* What a person decided of one. On disk: never reuse a number. */
enum parked_decision {
	PARKED_RELEASED = 1,  /* decide it again */
	PARKED_CORRECTED = 2, /* decide it again in this form */
	PARKED_DISCARDED = 3, /* put it away; its author is told why */
};

struct parked_order {
	struct id operation;
	enum parked_decision decision;
	const struct operation *corrected; /* PARKED_CORRECTED: a CREATE or EDIT with other values */
	struct text reason;                /* may be empty but of a discard */
};

/* Decides, in the open commit, what waited for records that an operation has just made. */
enum status parked_decide_for(struct ingest *ingest, const struct overlay *overlay);

/* A place among parked operations, each device's in the order it made them; zero: before all. */
struct parked_place {
	int64_t chain;
	int64_t seq;
};

/* Looks again, in the open commit, at what waits for a record that its device did not have, as far as the server knew: it is decided on
 * what the device has now. At `most` of them, behind `*after`, which is moved on: zero when it came to the end. `*out_written`: how many
 * outcomes are others now. O(operation rows passed + those looked at). */
enum status parked_look_again(struct ingest *ingest, struct parked_place *after, size_t most, size_t *out_written);

/* Carries out a person's decision under the operation's first id and keeps it. What it then comes to reaches its author's device.
 * STATUS_NOT_FOUND: no such operation; STATUS_REFUSED: it is not parked, or claims what no person may let pass. The verdict's texts are in
 * ingest->arena. */
enum status parked_carry_out(struct ingest *ingest, const struct parked_order *order, struct verdict *out_verdict);

/* `canonical` empty but for a correction. */
enum status server_store_put_parked_decision(struct server_store *store, const struct id *operation, enum parked_decision decision,
	struct bytes canonical, struct text reason, int64_t now_ms);
/* The form it was last corrected to, in `arena`. STATUS_NOT_FOUND. */
enum status server_store_corrected(
	struct server_store *store, const struct id *operation, struct arena *arena, struct bytes *out_canonical);
/* Operations that wait for a record, those behind `*after`, which becomes the place of the last; in `arena`. */
enum status server_store_parked_waiting(struct server_store *store, struct parked_place *after, size_t most, struct arena *arena,
	struct id **out_operations, size_t *out_count);
/* What comes under the device's second histories is not set aside any more. */
enum status server_store_end_forks(struct server_store *store, const struct id *device);

#endif
