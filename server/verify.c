#include "server/verify.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/domain/balance.h"
#include "protocol/domain/movement.h"
#include "server/id_map.h"
#include "shell/digest_listing.h"

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

/* What the rows and links say of a scope. */
struct scope_sum {
	int64_t number;
	struct digest digest;
	bool told; /* the scope is in the store */
};

struct sums {
	const struct schema *schema;
	struct row_hash hash; /* of the row whose links are looked at */
	struct scope_sum **scopes;
	size_t count;
	size_t capacity;
	struct id_map by_number; /* the same, to find them */
	struct arena *arena;
	int64_t rows;
};

static struct scope_sum *sum_of(struct sums *sums, int64_t number)
{
	struct id key = { 0 };
	struct scope_sum *sum;

	memcpy(key.bytes, &number, sizeof(number));
	sum = id_map_find(&sums->by_number, 0, &key);
	if (sum != NULL)
		return sum;
	sum = arena_allocate(sums->arena, sizeof(*sum));
	sum->number = number;
	id_map_put(&sums->by_number, 0, &key, sum);
	sums->scopes = arena_grow(sums->arena, sums->scopes, sums->count, &sums->capacity, sizeof(struct scope_sum *));
	sums->scopes[sums->count++] = sum;
	return sum;
}

static enum status sum_link(void *context, const struct member *member)
{
	struct sums *sums = context;

	digest_add(&sum_of(sums, member->scope)->digest, sums->hash);
	return STATUS_OK;
}

struct summing {
	struct server_store *store;
	struct sums *sums;
};

static enum status sum_row(void *context, const void *row, const struct row_meta *meta)
{
	const struct summing *summing = context;
	struct sums *sums = summing->sums;

	sums->hash = row_hash(sums->schema, row);
	if (memcmp(&sums->hash, meta->hash, sizeof(sums->hash)) != 0)
		return fail(STATUS_CORRUPT, "%s %s: the row is not what its hash says; stop the server and restore the "
		"newest backup (truckrolld restore)",
			sums->schema->name, id_to_text(row_id(row)).characters);
	digest_add(&sum_of(sums, meta->home)->digest, sums->hash);
	sums->rows++;
	return server_store_links_of_row(summing->store, sums->schema->kind, row_id(row), sum_link, sums);
}

/* Every link is a link to a row: there are as many as rows were found to be linked. */
static enum status check_links(struct storage *storage, const struct scope_sum *sum, const struct id *job)
{
	struct statement *count = NULL;
	int64_t links = 0;
	enum status status = statement_get(storage, STATEMENT_LINK_COUNT, &count);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(count, 1, sum->number);
	status = statement_step(count);
	if (status == STATUS_OK)
		links = statement_integer(count, 0);
	statement_reset(count);
	if (status != STATUS_OK || links == sum->digest.count)
		return status;
	return fail(STATUS_CORRUPT, "scope job %s: %lld of its %lld rows are not there; stop the server and restore the "
	"newest backup (truckrolld restore)",
		id_to_text(job).characters, (long long)(links - sum->digest.count), (long long)links);
}

/* What is stored of a scope, as statement scope_each gives it. */
struct stored_scope {
	struct scope scope;
	struct digest digest;
	bool damaged;
};

static struct stored_scope read_scope_row(struct statement *scope)
{
	struct bytes sum = statement_bytes(scope, 4);
	struct stored_scope stored = {
		.scope = { .kind = (enum scope_kind)statement_integer(scope, 1), .id = statement_id_column(scope, 2) },
		.digest = { .count = statement_integer(scope, 3) },
		.damaged = sum.size != ROW_HASH_SIZE,
	};

	if (!stored.damaged)
		stored.digest.sum = row_hash_from_bytes(sum.data);
	return stored;
}

static enum status check_scope(struct storage *storage, struct sums *sums, const struct stored_scope *stored, const struct scope_sum *sum)
{
	struct text word = scope_word(sums->arena, stored->scope.kind);
	const char *id = arena_print(sums->arena, "%s", id_to_text(&stored->scope.id).characters).data;
	enum status status = STATUS_OK;

	if (stored->scope.kind == SCOPE_JOB)
		status = check_links(storage, sum, &stored->scope.id);
	if (status != STATUS_OK)
		return status;
	if (stored->digest.count != sum->digest.count)
		return fail(STATUS_CORRUPT,
			"scope %.*s %s: its digest speaks of %lld rows, there are %lld; stop the server and restore the "
			"newest backup (truckrolld restore)",
			TEXT_ARGUMENTS(word), id, (long long)stored->digest.count, (long long)sum->digest.count);
	if (stored->damaged || !digest_equal(&stored->digest, &sum->digest))
		return fail(STATUS_CORRUPT,
			"scope %.*s %s: its digest does not fit its %lld rows; stop the server and restore the "
			"newest backup (truckrolld restore)",
			TEXT_ARGUMENTS(word), id, (long long)sum->digest.count);
	return STATUS_OK;
}

static enum status check_scopes(struct storage *storage, struct sums *sums, struct verify_report *report)
{
	struct statement *scopes = NULL;
	enum status status = statement_get(storage, STATEMENT_SCOPE_EACH, &scopes);

	while (statement_next(scopes, &status)) {
		const struct stored_scope stored = read_scope_row(scopes);
		struct scope_sum *sum = sum_of(sums, statement_integer(scopes, 0));

		sum->told = true;
		status = check_scope(storage, sums, &stored, sum);
		report->scopes++;
	}
	statement_reset(scopes);
	for (size_t i = 0; i < sums->count && status == STATUS_OK; i++)
		if (!sums->scopes[i]->told)
			status = fail(STATUS_CORRUPT,
				"scope number %lld is not there, though %lld rows are in it; stop the server and restore the "
				"newest backup (truckrolld restore)",
				(long long)sums->scopes[i]->number, (long long)sums->scopes[i]->digest.count);
	return status;
}

static enum status check_digests(struct server_store *store, struct arena *arena, struct verify_report *report)
{
	struct storage *storage = server_store_storage(store);
	struct sums sums = { .arena = arena };
	struct summing summing = { store, &sums };
	enum status status = STATUS_OK;

	for (size_t i = 0; (sums.schema = schema_at(i)) != NULL && status == STATUS_OK; i++)
		status = table_scan(storage, sums.schema, &(struct id){ 0 }, sum_row, &summing);
	if (status == STATUS_OK)
		status = check_scopes(storage, &sums, report);
	id_map_finish(&sums.by_number);
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
