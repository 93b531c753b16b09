/* The device's check of its own replica, in slices: each row against the hash that is noted of it, each scope held against its digest.
 * Whatever is written to the replica between two slices begins the pass anew, so that all of it is of one state. */
#ifndef TRUCKROLL_SYNC_SELF_CHECK_H
#define TRUCKROLL_SYNC_SELF_CHECK_H

#include "protocol/sync/replica.h"
#include "protocol/sync/shadow_set.h"

enum self_check_finding {
	SELF_CHECK_GOES_ON, /* there is more to look at */
	SELF_CHECK_WHOLE,   /* all was looked at, and all fits */
	SELF_CHECK_ROT,     /* something does not fit: `reason` says what; the pass is over */
};

/* Zeroed: no pass is under way. */
struct self_check {
	bool under_way;
	int64_t changes;       /* device_store_changes() at its beginning */
	enum record_kind kind; /* looked at up to here, in (kind, id) order … */
	struct id after;
	int64_t rows;           /* so many */
	bool dropping;          /* scopes were dropped: their rows are here until nothing is pending */
	struct replica replica; /* of each scope what was counted, and as `wanted` what is noted */
	struct shadow_set shadows;
	struct arena arena;
	char reason[REASON_SIZE];
};

/* Looks at the next rows, `rows_max` at most, and begins when no pass is under way. No transaction may be open. Adds the store's statuses,
 * after which no pass is under way. */
enum status self_check_slice(
	struct self_check *check, struct device_store *store, size_t rows_max, enum self_check_finding *out_finding);
/* Frees what it holds. */
void self_check_finish(struct self_check *check);

#endif
