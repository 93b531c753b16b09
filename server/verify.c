#include "server/verify.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/domain/balance.h"
#include "protocol/domain/movement.h"
#include "server/id_map.h"

/* ---- chains ---- */

struct chain_row {
	int64_t number;
	struct id device;
	struct id incarnation;
	int64_t last_seq;
	struct hash last_hash;
};

static enum status window_of(struct storage *storage, int64_t chain, int64_t window, uint8_t out_secret[static WINDOW_SECRET_SIZE])
{
	struct statement *statement;
	struct bytes secret;
	enum status status = statement_get(storage, STATEMENT_WINDOW_GET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, chain);
	statement_bind_integer(statement, 2, window);
	status = statement_step(statement);
	if (status == STATUS_OK) {
		secret = statement_bytes(statement, 0);
		if (secret.size == WINDOW_SECRET_SIZE)
			memcpy(out_secret, secret.data, WINDOW_SECRET_SIZE);
		else
			status =
				fail(STATUS_CORRUPT, "chain %lld: the salt of window %lld is damaged", (long long)chain, (long long)window);
	}
	statement_reset(statement);
	return status;
}

static enum status missing(const struct chain_row *chain, int64_t seq)
{
	return fail(STATUS_CORRUPT, "chain %lld: operation %lld is missing", (long long)chain->number, (long long)seq);
}

/* One logged operation: it is the next one, its commitment fits its bytes, and its head what came before. */
static enum status check_entry(
	struct storage *storage, const struct chain_row *chain, struct statement *log, struct hash *previous, int64_t *previous_seq)
{
	int64_t seq = statement_integer(log, 0);
	struct bytes commitment_bytes = statement_bytes(log, 2), head_bytes = statement_bytes(log, 3);
	uint8_t secret[WINDOW_SECRET_SIZE];
	struct hash salt, commitment, head;
	enum status status = window_of(storage, chain->number, seq / WINDOW_LENGTH, secret);

	if (seq != *previous_seq + 1)
		return missing(chain, *previous_seq + 1);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND
			       ? fail(STATUS_CORRUPT, "chain %lld: no salt for operation %lld", (long long)chain->number, (long long)seq)
			       : status;
	salt = chain_salt(secret, seq);
	commitment = chain_commitment(&salt, statement_bytes(log, 1));
	head = chain_next(previous, &commitment);
	if (!bytes_equal(commitment_bytes, (struct bytes){ commitment.bytes, HASH_SIZE }))
		return fail(STATUS_CORRUPT, "chain %lld: operation %lld is not what was committed to", (long long)chain->number,
			(long long)seq);
	if (!bytes_equal(head_bytes, (struct bytes){ head.bytes, HASH_SIZE }))
		return fail(STATUS_CORRUPT, "chain %lld: the chain breaks at operation %lld", (long long)chain->number, (long long)seq);
	memcpy(previous->bytes, head_bytes.data, HASH_SIZE);
	*previous_seq = seq;
	return STATUS_OK;
}

static enum status check_chain(struct storage *storage, const struct chain_row *chain, struct verify_report *report)
{
	struct hash previous = chain_genesis(&chain->device, &chain->incarnation);
	int64_t previous_seq = 0;
	struct statement *log;
	enum status status = statement_get(storage, STATEMENT_LOG_OF_CHAIN, &log);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(log, 1, chain->number);
	while (statement_next(log, &status)) {
		status = check_entry(storage, chain, log, &previous, &previous_seq);
		report->operations += status == STATUS_OK;
	}
	statement_reset(log);
	if (status == STATUS_OK && previous_seq != chain->last_seq)
		status = missing(chain, previous_seq + 1);
	if (status == STATUS_OK && !hash_equal(&previous, &chain->last_hash))
		status = fail(STATUS_CORRUPT, "chain %lld: its last hash is not that of operation %lld", (long long)chain->number,
			(long long)previous_seq);
	report->chains++;
	return status;
}

static enum status check_chains(struct storage *storage, struct arena *arena, struct verify_report *report)
{
	struct chain_row *chains = NULL;
	size_t count = 0, capacity = 0;
	struct statement *statement = NULL;
	enum status status = statement_get(storage, STATEMENT_CHAIN_ALL, &statement);

	while (statement_next(statement, &status)) {
		struct bytes hash = statement_bytes(statement, 4);
		chains = arena_grow(arena, chains, count, &capacity, sizeof(*chains));
		chains[count] = (struct chain_row){ .number = statement_integer(statement, 0),
			.device = statement_id_column(statement, 1),
			.incarnation = statement_id_column(statement, 2),
			.last_seq = statement_integer(statement, 3) };
		if (hash.size == HASH_SIZE)
			memcpy(chains[count].last_hash.bytes, hash.data, HASH_SIZE);
		count++;
	}
	statement_reset(statement);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = check_chain(storage, &chains[i], report);
	return status;
}

/* ---- digests ---- */

/* Sums made from the rows, by home scope. */
struct sums {
	const struct schema *schema;
	struct scope_state **scopes;
	size_t count;
	size_t capacity;
	struct id_map by_number; /* the same, to find them */
	struct arena *arena;
	int64_t rows;
};

static struct digest *sum_of(struct sums *sums, int64_t number)
{
	struct id key = { 0 };
	struct scope_state *scope;

	memcpy(key.bytes, &number, sizeof(number));
	scope = id_map_find(&sums->by_number, 0, &key);
	if (scope != NULL)
		return &scope->digest;
	scope = arena_allocate(sums->arena, sizeof(*scope));
	scope->number = number;
	id_map_put(&sums->by_number, 0, &key, scope);
	sums->scopes = arena_grow(sums->arena, sums->scopes, sums->count, &sums->capacity, sizeof(struct scope_state *));
	sums->scopes[sums->count++] = scope;
	return &scope->digest;
}

static enum status sum_row(void *context, const void *row, const struct row_meta *meta)
{
	struct sums *sums = context;
	struct row_hash hash = row_hash(sums->schema, row);

	if (memcmp(&hash, meta->hash, sizeof(hash)) != 0)
		return fail(
			STATUS_CORRUPT, "%s %s: the row is not what its hash says", sums->schema->name, id_to_text(row_id(row)).characters);
	digest_add(sum_of(sums, meta->home), hash);
	sums->rows++;
	return STATUS_OK;
}

static enum status check_digests(struct server_store *store, struct arena *arena, struct verify_report *report)
{
	struct sums sums = { .arena = arena };
	enum status status = STATUS_OK;

	for (size_t i = 0; (sums.schema = schema_at(i)) != NULL && status == STATUS_OK; i++)
		status = table_scan(server_store_storage(store), sums.schema, &(struct id){ 0 }, sum_row, &sums);
	for (size_t i = 0; i < sums.count && status == STATUS_OK; i++) {
		struct scope_state state;
		struct scope scope;
		status = server_store_scope_by_number(store, sums.scopes[i]->number, &scope, &state);
		if (status == STATUS_OK && !digest_equal(&state.digest, &sums.scopes[i]->digest))
			status = fail(STATUS_CORRUPT, "scope %d %s: its digest does not fit its %lld rows", (int)scope.kind,
				id_to_text(&scope.id).characters, (long long)sums.scopes[i]->digest.count);
	}
	id_map_finish(&sums.by_number);
	report->scopes = (int64_t)sums.count;
	report->rows = sums.rows;
	return status;
}

/* ---- the ledger ---- */

struct ledger_leg {
	struct id location;
	struct id part;
	int64_t quantity; /* from movements, less what the balance row says */
};

struct ledger {
	struct arena *arena;
	struct ledger_leg *legs;
	size_t count;
	size_t capacity;
};

static void add_leg(struct ledger *ledger, const struct id *location, const struct id *part, int64_t quantity)
{
	ledger->legs = arena_grow(ledger->arena, ledger->legs, ledger->count, &ledger->capacity, sizeof(*ledger->legs));
	ledger->legs[ledger->count++] = (struct ledger_leg){ *location, *part, quantity };
}

static enum status add_movement(void *context, const void *row, const struct row_meta *meta)
{
	const struct movement *movement = row;

	(void)meta;
	add_leg(context, &movement->from_location_id, &movement->part_id, -movement->quantity);
	add_leg(context, &movement->to_location_id, &movement->part_id, movement->quantity);
	return STATUS_OK;
}

static enum status subtract_balance(void *context, const void *row, const struct row_meta *meta)
{
	const struct balance *balance = row;

	(void)meta;
	add_leg(context, &balance->location_id, &balance->part_id, -balance->quantity);
	return STATUS_OK;
}

static int compare_legs(const void *left, const void *right)
{
	const struct ledger_leg *a = left, *b = right;
	int order = id_compare(&a->location, &b->location);

	return order != 0 ? order : id_compare(&a->part, &b->part);
}

static enum status check_ledger(struct storage *storage, struct arena *arena, struct verify_report *report)
{
	struct ledger ledger = { .arena = arena };
	enum status status = table_scan(storage, schema_find(RECORD_MOVEMENT), &(struct id){ 0 }, add_movement, &ledger);

	if (status == STATUS_OK)
		status = table_scan(storage, schema_find(RECORD_BALANCE), &(struct id){ 0 }, subtract_balance, &ledger);
	if (ledger.count > 0)
		qsort(ledger.legs, ledger.count, sizeof(*ledger.legs), compare_legs);
	for (size_t i = 0; i < ledger.count && status == STATUS_OK;) {
		int64_t sum = 0;
		size_t next = i;
		for (; next < ledger.count && compare_legs(&ledger.legs[i], &ledger.legs[next]) == 0; next++)
			sum += ledger.legs[next].quantity;
		if (sum != 0)
			status = fail(STATUS_CORRUPT, "ledger: the balance of part %s at %s is off by %lld",
				id_to_text(&ledger.legs[i].part).characters, id_to_text(&ledger.legs[i].location).characters,
				(long long)sum);
		report->balances++;
		i = next;
	}
	return status;
}

enum status verify_organisation(struct server_store *store, struct verify_report *out_report)
{
	struct storage *storage = server_store_storage(store);
	struct verify_report report = { 0 };
	struct arena arena = { 0 };
	enum status status = storage_verify(storage);

	if (status == STATUS_OK)
		status = check_chains(storage, &arena, &report);
	if (status == STATUS_OK)
		status = check_digests(store, &arena, &report);
	if (status == STATUS_OK)
		status = check_ledger(storage, &arena, &report);
	arena_finish(&arena);
	if (status == STATUS_OK)
		*out_report = report;
	return status;
}
