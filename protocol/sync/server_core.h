/* The server's side of sync as a state machine: frames, the office's operations and time go in; replies and commits come out.
 * No clock, socket or fsync inside: the program or the simulation around it carries out the effects. One thread. */
#ifndef TRUCKROLL_SYNC_SERVER_CORE_H
#define TRUCKROLL_SYNC_SERVER_CORE_H

#include "protocol/base/clock.h"
#include "protocol/base/random.h"
#include "protocol/sync/blob_files.h"
#include "protocol/sync/bugs.h"
#include "protocol/sync/incident.h"
#include "protocol/sync/loss.h"
#include "protocol/sync/page_cache.h"
#include "protocol/sync/parked.h"
#include "protocol/sync/sender.h"
#include "protocol/sync/server_store.h"
#include "protocol/sync/suspect.h"
#include "protocol/wire/envelope.h"
#include "protocol/wire/session.h"

#define SESSIONS_MAX     20000
#define POLL_WAIT_MAX_MS 240000
#define LEASE_MS         ((int64_t)7 * 24 * 3600 * 1000)

struct server_core;
struct server_tap;

struct server_core_options {
	struct server_store *store; /* borrowed */
	const struct clock *clock;
	const struct random *random;
	struct identity identity; /* the server's keys; id = server id */
	struct id incarnation;    /* of the server's own chain: fresh at every start */
	enum seeded_bug bug;
	struct suspect_sink sink;       /* where it marks what it is at; put NULL: nowhere */
	const struct suspect *suspects; /* what the one before left in the mark; borrowed for the call */
	size_t suspect_count;
	struct text program; /* with its version: what ends this one when it is read may be read by another; borrowed for the call */
	/* Called before each operation is decided; NULL. For tests that end the server there. */
	void (*before_decide)(const struct operation *operation);
	int64_t retention_ms; /* how long it is known what left a scope; 0: the usual */
	int64_t window_ms;    /* facts leave the devices when they are older, however long their windows are; 0: as those say */
	const struct blob_files *blobs; /* borrowed; NULL: no files are moved */
	const struct blob_files *pages; /* borrowed; where pages are kept for the next device (page_cache.h); NULL: nowhere */
	size_t held_max;      /* bytes of batches that are held (careful.h); 0: the usual */
	size_t page_raw_max; /* bytes of rows in a page to begin with; 0: the usual. Tests take few, so that pulls are resumed */
	const struct server_tap *tap; /* who sees what goes in and comes out (server_event.h); borrowed; NULL: nobody */
};

/* Reads the store's state and writes nothing: the server's own chain begins with its first operation. */
enum status server_core_create(const struct server_core_options *options, struct server_core **out_core);
/* Accepts NULL. */
void server_core_destroy(struct server_core *core);

/* A frame came from `connection` (any number the caller chose; answered once with it, or dropped). Bad frames answer themselves or are
 * dropped: a status is returned only when the store failed, and then the open commit was abandoned. */
enum status server_core_frame(struct server_core *core, uint64_t connection, struct bytes frame);

/* An envelope of a device's bundle came, from a file and at any time: taken in as a frame is, and answered with the bare sections of a
 * welcome, for whoever gave the file. STATUS_CORRUPT: not an envelope of a bundle of a device of ours; the store's statuses as above. */
enum status server_core_bundle(struct server_core *core, uint64_t connection, struct bytes sealed);

typedef enum status (*envelope_take)(void *context, struct bytes sealed);
struct server_bundle {
	int64_t file_count; /* whole files in it … */
	int64_t files_left; /* … and those that did not fit */
};
/* What a device misses, as envelopes for a file, in their order; each is valid during the call of `take`. It begins where the device said
 * last that it stands. Files that would come by themselves go along, as many whole ones as `file_bytes_max` holds, but for those that the
 * device told it has. No commit may be open. STATUS_NOT_FOUND: there is no such device; STATUS_REFUSED: it is to be sent nothing. Adds
 * the store's statuses and those of `take`. */
enum status server_core_bundle_for(struct server_core *core, const struct id *device, int64_t file_bytes_max, envelope_take take,
	void *context, struct server_bundle *out_bundle);

/* Who the latest frame came from, and what that shows. */
struct server_sender server_core_sender(const struct server_core *core);

/* The office's operation, decided at once in the open commit. The verdict's texts live until the commit is done. */
enum status server_core_operation(
	struct server_core *core, const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id);

/* Drops everything decided since the last commit, of devices and of the office; whoever waits is not answered and asks again. */
void server_core_abandon(struct server_core *core);

/* Opens the commit when none is open, so that the caller may write to the store beside the core; it will be carried out even if nothing
 * else comes into it. */
enum status server_core_open_commit(struct server_core *core);

/* A person's decision of a parked operation, carried out in the open commit. Statuses of parked_carry_out(), after which the commit
 * is still as it was. */
enum status server_core_parked(struct server_core *core, const struct parked_order *order, struct verdict *out_verdict);

/* Revokes a device: sets the state (enum device_state) its frames are judged by and drops its sessions. Its grants end with an
 * EDIT of its record. */
enum status server_core_revoke(struct server_core *core, const struct id *device, uint32_t state);

/* Requests wait that were not taken yet (true), as far as the caller can see, or none does. When some do for long, who comes with
 * operations is told to come again later (herd.h); without this call nobody is. */
void server_core_queue(struct server_core *core, bool waiting);
/* After so many frames since the last flush: is it time for the next one? */
bool server_core_round_is_full(const struct server_core *core, size_t frames);

/* Nothing more is waiting to come in: close the group. Emits SERVER_EFFECT_COMMIT when something was decided, else answers what waits. */
enum status server_core_flush(struct server_core *core);
/* The commit asked for was carried out (STATUS_OK: it is durable) or failed; answers or drops what waited for it. */
enum status server_core_committed(struct server_core *core, enum status result);
/* While nothing else is to do: is there a page that will surely be asked for next, and making it. */
bool server_core_may_prepare(const struct server_core *core);
enum status server_core_prepare(struct server_core *core);
/* Answers polls whose time is over, forgets idle sessions, and every hour ends the grants of jobs that are history: a commit may be open
 * afterwards, to be closed by server_core_flush(). */
enum status server_core_tick(struct server_core *core);
/* When the next tick is due, in monotonic ms; INT64_MAX: never. */
int64_t server_core_deadline_ms(const struct server_core *core);

enum server_effect_kind {
	SERVER_EFFECT_SEND,   /* `bytes` to `connection` */
	SERVER_EFFECT_DROP,   /* no answer will come: forget `connection` */
	SERVER_EFFECT_COMMIT, /* server_store_commit(), then server_core_committed() */
};

struct server_effect {
	enum server_effect_kind kind;
	uint64_t connection;
	struct bytes bytes; /* valid until the next call into the core */
};

/* Takes the next effect; false when there is none. Call after every event until false. */
bool server_core_next(struct server_core *core, struct server_effect *out_effect);

struct server_core_counts {
	size_t sessions;
	size_t parked;
	int64_t frames;
	int64_t frames_refused;
	int64_t operations;
	int64_t commits;
	int64_t files_received;
	int64_t files_without_room;
	int64_t files_swept;
	struct page_cache_counts pages; /* of first syncs, kept for the next device */
	int64_t told_to_wait;  /* requests whose operations were not taken in: their devices come again */
	int64_t overfull_jobs;   /* walked with more rows than a device is given */
	struct id overfull_job; /* the last of them: its work order */
};
struct server_core_counts server_core_counts(const struct server_core *core);

/* Devices that know more than the server, since its start. */
struct losses *server_core_losses(struct server_core *core);

/* Notes an incident, which goes into the next commit. */
void server_core_incident(struct server_core *core, const struct incident *incident);
/* Incidents that are noted and not durable yet. */
size_t server_core_incidents_noted(const struct server_core *core);

/* Whether anybody's operations are counted and decided one by one, after an unclean stop. */
bool server_core_careful(const struct server_core *core);
/* Batches of those wait: server_core_flush() goes on with them, a step at each call. */
bool server_core_deciding(const struct server_core *core);
/* The process ends as it should: leaves in the mark what the next one is to know. False: nothing. */
bool server_core_leave(struct server_core *core);

/* When a device was last heard of in a live session, ms UTC; 0: not since the start. */
int64_t server_core_last_seen_ms(const struct server_core *core, const struct id *device);

#endif
