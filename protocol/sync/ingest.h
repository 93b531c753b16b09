/* Taking in operations: verifies a batch against its chain, decides exactly the next operations of it, and logs each with its
 * outcome in the same commit. */
#ifndef TRUCKROLL_SYNC_INGEST_H
#define TRUCKROLL_SYNC_INGEST_H

#include "protocol/sync/attempt.h"
#include "protocol/sync/bugs.h"
#include "protocol/sync/commit.h"

struct ingest {
	struct commit *commit;
	struct arena *arena; /* for the life of the commit */
	int64_t received_at_ms;
	int64_t handler_revision; /* the author's */
	enum seeded_bug bug;
	struct id refused; /* subject of the latest refused CLAIM of the batch, for a seeded bug */
	void (*before_decide)(const struct operation *operation); /* or NULL */
	size_t limit;      /* at most so many; 0: all that is new */
	bool condemned;    /* the next one is set aside: it ended the server too often */
	bool forked;       /* a second history was found: its operations are set aside */
	int64_t forked_seq; /* … from this one on, as the first history counts */
	size_t taken;      /* operations decided or set aside so far */
};

/* The fault to tell a batch's sender by how its decoding ended; 0 when it can be read. */
uint32_t ingest_fault(enum status decoded);
/* Decides what is new in a device's batch. A fault for the sender (send from, fork, …) is a result, not a failure: STATUS_OK with
 * out_fault->code != 0. STATUS_CANNOT_WRITE and STATUS_CORRUPT: the store failed; any other: this batch cannot be stored. But for
 * STATUS_OK without a fault the caller goes back to where the commit was before (commit_mark()). A brief batch is completed. */
enum status ingest_batch(struct ingest *ingest, const struct device_entry *device, const struct id *organisation, struct batch *batch,
	struct wire_fault *out_fault);

/* A batch whose chain was worked out, in the arena of the ingest that did. */
struct verified_batch {
	struct bytes *canonical; /* of each operation */
	struct hash *commitments;
	struct hash *heads; /* NULL: nothing of it was new */
	struct hash before; /* the head it begins after */
	struct chain_state chain; /* as it was before the batch */
};
/* The two halves of ingest_batch(). Everything about a batch but its decision; changes nothing in the store. A fault as there. */
enum status ingest_verify(struct ingest *ingest, const struct device_entry *device, const struct id *organisation, struct batch *batch,
	struct verified_batch *out_verified, struct wire_fault *out_fault);
/* Decides what is new in it. verified->chain is as the store has it now. */
enum status ingest_verified(struct ingest *ingest, const struct device_entry *device, const struct batch *batch,
	struct verified_batch *verified, struct wire_fault *out_fault);
/* Of a batch verified earlier: looks anew how far its chain has come, and sets seq and hash of what would be decided next; seq 0:
 * nothing. */
enum status ingest_next(struct server_store *store, const struct device_entry *device, const struct batch *batch,
	struct verified_batch *verified, struct attempt *next, struct wire_fault *out_fault);

/* Decides one operation of the server's own chain (console, import, timers) and gives its verdict (texts in ingest->arena) and
 * id. `secret` is that of the chain's current window. A refusal is STATUS_OK with the verdict: the operation is logged all the
 * same. */
enum status ingest_own(struct ingest *ingest, struct chain_state *chain, const uint8_t secret[static WINDOW_SECRET_SIZE],
	const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id);

#endif
