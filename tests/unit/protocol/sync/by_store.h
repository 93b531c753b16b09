/* Commits made beside the handlers: rows as they are put, published as a commit of the office's is. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_BY_STORE_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_BY_STORE_H

#include "protocol/sync/publish.h"
#include "tests/unit/protocol/sync/pair.h"

struct by_store {
	struct simulation *pair;
	struct commit commit;
	struct overlay overlay;
};

void by_store_begin(struct by_store *by, struct simulation *pair);
/* The row and its texts must live until the end. */
void by_store_put(struct by_store *by, enum record_kind kind, const void *row);
/* Publishes and commits. How many jobs were walked; nobody is woken. */
size_t by_store_end(struct by_store *by);

/* One row in a commit of its own. */
size_t by_store_put_one(struct simulation *pair, enum record_kind kind, const void *row);
/* An id for the n-th of something. */
struct id by_store_id(const char *what, unsigned number);
/* Rows that the job of an order links. */
int64_t by_store_job_rows(struct simulation *pair, const struct id *order);
/* Lets the devices ask, and waits until all is quiet. */
void by_store_settle(struct simulation *pair);
/* Time enough for what the server does every hour, and for the devices to hear of it. */
void by_store_let_a_round_pass(struct simulation *pair);

#endif
