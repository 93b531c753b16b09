/* Answering a recon: which ranges of a device's scopes are not as here, and their rows. Reads one snapshot; keeps nothing between
 * requests. */
#ifndef TRUCKROLL_SYNC_RECON_H
#define TRUCKROLL_SYNC_RECON_H

#include "protocol/sync/server_store.h"
#include "protocol/wire/recon.h"

struct recon_inquiry {
	struct server_store *store;
	struct arena *arena;
	struct id device;
	const struct recon_request *request;
	size_t raw_max; /* stop gathering rows at about this many bytes */
};

struct recon_finding {
	struct recon_reply reply; /* without its page */
	struct page page;         /* the rows of the ranges answered */
};

/* Looks at the questions in their order, until the page is full or a good deal was looked at: the first one always, and never at more rows
 * than the scope of one question has beyond that. Only what the device is granted. The store's read snapshot is open. */
enum status recon_look(const struct recon_inquiry *inquiry, struct recon_finding *out_finding);

#endif
