/* What the files of the device store share. Nobody outside store_*.c includes this. */
#ifndef TRUCKROLL_DEVICE_AGENT_STORE_PARTS_H
#define TRUCKROLL_DEVICE_AGENT_STORE_PARTS_H

#include "device_agent/store.h"

#define SCOPE_CACHE_SIZE 256

struct scope_slot {
	struct scope scope;
	int64_t number; /* 0: empty */
};

/* The view as the core sees it: the store's records, with the indexes of a bare replica made when they are first needed. */
struct store_records {
	struct records records;
	struct device_store *store;
};

struct device_store {
	struct storage *outbox;
	struct storage *replica; /* NULL after a swap that failed half-way */
	struct storage *fresh;   /* while seeding */
	int64_t turns;           /* how often another storage became the current one */
	bool fresh_indexed;
	char *dir;
	char *vfs;
	bool read_only; /* the replica */
	bool bench;
	const struct store_files *files;
	struct arena rows;    /* of the view, until device_store_reset_rows() */
	struct arena scratch; /* of one call */
	struct storage_records stored;
	struct store_records view;
	struct references references;
	/* Scopes by number and numbers by scope of the current replica; emptied when what was interned may be gone. */
	struct scope_slot by_scope[SCOPE_CACHE_SIZE];
	struct scope_slot by_number[SCOPE_CACHE_SIZE];
};

/* The replica that calls go to: the fresh one while seeding. STATUS_CANNOT_WRITE when a failed swap left none. */
enum status device_replica(struct device_store *store, struct storage **out_replica);
enum status device_statement(struct device_store *store, enum statement_id which, struct statement **out_statement);
/* The one number that a statement without parameters gives. */
enum status device_integer(struct device_store *store, enum statement_id which, int64_t *out_number);
/* Runs a statement without parameters to its end. */
enum status device_run(struct device_store *store, enum statement_id which);
/* After an update of the replica's state that succeeded: STATUS_CORRUPT when there was none to update (store_replica.c). */
enum status device_check_stated(struct device_store *store, enum status status);
/* Makes the indexes of a fresh replica; does nothing otherwise. */
enum status device_make_indexes(struct device_store *store);
/* After another storage became the current one. */
void device_turn(struct device_store *store);

/* Numbers of scopes (store_scopes.c). Finding one that was never interned is STATUS_NOT_FOUND. */
enum status device_scope_find(struct device_store *store, const struct scope *scope, int64_t *out_number);
enum status device_scope_make(struct device_store *store, const struct scope *scope, int64_t *out_number);
enum status device_scope_read(struct device_store *store, int64_t number, struct scope *out_scope);
void device_scopes_forget(struct device_store *store);

/* As device_store_put_row() and _remove_row(), with the home by number (store_replica.c). */
enum status device_put(struct device_store *store, const struct schema *schema, const void *row, const struct row_meta *meta);
enum status device_remove(struct device_store *store, const struct schema *schema, const struct id *id);

/* Opens DIR/replica.db (store.c). */
enum status device_open_replica(struct device_store *store, enum storage_mode mode);
/* "DIR/name", NUL-terminated, in scratch. */
const char *device_path(struct device_store *store, const char *name);
/* Removes a database with its companions; 0 or an errno value. */
int device_remove_files(struct device_store *store, const char *name);

/* Keeps others from opening the replica while it is exchanged, or it from being exchanged while it is opened (store_files.c). -1 when the
 * store is not on the system's files. */
enum status swap_lock_take(struct device_store *store, bool exclusive, int *out_descriptor);
void swap_lock_release(int descriptor);

/* The system's files (store_files.c). */
extern const struct store_files device_files_system;

#define RESERVE_FILE "reserve"
/* The disk is full: is there room now that was kept for work? */
bool device_give_up_reserve(struct device_store *store);

#endif
