/* The device's share in carrying bundles of others: their envelopes go to the server, and the answer is fetched, one piece a request, when
 * nothing of its own waits. What is carried lies in the store of files (carry_store.h, carry_answer.h); this here is lost with the
 * process. */
#ifndef TRUCKROLL_SYNC_DEVICE_CARRY_H
#define TRUCKROLL_SYNC_DEVICE_CARRY_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/carry_answer.h"
#include "protocol/sync/carry_store.h"
#include "protocol/sync/request.h"

struct carry_item {
	struct carried_bundle bundle;
	bool over;            /* nothing more to do, in this session at least */
	int64_t retry_at_ms;  /* monotonic; not before */
	int stalls;           /* answers without any progress */
	int proofs;           /* how often the server asked for an envelope of its device once more */
};

/* Zero-initialised it is idle. */
struct device_carry {
	const struct blob_files *files; /* NULL: nothing is carried */
	enum seeded_bug bug;
	bool held; /* nothing is moved now */
	struct arena arena; /* of the items */
	struct carry_item *items;
	size_t count;
	bool planned;  /* the items are those of the store */
	bool unserved; /* in this session: the server does not know these sections, or takes nothing through this device */
	bool asked;    /* the request that is out has one of them … */
	bool answered; /* … and the reply another */
	size_t out;    /* place of the item that it is about */
	bool down;     /* it asks for the answer */
	struct hash envelope; /* that is under way, its size, and the byte that it goes on from */
	size_t size, sent;
	struct carry_answer answer; /* that is under way */
	size_t piece; /* bytes a request; fewer after one that was lost */
	int64_t pieces, envelopes_taken, answers_whole; /* that went or came */
	char reason[REASON_SIZE]; /* what the store of files could not do, the latest */
};

void device_carry_finish(struct device_carry *carry);
/* A session begins: everything may be asked again. */
void device_carry_begin(struct device_carry *carry);
/* The link is gone, with what was out. */
void device_carry_lost(struct device_carry *carry);
/* What is out counts no more. */
void device_carry_withdraw(struct device_carry *carry);
/* Adds what comes next to a request; false: nothing does. */
bool device_carry_ask(struct device_carry *carry, struct request *request, int64_t now_ms);
/* Takes the section of a reply. STATUS_CORRUPT: malformed. */
enum status device_carry_take(struct device_carry *carry, struct bytes body, int64_t now_ms);
/* The reply was taken, so long after the request; `way_ms` of that is the way there and back. */
void device_carry_settle(struct device_carry *carry, int64_t took_ms, int64_t way_ms);
/* Something is to be moved now, as far as is known. */
bool device_carry_pending(const struct device_carry *carry, int64_t now_ms);
/* Bundles that are under way, up or down. */
size_t device_carry_waiting(const struct device_carry *carry);

#endif
