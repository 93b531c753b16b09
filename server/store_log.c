/* The log of operations: what was received, word for word, and what became of it. */
#include "protocol/base/buffer.h"
#include "server/store_inner.h"

enum status server_store_log(struct server_store *store, const struct logged_operation *operation)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_LOG_ADD, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, operation->chain);
	statement_bind_integer(statement, 2, operation->seq);
	statement_bind_id(statement, 3, &operation->id);
	statement_bind_bytes(statement, 4, operation->canonical);
	store_bind_raw(statement, 5, operation->commitment.bytes, HASH_SIZE);
	store_bind_raw(statement, 6, operation->head.bytes, HASH_SIZE);
	statement_bind_integer(statement, 7, operation->gseq);
	statement_bind_integer(statement, 8, operation->received_at_ms);
	statement_bind_integer(statement, 9, operation->outcome);
	if (operation->unlike)
		statement_bind_integer(statement, 10, 1);
	return store_run(statement);
}

static enum status read_logged(struct statement *statement, struct arena *arena, struct logged_operation *out_operation)
{
	struct logged_operation operation = {
		.chain = statement_integer(statement, 0),
		.seq = statement_integer(statement, 1),
		.id = statement_id_column(statement, 2),
		.gseq = statement_integer(statement, 6),
		.received_at_ms = statement_integer(statement, 7),
		.outcome = (enum outcome)statement_integer(statement, 8),
		.unlike = statement_integer(statement, 9) != 0,
	};
	enum status status = store_read_raw(statement, 4, operation.commitment.bytes, HASH_SIZE, "commitment");

	if (status == STATUS_OK)
		status = store_read_raw(statement, 5, operation.head.bytes, HASH_SIZE, "chain head");
	if (status != STATUS_OK)
		return status;
	operation.canonical = arena_copy_bytes(arena, statement_bytes(statement, 3));
	*out_operation = operation;
	return STATUS_OK;
}

enum status server_store_logged(
	struct server_store *store, const struct id *id, struct arena *arena, struct logged_operation *out_operation)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_LOG_GET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, id);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_logged(statement, arena, out_operation);
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "there is no operation %s", id_to_text(id).characters);
	statement_reset(statement);
	return status;
}

/* What the statement asks of one operation of a chain; reset it in any case. STATUS_NOT_FOUND when there is none. */
static enum status look_at_seq(
	struct server_store *store, enum statement_id which, int64_t chain, int64_t seq, struct statement **out_found)
{
	enum status status = statement_get(store->storage, which, out_found);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(*out_found, 1, chain);
	statement_bind_integer(*out_found, 2, seq);
	return statement_step(*out_found);
}

enum status server_store_logged_id(struct server_store *store, int64_t chain, int64_t seq, struct id *out_id)
{
	struct statement *statement = NULL;
	enum status status = look_at_seq(store, STATEMENT_LOG_AT, chain, seq, &statement);

	if (status == STATUS_OK)
		*out_id = statement_id_column(statement, 0);
	statement_reset(statement);
	return status;
}

enum status server_store_logged_head(struct server_store *store, int64_t chain, int64_t seq, struct hash *out_head)
{
	struct statement *statement = NULL;
	enum status status = look_at_seq(store, STATEMENT_LOG_HEAD, chain, seq, &statement);

	if (status == STATUS_OK)
		status = store_read_raw(statement, 0, out_head->bytes, HASH_SIZE, "chain head");
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "chain %lld has no operation %lld", (long long)chain, (long long)seq);
	statement_reset(statement);
	return status;
}

enum status server_store_log_outcome(struct server_store *store, const struct id *id, enum outcome outcome, int64_t gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_LOG_OUTCOME, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, id);
	statement_bind_integer(statement, 2, outcome);
	statement_bind_integer(statement, 3, gseq);
	status = store_run(statement);
	if (status == STATUS_OK && storage_changes(store->storage) == 0)
		return fail(STATUS_NOT_FOUND, "there is no operation %s", id_to_text(id).characters);
	return status;
}

enum status server_store_unlike(struct server_store *store, const struct chain_state *chain, int64_t after, struct arena *arena,
	int64_t **out_seqs, size_t *out_count)
{
	struct writer seqs = writer_in(arena, SIZE_MAX / 4);
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_LOG_UNLIKE, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain->number);
	statement_bind_integer(statement, 2, after);
	statement_bind_integer(statement, 3, chain->last_seq);
	while (statement_next(statement, &status)) {
		int64_t seq = statement_integer(statement, 0);

		write_raw(&seqs, &seq, sizeof(seq));
	}
	statement_reset(statement);
	if (status != STATUS_OK)
		return status;
	*out_seqs = (int64_t *)(void *)seqs.data;
	*out_count = seqs.size / sizeof(int64_t);
	return STATUS_OK;
}
