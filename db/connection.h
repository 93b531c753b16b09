/* What db's own files know of an open store: the SQLite connection and its prepared statements. Nobody outside db includes this. */
#ifndef TRUCKROLL_DB_CONNECTION_H
#define TRUCKROLL_DB_CONNECTION_H

#include <sqlite3.h>

#include "db/embedded.h"
#include "db/storage.h"

#define PARAMETERS_MAX 24
#define TROUBLE_SIZE   512

/* A named statement. */
struct statement {
	struct storage *storage;
	sqlite3_stmt *prepared;
	bool in_use;
	int bind_result;                      /* first failure of a bind since the reset; reported by the next step */
	uint8_t position[PARAMETERS_MAX + 1]; /* SQLite's position of $n; 0: the text has no $n */
};

enum table_verb {
	TABLE_GET,
	TABLE_LOOK, /* row number, home and indexed fields only */
	TABLE_INSERT,
	TABLE_UPDATE,       /* every column */
	TABLE_UPDATE_PLAIN, /* every column that only the feed's index holds, or none */
	TABLE_REMOVE,
	TABLE_FEED,
	TABLE_SINCE,
	TABLE_BY_ID,
	TABLE_SCAN,
	TABLE_RESOLVE,
	TABLE_NEIGHBOURS,
	TABLE_AGED, /* of tables with a window */
	TABLE_EACH, /* + number of the declared index */
	TABLE_VERB_COUNT = TABLE_EACH + INDEXES_MAX,
};

struct table_statement {
	sqlite3_stmt *prepared;
	bool in_use;
	struct arena arena; /* of the row being visited */
};

struct table {
	struct table_statement statements[TABLE_VERB_COUNT];
	bool expects_new; /* the latest put was of a new row: the next one probably is as well */
};

enum transaction {
	TRANSACTION_NONE,
	TRANSACTION_READ,
	TRANSACTION_WRITE
};

struct storage {
	sqlite3 *connection;
	char *path;
	enum storage_kind kind;
	enum storage_mode mode;
	uint32_t revision; /* of the schema, that its tables are at */
	bool own_files; /* on the system's VFS: the disk may be asked */
	enum transaction transaction;
	bool lost;         /* SQLite gave the write transaction up; nothing more may be written before the rollback */
	bool unsynced;     /* a sync failed: nothing is written any more, see sync_failure.c */
	bool durable;      /* `synchronous` is FULL */
	bool bulk;         /* nothing is synced, and there is no log, until storage_checkpoint(): what is not finished counts for nothing */
	enum status trouble; /* see storage_trouble() */
	char trouble_reason[TROUBLE_SIZE];
	int log_pages;     /* in the write-ahead log after the latest commit */
	int log_pages_max; /* a commit that leaves more moves them into the file itself */
	int log_pages_wait; /* below this many readers are not waited for again; 0: they never were in vain */
	struct table tables[RECORD_KIND_MAX + 1];
	struct statement statements[STATEMENT_COUNT + 1];
};

/* One row per kind of store. */
struct storage_kind_row {
	int32_t application_id;
	const char *set;  /* of migrations */
	const char *name; /* for people */
	const char *damaged_advice;
	int cache_kib;
};
const struct storage_kind_row *storage_kind_find(enum storage_kind kind);

/* Gives `result` (of any SQLite call that failed) a status and a reason with the file's name. `doing` may be NULL. */
enum status sql_fail(struct storage *storage, int result, const char *doing) __attribute__((cold));
/* Runs statements without results, NUL-terminated. */
enum status sql_run(struct storage *storage, const char *sql);
/* The first column of the first row. STATUS_NOT_FOUND when there is no row. */
enum status sql_integer(struct storage *storage, const char *sql, int64_t *out_value);
/* For many uses; finalized by the caller. */
enum status sql_prepare(struct storage *storage, const char *sql, sqlite3_stmt **out_prepared);
/* STATUS_OK: a row; STATUS_NOT_FOUND: the end. */
enum status sql_step(struct storage *storage, sqlite3_stmt *prepared, const char *doing);

/* Looks at the result of a call that may have synced, and takes note when that failed. */
void sync_failure_watch(struct storage *storage, int result);
/* STATUS_CANNOT_WRITE once a sync has failed. */
enum status sync_failure_check(const struct storage *storage);
/* For an owner that opens: makes durable what a sync that failed has left in doubt. */
enum status sync_failure_mend(struct storage *storage);

/* Part of storage_close(). */
void statements_finish(struct storage *storage);
void tables_finish(struct storage *storage);

#endif
