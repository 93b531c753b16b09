/* Rows of records, each read once in a unit of work. */
#include <assert.h>
#include <stddef.h>

#include "server/store_inner.h"

static_assert(ROW_HASH_SIZE == sizeof(((struct row_meta *)0)->hash), "a row's hash fits its column");

static struct server_row server_row_of(const struct row_meta *meta)
{
	return (struct server_row){ .home = meta->home,
		.gseq = meta->gseq,
		.author = meta->author,
		.hash = row_hash_from_bytes(meta->hash) };
}

static struct row_meta meta_of(const struct server_row *row)
{
	struct row_meta meta = { .home = row->home, .gseq = row->gseq, .author = row->author };

	row_hash_to_bytes(row->hash, meta.hash);
	return meta;
}

static struct cached_row *cache(
	struct server_store *store, enum record_kind kind, const struct id *id, const void *row, const struct row_meta *meta)
{
	struct cached_row *cached = id_map_find(&store->rows, kind, id);

	if (cached == NULL) {
		cached = arena_allocate(&store->row_arena, sizeof(*cached));
		id_map_put(&store->rows, kind, id, cached);
	}
	*cached = (struct cached_row){ .row = row, .meta = *meta };
	return cached;
}

static enum status find(struct server_store *store, enum record_kind kind, const struct id *id, const struct cached_row **out_cached)
{
	const struct cached_row *cached = id_map_find(&store->rows, kind, id);
	const struct schema *schema = NULL;
	struct row_meta meta = { 0 };
	void *row = NULL;
	enum status status;

	if (cached == NULL) {
		status = schema_of_record(kind, &schema);
		if (status == STATUS_OK)
			status = table_get(store->storage, schema, id, &store->row_arena, &row, &meta);
		if (status != STATUS_OK && status != STATUS_NOT_FOUND)
			return status;
		cached = cache(store, kind, id, row, &meta);
	}
	if (cached->row == NULL)
		return fail(STATUS_NOT_FOUND, "there is no record %s of kind %d", id_to_text(id).characters, (int)kind);
	*out_cached = cached;
	return STATUS_OK;
}

/* ---- for handlers ---- */

static struct server_store *of(struct records *records)
{
	return (struct server_store *)(void *)((unsigned char *)records - offsetof(struct server_store, records));
}

static enum status get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	const struct cached_row *cached = NULL;
	enum status status = find(of(records), kind, id, &cached);

	if (status == STATUS_OK)
		*out_row = cached->row;
	return status;
}

static enum status each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	return records_each(&of(records)->stored.records, kind, index_field, key, visit, context);
}

static enum status put(struct records *records, enum record_kind kind, const void *row)
{
	(void)records;
	(void)row;
	return fail(STATUS_REFUSED, "rows of kind %d in the server's store are changed with their bookkeeping only", (int)kind);
}

static enum status erase(struct records *records, enum record_kind kind, const struct id *id)
{
	(void)id;
	return put(records, kind, NULL);
}

static const struct records_operations operations = { .get = get, .each = each, .put = put, .remove = erase };

void store_rows_init(struct server_store *store)
{
	store->records.operations = &operations;
	storage_records_init(&store->stored, store->storage, &store->row_arena);
}

struct records *server_store_records(struct server_store *store)
{
	return &store->records;
}

void store_rows_forget(struct server_store *store)
{
	id_map_clear(&store->rows);
}

void server_store_reset_rows(struct server_store *store)
{
	id_map_clear(&store->rows);
	arena_reset(&store->row_arena);
}

/* ---- for the core ---- */

enum status server_store_row(struct server_store *store, enum record_kind kind, const struct id *id, struct server_row *out_row)
{
	const struct cached_row *cached = NULL;
	enum status status = find(store, kind, id, &cached);

	if (status == STATUS_OK)
		*out_row = server_row_of(&cached->meta);
	return status;
}

enum status server_store_put_row(struct server_store *store, enum record_kind kind, const void *row, const struct server_row *meta)
{
	struct row_meta stored = meta_of(meta);
	const struct schema *schema = NULL;
	enum status status = schema_of_record(kind, &schema);

	if (status == STATUS_OK)
		status = table_put(store->storage, schema, row, &stored);
	if (status == STATUS_OK && meta->gseq > store->kind_gseq[kind])
		store->kind_gseq[kind] = meta->gseq;
	if (status == STATUS_OK)
		(void)cache(store, kind, row_id(row), row_copy(&store->row_arena, schema, row), &stored);
	return status;
}

bool server_store_kind_changed(const struct server_store *store, enum record_kind kind, int64_t gseq)
{
	return gseq < store->opened_gseq || store->kind_gseq[kind] > gseq;
}

enum status server_store_remove_row(struct server_store *store, enum record_kind kind, const struct id *id)
{
	const struct schema *schema = NULL;
	enum status status = schema_of_record(kind, &schema);

	if (status == STATUS_OK)
		status = table_remove(store->storage, schema, id);
	if (status == STATUS_OK)
		(void)cache(store, kind, id, NULL, &(struct row_meta){ 0 });
	return status;
}

struct row_walk {
	server_row_visit visit;
	void *context;
};

static enum status walk_row(void *context, const void *row, const struct row_meta *meta)
{
	struct row_walk *walk = context;
	struct server_row server_row = server_row_of(meta);

	return walk->visit(walk->context, row, &server_row);
}

enum status server_store_feed(
	struct server_store *store, const struct member *after, int64_t but_author, server_row_visit visit, void *context)
{
	const struct row_meta place = { .home = after->scope, .gseq = after->gseq, .author = but_author };
	struct row_walk walk = { .visit = visit, .context = context };
	const struct schema *schema = NULL;
	enum status status = schema_of_record(after->kind, &schema);

	return status == STATUS_OK ? table_feed(store->storage, schema, &place, &after->id, walk_row, &walk) : status;
}

enum status server_store_aged(struct server_store *store, const struct aged_rows *wanted, server_row_visit visit, void *context)
{
	const struct aged_span span = {
		.after_ms = wanted->after.at_ms, .after_id = wanted->after.id, .before_ms = wanted->before_ms, .most = wanted->most
	};
	struct row_walk walk = { .visit = visit, .context = context };
	const struct schema *schema = NULL;
	enum status status = schema_of_record(wanted->kind, &schema);

	return status == STATUS_OK ? table_aged(store->storage, schema, &span, walk_row, &walk) : status;
}

enum status server_store_changed(
	struct server_store *store, const struct member *since, const struct id *last, size_t most, bool *out_changed)
{
	const struct row_span span = { .home = since->scope, .gseq = since->gseq, .after = since->id, .last = *last };
	const struct schema *schema = NULL;
	size_t looked = 0, within = 0;
	enum status status = schema_of_record(since->kind, &schema);

	if (status == STATUS_OK)
		status = table_since(store->storage, schema, &span, most, &looked, &within);
	if (status == STATUS_OK)
		*out_changed = within > 0 || looked >= most;
	return status;
}

enum status server_store_by_id(
	struct server_store *store, enum record_kind kind, int64_t scope, const struct id *after_id, server_row_visit visit, void *context)
{
	struct row_walk walk = { .visit = visit, .context = context };
	const struct schema *schema = NULL;
	enum status status = schema_of_record(kind, &schema);

	return status == STATUS_OK ? table_by_id(store->storage, schema, scope, after_id, walk_row, &walk) : status;
}
