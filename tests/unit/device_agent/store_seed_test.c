/* Seeding: the fresh replica takes the old one's place whole, or not at all. */
#include <errno.h>
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

#include "db/connection.h"
#include "device_agent/store_parts.h" /* to get in the way of the seed */
#include "protocol/domain/note.h"
#include "shell/file.h"
#include "tests/unit/device_agent/scratch_store.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

static const struct scope home = { .kind = SCOPE_ORG_ALL };

static struct note note_of(uint64_t number, const char *name)
{
	return (struct note){
		.id = scratch_id(RECORD_NOTE, number), .work_order_id = scratch_id(RECORD_WORK_ORDER, 1), .text = text_of(name)
	};
}

static void load(struct device_store *store, const char *name, int64_t gseq, uint64_t count)
{
	const struct replica_state state = { .cursor.gseq = gseq };

	assert_int_equal(device_store_begin(store, true), STATUS_OK);
	for (uint64_t i = 0; i < count; i++) {
		struct note note = note_of(i, name);
		struct device_row meta = { .home = home, .gseq = gseq, .hash = row_hash(&note_schema, &note) };
		assert_int_equal(device_store_put_row(store, RECORD_NOTE, &note, &meta), STATUS_OK);
	}
	assert_int_equal(device_store_put_replica(store, &state), STATUS_OK);
	assert_int_equal(device_store_commit(store), STATUS_OK);
}

static bool holds(struct device_store *store, const char *name, int64_t gseq)
{
	struct replica_state state;
	struct id id = scratch_id(RECORD_NOTE, 7);
	const void *row;
	bool same;

	device_store_reset_rows(store);
	assert_int_equal(device_store_replica(store, &state), STATUS_OK);
	if (state.cursor.gseq != gseq || records_get(device_store_records(store), RECORD_NOTE, &id, &row) != STATUS_OK)
		return false;
	same = text_equals(((const struct note *)row)->text, name);
	assert_int_equal(storage_verify(device_store_outbox_storage(store)), STATUS_OK);
	assert_int_equal(storage_verify(device_store_replica_storage(store)), STATUS_OK);
	return same;
}

static enum status count_row(void *context, const void *row)
{
	(void)row;
	(*(size_t *)context)++;
	return STATUS_OK;
}

static void a_finished_seed_takes_the_place_of_the_old_replica(void **state)
{
	struct scratch *scratch = *state;
	const struct device_store_options reading = { .read_only = true };
	struct id order = scratch_id(RECORD_WORK_ORDER, 1);
	struct device_store *before, *after;
	size_t count = 0;

	load(scratch->store, "old", 1, 20);
	assert_int_equal(device_store_open(scratch->dir, &reading, &before), STATUS_OK);
	assert_int_equal(device_store_seed_begin(scratch->store), STATUS_OK);
	assert_true(device_store_seeding(scratch->store));
	load(scratch->store, "new", 2, 30);
	assert_true(holds(before, "old", 1)); /* readers see the old one meanwhile */
	assert_int_equal(device_store_seed_finish(scratch->store), STATUS_OK);
	assert_false(device_store_seeding(scratch->store));
	assert_true(holds(scratch->store, "new", 2));
	assert_true(holds(before, "old", 1)); /* and keep what they have */
	device_store_close(before);
	assert_int_equal(device_store_open(scratch->dir, &reading, &after), STATUS_OK);
	assert_true(holds(after, "new", 2));
	device_store_close(after);
	assert_int_equal(
		records_each(device_store_records(scratch->store), RECORD_NOTE, "work_order_id", &order, count_row, &count), STATUS_OK);
	assert_int_equal(count, 30);
	load(scratch->store, "newer", 3, 20);
	scratch_reopen(scratch);
	assert_true(holds(scratch->store, "newer", 3));
}

static enum status expect_incident(void *context, int64_t at_ms, struct text what, struct text detail)
{
	size_t *count = context;

	assert_true(text_equals(what, *count == 0 ? "second" : "first")); /* the newest first */
	assert_int_equal(at_ms, *count == 0 ? 20 : 10);
	assert_true(text_equals(detail, "told"));
	(*count)++;
	return STATUS_OK;
}

static void incidents_move_into_the_new_replica(void **state)
{
	struct scratch *scratch = *state;
	size_t count = 0;

	assert_int_equal(device_store_incident(scratch->store, 10, "first", text_of("told")), STATUS_OK);
	assert_int_equal(device_store_seed_begin(scratch->store), STATUS_OK);
	load(scratch->store, "new", 2, 30);
	assert_int_equal(device_store_seed_finish(scratch->store), STATUS_OK);
	assert_int_equal(device_store_incident(scratch->store, 20, "second", text_of("told")), STATUS_OK);
	scratch_reopen(scratch);
	assert_int_equal(device_store_incidents_each(scratch->store, 10, expect_incident, &count), STATUS_OK);
	assert_int_equal(count, 2);
}

/* Somebody reads the seed's file while it is to be exchanged, so that the seed stays and is finished later. */
static void incidents_are_carried_once_however_often_a_seed_is_finished(void **state)
{
	struct scratch *scratch = *state;
	struct text path = path_join(&scratch->arena, text_of(scratch->dir), text_of("replica.new"));
	sqlite3 *reader;
	size_t count = 0;

	assert_int_equal(device_store_incident(scratch->store, 10, "first", text_of("told")), STATUS_OK);
	assert_int_equal(device_store_seed_begin(scratch->store), STATUS_OK);
	load(scratch->store, "new", 2, 30);
	assert_int_equal(device_make_indexes(scratch->store), STATUS_OK);
	assert_int_equal(storage_checkpoint(scratch->store->fresh), STATUS_OK);
	assert_int_equal(sqlite3_busy_timeout(scratch->store->fresh->connection, 10), SQLITE_OK);
	assert_int_equal(sqlite3_open_v2(path.data, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM incident", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(device_store_seed_finish(scratch->store), STATUS_BUSY);
		assert_true(device_store_seeding(scratch->store));
	}
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	assert_int_equal(device_store_seed_finish(scratch->store), STATUS_OK);
	assert_int_equal(device_store_incident(scratch->store, 20, "second", text_of("told")), STATUS_OK);
	assert_int_equal(device_store_incidents_each(scratch->store, 10, expect_incident, &count), STATUS_OK);
	assert_int_equal(count, 2);
}

static void the_view_finds_rows_by_index_while_seeding(void **state)
{
	struct scratch *scratch = *state;
	struct id order = scratch_id(RECORD_WORK_ORDER, 1);
	size_t count = 0;

	assert_int_equal(device_store_seed_begin(scratch->store), STATUS_OK);
	load(scratch->store, "new", 2, 30);
	assert_int_equal(device_store_begin(scratch->store, true), STATUS_OK);
	assert_int_equal(
		records_each(device_store_records(scratch->store), RECORD_NOTE, "work_order_id", &order, count_row, &count), STATUS_OK);
	assert_int_equal(count, 30);
	device_store_rollback(scratch->store); /* takes the indexes with it */
	assert_int_equal(device_store_seed_finish(scratch->store), STATUS_OK);
	assert_true(holds(scratch->store, "new", 2));
}

static void beginning_again_drops_what_was_loaded(void **state)
{
	struct scratch *scratch = *state;
	struct replica_state replica;

	load(scratch->store, "old", 1, 20);
	assert_int_equal(device_store_seed_begin(scratch->store), STATUS_OK);
	load(scratch->store, "half", 2, 20);
	assert_int_equal(device_store_seed_begin(scratch->store), STATUS_OK);
	assert_int_equal(device_store_replica(scratch->store, &replica), STATUS_OK);
	assert_int_equal(replica.cursor.gseq, 0);
	scratch_reopen(scratch); /* an interrupted seed */
	assert_false(device_store_seeding(scratch->store));
	assert_true(holds(scratch->store, "old", 1));
}

/* ---- a crash at each step ---- */

/* Does the file operations of the system until `left` is used up, then dies or fails. */
struct faulty {
	struct store_files files;
	int left;
	bool dies;
};

static int step(void *context)
{
	struct faulty *faulty = context;

	if (faulty->left-- > 0)
		return 0;
	if (faulty->dies)
		_exit(0);
	return EIO;
}

static int faulty_rename(void *context, const char *from, const char *to)
{
	int error = step(context);

	return error != 0 ? error : rename(from, to) == 0 ? 0 : errno;
}

static int faulty_remove(void *context, const char *path)
{
	int error = step(context);

	return error != 0 ? error : unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

static int faulty_sync(void *context, const char *dir)
{
	(void)dir;
	return step(context);
}

static struct faulty faulty_files(void)
{
	return (struct faulty){ .files = { .rename = faulty_rename, .remove = faulty_remove, .sync_directory = faulty_sync },
		.left = 1000 };
}

/* One swap with a fault at file operation `number`; true when that operation was reached. */
static bool swap_with_fault(struct scratch *scratch, int number, bool dies)
{
	struct faulty faulty = faulty_files();
	struct device_store_options options = { .files = &faulty.files };
	struct device_store *store;
	enum status status;
	bool reached;

	faulty.files.context = &faulty;
	assert_int_equal(device_store_open(scratch->dir, &options, &store), STATUS_OK);
	load(store, "old", 1, 20);
	assert_int_equal(device_store_seed_begin(store), STATUS_OK);
	load(store, "new", 2, 20);
	faulty.left = number;
	faulty.dies = dies;
	status = device_store_seed_finish(store);
	reached = faulty.left < 0;
	if (reached) {
		assert_int_equal(status, STATUS_CANNOT_WRITE);
		assert_non_null(strstr(fail_reason(), "could not be exchanged"));
		faulty.left = 1000;
		assert_true(holds(store, "old", 1) || holds(store, "new", 2)); /* it goes on with what is there */
	}
	device_store_close(store);
	return reached;
}

static void a_crash_at_any_step_of_the_swap_leaves_one_replica_whole(void **state)
{
	struct scratch *scratch = *state;
	size_t old_count = 0, new_count = 0;

	device_store_close(scratch->store);
	scratch->store = NULL;
	for (int number = 0; number < 7; number++) {
		const struct device_store_options options = { 0 };
		int status = -1;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(swap_with_fault(scratch, number, true) ? 1 : 2); /* 1 and 2: it did not die where it should */
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(device_store_open(scratch->dir, &options, &scratch->store), STATUS_OK);
		if (holds(scratch->store, "old", 1))
			old_count++;
		else if (holds(scratch->store, "new", 2))
			new_count++;
		load(scratch->store, "later", 9, 20); /* and it can be written on */
		assert_true(holds(scratch->store, "later", 9));
		device_store_close(scratch->store);
		scratch->store = NULL;
	}
	assert_int_equal(old_count, 6);
	assert_int_equal(new_count, 1);
}

static void a_failing_step_of_the_swap_is_told_and_the_store_goes_on(void **state)
{
	struct scratch *scratch = *state;
	int number = 0;

	device_store_close(scratch->store);
	scratch->store = NULL;
	while (swap_with_fault(scratch, number, false))
		number++;
	assert_int_equal(number, 7);
}

static void a_power_cut_during_the_load_leaves_the_old_replica(void **state)
{
	struct scratch *scratch = *state;
	const struct device_store_options options = { 0 };
	int status = -1;
	pid_t child;

	load(scratch->store, "old", 1, 20);
	device_store_close(scratch->store);
	scratch->store = NULL;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct device_store *store;
		if (device_store_open(scratch->dir, &options, &store) != STATUS_OK || device_store_seed_begin(store) != STATUS_OK)
			_exit(1);
		load(store, "new", 2, 20);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(device_store_open(scratch->dir, &options, &scratch->store), STATUS_OK);
	assert_true(holds(scratch->store, "old", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_finished_seed_takes_the_place_of_the_old_replica, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			incidents_are_carried_once_however_often_a_seed_is_finished, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(incidents_move_into_the_new_replica, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(the_view_finds_rows_by_index_while_seeding, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(beginning_again_drops_what_was_loaded, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			a_crash_at_any_step_of_the_swap_leaves_one_replica_whole, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			a_failing_step_of_the_swap_is_told_and_the_store_goes_on, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_power_cut_during_the_load_leaves_the_old_replica, scratch_set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
