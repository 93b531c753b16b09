/* One commit of the server: its number, the scopes it touches with their digests, and the jobs it must look at again. */
#ifndef TRUCKROLL_SYNC_COMMIT_H
#define TRUCKROLL_SYNC_COMMIT_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/change_ring.h"
#include "protocol/sync/server_store.h"

struct touched_scope {
	struct scope_state state;
	uint64_t saved_at; /* the latest mark that it was saved for */
};

/* As it was at the mark. */
struct saved_scope {
	size_t place;
	struct scope_state state;
};

struct commit {
	struct server_store *store;
	struct arena *arena; /* for the life of the commit */
	int64_t gseq;        /* of this commit */
	int64_t now_ms;      /* the server's clock; 0: nothing is too old */
	enum seeded_bug bug;
	struct change_ring *ring;   /* told what changes; may be NULL */
	struct touched_scope *scopes; /* written back by commit_close() */
	size_t scope_count;
	size_t scope_capacity;
	uint32_t *slots; /* position + 1 of a scope; 0: free */
	size_t slot_count;
	uint64_t slots_looked_at; /* what finding scopes has cost */
	struct id *devices;       /* with news that no scope tells: operations decided, grants changed */
	size_t device_count;
	size_t device_capacity;
	struct id *jobs; /* work orders whose closure must be walked again */
	size_t job_count;
	size_t job_capacity;
	size_t overfull_count; /* jobs that have more rows than a device is given, */
	struct id overfull;    /* and the last of them */
	/* As of the latest commit_mark(): what is touched again is saved first. */
	uint64_t mark; /* its number, from 1 */
	struct saved_scope *saved;
	size_t saved_count;
	size_t saved_capacity;
	uint64_t saved_ever; /* what marks have cost */
	size_t marked_scope_count;
	size_t marked_device_count;
	size_t marked_job_count;
};

/* `gseq` is the organisation's latest + 1. The store's transaction is open. */
void commit_init(struct commit *commit, struct server_store *store, struct change_ring *ring, struct arena *arena, int64_t gseq);

/* The state of a scope as this commit has it; made when new. Valid until the next call. O(1), however many it has touched. */
enum status commit_scope(struct commit *commit, const struct scope *scope, struct scope_state **out_state);
enum status commit_scope_by_number(struct commit *commit, int64_t number, struct scope_state **out_state);
/* The same, but makes none: NULL when there is no such scope. */
enum status commit_look_scope(struct commit *commit, const struct scope *scope, struct scope_state **out_state);

/* Marks the scope of that number as changed by this commit and adjusts its digest; a hash may be NULL on either side. Adds the store's
 * statuses. */
enum status commit_adjust(struct commit *commit, int64_t scope, const struct row_hash *removed, const struct row_hash *added);

/* Remembers that there is news for a device beside that of its scopes. */
void commit_note_device(struct commit *commit, const struct id *device);

/* Remembers a work order whose job must be walked again before the commit closes. */
void commit_note_job(struct commit *commit, const struct id *work_order);
/* Remembers that a job has more rows than a device is given. */
void commit_note_overfull(struct commit *commit, const struct id *work_order);
/* Puts the work orders remembered in order of their ids, each once. O(n log n). */
void commit_sort_jobs(struct commit *commit);

/* The store's mark and what the commit itself holds, together: see server_store_mark(). The ring is not rewound: what it remembers of
 * changes that never were makes patches wider, never wrong. commit_mark(): O(1); commit_rewind(): O(scopes touched since). */
enum status commit_mark(struct commit *commit);
enum status commit_unmark(struct commit *commit);
enum status commit_rewind(struct commit *commit);

/* Writes the scopes that changed, and gseq. Call once, last. */
enum status commit_close(struct commit *commit);

#endif
