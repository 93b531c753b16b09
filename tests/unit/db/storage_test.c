#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/connection.h"
#include "db/storage.h"
#include "protocol/domain/account.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static struct storage *open_store(const char *path, enum storage_mode mode, const char *vfs)
{
	struct storage_options options = { .path = path, .kind = STORAGE_SERVER, .mode = mode, .vfs = vfs };
	struct storage *storage = NULL;
	enum status status = storage_open(&options, &storage);

	if (status != STATUS_OK)
		print_message("%s\n", fail_reason());
	assert_int_equal(status, STATUS_OK);
	return storage;
}

static enum status try_open(const char *path, enum storage_kind kind, enum storage_mode mode)
{
	struct storage_options options = { .path = path, .kind = kind, .mode = mode };
	struct storage *storage = NULL;
	enum status status = storage_open(&options, &storage);

	storage_close(storage);
	return status;
}

static void put_account(struct storage *storage, struct numbers *numbers)
{
	struct arena arena = { 0 };
	struct row_meta meta = numbers_meta(numbers);

	assert_int_equal(table_put(storage, &account_schema, numbers_row(numbers, &arena, &account_schema), &meta), STATUS_OK);
	arena_finish(&arena);
}

static enum status count_row(void *context, const void *row, const struct row_meta *meta)
{
	(void)row;
	(void)meta;
	++*(int64_t *)context;
	return STATUS_OK;
}

static int64_t count_accounts(struct storage *storage)
{
	int64_t count = 0;

	assert_int_equal(table_scan(storage, &account_schema, &(struct id){ 0 }, count_row, &count), STATUS_OK);
	return count;
}

/* A store with 200 accounts, all of it in the main file. */
static const char *made_store(const char *name)
{
	const char *path = scratch_path(name);
	struct numbers numbers = { 1 };
	struct storage *storage = open_store(path, STORAGE_CREATE, NULL);

	assert_int_equal(storage_begin(storage, true), STATUS_OK);
	for (int i = 0; i < 200; i++)
		put_account(storage, &numbers);
	assert_int_equal(storage_commit(storage), STATUS_OK);
	assert_int_equal(storage_checkpoint(storage), STATUS_OK);
	storage_close(storage);
	return path;
}

static void poke(const char *path, int64_t offset, uint8_t flip)
{
	int file = open(path, O_RDWR);
	uint8_t byte = 0;

	assert_true(file >= 0);
	assert_int_equal(pread(file, &byte, 1, offset), 1);
	byte ^= flip;
	assert_int_equal(pwrite(file, &byte, 1, offset), 1);
	close(file);
}

static void a_store_that_is_not_there_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(try_open(scratch_path("none.db"), STORAGE_SERVER, STORAGE_OWN), STATUS_NOT_FOUND);
	assert_int_equal(try_open(scratch_path("none.db"), STORAGE_SERVER, STORAGE_READ), STATUS_NOT_FOUND);
	assert_non_null(strstr(fail_reason(), "none.db"));
	assert_int_equal(scratch_size(scratch_path("none.db")), -1);
}

static void a_store_in_no_folder_cannot_be_made(void **state)
{
	(void)state;
	assert_int_equal(try_open(scratch_path("no/such/folder.db"), STORAGE_SERVER, STORAGE_CREATE), STATUS_CANNOT_WRITE);
	assert_non_null(strstr(fail_reason(), "folder"));
}

static void a_new_store_is_private(void **state)
{
	const char *path = made_store("private.db");
	struct stat about;

	(void)state;
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
}

static void a_store_is_opened_again_with_its_rows(void **state)
{
	const char *path = made_store("again.db");
	struct storage *storage = open_store(path, STORAGE_CREATE, NULL);

	(void)state;
	assert_int_equal(count_accounts(storage), 200);
	storage_close(storage);
	storage = open_store(path, STORAGE_OWN, NULL);
	assert_int_equal(count_accounts(storage), 200);
	assert_int_equal(storage_verify(storage), STATUS_OK);
	storage_close(storage);
}

static void a_store_of_another_kind_is_refused(void **state)
{
	const char *path = made_store("kind.db");

	(void)state;
	assert_int_equal(try_open(path, STORAGE_REPLICA, STORAGE_OWN), STATUS_CORRUPT);
	assert_non_null(strstr(fail_reason(), "is not a replica"));
}

static void a_file_that_is_no_store_is_refused_and_kept(void **state)
{
	const char *path = scratch_path("letter.db");
	FILE *file = fopen(path, "wb");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 500; i++)
		fputs("Dear Ms Holloway,\n", file);
	fclose(file);
	assert_int_equal(try_open(path, STORAGE_SERVER, STORAGE_OWN), STATUS_CORRUPT);
	assert_non_null(strstr(fail_reason(), "letter.db"));
	assert_int_equal(try_open(path, STORAGE_SERVER, STORAGE_CREATE), STATUS_CORRUPT);
	assert_int_equal(scratch_size(path), 500 * 18);
}

static void another_programs_database_is_refused(void **state)
{
	const char *path = scratch_path("other.db");
	sqlite3 *other = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE account (balance)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(try_open(path, STORAGE_SERVER, STORAGE_CREATE), STATUS_CORRUPT);
	assert_non_null(strstr(fail_reason(), "is not a server store"));
}

static void a_newer_store_is_refused_with_a_sentence(void **state)
{
	const char *path = made_store("newer.db");
	sqlite3 *other = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(try_open(path, STORAGE_SERVER, STORAGE_OWN), STATUS_NEWER);
	assert_non_null(strstr(fail_reason(), "upgrade this program"));
	assert_int_equal(try_open(path, STORAGE_SERVER, STORAGE_READ), STATUS_NEWER);
}

static void an_empty_file_is_a_store_that_lost_what_it_held(void **state)
{
	const char *path = scratch_path("empty.db");
	struct storage *storage;

	(void)state;
	close(open(path, O_CREAT | O_RDWR, 0600));
	for (enum storage_mode mode = STORAGE_OWN; mode <= STORAGE_READ; mode++) {
		assert_int_equal(try_open(path, STORAGE_SERVER, mode), STATUS_CORRUPT);
		assert_non_null(strstr(fail_reason(), "restore the newest backup"));
		assert_int_equal(try_open(path, STORAGE_OUTBOX, mode), STATUS_CORRUPT);
		assert_non_null(strstr(fail_reason(), "enrol"));
	}
	assert_int_equal(scratch_size(path), 0);
	storage = open_store(path, STORAGE_CREATE, NULL);
	assert_int_equal(count_accounts(storage), 0);
	storage_close(storage);
}

static void what_is_no_file_is_not_opened_as_a_store(void **state)
{
	const char *pipe = scratch_path("pipe.db"), *directory = scratch_path("directory.db"), *device = scratch_path("device.db");

	(void)state;
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(symlink("/dev/zero", device), 0);
	for (enum storage_mode mode = STORAGE_CREATE; mode <= STORAGE_READ; mode++) {
		assert_int_equal(try_open(pipe, STORAGE_SERVER, mode), STATUS_CORRUPT);
		assert_non_null(strstr(fail_reason(), "pipe.db is a pipe"));
		assert_int_equal(try_open(directory, STORAGE_SERVER, mode), STATUS_CORRUPT);
		assert_non_null(strstr(fail_reason(), "directory.db is a directory"));
		assert_int_equal(try_open(device, STORAGE_SERVER, mode), STATUS_CORRUPT);
	}
	assert_int_equal(rmdir(directory), 0);
}

static void a_truncated_store_is_damaged(void **state)
{
	const char *whole = made_store("whole.db");
	int64_t size = scratch_size(whole);
	const int64_t kept[] = { 2, 99, 512, 4096, size / 2, size - 4096 };

	(void)state;
	for (size_t i = 0; i < LENGTH(kept); i++) {
		const char *path = scratch_path("cut.db");

		scratch_copy(whole, path);
		assert_int_equal(truncate(path, kept[i]), 0);
		assert_int_equal(try_open(path, STORAGE_SERVER, STORAGE_OWN), STATUS_CORRUPT);
		assert_non_null(strstr(fail_reason(), "cut.db"));
		assert_non_null(strstr(fail_reason(), "backup"));
	}
}

static void a_flipped_header_bit_never_does_worse_than_a_refusal(void **state)
{
	const char *whole = made_store("whole.db");
	int refused = 0;

	(void)state;
	for (int64_t bit = 0; bit < 800; bit++) {
		const char *path = scratch_path("flip.db");
		struct storage_options options = { .path = path, .kind = STORAGE_SERVER, .mode = STORAGE_OWN };
		struct storage *storage = NULL;
		enum status status;

		scratch_copy(whole, path);
		unlink(scratch_path("flip.db-wal"));
		poke(path, bit / 8, (uint8_t)(1 << bit % 8));
		status = storage_open(&options, &storage);
		if (bit < 128)
			assert_int_equal(status, STATUS_CORRUPT);
		if (status == STATUS_OK && storage_verify(storage) == STATUS_OK)
			assert_int_equal(count_accounts(storage), 200);
		if (status != STATUS_OK) {
			assert_non_null(strstr(fail_reason(), path));
			refused++;
		}
		storage_close(storage);
	}
	assert_true(refused > 200);
}

static void damage_in_any_page_is_found(void **state)
{
	const char *whole = made_store("whole.db");
	const char *path = scratch_path("page.db");
	int found_late = 0;

	(void)state;
	for (int64_t offset = 4096; offset < scratch_size(whole); offset += 4096) {
		struct storage_options options = { .path = path, .kind = STORAGE_SERVER, .mode = STORAGE_OWN };
		struct storage *storage = NULL;

		scratch_copy(whole, path);
		unlink(scratch_path("page.db-wal"));
		poke(path, offset + 3, 0x3f); /* the number of cells in the page */
		if (storage_open(&options, &storage) == STATUS_OK) {
			assert_int_equal(storage_verify(storage), STATUS_CORRUPT);
			found_late++;
		}
		assert_non_null(strstr(fail_reason(), path));
		assert_non_null(strstr(fail_reason(), "backup"));
		storage_close(storage);
	}
	assert_true(found_late > 10);
}

static void readers_never_touch_the_log_of_a_writer(void **state)
{
	const char *path = made_store("readers.db");
	const char *log = scratch_path("readers.db-wal");
	struct numbers numbers = { 2 };
	struct storage *writer = open_store(path, STORAGE_OWN, NULL);
	struct stat before;
	struct stat after;

	(void)state;
	assert_int_equal(storage_begin(writer, true), STATUS_OK);
	put_account(writer, &numbers);
	assert_int_equal(storage_commit(writer), STATUS_OK);
	assert_int_equal(stat(log, &before), 0);
	assert_true(before.st_size > 0);
	for (int i = 0; i < 1000; i++) {
		struct storage *reader = open_store(path, STORAGE_READ, NULL);
		if (i % 100 == 0)
			assert_int_equal(count_accounts(reader), 201);
		storage_close(reader);
	}
	storage_close(writer);
	for (int i = 0; i < 10; i++) /* the last one out, without an owner */
		storage_close(open_store(path, STORAGE_READ, NULL));
	assert_int_equal(stat(log, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_int_equal(before.st_size, after.st_size);
}

static void a_reader_cannot_write(void **state)
{
	const char *path = made_store("query.db");
	struct storage *reader = open_store(path, STORAGE_READ, NULL);
	struct numbers numbers = { 3 };
	struct arena arena = { 0 };
	struct row_meta meta = numbers_meta(&numbers);

	(void)state;
	assert_int_equal(table_put(reader, &account_schema, numbers_row(&numbers, &arena, &account_schema), &meta), STATUS_CANNOT_WRITE);
	assert_int_equal(count_accounts(reader), 200);
	storage_close(reader);
	arena_finish(&arena);
}

static int64_t setting(struct storage *storage, const char *pragma)
{
	sqlite3_stmt *row = NULL;
	int64_t value;

	assert_int_equal(sqlite3_prepare_v2(storage->connection, pragma, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	value = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

/* A mapped file that is damaged or cut ends the process; a reader's checkpoint beside the owner's may lose what was committed. */
static void no_file_is_mapped_and_only_an_owner_folds_the_log(void **state)
{
	static const enum storage_mode modes[] = { STORAGE_OWN, STORAGE_READ };
	const char *path = made_store("settings.db");

	(void)state;
	for (size_t i = 0; i < LENGTH(modes); i++) {
		struct storage *storage = open_store(path, modes[i], NULL);
		int no_checkpoint = -1;
		assert_int_equal(setting(storage, "PRAGMA mmap_size"), 0);
		assert_int_equal(setting(storage, "PRAGMA trusted_schema"), 0);
		assert_int_equal(setting(storage, "PRAGMA cell_size_check"), 1);
		assert_int_equal(setting(storage, "PRAGMA synchronous"), 2);
		assert_int_equal(setting(storage, "PRAGMA query_only"), modes[i] == STORAGE_READ);
		if (modes[i] == STORAGE_READ) {
			assert_int_equal(setting(storage, "PRAGMA wal_autocheckpoint"), 0);
			(void)sqlite3_db_config(storage->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1, &no_checkpoint);
			assert_int_equal(no_checkpoint, 1);
		}
		storage_close(storage);
	}
}

static void a_snapshot_does_not_see_later_commits(void **state)
{
	const char *path = made_store("snapshot.db");
	struct storage *writer = open_store(path, STORAGE_OWN, NULL);
	struct storage *reader = open_store(path, STORAGE_READ, NULL);
	struct numbers numbers = { 4 };

	(void)state;
	assert_int_equal(storage_begin_read(reader), STATUS_OK);
	assert_int_equal(count_accounts(reader), 200);
	assert_int_equal(storage_begin(writer, true), STATUS_OK);
	assert_true(storage_in_transaction(writer));
	put_account(writer, &numbers);
	assert_int_equal(storage_commit(writer), STATUS_OK);
	assert_int_equal(count_accounts(reader), 200);
	storage_rollback(reader);
	assert_int_equal(count_accounts(reader), 201);
	storage_close(reader);
	storage_close(writer);
}

static void what_was_in_doubt_is_handed_out_by_no_reader_until_an_owner_has_opened_the_store(void **state)
{
	const char *path = made_store("doubt.db");
	struct storage *reader = open_store(path, STORAGE_READ, NULL);
	char note[200];
	int descriptor;

	(void)state;
	(void)snprintf(note, sizeof(note), "%s-unsynced", path);
	assert_int_equal(storage_settle(reader), STATUS_OK);
	descriptor = open(note, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(descriptor, "x", 1), 1);
	(void)close(descriptor);
	assert_int_equal(storage_settle(reader), STATUS_CANNOT_WRITE);
	assert_non_null(strstr(fail_reason(), "the disk failed to keep what was written"));
	storage_close(open_store(path, STORAGE_OWN, NULL));
	assert_int_equal(storage_settle(reader), STATUS_OK);
	assert_int_equal(count_accounts(reader), 200);
	storage_close(reader);
}

static void closing_rolls_back(void **state)
{
	const char *path = made_store("close.db");
	struct storage *storage = open_store(path, STORAGE_OWN, NULL);
	struct numbers numbers = { 5 };

	(void)state;
	assert_int_equal(storage_begin(storage, true), STATUS_OK);
	put_account(storage, &numbers);
	storage_close(storage);
	storage = open_store(path, STORAGE_OWN, NULL);
	assert_int_equal(count_accounts(storage), 200);
	storage_close(storage);
}

static void commit_one(struct storage *storage, struct numbers *numbers, bool durable)
{
	assert_int_equal(storage_begin(storage, durable), STATUS_OK);
	put_account(storage, numbers);
	assert_int_equal(storage_commit(storage), STATUS_OK);
}

static void a_durable_commit_syncs_once_and_another_not_at_all(void **state)
{
	const char *path = made_store("sync.db");
	struct storage *storage = open_store(path, STORAGE_OWN, "fault");
	struct numbers numbers = { 6 };

	(void)state;
	commit_one(storage, &numbers, true);
	fault.syncs = 0;
	commit_one(storage, &numbers, true);
	assert_int_equal(fault.syncs, 1);
	commit_one(storage, &numbers, false);
	commit_one(storage, &numbers, false);
	assert_int_equal(fault.syncs, 1);
	storage_close(storage);
	assert_int_equal(fault.syncs, 1);
}

static void a_full_disk_loses_the_transaction_and_nothing_else(void **state)
{
	const enum fault_kind kinds[] = { FAULT_FULL, FAULT_IO };
	const char *path = made_store("full.db");

	(void)state;
	for (size_t i = 0; i < LENGTH(kinds); i++) {
		struct storage *storage = open_store(path, STORAGE_OWN, "fault");
		struct numbers numbers = { 7 + i };

		fault = (struct fault){ .kind = kinds[i], .writes_left = 1 };
		assert_int_equal(storage_begin(storage, true), STATUS_OK);
		put_account(storage, &numbers);
		assert_int_equal(storage_commit(storage), STATUS_CANNOT_WRITE);
		assert_non_null(strstr(fail_reason(), "full.db"));
		assert_false(storage_in_transaction(storage));
		fault = (struct fault){ 0 };
		assert_int_equal(count_accounts(storage), 200 + (int64_t)i);
		commit_one(storage, &numbers, true);
		assert_int_equal(count_accounts(storage), 201 + (int64_t)i);
		assert_int_equal(storage_verify(storage), STATUS_OK);
		storage_close(storage);
	}
}

static void a_transaction_that_broke_takes_no_more_writes(void **state)
{
	const char *path = made_store("broke.db");
	struct storage *storage = open_store(path, STORAGE_OWN, "fault");
	struct numbers numbers = { 9 };
	struct arena arena = { 0 };
	struct row_meta meta = numbers_meta(&numbers);
	enum status status = STATUS_OK;

	(void)state;
	fault = (struct fault){ .kind = FAULT_FULL };
	assert_int_equal(storage_begin(storage, true), STATUS_OK);
	/* More than the cache holds: pages spill into the log, which is full. */
	for (int i = 0; status == STATUS_OK && i < 100000; i++) {
		arena_reset(&arena);
		status = table_put(storage, &account_schema, numbers_row(&numbers, &arena, &account_schema), &meta);
	}
	assert_int_equal(status, STATUS_CANNOT_WRITE);
	fault = (struct fault){ 0 };
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			table_put(storage, &account_schema, numbers_row(&numbers, &arena, &account_schema), &meta), STATUS_CANNOT_WRITE);
	assert_int_equal(storage_commit(storage), STATUS_CANNOT_WRITE);
	assert_int_equal(count_accounts(storage), 200);
	storage_close(storage);
	arena_finish(&arena);
}

static void a_checkpoint_empties_the_log(void **state)
{
	const char *path = made_store("log.db");
	struct storage *storage = open_store(path, STORAGE_OWN, NULL);
	struct numbers numbers = { 10 };

	(void)state;
	commit_one(storage, &numbers, false);
	assert_true(scratch_size(scratch_path("log.db-wal")) > 0);
	assert_int_equal(storage_checkpoint(storage), STATUS_OK);
	assert_int_equal(scratch_size(scratch_path("log.db-wal")), 0);
	storage_close(storage);
}

static void an_owner_that_retires_leaves_nothing_in_the_log_unless_somebody_reads(void **state)
{
	const char *path = made_store("retire.db"), *log = scratch_path("retire.db-wal");
	struct storage *storage = open_store(path, STORAGE_OWN, NULL), *reader = open_store(path, STORAGE_READ, NULL);
	struct numbers numbers = { 10 };

	(void)state;
	assert_int_equal(storage_begin_read(reader), STATUS_OK);
	assert_int_equal(count_accounts(reader), 200);
	commit_one(storage, &numbers, false);
	storage_fold(storage); /* at once, not after the busy time-out */
	assert_true(scratch_size(log) > 0);
	assert_int_equal(count_accounts(reader), 200);
	storage_rollback(reader);
	storage_fold(reader); /* not its business */
	assert_true(scratch_size(log) > 0);
	storage_fold(storage);
	assert_int_equal(scratch_size(log), 0);
	storage_close(reader);
	storage_close(storage);
	(void)unlink(log);
	storage = open_store(path, STORAGE_OWN, NULL);
	assert_int_equal(count_accounts(storage), 201);
	storage_close(storage);
}

static void free_room_is_known_for_files_and_unknown_elsewhere(void **state)
{
	const char *path = made_store("room.db");
	struct storage *storage = open_store(path, STORAGE_OWN, NULL);

	(void)state;
	assert_true(storage_free_bytes(storage) > 0 && storage_free_bytes(storage) < INT64_MAX);
	storage_close(storage);
	storage = open_store(path, STORAGE_OWN, "fault");
	assert_true(storage_free_bytes(storage) == INT64_MAX);
	storage_close(storage);
}

static struct storage *open_outbox(const char *path, enum storage_mode mode)
{
	struct storage *storage = NULL;

	assert_int_equal(
		storage_open(&(struct storage_options){ .path = path, .kind = STORAGE_OUTBOX, .mode = mode }, &storage), STATUS_OK);
	return storage;
}

static void what_is_held_is_one_snapshot_and_nothing_within_a_transaction(void **state)
{
	const char *path = scratch_path("held.db");
	struct storage *storage = open_outbox(path, STORAGE_CREATE);
	struct storage *reader = open_outbox(path, STORAGE_READ);
	int64_t rows = -1;

	(void)state;
	assert_int_equal(sql_run(storage, "CREATE TABLE filling (bytes)"), STATUS_OK);
	assert_true(storage_hold(reader));
	assert_false(storage_hold(reader));
	assert_int_equal(sql_integer(reader, "SELECT count(*) FROM filling", &rows), STATUS_OK);
	assert_int_equal(sql_run(storage, "INSERT INTO filling VALUES (1)"), STATUS_OK);
	assert_int_equal(sql_integer(reader, "SELECT count(*) FROM filling", &rows), STATUS_OK);
	assert_int_equal(rows, 0);
	storage_release(reader, false);
	assert_false(storage_hold(reader)); /* still */
	storage_release(reader, true);
	assert_int_equal(sql_integer(reader, "SELECT count(*) FROM filling", &rows), STATUS_OK);
	assert_int_equal(rows, 1);
	storage_close(reader);
	storage_close(storage);
}

/* Somebody reads at every moment until the pipe is closed: each begins before the one before it has ended. */
static void read_without_pause(const char *path, int stop)
{
	struct storage *readers[2] = { open_outbox(path, STORAGE_READ), open_outbox(path, STORAGE_READ) };
	struct pollfd until = { .fd = stop, .events = POLLIN };
	int64_t rows = 0;

	for (size_t turn = 0; poll(&until, 1, 1) == 0; turn ^= 1) {
		(void)storage_begin_read(readers[turn]);
		(void)sql_integer(readers[turn], "SELECT count(*) FROM filling", &rows);
		storage_rollback(readers[turn ^ 1]);
	}
	_exit(0);
}

static void readers_who_never_pause_do_not_make_the_log_grow_without_end(void **state)
{
	const char *path = scratch_path("starved.db");
	const char *log = scratch_path("starved.db-wal");
	struct storage *storage = open_outbox(path, STORAGE_CREATE);
	int64_t largest = 0;
	int stop[2];
	pid_t child;

	(void)state;
	assert_int_equal(sql_run(storage, "CREATE TABLE filling (bytes)"), STATUS_OK);
	storage_close(storage);
	assert_int_equal(pipe(stop), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(stop[1]);
		read_without_pause(path, stop[0]);
	}
	storage = open_outbox(path, STORAGE_OWN);
	for (int commit = 0; commit < 200; commit++) {
		assert_int_equal(sql_run(storage, "INSERT INTO filling VALUES (zeroblob(30000))"), STATUS_OK);
		if (scratch_size(log) > largest)
			largest = scratch_size(log);
	}
	storage_close(storage);
	close(stop[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	print_message("# the log had %lld bytes at most\n", (long long)largest);
	assert_true(largest < 1280LL * 4120); /* of 1,900 pages in all; 256 unless a reader is kept from reading for five seconds */
}

static int set_up(void **state)
{
	(void)state;
	scratch_init();
	fault = (struct fault){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_finish();
	return 0;
}

static void add_scope(struct storage *storage, int64_t kind)
{
	const uint8_t sum[16] = { 0 };
	struct statement *add = NULL;

	assert_int_equal(statement_get(storage, STATEMENT_SCOPE_ADD, &add), STATUS_OK);
	statement_bind_integer(add, 1, kind);
	statement_bind_id(add, 2, &(struct id){ { 1 } });
	statement_bind_bytes(add, 3, (struct bytes){ sum, sizeof(sum) });
	assert_int_equal(statement_run(add), STATUS_OK);
	statement_reset(add);
}

static void a_loop_over_rows_ends_with_their_end_or_with_the_first_failure(void **state)
{
	struct storage *storage = open_store(made_store("loop.db"), STORAGE_OWN, NULL);
	struct statement *all = NULL;
	enum status status;
	int rows = 0;

	(void)state;
	assert_int_equal(storage_begin(storage, true), STATUS_OK);
	for (int64_t kind = 1; kind <= 3; kind++)
		add_scope(storage, kind);
	assert_int_equal(storage_commit(storage), STATUS_OK);
	status = statement_get(storage, STATEMENT_SCOPE_ALL, &all);
	while (statement_next(all, &status))
		rows++;
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(rows, 3);
	statement_reset(all);
	status = statement_get(storage, STATEMENT_SCOPE_ALL, &all);
	while (statement_next(all, &status)) /* what the loop's body could not find is not the end of the rows */
		status = ++rows == 5 ? STATUS_NOT_FOUND : STATUS_OK;
	assert_int_equal(status, STATUS_NOT_FOUND);
	assert_int_equal(rows, 5);
	statement_reset(all);
	status = STATUS_OFFLINE;
	assert_false(statement_next(NULL, &status));
	assert_int_equal(status, STATUS_OFFLINE);
	storage_close(storage);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_store_that_is_not_there_is_not_found),
		STORE_TEST(a_store_in_no_folder_cannot_be_made),
		STORE_TEST(a_new_store_is_private),
		STORE_TEST(a_store_is_opened_again_with_its_rows),
		STORE_TEST(a_store_of_another_kind_is_refused),
		STORE_TEST(a_file_that_is_no_store_is_refused_and_kept),
		STORE_TEST(another_programs_database_is_refused),
		STORE_TEST(a_newer_store_is_refused_with_a_sentence),
		STORE_TEST(an_empty_file_is_a_store_that_lost_what_it_held),
		STORE_TEST(what_is_no_file_is_not_opened_as_a_store),
		STORE_TEST(a_truncated_store_is_damaged),
		STORE_TEST(a_flipped_header_bit_never_does_worse_than_a_refusal),
		STORE_TEST(damage_in_any_page_is_found),
		STORE_TEST(readers_never_touch_the_log_of_a_writer),
		STORE_TEST(a_reader_cannot_write),
		STORE_TEST(no_file_is_mapped_and_only_an_owner_folds_the_log),
		STORE_TEST(a_snapshot_does_not_see_later_commits),
		STORE_TEST(what_was_in_doubt_is_handed_out_by_no_reader_until_an_owner_has_opened_the_store),
		STORE_TEST(closing_rolls_back),
		STORE_TEST(a_durable_commit_syncs_once_and_another_not_at_all),
		STORE_TEST(a_full_disk_loses_the_transaction_and_nothing_else),
		STORE_TEST(a_transaction_that_broke_takes_no_more_writes),
		STORE_TEST(a_checkpoint_empties_the_log),
		STORE_TEST(what_is_held_is_one_snapshot_and_nothing_within_a_transaction),
		STORE_TEST(readers_who_never_pause_do_not_make_the_log_grow_without_end),
		STORE_TEST(an_owner_that_retires_leaves_nothing_in_the_log_unless_somebody_reads),
		STORE_TEST(a_loop_over_rows_ends_with_their_end_or_with_the_first_failure),
		STORE_TEST(free_room_is_known_for_files_and_unknown_elsewhere),
	};

	fault_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
