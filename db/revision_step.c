#include "db/revision_step.h"

#include <string.h>

#include "db/connection.h"
#include "db/migration.h"
#include "db/schema_ddl.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/work_order_cost.h"

#define REVISION_UNIT 1000 /* migrations are fewer */

int64_t revision_stamp(int migration, uint32_t revision)
{
	return (revision > SCHEMA_REVISION_PLAIN ? (int64_t)revision * REVISION_UNIT : 0) + migration;
}

int revision_stamp_migration(int64_t stamp)
{
	return (int)(stamp % REVISION_UNIT);
}

uint32_t revision_stamp_revision(int64_t stamp)
{
	return stamp < REVISION_UNIT ? SCHEMA_REVISION_PLAIN : (uint32_t)(stamp / REVISION_UNIT);
}

uint32_t revision_of_now(enum storage_kind kind)
{
	return kind == STORAGE_OUTBOX ? SCHEMA_REVISION_PLAIN : schema_revision();
}

static enum status add_columns(struct storage *storage, struct arena *arena, uint32_t from, const struct schema *schema, bool *out_added)
{
	enum status status = STATUS_OK;

	*out_added = false;
	for (size_t i = 0; i < schema->field_count && status == STATUS_OK; i++) {
		if (schema->fields[i].since <= from)
			continue;
		*out_added = true;
		status = sql_run(storage, schema_column_ddl(arena, schema, &schema->fields[i]).data);
	}
	return status;
}

/* The next row, in order of ids, that keeps something. STATUS_NOT_FOUND: none. */
static enum status next_keeper(struct storage *storage, sqlite3_stmt *select, const char *table, struct id *id)
{
	enum status status;

	sqlite3_bind_blob(select, 1, id->bytes, ID_SIZE, SQLITE_TRANSIENT);
	status = sql_step(storage, select, table);
	if (status == STATUS_OK && sqlite3_column_bytes(select, 0) == ID_SIZE)
		memcpy(id->bytes, sqlite3_column_blob(select, 0), ID_SIZE);
	else if (status == STATUS_OK)
		status = fail(STATUS_CORRUPT, "%s holds a %s with an id that is not 16 bytes; %s", storage->path, table,
			storage_kind_find(storage->kind)->damaged_advice);
	sqlite3_reset(select);
	return status;
}

/* The row is the same as before, so its hash is. */
static enum status adopt_row(struct storage *storage, const struct schema *schema, const struct id *id, record_adopt_call adopt)
{
	struct arena arena = { 0 };
	struct row_meta meta;
	void *row;
	enum status status = table_get(storage, schema, id, &arena, &row, &meta);

	if (status == STATUS_OK && adopt(&arena, schema, row) == STATUS_OK) /* else it is no value of the field: it stays where it was */
		status = table_put(storage, schema, row, &meta);
	arena_finish(&arena);
	return status;
}

static enum status adopt_rows(struct storage *storage, struct arena *arena, const struct schema *schema, record_adopt_call adopt)
{
	struct text sql = arena_print(arena, "SELECT id FROM %s WHERE extra IS NOT NULL AND id > ?1 ORDER BY id LIMIT 1", schema->name);
	sqlite3_stmt *select = NULL;
	struct id id = { 0 };
	enum status status = sql_prepare(storage, sql.data, &select);

	while (status == STATUS_OK && (status = next_keeper(storage, select, schema->name, &id)) == STATUS_OK)
		status = adopt_row(storage, schema, &id, adopt);
	sqlite3_finalize(select);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Indexes of columns that no migration knows. */
static const struct {
	enum storage_kind kind;
	uint32_t since;
	const char *sql;
} indexes[] = {
	{ STORAGE_SERVER, 4, "CREATE INDEX attachment_by_thumbnail ON attachment (thumbnail) WHERE thumbnail != ''" },
	{ STORAGE_SERVER, ARCHIVED_SINCE,
	  "CREATE INDEX attachment_by_age ON attachment (taken_at_ms, id) WHERE archived IS NULL AND work_order_id IS NOT NULL" },
	{ STORAGE_SERVER, COSTS_APART_SINCE, "CREATE INDEX work_order_costed ON work_order (id) WHERE cost_cents IS NOT NULL" },
	{ STORAGE_SERVER, ARCHIVED_SINCE, "CREATE INDEX movement_by_age ON movement (at_ms, id) WHERE archived IS NULL" },
	{ STORAGE_SERVER, ARCHIVED_SINCE, "CREATE INDEX note_by_age ON note (at_ms, id) WHERE archived IS NULL" },
	{ STORAGE_SERVER, ARCHIVED_SINCE, "CREATE INDEX reading_by_age ON reading (at_ms, id) WHERE archived IS NULL" },
	{ STORAGE_SERVER, ARCHIVED_SINCE, "CREATE INDEX task_answer_by_age ON task_answer (at_ms, id) WHERE archived IS NULL" },
	{ STORAGE_SERVER, ARCHIVED_SINCE, "CREATE INDEX time_entry_by_age ON time_entry (start_at_ms, id) WHERE archived IS NULL" },
};

static enum status add_indexes(struct storage *storage, uint32_t from)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < LENGTH(indexes) && status == STATUS_OK; i++)
		if (indexes[i].kind == storage->kind && indexes[i].since > from && indexes[i].since <= storage->revision)
			status = sql_run(storage, indexes[i].sql);
	return status;
}

static enum status bring_tables(struct storage *storage, struct arena *arena, uint32_t from, record_adopt_call adopt)
{
	const struct schema *schema;
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		bool added;
		status = add_columns(storage, arena, from, schema, &added);
		if (status == STATUS_OK && added && adopt != NULL)
			status = adopt_rows(storage, arena, schema, adopt);
	}
	return status;
}

enum status revision_apply(struct storage *storage, record_adopt_call adopt)
{
	uint32_t from = storage->revision;
	struct arena arena = { 0 };
	enum status status;

	if (storage->revision >= revision_of_now(storage->kind))
		return STATUS_OK;
	status = storage_begin(storage, true);
	if (status != STATUS_OK)
		return status;
	storage->revision = schema_revision();
	status = bring_tables(storage, &arena, from, adopt);
	if (status == STATUS_OK)
		status = add_indexes(storage, from);
	if (status == STATUS_OK)
		status = migration_stamp(storage, migration_newest(storage->kind));
	if (status == STATUS_OK)
		status = storage_commit(storage);
	if (status != STATUS_OK) {
		storage_rollback(storage);
		storage->revision = from;
	}
	arena_finish(&arena);
	return status;
}
