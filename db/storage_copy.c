/* A copy of a store as it is in one moment, made beside its owner. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "db/connection.h"
#include "protocol/base/text.h"

#define SLICE_PAGES 1024

/* SQLite's companions of the file get the same mode. */
static enum status make_private(const char *path)
{
	int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (descriptor < 0)
		return fail(STATUS_CANNOT_WRITE, "%s cannot be made (%s)", path, error_to_text(errno));
	(void)close(descriptor);
	return STATUS_OK;
}

static enum status fail_target(const char *path, int result)
{
	if ((result & 0xff) == SQLITE_FULL)
		return fail(STATUS_CANNOT_WRITE, "%s cannot be written: the disk is full; free some space there", path);
	return fail(STATUS_CANNOT_WRITE, "%s cannot be written (%s)", path, sqlite3_errstr(result));
}

static bool of_source(int result)
{
	int kind = result & 0xff;

	return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_NOMEM || result == SQLITE_IOERR_READ ||
	       result == SQLITE_IOERR_SHORT_READ;
}

static enum status copy_pages(struct storage *storage, sqlite3 *target, const char *path, storage_copy_step step, void *context)
{
	sqlite3_backup *backup = sqlite3_backup_init(target, "main", storage->connection, "main");
	enum status status = STATUS_OK;
	int result = backup == NULL ? sqlite3_errcode(target) : SQLITE_OK;

	while (result == SQLITE_OK && status == STATUS_OK) {
		result = sqlite3_backup_step(backup, SLICE_PAGES);
		if (step != NULL && (result == SQLITE_OK || result == SQLITE_DONE))
			status = step(context, sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup),
				sqlite3_backup_pagecount(backup));
	}
	(void)sqlite3_backup_finish(backup);
	if (status != STATUS_OK || result == SQLITE_DONE)
		return status;
	return of_source(result) ? sql_fail(storage, result, "copy") : fail_target(path, result);
}

enum status storage_copy(struct storage *storage, const char *path, storage_copy_step step, void *context)
{
	sqlite3 *target = NULL;
	enum status status = make_private(path);
	int result;

	assert(storage->transaction == TRANSACTION_READ);
	if (status != STATUS_OK)
		return status;
	result = sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(target, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		status = copy_pages(storage, target, path, step, context);
	if (result == SQLITE_OK && status == STATUS_OK) /* whoever only looks at the copy then leaves nothing beside it */
		result = sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (sqlite3_close(target) != SQLITE_OK && result == SQLITE_OK)
		result = SQLITE_IOERR;
	return status == STATUS_OK && result != SQLITE_OK ? fail_target(path, result) : status;
}
