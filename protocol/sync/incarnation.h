/* An incarnation of a device: one history of its operations. It begins a new one when it was put back from an older copy, or finds itself
 * on another machine. */
#ifndef TRUCKROLL_SYNC_INCARNATION_H
#define TRUCKROLL_SYNC_INCARNATION_H

#include "protocol/sync/server_store.h"

/* So many a device may begin in 24 hours: each is a row for good. Who is put back at every start of a day's work needs one. */
#define INCARNATIONS_A_DAY 24

/* Adds its chain, in the open commit. STATUS_BUSY: the device has begun as many as it may; nothing was added, tomorrow it can be. */
enum status incarnation_begin(struct server_store *store, const struct id *device, const struct id *incarnation, int64_t now_ms,
	struct chain_state *out_chain);

#endif
