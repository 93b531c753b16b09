/* The device's replica while it is being changed: confirmed rows with their digests, and guesses laid on top of them under
 * shadows. All of it happens in one local transaction of the caller's. */
#ifndef TRUCKROLL_SYNC_REPLICA_H
#define TRUCKROLL_SYNC_REPLICA_H

#include "protocol/sync/bugs.h"
#include "protocol/sync/device_store.h"

struct held_scope {
	struct scope scope;
	struct digest digest; /* of the confirmed rows in it */
	bool changed;
	bool dropped; /* not held any more; its rows go once nothing is pending */
	bool told;    /* the server said what the digest must be when all is applied */
	struct digest wanted;
};

struct replica {
	struct device_store *store;
	struct arena *arena;
	enum seeded_bug bug; /* set by who opened it */
	struct held_scope *scopes;
	size_t scope_count;
	size_t scope_capacity;
	uint32_t *slots; /* place + 1 of a scope, by kind and id; 0: free */
	size_t slot_count;
};

/* Loads the scopes. `arena` must outlive the replica. */
enum status replica_open(struct replica *replica, struct device_store *store, struct arena *arena);
/* Writes changed digests back. */
enum status replica_close(struct replica *replica);

/* NULL when the scope is not held. */
struct held_scope *replica_scope(struct replica *replica, const struct scope *scope);
/* Begins to hold a scope, with those of its rows that jobs held link. What else of it lies here goes first: it is left of an earlier time,
 * or of a job that is not held any more, and nobody said when such a row left the scope. Does nothing when it is held. */
enum status replica_hold(struct replica *replica, const struct scope *scope);
/* What the digest of a scope must be in the end; the latest word counts. A scope that is not held then will not fit. */
void replica_expect(struct replica *replica, const struct scope *scope, const struct digest *wanted);
/* STATUS_CORRUPT naming a scope that is not as the server said. */
enum status replica_check(const struct replica *replica);
/* Stops holding it: its rows stay until replica_purge(). */
void replica_drop(struct replica *replica, const struct scope *scope);

/* Stores or removes (row NULL) a confirmed row and keeps the digests of its home and of the jobs that link it. A row that no held scope
 * contains is removed. */
enum status replica_confirm(struct replica *replica, enum record_kind kind, const struct id *id, const void *row);
/* A held row joins a job's scope, or leaves a scope; a row that no held scope contains then goes. */
enum status replica_link(struct replica *replica, const struct scope *scope, enum record_kind kind, const struct id *id);
enum status replica_leave(struct replica *replica, const struct scope *scope, enum record_kind kind, const struct id *id);

/* Stores or removes a guessed row; the confirmed one is kept as a shadow. */
enum status replica_guess(struct replica *replica, enum record_kind kind, const struct id *id, const void *row);
/* Every guess has been decided as the device computed it: guesses become confirmed rows, shadows go. */
enum status replica_confirm_guesses(struct replica *replica);

/* Counts the digests of all scopes held anew, from what the rows hold. What is noted of a row is put right, and rows that no scope holds
 * go. Guesses must be off. O(rows). */
enum status replica_recount(struct replica *replica);

/* Removes the rows of dropped scopes that nothing else holds. Call only when no operation is pending. */
enum status replica_purge(struct replica *replica);

#endif
