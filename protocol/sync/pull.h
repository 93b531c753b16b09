/* Answering a pull: what a device misses, as pages in a byte budget and, when nothing is left, a cut. Reads
 * one snapshot; keeps nothing between requests: where a pass stands travels in the resume token. */
#ifndef TRUCKROLL_SYNC_PULL_H
#define TRUCKROLL_SYNC_PULL_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/change_ring.h"
#include "protocol/sync/page_cache.h"
#include "protocol/sync/server_store.h"

/* The page is not this device's alone. */
struct pull_shared {
	bool found; /* `page` is what is given; the answer's page has its resume token and no groups */
	bool built; /* the answer's page is to be kept as `page` at `place`, when it is packed */
	struct shared_place place;
	struct shared_page page;
};

struct pull_answer {
	struct pull_shared shared;
	struct page page; /* groups, maybe none; resume not empty when more follows */
	bool cut_follows;
	struct cut cut;
	bool too_old; /* it cannot be told what left its scopes: the cursor lies below the horizon, or is of another epoch */
	int64_t horizon; /* 0: of another epoch */
	int64_t rows_ahead; /* about so many in this pass, with its first page when others follow; 0: not known */
	bool empty; /* nothing changed since the cursor: no page, no cut */
};

struct pull_question {
	struct server_store *store;
	struct arena *arena;
	const struct change_ring *ring; /* NULL: whole rows only */
	struct page_cache *pages;       /* NULL: every page is built */
	const struct device_entry *device;
	int64_t chain; /* the device's current chain number, 0 for none: rows it made by itself are left out */
	struct pull pull;
	size_t raw_max; /* stop gathering rows at about this many bytes */
	enum seeded_bug bug;
};

/* The store's read snapshot is open. STATUS_CORRUPT for a resume token that is not ours. A cursor of another epoch, or below the
 * horizon, is answered so. */
enum status pull_answer(const struct pull_question *question, struct pull_answer *out_answer);

/* True when something that the device may see changed after its cursor: the cheap look before a poll is answered. O(scopes of
 * the device). */
enum status pull_has_news(const struct pull_question *question, bool *out_news);

#endif
