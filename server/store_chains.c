/* Chains of operations: where each incarnation of a device stands, its salt secrets and signed heads. */
#include <sodium.h>

#include "server/store_inner.h"

/* The columns of chain_find and chain_by_number. */
static enum status read_chain(struct statement *statement, struct chain_state *out_chain)
{
	struct chain_state chain = {
		.number = statement_integer(statement, 0),
		.device = statement_id_column(statement, 1),
		.incarnation = statement_id_column(statement, 2),
		.last_seq = statement_integer(statement, 3),
		.last_gseq = statement_integer(statement, 5),
		.shared_seq = statement_integer(statement, 7),
		.forked_seq = statement_integer(statement, 8),
	};
	enum status status = store_read_raw(statement, 4, chain.last_hash.bytes, HASH_SIZE, "chain head");

	if (status == STATUS_OK && !statement_is_null(statement, 6))
		chain.previous = statement_id_column(statement, 6);
	if (status == STATUS_OK)
		*out_chain = chain;
	return status;
}

enum status server_store_chain(
	struct server_store *store, const struct id *device, const struct id *incarnation, struct chain_state *out_chain)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_FIND, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_id(statement, 2, incarnation);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_chain(statement, out_chain);
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "device %s never sent anything under incarnation %s", id_to_text(device).characters,
			id_to_text(incarnation).characters);
	statement_reset(statement);
	return status;
}

enum status server_store_latest_chain(struct server_store *store, const struct id *device, struct chain_state *out_chain)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_LATEST, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_chain(statement, out_chain);
	statement_reset(statement);
	return status;
}

enum status server_store_chain_by_number(struct server_store *store, int64_t number, struct chain_state *out_chain)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_BY_NUMBER, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, number);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_chain(statement, out_chain);
	statement_reset(statement);
	return status;
}

enum status server_store_add_chain(struct server_store *store, const struct id *device, const struct id *incarnation,
	const struct hash *genesis, int64_t begun_at_ms, struct chain_state *out_chain)
{
	struct chain_state chain = { .device = *device, .incarnation = *incarnation, .last_hash = *genesis };
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_ADD, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_id(statement, 2, incarnation);
	store_bind_raw(statement, 3, genesis->bytes, HASH_SIZE);
	statement_bind_integer(statement, 4, begun_at_ms);
	status = statement_step(statement);
	if (status == STATUS_OK) {
		chain.number = statement_integer(statement, 0);
		status = statement_run(statement);
	}
	statement_reset(statement);
	if (status == STATUS_OK)
		*out_chain = chain;
	return status;
}

enum status server_store_chains_begun(
	struct server_store *store, const struct id *device, int64_t from_ms, int64_t until_ms, int64_t *out_count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAINS_BEGUN, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_integer(statement, 2, from_ms);
	statement_bind_integer(statement, 3, until_ms);
	status = statement_step(statement);
	if (status == STATUS_OK)
		*out_count = statement_integer(statement, 0);
	statement_reset(statement);
	return status;
}

enum status server_store_put_chain(struct server_store *store, const struct chain_state *chain)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain->number);
	statement_bind_integer(statement, 2, chain->last_seq);
	store_bind_raw(statement, 3, chain->last_hash.bytes, HASH_SIZE);
	statement_bind_integer(statement, 4, chain->last_gseq);
	return store_run(statement);
}

enum status server_store_begin_anew(struct server_store *store, const struct chain_state *chain, int64_t gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_BEGIN_ANEW, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain->number);
	statement_bind_id(statement, 2, &chain->previous);
	statement_bind_integer(statement, 3, chain->shared_seq);
	statement_bind_integer(statement, 4, gseq);
	return store_run(statement);
}

enum status server_store_put_fork(struct server_store *store, const struct chain_state *chain)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_FORK, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain->number);
	statement_bind_integer(statement, 2, chain->forked_seq);
	return store_run(statement);
}

enum status server_store_goes_on_elsewhere(
	struct server_store *store, const struct id *device, const struct id *incarnation, int64_t gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_AFTER, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_id(statement, 2, incarnation);
	statement_bind_integer(statement, 3, gseq);
	status = statement_step(statement);
	statement_reset(statement);
	return status;
}

enum status server_store_window(struct server_store *store, int64_t chain, int64_t window, uint8_t out_secret[static WINDOW_SECRET_SIZE])
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_WINDOW_GET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain);
	statement_bind_integer(statement, 2, window);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = store_read_raw(statement, 0, out_secret, WINDOW_SECRET_SIZE, "salt secret");
	statement_reset(statement);
	return status;
}

static enum status check_window(struct server_store *store, int64_t chain, int64_t window, const uint8_t secret[static WINDOW_SECRET_SIZE])
{
	uint8_t known[WINDOW_SECRET_SIZE];
	enum status status = server_store_window(store, chain, window, known);

	if (status == STATUS_OK && sodium_memcmp(known, secret, sizeof(known)) != 0)
		status = fail(STATUS_CORRUPT, "window %lld of chain %lld came with another secret than before", (long long)window,
			(long long)chain);
	return status;
}

enum status server_store_put_window(
	struct server_store *store, int64_t chain, int64_t window, const uint8_t secret[static WINDOW_SECRET_SIZE])
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_WINDOW_ADD, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain);
	statement_bind_integer(statement, 2, window);
	store_bind_raw(statement, 3, secret, WINDOW_SECRET_SIZE);
	status = store_run(statement);
	if (status == STATUS_OK && storage_changes(store->storage) == 0)
		return check_window(store, chain, window, secret);
	return status;
}

enum status server_store_put_signature(
	struct server_store *store, int64_t chain, int64_t seq, const uint8_t signature[static SIGNATURE_SIZE])
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_SIGNATURE_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain);
	statement_bind_integer(statement, 2, seq);
	store_bind_raw(statement, 3, signature, SIGNATURE_SIZE);
	return store_run(statement);
}
