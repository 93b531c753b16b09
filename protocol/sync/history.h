/* The history of this device as the server tells it, held against the outbox; and what is done when they part. */
#ifndef TRUCKROLL_SYNC_HISTORY_H
#define TRUCKROLL_SYNC_HISTORY_H

#include "protocol/base/random.h"
#include "protocol/sync/device_store.h"

/* Is operation `seq` of that incarnation, with that chain hash, in the outbox? The first `hash_size` bytes of it are known. */
enum status history_compare(
	struct device_store *store, const struct id *incarnation, int64_t seq, const struct hash *hash, size_t hash_size, bool *out_same);

/* The server knows a history of this chain that is not in this outbox: the device was restored from an older copy. What is not
 * settled goes out again under a new incarnation and its first ids. `arena` is for the call only. */
enum status history_begin_incarnation(struct device_store *store, const struct random *random, struct arena *arena);

/* The server was put back from a backup, and cannot go on from what is kept as it stands: all of it goes out again, of whichever
 * incarnation it was, under a new one and its first ids. */
enum status history_begin_again(struct device_store *store, const struct random *random, struct arena *arena);

#endif
