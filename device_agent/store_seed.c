/* Seeding: a fresh replica is loaded beside the old one and takes its place by rename. */
#include <assert.h>

#include "device_agent/store_parts.h"

static enum status files_fail(struct device_store *store, int error)
{
	return fail(STATUS_CANNOT_WRITE, "%s/replica.db could not be exchanged (%s); check the disk and the rights of its folder",
		store->dir, error_to_text(error));
}

bool device_store_seeding(const struct device_store *store)
{
	return store->fresh != NULL;
}

enum status device_store_seed_begin(struct device_store *store)
{
	struct storage_options options = {
		.kind = STORAGE_REPLICA, .mode = STORAGE_CREATE, .vfs = store->vfs, .bench = store->bench, .bare = true
	};
	enum status status;
	int error;

	assert(!store->read_only);
	if (store->fresh != NULL)
		storage_close(store->fresh);
	store->fresh = NULL;
	error = device_remove_files(store, "replica.new");
	if (error != 0) {
		status = files_fail(store, error);
	} else {
		options.path = device_path(store, "replica.new");
		status = storage_open(&options, &store->fresh);
	}
	arena_reset(&store->scratch);
	device_turn(store);
	return status;
}

enum status device_make_indexes(struct device_store *store)
{
	enum status status;

	if (store->fresh == NULL || store->fresh_indexed)
		return STATUS_OK;
	status = storage_finish_bulk(store->fresh);
	store->fresh_indexed = status == STATUS_OK;
	return status;
}

/* The files of the old replica's log must be gone before the new one takes the name: SQLite would read them as the new one's.
 * So the old one is made whole without them first, and a crash at any point leaves one whole file under the name. */
static int exchange(struct device_store *store)
{
	const struct store_files *files = store->files;
	const char *fresh = device_path(store, "replica.new");
	const char *current = device_path(store, "replica.db");
	int error = files->remove(files->context, device_path(store, "replica.new-wal"));

	if (error == 0)
		error = files->remove(files->context, device_path(store, "replica.new-shm"));
	if (error == 0)
		error = files->remove(files->context, device_path(store, "replica.db-wal"));
	if (error == 0)
		error = files->remove(files->context, device_path(store, "replica.db-shm"));
	if (error == 0)
		error = files->sync_directory(files->context, store->dir);
	if (error == 0)
		error = files->rename(files->context, fresh, current);
	if (error == 0)
		error = files->sync_directory(files->context, store->dir);
	return error;
}

/* Both files closed, exchanged, and whatever has the name now opened again. */
static enum status swap(struct device_store *store)
{
	enum status status;
	int error;

	storage_close(store->fresh);
	storage_close(store->replica);
	store->fresh = NULL;
	store->replica = NULL;
	error = exchange(store);
	status = device_open_replica(store, STORAGE_CREATE);
	return error != 0 ? files_fail(store, error) : status;
}

static enum status carry_incident(struct device_store *store, struct statement *row)
{
	struct statement *carry = NULL;
	enum status status = statement_get(store->fresh, STATEMENT_REPLICA_INCIDENT_CARRY, &carry);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(carry, 1, statement_integer(row, 0));
	statement_bind_text(carry, 2, statement_text(row, 1));
	statement_bind_text(carry, 3, statement_text(row, 2));
	status = statement_run(carry);
	statement_reset(carry);
	return status;
}

/* What was found wrong with this device is not in any row of the server's. It may have been carried before, to a seed that could not be
 * finished then. */
static enum status carry_incidents(struct device_store *store)
{
	struct statement *each = NULL;
	enum status status = statement_get(store->replica, STATEMENT_REPLICA_INCIDENTS_ALL, &each);

	if (status == STATUS_OK)
		status = device_store_begin(store, true);
	if (status != STATUS_OK)
		return status;
	while (statement_next(each, &status))
		status = carry_incident(store, each);
	statement_reset(each);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

enum status device_store_seed_ready(struct device_store *store)
{
	enum status status;

	assert(store->fresh != NULL && !storage_in_transaction(store->fresh));
	status = device_make_indexes(store);
	return status == STATUS_OK ? storage_checkpoint(store->fresh) : status;
}

enum status device_store_seed_finish(struct device_store *store)
{
	int lock = -1;
	enum status status = device_store_seed_ready(store);

	if (status == STATUS_OK)
		status = swap_lock_take(store, true, &lock);
	if (status == STATUS_OK)
		status = storage_checkpoint(store->replica); /* busy while a reader holds on: the seed stays, to be finished later */
	if (status == STATUS_OK)
		status = carry_incidents(store);
	if (status == STATUS_OK)
		status = storage_checkpoint(store->fresh);
	if (status == STATUS_OK) {
		status = swap(store);
		device_turn(store);
	}
	swap_lock_release(lock);
	arena_reset(&store->scratch);
	return status;
}
