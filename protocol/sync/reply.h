/* A reply being put together within the size of one frame. */
#ifndef TRUCKROLL_SYNC_REPLY_H
#define TRUCKROLL_SYNC_REPLY_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/change_ring.h"
#include "protocol/sync/recon.h"
#include "protocol/sync/server_store.h"

/* Sections that fit beside the sealing of an envelope or of a session frame. */
#define REPLY_IN_WELCOME_MAX (FRAME_SIZE_MAX - 512)
#define REPLY_IN_SESSION_MAX (FRAME_SIZE_MAX - 64)

struct reply {
	struct arena *arena;
	struct writer writer;
	size_t size_max;
	const struct common_ground *ground; /* borrowed; of a session whose device knows short forms; NULL: the long ones */
	uint8_t dictionary; /* that the device knows; DICTIONARY_NONE: it did not say */
	struct page_cache *pages; /* borrowed; NULL: every page is built */
	size_t *page_raw_max; /* how much raw page has lately filled a frame; adapted */
	struct bytes resume;  /* of the page that was written: where the next pull goes on; empty when nothing follows */
	size_t looked_at; /* by a recon: see struct recon_finding */
	enum seeded_bug bug;
};

void reply_init(struct reply *reply, struct arena *arena, size_t *page_raw_max, size_t size_max);
void reply_fault(struct reply *reply, const struct wire_fault *fault);
/* What the server knows of the device that said hello. */
struct welcome reply_make_welcome(const struct hello *hello, const struct server_state *state, const struct device_entry *device,
	const struct chain_state *chain, int64_t now_ms, int64_t lease_until_ms);
/* Which hello is answered: by its ephemeral key. */
void reply_answers(struct reply *reply, const uint8_t ephemeral[static BOX_PUBLIC_SIZE]);
void reply_welcome(struct reply *reply, const struct welcome *welcome);
/* How far the chain is decided, with what came out unlike after `settled_seq`. `*out_all_unlike`: that would have taken too much of the
 * frame, and all of it is said to be unlike: its rows must be sent, the device's own too. STATUS_INVALID: more was decided since
 * `settled_seq` than a device takes at once. */
enum status reply_decided(
	struct reply *reply, struct server_store *store, const struct chain_state *chain, int64_t settled_seq, bool *out_all_unlike);
/* decided, page and cut as the pull asks; `again` when there is nothing. The store's read snapshot is open. */
enum status reply_pull(struct reply *reply, struct server_store *store, const struct change_ring *ring, const struct device_entry *device,
	const struct chain_state *chain, const struct pull *pull);
/* Answers a recon's body; it answers as many of its questions as fit. The store's read snapshot is open. STATUS_CORRUPT: malformed. */
enum status reply_recon(
	struct reply *reply, struct server_store *store, struct recon_cache *cache, const struct id *device, struct bytes body);
struct bytes reply_bytes(const struct reply *reply);

#endif
