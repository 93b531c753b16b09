/* The device's side of repair by range: what is still to be asked, what was answered, and how the answers replace what is here. All of
 * it is kept in the replica, so that it goes on after a crash where it was; nothing of it shows before the cut that ends it. */
#ifndef TRUCKROLL_SYNC_REPAIR_H
#define TRUCKROLL_SYNC_REPAIR_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/replica.h"
#include "protocol/wire/recon.h"

#define REPAIR_TRIES_MAX 2 /* then everything is fetched again */

struct repair {
	bool under_way;
	bool answered;       /* at least once: `since` is set */
	int64_t tries;       /* this one counts */
	struct cursor since; /* as of the first answer: changes after it are pulled when nothing is left to ask */
	struct recon_question *questions; /* still to be asked, without their digests */
	size_t question_count;
};

/* What is under way; in `arena`. STATUS_CORRUPT: it cannot be read, see repair_prepare(). */
enum status repair_load(struct device_store *store, struct arena *arena, struct repair *out_repair);

/* Prepares the replica to be put right, in a transaction of its own: by range, or by fetching all of it when that cannot help: there are
 * no rows yet, or it failed too often. `failed`: a repair under way did not lead to rows that fit; else it begins anew for another reason.
 * Operations settled beyond `acknowledged_seq` are pending again. `*out_fetch`: all is fetched though there were rows. */
enum status repair_prepare(struct device_store *store, struct arena *arena, int64_t acknowledged_seq, bool failed, bool *out_fetch);
/* Forgets one that is under way with what was answered. The caller's transaction is open. */
enum status repair_forget(struct device_store *store);
/* Begins one that is under way anew. The caller's transaction is open. */
enum status repair_restart(struct device_store *store, struct arena *arena);

/* The next questions, with the digests of the confirmed rows. No transaction may be open. O(rows). */
enum status repair_ask(struct device_store *store, struct arena *arena, const struct repair *repair, struct recon_request *out_request);
/* Keeps what the reply answers and works out what is left to ask, in a transaction of its own. STATUS_CORRUPT: it does not fit the
 * questions, or speaks of another life of the server than the answers before. */
enum status repair_take(struct device_store *store, struct arena *arena, const struct repair *repair, struct bytes body);

/* What a repair has put right, but for what this device's own pending operations had changed. */
struct repair_tally {
	struct row_name *guessed; /* rows that they had changed, sorted */
	size_t guessed_count;
	int64_t changed; /* rows that had other content */
	int64_t added;   /* rows that were missing */
	int64_t removed; /* rows too many */
};

/* Before the guesses of a cut are taken off: remembers which rows they are on. */
enum status repair_note_guesses(struct replica *replica, struct repair_tally *out_tally);
/* Guesses off: each range answered replaces what is here. */
enum status repair_apply(struct replica *replica, enum seeded_bug bug, struct repair_tally *tally);

#endif
