/* Tables of records: rows in and out by their field tables. */
#include <assert.h>
#include <string.h>

#include "db/connection.h"
#include "db/table_sql.h"
#include "protocol/domain/revision.h"

#define HASH_COLUMN  4
#define EXTRA_COLUMN 5

static enum status table_prepare(struct storage *storage, const struct schema *schema, enum table_verb verb, sqlite3_stmt **out_prepared)
{
	struct arena arena = { 0 };
	enum status status = sql_prepare(storage, table_sql(&arena, schema, verb), out_prepared);

	arena_finish(&arena);
	return status;
}

static enum status table_statement(
	struct storage *storage, const struct schema *schema, enum table_verb verb, struct table_statement **out_statement)
{
	struct table_statement *statement;
	enum status status;

	assert(schema->kind <= RECORD_KIND_MAX);
	statement = &storage->tables[schema->kind].statements[verb];
	if (statement->prepared == NULL) {
		status = table_prepare(storage, schema, verb, &statement->prepared);
		if (status != STATUS_OK)
			return status;
	}
	*out_statement = statement;
	return STATUS_OK;
}

void tables_finish(struct storage *storage)
{
	for (size_t i = 0; i < LENGTH(storage->tables); i++) {
		for (size_t k = 0; k < TABLE_VERB_COUNT; k++) {
			sqlite3_finalize(storage->tables[i].statements[k].prepared);
			arena_finish(&storage->tables[i].statements[k].arena);
		}
	}
}

/* ---- binding ---- */

static int bind_id(sqlite3_stmt *prepared, int parameter, const struct id *id)
{
	return sqlite3_bind_blob(prepared, parameter, id->bytes, ID_SIZE, SQLITE_STATIC);
}

/* Defaults are NULL: they take no room. */
static int bind_field(sqlite3_stmt *prepared, int parameter, const struct field *field, const void *row)
{
	const struct text *text;

	if (field_is_default(field, row))
		return sqlite3_bind_null(prepared, parameter);
	switch (field->kind) {
	case FIELD_ID:
		return bind_id(prepared, parameter, field_at(field, row));
	case FIELD_TEXT:
		text = field_at(field, row);
		return sqlite3_bind_text64(prepared, parameter, text->data, text->size, SQLITE_STATIC, SQLITE_UTF8);
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		break;
	}
	return sqlite3_bind_int64(prepared, parameter, field_integer(field, row));
}

static int bind_extra(sqlite3_stmt *prepared, int parameter, struct bytes extra)
{
	return extra.size == 0 ? sqlite3_bind_null(prepared, parameter)
			       : sqlite3_bind_blob64(prepared, parameter, extra.data, extra.size, SQLITE_STATIC);
}

/* Everything but the first parameter. `plain` leaves out what TABLE_UPDATE_PLAIN does not name. */
static int bind_row(sqlite3_stmt *prepared, const struct schema *schema, const void *row, const struct row_meta *meta, bool plain)
{
	int result = plain ? SQLITE_OK : sqlite3_bind_int64(prepared, 2, meta->home);

	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(prepared, 3, meta->gseq);
	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(prepared, 4, meta->author);
	if (result == SQLITE_OK)
		result = sqlite3_bind_blob(prepared, 5, meta->hash, sizeof(meta->hash), SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = bind_extra(prepared, 6, row_extra(schema, row));
	for (size_t i = 1; result == SQLITE_OK && i < schema->field_count; i++)
		if (!plain || !field_is_indexed(schema, &schema->fields[i]))
			result = bind_field(prepared, (int)i + TABLE_FIRST_FIELD, &schema->fields[i], row);
	return result;
}

/* Runs a writing statement and lets go of what was bound. */
static enum status run_write(struct storage *storage, sqlite3_stmt *prepared, int bind_result, const char *doing)
{
	enum status status = bind_result == SQLITE_OK ? sql_step(storage, prepared, doing) : sql_fail(storage, bind_result, doing);

	sqlite3_reset(prepared);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- reading ---- */

static enum status read_id(struct storage *storage, const struct schema *schema, sqlite3_stmt *prepared, int column, struct id *out_id)
{
	const void *data = sqlite3_column_blob(prepared, column);

	if (data == NULL || sqlite3_column_bytes(prepared, column) != ID_SIZE)
		return fail(STATUS_CORRUPT, "%s holds a %s with an id that is not 16 bytes; %s", storage->path, schema->name,
			storage_kind_find(storage->kind)->damaged_advice);
	memcpy(out_id->bytes, data, ID_SIZE);
	return STATUS_OK;
}

static enum status read_field(
	struct storage *storage, const struct schema *schema, sqlite3_stmt *prepared, size_t position, struct arena *arena, void *row)
{
	const struct field *field = &schema->fields[position];
	int column = (int)position - 1 + TABLE_FIRST_FIELD;
	struct text text;

	switch (field->kind) {
	case FIELD_ID:
		return read_id(storage, schema, prepared, column, field_at_mutable(field, row));
	case FIELD_TEXT:
		text.data = (const char *)sqlite3_column_text(prepared, column);
		text.size = (size_t)sqlite3_column_bytes(prepared, column);
		*(struct text *)field_at_mutable(field, row) = arena_copy_text(arena, text);
		return STATUS_OK;
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		break;
	}
	field_set_integer(field, row, sqlite3_column_int64(prepared, column));
	return STATUS_OK;
}

static void read_extra(const struct schema *schema, sqlite3_stmt *prepared, struct arena *arena, void *row)
{
	struct bytes extra = { .data = sqlite3_column_blob(prepared, EXTRA_COLUMN) };

	extra.size = (size_t)sqlite3_column_bytes(prepared, EXTRA_COLUMN);
	if (extra.size > 0 && schema->extra != 0)
		row_set_extra(schema, row, arena_copy_bytes(arena, extra));
}

static enum status read_row(struct storage *storage, const struct schema *schema, sqlite3_stmt *prepared, struct arena *arena,
	void **out_row, struct row_meta *out_meta)
{
	void *row = arena_allocate(arena, schema->size);
	enum status status = read_id(storage, schema, prepared, 0, field_at_mutable(&schema->fields[0], row));

	for (size_t i = 1; status == STATUS_OK && i < schema->field_count; i++)
		if (sqlite3_column_type(prepared, (int)i - 1 + TABLE_FIRST_FIELD) != SQLITE_NULL)
			status = read_field(storage, schema, prepared, i, arena, row);
	if (status != STATUS_OK)
		return status;
	read_extra(schema, prepared, arena, row);
	*out_row = row;
	if (out_meta == NULL)
		return STATUS_OK;
	*out_meta = (struct row_meta){ .home = sqlite3_column_int64(prepared, 1),
		.gseq = sqlite3_column_int64(prepared, 2),
		.author = sqlite3_column_int64(prepared, 3) };
	if (sqlite3_column_bytes(prepared, HASH_COLUMN) == (int)sizeof(out_meta->hash))
		memcpy(out_meta->hash, sqlite3_column_blob(prepared, HASH_COLUMN), sizeof(out_meta->hash));
	return STATUS_OK;
}

enum status table_get(struct storage *storage, const struct schema *schema, const struct id *id, struct arena *arena, void **out_row,
	struct row_meta *out_meta)
{
	struct table_statement *statement;
	enum status status;

	schema = schema_at_revision(schema, storage->revision);
	status = table_statement(storage, schema, TABLE_GET, &statement);
	if (status != STATUS_OK)
		return status;
	bind_id(statement->prepared, 1, id);
	status = sql_step(storage, statement->prepared, schema->name);
	if (status == STATUS_OK)
		status = read_row(storage, schema, statement->prepared, arena, out_row, out_meta);
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "there is no %s %s", schema->name, id_to_text(id).characters);
	sqlite3_reset(statement->prepared);
	return status;
}

/* ---- writing ---- */

/* What an update must know of the stored row. */
struct stored_row {
	int64_t number;
	bool same_keys; /* home and indexed fields are what the new row has: their indexes need no touch */
};

static bool same_id(sqlite3_stmt *prepared, int column, const struct id *id)
{
	const void *data = sqlite3_column_blob(prepared, column);

	if (data == NULL)
		return id_is_nil(id);
	return sqlite3_column_bytes(prepared, column) == ID_SIZE && memcmp(data, id->bytes, ID_SIZE) == 0;
}

static enum status look(struct storage *storage, const struct schema *schema, const void *row, int64_t home, struct stored_row *out_stored)
{
	struct table_statement *statement;
	enum status status = table_statement(storage, schema, TABLE_LOOK, &statement);
	int column = 2;

	if (status != STATUS_OK)
		return status;
	bind_id(statement->prepared, 1, row_id(row));
	status = sql_step(storage, statement->prepared, schema->name);
	if (status == STATUS_OK) {
		out_stored->number = sqlite3_column_int64(statement->prepared, 0);
		out_stored->same_keys = sqlite3_column_int64(statement->prepared, 1) == home;
		for (size_t i = 1; out_stored->same_keys && i < schema->field_count; i++)
			if (field_is_indexed(schema, &schema->fields[i]))
				out_stored->same_keys = same_id(statement->prepared, column++, field_at(&schema->fields[i], row));
	}
	sqlite3_reset(statement->prepared);
	return status;
}

static enum status insert(
	struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta, bool *out_inserted)
{
	struct table_statement *statement;
	enum status status = table_statement(storage, schema, TABLE_INSERT, &statement);
	int result;

	if (status != STATUS_OK)
		return status;
	result = bind_id(statement->prepared, 1, row_id(row));
	if (result == SQLITE_OK)
		result = bind_row(statement->prepared, schema, row, meta, false);
	status = run_write(storage, statement->prepared, result, schema->name);
	*out_inserted = status == STATUS_OK && sqlite3_changes(storage->connection) != 0;
	return status;
}

static enum status update(
	struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta, const struct stored_row *stored)
{
	struct table_statement *statement;
	enum status status = table_statement(storage, schema, stored->same_keys ? TABLE_UPDATE_PLAIN : TABLE_UPDATE, &statement);
	int result;

	if (status != STATUS_OK)
		return status;
	result = sqlite3_bind_int64(statement->prepared, 1, stored->number);
	if (result == SQLITE_OK)
		result = bind_row(statement->prepared, schema, row, meta, stored->same_keys);
	return run_write(storage, statement->prepared, result, schema->name);
}

enum status table_put(struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta)
{
	struct table *table = &storage->tables[schema->kind];
	struct stored_row stored;
	bool inserted = false;
	enum status status;

	schema = schema_at_revision(schema, storage->revision);
	if (table->expects_new) {
		status = insert(storage, schema, row, meta, &inserted);
		if (status != STATUS_OK || inserted)
			return status;
		table->expects_new = false;
	}
	status = look(storage, schema, row, meta->home, &stored);
	if (status == STATUS_OK)
		return update(storage, schema, row, meta, &stored);
	if (status != STATUS_NOT_FOUND)
		return status;
	table->expects_new = true;
	return insert(storage, schema, row, meta, &inserted);
}

enum status table_remove(struct storage *storage, const struct schema *schema, const struct id *id)
{
	struct table_statement *statement;
	enum status status = table_statement(storage, schema, TABLE_REMOVE, &statement);

	if (status != STATUS_OK)
		return status;
	return run_write(storage, statement->prepared, bind_id(statement->prepared, 1, id), schema->name);
}

/* ---- walks ---- */

/* One walk over a statement's rows. A visit may start another walk of the same kind: that one gets a statement of its own. */
struct walk {
	struct storage *storage;
	const struct schema *schema;
	struct table_statement *statement;
	struct table_statement own;
};

static enum status walk_init(struct walk *walk, struct storage *storage, const struct schema *schema, enum table_verb verb)
{
	enum status status;

	*walk = (struct walk){ .storage = storage, .schema = schema_at_revision(schema, storage->revision) };
	status = table_statement(storage, walk->schema, verb, &walk->statement);
	if (status == STATUS_OK && walk->statement->in_use) {
		walk->statement = &walk->own;
		status = table_prepare(storage, walk->schema, verb, &walk->own.prepared);
	}
	if (status == STATUS_OK)
		walk->statement->in_use = true;
	return status;
}

static enum status walk_run(struct walk *walk, table_visit visit, void *context)
{
	struct table_statement *statement = walk->statement;
	enum status status;

	while ((status = sql_step(walk->storage, statement->prepared, walk->schema->name)) == STATUS_OK) {
		struct row_meta meta;
		void *row;

		arena_reset(&statement->arena);
		status = read_row(walk->storage, walk->schema, statement->prepared, &statement->arena, &row, &meta);
		if (status == STATUS_OK)
			status = visit(context, row, &meta);
		if (status != STATUS_OK)
			return status;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void walk_finish(struct walk *walk)
{
	sqlite3_reset(walk->statement->prepared);
	walk->statement->in_use = false;
	sqlite3_finalize(walk->own.prepared);
	arena_finish(&walk->own.arena);
}

static size_t index_position(const struct schema *schema, const char *index_field)
{
	size_t position = 0;

	while (position < INDEXES_MAX && schema->indexes[position].field != NULL &&
		strcmp(schema->indexes[position].field, index_field) != 0)
		position++;
	assert(position < INDEXES_MAX && schema->indexes[position].field != NULL);
	return position;
}

enum status table_each(struct storage *storage, const struct schema *schema, const char *index_field, const struct id *key,
	table_visit visit, void *context)
{
	struct walk walk;
	enum status status = walk_init(&walk, storage, schema, (enum table_verb)(TABLE_EACH + index_position(schema, index_field)));

	if (status != STATUS_OK)
		return status;
	if (id_is_nil(key))
		sqlite3_bind_null(walk.statement->prepared, 1);
	else
		bind_id(walk.statement->prepared, 1, key);
	status = walk_run(&walk, visit, context);
	walk_finish(&walk);
	return status;
}

enum status table_feed(struct storage *storage, const struct schema *schema, const struct row_meta *after, const struct id *after_id,
	table_visit visit, void *context)
{
	struct walk walk;
	enum status status = walk_init(&walk, storage, schema, TABLE_FEED);

	if (status != STATUS_OK)
		return status;
	sqlite3_bind_int64(walk.statement->prepared, 1, after->home);
	sqlite3_bind_int64(walk.statement->prepared, 2, after->gseq);
	bind_id(walk.statement->prepared, 3, after_id);
	if (after->author == 0) /* rows of nobody are everybody's; the column is never NULL */
		sqlite3_bind_null(walk.statement->prepared, 4);
	else
		sqlite3_bind_int64(walk.statement->prepared, 4, after->author);
	status = walk_run(&walk, visit, context);
	walk_finish(&walk);
	return status;
}

enum status table_by_id(
	struct storage *storage, const struct schema *schema, int64_t home, const struct id *after_id, table_visit visit, void *context)
{
	struct walk walk;
	enum status status = walk_init(&walk, storage, schema, TABLE_BY_ID);

	if (status != STATUS_OK)
		return status;
	sqlite3_bind_int64(walk.statement->prepared, 1, home);
	bind_id(walk.statement->prepared, 2, after_id);
	status = walk_run(&walk, visit, context);
	walk_finish(&walk);
	return status;
}

enum status table_scan(struct storage *storage, const struct schema *schema, const struct id *after_id, table_visit visit, void *context)
{
	struct walk walk;
	enum status status = walk_init(&walk, storage, schema, TABLE_SCAN);

	if (status != STATUS_OK)
		return status;
	bind_id(walk.statement->prepared, 1, after_id);
	status = walk_run(&walk, visit, context);
	walk_finish(&walk);
	return status;
}

enum status table_aged(
	struct storage *storage, const struct schema *schema, const struct aged_span *span, table_visit visit, void *context)
{
	struct walk walk;
	enum status status = walk_init(&walk, storage, schema, TABLE_AGED);

	if (status != STATUS_OK)
		return status;
	sqlite3_bind_int64(walk.statement->prepared, 1, span->after_ms);
	bind_id(walk.statement->prepared, 2, &span->after_id);
	sqlite3_bind_int64(walk.statement->prepared, 3, span->before_ms);
	sqlite3_bind_int64(walk.statement->prepared, 4, (sqlite3_int64)span->most);
	status = walk_run(&walk, visit, context);
	walk_finish(&walk);
	return status;
}

enum status table_since(struct storage *storage, const struct schema *schema, const struct row_span *span, size_t most, size_t *out_count,
	size_t *out_within)
{
	struct table_statement *statement;
	enum status status = table_statement(storage, schema_at_revision(schema, storage->revision), TABLE_SINCE, &statement);

	if (status != STATUS_OK)
		return status;
	sqlite3_bind_int64(statement->prepared, 1, span->home);
	sqlite3_bind_int64(statement->prepared, 2, span->gseq);
	bind_id(statement->prepared, 3, &span->after);
	bind_id(statement->prepared, 4, &span->last);
	sqlite3_bind_int64(statement->prepared, 5, (sqlite3_int64)most);
	status = sql_step(storage, statement->prepared, schema->name);
	if (status == STATUS_OK) {
		*out_count = (size_t)sqlite3_column_int64(statement->prepared, 0);
		*out_within = (size_t)sqlite3_column_int64(statement->prepared, 1);
	}
	sqlite3_reset(statement->prepared);
	return status;
}

/* ---- short ids ---- */

/* The first and the last id that may begin so; they are read from `out_span` as long as the statement runs. */
static void bind_prefix(sqlite3_stmt *prepared, const uint8_t *prefix, size_t width, struct id out_span[static 2])
{
	assert(width <= ID_SIZE);
	memset(out_span[0].bytes, 0, ID_SIZE);
	memset(out_span[1].bytes, 0xff, ID_SIZE);
	memcpy(out_span[0].bytes, prefix, width);
	memcpy(out_span[1].bytes, prefix, width);
	bind_id(prepared, 1, &out_span[0]);
	bind_id(prepared, 2, &out_span[1]);
}

enum status table_resolve(struct storage *storage, const struct schema *schema, const uint8_t *prefix, size_t width, struct id *out_id)
{
	struct id found = { 0 }, span[2];
	struct table_statement *statement;
	enum status status = table_statement(storage, schema, TABLE_RESOLVE, &statement);

	if (status != STATUS_OK)
		return status;
	bind_prefix(statement->prepared, prefix, width, span);
	status = sql_step(storage, statement->prepared, schema->name);
	if (status == STATUS_OK)
		status = read_id(storage, schema, statement->prepared, 0, &found);
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "there is no %s whose id begins so; give more of it, or check it", schema->name);
	if (status == STATUS_OK) {
		status = sql_step(storage, statement->prepared, schema->name);
		if (status == STATUS_OK)
			status = fail(STATUS_AMBIGUOUS, "several ids of the table %s begin so; give more of it", schema->name);
		else if (status == STATUS_NOT_FOUND)
			status = STATUS_OK;
	}
	sqlite3_reset(statement->prepared);
	if (status == STATUS_OK)
		*out_id = found;
	return status;
}

static size_t common_bytes(const struct id *one, const struct id *other)
{
	size_t common = 0;

	while (common < ID_SIZE && one->bytes[common] == other->bytes[common])
		common++;
	return common;
}

static enum status raise_common(
	struct storage *storage, const struct schema *schema, sqlite3_stmt *prepared, const struct id *id, size_t *common)
{
	struct id span[2], other;
	enum status status;

	bind_prefix(prepared, id->bytes, *common + 1, span);
	while ((status = sql_step(storage, prepared, schema->name)) == STATUS_OK) {
		size_t shared;
		status = read_id(storage, schema, prepared, 0, &other);
		if (status != STATUS_OK)
			break;
		shared = common_bytes(id, &other);
		if (shared < ID_SIZE && shared > *common)
			*common = shared;
	}
	sqlite3_reset(prepared);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status table_raise_common_prefix(
	struct storage *storage, const struct schema *schema, const struct id *ids, size_t count, size_t *common)
{
	struct table_statement *statement;
	enum status status = table_statement(storage, schema, TABLE_NEIGHBOURS, &statement);

	for (size_t i = 0; i < count && status == STATUS_OK && *common < ID_SIZE; i++)
		if (i == 0 || !id_equal(&ids[i], &ids[i - 1]))
			status = raise_common(storage, schema, statement->prepared, &ids[i], common);
	return status;
}
