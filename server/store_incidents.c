/* Incidents, and tries of operations that have not come to an end. */
#include <string.h>

#include "protocol/sync/attempt.h"
#include "server/store_inner.h"

static void bind_incident(struct statement *statement, const struct incident *incident, int64_t now_ms)
{
	statement_bind_integer(statement, 1, incident->kind);
	statement_bind_id(statement, 2, &incident->device);
	statement_bind_id(statement, 3, &incident->subject);
	statement_bind_text(statement, 4, incident->detail);
	statement_bind_integer(statement, 5, now_ms);
}

/* A second history begins as a device does that was put back: who is told of the first need not be told of the other. */
static enum status explain_restored(struct server_store *store, const struct incident *fork, int64_t now_ms)
{
	struct statement *explained = NULL;
	enum status status = statement_get(store->storage, STATEMENT_INCIDENT_EXPLAINED, &explained);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(explained, 1, INCIDENT_RESTORED);
	statement_bind_id(explained, 2, &fork->device);
	statement_bind_integer(explained, 3, now_ms);
	statement_bind_text(explained, 4, text_of(incident_word(fork->kind)));
	return store_run(explained);
}

enum status server_store_put_incident(struct server_store *store, const struct incident *incident, int64_t now_ms)
{
	struct statement *again = NULL, *add = NULL;
	enum status status = incident->kind == INCIDENT_FORK ? explain_restored(store, incident, now_ms) : STATUS_OK;

	if (status == STATUS_OK)
		status = statement_get(store->storage, STATEMENT_INCIDENT_AGAIN, &again);
	if (status != STATUS_OK)
		return status;
	bind_incident(again, incident, now_ms);
	status = store_run(again);
	if (status != STATUS_OK || storage_changes(store->storage) > 0)
		return status;
	status = statement_get(store->storage, STATEMENT_INCIDENT_ADD, &add);
	if (status != STATUS_OK)
		return status;
	bind_incident(add, incident, now_ms);
	return store_run(add);
}

enum status server_store_told_lately(struct server_store *store, const struct incident *incident, int64_t now_ms)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_INCIDENT_LATELY, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, incident->kind);
	statement_bind_id(statement, 2, &incident->device);
	statement_bind_id(statement, 3, &incident->subject);
	statement_bind_integer(statement, 4, INCIDENT_TIMES_FREE);
	statement_bind_integer(statement, 5, now_ms - INCIDENT_AGAIN_MS + 1);
	statement_bind_integer(statement, 6, now_ms);
	status = statement_step(statement);
	statement_reset(statement);
	return status;
}

static struct kept_incident read_incident(struct statement *statement)
{
	return (struct kept_incident){ .number = statement_integer(statement, 0),
		.incident = { .kind = (enum incident_kind)statement_integer(statement, 1),
			.device = statement_id_column(statement, 2),
			.subject = statement_id_column(statement, 3),
			.detail = statement_text(statement, 4) },
		.count = statement_integer(statement, 5),
		.first_at_ms = statement_integer(statement, 6),
		.last_at_ms = statement_integer(statement, 7),
		.acknowledged_at_ms = statement_integer(statement, 8),
		.note = statement_text(statement, 9) };
}

enum status server_store_each_incident(struct server_store *store, bool all, int64_t limit, kept_incident_visit visit, void *context)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, all ? STATEMENT_INCIDENT_EACH : STATEMENT_INCIDENT_OPEN, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, limit);
	while (statement_next(statement, &status)) {
		struct kept_incident incident = read_incident(statement);

		status = visit(context, &incident);
	}
	statement_reset(statement);
	return status;
}

enum status server_store_acknowledge(struct server_store *store, int64_t number, int64_t now_ms, struct text note)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_INCIDENT_ACKNOWLEDGE, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, number);
	statement_bind_integer(statement, 2, now_ms);
	statement_bind_text(statement, 3, note);
	status = store_run(statement);
	if (status == STATUS_OK && storage_changes(store->storage) == 0)
		return fail(STATUS_NOT_FOUND, "there is no open incident %lld; \"truckrolld incidents\" lists them", (long long)number);
	return status;
}

enum status server_store_count_incidents(struct server_store *store, int64_t *out_count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_INCIDENT_COUNT, &statement);

	if (status == STATUS_OK)
		status = statement_step(statement);
	if (status == STATUS_OK)
		*out_count = statement_integer(statement, 0);
	statement_reset(statement);
	return status;
}

/* ---- attempts ---- */

static void bind_attempt(struct statement *statement, const struct attempt *attempt)
{
	statement_bind_id(statement, 1, &attempt->device);
	statement_bind_id(statement, 2, &attempt->incarnation);
	statement_bind_integer(statement, 3, attempt->seq);
}

enum status server_store_attempt(struct server_store *store, struct attempt *attempt)
{
	struct statement *statement = NULL;
	struct hash hash = { 0 };
	enum status status = statement_get(store->storage, STATEMENT_ATTEMPT_GET, &statement);

	attempt->count = 0;
	if (status != STATUS_OK)
		return status;
	bind_attempt(statement, attempt);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = store_read_raw(statement, 1, hash.bytes, HASH_SIZE, "chain head");
	if (status == STATUS_OK && hash_equal(&hash, &attempt->hash))
		attempt->count = statement_integer(statement, 0);
	statement_reset(statement);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status server_store_put_attempt(struct server_store *store, const struct attempt *attempt, int64_t now_ms)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_ATTEMPT_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	bind_attempt(statement, attempt);
	store_bind_raw(statement, 4, attempt->hash.bytes, HASH_SIZE);
	statement_bind_integer(statement, 5, attempt->count);
	statement_bind_integer(statement, 6, now_ms);
	return store_run(statement);
}

enum status server_store_remove_attempt(struct server_store *store, const struct attempt *attempt)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_ATTEMPT_REMOVE, &statement);

	if (status != STATUS_OK)
		return status;
	bind_attempt(statement, attempt);
	return store_run(statement);
}

enum status server_store_any_attempt(struct server_store *store)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_ATTEMPT_ANY, &statement);

	if (status == STATUS_OK)
		status = statement_step(statement);
	statement_reset(statement);
	return status;
}

enum status server_store_attempt_of_chain(struct server_store *store, const struct id *device, const struct id *incarnation)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_ATTEMPT_OF_CHAIN, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_id(statement, 2, incarnation);
	status = statement_step(statement);
	statement_reset(statement);
	return status;
}
