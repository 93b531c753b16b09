/* Shadows: confirmed rows as they were before pending operations were laid over them. One table for all kinds, in canonical form. */
#include <string.h>

#include "device_agent/store_parts.h"

static enum status is_shadowed(struct device_store *store, enum record_kind kind, const struct id *id, bool *out_shadowed)
{
	struct statement *look = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_SHADOW_LOOK, &look);

	if (status == STATUS_OK) {
		statement_bind_integer(look, 1, kind);
		statement_bind_id(look, 2, id);
		status = statement_step(look);
	}
	statement_reset(look);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	*out_shadowed = status == STATUS_OK;
	return STATUS_OK;
}

/* `canonical` is empty for a row that is absent. */
static enum status put_shadow(
	struct device_store *store, enum record_kind kind, const struct id *id, const struct row_meta *meta, struct bytes canonical)
{
	bool present = canonical.size > 0;
	struct statement *put = NULL;
	enum status status = device_statement(store, present ? STATEMENT_REPLICA_SHADOW_PUT : STATEMENT_REPLICA_SHADOW_PUT_ABSENT, &put);

	if (status == STATUS_OK) {
		statement_bind_integer(put, 1, kind);
		statement_bind_id(put, 2, id);
		if (present) {
			statement_bind_integer(put, 3, meta->home);
			statement_bind_integer(put, 4, meta->gseq);
			statement_bind_bytes(put, 5, (struct bytes){ meta->hash, sizeof(meta->hash) });
			statement_bind_bytes(put, 6, canonical);
		}
		status = statement_run(put);
	}
	statement_reset(put);
	return status;
}

enum status device_store_shadow(struct device_store *store, enum record_kind kind, const struct id *id)
{
	const struct schema *schema = NULL;
	struct bytes canonical = { 0 };
	struct row_meta meta = { 0 };
	bool shadowed = false;
	void *row;
	enum status status = schema_of_record(kind, &schema);

	if (status == STATUS_OK)
		status = is_shadowed(store, kind, id, &shadowed);
	if (status != STATUS_OK || shadowed)
		return status;
	status = table_get(device_store_replica_storage(store), schema, id, &store->scratch, &row, &meta);
	if (status == STATUS_OK) {
		struct writer writer = writer_in(&store->scratch, 2 * RECORD_SIZE_MAX);
		record_encode(&writer, schema, row);
		canonical = writer_bytes(&writer);
		if (writer.overflow)
			status = fail(STATUS_CORRUPT, "%s %s is larger than any record may be", schema->name, id_to_text(id).characters);
	}
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = put_shadow(store, kind, id, &meta, canonical);
	arena_reset(&store->scratch);
	return status;
}

static enum status restore_one(struct device_store *store, struct statement *shadow)
{
	struct id id = statement_id_column(shadow, 1);
	struct bytes hash = statement_bytes(shadow, 4);
	const struct schema *schema = NULL;
	struct row_meta meta = { 0 };
	void *row;
	enum status status = schema_of_record((enum record_kind)statement_integer(shadow, 0), &schema);

	if (status != STATUS_OK)
		return status;
	if (statement_is_null(shadow, 2))
		return device_remove(store, schema, &id);
	if (hash.size != sizeof(meta.hash))
		return fail(STATUS_CORRUPT, "replica.db holds a shadow with a hash of %zu bytes; it must be fetched again", hash.size);
	meta.home = statement_integer(shadow, 2);
	meta.gseq = statement_integer(shadow, 3);
	memcpy(meta.hash, hash.data, sizeof(meta.hash));
	status = record_decode(&store->scratch, statement_bytes(shadow, 5), &schema, &row);
	if (status == STATUS_OK)
		status = device_put(store, schema, row, &meta);
	arena_reset(&store->scratch);
	return status;
}

enum status device_store_restore_shadows(struct device_store *store)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_SHADOW_ROWS, &each);

	while (statement_next(each, &status))
		status = restore_one(store, each);
	statement_reset(each);
	return status == STATUS_OK ? device_store_drop_shadows(store) : status;
}

static enum status visit_one(struct device_store *store, struct statement *each, shadow_visit visit, void *context)
{
	struct shadow shadow = { .kind = (enum record_kind)statement_integer(each, 0),
		.id = statement_id_column(each, 1),
		.present = !statement_is_null(each, 2) };
	struct bytes hash = statement_bytes(each, 4);
	enum status status;

	if (!shadow.present)
		return visit(context, &shadow);
	if (hash.size != ROW_HASH_SIZE)
		return fail(STATUS_CORRUPT, "replica.db holds a shadow with a hash of %zu bytes; it must be fetched again", hash.size);
	shadow.row.gseq = statement_integer(each, 3);
	shadow.row.hash = row_hash_from_bytes(hash.data);
	status = device_scope_read(store, statement_integer(each, 2), &shadow.row.home);
	return status == STATUS_OK ? visit(context, &shadow) : status;
}

enum status device_store_shadow_each(struct device_store *store, shadow_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = device_statement(store, STATEMENT_REPLICA_SHADOWS, &each);

	while (statement_next(each, &status))
		status = visit_one(store, each, visit, context);
	statement_reset(each);
	return status;
}

enum status device_store_drop_shadows(struct device_store *store)
{
	return device_run(store, STATEMENT_REPLICA_SHADOWS_DROP);
}
