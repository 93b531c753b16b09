/* The device's side of sync as a state machine: the technician's operations, replies, failures and time go in; requests and
 * commits come out. No clock, socket or fsync inside: the agent or the simulation around it carries out the effects. One
 * thread. */
#ifndef TRUCKROLL_SYNC_DEVICE_CORE_H
#define TRUCKROLL_SYNC_DEVICE_CORE_H

#include "protocol/base/clock.h"
#include "protocol/base/random.h"
#include "protocol/sync/blob_files.h"
#include "protocol/sync/bugs.h"
#include "protocol/sync/delivery_class.h"
#include "protocol/sync/device_store.h"
#include "protocol/sync/standing.h"
#include "protocol/wire/envelope.h"
#include "protocol/wire/session.h"

struct device_core;
struct device_tap;

struct device_core_options {
	struct device_store *store; /* borrowed */
	const struct clock *clock;
	const struct random *random;
	struct identity identity;
	struct party server;
	struct id organisation;
	struct id technician;
	struct standing standing; /* what is remembered outside of the store; empty: nothing */
	bool moved;               /* the store came from another machine */
	int64_t poll_wait_ms;     /* how long the server may hold a poll; 0: never wait */
	enum seeded_bug bug;
	int64_t check_every_ms;         /* between two whole checks of the replica; 0: a day */
	const struct blob_files *blobs; /* borrowed; NULL: no files are moved */
	/* Where bundles of others lie (carry_store.h), and what the server is still to be told; borrowed; NULL: none is carried. */
	const struct blob_files *carried;
	size_t batch_raw_max; /* bytes of operations in a batch to begin with; 0: the usual. Tests take few */
	const struct device_tap *tap; /* who sees what goes in and comes out (device_event.h); borrowed; NULL: nobody */
};

/* Shows what was saved but not shown before a crash. Adds the store's statuses. */
enum status device_core_create(const struct device_core_options *options, struct device_core **out_core);
/* A core that reads beside the owner's: of the calls below it knows device_core_write_bundle() alone, and it changes nothing. `own_rows` as
 * the owner's core has it (device_core_state()). No one can tap it. */
struct device_core *device_core_create_reader(const struct device_core_options *options, bool own_rows);
/* Accepts NULL. */
void device_core_destroy(struct device_core *core);

/* Saves one operation of the technician and shows its effect. Fills in actor, role, base and schema revision. STATUS_OK: it is
 * saved (fsynced); the verdict is the device's own, the server's may differ later. STATUS_REFUSED with the verdict: a CLAIM
 * that the rules refuse here and now, nothing was saved. STATUS_INVALID: malformed. `out_operation_id` is set as soon as it is
 * saved, also when showing it then fails: it is sent all the same. Texts of the verdict are in `arena`. */
enum status device_core_operation(struct device_core *core, struct arena *arena, const struct operation *operation,
	struct verdict *out_verdict, struct id *out_operation_id);

/* Goes on line: a request is sent as soon as time allows. `now` forgets the waiting time after a failure. */
enum status device_core_go(struct device_core *core, bool now);
/* What the link is, and the highest class that may go over it from now on: CLASS_CONTROL, operations alone; CLASS_KNOWLEDGE, rows, too;
 * CLASS_FILES, everything, as it is before the first call. A device that may not fetch rows, and has nothing to send, does not connect. */
enum status device_core_allow(struct device_core *core, enum carrier_class carrier, enum delivery_class class_max);
/* Everything that is held is compared with the server's rows when the device is on line next, and what differs is fetched again. Does
 * nothing before a first sync, and while a comparison is under way. Adds the store's statuses; STATUS_BUSY while a commit is awaited;
 * STATUS_CORRUPT when the file itself is damaged, which no comparison sees or mends. O(replica). */
enum status device_core_check(struct device_core *core);
/* There is leisure: the replica is checked against itself (self_check.h) when the last whole check is long enough ago, `rows_max` rows at
 * most. What does not fit is an incident, and leads to a comparison with the server at once. `*out_done`: there is nothing more to look
 * at. A first fetch and a comparison count as whole checks. Adds the store's statuses; STATUS_CORRUPT also for rows that cannot be
 * read. */
enum status device_core_leisure(struct device_core *core, size_t rows_max, bool *out_done);
/* The reply to the latest request. A bad one counts as a failed link. */
enum status device_core_reply(struct device_core *core, struct bytes reply);
/* The request failed, or the carrier is gone. */
enum status device_core_lost(struct device_core *core);
/* What was found wrong with this device outside of the core, such as a damaged file: kept here, and told to the server with the next
 * request. `what` is a word of at most TOLD_WHAT_MAX characters. Adds the store's statuses. */
enum status device_core_incident(struct device_core *core, const char *what, const char *detail);
/* A file was put into the store, or a person asked for one: what is to be moved is looked up again. */
void device_core_files(struct device_core *core);
/* Time passed. */
enum status device_core_tick(struct device_core *core);
/* Carries out a cut: takes the rows in, durably, or nothing of them. It may take long (device_core_cut_is_large()), and may then run in
 * another thread while nothing of the core is called but device_core_operation() and device_core_state(), with a store beside its own, and
 * device_core_files() and device_core_deadline_ms(); who taps the core sees a CUT from that thread.
 * STATUS_CORRUPT: the rows do not fit. */
enum status device_core_cut(struct device_core *core);
bool device_core_cut_is_large(const struct device_core *core);
/* Another opening of the same store, for what is saved and asked while a cut is carried out; NULL: that is over. What is saved there is
 * shown when the cut is done. Borrowed. */
void device_core_beside(struct device_core *core, struct device_store *beside);
/* The cut asked for was carried out or failed. STATUS_OFFLINE: it came by a bundle and did not fit; over a link that counts as a failed
 * one. */
enum status device_core_committed(struct device_core *core, enum status result);
/* A bundle (docs/protocol.md, "Bundles") says in a file what requests and replies say in a session. */

typedef enum status (*device_envelope_take)(void *context, struct bytes sealed);
struct device_bundle {
	int64_t first_seq; /* of the operations in it; 0: none */
	int64_t operation_count;
	int64_t file_count; /* whole files in it … */
	int64_t files_left; /* … and those that did not fit */
	int64_t told_at_ms; /* when the incident was that it tells; 0: it tells of none */
	struct cursor stands; /* where the device stands by it */
};
/* Everything that the server does not know yet, and where this device stands, as envelopes in their order; each is valid during the call
 * of `take`. Files that wait to be sent go along, as many whole ones as `file_bytes_max` holds. May be asked again and again: what was
 * sent before does no harm. Changes nothing, neither here nor in the store. Adds the stores' statuses and those of `take`. */
enum status device_core_write_bundle(
	struct device_core *core, int64_t file_bytes_max, device_envelope_take take, void *context, struct device_bundle *out_bundle);

/* A bundle that tells of the incident of then is durable: when the server's answer names where the device stands by it, the server knows.
 * Nothing when another incident is to be told meanwhile. */
void device_core_bundle_kept(struct device_core *core, int64_t told_at_ms, const struct cursor *stands);

enum bundle_finding {
	BUNDLE_TAKEN, /* it counts with the last part; a commit may be asked for */
	BUNDLE_OLDER, /* no rows in it, nor in the parts after it, that are not here; files of the parts after it are still taken */
	/* Nothing of it is taken: the server must first be told where this device stands (device_core_write_bundle()). */
	BUNDLE_OTHER_EPOCH,  /* it may be from before the server was restored */
	BUNDLE_OTHER_LIFE,   /* it is for what this device was before it was put back from a copy */
	BUNDLE_BEGINS_LATER, /* than this device stands */
	BUNDLE_NEEDS_ALL,    /* what changed is not enough */
};
/* An envelope of a bundle for this device; its parts come in their order. A session that is alive ends. STATUS_CORRUPT: damaged, or for
 * another device, or the rows did not fit; STATUS_OFFLINE: this device must tell the server something first. After a failure nothing of
 * the bundle counts. Adds the store's statuses. */
enum status device_core_read_bundle(struct device_core *core, struct bytes sealed, enum bundle_finding *out_finding);

/* When the next tick is due, in monotonic ms; INT64_MAX: never. */
int64_t device_core_deadline_ms(const struct device_core *core);

enum device_effect_kind {
	DEVICE_EFFECT_SEND,   /* `bytes` to the server; an earlier request is abandoned */
	DEVICE_EFFECT_COMMIT, /* device_core_cut(), then device_core_committed() */
};

struct device_effect {
	enum device_effect_kind kind;
	struct bytes bytes; /* valid until the next call into the core */
};

/* Takes the next effect; false when there is none. */
bool device_core_next(struct device_core *core, struct device_effect *out_effect);

struct device_core_state {
	bool connected;             /* a session is alive */
	bool synced;                /* nothing pending, and the server's last word was that nothing is missing here; files too: of all that
				     * may go */
	bool waiting;               /* a request is out … */
	bool polling;               /* … which the server may hold */
	bool rows_held;             /* no rows may come now; those operations that are decided are not settled */
	bool unanswered;            /* the latest hello got no answer in time, or none of this device's server */
	bool outdated;              /* the latest answer was a newer program's, of which this one does not understand something */
	int64_t last_contact_at_ms; /* wall time of the last good reply; 0: none since the start */
	int64_t lease_until_ms;
	uint32_t device_state;    /* enum device_state as the server last said */
	uint16_t server_revision; /* of the schema, as it last said; 0: not yet */
	int64_t acknowledged_seq;
	bool own_rows; /* what this device computed itself is to come, too */
	int64_t rounds; /* requests answered */
	int64_t cuts;
	int64_t rows_received;
	int64_t rows_expected; /* so many will have been received when the pass under way is over, as far as is known */
	int64_t incidents;
	int64_t checks;  /* whole ones of the replica by itself */
	int64_t rots;    /* of these, and of those not whole: that found something */
	int64_t repairs; /* by range, ended with their cut */
	int64_t repaired_rows;
	int64_t fetches;       /* of everything, since nothing less would do */
	int64_t files_waiting; /* to be sent or fetched, now or when they may */
	int64_t file_bytes_waiting;
	bool files_held;     /* they may not go now */
	int64_t files_stuck; /* not in this session: file_trouble says why */
	int64_t files_sent, files_received;
	int64_t file_bytes_sent, file_bytes_received;
	int64_t carried_waiting; /* bundles of others that are under way, as far as is known */
	int64_t carried_pieces;  /* of them and of the answers, in both directions */
	int64_t carried_taken;   /* envelopes of them that the server has taken */
	int64_t carried_answers; /* that came whole */
	char carry_reason[REASON_SIZE]; /* why one of them cannot be moved: this disk; "": it can */
	uint32_t refused; /* enum wire_error: the server takes nothing of what is pending; 0: it does */
	char failure[REASON_SIZE]; /* why the link failed last; "" when it is well */
	uint32_t file_trouble;         /* enum blob_trouble (blob_store.h): why a file cannot be moved */
	char file_reason[REASON_SIZE]; /* … when it is this disk */
	char rot[REASON_SIZE];         /* what the latest check found that does not fit; "": nothing */
};
struct device_core_state device_core_state(const struct device_core *core);

#endif
