#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/storage.h"
#include "protocol/domain/note.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/visit.h"
#include "protocol/wire/record_codec.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

#define VISITS      20
#define EXPECTED    INT64_C(1788250500000)
#define WRITES_MOST 100

/* Field 27 of a visit, which the older program does not know, and 60, which nobody knows; field 27 with a time that is none. */
static const uint8_t kept[] = { 27, 6, 0xc0, 0xae, 0xc9, 0xc0, 0x8b, 0x68, 60, 2, 'a', 'b' };
static const uint8_t wrong[] = { 27, 2, 0x80, 0 };

static struct id id_of(uint8_t number)
{
	return (struct id){ { number } };
}

static enum status open_at(uint32_t revision, const char *path, enum storage_mode mode, struct storage **out_storage)
{
	struct storage_options options = { .path = path, .kind = STORAGE_REPLICA, .mode = mode, .adopt = record_adopt };
	enum status status;

	schema_speak(revision);
	status = storage_open(&options, out_storage);
	schema_speak(SCHEMA_REVISION);
	return status;
}

/* What an older program left: each third visit keeps fields, one of them a value that is none. */
static void make_older(const char *path)
{
	struct storage *storage;

	assert_int_equal(open_at(SCHEMA_REVISION_PLAIN, path, STORAGE_CREATE, &storage), STATUS_OK);
	assert_int_equal(storage_begin(storage, false), STATUS_OK);
	for (uint8_t i = 0; i < VISITS; i++) {
		struct visit visit = { .id = id_of((uint8_t)(i + 1)), .work_order_id = id_of(1), .technician_id = id_of(2) };
		struct row_meta meta = { .home = i, .gseq = 100 + i, .hash = { i } };
		if (i % 3 == 0)
			visit.extra = i == 3 ? (struct bytes){ wrong, sizeof(wrong) } : (struct bytes){ kept, sizeof(kept) };
		assert_int_equal(table_put(storage, &visit_schema, &visit, &meta), STATUS_OK);
	}
	assert_int_equal(storage_commit(storage), STATUS_OK);
	storage_close(storage);
}

static void check_upgraded(const char *path)
{
	struct arena arena = { 0 };
	struct storage *storage;

	assert_int_equal(open_at(SCHEMA_REVISION, path, STORAGE_READ, &storage), STATUS_OK);
	for (uint8_t i = 0; i < VISITS; i++) {
		struct id id = id_of((uint8_t)(i + 1));
		struct row_meta meta;
		struct visit *visit;
		void *row;
		assert_int_equal(table_get(storage, &visit_schema, &id, &arena, &row, &meta), STATUS_OK);
		visit = row;
		assert_int_equal(visit->expected_at_ms, i % 3 == 0 && i != 3 ? EXPECTED : 0);
		assert_int_equal(visit->extra.size, i == 3 ? sizeof(wrong) : i % 3 == 0 ? 4 : 0);
		assert_true(meta.home == i && meta.gseq == 100 + i && meta.hash[0] == i);
	}
	storage_close(storage);
	arena_finish(&arena);
}

static void what_rows_kept_moves_into_the_new_column_and_nothing_else_changes(void **state)
{
	const char *path = scratch_path("older.db");
	struct storage *storage;

	(void)state;
	make_older(path);
	assert_int_equal(open_at(SCHEMA_REVISION, path, STORAGE_READ, &storage), STATUS_BUSY);
	assert_int_equal(open_at(SCHEMA_REVISION, path, STORAGE_OWN, &storage), STATUS_OK);
	storage_close(storage);
	check_upgraded(path);
}

static void an_older_program_refuses_a_store_that_was_upgraded(void **state)
{
	static const enum storage_mode modes[] = { STORAGE_OWN, STORAGE_READ };
	const char *path = scratch_path("newer.db");
	struct storage *storage;

	(void)state;
	assert_int_equal(open_at(SCHEMA_REVISION, path, STORAGE_CREATE, &storage), STATUS_OK);
	storage_close(storage);
	for (size_t i = 0; i < LENGTH(modes); i++) {
		assert_int_equal(open_at(SCHEMA_REVISION_PLAIN, path, modes[i], &storage), STATUS_NEWER);
		assert_non_null(strstr(fail_reason(), "upgrade this program"));
	}
}

static void a_store_that_is_open_goes_on_in_its_revision(void **state)
{
	const char *path = scratch_path("open.db");
	struct visit visit = { .id = id_of(9), .work_order_id = id_of(1), .technician_id = id_of(2), .expected_at_ms = EXPECTED };
	struct arena arena = { 0 };
	struct storage *storage;
	void *row;

	(void)state;
	assert_int_equal(open_at(SCHEMA_REVISION_PLAIN, path, STORAGE_CREATE, &storage), STATUS_OK);
	assert_int_equal(table_put(storage, &visit_schema, &visit, &(struct row_meta){ 0 }), STATUS_OK);
	assert_int_equal(table_get(storage, schema_find(RECORD_VISIT), &visit.id, &arena, &row, NULL), STATUS_OK);
	assert_int_equal(((struct visit *)row)->expected_at_ms, 0);
	storage_close(storage);
	arena_finish(&arena);
}

static void every_earlier_revision_is_brought_up_to_now(void **state)
{
	(void)state;
	for (uint32_t revision = SCHEMA_REVISION_PLAIN; revision < SCHEMA_REVISION; revision++) {
		const char *path = scratch_path("earlier.db");
		struct note note = { .id = id_of(1), .work_order_id = id_of(2), .text = text_of("as it was") };
		struct arena arena = { 0 };
		struct storage *storage;
		void *row;

		(void)unlink(path);
		assert_int_equal(open_at(revision, path, STORAGE_CREATE, &storage), STATUS_OK);
		assert_int_equal(table_put(storage, &note_schema, &note, &(struct row_meta){ 0 }), STATUS_OK);
		storage_close(storage);
		assert_int_equal(open_at(SCHEMA_REVISION, path, STORAGE_OWN, &storage), STATUS_OK);
		assert_int_equal(table_get(storage, &note_schema, &note.id, &arena, &row, NULL), STATUS_OK);
		assert_true(row_equal(&note_schema, row, &note));
		note.archived = true;
		assert_int_equal(table_put(storage, &note_schema, &note, &(struct row_meta){ 0 }), STATUS_OK);
		assert_int_equal(table_get(storage, &note_schema, &note.id, &arena, &row, NULL), STATUS_OK);
		assert_true(((struct note *)row)->archived);
		storage_close(storage);
		arena_finish(&arena);
	}
}

/* True when the n-th write was not reached. */
static bool upgrade_and_die(const char *path, int64_t writes)
{
	int result = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct storage_options options = {
			.path = path, .kind = STORAGE_REPLICA, .mode = STORAGE_OWN, .vfs = "fault", .adopt = record_adopt
		};
		struct storage *storage = NULL;
		fault = (struct fault){ .kind = FAULT_KILL, .writes_left = writes };
		_exit(storage_open(&options, &storage) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	return WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

static void an_upgrade_killed_at_any_write_is_done_whole_by_the_next(void **state)
{
	const char *path = scratch_path("killed.db");
	bool done = false;

	(void)state;
	for (int64_t writes = 0; writes < WRITES_MOST && !done; writes++) {
		struct storage *storage;
		(void)unlink(path);
		make_older(path);
		done = upgrade_and_die(path, writes);
		assert_int_equal(open_at(SCHEMA_REVISION, path, STORAGE_OWN, &storage), STATUS_OK);
		storage_close(storage);
		check_upgraded(path);
		for (size_t i = 0; i < 2; i++)
			(void)unlink(i == 0 ? scratch_path("killed.db-wal") : scratch_path("killed.db-shm"));
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rows_kept_moves_into_the_new_column_and_nothing_else_changes),
		cmocka_unit_test(an_older_program_refuses_a_store_that_was_upgraded),
		cmocka_unit_test(a_store_that_is_open_goes_on_in_its_revision),
		cmocka_unit_test(every_earlier_revision_is_brought_up_to_now),
		cmocka_unit_test(an_upgrade_killed_at_any_write_is_done_whole_by_the_next),
	};
	int failed;

	scratch_init();
	fault_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_finish();
	return failed;
}
