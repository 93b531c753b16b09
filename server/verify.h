/* Checking an organisation against itself: chains from their genesis, digests from their rows, balances from the ledger. */
#ifndef TRUCKROLL_SERVER_VERIFY_H
#define TRUCKROLL_SERVER_VERIFY_H

#include "server/store.h"

struct verify_report {
	int64_t chains;
	int64_t operations;
	int64_t scopes;
	int64_t rows;
	int64_t balances;
};

/* Checks everything; O(store). STATUS_CORRUPT names the first thing that does not fit. */
enum status verify_organisation(struct server_store *store, struct verify_report *out_report);

#endif
