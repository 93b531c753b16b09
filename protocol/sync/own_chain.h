/* The chain of the server's own operations: console, imports, timers. Every writer is a device, and this one is new at every
 * start, so it has nothing to restore. Copied whole, a value of this type is a place to go back to. */
#ifndef TRUCKROLL_SYNC_OWN_CHAIN_H
#define TRUCKROLL_SYNC_OWN_CHAIN_H

#include "protocol/base/random.h"
#include "protocol/sync/ingest.h"

struct own_chain {
	struct id device;
	struct id incarnation;
	const struct random *random; /* borrowed */
	struct chain_state chain;    /* number 0: it begins with the first operation, so that a server that only listens writes nothing */
	uint8_t window_secret[WINDOW_SECRET_SIZE];
};

/* Decides an operation as the chain's next, seen from `state`, in the open commit; see ingest_own(). On failure the chain is to be put back
 * as it was. */
enum status own_chain_decide(struct own_chain *own, struct ingest *ingest, const struct server_state *state,
	const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id);

#endif
