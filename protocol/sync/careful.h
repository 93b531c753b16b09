/* How an operation that ends the server is found out. In normal running nothing is counted. After an unclean stop the server is careful for
 * a while: every operation is counted durably before it is tried, and decided in a commit of its own; at the third try that ends
 * the server it is kept aside (INCIDENT_POISON), and those behind it go on. */
#ifndef TRUCKROLL_SYNC_CAREFUL_H
#define TRUCKROLL_SYNC_CAREFUL_H

#include "protocol/sync/inquiry.h"
#include "protocol/sync/server_store.h"

#define CAREFUL_TRIES_MAX  3
#define CAREFUL_MS         ((int64_t)5 * 60000) /* longer than any device on line waits before it sends again */
#define CAREFUL_AT_A_TIME  64                   /* operations of one request; the rest comes with the next one */

/* Tries of an operation that have not come to an end. */
struct attempt {
	struct id device;
	struct id incarnation;
	int64_t seq;
	struct hash hash; /* of the chain at seq */
	int64_t count;    /* 0: never tried */
};
/* count 0 when there is none, or one of another hash. */
enum status server_store_attempt(struct server_store *store, struct attempt *attempt);
enum status server_store_put_attempt(struct server_store *store, const struct attempt *attempt, int64_t now_ms);
enum status server_store_remove_attempt(struct server_store *store, const struct attempt *attempt);
/* STATUS_NOT_FOUND when there is none: of any chain; of this one. */
enum status server_store_any_attempt(struct server_store *store);
enum status server_store_attempt_of_chain(struct server_store *store, const struct id *device, const struct id *incarnation);

/* A batch that waits for its turn. */
struct held_batch {
	struct held_batch *next;
	struct inquiry *waiting;
	int64_t handler_revision;
	int64_t counted_seq; /* its attempt is durable */
	size_t taken;
	size_t size;
	uint8_t body[];
};

struct careful {
	bool on;
	bool suspects;    /* attempts are left, of chains whose operations are counted even when it is off */
	int64_t until_ms; /* monotonic */
	struct attempt survived; /* the latest that was decided: should its commit fail, the next try of it is not counted */
	struct held_batch *held; /* oldest first */
	struct held_batch **held_end;
};

/* `on`: the server stopped without a word. */
enum status careful_begin(struct careful *careful, struct server_store *store, bool on, int64_t now_ms);
/* Whether this chain's operations are to be counted. */
bool careful_concerns(const struct careful *careful, struct server_store *store, const struct id *device, const struct id *incarnation);
/* Takes over `waiting` with a copy of its batch. It takes the place of what the device asked before and that was not begun: that is the
 * caller's again; NULL: there is none. */
struct inquiry *careful_hold(struct careful *careful, struct inquiry *waiting);
/* Gives back the oldest's inquiry, which is held no more. */
struct inquiry *careful_let_go(struct careful *careful);
/* Frees everything that is held; the inquiries are the caller's no more. */
void careful_finish(struct careful *careful);

#endif
