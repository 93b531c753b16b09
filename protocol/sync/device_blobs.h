/* The device's share in moving files: what is offered to the server, what is fetched from it, one piece a request, when nothing else is to
 * be exchanged. What is under way lies in the store of files; this here is lost with the process and asked for again. */
#ifndef TRUCKROLL_SYNC_DEVICE_BLOBS_H
#define TRUCKROLL_SYNC_DEVICE_BLOBS_H

#include "protocol/base/clock.h"
#include "protocol/sync/blob_store.h"
#include "protocol/sync/bugs.h"
#include "protocol/sync/device_store.h"
#include "protocol/sync/fair_shares.h"
#include "protocol/sync/file_order.h"
#include "protocol/sync/request.h"

enum blob_step {
	BLOB_STEP_WAITING, /* its turn comes */
	BLOB_STEP_DONE,
	BLOB_STEP_ABSENT, /* the server has none (yet) */
	BLOB_STEP_STUCK,  /* not in this session: `trouble` says why */
};

struct blob_item {
	struct hash id;
	enum blob_queue queue;
	int64_t left; /* bytes that are still to be moved, as far as is known */
	enum blob_step step;
	int bad_chunks;
	int64_t retry_at_ms; /* monotonic; of ABSENT */
	bool lost; /* it was to be sent, and is not here */
};

/* Zero-initialised it is idle. */
struct device_blobs {
	const struct blob_files *files; /* NULL: no files are moved */
	enum seeded_bug bug;
	const struct clock *clock;
	struct id technician;
	bool held; /* they are counted, but not moved now */
	struct fair_shares shares;
	struct arena arena; /* of the items */
	struct blob_item *items;
	size_t count, capacity;
	bool planned;  /* the items are those of the rows that are held */
	bool unserved; /* in this session: the server does not know these sections, and nothing WAITS */
	bool asked;    /* the request that is out has one of them … */
	bool moving;   /* … which brings a piece, or asks for one … */
	bool answered; /* … and the reply another */
	bool sending;  /* the server said where the file goes on: */
	struct hash sending_id;
	int64_t sending_at;
	size_t piece;                       /* bytes a request; fewer after one that was lost */
	int64_t files_sent, files_received; /* whole */
	int64_t bytes_sent, bytes_received; /* of content */
	enum blob_trouble trouble;          /* why one is STUCK, the latest */
	char reason[REASON_SIZE];           /* of HERE */
};

void device_blobs_finish(struct device_blobs *blobs);
/* A session begins: everything may be asked again. */
void device_blobs_begin(struct device_blobs *blobs);
/* The link is gone, with what was out. */
void device_blobs_lost(struct device_blobs *blobs);
/* What is out counts no more: another request takes its place, or the reply is a refusal of all of it. What it asked for is asked again. */
void device_blobs_withdraw(struct device_blobs *blobs);
/* Adds what comes next to a request; `*out_asked` false: nothing does. Adds the statuses of the store of rows; what the store of files
 * cannot do is that file's own trouble. */
enum status device_blobs_ask(
	struct device_blobs *blobs, struct device_store *store, struct request *request, int64_t now_ms, bool *out_asked);
/* Takes one of the sections of a reply. STATUS_CORRUPT: malformed. */
enum status device_blobs_take(struct device_blobs *blobs, struct arena *arena, const struct section *section, int64_t now_ms);
/* Takes one of a bundle, BLOB_LIST or CHUNK_REPLY: the file goes on where it is, whether or not a row speaks of it yet. STATUS_CORRUPT:
 * malformed; what the store of files cannot do stands in nobody's way. */
enum status device_blobs_take_bundled(struct device_blobs *blobs, struct arena *arena, const struct section *section);
/* The whole files here that would come by themselves. Adds the store's statuses. */
enum status device_blobs_each_held(
	const struct device_blobs *blobs, struct device_store *store, struct arena *arena, blob_visit visit, void *user);
/* The reply was taken, so long after the request; `way_ms` of that is the way there and back. */
void device_blobs_settle(struct device_blobs *blobs, int64_t took_ms, int64_t way_ms);
/* The server was put back from a backup, and may lack files that it had: those here that a row speaks of are offered once more, whoever
 * they are of. Adds the store's statuses; a folder that cannot be read or written stands in nobody's way. */
enum status device_blobs_offer_again(struct device_blobs *blobs, struct device_store *store, struct arena *arena);
/* Removes what no row speaks of and is not to be sent, of one folder (0 to 255); with the first of them, parts that nothing came to for a
 * day. Adds the statuses of both stores. */
enum status device_blobs_sweep(const struct device_blobs *blobs, struct device_store *store, struct arena *arena, uint8_t folder);
/* Something is to be moved now, as far as is known. */
bool device_blobs_pending(const struct device_blobs *blobs, int64_t now_ms);
/* How many wait, and how many cannot be moved now. */
void device_blobs_count(const struct device_blobs *blobs, int64_t *out_waiting, int64_t *out_stuck);

/* Bytes of those that wait. */
int64_t device_blobs_bytes_left(const struct device_blobs *blobs);

#endif
