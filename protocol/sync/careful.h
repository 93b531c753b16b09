/* How an operation that ends the server is found out. In normal running nothing is counted. After an unclean stop those are suspected whose
 * operations were being decided then (suspect.h): each of these is counted durably before it is tried, and decided in a commit of its
 * own; at the third try that ends the server it is kept aside (INCIDENT_POISON), and those behind it go on. The same for a batch that
 * could not even be read to its end: it is refused. Nobody else is kept waiting.
 *
 * A count is durable before its try, but the process may end between the two, or end when the try is long over. So the mark says of
 * each count, before that is durable, that it is cleared, for as long as the store has it; and of the one whose try has begun, for as
 * long as that is not carried out, that it is being tried. Who comes next believes the latter. */
#ifndef TRUCKROLL_SYNC_CAREFUL_H
#define TRUCKROLL_SYNC_CAREFUL_H

#include "protocol/sync/ingest.h"
#include "protocol/sync/inquiry.h"
#include "protocol/sync/suspect.h"

#define CAREFUL_TRIES_MAX  3
#define CAREFUL_AT_A_TIME  64 /* operations of one request; the rest comes with the next one */
#define CAREFUL_HELD_MAX   ((size_t)32 * 1024 * 1024) /* bytes of all that is held, but for what the oldest comes to when it is read */
#define CAREFUL_SUSPECT_MS ((int64_t)24 * 3600 * 1000) /* who has not come by then is suspected no more */

/* A batch that waits for its turn. */
struct held_batch {
	struct held_batch *next;
	struct inquiry *waiting;
	int64_t handler_revision;
	bool begun;          /* its turn has come: no other takes its place */
	bool counted_read;   /* the try to read it is durable */
	bool read;           /* what follows is set, in `arena` */
	int64_t counted_seq; /* the try of this operation is durable */
	size_t taken;
	struct batch batch;
	struct verified_batch verified;
	struct arena arena;
	struct section section; /* its body is the one below */
	uint8_t body[];
};

/* Zero-initialised but for what careful_begin() fills in. */
struct careful {
	struct suspect_mark mark;
	bool attempts; /* some may be left, of chains whose operations are counted even when they are suspected no more */
	struct held_batch *held; /* oldest first */
	size_t held_size; /* bytes, of at most held_max */
	size_t held_max;
};

/* Takes over what the one before left behind, without those whose operations came to be decided after all, and puts its own mark. */
enum status careful_begin(struct careful *careful, struct server_store *store, const struct suspect_sink *sink,
	const struct suspect *left, size_t left_count, int64_t now_ms);
/* Whether a batch of this chain is to be held. STATUS_OK; the store's. */
enum status careful_look(struct careful *careful, struct server_store *store, const struct id *device, const struct id *incarnation,
	bool *out_concerned);
/* How far its operations are to be tried one by one; 0: they need not. */
int64_t careful_until(const struct careful *careful, const struct id *device, const struct id *incarnation);
/* Whether reading its batches is suspected; it came to an end. */
bool careful_suspects_reading(const struct careful *careful, const struct id *device, const struct id *incarnation);
void careful_trust_reading(struct careful *careful, const struct id *device, const struct id *incarnation);
/* Whether the office's operation is suspected. */
bool careful_suspects_own(const struct careful *careful, const struct attempt *own);
void careful_trust_own(struct careful *careful, const struct attempt *own);
/* Forgets suspects that were decided, or have not come for long, and what is cleared and not counted. O(suspects), with a look at the
 * store for each; a store that fails leaves them. Nothing while a commit is open. */
void careful_settle(struct careful *careful, struct server_store *store, int64_t now_ms);

/* A try is to be counted, `attempt->count` with it, and has not begun. Before it is stored. */
void careful_clear(struct careful *careful, const struct attempt *attempt, int64_t now_ms);
/* The latest that the store counts is one that did not end the server: it is not counted once more. */
bool careful_cleared(const struct careful *careful, const struct attempt *attempt);
/* The open commit, with all that was tried in it, is durable. */
void careful_committed(struct careful *careful);
/* The process ends as it should: leaves in the mark who is suspected, and which of the tries counted did not end it. False: nothing. */
bool careful_leave(struct careful *careful, struct server_store *store, int64_t now_ms);

/* Whether anybody is suspected, or waits. */
bool careful_is_on(const struct careful *careful);

/* Is there room for that many bytes more? */
bool careful_has_room(const struct careful *careful, size_t size);
/* Takes over `waiting` with a copy of its batch. It takes the place of what the device asked before and that was not begun: that is the
 * caller's again; NULL: there is none. */
struct inquiry *careful_hold(struct careful *careful, struct inquiry *waiting);
/* Gives back the oldest's inquiry, which is held no more. */
struct inquiry *careful_let_go(struct careful *careful);
/* Frees everything that is held; the inquiries are the caller's no more. */
void careful_finish(struct careful *careful);

#endif
