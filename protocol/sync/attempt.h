/* Tries of an operation, or of reading a batch, that have not come to an end: counted durably (careful.h). */
#ifndef TRUCKROLL_SYNC_ATTEMPT_H
#define TRUCKROLL_SYNC_ATTEMPT_H

#include "protocol/sync/server_store.h"

struct attempt {
	struct id device;
	struct id incarnation;
	int64_t seq;      /* 0: reading the chain's batches */
	struct hash hash; /* of the chain at seq; of the program that reads */
	int64_t count;    /* 0: never tried */
};
/* The same operation, or reading by the same program. */
bool attempt_equal(const struct attempt *left, const struct attempt *right);

/* count 0 when there is none, or one of another hash. */
enum status server_store_attempt(struct server_store *store, struct attempt *attempt);
enum status server_store_put_attempt(struct server_store *store, const struct attempt *attempt, int64_t now_ms);
enum status server_store_remove_attempt(struct server_store *store, const struct attempt *attempt);
/* STATUS_NOT_FOUND when there is none: of any chain; of this one. */
enum status server_store_any_attempt(struct server_store *store);
enum status server_store_attempt_of_chain(struct server_store *store, const struct id *device, const struct id *incarnation);

#endif
