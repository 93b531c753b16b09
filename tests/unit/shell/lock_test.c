#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/lock.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

static void the_one_who_waits_is_told_who_holds_it(void **state)
{
	const struct scratch *scratch = *state;
	struct lock lock, other = { .descriptor = -1 };
	char holder[80];

	assert_int_equal(lock_take(scratch->dir, "truckrolld", 0, &lock), STATUS_OK);
	assert_int_equal(lock_take(scratch->dir, "truckroll", 30, &other), STATUS_BUSY);
	(void)snprintf(holder, sizeof(holder), "held by truckrolld, process %ld", (long)getpid());
	assert_non_null(strstr(fail_reason(), holder));
	assert_int_equal(other.descriptor, -1);
	lock_release(&lock);
	assert_int_equal(lock.descriptor, -1);
	lock_release(&lock);
}

static void a_released_lock_can_be_taken_again(void **state)
{
	const struct scratch *scratch = *state;
	struct lock lock;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(lock_take(scratch->dir, "truckrolld", 0, &lock), STATUS_OK);
		lock_release(&lock);
	}
}

/* A limit on the size of files stands for the full disk. In a child: it ends with it. */
static int take_twice_without_room(const char *dir)
{
	const struct rlimit nothing = { .rlim_cur = 0, .rlim_max = 0 };
	struct lock lock, other;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &nothing) != 0 || lock_take(dir, "truckrolld", 0, &lock) != STATUS_OK)
		return 1;
	if (lock_take(dir, "truckrolld", 0, &other) != STATUS_BUSY || strstr(fail_reason(), "held by another process") == NULL)
		return 2;
	return 0;
}

static void on_a_full_disk_a_lock_can_be_taken_though_its_holder_has_no_name(void **state)
{
	const struct scratch *scratch = *state;
	struct lock lock;
	pid_t child;
	int result;

	assert_int_equal(lock_take(scratch->dir, "an earlier holder", 0, &lock), STATUS_OK);
	lock_release(&lock);
	child = fork();
	if (child == 0)
		_exit(take_twice_without_room(scratch->dir));
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), 0);
}

static void a_killed_holder_leaves_no_lock_behind(void **state)
{
	const struct scratch *scratch = *state;
	struct lock lock;
	pid_t child = fork();
	int result;

	if (child == 0) {
		if (lock_take(scratch->dir, "truckrolld", 0, &lock) != STATUS_OK)
			_exit(1);
		abort(); /* ends as with -9: nothing is released by hand */
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFSIGNALED(result));
	assert_int_equal(lock_take(scratch->dir, "truckroll", 0, &lock), STATUS_OK);
	lock_release(&lock);
}

static void a_missing_directory_is_named(void **state)
{
	struct lock lock;

	(void)state;
	assert_int_equal(lock_take("/tmp/there/is/no/such", "truckroll", 0, &lock), STATUS_NOT_FOUND);
	assert_non_null(strstr(fail_reason(), "/tmp/there/is/no/such"));
}

static void an_odd_lock_file_names_no_holder(void **state)
{
	struct scratch *scratch = *state;
	FILE *file;
	struct lock lock, other;

	assert_int_equal(lock_take(scratch->dir, "truckrolld", 0, &lock), STATUS_OK);
	file = fopen(scratch_path(scratch, "lock"), "w");
	assert_non_null(file);
	(void)fputs("\033[2Jevil", file);
	(void)fclose(file);
	assert_int_equal(lock_take(scratch->dir, "truckroll", 0, &other), STATUS_BUSY);
	assert_non_null(strstr(fail_reason(), "held by another process"));
	lock_release(&lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_one_who_waits_is_told_who_holds_it, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_released_lock_can_be_taken_again, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(
			on_a_full_disk_a_lock_can_be_taken_though_its_holder_has_no_name, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_killed_holder_leaves_no_lock_behind, scratch_make, scratch_remove),
		cmocka_unit_test(a_missing_directory_is_named),
		cmocka_unit_test_setup_teardown(an_odd_lock_file_names_no_holder, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
