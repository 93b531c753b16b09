/* What people decided of parked operations; the log keeps what was received. */
#include "protocol/domain/operation.h"
#include "protocol/domain/rule.h"
#include "protocol/sync/parked.h"
#include "server/store_inner.h"

/* Of an EDIT that the first release set aside for the same reason, under the rule "not_allowed". */
#define EARLIER_DETAIL "role=device;reason=not_remembered"

enum status server_store_put_parked_decision(struct server_store *store, const struct id *operation, enum parked_decision decision,
	struct bytes canonical, struct text reason, int64_t now_ms)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_PARKED_DECISION_ADD, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, operation);
	statement_bind_integer(statement, 2, decision);
	if (canonical.size > 0)
		statement_bind_bytes(statement, 3, canonical);
	statement_bind_text(statement, 4, reason);
	statement_bind_integer(statement, 5, now_ms);
	return store_run(statement);
}

enum status server_store_corrected(
	struct server_store *store, const struct id *operation, struct arena *arena, struct bytes *out_canonical)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_PARKED_CORRECTED, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, operation);
	status = statement_step(statement);
	if (status == STATUS_OK)
		*out_canonical = arena_copy_bytes(arena, statement_bytes(statement, 0));
	statement_reset(statement);
	return status;
}

enum status server_store_end_forks(struct server_store *store, const struct id *device)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_CHAIN_UNFORK, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	return store_run(statement);
}

/* Ids in the first column, up to the end. `after` may be NULL: it gets the place of the last one, from the next two columns. */
static enum status take_ids(struct statement *statement, struct parked_place *after, struct arena *arena, struct id **out_operations,
	size_t *out_count)
{
	struct id *operations = NULL;
	size_t count = 0, capacity = 0;
	enum status status = STATUS_OK;

	while (statement_next(statement, &status)) {
		if (after != NULL)
			*after = (struct parked_place){ statement_integer(statement, 1), statement_integer(statement, 2) };
		operations = arena_grow(arena, operations, count, &capacity, sizeof(*operations));
		operations[count++] = statement_id_column(statement, 0);
	}
	statement_reset(statement);
	if (status != STATUS_OK)
		return status;
	*out_operations = operations;
	*out_count = count;
	return STATUS_OK;
}

enum status server_store_parked_waiting(struct server_store *store, struct parked_place *after, size_t most, struct arena *arena,
	struct id **out_operations, size_t *out_count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_PARKED_WAITING, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, OPERATION_EDIT);
	statement_bind_text(statement, 2, text_of(rule_find(RULE_MISSING_RECORD)->word));
	statement_bind_text(statement, 3, text_of(EARLIER_DETAIL));
	statement_bind_integer(statement, 4, after->chain);
	statement_bind_integer(statement, 5, after->seq);
	statement_bind_integer(statement, 6, (int64_t)most);
	return take_ids(statement, after, arena, out_operations, out_count);
}

enum status server_store_parked_of(
	struct server_store *store, const struct id *device, struct arena *arena, struct id **out_operations, size_t *out_count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_PARKED_OF, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	return take_ids(statement, NULL, arena, out_operations, out_count);
}

enum status server_store_decided_by_person(
	struct server_store *store, const struct id *operation, struct arena *arena, struct decided_by_person *out_decided)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_PARKED_DECISION_LAST, &statement);

	*out_decided = (struct decided_by_person){ 0 };
	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, operation);
	status = statement_step(statement);
	if (status == STATUS_OK)
		*out_decided = (struct decided_by_person){ .decision = (uint32_t)statement_integer(statement, 0),
			.at_ms = statement_integer(statement, 2),
			.reason = arena_copy_text(arena, statement_text(statement, 1)) };
	statement_reset(statement);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
