#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "db/storage.h"
#include "protocol/domain/account.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

#define ROWS 30000 /* several slices of pages */

static struct storage *open_store(const char *path, enum storage_mode mode)
{
	struct storage_options options = { .path = path, .kind = STORAGE_SERVER, .mode = mode };
	struct storage *storage = NULL;

	assert_int_equal(storage_open(&options, &storage), STATUS_OK);
	return storage;
}

static void put_accounts(struct storage *storage, struct numbers *numbers, int count)
{
	struct arena arena = { 0 };

	assert_int_equal(storage_begin(storage, true), STATUS_OK);
	for (int i = 0; i < count; i++) {
		struct row_meta meta = numbers_meta(numbers);
		assert_int_equal(
			table_put(storage, &account_schema, numbers_row(numbers, &arena, &account_schema), &meta), STATUS_OK);
		arena_reset(&arena);
	}
	assert_int_equal(storage_commit(storage), STATUS_OK);
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

/* The owner, who goes on between the slices. */
struct owner {
	struct storage *storage;
	struct numbers numbers;
	int64_t commits;
};

static enum status go_on(void *context, int64_t done, int64_t all)
{
	struct owner *owner = context;

	assert_true(done <= all);
	put_accounts(owner->storage, &owner->numbers, 10);
	owner->commits++;
	return STATUS_OK;
}

static void a_copy_is_of_one_moment_and_the_owner_goes_on_meanwhile(void **state)
{
	const char *path, *copy;
	struct owner owner = { .numbers = { 1 } };
	struct storage *reader, *copied;

	(void)state;
	scratch_init();
	path = scratch_path("store.db");
	copy = scratch_path("copy.db");
	owner.storage = open_store(path, STORAGE_CREATE);
	put_accounts(owner.storage, &owner.numbers, ROWS);
	reader = open_store(path, STORAGE_READ);
	assert_int_equal(storage_begin_read(reader), STATUS_OK);
	assert_int_equal(count_accounts(reader), ROWS);
	assert_int_equal(storage_copy(reader, copy, go_on, &owner), STATUS_OK);
	storage_rollback(reader);
	assert_true(owner.commits > 2);
	assert_int_equal(count_accounts(owner.storage), ROWS + 10 * owner.commits);
	copied = open_store(copy, STORAGE_READ);
	assert_int_equal(count_accounts(copied), ROWS);
	assert_int_equal(storage_verify(copied), STATUS_OK);
	storage_close(copied);
	storage_close(reader);
	storage_close(owner.storage);
	scratch_finish();
}

static enum status give_up(void *context, int64_t done, int64_t all)
{
	(void)context;
	(void)done;
	(void)all;
	return STATUS_REFUSED;
}

static void a_copy_is_private_stands_alone_and_never_takes_the_place_of_a_file(void **state)
{
	const char *copy;
	struct storage *storage, *copied;
	struct numbers numbers = { 1 };
	struct stat what;

	(void)state;
	scratch_init();
	copy = scratch_path("copy.db");
	storage = open_store(scratch_path("store.db"), STORAGE_CREATE);
	put_accounts(storage, &numbers, 3);
	assert_int_equal(storage_begin_read(storage), STATUS_OK);
	assert_int_equal(storage_copy(storage, copy, NULL, NULL), STATUS_OK);
	assert_int_equal(storage_copy(storage, copy, NULL, NULL), STATUS_CANNOT_WRITE);
	assert_int_equal(storage_copy(storage, scratch_path("no/such.db"), NULL, NULL), STATUS_CANNOT_WRITE);
	assert_int_equal(storage_copy(storage, scratch_path("other.db"), give_up, NULL), STATUS_REFUSED);
	storage_rollback(storage);
	assert_int_equal(stat(copy, &what), 0);
	assert_int_equal(what.st_mode & 0777, 0600);
	copied = open_store(copy, STORAGE_READ);
	assert_int_equal(count_accounts(copied), 3);
	assert_int_equal(scratch_size(scratch_path("copy.db-wal")), -1);
	assert_int_equal(scratch_size(scratch_path("copy.db-journal")), -1);
	storage_close(copied);
	storage_close(storage);
	scratch_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_of_one_moment_and_the_owner_goes_on_meanwhile),
		cmocka_unit_test(a_copy_is_private_stands_alone_and_never_takes_the_place_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
