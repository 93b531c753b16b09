/* The server's store: opening, transactions, the organisation. Rows, scopes, members, chains, the log and devices have
 * files of their own. */
#include "protocol/sync/server_store.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"
#include "server/store_inner.h"

enum status server_store_open(const struct server_store_options *options, struct server_store **out_store)
{
	struct storage_options storage_options = {
		.path = options->path, .kind = STORAGE_SERVER, .mode = options->mode, .vfs = options->vfs, .bench = options->bench
	};
	struct server_store *store = memory_zeroed(1, sizeof(*store));
	struct server_state state;
	enum status status;

	status = storage_open(&storage_options, &store->storage);
	if (status != STATUS_OK) {
		server_store_close(store);
		return status;
	}
	store_rows_init(store);
	store_references_init(store);
	store->opened_gseq = server_store_state(store, &state) == STATUS_OK ? state.gseq : INT64_MAX;
	*out_store = store;
	return STATUS_OK;
}

void server_store_close(struct server_store *store)
{
	if (store == NULL)
		return;
	storage_close(store->storage);
	id_map_finish(&store->rows);
	id_map_finish(&store->scopes);
	id_map_finish(&store->scope_numbers);
	arena_finish(&store->row_arena);
	arena_finish(&store->scope_arena);
	free(store);
}

struct storage *server_store_storage(struct server_store *store)
{
	return store->storage;
}

enum status server_store_begin(struct server_store *store)
{
	return storage_begin(store->storage, true);
}

enum status server_store_begin_read(struct server_store *store)
{
	return storage_begin_read(store->storage);
}

bool server_store_hold(struct server_store *store)
{
	return storage_hold(store->storage);
}

void server_store_release(struct server_store *store, bool held)
{
	storage_release(store->storage, held);
}

/* What memory holds of a transaction that never was. */
static void forget(struct server_store *store)
{
	store_rows_forget(store);
	store_scopes_forget(store);
}

enum status server_store_commit(struct server_store *store)
{
	enum status status = store_scopes_flush(store);

	if (status == STATUS_OK)
		status = storage_commit(store->storage);
	if (status != STATUS_OK) {
		forget(store);
		storage_rollback(store->storage);
	}
	return status;
}

void server_store_rollback(struct server_store *store)
{
	if (storage_in_transaction(store->storage))
		forget(store);
	storage_rollback(store->storage);
}

enum status server_store_mark(struct server_store *store)
{
	enum status status = store_scopes_flush(store); /* so that forgetting them at a rewind loses none */

	return status == STATUS_OK ? storage_mark(store->storage) : status;
}

enum status server_store_unmark(struct server_store *store)
{
	return storage_unmark(store->storage);
}

enum status server_store_rewind(struct server_store *store)
{
	forget(store);
	return storage_rewind(store->storage);
}

enum status store_run(struct statement *statement)
{
	enum status status = statement_run(statement);

	statement_reset(statement);
	return status;
}

void store_bind_raw(struct statement *statement, int parameter, const uint8_t *data, size_t size)
{
	statement_bind_bytes(statement, parameter, (struct bytes){ .data = data, .size = size });
}

enum status store_read_raw(struct statement *statement, int column, uint8_t *out_data, size_t size, const char *what)
{
	struct bytes bytes = statement_bytes(statement, column);

	if (bytes.size != size)
		return fail(STATUS_CORRUPT, "the server's store holds a %s of %zu bytes instead of %zu; restore the "
		"newest backup (truckrolld restore)", what,
			bytes.size, size);
	memcpy(out_data, bytes.data, size);
	return STATUS_OK;
}

/* ---- the organisation ---- */

static enum status put_meta(struct server_store *store, const struct server_state *state)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_META_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, &state->organisation);
	statement_bind_id(statement, 2, &state->epoch);
	statement_bind_integer(statement, 3, state->gseq);
	return store_run(statement);
}

enum status server_store_init_organisation(struct server_store *store, const struct id *organisation, const struct id *epoch)
{
	struct server_state state = { 0 };
	bool own = !storage_in_transaction(store->storage);
	enum status status = own ? server_store_begin(store) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	status = server_store_state(store, &state);
	if (status == STATUS_OK && !id_equal(&state.organisation, organisation))
		status = fail(STATUS_REFUSED, "this store belongs to organisation %s; use another folder",
			id_to_text(&state.organisation).characters);
	else if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	state.organisation = *organisation;
	state.epoch = *epoch;
	if (status == STATUS_OK)
		status = put_meta(store, &state);
	if (own && status == STATUS_OK)
		return server_store_commit(store);
	if (own)
		server_store_rollback(store);
	return status;
}

enum status server_store_state(struct server_store *store, struct server_state *out_state)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_META_GET, &statement);

	if (status != STATUS_OK)
		return status;
	status = statement_step(statement);
	if (status == STATUS_OK)
		*out_state = (struct server_state){ .organisation = statement_id_column(statement, 0),
			.epoch = statement_id_column(statement, 1),
			.gseq = statement_integer(statement, 2),
			.horizon = statement_integer(statement, 3),
			.backup_gseq = statement_integer(statement, 4),
			.backup_at_ms = statement_integer(statement, 5) };
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "this store has no organisation yet; run \"truckrolld init\"");
	statement_reset(statement);
	return status;
}

enum status server_store_put_gseq(struct server_store *store, int64_t gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_META_PUT_GSEQ, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, gseq);
	return store_run(statement);
}

enum status server_store_put_backup(struct server_store *store, int64_t gseq, int64_t at_ms)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_META_PUT_BACKUP, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, gseq);
	statement_bind_integer(statement, 2, at_ms);
	return store_run(statement);
}
