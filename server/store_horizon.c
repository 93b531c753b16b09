/* Times of commits, and what is forgotten of old ones. */
#include "server/store_inner.h"

enum status server_store_note_time(struct server_store *store, int64_t gseq, int64_t at_ms)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_COMMIT_TIME_NOTE, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, gseq);
	statement_bind_integer(statement, 2, at_ms);
	return store_run(statement);
}

enum status server_store_gseq_before(struct server_store *store, int64_t at_ms, int64_t *out_gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_COMMIT_TIME_BEFORE, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, at_ms);
	status = statement_step(statement);
	if (status == STATUS_OK)
		*out_gseq = statement_integer(statement, 0);
	statement_reset(statement);
	return status;
}

static enum status run_gseq(struct server_store *store, enum statement_id which, int64_t gseq)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, which, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, gseq);
	return store_run(statement);
}

enum status server_store_put_horizon(struct server_store *store, int64_t gseq)
{
	enum status status = run_gseq(store, STATEMENT_META_PUT_HORIZON, gseq);

	return status == STATUS_OK ? run_gseq(store, STATEMENT_COMMIT_TIME_FORGET, gseq) : status;
}

static enum status forget_some(struct server_store *store, enum statement_id which, int64_t gseq, size_t most, size_t *count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, which, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, gseq);
	statement_bind_integer(statement, 2, (int64_t)most);
	status = store_run(statement);
	if (status == STATUS_OK)
		*count += (size_t)storage_changes(store->storage);
	return status;
}

enum status server_store_forget_until(struct server_store *store, int64_t gseq, size_t most, size_t *out_count)
{
	size_t count = 0;
	enum status status = forget_some(store, STATEMENT_LEFT_FORGET_UNTIL, gseq, most, &count);

	if (status == STATUS_OK)
		status = forget_some(store, STATEMENT_GRANT_FORGET_UNTIL, gseq, most, &count);
	if (status == STATUS_OK)
		*out_count = count;
	return status;
}
