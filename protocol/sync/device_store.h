/* What the device's core asks of its two files: the outbox (its own operations; cannot be fetched again) and the replica (confirmed rows
 * with the effects of pending operations laid on top). Implemented in device_agent/ over db, chosen when linking. */
#ifndef TRUCKROLL_SYNC_DEVICE_STORE_H
#define TRUCKROLL_SYNC_DEVICE_STORE_H

#include "protocol/domain/decide.h"
#include "protocol/wire/chain.h"
#include "protocol/wire/columns.h"
#include "protocol/wire/message.h"

struct device_store;

/* ---- outbox: every function that changes it is durable when it returns STATUS_OK ---- */

struct outbox_state {
	struct id device;
	struct id incarnation;
	int64_t last_seq;      /* 0: none yet */
	struct hash last_hash; /* genesis when last_seq is 0 */
};
enum status device_store_outbox(struct device_store *store, struct outbox_state *out_state);

struct outbox_entry {
	int64_t seq;
	struct id id;     /* first id it ever had */
	bool re_sent;     /* id is of an earlier incarnation: it must be sent along */
	struct hash head; /* h of seq */
	struct bytes canonical;
};
/* Appends the next operation of the current incarnation (entry->seq must be last_seq + 1) and fsyncs: it is saved. `secret` is
 * the window's, stored when the window is new. */
enum status device_store_append(
	struct device_store *store, const struct outbox_entry *entry, const uint8_t secret[static WINDOW_SECRET_SIZE]);
/* The window's secret; STATUS_NOT_FOUND when no operation of it exists. */
enum status device_store_window(struct device_store *store, int64_t window, uint8_t out_secret[static WINDOW_SECRET_SIZE]);
typedef enum status (*outbox_visit)(void *context, const struct outbox_entry *entry);
/* Entries of the current incarnation with seq > after, ascending; the entry is valid during the call. */
enum status device_store_outbox_each(struct device_store *store, int64_t after, outbox_visit visit, void *context);
/* h of seq (0: genesis); STATUS_NOT_FOUND when it is not kept. */
enum status device_store_outbox_head(struct device_store *store, int64_t seq, struct hash *out_head);
/* STATUS_NOT_FOUND for an incarnation that the outbox never had. */
enum status device_store_knows_incarnation(struct device_store *store, const struct id *incarnation);
/* The incarnation before the current one, with the last operation that was settled under it. STATUS_NOT_FOUND: there was none. */
enum status device_store_previous(struct device_store *store, struct id *out_incarnation, int64_t *out_settled_seq);
struct new_incarnation {
	struct id id;
	int64_t settled_seq; /* of the old one: what came after it becomes 1, 2, … of the new one */
	bool everything;     /* all that is kept becomes 1, 2, …, of whichever incarnation it was; then settled_seq is not looked at */
	const uint8_t (*secrets)[WINDOW_SECRET_SIZE];
	size_t secret_count;
};
typedef struct hash (*outbox_rehead)(void *context, const struct hash *previous, int64_t seq, struct bytes canonical);
/* Operations that were not settled go over in their order and keep their ids (re_sent). All in one transaction. `rehead` computes each
 * new head. STATUS_INVALID: settled_seq is beyond the last, or before the first that is kept. */
enum status device_store_new_incarnation(
	struct device_store *store, const struct new_incarnation *begun, outbox_rehead rehead, void *context);

/* What is kept of operations that the server has acknowledged (keeping.h). */
struct kept_mark {
	struct id epoch; /* nil: there is no mark */
	int64_t gseq;    /* commit by which … */
	int64_t seq;     /* … everything up to this one of the current incarnation, and of former ones, was decided */
	int64_t at_ms;   /* when it was set, by the server's clock */
};
struct kept_state {
	struct kept_mark mark;
	int64_t first_seq; /* the first of the current incarnation that is kept; 1 when there was none yet */
	int64_t former;    /* operations of former incarnations that are kept */
	int64_t bytes;     /* that the outbox takes */
	struct id epoch;   /* of the server, as the outbox last met it; nil: it has met none */
};
enum status device_store_kept(struct device_store *store, struct kept_state *out_kept);
enum status device_store_put_mark(struct device_store *store, const struct kept_mark *mark);
/* Notes the epoch, and forgets the mark. */
enum status device_store_put_epoch(struct device_store *store, const struct id *epoch);
/* Lets go of operations of former incarnations, and of the current one up to `seq`, the oldest first, at most so many; never of the
 * latest, which the next one is chained to. `*out_count`: so many went. */
enum status device_store_let_go(struct device_store *store, int64_t seq, int64_t most, int64_t *out_count);

/* ---- replica ---- */

enum status device_store_begin(struct device_store *store, bool durable);
enum status device_store_commit(struct device_store *store);
void device_store_rollback(struct device_store *store);
/* For many small questions to the replica in a row: storage_hold(), storage_release(). */
bool device_store_hold(struct device_store *store);
void device_store_release(struct device_store *store, bool held);

struct replica_state {
	struct cursor cursor;
	int64_t settled_seq;   /* decisions cut so far */
	int64_t shown_seq;     /* operations whose effects are in the view */
	struct id incarnation; /* the one settled_seq, shown_seq and decided_seq speak of */
	int64_t decided_seq;   /* the server last said that it is decided; not synced before its cut */
};
enum status device_store_replica(struct device_store *store, struct replica_state *out_state);
enum status device_store_put_replica(struct device_store *store, const struct replica_state *state);

/* The view (get and each), valid until device_store_reset_rows(). */
struct records *device_store_records(struct device_store *store);
void device_store_reset_rows(struct device_store *store);

struct device_row {
	struct scope home;
	int64_t gseq;
	struct row_hash hash;
};
enum status device_store_row(struct device_store *store, enum record_kind kind, const struct id *id, struct device_row *out_row);
enum status device_store_put_row(struct device_store *store, enum record_kind kind, const void *row, const struct device_row *meta);
enum status device_store_remove_row(struct device_store *store, enum record_kind kind, const struct id *id);

/* Keeps the row as it stands (or that it is absent) unless a shadow of it is kept already. */
enum status device_store_shadow(struct device_store *store, enum record_kind kind, const struct id *id);
/* Puts every shadowed row back as it was and forgets all shadows. */
enum status device_store_restore_shadows(struct device_store *store);
/* For each shadow: the hash, home of the confirmed row (absent: present = false) and where it is. The store must not be
 * changed meanwhile. */
struct shadow {
	enum record_kind kind;
	struct id id;
	bool present;
	struct device_row row;
};
typedef enum status (*shadow_visit)(void *context, const struct shadow *shadow);
enum status device_store_shadow_each(struct device_store *store, shadow_visit visit, void *context);
enum status device_store_drop_shadows(struct device_store *store);

/* Pages as received, compressed, until their cut; durable with the next durable commit. */
enum status device_store_stage(struct device_store *store, struct bytes page);
enum status device_store_staged_count(struct device_store *store, size_t *out_count);
typedef enum status (*staged_visit)(void *context, struct bytes page);
enum status device_store_staged_each(struct device_store *store, staged_visit visit, void *context);
enum status device_store_clear_staged(struct device_store *store);
/* Where a pull goes on: what the last staged page said. Empty at the start of a pass. In `arena`. */
enum status device_store_resume(struct device_store *store, struct arena *arena, struct bytes *out_resume);
enum status device_store_put_resume(struct device_store *store, struct bytes resume);

/* A repair by range under way, as protocol/sync/repair.c wrote it down; empty: none. In `arena`. */
enum status device_store_repair(struct device_store *store, struct arena *arena, struct bytes *out_repair);
enum status device_store_put_repair(struct device_store *store, struct bytes repair);
/* Ranges as answered, until the cut of their repair. */
enum status device_store_keep_range(struct device_store *store, struct bytes range);
enum status device_store_ranges_each(struct device_store *store, staged_visit visit, void *context);
enum status device_store_clear_ranges(struct device_store *store);

/* When all of it was last compared with what is noted of it (wall time); 0: never. Putting it adds no transaction to an open one. */
enum status device_store_checked_at(struct device_store *store, int64_t *out_at_ms);
enum status device_store_put_checked_at(struct device_store *store, int64_t at_ms);
/* A number that is another one after anything in the replica was written, in whichever transaction. */
int64_t device_store_changes(const struct device_store *store);

/* Scopes held, with the digest of the confirmed rows in them. STATUS_NOT_FOUND for one not held. */
enum status device_store_scope(struct device_store *store, const struct scope *scope, struct digest *out_digest);
enum status device_store_put_scope(struct device_store *store, const struct scope *scope, const struct digest *digest);
enum status device_store_remove_scope(struct device_store *store, const struct scope *scope);
typedef enum status (*scope_visit)(void *context, const struct scope *scope, const struct digest *digest);
enum status device_store_scopes_each(struct device_store *store, scope_visit visit, void *context);

/* Members of job scopes. */
enum status device_store_link(struct device_store *store, const struct scope *scope, enum record_kind kind, const struct id *id);
/* STATUS_NOT_FOUND when it was none. */
enum status device_store_unlink(struct device_store *store, const struct scope *scope, enum record_kind kind, const struct id *id);
/* The scopes that link the row. */
enum status device_store_links_of_row(
	struct device_store *store, enum record_kind kind, const struct id *id, scope_visit visit, void *context);
/* The rows at home in, or linked by, a scope. */
typedef enum status (*row_name_visit)(void *context, enum record_kind kind, const struct id *id);
enum status device_store_rows_of_scope(struct device_store *store, const struct scope *scope, row_name_visit visit, void *context);

/* Are the file's pages and indexes whole? What a row's bytes say is not looked at. STATUS_CORRUPT: the file is damaged in a way that
 * putting rows right does not mend. O(file). */
enum status device_store_verify(struct device_store *store);
/* Rows as they lie in the file, with what is noted of them, in (kind, id) order; the store must not be changed meanwhile. */
typedef enum status (*device_row_visit)(void *context, enum record_kind kind, const void *row, const struct device_row *meta);
enum status device_store_rows_each(struct device_store *store, device_row_visit visit, void *context);
/* The same, beyond (kind, after). */
enum status device_store_rows_beyond(
	struct device_store *store, enum record_kind kind, const struct id *after, device_row_visit visit, void *context);
/* Of the rows at home in, or linked by, a scope: those with ids beyond `before` and up to `last`. Of a row that is linked and not there
 * only the id is set, and `meta` is NULL. */
struct id_span {
	struct id before;
	struct id last;
};
enum status device_store_span_each(
	struct device_store *store, const struct scope *scope, const struct id_span *span, device_row_visit visit, void *context);

/* A fresh replica beside the old one, loaded in any order without secondary indexes; readers see the old one meanwhile. Row,
 * scope, link, shadow, staging and state calls then go to the fresh one. Calling begin again drops what was loaded. */
enum status device_store_seed_begin(struct device_store *store);
bool device_store_seeding(const struct device_store *store);
/* Makes the indexes, syncs, and swaps the fresh replica in by rename. No transaction may be open. */
enum status device_store_seed_finish(struct device_store *store);
/* The part of that which takes long: the indexes, and syncing all of it. Nothing is exchanged yet. */
enum status device_store_seed_ready(struct device_store *store);

/* An incident worth a person's look (digest mismatch, fork, re-seed): kept in the replica's local part. */
enum status device_store_incident(struct device_store *store, int64_t at_ms, const char *what, struct text detail);

const struct references *device_store_references(struct device_store *store);
int64_t device_store_free_bytes(const struct device_store *store);

#endif
