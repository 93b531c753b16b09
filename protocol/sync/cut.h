/* The cut: one local transaction that takes the device from one state of the server to a later one, all or nothing. */
#ifndef TRUCKROLL_SYNC_CUT_H
#define TRUCKROLL_SYNC_CUT_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/repair.h"
#include "protocol/sync/replica.h"

struct cut_input {
	const struct cut *cut;
	const struct decided *decided; /* of the same snapshot; NULL: nothing newer than settled */
	bool repair;   /* it ends a repair by range (protocol/sync/repair.h) */
	bool own_rows; /* what this device computed came, too: nothing of it is confirmed as it is */
	struct id device;
	enum seeded_bug bug;
};

/* Applies a page to rows without guesses; the caller's transaction is open. */
enum status cut_apply_page(struct replica *replica, const struct page *page);
/* Applies pages to a fresh replica as they come (device_store_seeding()); the caller's transaction is open. */
enum status cut_load_page(struct device_store *store, struct arena *arena, const struct page *page);

/* Does the page have words about scopes? They count in the end, so that it is staged even when it was loaded. */
bool cut_page_has_words(const struct page *page);

/* Takes back the guesses, applies what was staged (or loaded), checks digests, lays pending operations on top again and moves
 * the cursor. The caller has begun the transaction and commits it, durably, when this returns STATUS_OK; on anything else it
 * rolls back. STATUS_CORRUPT: the digests do not fit; the replica must be put right. `*out_tally` of a repair: what it did. */
enum status cut_apply(struct device_store *store, struct arena *arena, const struct cut_input *input, struct replica_state *out_state,
	struct repair_tally *out_tally);

#endif
