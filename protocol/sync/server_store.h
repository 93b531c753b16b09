/* What the server's core asks of its store. Implemented in server/ over db, chosen when linking: the core knows no SQL.
 * One transaction at a time; every function but begin needs an open one or reads the committed state. */
#ifndef TRUCKROLL_SYNC_SERVER_STORE_H
#define TRUCKROLL_SYNC_SERVER_STORE_H

#include "protocol/domain/decide.h"
#include "protocol/sync/incident.h"
#include "protocol/wire/chain.h"
#include "protocol/wire/columns.h"
#include "protocol/wire/keys.h"
#include "protocol/wire/message.h"

struct server_store;

/* Bookkeeping of a stored row. */
struct server_row {
	int64_t home; /* scope number */
	int64_t gseq;
	int64_t author; /* chain that computed the row by itself; 0: every device must be sent it */
	struct row_hash hash;
};

enum status server_store_begin(struct server_store *store);
/* Durable when it returns STATUS_OK. */
enum status server_store_commit(struct server_store *store);
void server_store_rollback(struct server_store *store);
/* A place in the open transaction to go back to; one at a time. server_store_unmark() forgets it and keeps what came after. After
 * server_store_rewind() what came after it never was, rows and scopes in memory included; when that fails only a rollback is left. */
enum status server_store_mark(struct server_store *store);
enum status server_store_unmark(struct server_store *store);
enum status server_store_rewind(struct server_store *store);
/* A consistent snapshot for answering pulls; ended by server_store_rollback(). */
enum status server_store_begin_read(struct server_store *store);
/* For many small questions in a row: storage_hold(), storage_release(). */
bool server_store_hold(struct server_store *store);
void server_store_release(struct server_store *store, bool held);

/* The organisation's state. */
struct server_state {
	struct id organisation;
	struct id epoch;
	int64_t gseq;    /* latest commit */
	int64_t horizon; /* see protocol/sync/horizon.h */
	int64_t backup_gseq;  /* the newest backup holds everything up to this commit; 0: there is none */
	int64_t backup_at_ms; /* when it was made, ms UTC; 0: there is none */
};
enum status server_store_state(struct server_store *store, struct server_state *out_state);
enum status server_store_put_gseq(struct server_store *store, int64_t gseq);

/* A backup was made then that holds everything up to commit `gseq`. One that holds less than is known changes nothing; of two that hold as
 * much, the one told last counts, whatever the clock said. */
enum status server_store_put_backup(struct server_store *store, int64_t gseq, int64_t at_ms);

/* Remembers that a commit was the latest then. */
enum status server_store_note_time(struct server_store *store, int64_t gseq, int64_t at_ms);
/* The last of those noted at `at_ms` or before; 0: none. */
enum status server_store_gseq_before(struct server_store *store, int64_t at_ms, int64_t *out_gseq);
/* Times noted below it are forgotten, too. */
enum status server_store_put_horizon(struct server_store *store, int64_t gseq);
/* Forgets rows that left, and grants that ended, with commit `gseq` or before it: at most so many of each. */
enum status server_store_forget_until(struct server_store *store, int64_t gseq, size_t most, size_t *out_count);

/* Records for handlers: get and each. Rows live until server_store_reset_rows(). */
struct records *server_store_records(struct server_store *store);
void server_store_reset_rows(struct server_store *store);
/* Bookkeeping only; STATUS_NOT_FOUND. */
enum status server_store_row(struct server_store *store, enum record_kind kind, const struct id *id, struct server_row *out_row);
enum status server_store_put_row(struct server_store *store, enum record_kind kind, const void *row, const struct server_row *meta);
enum status server_store_remove_row(struct server_store *store, enum record_kind kind, const struct id *id);

#define COSTED_MAX 256

/* Orders that still hold what they cost (work_order_cost.h), with room for COSTED_MAX. O(those). */
enum status server_store_costed(struct server_store *store, struct id *out_orders, size_t *out_count);

#define DONE_HERE_MAX 11

/* Work orders on an asset, or at a site, that were completed after `since_ms`, the latest first, with room for DONE_HERE_MAX. O(those
 * given). */
enum status server_store_done_here(struct server_store *store, enum record_kind kind, const struct id *place, int64_t since_ms,
	struct id *out_orders, size_t *out_count);

/* Scopes have small numbers inside the store. */
struct scope_state {
	int64_t number;
	struct digest digest;
	int64_t gseq; /* latest commit that changed the scope */
};
/* Makes the scope when it is new. */
enum status server_store_scope(struct server_store *store, const struct scope *scope, struct scope_state *out_state);
/* STATUS_NOT_FOUND when it is new. */
enum status server_store_look_scope(struct server_store *store, const struct scope *scope, struct scope_state *out_state);
enum status server_store_scope_by_number(
	struct server_store *store, int64_t number, struct scope *out_scope, struct scope_state *out_state);
enum status server_store_put_scope(struct server_store *store, const struct scope_state *state);

/* A row's place in the feed of a scope; a link or left entry. */
struct member {
	int64_t scope;
	enum record_kind kind;
	struct id id;
	int64_t gseq;      /* commit that last linked or changed the row; left: when it left */
	int64_t from_gseq; /* commit that linked it; else 0 */
};

typedef enum status (*server_row_visit)(void *context, const void *row, const struct server_row *meta);
/* Rows of after->kind at home in after->scope, in (gseq, id) order, beyond (after->gseq, after->id), but those of `but_author` (0: of
 * nobody). */
enum status server_store_feed(
	struct server_store *store, const struct member *after, int64_t but_author, server_row_visit visit, void *context);
/* In id order, beyond after_id. */
enum status server_store_by_id(
	struct server_store *store, enum record_kind kind, int64_t scope, const struct id *after_id, server_row_visit visit, void *context);

struct aged_place {
	int64_t at_ms; /* of the row reached, … */
	struct id id;  /* … and its id; both zero: none yet */
};
/* Rows of a kind with a window (schema.h) that are not archived and older than `before_ms`, beyond `after`; at most so many. */
struct aged_rows {
	enum record_kind kind;
	struct aged_place after;
	int64_t before_ms;
	size_t most;
};
/* The oldest first. O(those). */
enum status server_store_aged(struct server_store *store, const struct aged_rows *wanted, server_row_visit visit, void *context);

/* May any row of the kind have changed after commit `gseq`? False only when none has, of any scope. O(1), without a look at the store. */
bool server_store_kind_changed(const struct server_store *store, enum record_kind kind, int64_t gseq);

/* Did a row at home in since->scope, of since->kind, with an id beyond since->id and up to `last`, change after since->gseq? True as well
 * when so many rows of the scope and kind did, wherever. O(most). */
enum status server_store_changed(
	struct server_store *store, const struct member *since, const struct id *last, size_t most, bool *out_changed);

/* Rows that left a scope, one entry a (scope, kind, id), the newest. Put again when it leaves again; forgotten when the row comes back. */
enum status server_store_put_left(struct server_store *store, int64_t scope, enum record_kind kind, const struct id *id, int64_t gseq);
enum status server_store_forget_left(struct server_store *store, int64_t scope, enum record_kind kind, const struct id *id);

/* Members of job scopes. Putting one that is there keeps its from_gseq and moves its gseq; a new one gets both. */
enum status server_store_put_link(struct server_store *store, int64_t job, enum record_kind kind, const struct id *id, int64_t gseq);
enum status server_store_remove_link(struct server_store *store, int64_t job, enum record_kind kind, const struct id *id);

typedef enum status (*member_visit)(void *context, const struct member *member);
/* The jobs that link the row. */
enum status server_store_links_of_row(
	struct server_store *store, enum record_kind kind, const struct id *id, member_visit visit, void *context);
/* Links of the job after->scope, and what left after->scope, in (gseq, kind, id) order, beyond `after`. */
enum status server_store_link_feed(struct server_store *store, const struct member *after, member_visit visit, void *context);
/* Links of the job after->scope to rows of after->kind with ids beyond after->id and up to `last`, in id order. O(those). */
enum status server_store_links_by_id(
	struct server_store *store, const struct member *after, const struct id *last, member_visit visit, void *context);
enum status server_store_left_feed(struct server_store *store, const struct member *after, member_visit visit, void *context);

/* Chains. */
struct chain_state {
	int64_t number; /* small number inside the store, from 1 */
	struct id device;
	struct id incarnation;
	int64_t last_seq; /* decided */
	struct hash last_hash;
	int64_t last_gseq; /* commit that decided last_seq */
	struct id previous;   /* the incarnation it goes on from; nil: none */
	int64_t shared_seq;   /* of that one: operation 1 of this one had its seq + 1 there */
	int64_t forked_seq;   /* from it on a second history of the same operations; 0: none, -1: a person took it for good */
};
/* STATUS_NOT_FOUND for an incarnation never seen. */
enum status server_store_chain(
	struct server_store *store, const struct id *device, const struct id *incarnation, struct chain_state *out_chain);
/* The one of a device that the server heard of last. STATUS_NOT_FOUND: it never sent anything. */
enum status server_store_latest_chain(struct server_store *store, const struct id *device, struct chain_state *out_chain);
/* STATUS_NOT_FOUND. */
enum status server_store_chain_by_number(struct server_store *store, int64_t number, struct chain_state *out_chain);
/* Gives out_chain->number. */
enum status server_store_add_chain(struct server_store *store, const struct id *device, const struct id *incarnation,
	const struct hash *genesis, int64_t begun_at_ms, struct chain_state *out_chain);
/* How many chains of the device were begun from..until, both included; 0 when that was before it was noted. O(those). */
enum status server_store_chains_begun(
	struct server_store *store, const struct id *device, int64_t from_ms, int64_t until_ms, int64_t *out_count);
/* `chain` goes on from another incarnation, from this commit on. */
enum status server_store_begin_anew(struct server_store *store, const struct chain_state *chain, int64_t gseq);
/* Notes chain->forked_seq. */
enum status server_store_put_fork(struct server_store *store, const struct chain_state *chain);
/* STATUS_NOT_FOUND unless an incarnation that goes on from this one had begun at commit `gseq`. */
enum status server_store_goes_on_elsewhere(
	struct server_store *store, const struct id *device, const struct id *incarnation, int64_t gseq);
enum status server_store_put_chain(struct server_store *store, const struct chain_state *chain);
/* Secret of a 256-operation window; put twice is fine when equal, STATUS_CORRUPT when it differs. */
/* The secret of a window of that chain. STATUS_NOT_FOUND. */
enum status server_store_window(struct server_store *store, int64_t chain, int64_t window, uint8_t out_secret[static WINDOW_SECRET_SIZE]);
enum status server_store_put_window(
	struct server_store *store, int64_t chain, int64_t window, const uint8_t secret[static WINDOW_SECRET_SIZE]);
enum status server_store_put_signature(
	struct server_store *store, int64_t chain, int64_t seq, const uint8_t signature[static SIGNATURE_SIZE]);

/* The log of everything decided or parked. */
struct logged_operation {
	struct id id; /* the first id it ever had */
	int64_t chain;
	int64_t seq;
	struct bytes canonical;
	struct hash commitment;
	struct hash head;
	int64_t gseq;
	int64_t received_at_ms;
	enum outcome outcome;
	bool unlike; /* its rows go back to the author */
};
enum status server_store_log(struct server_store *store, const struct logged_operation *operation);
/* The canonical bytes are in `arena`. STATUS_NOT_FOUND. */
enum status server_store_logged(
	struct server_store *store, const struct id *id, struct arena *arena, struct logged_operation *out_operation);
/* First id of what has that place; STATUS_NOT_FOUND. */
enum status server_store_logged_id(struct server_store *store, int64_t chain, int64_t seq, struct id *out_id);
/* Head hash of a seq; STATUS_NOT_FOUND. */
enum status server_store_logged_head(struct server_store *store, int64_t chain, int64_t seq, struct hash *out_head);
enum status server_store_log_outcome(struct server_store *store, const struct id *id, enum outcome outcome, int64_t gseq);
/* Ascending seqs in (after, chain->last_seq] marked unlike; in `arena`. */
enum status server_store_unlike(struct server_store *store, const struct chain_state *chain, int64_t after, struct arena *arena,
	int64_t **out_seqs, size_t *out_count);

/* Devices: keys and state beside the synced `device` record. */
struct device_entry {
	struct id id;
	struct id technician;
	struct public_keys keys;
	uint32_t key_number;
	uint32_t state; /* enum device_state of domain/device.h */
	int64_t lease_until_ms;
	int64_t acknowledged_gseq; /* highest cursor it sent */
	int64_t last_seen_at_ms;
};
enum status server_store_device(struct server_store *store, const struct id *id, struct device_entry *out_device);
enum status server_store_put_device(struct server_store *store, const struct device_entry *device);

/* Where a device stood when it last told so in a bundle. */
struct bundle_told {
	struct id incarnation;
	struct cursor cursor;
	int64_t settled_seq;
	bool own_rows;
};
/* STATUS_NOT_FOUND: it never did. */
enum status server_store_bundle_told(struct server_store *store, const struct id *device, struct bundle_told *out_told);
enum status server_store_put_bundle_told(struct server_store *store, const struct id *device, const struct bundle_told *told);

/* Grants: which scopes a device holds, from which commit to which. */
struct grant_entry {
	int64_t scope;
	int64_t from_gseq;
	int64_t until_gseq; /* 0: still held */
};
/* Whether a scope that the device was ever granted, as far back as the horizon, is the row's `home`, links the row, or had it.
 * STATUS_NOT_FOUND: none. */
enum status server_store_reaches(
	struct server_store *store, const struct id *device, enum record_kind kind, const struct id *id, int64_t home);
/* Grants of a device that are open or ended after `since_gseq`, in scope order; in `arena`. */
enum status server_store_grants(struct server_store *store, const struct id *device, int64_t since_gseq, struct arena *arena,
	struct grant_entry **out_grants, size_t *out_count);
/* Open grants of jobs, of any device, and jobs that link rows though nobody holds them: the next of them beyond `after` in the order of
 * scope and device, at most `most`; in `arena`. Begins beyond zeros. */
struct job_grant_entry {
	struct id device; /* nil: nobody */
	struct id work_order;
	int64_t scope;
};
enum status server_store_job_grants(struct server_store *store, const struct job_grant_entry *after, size_t most, struct arena *arena,
	struct job_grant_entry **out_grants, size_t *out_count);
/* Opens one (nothing when it is open already). */
enum status server_store_grant(struct server_store *store, const struct id *device, int64_t scope, int64_t gseq);
/* Ends the open one, if any. */
enum status server_store_ungrant(struct server_store *store, const struct id *device, int64_t scope, int64_t gseq);

/* Incidents: what is open of the same kind, device and subject is one with it. A fork ends an open "restored" of its device, which it was
 * taken for. */
enum status server_store_put_incident(struct server_store *store, const struct incident *incident, int64_t now_ms);
/* Whether the same is open, was put INCIDENT_TIMES_FREE times, and within INCIDENT_AGAIN_MS. STATUS_NOT_FOUND: no. */
enum status server_store_told_lately(struct server_store *store, const struct incident *incident, int64_t now_ms);

/* Where the attachments are whose file, or thumbnail, has this name (64 digits): by id and the number of their home. */
typedef enum status (*attachment_visit)(void *context, const struct id *id, int64_t home);
enum status server_store_attachments_of(struct server_store *store, struct text blob, attachment_visit visit, void *context);

/* Short references over the stored rows. */
const struct references *server_store_references(struct server_store *store);

#endif
