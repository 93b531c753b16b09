/* Scopes: small numbers, digests. Hot, therefore in memory; what changed is written once, at commit. */
#include <assert.h>
#include <string.h>

#include "server/store_inner.h"

#define CACHED_SCOPES_MAX 65536

static struct id number_key(int64_t number)
{
	struct id key = { 0 };

	memcpy(key.bytes, &number, sizeof(number));
	return key;
}

void store_scopes_forget(struct server_store *store)
{
	id_map_clear(&store->scopes);
	id_map_clear(&store->scope_numbers);
	arena_reset(&store->scope_arena);
	store->changed_scopes = NULL;
}

static struct cached_scope *cache(struct server_store *store, const struct scope *scope, const struct scope_state *state)
{
	struct id key = number_key(state->number);
	struct cached_scope *cached;

	if (store->scopes.count >= CACHED_SCOPES_MAX && store->changed_scopes == NULL)
		store_scopes_forget(store);
	cached = arena_allocate(&store->scope_arena, sizeof(*cached));
	*cached = (struct cached_scope){ .scope = *scope, .state = *state };
	id_map_put(&store->scopes, scope->kind, &scope->id, cached);
	id_map_put(&store->scope_numbers, 0, &key, cached);
	return cached;
}

/* Takes the one row of a stepping statement into the cache, and resets the statement. */
static enum status take(struct server_store *store, struct statement *statement, struct cached_scope **out_cached)
{
	uint8_t sum[ROW_HASH_SIZE];
	enum status status = statement_step(statement);

	if (status == STATUS_OK)
		status = store_read_raw(statement, 4, sum, sizeof(sum), "scope's digest");
	if (status == STATUS_OK) {
		struct scope scope = { .kind = (enum scope_kind)statement_integer(statement, 1), .id = statement_id_column(statement, 2) };
		struct scope_state state = { .number = statement_integer(statement, 0),
			.digest = { .count = statement_integer(statement, 3), .sum = row_hash_from_bytes(sum) },
			.gseq = statement_integer(statement, 5) };

		*out_cached = cache(store, &scope, &state);
	}
	statement_reset(statement);
	return status;
}

static enum status find(struct server_store *store, const struct scope *scope, struct cached_scope **out_cached)
{
	struct cached_scope *cached = id_map_find(&store->scopes, scope->kind, &scope->id);
	struct statement *statement = NULL;
	enum status status;

	if (cached != NULL) {
		*out_cached = cached;
		return STATUS_OK;
	}
	status = statement_get(store->storage, STATEMENT_SCOPE_FIND, &statement);
	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, scope->kind);
	statement_bind_id(statement, 2, &scope->id);
	return take(store, statement, out_cached);
}

static enum status find_number(struct server_store *store, int64_t number, struct cached_scope **out_cached)
{
	struct id key = number_key(number);
	struct cached_scope *cached = id_map_find(&store->scope_numbers, 0, &key);
	struct statement *statement = NULL;
	enum status status;

	if (cached != NULL) {
		*out_cached = cached;
		return STATUS_OK;
	}
	status = statement_get(store->storage, STATEMENT_SCOPE_BY_NUMBER, &statement);
	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, number);
	return take(store, statement, out_cached);
}

static enum status add(struct server_store *store, const struct scope *scope, struct scope_state *out_state)
{
	static const uint8_t no_sum[ROW_HASH_SIZE];
	struct scope_state state = { 0 };
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_SCOPE_ADD, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, scope->kind);
	statement_bind_id(statement, 2, &scope->id);
	store_bind_raw(statement, 3, no_sum, sizeof(no_sum));
	status = statement_step(statement);
	if (status == STATUS_OK) {
		state.number = statement_integer(statement, 0);
		status = statement_run(statement);
	}
	statement_reset(statement);
	if (status == STATUS_OK)
		*out_state = cache(store, scope, &state)->state;
	return status;
}

enum status server_store_scope(struct server_store *store, const struct scope *scope, struct scope_state *out_state)
{
	struct cached_scope *cached = NULL;
	enum status status = find(store, scope, &cached);

	if (status == STATUS_NOT_FOUND && storage_in_transaction(store->storage))
		return add(store, scope, out_state);
	if (status == STATUS_NOT_FOUND) {
		/* A reader makes nothing: a scope never used is empty, and no row is at home in number 0. */
		*out_state = (struct scope_state){ 0 };
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		*out_state = cached->state;
	return status;
}

enum status server_store_look_scope(struct server_store *store, const struct scope *scope, struct scope_state *out_state)
{
	struct cached_scope *cached = NULL;
	enum status status = find(store, scope, &cached);

	if (status == STATUS_OK)
		*out_state = cached->state;
	return status;
}

enum status server_store_scope_by_number(struct server_store *store, int64_t number, struct scope *out_scope, struct scope_state *out_state)
{
	struct cached_scope *cached = NULL;
	enum status status = find_number(store, number, &cached);

	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_NOT_FOUND, "there is no scope number %lld", (long long)number);
	if (status != STATUS_OK)
		return status;
	*out_scope = cached->scope;
	*out_state = cached->state;
	return STATUS_OK;
}

enum status server_store_put_scope(struct server_store *store, const struct scope_state *state)
{
	struct cached_scope *cached = NULL;
	enum status status;

	assert(storage_in_transaction(store->storage));
	status = find_number(store, state->number, &cached);
	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_NOT_FOUND, "there is no scope number %lld", (long long)state->number);
	if (status != STATUS_OK)
		return status;
	cached->state = *state;
	if (!cached->changed) {
		cached->changed = true;
		cached->next_changed = store->changed_scopes;
		store->changed_scopes = cached;
	}
	return STATUS_OK;
}

static enum status write_one(struct server_store *store, const struct scope_state *state)
{
	uint8_t sum[ROW_HASH_SIZE];
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_SCOPE_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	row_hash_to_bytes(state->digest.sum, sum);
	statement_bind_integer(statement, 1, state->number);
	statement_bind_integer(statement, 2, state->digest.count);
	store_bind_raw(statement, 3, sum, sizeof(sum));
	statement_bind_integer(statement, 4, state->gseq);
	return store_run(statement);
}

enum status store_scopes_flush(struct server_store *store)
{
	while (store->changed_scopes != NULL) {
		struct cached_scope *cached = store->changed_scopes;
		enum status status = write_one(store, &cached->state);

		if (status != STATUS_OK)
			return status;
		store->changed_scopes = cached->next_changed;
		cached->changed = false;
	}
	return STATUS_OK;
}
