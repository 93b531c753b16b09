/* The author of operations on a device: what a technician's command becomes. */
#ifndef TRUCKROLL_SYNC_AUTHOR_H
#define TRUCKROLL_SYNC_AUTHOR_H

#include "protocol/base/random.h"
#include "protocol/sync/device_store.h"

struct author {
	struct device_store *store;
	const struct random *random;
	bool cutting; /* the store is one beside a cut that is carried out: what is saved is shown after it */
	struct id device;
	struct id technician;
};

/* Saves one operation (fsynced) and shows its effect in the replica. Fills in actor, role, base and schema revision.
 * `*out_saved` tells, whatever the status, whether it is durable: STATUS_OK both; STATUS_REFUSED with the verdict for a CLAIM
 * that the rules refuse here and now, nothing saved; STATUS_INVALID malformed; others when the outbox (not saved) or the
 * replica (saved, shown later) failed. Verdict texts are in `arena`. */
enum status author_save(const struct author *author, struct arena *arena, const struct operation *operation, struct verdict *out_verdict,
	struct id *out_operation_id, bool *out_saved);

#endif
