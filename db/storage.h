/* One open store: transactions, named statements, and the tables of records that their schemas describe. SQLite implements it;
 * PostgreSQL is to implement the same with the same statements. A storage belongs to one thread. */
#ifndef TRUCKROLL_DB_STORAGE_H
#define TRUCKROLL_DB_STORAGE_H

#include "db/statements.h" /* generated: enum statement_id from db/sql (all .sql files) */
#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/domain/records.h"

struct storage;
struct statement;

/* Which set of migrations a file follows, written into its header (application_id). */
enum storage_kind {
	STORAGE_SERVER,
	STORAGE_OUTBOX,
	STORAGE_REPLICA
};

enum storage_mode {
	STORAGE_CREATE, /* makes the file when it is not there; owner */
	STORAGE_OWN,    /* the one owner: reads, writes, checkpoints; migrates older files */
	STORAGE_READ,   /* query-only beside the owner; never checkpoints, not even on close */
};

/* Puts what a row kept of fields that are known by now into them (extra.h); texts in `arena`. Another status than OK: it is no value of
 * theirs. */
typedef enum status (*record_adopt_call)(struct arena *arena, const struct schema *schema, void *row);

struct storage_options {
	const char *path;
	enum storage_kind kind;
	enum storage_mode mode;
	const char *vfs; /* SQLite VFS name; NULL: the system's */
	bool bench;      /* CREATE: also the benchmark's record */
	bool bare;       /* CREATE of a replica: secondary indexes are made later by storage_finish_bulk() */
	record_adopt_call adopt; /* when the file is of an earlier revision of the schema; NULL: what rows kept stays kept */
};

/* Once in a process, before its first store is opened; without it all works, but slower: SQLite would take a lock and count at every
 * allocation. */
void storage_init_library(void);

/* Opens and, for an owner, migrates. STATUS_NOT_FOUND (no file), STATUS_CORRUPT (damaged or not ours: the reason names the file and what to
 * do), STATUS_NEWER (made by a newer version), STATUS_CANNOT_WRITE (for STORAGE_READ too: also a reader needs room on a full disk of small
 * blocks), STATUS_BUSY. */
enum status storage_open(const struct storage_options *options, struct storage **out_storage);
/* Accepts NULL; rolls back an open transaction. */
void storage_close(struct storage *storage);

/* A write transaction. `durable`: commit returns only after fsync (FULL); otherwise it survives a crash of the process but maybe not of
 * the machine. Nested begins are a programming error. */
enum status storage_begin(struct storage *storage, bool durable);
/* STATUS_CANNOT_WRITE when the disk is full or failing: nothing was committed and the transaction is rolled back. */
enum status storage_commit(struct storage *storage);
void storage_rollback(struct storage *storage);
/* A sync failed, of a commit or of what moves the log: nothing is synced again, every later begin is STATUS_CANNOT_WRITE, and the process
 * is to end. Whoever opens the store next makes durable what was left in doubt. */
bool storage_unsynced(const struct storage *storage);
/* For a reader, before it hands out what it reads. What an owner that lives shows of its durable commits is on the disk, but one that was
 * killed in the middle may have left others in the log: on return they are durable, too. STATUS_CANNOT_WRITE: they cannot be, or a sync of
 * an owner failed, and none has opened the store since. */
enum status storage_settle(struct storage *storage);
/* Another connection of this process to the same file is storage_unsynced(): so is this one. */
void storage_set_unsynced(struct storage *storage);
/* The first failure since the store was opened after which an answer may lack what it should show, with its reason: STATUS_CORRUPT or
 * STATUS_CANNOT_WRITE (no memory, a disk that fails); STATUS_OK: none. A reader asks at its end, whatever it passed over on its way. */
enum status storage_trouble(const struct storage *storage);
bool storage_in_transaction(const struct storage *storage);
/* A place in the open write transaction to go back to; one at a time. storage_unmark() forgets it and keeps what came after. After
 * storage_rewind() what came after it never was, and it is forgotten; when that fails the transaction can only be rolled back. */
enum status storage_mark(struct storage *storage);
enum status storage_unmark(struct storage *storage);
enum status storage_rewind(struct storage *storage);
/* A read snapshot for several statements; end with storage_rollback(). */
enum status storage_begin_read(struct storage *storage);
/* For many small questions in a row, of which each would begin and end a transaction of its own: they see one snapshot, and cost half.
 * True when storage_release() is to end it; false inside a transaction, and when none can be begun, and then nothing is lost by it. Nothing
 * is written in between. */
bool storage_hold(struct storage *storage);
void storage_release(struct storage *storage, bool held);
/* Moves everything into the main file, durably, and empties the log: before a file is renamed or copied, or when an owner retires. Closing
 * never does it. Owner only, outside a transaction; STATUS_BUSY when a reader held on for longer than the busy time-out. */
enum status storage_checkpoint(struct storage *storage);
/* An owner whose commits others wait for: leaves the log to grow, within bounds (30,000 pages), until storage_relieve() or
 * storage_tidy(). Without this call, and on a disk of blocks below 4 KiB, every commit that leaves more than 1,000 pages (64 in an
 * outbox) moves them itself. */
void storage_defer_checkpoints(struct storage *storage);
/* When those who waited for the latest commit have their answers: moves a log that has grown long (15,000 pages), as storage_tidy(). */
void storage_relieve(struct storage *storage);
/* When nobody waits: moves a log that has grown (1,000 pages) into the main file. What cannot be moved now is moved later. */
void storage_tidy(struct storage *storage);
/* Is there something to tidy? */
bool storage_untidy(const struct storage *storage);
/* An owner's last word before it closes: moves the log into the main file, durably, and empties it. One bit that turns in a log takes
 * everything behind it along, silently; in the file itself it is found. Does not wait: what a reader, a full disk or an open transaction
 * is in the way of stays in the log. Nothing for a reader, or for a bulk load that is not finished. */
void storage_fold(struct storage *storage);
/* Called between two slices of a copy, with the pages done and all of them; another status than STATUS_OK ends it. */
typedef enum status (*storage_copy_step)(void *context, int64_t done, int64_t all);
/* Writes what the read snapshot of `storage` holds to a new file of its own, 0600, in slices: the owner goes on meanwhile, only its log
 * cannot be emptied. Not durable: to be synced by the caller, and removed after a failure. The caller holds storage_begin_read().
 * STATUS_CANNOT_WRITE (also when there is such a file), STATUS_CORRUPT, and what `step` returns. */
enum status storage_copy(struct storage *storage, const char *path, storage_copy_step step, void *context);
/* Full check of the file; STATUS_CORRUPT with what was found. O(file). */
enum status storage_verify(struct storage *storage);
/* Bytes that may still be written before the disk is full; INT64_MAX when unknown. */
int64_t storage_free_bytes(const struct storage *storage);
/* Creates the secondary indexes of a store made with `bare`. */
enum status storage_finish_bulk(struct storage *storage);

/* Named statements. Prepared once and cached; the same one must not be in use twice at a time. Parameters are $1.. of the .sql text;
 * all are NULL after statement_get(). Bound bytes must live until the statement is reset. */
enum status statement_get(struct storage *storage, enum statement_id which, struct statement **out_statement);
void statement_bind_integer(struct statement *statement, int parameter, int64_t value);
void statement_bind_text(struct statement *statement, int parameter, struct text value);
void statement_bind_bytes(struct statement *statement, int parameter, struct bytes value);
void statement_bind_id(struct statement *statement, int parameter, const struct id *id);
/* STATUS_OK: a row is there; STATUS_NOT_FOUND: done. Others: the store failed. */
enum status statement_step(struct statement *statement);
/* For loops, `while (statement_next(rows, &status)) status = …;`: true when a row is there. False, and the statement is not touched, when
 * `*status` is another than STATUS_OK already; false with STATUS_OK behind the last row; false with the reason when the store failed. */
bool statement_next(struct statement *statement, enum status *status);
/* Runs to the end; rows are ignored. */
enum status statement_run(struct statement *statement);
int64_t statement_integer(struct statement *statement, int column); /* columns count from 0 */
/* Borrowed until the next step or reset. */
struct text statement_text(struct statement *statement, int column);
struct bytes statement_bytes(struct statement *statement, int column);
/* Nil when the column is NULL or not 16 bytes. */
struct id statement_id_column(struct statement *statement, int column);
bool statement_is_null(struct statement *statement, int column);
/* Ready for the next use; accepts NULL. Every user resets when done. */
void statement_reset(struct statement *statement);
/* Rows changed by the latest run of any statement. */
int64_t storage_changes(const struct storage *storage);
/* Rows changed through this storage since it was opened, those of transactions that never were included: it grows with each. */
int64_t storage_changes_total(const struct storage *storage);

/* Columns every table of records has beside its fields. */
struct row_meta {
	int64_t home;   /* number of the home scope */
	int64_t gseq;   /* commit that last changed it; on a device 0 for its own guesses */
	int64_t author; /* server: number of the chain that computed it by itself, else 0; device: unused */
	uint8_t hash[16];
};

/* Reads a row; row and texts are in `arena`. `out_meta` may be NULL. STATUS_NOT_FOUND. */
enum status table_get(struct storage *storage, const struct schema *schema, const struct id *id, struct arena *arena, void **out_row,
	struct row_meta *out_meta);
/* Inserts or replaces by id. */
enum status table_put(struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta);
/* STATUS_OK also when there was none. */
enum status table_remove(struct storage *storage, const struct schema *schema, const struct id *id);

typedef enum status (*table_visit)(void *context, const void *row, const struct row_meta *meta);

/* Rows with index_field = key in id order. The visited row is in an inner arena that is emptied after each call. */
enum status table_each(struct storage *storage, const struct schema *schema, const char *index_field, const struct id *key,
	table_visit visit, void *context);
/* Rows at home in after->home, changed after after->gseq or at it with an id beyond `after_id`, in (gseq, id) order, but those of
 * after->author (0: of nobody). O(rows visited and left out; the latter are not decoded). */
enum status table_feed(struct storage *storage, const struct schema *schema, const struct row_meta *after, const struct id *after_id,
	table_visit visit, void *context);
/* Rows at home in a scope that changed after a commit, and a range of ids. */
struct row_span {
	int64_t home;
	int64_t gseq;
	struct id after;
	struct id last; /* within */
};
/* Of the first `most` rows of the span's home that changed after its commit: how many there are, and how many of them are within its ids.
 * O(those). */
enum status table_since(struct storage *storage, const struct schema *schema, const struct row_span *span, size_t most, size_t *out_count,
	size_t *out_within);

struct aged_span {
	int64_t after_ms;   /* the time of the row before the first, … */
	struct id after_id; /* … and its id; 0 and nil: from the start */
	int64_t before_ms;
	size_t most;
};
/* Rows that are not archived and whose time, which their window counts from, is within the span: the oldest first, at most so many. For
 * tables with a window, in a server's store. O(those). */
enum status table_aged(
	struct storage *storage, const struct schema *schema, const struct aged_span *span, table_visit visit, void *context);
/* Rows at home in `home` with an id beyond `after_id` (nil: from the start), in id order. */
enum status table_by_id(
	struct storage *storage, const struct schema *schema, int64_t home, const struct id *after_id, table_visit visit, void *context);
/* All rows, in id order, beyond `after_id`. */
enum status table_scan(struct storage *storage, const struct schema *schema, const struct id *after_id, table_visit visit, void *context);
/* Ids that begin with these bytes: STATUS_NOT_FOUND, STATUS_AMBIGUOUS, or the one. */
enum status table_resolve(struct storage *storage, const struct schema *schema, const uint8_t *prefix, size_t width, struct id *out_id);
/* Raises `*common` (bytes, 0..16) to the longest common start that one of the ids shares with any other of the table, when that is longer.
 * For each of them O(log n + those that share more than `*common` bytes with it). */
enum status table_raise_common_prefix(
	struct storage *storage, const struct schema *schema, const struct id *ids, size_t count, size_t *common);

/* The `struct records` of a store whose rows need no bookkeeping by the caller: get and each only; put and remove are STATUS_REFUSED.
 * Rows given out by get are in `arena`. */
struct storage_records {
	struct records records;
	struct storage *storage;
	struct arena *arena;
};
void storage_records_init(struct storage_records *records, struct storage *storage, struct arena *arena);

#endif
