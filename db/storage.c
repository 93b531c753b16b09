/* Opening, settings, transactions. */
#include "db/storage.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "db/connection.h"
#include "db/migration.h"
#include "db/new_store.h"
#include "db/revision_step.h"
#include "db/schema_ddl.h"
#include "protocol/base/memory.h"
#include "protocol/domain/revision.h"

#define BUSY_TIMEOUT_MS 5000
#define BULK_CACHE_KIB  (16 * 1024)
#define LOG_PAGES       1000
#define LOG_PAGES_OUTBOX 64    /* some fifty operations: what only the log has cannot be fetched again */
#define LOG_PAGES_LONG  15000 /* 60 MB, below journal_size_limit: moved when those who waited have their answers … */
#define LOG_PAGES_DEFER 30000 /* … and by the commit itself when nobody did */
#define LOG_PAGES_WAIT  4     /* times what a commit may leave, 240 MB at most: then readers are waited for */
#define LOG_PAGES_MOST  60000
#define INDEX_BLOCK     4096  /* SQLite makes the log's index in steps of so many bytes, writing the last of each … */
#define INDEX_ROOM      65536 /* … and begins with half of this */

static const char common_settings[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
				      " PRAGMA mmap_size = 0; PRAGMA synchronous = FULL";
static const char reader_settings[] = "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0";
static const char owner_settings[] = "PRAGMA journal_size_limit = 67108864; PRAGMA synchronous = FULL";
/* What turns the log on is undone by a journal whose removal the disk has forgotten, and all that was written since goes with it. */
static const char new_settings[] = "PRAGMA synchronous = EXTRA";
/* What a mark needs to be rewound stays in memory: no file outside the folder, and none that a full disk has no room for. A migration,
 * which may sort a whole table, is over before it. */
static const char server_settings[] = "PRAGMA temp_store = MEMORY";

static bool file_exists(const struct storage_options *options)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(options->vfs);
	int exists = 0;
	struct stat what;

	if (options->vfs == NULL)
		return stat(options->path, &what) == 0; /* to SQLite an empty file is none */
	return vfs != NULL && vfs->xAccess(vfs, options->path, SQLITE_ACCESS_EXISTS, &exists) == SQLITE_OK && exists != 0;
}

/* Nobody else may read a new file; SQLite gives its companions the same mode. */
static enum status create_private(const char *path)
{
	int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (descriptor < 0)
		return fail(STATUS_CANNOT_WRITE, "%s cannot be made (%s); check that its folder exists and is writable", path,
			error_to_text(errno));
	close(descriptor);
	return STATUS_OK;
}

static enum status connect(struct storage *storage, const struct storage_options *options)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int result;

	if (options->mode == STORAGE_CREATE)
		flags |= SQLITE_OPEN_CREATE;
	result = sqlite3_open_v2(options->path, &storage->connection, flags, options->vfs);
	if (result != SQLITE_OK)
		return sql_fail(storage, result, "open");
	sqlite3_busy_timeout(storage->connection, BUSY_TIMEOUT_MS);
	/* Closing never checkpoints: readers must not, and an owner that found something wrong leaves all as it is. */
	sqlite3_db_config(storage->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(storage->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(storage->connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	return sql_run(storage, common_settings);
}

static enum status set_cache(struct storage *storage, int kib)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%d", kib);
	return sql_run(storage, sql);
}

/* `out_version` is 0 for a file in which nothing was made yet. */
static enum status identify(struct storage *storage, int64_t *out_version)
{
	const struct storage_kind_row *kind = storage_kind_find(storage->kind);
	int64_t application = 0;
	int64_t stamp = 0, version = 0;
	int64_t tables = 0;
	enum status status = sql_integer(storage, "PRAGMA application_id", &application);

	if (status == STATUS_OK)
		status = sql_integer(storage, "PRAGMA user_version", &stamp);
	if (status == STATUS_OK)
		status = sql_integer(storage, "SELECT count(*) FROM sqlite_schema", &tables);
	if (status != STATUS_OK)
		return status;
	storage->revision = revision_stamp_revision(stamp);
	version = revision_stamp_migration(stamp);
	if ((int32_t)application != kind->application_id && (application != 0 || version != 0 || tables != 0))
		return fail(STATUS_CORRUPT, "%s is not a %s of this program; check the path, or %s", storage->path, kind->name,
			kind->damaged_advice);
	if (version > migration_newest(storage->kind) || storage->revision > schema_revision())
		return fail(STATUS_NEWER,
			"%s was made by a newer version of the program (schema %" PRId64 ", this one knows %" PRId64
			"); upgrade this program",
			storage->path, stamp, revision_stamp(migration_newest(storage->kind), schema_revision()));
	if (version < 0 || (application != 0 && version == 0))
		return fail(STATUS_CORRUPT, "%s has schema number %" PRId64 "; %s", storage->path, version, kind->damaged_advice);
	*out_version = version;
	return STATUS_OK;
}

/* Whoever makes a store makes all of it before anybody else opens it: this one has lost what it held. */
static enum status fail_empty(const struct storage *storage)
{
	return fail(STATUS_CORRUPT, "%s is empty, and its log (-wal) beside it is gone or damaged: what it held is lost; %s", storage->path,
		storage_kind_find(storage->kind)->damaged_advice);
}

static enum status open_reader(struct storage *storage)
{
	int64_t version = 0;
	enum status status = sql_run(storage, reader_settings);

	if (status == STATUS_OK)
		status = identify(storage, &version);
	if (status != STATUS_OK)
		return status;
	if (version == 0)
		return fail_empty(storage);
	if (version < migration_newest(storage->kind) || storage->revision < revision_of_now(storage->kind))
		return fail(STATUS_BUSY,
			"%s was written by an older version of the program: end that if it still runs; then any command that writes brings "
			"it up to date",
			storage->path);
	return STATUS_OK;
}

static enum status set_wal(struct storage *storage)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = sql_prepare(storage, "PRAGMA journal_mode = WAL", &prepared);

	if (status == STATUS_OK)
		status = sql_step(storage, prepared, "journal_mode");
	if (status == STATUS_OK && strcmp((const char *)sqlite3_column_text(prepared, 0), "wal") != 0)
		status = fail(STATUS_CANNOT_WRITE, "%s cannot use a write-ahead log; keep it on a local disk", storage->path);
	sqlite3_finalize(prepared);
	return status;
}

/* A checkpoint that a reader holds up, or that finds no room, is tried again after the next commit: the log keeps everything
 * meanwhile. It is emptied as well, when nobody reads it: the next process could not tell what of it was moved, and
 * short-lived owners would move it all again and again. */
static bool move_log(struct storage *storage, int wait_ms)
{
	int result;

	(void)sqlite3_busy_timeout(storage->connection, wait_ms);
	result = sqlite3_wal_checkpoint_v2(storage->connection, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sync_failure_watch(storage, result);
	(void)sqlite3_busy_timeout(storage->connection, BUSY_TIMEOUT_MS);
	storage->log_pages = 0;
	return result == SQLITE_OK;
}

/* Of readers each of whom begins before the one before has ended, one always holds the log: then who commits waits for those
 * that are there, while new ones have no need of the log. For one that stands still it waits in vain, and again only when the
 * log has doubled. */
static void outwait_readers(struct storage *storage, int pages)
{
	storage->log_pages_wait = move_log(storage, BUSY_TIMEOUT_MS) ? 0 : 2 * pages;
}

static int most_pages(const struct storage *storage)
{
	int most = LOG_PAGES_WAIT * storage->log_pages_max;

	return most < LOG_PAGES_MOST ? most : LOG_PAGES_MOST;
}

static int after_commit(void *context, sqlite3 *connection, const char *name, int pages)
{
	struct storage *storage = context;

	(void)connection;
	(void)name;
	storage->log_pages = pages;
	if (pages >= most_pages(storage) && pages >= storage->log_pages_wait)
		outwait_readers(storage, pages);
	else if (pages >= storage->log_pages_max)
		(void)move_log(storage, 0);
	return SQLITE_OK;
}

/* For a file that counts for nothing until it is whole: written once, not twice. A transaction can still be rolled back. */
static enum status begin_bulk(struct storage *storage)
{
	enum status status = sql_run(storage, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");

	storage->bulk = status == STATUS_OK;
	return status;
}

/* Turning the log on syncs the whole file. */
static enum status end_bulk(struct storage *storage)
{
	enum status status = sql_run(storage, "PRAGMA synchronous = FULL");

	if (status == STATUS_OK)
		status = set_wal(storage);
	storage->durable = true;
	storage->bulk = status != STATUS_OK;
	return status;
}

static enum status begin_log(struct storage *storage, bool new)
{
	enum status status = new ? sql_run(storage, new_settings) : STATUS_OK;

	if (status == STATUS_OK)
		status = set_wal(storage);
	if (status == STATUS_OK)
		status = sql_run(storage, owner_settings);
	return status;
}

static enum status bring_up_to_date(struct storage *storage, const struct storage_options *options, int version)
{
	enum status status;

	if (version == 0 && new_store_known(storage->kind))
		return new_store_make(storage, options->bench, options->bare);
	status = migration_apply(storage, version);
	return status == STATUS_OK ? revision_apply(storage, options->adopt) : status;
}

static enum status open_owner(struct storage *storage, const struct storage_options *options)
{
	int64_t version = 0;
	enum status status = identify(storage, &version);

	if (status == STATUS_OK && version == 0 && options->mode != STORAGE_CREATE)
		return fail_empty(storage);
	if (status == STATUS_OK)
		status = options->bare ? begin_bulk(storage) : begin_log(storage, version == 0);
	storage->log_pages_max = storage->kind == STORAGE_OUTBOX ? LOG_PAGES_OUTBOX : LOG_PAGES;
	(void)sqlite3_wal_hook(storage->connection, after_commit, storage);
	if (status == STATUS_OK)
		status = sync_failure_mend(storage);
	if (status == STATUS_OK)
		status = bring_up_to_date(storage, options, (int)version);
	if (status == STATUS_OK && storage->kind == STORAGE_SERVER)
		status = sql_run(storage, server_settings);
	return status;
}

/* On a disk with smaller blocks the log's index has holes, and the first touch of one that finds no room ends the process: SIGBUS. */
static bool index_has_holes(const struct storage *storage)
{
	struct statvfs disk;

	return storage->own_files && statvfs(storage->path, &disk) == 0 && disk.f_frsize < INDEX_BLOCK;
}

static enum status check_room(const struct storage *storage)
{
	if (!index_has_holes(storage) || storage_free_bytes(storage) >= INDEX_ROOM)
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE, "%s cannot be opened: the disk is full, and its blocks are so small that this needs %d bytes; "
		"free some space", storage->path, INDEX_ROOM);
}

/* A pipe would make SQLite wait for ever, and of the rest it says that the disk fails. */
static enum status check_regular(const struct storage *storage)
{
	struct stat what;

	if (!storage->own_files || stat(storage->path, &what) != 0 || S_ISREG(what.st_mode))
		return STATUS_OK;
	return fail(STATUS_CORRUPT, "%s is %s, not a file: somebody has put it in the place of the %s; remove it, and put the file back",
		storage->path, S_ISDIR(what.st_mode) ? "a directory" : S_ISFIFO(what.st_mode) ? "a pipe" : "a device or socket",
		storage_kind_find(storage->kind)->name);
}

static enum status open_checked(struct storage *storage, const struct storage_options *options)
{
	enum status status = check_regular(storage);

	if (status == STATUS_OK && options->mode != STORAGE_CREATE && !file_exists(options))
		return fail(STATUS_NOT_FOUND, "there is no %s at %s", storage_kind_find(options->kind)->name, options->path);
	if (status == STATUS_OK && options->mode == STORAGE_CREATE && storage->own_files)
		status = create_private(options->path);
	if (status == STATUS_OK)
		status = check_room(storage);
	if (status == STATUS_OK)
		status = connect(storage, options);
	if (status == STATUS_OK)
		status = set_cache(storage, options->bare ? BULK_CACHE_KIB : storage_kind_find(options->kind)->cache_kib);
	if (status == STATUS_OK)
		status = options->mode == STORAGE_READ ? open_reader(storage) : open_owner(storage, options);
	if (status == STATUS_OK)
		status = migration_check(storage);
	return status;
}

void storage_init_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* too late when SQLite was used before: then it stays as it was */
}

enum status storage_open(const struct storage_options *options, struct storage **out_storage)
{
	struct storage *storage = memory_zeroed(1, sizeof(*storage));
	enum status status;

	storage->path = memory_copy(options->path, strlen(options->path) + 1);
	storage->kind = options->kind;
	storage->mode = options->mode;
	storage->own_files = options->vfs == NULL;
	storage->durable = true;
	status = open_checked(storage, options);
	if (status != STATUS_OK) {
		storage_close(storage);
		return status;
	}
	*out_storage = storage;
	return STATUS_OK;
}

void storage_close(struct storage *storage)
{
	if (storage == NULL)
		return;
	if (storage->connection != NULL)
		storage_rollback(storage);
	statements_finish(storage);
	tables_finish(storage);
	sqlite3_close(storage->connection);
	free(storage->path);
	free(storage);
}

static enum status set_durable(struct storage *storage, bool durable)
{
	enum status status;

	if (storage->durable == durable || storage->bulk)
		return STATUS_OK;
	status = sql_run(storage, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	if (status == STATUS_OK)
		storage->durable = durable;
	return status;
}

enum status storage_begin(struct storage *storage, bool durable)
{
	enum status status = sync_failure_check(storage);

	assert(storage->transaction == TRANSACTION_NONE && storage->mode != STORAGE_READ);
	if (status == STATUS_OK)
		status = set_durable(storage, durable);
	if (status == STATUS_OK)
		status = sql_run(storage, "BEGIN IMMEDIATE");
	if (status == STATUS_OK)
		storage->transaction = TRANSACTION_WRITE;
	return status;
}

enum status storage_begin_read(struct storage *storage)
{
	enum status status;

	assert(storage->transaction == TRANSACTION_NONE);
	status = sql_run(storage, "BEGIN");
	if (status == STATUS_OK)
		storage->transaction = TRANSACTION_READ;
	return status;
}

bool storage_hold(struct storage *storage)
{
	return storage->transaction == TRANSACTION_NONE && storage_begin_read(storage) == STATUS_OK;
}

void storage_release(struct storage *storage, bool held)
{
	if (held)
		storage_rollback(storage);
}

enum status storage_commit(struct storage *storage)
{
	enum status status;

	assert(storage->transaction == TRANSACTION_WRITE);
	if (storage->lost)
		status = fail(
			STATUS_CANNOT_WRITE, "%s: the transaction was given up after a failed write; nothing was saved", storage->path);
	else
		status = sql_run(storage, "COMMIT");
	if (status != STATUS_OK) {
		storage_rollback(storage);
		return status;
	}
	storage->transaction = TRANSACTION_NONE;
	return STATUS_OK;
}

void storage_rollback(struct storage *storage)
{
	/* SQLite may have rolled back by itself; then there is nothing left to do. A rollback cannot fail in a way that matters:
	 * what was not committed is not in the log. */
	if (sqlite3_get_autocommit(storage->connection) == 0)
		(void)sqlite3_exec(storage->connection, "ROLLBACK", NULL, NULL, NULL);
	storage->transaction = TRANSACTION_NONE;
	storage->lost = false;
}

enum status storage_mark(struct storage *storage)
{
	assert(storage->transaction == TRANSACTION_WRITE);
	return sql_run(storage, "SAVEPOINT mark");
}

enum status storage_unmark(struct storage *storage)
{
	return sql_run(storage, "RELEASE mark");
}

enum status storage_rewind(struct storage *storage)
{
	return sql_run(storage, "ROLLBACK TO mark; RELEASE mark");
}

bool storage_in_transaction(const struct storage *storage)
{
	return storage->transaction == TRANSACTION_WRITE;
}

enum status storage_checkpoint(struct storage *storage)
{
	enum status status = sync_failure_check(storage);
	int result;

	assert(storage->transaction == TRANSACTION_NONE && storage->mode != STORAGE_READ);
	if (status == STATUS_OK && storage->bulk)
		status = end_bulk(storage);
	if (status != STATUS_OK)
		return status;
	result = sqlite3_wal_checkpoint_v2(storage->connection, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (result != SQLITE_OK)
		return sql_fail(storage, result, "checkpoint");
	return STATUS_OK;
}

void storage_defer_checkpoints(struct storage *storage)
{
	if (!index_has_holes(storage)) /* else the log stays so short that its index keeps to the room it was opened with */
		storage->log_pages_max = LOG_PAGES_DEFER;
}

void storage_relieve(struct storage *storage)
{
	assert(storage->transaction == TRANSACTION_NONE);
	if (storage->log_pages >= LOG_PAGES_LONG && !storage->unsynced)
		(void)move_log(storage, 0);
}

bool storage_untidy(const struct storage *storage)
{
	return storage->log_pages >= LOG_PAGES;
}

void storage_tidy(struct storage *storage)
{
	assert(storage->transaction == TRANSACTION_NONE);
	if (storage_untidy(storage) && !storage->unsynced)
		(void)move_log(storage, 0);
}

void storage_fold(struct storage *storage)
{
	if (storage->mode != STORAGE_READ && storage->transaction == TRANSACTION_NONE && !storage->bulk && !storage->unsynced)
		(void)move_log(storage, 0);
}

/* SQLite names a page that it had no memory to read among what is wrong; that says nothing of the page. */
static bool lacks_memory(const char *found)
{
	static const char unread[] = "error code=";
	const char *code = found == NULL ? NULL : strstr(found, unread);

	return found == NULL || (code != NULL && (strtol(code + strlen(unread), NULL, 10) & 0xff) == SQLITE_NOMEM);
}

static enum status judge(struct storage *storage, const char *found)
{
	if (lacks_memory(found))
		return sql_fail(storage, SQLITE_NOMEM, "integrity_check");
	if (strcmp(found, "ok") == 0)
		return STATUS_OK;
	return fail(STATUS_CORRUPT, "%s is damaged (%s); %s", storage->path, found, storage_kind_find(storage->kind)->damaged_advice);
}

enum status storage_verify(struct storage *storage)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = sql_prepare(storage, "PRAGMA integrity_check(1)", &prepared);

	if (status == STATUS_OK)
		status = sql_step(storage, prepared, "integrity_check");
	if (status == STATUS_OK)
		status = judge(storage, (const char *)sqlite3_column_text(prepared, 0));
	sqlite3_finalize(prepared);
	return status;
}

int64_t storage_free_bytes(const struct storage *storage)
{
	struct statvfs disk;

	if (!storage->own_files || statvfs(storage->path, &disk) != 0)
		return INT64_MAX;
	if (disk.f_frsize != 0 && disk.f_bavail > (uint64_t)INT64_MAX / disk.f_frsize)
		return INT64_MAX;
	return (int64_t)(disk.f_bavail * disk.f_frsize);
}

enum status storage_finish_bulk(struct storage *storage)
{
	struct arena arena = { 0 };
	const struct schema *schema;
	int64_t known = 0;
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		struct text sql =
			arena_print(&arena, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '%s'", schema->name);

		status = sql_integer(storage, sql.data, &known);
		for (size_t k = 0; status == STATUS_OK && known != 0 && k < schema_index_count(schema, storage->kind); k++)
			status = sql_run(storage, schema_index_ddl(&arena, schema, storage->kind, k).data);
	}
	arena_finish(&arena);
	return status;
}
