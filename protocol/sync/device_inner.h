/* What the files of the device's core share. Nobody else includes this. */
#ifndef TRUCKROLL_SYNC_DEVICE_INNER_H
#define TRUCKROLL_SYNC_DEVICE_INNER_H

#include "protocol/sync/device_blobs.h"
#include "protocol/sync/device_carry.h"
#include "protocol/sync/device_core.h"
#include "protocol/sync/device_event.h"
#include "protocol/sync/pace.h"
#include "protocol/sync/repair.h"
#include "protocol/sync/self_check.h"
#include "protocol/sync/untold.h"

#define BACKOFF_MIN_MS 500 /* until a link that failed is tried again; then longer */

enum link_state {
	LINK_DOWN,
	LINK_HELLO_SENT,
	LINK_IDLE,
	LINK_WAITING,
	LINK_COMMITTING
};

struct bundle_pass {
	struct id bundle;
	int64_t next; /* number of the part that is due */
	bool older;   /* all rows of it are here: only files are taken */
};

struct device_core {
	struct device_core_options options;
	enum link_state link;
	bool wanted; /* somebody wants to be on line */
	struct session session;
	struct ephemeral ephemeral; /* while a hello is out */
	struct common_ground ground; /* of the session, when its welcome said it */
	bool speaks_short;           /* the session's server knows short forms */
	int64_t session_started_at_ms;
	int64_t retry_at_ms; /* monotonic; LINK_DOWN */
	int64_t backoff_ms;
	int64_t held_until_ms;    /* monotonic; the server asked not to be asked before; 0: it did not */
	int64_t reply_due_at_ms;  /* monotonic */
	int64_t acknowledged_seq; /* the server said so in this session */
	bool batch_out;           /* the request that is out carries operations */
	bool whole_ids;           /* the next batch names whole ids */
	bool session_answered;    /* the server has answered in it, which nobody else can */
	bool batch_refused;       /* in this session: what is pending stays, what the server has is still fetched */
	bool own_rows;            /* also rows that this device computed: the replica is fresh, or older than what was made here */
	bool nothing_missing;
	bool pull_of_repair; /* the pull that is out is the last step of a repair */
	bool pull_of_own_rows; /* … brings what this device computed, too */
	bool tell_origin;         /* the server does not know where this incarnation comes from */
	bool telling;             /* the request that is out tells of an incident */
	struct untold untold;
	bool by_bundle;              /* what is being taken in comes from a file */
	bool seeded; /* rows lie in the fresh replica */
	size_t pages_loaded;         /* … so many pages of them */
	struct bundle_pass bundle;   /* the file that is being taken in */
	bool poll_again; /* the last answer was complete: wait for news */
	enum carrier_class carrier;
	enum delivery_class class_max; /* nothing above it goes over the link now */
	bool resting;                  /* nothing that may go is to be said */
	size_t page_max;               /* bytes of a page, by the pace of the link */
	int64_t way_ms;                /* there and back: the shortest of this session's answers without page or piece; 0: not known */
	int64_t asked_at_ms;           /* monotonic; when the latest request went out */
	bool page_asked, page_came;    /* it asked for one that was to come at once; the reply had one */
	bool poll_out;                 /* the server may hold it */
	struct fair_shares shares;     /* of rows and files, while pages follow each other */
	size_t batch_max;              /* bytes of a batch, by the pace of the link */
	size_t batch_raw_max;
	struct decided decided; /* unlike is in decided_arena */
	bool has_decided;
	struct replica_state committing; /* the state that the cut being committed brings */
	struct cut cut;                  /* the same, in cut_arena */
	struct arena cut_arena;          /* life of the cut */
	struct device_store *beside;     /* what the technician's work goes to while that is carried out; NULL: the store */
	bool repairing;                  /* that cut ends a repair … */
	struct repair_tally tally;       /* … which did this */
	struct self_check check;
	struct device_blobs blobs;
	struct device_carry carry;
	struct fair_shares pieces; /* of what is carried, and of files */
	unsigned int unswept; /* folders of files that are to be swept, after a whole check */
	int64_t check_again_at_ms; /* monotonic; after one that failed */
	struct arena decided_arena;
	struct arena arena; /* life of one event */
	struct arena effect_arena;
	struct device_effect effects[4];
	size_t effect_count;
	size_t effect_taken;
	struct device_core_state state;
};

/* What the calls of device_core.h do; they come in through device_event.c. */
enum status device_on_operation(struct device_core *core, struct arena *arena, const struct operation *operation,
	struct verdict *out_verdict, struct id *out_operation_id);
enum status device_on_go(struct device_core *core, bool now);
enum status device_on_allow(struct device_core *core, enum carrier_class carrier, enum delivery_class class_max);
enum status device_on_check(struct device_core *core);
enum status device_on_leisure(struct device_core *core, size_t rows_max, bool *out_done);
enum status device_on_reply(struct device_core *core, struct bytes reply);
enum status device_on_lost(struct device_core *core);
enum status device_on_incident(struct device_core *core, const char *what, const char *detail);
void device_on_files(struct device_core *core);
enum status device_on_tick(struct device_core *core);
enum status device_on_cut(struct device_core *core);
enum status device_on_committed(struct device_core *core, enum status result);
enum status device_on_write_bundle(
	struct device_core *core, int64_t file_bytes_max, device_envelope_take take, void *context, struct device_bundle *out_bundle);
void device_on_bundle_kept(struct device_core *core, int64_t told_at_ms, const struct cursor *stands);
enum status device_on_read_bundle(struct device_core *core, struct bytes sealed, enum bundle_finding *out_finding);
/* These hold already: device_on_allow() would change nothing. */
bool device_is_allowed(const struct device_core *core, enum carrier_class carrier, enum delivery_class class_max);
/* Nothing is to be looked at now: device_on_leisure() would do nothing. */
bool device_is_looked_after(struct device_core *core);
/* Bytes that may still be written before the disk is full, as the server is told. */
int64_t device_room(const struct device_core *core);

/* Shows the effects of operations that were saved while the replica could not show them (device_opening.c). */
enum status device_show_unshown(struct device_core *core);
/* The link ended; it is tried again after a while (device_retry.c). */
void device_link_down(struct device_core *core);
/* The server asked to be asked again after so long. */
void device_hold(struct device_core *core, int64_t wait_ms);
bool device_is_held(const struct device_core *core);
/* Takes the sections of a reply, one after the other. STATUS_OFFLINE: the rest does not count. `ground` is of a session's frame, else
 * NULL. */
enum status device_take_sections(struct device_core *core, struct bytes message, const struct common_ground *ground);
/* The server's keys, for envelope_open(), whose context is the core. */
enum status device_find_server(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys);
/* How far the server decided, for those who ask where an operation is: neither synced nor missed, since the next welcome says it again. A
 * cut brings it itself. */
void device_keep_decided(struct device_core *core);

int64_t device_monotonic_ms(const struct device_core *core);
/* Rows come whole, at a commit, or not at all: either every class of them may come, or none. */
bool device_rows_allowed(const struct device_core *core);

/* Requests (device_requests.c). */
enum status device_send_hello(struct device_core *core);
enum status device_send_request(struct device_core *core);
/* Keeps where the pull that is out goes on, in the open transaction; empty: it is at its end. */
enum status device_keep_resume(struct device_core *core, struct bytes token);

void device_emit(struct device_core *core, enum device_effect_kind kind, struct bytes bytes);

/* Keeps an incident for people. Those that the server cannot see by itself it is told of. */
enum status device_note_incident(struct device_core *core, const char *what, const char *detail);
/* The replica is to be put right. STATUS_OFFLINE with the reason when that is prepared: the rest of the reply does not count, and a server
 * that does not come to rest is not asked again at once. */
enum status device_put_right(struct device_core *core, const char *what, const char *detail);

/* What a bundle says of files that came by bundles: those that are whole are sent no more. STATUS_CORRUPT. */
enum status device_take_known(struct device_core *core, struct bytes body);
/* The section that begins a session (device_welcome.c). STATUS_OFFLINE: the rest of the reply does not count. */
enum status device_take_welcome(struct device_core *core, const struct welcome *welcome);
/* What a bundle's welcome says of backups. Nothing, when it is of another history, or of another life of the server. */
enum status device_keep_by_bundle(struct device_core *core, const struct welcome *welcome);
/* The same of a bundle, before anything of it counts, as far as it tells of a server that was put back. `*out_anew`: all goes out again
 * under a new incarnation, which the bundle knows nothing of. */
enum status device_meet_by_bundle(struct device_core *core, const struct welcome *welcome, bool *out_anew);
/* The server counts its commits anew, and may lack rows and files that it had: as device_put_right(). */
enum status device_server_restored(struct device_core *core, const char *detail);

/* Sections of a reply that bring rows (device_rows.c). */
enum status device_take_page(struct device_core *core, struct bytes body);
enum status device_take_recon(struct device_core *core, struct bytes body);
enum status device_take_outlook(struct device_core *core, struct bytes body);
enum status device_take_again(struct device_core *core, struct bytes body);
enum status device_take_cut(struct device_core *core, const struct section *section, const struct common_ground *ground);
/* The cut is durable: it counts. */
enum status device_finish_cut(struct device_core *core);

#endif
