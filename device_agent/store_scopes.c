/* Scopes by number, the scopes held, and the links of job scopes. */
#include <string.h>

#include "device_agent/store_parts.h"

/* ---- numbers ---- */

static struct scope_slot *slot_of_scope(struct device_store *store, const struct scope *scope)
{
	uint32_t start;

	memcpy(&start, scope->id.bytes, sizeof(start)); /* ids are hashes */
	return &store->by_scope[(start ^ (uint32_t)scope->kind * 31) % SCOPE_CACHE_SIZE];
}

static void remember(struct device_store *store, const struct scope *scope, int64_t number)
{
	const struct scope_slot slot = { .scope = *scope, .number = number };

	*slot_of_scope(store, scope) = slot;
	store->by_number[number % SCOPE_CACHE_SIZE] = slot;
}

void device_scopes_forget(struct device_store *store)
{
	memset(store->by_scope, 0, sizeof(store->by_scope));
	memset(store->by_number, 0, sizeof(store->by_number));
}

static enum status run_number(struct device_store *store, enum statement_id which, const struct scope *scope, int64_t *out_number)
{
	struct statement *statement = NULL;
	enum status status = device_statement(store, which, &statement);

	if (status == STATUS_OK) {
		statement_bind_integer(statement, 1, scope->kind);
		statement_bind_id(statement, 2, &scope->id);
		status = statement_step(statement);
	}
	if (status == STATUS_OK) {
		*out_number = statement_integer(statement, 0);
		remember(store, scope, *out_number);
	}
	statement_reset(statement);
	return status;
}

enum status device_scope_find(struct device_store *store, const struct scope *scope, int64_t *out_number)
{
	const struct scope_slot *slot = slot_of_scope(store, scope);

	if (slot->number == 0 || !scope_equal(&slot->scope, scope))
		return run_number(store, STATEMENT_REPLICA_NUMBER_OF_SCOPE, scope, out_number);
	*out_number = slot->number;
	return STATUS_OK;
}

enum status device_scope_make(struct device_store *store, const struct scope *scope, int64_t *out_number)
{
	enum status status = device_scope_find(store, scope, out_number);

	return status == STATUS_NOT_FOUND ? run_number(store, STATEMENT_REPLICA_NUMBER_PUT, scope, out_number) : status;
}

enum status device_scope_read(struct device_store *store, int64_t number, struct scope *out_scope)
{
	const struct scope_slot *slot = &store->by_number[(uint64_t)number % SCOPE_CACHE_SIZE];
	struct statement *find = NULL;
	enum status status;

	if (number != 0 && slot->number == number) {
		*out_scope = slot->scope;
		return STATUS_OK;
	}
	status = device_statement(store, STATEMENT_REPLICA_SCOPE_OF_NUMBER, &find);
	if (status == STATUS_OK) {
		statement_bind_integer(find, 1, number);
		status = statement_step(find);
	}
	if (status == STATUS_OK) {
		*out_scope = (struct scope){ .kind = (enum scope_kind)statement_integer(find, 0), .id = statement_id_column(find, 1) };
		remember(store, out_scope, number);
	} else if (status == STATUS_NOT_FOUND) {
		status = fail(STATUS_CORRUPT, "replica.db has no scope number %lld; it must be fetched again", (long long)number);
	}
	statement_reset(find);
	return status;
}

/* ---- scopes held ---- */

static enum status read_digest(struct statement *statement, int column, struct digest *out_digest)
{
	struct bytes sum = statement_bytes(statement, column + 1);

	if (sum.size != ROW_HASH_SIZE)
		return fail(STATUS_CORRUPT, "replica.db holds a digest of %zu bytes; it must be fetched again", sum.size);
	*out_digest = (struct digest){ .count = statement_integer(statement, column), .sum = row_hash_from_bytes(sum.data) };
	return STATUS_OK;
}

enum status device_store_scope(struct device_store *store, const struct scope *scope, struct digest *out_digest)
{
	struct statement *find = NULL;
	int64_t number;
	enum status status = device_scope_find(store, scope, &number);

	if (status == STATUS_OK)
		status = device_statement(store, STATEMENT_REPLICA_SCOPE, &find);
	if (status == STATUS_OK) {
		statement_bind_integer(find, 1, number);
		status = statement_step(find);
	}
	if (status == STATUS_OK)
		status = read_digest(find, 0, out_digest);
	statement_reset(find);
	return status;
}

enum status device_store_put_scope(struct device_store *store, const struct scope *scope, const struct digest *digest)
{
	struct statement *put = NULL;
	uint8_t sum[ROW_HASH_SIZE];
	int64_t number;
	enum status status = device_scope_make(store, scope, &number);

	if (status == STATUS_OK)
		status = device_statement(store, STATEMENT_REPLICA_SCOPE_PUT, &put);
	if (status == STATUS_OK) {
		row_hash_to_bytes(digest->sum, sum);
		statement_bind_integer(put, 1, number);
		statement_bind_integer(put, 2, digest->count);
		statement_bind_bytes(put, 3, (struct bytes){ sum, sizeof(sum) });
		status = statement_run(put);
	}
	statement_reset(put);
	return status;
}

enum status device_store_remove_scope(struct device_store *store, const struct scope *scope)
{
	struct statement *remove = NULL;
	int64_t number;
	enum status status = device_scope_find(store, scope, &number);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = device_statement(store, STATEMENT_REPLICA_SCOPE_REMOVE, &remove);
	if (status == STATUS_OK) {
		statement_bind_integer(remove, 1, number);
		status = statement_run(remove);
	}
	statement_reset(remove);
	return status;
}

enum status device_store_scopes_each(struct device_store *store, scope_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_SCOPES, &each);

	while (statement_next(each, &status)) {
		struct scope scope = { .kind = (enum scope_kind)statement_integer(each, 0), .id = statement_id_column(each, 1) };
		struct digest digest;

		status = read_digest(each, 2, &digest);
		if (status == STATUS_OK)
			status = visit(context, &scope, &digest);
	}
	statement_reset(each);
	return status;
}

/* ---- links ---- */

static enum status bind_link(struct device_store *store, enum statement_id which, int64_t number, enum record_kind kind,
	const struct id *id, struct statement **out_statement)
{
	enum status status = device_statement(store, which, out_statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(*out_statement, 1, number);
	statement_bind_integer(*out_statement, 2, kind);
	statement_bind_id(*out_statement, 3, id);
	return STATUS_OK;
}

enum status device_store_link(struct device_store *store, const struct scope *scope, enum record_kind kind, const struct id *id)
{
	struct statement *put = NULL;
	int64_t number;
	enum status status = device_scope_make(store, scope, &number);

	if (status == STATUS_OK)
		status = bind_link(store, STATEMENT_REPLICA_LINK_PUT, number, kind, id, &put);
	if (status == STATUS_OK)
		status = statement_run(put);
	statement_reset(put);
	return status;
}

enum status device_store_unlink(struct device_store *store, const struct scope *scope, enum record_kind kind, const struct id *id)
{
	struct statement *remove = NULL;
	int64_t number;
	enum status status = device_scope_find(store, scope, &number);

	if (status == STATUS_OK)
		status = bind_link(store, STATEMENT_REPLICA_LINK_REMOVE, number, kind, id, &remove);
	if (status == STATUS_OK)
		status = statement_run(remove);
	statement_reset(remove);
	if (status == STATUS_OK && storage_changes(device_store_replica_storage(store)) == 0)
		return STATUS_NOT_FOUND;
	return status;
}

enum status device_store_links_of_row(
	struct device_store *store, enum record_kind kind, const struct id *id, scope_visit visit, void *context)
{
	static const struct digest none;
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_LINKS_OF_ROW, &each);

	if (status == STATUS_OK) {
		statement_bind_integer(each, 1, kind);
		statement_bind_id(each, 2, id);
	}
	while (statement_next(each, &status)) {
		struct scope scope;

		status = device_scope_read(store, statement_integer(each, 0), &scope);
		if (status == STATUS_OK)
			status = visit(context, &scope, &none);
	}
	statement_reset(each);
	return status;
}

struct row_walk {
	row_name_visit visit;
	void *context;
	enum record_kind kind;
};

static enum status name_row(void *context, const void *row, const struct row_meta *meta)
{
	struct row_walk *walk = context;

	(void)meta;
	return walk->visit(walk->context, walk->kind, row_id(row));
}

static enum status rows_at_home(struct device_store *store, int64_t number, row_name_visit visit, void *context)
{
	static const struct id first;
	const struct schema *schema;
	enum status status = device_make_indexes(store); /* this is by home */

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		struct row_walk walk = { .visit = visit, .context = context, .kind = schema->kind };
		if (schema->kind < RECORD_BENCH_ORDER || store->bench)
			status = table_by_id(device_store_replica_storage(store), schema, number, &first, name_row, &walk);
	}
	return status;
}

static enum status rows_linked(struct device_store *store, int64_t number, row_name_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_LINKS_OF_SCOPE, &each);

	if (status == STATUS_OK)
		statement_bind_integer(each, 1, number);
	while (statement_next(each, &status)) {
		struct id id = statement_id_column(each, 1);

		status = visit(context, (enum record_kind)statement_integer(each, 0), &id);
	}
	statement_reset(each);
	return status;
}

enum status device_store_rows_of_scope(struct device_store *store, const struct scope *scope, row_name_visit visit, void *context)
{
	int64_t number;
	enum status status = device_scope_find(store, scope, &number);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = rows_at_home(store, number, visit, context);
	return status == STATUS_OK ? rows_linked(store, number, visit, context) : status;
}
