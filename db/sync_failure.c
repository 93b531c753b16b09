/* After a sync that failed the system takes what was to be written for written: the next sync succeeds and says nothing of it. So it is not
 * tried again. The store refuses to write, its process ends, and a note beside the file tells the next owner to move the log into the file
 * itself, which writes everything anew. The note need not be durable: when the machine goes down, what was in doubt is gone with it. */
#include <stdlib.h>
#include <string.h>

#include "db/connection.h"

#include "protocol/base/memory.h"
#include "protocol/base/no_memory.h"

#define NOTE_END "-unsynced"

/* The store's file system, and the note's name in it. */
struct note {
	sqlite3_vfs *vfs;
	sqlite3_filename name;
};

static struct note note_of(const struct storage *storage)
{
	size_t size = strlen(storage->path) + sizeof(NOTE_END);
	struct note note = { 0 };
	char *path = memory_allocate(size);

	memcpy(path, storage->path, size - sizeof(NOTE_END));
	memcpy(path + size - sizeof(NOTE_END), NOTE_END, sizeof(NOTE_END));
	note.name = sqlite3_create_filename(path, "", "", 0, NULL);
	free(path);
	if (note.name == NULL)
		no_memory();
	if (sqlite3_file_control(storage->connection, "main", SQLITE_FCNTL_VFS_POINTER, &note.vfs) != SQLITE_OK)
		abort(); /* an open connection has one */
	return note;
}

static void write_note(const struct storage *storage)
{
	struct note note = note_of(storage);
	sqlite3_file *file = memory_zeroed(1, (size_t)note.vfs->szOsFile);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SUPER_JOURNAL;

	if (note.vfs->xOpen(note.vfs, note.name, file, flags, NULL) == SQLITE_OK)
		(void)file->pMethods->xWrite(file, "unsynced\n", 9, 0);
	if (file->pMethods != NULL)
		(void)file->pMethods->xClose(file);
	sqlite3_free_filename(note.name);
	free(file);
}

void sync_failure_watch(struct storage *storage, int result)
{
	if ((result != SQLITE_IOERR_FSYNC && result != SQLITE_IOERR_DIR_FSYNC) || storage->unsynced || storage->connection == NULL)
		return;
	storage->unsynced = true;
	if (storage->mode != STORAGE_READ)
		write_note(storage);
}

enum status sync_failure_check(const struct storage *storage)
{
	if (!storage->unsynced)
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE,
		"%s: the disk failed to keep what was written; nothing more is written, and the program ends; check the disk, then start "
		"it again",
		storage->path);
}

bool storage_unsynced(const struct storage *storage)
{
	return storage->unsynced;
}

void storage_set_unsynced(struct storage *storage)
{
	storage->unsynced = true;
}

static bool is_there(const struct note *note)
{
	int there = 0;

	return note->vfs->xAccess(note->vfs, note->name, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there != 0;
}

enum status storage_settle(struct storage *storage)
{
	struct note note = note_of(storage);
	bool doubted = is_there(&note);
	sqlite3_file *log = NULL;
	int result = SQLITE_OK;

	sqlite3_free_filename(note.name);
	if (doubted)
		return fail(STATUS_CANNOT_WRITE,
			"%s: the disk failed to keep what was written, and nobody has looked after it since: check the disk, and start the "
			"program that ended",
			storage->path);
	(void)sqlite3_file_control(storage->connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log != NULL && log->pMethods != NULL)
		result = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	return result == SQLITE_OK ? STATUS_OK : sql_fail(storage, result, "sync");
}

enum status sync_failure_mend(struct storage *storage)
{
	struct note note = note_of(storage);
	enum status status = STATUS_OK;

	if (is_there(&note)) {
		status = storage_checkpoint(storage);
		if (status == STATUS_OK)
			(void)note.vfs->xDelete(note.vfs, note.name, 0);
	}
	sqlite3_free_filename(note.name);
	return status;
}
