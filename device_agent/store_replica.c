/* The replica: its state, the view, rows, staged pages and incidents. */
#include <string.h>

#include "device_agent/store_parts.h"

#define INCIDENTS_MAX 1000

/* ---- transactions ---- */

enum status device_store_begin(struct device_store *store, bool durable)
{
	struct storage *replica;
	enum status status = device_replica(store, &replica);

	/* What is loaded into a fresh replica becomes durable when it is finished, or counts for nothing. */
	return status == STATUS_OK ? storage_begin(replica, durable && store->fresh == NULL) : status;
}

bool device_store_hold(struct device_store *store)
{
	struct storage *replica = device_store_replica_storage(store);

	return replica != NULL && storage_hold(replica);
}

void device_store_release(struct device_store *store, bool held)
{
	if (held)
		storage_release(device_store_replica_storage(store), held);
}

/* What was remembered of the transaction and is not in the file. */
static void forget_uncommitted(struct device_store *store)
{
	device_scopes_forget(store);
	store->fresh_indexed = false;
}

enum status device_store_commit(struct device_store *store)
{
	enum status status = storage_commit(device_store_replica_storage(store));

	if (status != STATUS_OK)
		forget_uncommitted(store);
	return status;
}

void device_store_rollback(struct device_store *store)
{
	if (device_store_replica_storage(store) == NULL)
		return;
	storage_rollback(device_store_replica_storage(store));
	forget_uncommitted(store);
}

/* ---- state ---- */

static enum status fail_lost_state(void)
{
	return fail(STATUS_CORRUPT, "replica.db does not say where it stands; it must be fetched again");
}

enum status device_check_stated(struct device_store *store, enum status status)
{
	return status == STATUS_OK && storage_changes(device_store_replica_storage(store)) != 1 ? fail_lost_state() : status;
}

enum status device_store_replica(struct device_store *store, struct replica_state *out_state)
{
	struct statement *read = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_STATE, &read);

	if (status == STATUS_OK)
		status = statement_step(read);
	if (status == STATUS_OK)
		*out_state =
			(struct replica_state){ .cursor = { .epoch = statement_id_column(read, 0), .gseq = statement_integer(read, 1) },
				.settled_seq = statement_integer(read, 2),
				.shown_seq = statement_integer(read, 3),
				.incarnation = statement_id_column(read, 4),
				.decided_seq = statement_integer(read, 5) };
	else if (status == STATUS_NOT_FOUND)
		status = fail_lost_state();
	statement_reset(read);
	return status;
}

enum status device_store_put_replica(struct device_store *store, const struct replica_state *state)
{
	struct statement *put = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_STATE_PUT, &put);

	if (status == STATUS_OK) {
		statement_bind_id(put, 1, &state->cursor.epoch);
		statement_bind_integer(put, 2, state->cursor.gseq);
		statement_bind_integer(put, 3, state->settled_seq);
		statement_bind_integer(put, 4, state->shown_seq);
		statement_bind_id(put, 5, &state->incarnation);
		statement_bind_integer(put, 6, state->decided_seq);
		status = statement_run(put);
	}
	statement_reset(put);
	return device_check_stated(store, status);
}

enum status device_store_resume(struct device_store *store, struct arena *arena, struct bytes *out_resume)
{
	struct statement *read = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_RESUME, &read);

	if (status == STATUS_OK)
		status = statement_step(read);
	if (status == STATUS_OK)
		*out_resume = arena_copy_bytes(arena, statement_bytes(read, 0));
	statement_reset(read);
	return status;
}

/* A statement with one parameter of bytes. */
static enum status put_bytes(struct device_store *store, enum statement_id which, struct bytes bytes)
{
	struct statement *put = NULL;
	enum status status = device_statement(store, which, &put);

	if (status == STATUS_OK) {
		statement_bind_bytes(put, 1, bytes);
		status = statement_run(put);
	}
	statement_reset(put);
	return status;
}

enum status device_store_put_resume(struct device_store *store, struct bytes resume)
{
	return device_check_stated(store, put_bytes(store, STATEMENT_REPLICA_RESUME_PUT, resume));
}

/* ---- the view ---- */

static enum status view_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	struct device_store *store = ((struct store_records *)records)->store;

	return records_get(&store->stored.records, kind, id, out_row);
}

static enum status view_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	struct device_store *store = ((struct store_records *)records)->store;
	enum status status = device_make_indexes(store);

	return status == STATUS_OK ? records_each(&store->stored.records, kind, index_field, key, visit, context) : status;
}

static enum status view_put(struct records *records, enum record_kind kind, const void *row)
{
	(void)records;
	(void)row;
	return fail(STATUS_REFUSED, "the view is read-only: rows of kind %d are written by device_store_put_row()", (int)kind);
}

static enum status view_remove(struct records *records, enum record_kind kind, const struct id *id)
{
	(void)id;
	return view_put(records, kind, NULL);
}

static const struct records_operations view_operations = { .get = view_get, .each = view_each, .put = view_put, .remove = view_remove };

struct records *device_store_records(struct device_store *store)
{
	return &store->view.records;
}

void device_store_reset_rows(struct device_store *store)
{
	arena_reset(&store->rows);
}

/* ---- short references ---- */

#define BYTES_BEYOND 3 /* what two ids share: the first byte that differs, and two more */

static size_t reference_width(void *context, enum record_kind kind, const struct id *ids, size_t count)
{
	struct device_store *store = context;
	const struct schema *schema = NULL;
	size_t common = REFERENCE_WIDTH_MIN - BYTES_BEYOND;

	if (schema_of_record(kind, &schema) != STATUS_OK ||
		table_raise_common_prefix(device_store_replica_storage(store), schema, ids, count, &common) != STATUS_OK)
		return REFERENCE_WIDTH_MAX; /* whole ids are always right */
	return common + BYTES_BEYOND < REFERENCE_WIDTH_MAX ? common + BYTES_BEYOND : REFERENCE_WIDTH_MAX;
}

static enum status reference_resolve(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id)
{
	struct device_store *store = context;
	const struct schema *schema = NULL;
	enum status status = schema_of_record(kind, &schema);

	if (width == ID_SIZE) {
		memcpy(out_id->bytes, prefix, ID_SIZE);
		return STATUS_OK;
	}
	return status == STATUS_OK ? table_resolve(device_store_replica_storage(store), schema, prefix, width, out_id) : status;
}

const struct references *device_store_references(struct device_store *store)
{
	return device_store_replica_storage(store) == NULL ? NULL : &store->references;
}

void device_turn(struct device_store *store)
{
	store->turns++;
	device_scopes_forget(store);
	store->fresh_indexed = false;
	arena_reset(&store->rows);
	storage_records_init(&store->stored, device_store_replica_storage(store), &store->rows);
	store->view = (struct store_records){ .records = { &view_operations }, .store = store };
	store->references = (struct references){ .width = reference_width, .resolve = reference_resolve, .context = store };
}

/* ---- rows ---- */

enum status device_store_row(struct device_store *store, enum record_kind kind, const struct id *id, struct device_row *out_row)
{
	const struct schema *schema = NULL;
	struct storage *replica;
	struct row_meta meta = { 0 };
	void *row;
	enum status status = device_replica(store, &replica);

	if (status == STATUS_OK)
		status = schema_of_record(kind, &schema);
	if (status == STATUS_OK)
		status = table_get(replica, schema, id, &store->scratch, &row, &meta);
	if (status == STATUS_OK) {
		struct device_row found = { .gseq = meta.gseq, .hash = row_hash_from_bytes(meta.hash) };
		status = device_scope_read(store, meta.home, &found.home);
		if (status == STATUS_OK)
			*out_row = found;
	}
	arena_reset(&store->scratch);
	return status;
}

/* The search index will have to look at it. */
static enum status note_article(struct device_store *store, const struct schema *schema, const struct id *id)
{
	if (schema->kind != RECORD_KB_ARTICLE)
		return STATUS_OK;
	return put_bytes(store, STATEMENT_KB_CHANGED_PUT, (struct bytes){ id->bytes, ID_SIZE });
}

enum status device_put(struct device_store *store, const struct schema *schema, const void *row, const struct row_meta *meta)
{
	enum status status = note_article(store, schema, row_id(row));

	return status == STATUS_OK ? table_put(device_store_replica_storage(store), schema, row, meta) : status;
}

enum status device_remove(struct device_store *store, const struct schema *schema, const struct id *id)
{
	enum status status = note_article(store, schema, id);

	return status == STATUS_OK ? table_remove(device_store_replica_storage(store), schema, id) : status;
}

enum status device_store_put_row(struct device_store *store, enum record_kind kind, const void *row, const struct device_row *meta)
{
	const struct schema *schema = NULL;
	struct row_meta stored = { .gseq = meta->gseq };
	enum status status = schema_of_record(kind, &schema);

	if (status == STATUS_OK)
		status = device_scope_make(store, &meta->home, &stored.home);
	if (status != STATUS_OK)
		return status;
	row_hash_to_bytes(meta->hash, stored.hash);
	return device_put(store, schema, row, &stored);
}

enum status device_store_remove_row(struct device_store *store, enum record_kind kind, const struct id *id)
{
	const struct schema *schema = NULL;
	struct storage *replica;
	enum status status = device_replica(store, &replica);

	if (status == STATUS_OK)
		status = schema_of_record(kind, &schema);
	return status == STATUS_OK ? device_remove(store, schema, id) : status;
}

/* ---- staged pages ---- */

enum status device_store_stage(struct device_store *store, struct bytes page)
{
	return put_bytes(store, STATEMENT_REPLICA_STAGE, page);
}

enum status device_store_staged_count(struct device_store *store, size_t *out_count)
{
	int64_t count = 0;
	enum status status = device_integer(store, STATEMENT_REPLICA_STAGED_COUNT, &count);

	if (status == STATUS_OK)
		*out_count = (size_t)count;
	return status;
}

enum status device_store_staged_each(struct device_store *store, staged_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_STAGED, &each);

	while (statement_next(each, &status))
		status = visit(context, statement_bytes(each, 0));
	statement_reset(each);
	return status;
}

enum status device_store_clear_staged(struct device_store *store)
{
	return device_run(store, STATEMENT_REPLICA_STAGED_CLEAR);
}

/* ---- incidents ---- */

static enum status put_incident(struct device_store *store, int64_t at_ms, struct text what, struct text detail)
{
	struct statement *put = NULL, *trim = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_INCIDENT_PUT, &put);

	if (status == STATUS_OK) {
		statement_bind_integer(put, 1, at_ms);
		statement_bind_text(put, 2, what);
		statement_bind_text(put, 3, detail);
		status = statement_run(put);
	}
	if (status == STATUS_OK)
		status = device_statement(store, STATEMENT_REPLICA_INCIDENTS_TRIM, &trim);
	if (status == STATUS_OK) {
		statement_bind_integer(trim, 1, INCIDENTS_MAX);
		status = statement_run(trim);
	}
	statement_reset(trim);
	statement_reset(put);
	return status;
}

enum status device_store_incident(struct device_store *store, int64_t at_ms, const char *what, struct text detail)
{
	struct storage *replica;
	bool own;
	enum status status = device_replica(store, &replica);

	if (status != STATUS_OK)
		return status;
	own = !storage_in_transaction(replica);
	if (own)
		status = device_store_begin(store, true);
	if (status == STATUS_OK)
		status = put_incident(store, at_ms, text_of(what), text_cut(detail, 1000));
	if (own && status == STATUS_OK)
		return device_store_commit(store);
	if (own)
		device_store_rollback(store);
	return status;
}

enum status device_store_incidents_each(struct device_store *store, int64_t limit, incident_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_INCIDENTS, &each);

	if (status == STATUS_OK)
		statement_bind_integer(each, 1, limit);
	while (statement_next(each, &status))
		status = visit(context, statement_integer(each, 0), statement_text(each, 1), statement_text(each, 2));
	statement_reset(each);
	return status;
}
