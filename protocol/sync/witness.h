/* Watches what a handler reads while an operation of a device is decided, to know whether the device, deciding the same
 * operation on its own rows, must have come to the same result: then its own writes need not be sent back. Itself a `struct
 * records` over the store's. */
#ifndef TRUCKROLL_SYNC_WITNESS_H
#define TRUCKROLL_SYNC_WITNESS_H

#include "protocol/sync/server_store.h"

struct witness {
	struct records records; /* hand &witness.records to the overlay */
	struct server_store *store;
	const struct grant_entry *grants; /* of the device, by scope number */
	size_t grant_count;
	int64_t chain;     /* of the author */
	int64_t base_gseq; /* what it had seen */
	bool unlike;       /* it may have seen something else */
};

/* For one operation; `grants` stay the caller's. */
void witness_init(struct witness *witness, struct server_store *store, int64_t chain, int64_t base_gseq, const struct grant_entry *grants,
	size_t grant_count);

#endif
