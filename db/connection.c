#include "db/connection.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const struct storage_kind_row kinds[] = {
	[STORAGE_SERVER] = { 0x54524b73, "server", "server store", "stop the server and restore the "
	"newest backup (truckrolld restore)", 32 * 1024 },
	[STORAGE_OUTBOX] = { 0x54524b6f, "outbox", "outbox",
		"keep a copy of the file, it holds work that is not sent yet, and enrol the device again", 1024 },
	[STORAGE_REPLICA] = { 0x54524b72, "replica", "replica", "the next sync fetches a new one", 2 * 1024 },
};

const struct storage_kind_row *storage_kind_find(enum storage_kind kind)
{
	assert(kind < LENGTH(kinds));
	return &kinds[kind];
}

/* What SQLite's result codes mean to a caller. */
struct result_row {
	int result;
	enum status status;
};

/* clang-format off */
static const struct result_row results[] = {
	{ SQLITE_CORRUPT,    STATUS_CORRUPT },
	{ SQLITE_NOTADB,     STATUS_CORRUPT },
	{ SQLITE_FORMAT,     STATUS_CORRUPT },
	{ SQLITE_FULL,       STATUS_CANNOT_WRITE },
	{ SQLITE_IOERR,      STATUS_CANNOT_WRITE },
	{ SQLITE_READONLY,   STATUS_CANNOT_WRITE },
	{ SQLITE_CANTOPEN,   STATUS_CANNOT_WRITE },
	{ SQLITE_PERM,       STATUS_CANNOT_WRITE },
	{ SQLITE_NOMEM,      STATUS_CANNOT_WRITE },
	{ SQLITE_BUSY,       STATUS_BUSY },
	{ SQLITE_LOCKED,     STATUS_BUSY },
	{ SQLITE_CONSTRAINT, STATUS_INVALID },
	{ SQLITE_TOOBIG,     STATUS_INVALID },
	{ SQLITE_MISMATCH,   STATUS_INVALID },
};
/* clang-format on */

static enum status status_of(int result)
{
	for (size_t i = 0; i < LENGTH(results); i++)
		if (results[i].result == (result & 0xff))
			return results[i].status;
	return STATUS_CORRUPT; /* a table or column is not there: this file is not what its header says */
}

static bool lacks_descriptors(const struct storage *storage, int result)
{
	bool opening = (result & 0xff) == SQLITE_CANTOPEN && storage->connection != NULL;
	int error = opening ? sqlite3_system_errno(storage->connection) : 0;

	return error == EMFILE || error == ENFILE;
}

static enum status explain(const struct storage *storage, int result, const char *doing)
{
	enum status status = status_of(result);
	const char *path = storage->path;
	const char *words = storage->connection == NULL ? sqlite3_errstr(result) : sqlite3_errmsg(storage->connection);
	const char *about = doing == NULL ? "SQL" : doing;

	switch (status) {
	case STATUS_CORRUPT:
		return fail(status, "%s is damaged (%s: %s); %s", path, about, words, storage_kind_find(storage->kind)->damaged_advice);
	case STATUS_CANNOT_WRITE:
		if ((result & 0xff) == SQLITE_NOMEM)
			return fail(status, "%s: there is no memory left (%s); end other programs, and try again", path, about);
		if (lacks_descriptors(storage, result))
			return fail(status, "%s: too many files are open (%s); allow more (ulimit -n), and try again", path, about);
		return fail(status, "%s cannot be written (%s: %s); free some space or make its folder writable", path, about, words);
	case STATUS_BUSY:
		return fail(status, "%s is held by another process (%s); try again", path, about);
	case STATUS_INVALID:
		return fail(status, "%s does not take the row (%s: %s)", path, about, words);
	case STATUS_OK:
	case STATUS_REFUSED:
	case STATUS_NOT_FOUND:
	case STATUS_OFFLINE:
	case STATUS_NEWER:
	case STATUS_AMBIGUOUS:
		break;
	}
	return fail(status, "%s: %s: %s", path, about, words);
}

enum status sql_fail(struct storage *storage, int result, const char *doing)
{
	enum status status;

	sync_failure_watch(storage, result);
	if (storage->transaction == TRANSACTION_WRITE && sqlite3_get_autocommit(storage->connection) != 0)
		storage->lost = true;
	status = explain(storage, result, doing);
	if (storage->trouble == STATUS_OK && (status == STATUS_CORRUPT || status == STATUS_CANNOT_WRITE)) {
		storage->trouble = status;
		(void)snprintf(storage->trouble_reason, sizeof(storage->trouble_reason), "%s", fail_reason());
	}
	return status;
}

enum status storage_trouble(const struct storage *storage)
{
	return storage->trouble == STATUS_OK ? STATUS_OK : fail(storage->trouble, "%s", storage->trouble_reason);
}

enum status sql_run(struct storage *storage, const char *sql)
{
	int result = sqlite3_exec(storage->connection, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? STATUS_OK : sql_fail(storage, result, NULL);
}

enum status sql_prepare(struct storage *storage, const char *sql, sqlite3_stmt **out_prepared)
{
	int result = sqlite3_prepare_v3(storage->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, out_prepared, NULL);

	return result == SQLITE_OK ? STATUS_OK : sql_fail(storage, result, NULL);
}

enum status sql_step(struct storage *storage, sqlite3_stmt *prepared, const char *doing)
{
	int result;

	if (storage->lost)
		return fail(STATUS_CANNOT_WRITE, "%s: the transaction was given up after a failed write; roll back first", storage->path);
	result = sqlite3_step(prepared);
	if (result == SQLITE_ROW)
		return STATUS_OK;
	return result == SQLITE_DONE ? STATUS_NOT_FOUND : sql_fail(storage, result, doing);
}

enum status sql_integer(struct storage *storage, const char *sql, int64_t *out_value)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = sql_prepare(storage, sql, &prepared);

	if (status == STATUS_OK)
		status = sql_step(storage, prepared, NULL);
	if (status == STATUS_OK)
		*out_value = sqlite3_column_int64(prepared, 0);
	sqlite3_finalize(prepared);
	return status;
}
