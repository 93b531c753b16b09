#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/embedded.h"
#include "db/migration.h"
#include "db/revision_step.h"
#include "db/schema_ddl.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/visit.h"
#include "tests/unit/db/first_release.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static const enum storage_kind record_kinds[] = { STORAGE_SERVER, STORAGE_REPLICA };

static enum status make(const char *path, enum storage_kind kind, const char *vfs, bool bare)
{
	struct storage_options options = { .path = path, .kind = kind, .mode = STORAGE_CREATE, .vfs = vfs, .bare = bare };
	struct storage *storage = NULL;
	enum status status = storage_open(&options, &storage);

	storage_close(storage);
	return status;
}

/* Blanks do not count, nor does IF NOT EXISTS, which SQLite drops. */
static struct text squeeze(struct arena *arena, const char *sql)
{
	static const char dropped[] = "IFNOTEXISTS";
	char *out = arena_allocate(arena, strlen(sql) + 1);
	char *found;
	size_t size = 0;

	for (; *sql != '\0'; sql++)
		if (!isspace((unsigned char)*sql) && *sql != ';')
			out[size++] = *sql;
	out[size] = '\0';
	found = strstr(out, dropped);
	if (found != NULL)
		memmove(found, found + strlen(dropped), strlen(found + strlen(dropped)) + 1);
	return text_of(out);
}

static struct text stored_ddl(struct arena *arena, sqlite3 *store, const char *type, const char *name)
{
	sqlite3_stmt *select = NULL;
	struct text found = { 0 };

	assert_int_equal(
		sqlite3_prepare_v2(store, "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2", -1, &select, NULL), SQLITE_OK);
	sqlite3_bind_text(select, 1, type, -1, SQLITE_STATIC);
	sqlite3_bind_text(select, 2, name, -1, SQLITE_STATIC);
	if (sqlite3_step(select) == SQLITE_ROW)
		found = squeeze(arena, (const char *)sqlite3_column_text(select, 0));
	sqlite3_finalize(select);
	return found;
}

static int64_t number(sqlite3 *store, const char *sql)
{
	sqlite3_stmt *select = NULL;
	int64_t value = -1;

	assert_int_equal(sqlite3_prepare_v2(store, sql, -1, &select, NULL), SQLITE_OK);
	if (sqlite3_step(select) == SQLITE_ROW)
		value = sqlite3_column_int64(select, 0);
	sqlite3_finalize(select);
	return value;
}

static void assert_same_ddl(struct text stored, struct text printed)
{
	if (!text_equal(stored, printed))
		print_message("stored:  %.*s\nprinted: %.*s\n", TEXT_ARGUMENTS(stored), TEXT_ARGUMENTS(printed));
	assert_true(text_equal(stored, printed));
}

static void check_record(struct arena *arena, sqlite3 *store, const struct schema *schema, enum storage_kind kind, bool indexes)
{
	assert_same_ddl(stored_ddl(arena, store, "table", schema->name), squeeze(arena, schema_table_ddl(arena, schema).data));
	for (size_t i = 0; i < schema_index_count(schema, kind); i++) {
		struct text name = schema_index_name(arena, schema, kind, i);
		struct text printed = squeeze(arena, schema_index_ddl(arena, schema, kind, i).data);

		assert_same_ddl(stored_ddl(arena, store, "index", name.data), indexes ? printed : (struct text){ 0 });
	}
}

static void check_store(const char *path, enum storage_kind kind, bool indexes)
{
	struct arena arena = { 0 };
	const struct schema *schema;
	sqlite3 *store = NULL;

	assert_int_equal(sqlite3_open(path, &store), SQLITE_OK);
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		check_record(&arena, store, schema, kind, indexes);
	assert_int_equal(number(store, "PRAGMA user_version"), revision_stamp(migration_newest(kind), SCHEMA_REVISION));
	assert_int_equal(number(store, "SELECT count(*) FROM migration"), migration_newest(kind));
	assert_int_equal(number(store, "SELECT count(*) FROM migration WHERE applied_at_ms < 1600000000000 OR program = ''"), 0);
	sqlite3_close(store);
	arena_finish(&arena);
}

static void empty_to_newest_is_what_the_field_tables_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(record_kinds); i++) {
		const char *path = scratch_path(i == 0 ? "server.db" : "replica.db");

		assert_int_equal(make(path, record_kinds[i], NULL, false), STATUS_OK);
		check_store(path, record_kinds[i], true);
	}
	assert_int_equal(make(scratch_path("outbox.db"), STORAGE_OUTBOX, NULL, false), STATUS_OK);
}

static void a_bare_store_gets_its_indexes_at_the_end(void **state)
{
	const char *path = scratch_path("bare.db");
	struct storage_options options = { .path = path, .kind = STORAGE_REPLICA, .mode = STORAGE_CREATE, .bare = true };
	struct storage *storage = NULL;

	(void)state;
	assert_int_equal(storage_open(&options, &storage), STATUS_OK);
	check_store(path, STORAGE_REPLICA, false);
	assert_int_equal(storage_finish_bulk(storage), STATUS_OK);
	check_store(path, STORAGE_REPLICA, true);
	assert_int_equal(storage_finish_bulk(storage), STATUS_OK);
	storage_close(storage);
}

static void run_outside(const char *path, const char *sql)
{
	sqlite3 *store = NULL;

	assert_int_equal(sqlite3_open(path, &store), SQLITE_OK);
	assert_int_equal(sqlite3_exec(store, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(store);
}

/* What a store consists of, one line an object or row, without what tells when and by whom it was made. */
static struct text contents_of(struct arena *arena, const char *path)
{
	static const char objects[] = "SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, ''), char(10))"
				      " FROM (SELECT * FROM sqlite_schema WHERE tbl_name != 'migration' ORDER BY type, name)";
	static const char rows[] = "SELECT group_concat(number || name || hex(checksum), char(10))"
				   " FROM (SELECT * FROM migration ORDER BY number)";
	static const char *const texts[] = { objects, rows };
	struct text all = { .data = "" };
	sqlite3 *store = NULL;

	assert_int_equal(sqlite3_open(path, &store), SQLITE_OK);
	for (size_t i = 0; i < LENGTH(texts); i++) {
		sqlite3_stmt *select = NULL;

		assert_int_equal(sqlite3_prepare_v2(store, texts[i], -1, &select, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(select), SQLITE_ROW);
		all = arena_print(arena, "%.*s\n%s", TEXT_ARGUMENTS(all), (const char *)sqlite3_column_text(select, 0));
		sqlite3_finalize(select);
	}
	all = arena_print(arena, "%.*s\n%lld %lld", TEXT_ARGUMENTS(all), (long long)number(store, "PRAGMA user_version"),
		(long long)number(store, "PRAGMA application_id"));
	sqlite3_close(store);
	return all;
}

/* The first migration by hand, so that the store is no new one; then all others. */
static void make_by_migrations(const char *path, enum storage_kind kind)
{
	struct storage_options options = { .path = path, .kind = kind, .mode = STORAGE_OWN };
	struct storage *storage = NULL;

	first_migration_make(path, kind);
	assert_int_equal(storage_open(&options, &storage), STATUS_OK);
	storage_close(storage);
}

static void a_new_store_is_what_migrations_make_of_an_empty_one(void **state)
{
	(void)state;
	for (uint32_t revision = SCHEMA_REVISION_PLAIN; revision <= SCHEMA_REVISION; revision++) {
		schema_speak(revision);
		for (int kind = STORAGE_SERVER; kind <= STORAGE_REPLICA; kind++) {
			struct arena arena = { 0 };
			const char *made = scratch_path("made.db");
			const char *migrated = scratch_path("migrated.db");

			assert_int_equal(make(made, (enum storage_kind)kind, NULL, false), STATUS_OK);
			make_by_migrations(migrated, (enum storage_kind)kind);
			assert_string_equal(contents_of(&arena, made).data, contents_of(&arena, migrated).data);
			unlink(made);
			unlink(migrated);
			arena_finish(&arena);
		}
	}
	schema_speak(SCHEMA_REVISION);
}

/* Runs the creation in another process that dies half-way through its n-th write. True when it was not killed any more. */
static bool create_and_die(const char *path, enum storage_kind kind, int64_t writes)
{
	int result = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		fault = (struct fault){ .kind = FAULT_KILL, .writes_left = writes };
		_exit(make(path, kind, "fault", false) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result) && (WEXITSTATUS(result) == 0 || WEXITSTATUS(result) == 9));
	return WEXITSTATUS(result) == 0;
}

/* What is to be made or brought up to date at "kill.db", which is not there. */
typedef void (*start_call)(const char *path, enum storage_kind kind);

/* Writes from one kill to the next, behind the first twenty. A build with sanitizers looks for other bugs than more kills find. */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 31
#else
#define STRIDE 7
#endif

/* `every`: at each write; else see STRIDE. */
static void killed_at_any_write(enum storage_kind kind, start_call start, bool every)
{
	int64_t kills = 0;
	bool finished = false;

	while (!finished) {
		const char *path = scratch_path("kill.db");

		if (start != NULL)
			start(path, kind);
		finished = create_and_die(path, kind, kills);
		kills += every || kills < 20 ? 1 : STRIDE;
		assert_int_equal(make(path, kind, NULL, false), STATUS_OK);
		if (finished || kills % 5 == 0)
			check_store(path, kind, true);
		unlink(path);
		unlink(scratch_path("kill.db-wal"));
		unlink(scratch_path("kill.db-shm"));
	}
	assert_true(kills > 20);
}

static void a_migration_killed_at_any_write_resumes(void **state)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE");
	bool every_write = size != NULL && strcmp(size, "full") == 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(record_kinds); i++)
		killed_at_any_write(record_kinds[i], first_release_make, every_write);
}

static void a_new_store_killed_at_any_write_is_made_all_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(record_kinds); i++)
		killed_at_any_write(record_kinds[i], NULL, false); /* it is one transaction */
}

static void a_store_of_the_first_release_keeps_its_rows(void **state)
{
	const char *path = scratch_path("first.db");
	struct storage_options options = { .path = path, .kind = STORAGE_SERVER, .mode = STORAGE_OWN };
	struct arena arena = { 0 };
	struct storage *storage = NULL;
	const struct visit *visit;
	struct id id;
	void *row;

	(void)state;
	first_release_make(path, STORAGE_SERVER);
	assert_int_equal(storage_open(&options, &storage), STATUS_OK);
	assert_int_equal(table_resolve(storage, &visit_schema, (const uint8_t[]){ 0x19, 0x72, 0x6f, 0xcf }, 4, &id), STATUS_OK);
	assert_int_equal(table_get(storage, &visit_schema, &id, &arena, &row, NULL), STATUS_OK);
	visit = row;
	assert_int_equal(visit->state, VISIT_STATE_DISPATCHED);
	assert_int_equal(visit->moved_gseq, 0);
	storage_close(storage);
	check_store(path, STORAGE_SERVER, true);
	arena_finish(&arena);
}

/* A replica with one asset that the server has sent. */
static void a_replica_of_the_first_release_keeps_its_rows(void **state)
{
	const char *path = scratch_path("first_replica.db");
	struct storage_options options = { .path = path, .kind = STORAGE_REPLICA, .mode = STORAGE_OWN };
	struct storage *storage = NULL;
	sqlite3 *store = NULL;

	(void)state;
	first_release_make(path, STORAGE_REPLICA);
	assert_int_equal(storage_open(&options, &storage), STATUS_OK);
	storage_close(storage);
	check_store(path, STORAGE_REPLICA, true);
	assert_int_equal(sqlite3_open(path, &store), SQLITE_OK);
	assert_int_equal(number(store, "SELECT count(*) FROM asset WHERE name = 'Boiler' AND merged_into_id IS NULL"), 1);
	sqlite3_close(store);
}

static void a_changed_migration_is_refused(void **state)
{
	const char *path = scratch_path("changed.db");

	(void)state;
	assert_int_equal(make(path, STORAGE_SERVER, NULL, false), STATUS_OK);
	run_outside(path, "UPDATE migration SET checksum = zeroblob(32) WHERE number = 1");
	assert_int_equal(make(path, STORAGE_SERVER, NULL, false), STATUS_CORRUPT);
	assert_non_null(strstr(fail_reason(), "migration 1"));
	run_outside(path, "DELETE FROM migration");
	assert_int_equal(make(path, STORAGE_SERVER, NULL, false), STATUS_CORRUPT);
}

static void migrations_are_numbered_without_gaps(void **state)
{
	(void)state;
	for (int kind = STORAGE_SERVER; kind <= STORAGE_REPLICA; kind++) {
		static const char *const sets[] = { "server", "outbox", "replica" };
		int expected = 1;

		for (const struct migration_text *text = migration_texts; text->set != NULL; text++) {
			if (strcmp(text->set, sets[kind]) == 0)
				assert_int_equal(text->number, expected++);
			assert_int_equal(strlen(text->sql), text->size);
		}
		assert_int_equal(migration_newest((enum storage_kind)kind), expected - 1);
		assert_true(expected > 1);
	}
}

static int set_up(void **state)
{
	(void)state;
	scratch_init();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_finish();
	return 0;
}

#define MIGRATION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MIGRATION_TEST(empty_to_newest_is_what_the_field_tables_say),
		MIGRATION_TEST(a_new_store_is_what_migrations_make_of_an_empty_one),
		MIGRATION_TEST(a_bare_store_gets_its_indexes_at_the_end),
		MIGRATION_TEST(a_migration_killed_at_any_write_resumes),
		MIGRATION_TEST(a_new_store_killed_at_any_write_is_made_all_the_same),
		MIGRATION_TEST(a_store_of_the_first_release_keeps_its_rows),
		MIGRATION_TEST(a_replica_of_the_first_release_keeps_its_rows),
		MIGRATION_TEST(a_changed_migration_is_refused),
		MIGRATION_TEST(migrations_are_numbered_without_gaps),
	};

	fault_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
