/* Named statements: prepared at first use, kept until the store is closed. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "db/connection.h"

/* "$n" is a name to SQLite, which numbers names by their first appearance. */
static void find_parameters(struct statement *statement)
{
	char name[16];

	assert(sqlite3_bind_parameter_count(statement->prepared) <= PARAMETERS_MAX);
	for (int i = 1; i <= PARAMETERS_MAX; i++) {
		snprintf(name, sizeof(name), "$%d", i);
		statement->position[i] = (uint8_t)sqlite3_bind_parameter_index(statement->prepared, name);
	}
}

enum status statement_get(struct storage *storage, enum statement_id which, struct statement **out_statement)
{
	struct statement *statement = &storage->statements[which];
	enum status status;

	assert(which < STATEMENT_COUNT && !statement->in_use);
	if (statement->prepared == NULL) {
		status = sql_prepare(storage, statement_texts[which].sql, &statement->prepared);
		if (status != STATUS_OK)
			return status;
		statement->storage = storage;
		find_parameters(statement);
	}
	statement->in_use = true;
	*out_statement = statement;
	return STATUS_OK;
}

static const char *source_of(const struct statement *statement)
{
	return statement_texts[statement - statement->storage->statements].source;
}

static int position_of(const struct statement *statement, int parameter)
{
	assert(parameter >= 1 && parameter <= PARAMETERS_MAX && statement->position[parameter] != 0);
	return statement->position[parameter];
}

static void note_bind(struct statement *statement, int result)
{
	if (statement->bind_result == SQLITE_OK)
		statement->bind_result = result;
}

void statement_bind_integer(struct statement *statement, int parameter, int64_t value)
{
	note_bind(statement, sqlite3_bind_int64(statement->prepared, position_of(statement, parameter), value));
}

void statement_bind_text(struct statement *statement, int parameter, struct text value)
{
	const char *data = value.size == 0 ? "" : value.data;

	note_bind(statement,
		sqlite3_bind_text64(statement->prepared, position_of(statement, parameter), data, value.size, SQLITE_STATIC, SQLITE_UTF8));
}

void statement_bind_bytes(struct statement *statement, int parameter, struct bytes value)
{
	const void *data = value.size == 0 ? "" : (const void *)value.data;

	note_bind(statement, sqlite3_bind_blob64(statement->prepared, position_of(statement, parameter), data, value.size, SQLITE_STATIC));
}

void statement_bind_id(struct statement *statement, int parameter, const struct id *id)
{
	statement_bind_bytes(statement, parameter, (struct bytes){ .data = id->bytes, .size = ID_SIZE });
}

enum status statement_step(struct statement *statement)
{
	if (statement->bind_result != SQLITE_OK)
		return sql_fail(statement->storage, statement->bind_result, source_of(statement));
	return sql_step(statement->storage, statement->prepared, source_of(statement));
}

bool statement_next(struct statement *statement, enum status *status)
{
	bool there;

	if (*status != STATUS_OK)
		return false;
	*status = statement_step(statement);
	there = *status == STATUS_OK;
	if (*status == STATUS_NOT_FOUND)
		*status = STATUS_OK;
	return there;
}

enum status statement_run(struct statement *statement)
{
	enum status status = STATUS_OK;

	while (statement_next(statement, &status))
		;
	return status;
}

int64_t statement_integer(struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->prepared, column);
}

struct text statement_text(struct statement *statement, int column)
{
	const unsigned char *data = sqlite3_column_text(statement->prepared, column);

	return (struct text){ .data = (const char *)data, .size = (size_t)sqlite3_column_bytes(statement->prepared, column) };
}

struct bytes statement_bytes(struct statement *statement, int column)
{
	const void *data = sqlite3_column_blob(statement->prepared, column);

	return (struct bytes){ .data = data, .size = (size_t)sqlite3_column_bytes(statement->prepared, column) };
}

struct id statement_id_column(struct statement *statement, int column)
{
	struct bytes bytes = statement_bytes(statement, column);
	struct id id = { 0 };

	if (bytes.size == ID_SIZE)
		memcpy(id.bytes, bytes.data, ID_SIZE);
	return id;
}

bool statement_is_null(struct statement *statement, int column)
{
	return sqlite3_column_type(statement->prepared, column) == SQLITE_NULL;
}

void statement_reset(struct statement *statement)
{
	if (statement == NULL)
		return;
	/* What went wrong was reported by the step. */
	sqlite3_reset(statement->prepared);
	sqlite3_clear_bindings(statement->prepared);
	statement->bind_result = SQLITE_OK;
	statement->in_use = false;
}

int64_t storage_changes(const struct storage *storage)
{
	return sqlite3_changes64(storage->connection);
}

int64_t storage_changes_total(const struct storage *storage)
{
	return sqlite3_total_changes64(storage->connection);
}

void statements_finish(struct storage *storage)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(storage->statements[i].prepared);
}
