/* What a repair by range, and the device's own check, keep and look at. */
#include <string.h>

#include "device_agent/store_parts.h"

static enum status run_bytes(struct device_store *store, enum statement_id which, struct bytes bytes)
{
	struct statement *statement = NULL;
	enum status status = device_statement(store, which, &statement);

	if (status == STATUS_OK) {
		statement_bind_bytes(statement, 1, bytes);
		status = statement_run(statement);
	}
	statement_reset(statement);
	return status;
}

enum status device_store_repair(struct device_store *store, struct arena *arena, struct bytes *out_repair)
{
	struct statement *read = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_REPAIR, &read);

	if (status == STATUS_OK)
		status = statement_step(read);
	if (status == STATUS_OK)
		*out_repair = arena_copy_bytes(arena, statement_bytes(read, 0));
	statement_reset(read);
	return status;
}

enum status device_store_put_repair(struct device_store *store, struct bytes repair)
{
	return device_check_stated(store, run_bytes(store, STATEMENT_REPLICA_REPAIR_PUT, repair));
}

enum status device_store_keep_range(struct device_store *store, struct bytes range)
{
	return run_bytes(store, STATEMENT_REPLICA_RANGE_KEEP, range);
}

enum status device_store_ranges_each(struct device_store *store, staged_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_RANGES, &each);

	while (statement_next(each, &status))
		status = visit(context, statement_bytes(each, 0));
	statement_reset(each);
	return status;
}

enum status device_store_clear_ranges(struct device_store *store)
{
	return device_run(store, STATEMENT_REPLICA_RANGES_CLEAR);
}

/* ---- rows ---- */

struct row_walk {
	struct device_store *store;
	device_row_visit visit;
	void *context;
	enum record_kind kind;
	const struct id *last; /* NULL: to the end */
	bool beyond;
};

static enum status show_row(void *context, const void *row, const struct row_meta *meta)
{
	struct row_walk *walk = context;
	struct device_row found = { .gseq = meta->gseq, .hash = row_hash_from_bytes(meta->hash) };
	enum status status;

	walk->beyond = walk->last != NULL && id_compare(row_id(row), walk->last) > 0;
	if (walk->beyond)
		return STATUS_BUSY;
	status = device_scope_read(walk->store, meta->home, &found.home);
	return status == STATUS_OK ? walk->visit(walk->context, walk->kind, row, &found) : status;
}

enum status device_store_rows_beyond(
	struct device_store *store, enum record_kind kind, const struct id *after, device_row_visit visit, void *context)
{
	static const struct id first;
	const struct schema *schema;
	struct storage *replica;
	enum status status = device_replica(store, &replica);

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		struct row_walk walk = { .store = store, .visit = visit, .context = context, .kind = schema->kind };
		if (schema->kind >= kind && (schema->kind < RECORD_BENCH_ORDER || store->bench))
			status = table_scan(replica, schema, schema->kind == kind ? after : &first, show_row, &walk);
	}
	return status;
}

enum status device_store_rows_each(struct device_store *store, device_row_visit visit, void *context)
{
	return device_store_rows_beyond(store, RECORD_NONE, &(struct id){ 0 }, visit, context);
}

/* ---- the device's own check ---- */

enum status device_store_verify(struct device_store *store)
{
	struct storage *replica;
	enum status status = device_replica(store, &replica);

	return status == STATUS_OK ? storage_verify(replica) : status;
}

enum status device_store_checked_at(struct device_store *store, int64_t *out_at_ms)
{
	return device_integer(store, STATEMENT_REPLICA_CHECKED_AT, out_at_ms);
}

enum status device_store_put_checked_at(struct device_store *store, int64_t at_ms)
{
	struct statement *put = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_CHECKED_AT_PUT, &put);

	if (status == STATUS_OK) {
		statement_bind_integer(put, 1, at_ms);
		status = statement_run(put);
	}
	statement_reset(put);
	return device_check_stated(store, status);
}

int64_t device_store_changes(const struct device_store *store)
{
	const struct storage *current = store->fresh != NULL ? store->fresh : store->replica;

	return current == NULL ? 0 : (int64_t)((uint64_t)store->turns << 40) + storage_changes_total(current);
}

static enum status span_at_home(
	struct device_store *store, int64_t number, const struct id_span *span, device_row_visit visit, void *context)
{
	const struct schema *schema;
	enum status status = device_make_indexes(store); /* this is by home */

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		struct row_walk walk = {
			.store = store, .visit = visit, .context = context, .kind = schema->kind, .last = &span->last
		};
		if (schema->kind >= RECORD_BENCH_ORDER && !store->bench)
			continue;
		status = table_by_id(device_store_replica_storage(store), schema, number, &span->before, show_row, &walk);
		if (status == STATUS_BUSY && walk.beyond)
			status = STATUS_OK;
	}
	return status;
}

static enum status show_linked(
	struct device_store *store, enum record_kind kind, const struct id *id, device_row_visit visit, void *context)
{
	struct arena arena = { 0 };
	const struct schema *schema = NULL;
	struct device_row found;
	struct row_meta meta = { 0 };
	void *row = NULL;
	enum status status = schema_of_record(kind, &schema);

	if (status == STATUS_OK)
		status = table_get(device_store_replica_storage(store), schema, id, &arena, &row, &meta);
	if (status == STATUS_OK) {
		found = (struct device_row){ .gseq = meta.gseq, .hash = row_hash_from_bytes(meta.hash) };
		status = device_scope_read(store, meta.home, &found.home);
		if (status == STATUS_OK)
			status = visit(context, kind, row, &found);
	} else if (status == STATUS_NOT_FOUND && schema != NULL) {
		row = arena_allocate(&arena, schema->size);
		memcpy(row, id, sizeof(*id));
		status = visit(context, kind, row, NULL);
	}
	arena_finish(&arena);
	return status;
}

static enum status span_linked(
	struct device_store *store, int64_t number, const struct id_span *span, device_row_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_LINKS_IN_SPAN, &each);

	if (status == STATUS_OK) {
		statement_bind_integer(each, 1, number);
		statement_bind_id(each, 2, &span->before);
		statement_bind_id(each, 3, &span->last);
	}
	while (statement_next(each, &status)) {
		struct id id = statement_id_column(each, 1);

		status = show_linked(store, (enum record_kind)statement_integer(each, 0), &id, visit, context);
	}
	statement_reset(each);
	return status;
}

enum status device_store_span_each(
	struct device_store *store, const struct scope *scope, const struct id_span *span, device_row_visit visit, void *context)
{
	int64_t number;
	enum status status = device_scope_find(store, scope, &number);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	return scope->kind == SCOPE_JOB ? span_linked(store, number, span, visit, context)
					: span_at_home(store, number, span, visit, context);
}
