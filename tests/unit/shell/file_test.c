#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/exit_code.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

static struct bytes bytes_of(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

static void expect_content(struct scratch *scratch, const char *path, const char *expected)
{
	struct bytes content = { 0 };

	assert_int_equal(file_read(&scratch->arena, path, 1000, &content), STATUS_OK);
	assert_string_equal((const char *)content.data, expected);
}

static void a_file_is_replaced_whole(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "file");
	struct stat what;

	assert_int_equal(file_write(path, bytes_of("one"), 0600), STATUS_OK);
	assert_int_equal(file_write(path, bytes_of("second"), 0640), STATUS_OK);
	expect_content(scratch, path, "second");
	assert_int_equal(stat(path, &what), 0);
	assert_int_equal(what.st_mode & 0777, 0640);
	assert_int_equal(scratch_count(scratch), 1);
}

static void a_file_takes_the_place_of_a_file_alone(void **state)
{
	struct scratch *scratch = *state;
	const char *pipe = scratch_path(scratch, "pipe"), *link = scratch_path(scratch, "link"), *folder = scratch_path(scratch, "folder");
	struct stat what;

	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink("nothing", link), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(file_write(pipe, bytes_of("one"), 0600), STATUS_REFUSED);
	assert_int_equal(file_write(link, bytes_of("one"), 0600), STATUS_REFUSED);
	assert_int_equal(file_write(folder, bytes_of("one"), 0600), STATUS_INVALID);
	assert_true(lstat(pipe, &what) == 0 && S_ISFIFO(what.st_mode));
	assert_true(lstat(link, &what) == 0 && S_ISLNK(what.st_mode));
	assert_true(file_exists(link));
	assert_int_equal(scratch_count(scratch), 3);
}

static void a_write_that_fails_leaves_the_old_file_and_nothing_else(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "file");
	struct rlimit before, small;
	enum status status;

	assert_int_equal(file_write(path, bytes_of("old"), 0600), STATUS_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = 4, .rlim_max = before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	status = file_write(path, bytes_of("much longer than that"), 0600);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, STATUS_CANNOT_WRITE);
	expect_content(scratch, path, "old");
	assert_int_equal(scratch_count(scratch), 1);
}

static void what_is_no_small_file_is_not_read(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "file");
	struct bytes content = { 0 };

	assert_int_equal(file_write(path, bytes_of("12345"), 0600), STATUS_OK);
	assert_int_equal(file_read(&scratch->arena, path, 4, &content), STATUS_INVALID);
	assert_int_equal(file_read(&scratch->arena, scratch->dir, 4, &content), STATUS_INVALID);
	assert_int_equal(file_read(&scratch->arena, "/dev/zero", 4, &content), STATUS_INVALID);
	assert_int_equal(file_read(&scratch->arena, scratch_path(scratch, "none"), 4, &content), STATUS_NOT_FOUND);
	assert_null(content.data);
}

static void a_part_of_a_file_is_read_where_it_is(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "file");
	struct bytes part = { 0 };

	assert_int_equal(file_write(path, bytes_of("one two three"), 0600), STATUS_OK);
	assert_int_equal(file_read_part(&scratch->arena, path, 4, 3, &part), STATUS_OK);
	assert_string_equal((const char *)part.data, "two");
	assert_int_equal(file_read_part(&scratch->arena, path, 4, 10, &part), STATUS_CORRUPT);
	assert_int_equal(file_read_part(&scratch->arena, path, 40, 1, &part), STATUS_CORRUPT);
	assert_int_equal(file_read_part(&scratch->arena, scratch->dir, 0, 1, &part), STATUS_INVALID);
	assert_int_equal(file_read_part(&scratch->arena, scratch_path(scratch, "nothing"), 0, 1, &part), STATUS_NOT_FOUND);
}

static void directories_are_made_with_their_parents(void **state)
{
	struct scratch *scratch = *state;

	assert_int_equal(directory_make(scratch_path(scratch, "a/b")), STATUS_OK);
	assert_int_equal(directory_make(scratch_path(scratch, "a/b")), STATUS_OK);
	assert_int_equal(file_write(scratch_path(scratch, "a/b/.truckroll-probe"), (struct bytes){ 0 }, 0600), STATUS_OK);
	assert_int_equal(directory_check_writable(scratch_path(scratch, "a/b")), STATUS_OK);
	assert_false(file_exists(scratch_path(scratch, "a/b/.truckroll-probe"))); /* what a killed one left is gone */
	assert_int_equal(directory_check_writable(scratch_path(scratch, "none")), STATUS_NOT_FOUND);
	assert_int_equal(file_write(scratch_path(scratch, "file"), bytes_of(""), 0600), STATUS_OK);
	assert_int_equal(directory_make(scratch_path(scratch, "file")), STATUS_INVALID);
	assert_int_equal(rmdir(scratch_path(scratch, "a/b")), 0);
}

static void a_full_or_read_only_disk_is_named_as_such_with_exit_code_6(void **state)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = { { ENOSPC, "the disk is full" }, { EROFS, "read-only" }, { EACCES, "this user may not" } };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(exit_code_of(file_fail(rows[i].error, "write", "/data/outbox.db")), EXIT_CODE_CANNOT_WRITE);
		assert_non_null(strstr(fail_reason(), rows[i].words));
		assert_non_null(strstr(fail_reason(), "/data/outbox.db"));
	}
}

static void paths_are_joined_with_one_slash(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(path_join(&arena, text_of("/a/"), text_of("b")).data, "/a/b");
	assert_string_equal(path_join(&arena, text_of("/"), text_of("b")).data, "/b");
	assert_string_equal(path_join(&arena, text_of("a"), text_of("/b")).data, "/b");
	assert_string_equal(path_join(&arena, text_of("a"), text_of("")).data, "a");
	arena_finish(&arena);
}

static void every_status_has_its_exit_code(void **state)
{
	static const int codes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 6, 2 };

	(void)state;
	for (int status = STATUS_OK; status <= STATUS_AMBIGUOUS; status++)
		assert_int_equal(exit_code_of((enum status)status), codes[status]);
	for (int code = 0; code < EXIT_CODE_COUNT; code++) {
		bool used = code == EXIT_CODE_NO_MEMORY; /* no status: the process ends with it */

		for (size_t i = 0; i < LENGTH(codes); i++)
			used = used || codes[i] == code;
		assert_true(used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_replaced_whole, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_file_takes_the_place_of_a_file_alone, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_write_that_fails_leaves_the_old_file_and_nothing_else, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(what_is_no_small_file_is_not_read, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_part_of_a_file_is_read_where_it_is, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(directories_are_made_with_their_parents, scratch_make, scratch_remove),
		cmocka_unit_test(a_full_or_read_only_disk_is_named_as_such_with_exit_code_6),
		cmocka_unit_test(paths_are_joined_with_one_slash),
		cmocka_unit_test(every_status_has_its_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
