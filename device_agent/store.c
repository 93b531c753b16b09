/* Opening and closing the device's two files. */
#include "device_agent/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "device_agent/reserve.h"
#include "device_agent/store_parts.h"
#include "protocol/base/memory.h"
#include "protocol/wire/record_codec.h"

static const char *const companions[] = { "", "-wal", "-shm", "-journal" };

static char *copy_string(const char *string)
{
	return memory_copy(string, strlen(string) + 1);
}

const char *device_path(struct device_store *store, const char *name)
{
	return arena_print(&store->scratch, "%s/%s", store->dir, name).data;
}

int device_remove_files(struct device_store *store, const char *name)
{
	/* The database first: its log means nothing without it, but it may mean everything to it. */
	for (size_t i = 0; i < LENGTH(companions); i++) {
		struct text path = arena_print(&store->scratch, "%s/%s%s", store->dir, name, companions[i]);
		int error = store->files->remove(store->files->context, path.data);
		if (error != 0)
			return error;
	}
	return 0;
}

static enum status open_outbox(struct device_store *store, const struct device_store_options *options)
{
	struct storage_options outbox = { .path = device_path(store, "outbox.db"), .kind = STORAGE_OUTBOX, .vfs = store->vfs };

	outbox.mode = options->read_only ? STORAGE_READ : options->create ? STORAGE_CREATE : STORAGE_OWN;
	return storage_open(&outbox, &store->outbox);
}

/* The device and its first incarnation, in an outbox that has none yet. */
static enum status name_device(struct device_store *store, const struct device_store_options *options)
{
	struct statement *incarnation = NULL, *meta = NULL;
	enum status status = storage_begin(store->outbox, true);

	if (status != STATUS_OK)
		return status;
	status = statement_get(store->outbox, STATEMENT_OUTBOX_INCARNATION_PUT, &incarnation);
	if (status == STATUS_OK) {
		statement_bind_id(incarnation, 1, &options->incarnation);
		status = statement_step(incarnation);
	}
	if (status == STATUS_OK)
		status = statement_get(store->outbox, STATEMENT_OUTBOX_META_PUT, &meta);
	if (status == STATUS_OK) {
		statement_bind_id(meta, 1, &options->device);
		statement_bind_integer(meta, 2, statement_integer(incarnation, 0));
		status = statement_run(meta);
	}
	statement_reset(meta);
	statement_reset(incarnation);
	if (status == STATUS_OK)
		return storage_commit(store->outbox);
	storage_rollback(store->outbox);
	return status;
}

/* An outbox that belongs to nobody is a new one, or has lost what it was. */
static enum status check_nobodys(struct device_store *store)
{
	enum status status = storage_verify(store->outbox);

	return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

static enum status check_device(struct device_store *store, const struct device_store_options *options)
{
	struct outbox_state state;
	enum status status = device_store_outbox(store, &state);

	if (status == STATUS_NOT_FOUND)
		status = check_nobodys(store);
	if (status == STATUS_NOT_FOUND && options->create)
		return name_device(store, options);
	if (status == STATUS_NOT_FOUND)
		return fail(
			STATUS_NOT_FOUND, "%s/outbox.db belongs to no device yet: enrolment was not finished; run it again", store->dir);
	if (status == STATUS_OK && options->create && !id_equal(&state.device, &options->device))
		return fail(STATUS_REFUSED, "%s already holds device %s; choose another folder", store->dir,
			id_to_text(&state.device).characters);
	return status;
}

enum status device_open_replica(struct device_store *store, enum storage_mode mode)
{
	struct storage_options replica = {
		.path = device_path(store, "replica.db"), .kind = STORAGE_REPLICA, .mode = mode, .vfs = store->vfs, .bench = store->bench,
		.adopt = record_adopt
	};
	int lock = -1;
	enum status status = STATUS_OK;

	if (mode == STORAGE_READ)
		status = swap_lock_take(store, false, &lock);
	if (status == STATUS_OK)
		status = storage_open(&replica, &store->replica);
	swap_lock_release(lock);
	return status;
}

/* What is needed before the replica is opened by its owner. */
static enum status clear_old(struct device_store *store, const struct device_store_options *options)
{
	int error = device_remove_files(store, "replica.new");

	if (error == 0 && options->fresh_replica)
		error = device_remove_files(store, "replica.db");
	if (error != 0)
		return fail(STATUS_CANNOT_WRITE, "files in %s cannot be removed (%s); check its rights", store->dir, error_to_text(error));
	return STATUS_OK;
}

static enum status open_files(struct device_store *store, const struct device_store_options *options)
{
	enum status status = open_outbox(store, options);

	if (status == STATUS_OK)
		status = check_device(store, options);
	if (status == STATUS_OK && !store->read_only)
		status = clear_old(store, options);
	if (status == STATUS_OK)
		status = device_open_replica(store, store->read_only ? STORAGE_READ : STORAGE_CREATE);
	return status;
}

static enum status open_with_reserve(struct device_store *store, const struct device_store_options *options)
{
	enum status status = open_files(store, options);

	if (status != STATUS_CANNOT_WRITE || store->read_only || !device_give_up_reserve(store))
		return status;
	storage_close(store->replica);
	storage_close(store->outbox);
	store->replica = store->outbox = NULL;
	return open_files(store, options);
}

bool device_give_up_reserve(struct device_store *store)
{
	return store->vfs == NULL && !(store->outbox != NULL && storage_unsynced(store->outbox)) &&
	       reserve_give_up(device_path(store, RESERVE_FILE));
}

enum status device_store_open(const char *dir, const struct device_store_options *options, struct device_store **out_store)
{
	struct device_store *store = memory_zeroed(1, sizeof(*store));
	enum status status;

	assert(!((options->read_only || options->beside) && (options->create || options->fresh_replica)));
	assert(options->vfs == NULL || options->files != NULL || options->read_only);
	store->dir = copy_string(dir);
	store->vfs = options->vfs == NULL ? NULL : copy_string(options->vfs);
	store->read_only = options->read_only || options->beside;
	store->bench = options->bench;
	store->files = options->files == NULL ? &device_files_system : options->files;
	status = open_with_reserve(store, options);
	if (status == STATUS_OK && !store->read_only && store->vfs == NULL)
		reserve_keep(device_path(store, RESERVE_FILE));
	arena_reset(&store->scratch);
	if (status != STATUS_OK) {
		device_store_close(store);
		return status;
	}
	device_turn(store);
	*out_store = store;
	return STATUS_OK;
}

void device_store_close(struct device_store *store)
{
	if (store == NULL)
		return;
	if (store->fresh != NULL) {
		storage_close(store->fresh);
		(void)device_remove_files(store, "replica.new"); /* else the next owner does */
	}
	storage_close(store->replica);
	storage_close(store->outbox);
	arena_finish(&store->rows);
	arena_finish(&store->scratch);
	free(store->vfs);
	free(store->dir);
	free(store);
}

void device_store_fold(struct device_store *store)
{
	storage_fold(store->outbox);
}

bool device_store_unsynced(const struct device_store *store)
{
	return storage_unsynced(store->outbox) || (store->replica != NULL && storage_unsynced(store->replica)) ||
	       (store->fresh != NULL && storage_unsynced(store->fresh));
}

void device_store_set_unsynced(struct device_store *store)
{
	storage_set_unsynced(store->outbox);
}

/* The moment is that of the first question: so each is asked one. What the replica knows to be settled is in the outbox then. */
enum status device_store_begin_read(struct device_store *store)
{
	struct replica_state replica;
	struct outbox_state outbox;
	enum status status = storage_settle(store->replica);

	if (status == STATUS_OK)
		status = storage_settle(store->outbox);
	if (status == STATUS_OK)
		status = storage_begin_read(store->replica);
	if (status == STATUS_OK)
		status = device_store_replica(store, &replica);
	if (status == STATUS_OK)
		status = storage_begin_read(store->outbox);
	if (status == STATUS_OK)
		status = device_store_outbox(store, &outbox);
	if (status != STATUS_OK)
		device_store_end_read(store);
	return status;
}

void device_store_end_read(struct device_store *store)
{
	storage_rollback(store->outbox);
	storage_rollback(store->replica);
}

struct storage *device_store_replica_storage(struct device_store *store)
{
	return store->fresh != NULL ? store->fresh : store->replica;
}

struct storage *device_store_outbox_storage(struct device_store *store)
{
	return store->outbox;
}

enum status device_replica(struct device_store *store, struct storage **out_replica)
{
	*out_replica = device_store_replica_storage(store);
	if (*out_replica == NULL)
		return fail(
			STATUS_CANNOT_WRITE, "%s/replica.db could not be exchanged and is not open; start the program again", store->dir);
	return STATUS_OK;
}

enum status device_statement(struct device_store *store, enum statement_id which, struct statement **out_statement)
{
	struct storage *replica;
	enum status status = device_replica(store, &replica);

	return status == STATUS_OK ? statement_get(replica, which, out_statement) : status;
}

enum status device_integer(struct device_store *store, enum statement_id which, int64_t *out_number)
{
	struct statement *read = NULL;
	enum status status = device_statement(store, which, &read);

	if (status == STATUS_OK)
		status = statement_step(read);
	if (status == STATUS_OK)
		*out_number = statement_integer(read, 0);
	statement_reset(read);
	return status;
}

enum status device_run(struct device_store *store, enum statement_id which)
{
	struct statement *statement = NULL;
	enum status status = device_statement(store, which, &statement);

	if (status == STATUS_OK)
		status = statement_run(statement);
	statement_reset(statement);
	return status;
}

int64_t device_store_free_bytes(const struct device_store *store)
{
	return storage_free_bytes(store->outbox);
}
