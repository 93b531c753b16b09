/* Answering a recon: which ranges of a device's scopes are not as here, and their rows. Reads one snapshot; keeps nothing between
 * requests but what whole scopes were counted to. */
#ifndef TRUCKROLL_SYNC_RECON_H
#define TRUCKROLL_SYNC_RECON_H

#include "protocol/sync/server_store.h"
#include "protocol/wire/recon.h"

/* Scopes that were counted whole, as of the commit that changed them last: another commit is another entry. Zeroed: empty. */
#define RECON_CACHE_SIZE 32

struct recon_cache {
	struct recon_counted {
		int64_t scope; /* its number; 0: none */
		int64_t gseq;
		uint64_t used;
		struct recon_digest buckets[RECON_FAN];
	} counted[RECON_CACHE_SIZE];
	uint64_t uses;
};

struct recon_inquiry {
	struct server_store *store;
	struct recon_cache *cache; /* NULL: none */
	struct arena *arena;
	struct id device;
	const struct recon_request *request;
	size_t raw_max; /* stop gathering rows at about this many bytes */
};

struct recon_finding {
	struct recon_reply reply; /* without its page */
	struct page page;         /* the rows of the ranges answered */
	size_t looked_at;         /* rows, scopes and questions: what it cost */
};

/* Looks at the questions in their order, until the page is full or a good deal was looked at: the first one always, and never at more rows
 * than the scope of one question has beyond that. Only what the device is granted. The store's read snapshot is open. */
enum status recon_look(const struct recon_inquiry *inquiry, struct recon_finding *out_finding);

#endif
