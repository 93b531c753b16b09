#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/draft.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

static struct bytes bytes_of(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

static void expect_content(struct scratch *scratch, const char *name, const char *expected)
{
	struct bytes content = { 0 };

	assert_int_equal(file_read(&scratch->arena, scratch_path(scratch, name), 1000, &content), STATUS_OK);
	assert_string_equal((const char *)content.data, expected);
}

static void begin(struct scratch *scratch, const char *name, struct draft *draft)
{
	assert_int_equal(draft_begin(&scratch->arena, scratch_path(scratch, name), draft), STATUS_OK);
}

static void a_draft_takes_the_place_of_the_file_when_it_is_whole(void **state)
{
	struct scratch *scratch = *state;
	struct draft draft;
	struct stat what;

	assert_int_equal(file_write(scratch_path(scratch, "file"), bytes_of("old"), 0600), STATUS_OK);
	begin(scratch, "file", &draft);
	assert_int_equal(draft_put(&draft, bytes_of("new ")), STATUS_OK);
	assert_int_equal(draft_put(&draft, bytes_of("words")), STATUS_OK);
	expect_content(scratch, "file", "old");
	assert_int_equal(draft_keep(&draft, 0644), STATUS_OK);
	expect_content(scratch, "file", "new words");
	assert_int_equal(stat(scratch_path(scratch, "file"), &what), 0);
	assert_int_equal(what.st_mode & 0777, 0644);
	assert_int_equal(scratch_count(scratch), 1);
}

static void a_draft_that_is_dropped_leaves_everything_as_it_was(void **state)
{
	struct scratch *scratch = *state;
	struct draft draft;

	assert_int_equal(file_write(scratch_path(scratch, "file"), bytes_of("old"), 0600), STATUS_OK);
	begin(scratch, "file", &draft);
	assert_int_equal(draft_put(&draft, bytes_of("new")), STATUS_OK);
	draft_drop(&draft);
	expect_content(scratch, "file", "old");
	assert_int_equal(scratch_count(scratch), 1);
}

static void what_was_left_of_drafts_is_taken_away_by_the_next(void **state)
{
	struct scratch *scratch = *state;
	struct draft draft;

	assert_int_equal(file_write(scratch_path(scratch, "file" DRAFT_END), bytes_of("half"), 0600), STATUS_OK);
	assert_int_equal(file_write(scratch_path(scratch, "other" DRAFT_END), bytes_of("half of another"), 0600), STATUS_OK);
	assert_int_equal(file_write(scratch_path(scratch, DRAFT_END), bytes_of("no draft"), 0600), STATUS_OK);
	begin(scratch, "file", &draft);
	assert_int_equal(draft_keep(&draft, 0644), STATUS_OK);
	expect_content(scratch, "file", "");
	expect_content(scratch, DRAFT_END, "no draft");
	assert_int_equal(scratch_count(scratch), 2);
}

static void a_draft_that_is_being_written_is_left_alone(void **state)
{
	struct scratch *scratch = *state;
	struct draft draft, other, same = { .descriptor = -1 };

	begin(scratch, "file", &draft);
	begin(scratch, "other", &other);
	assert_int_equal(draft_begin(&scratch->arena, scratch_path(scratch, "file"), &same), STATUS_BUSY);
	assert_non_null(strstr(fail_reason(), "another process is writing"));
	draft_drop(&same);
	assert_int_equal(draft_keep(&draft, 0644), STATUS_OK);
	assert_int_equal(draft_keep(&other, 0644), STATUS_OK);
	assert_int_equal(scratch_count(scratch), 2);
}

static void a_draft_whose_folder_is_gone_is_told_and_takes_nothing_along(void **state)
{
	struct scratch *scratch = *state;
	struct draft draft;

	begin(scratch, "file", &draft);
	assert_int_equal(unlink(draft.path), 0);
	assert_int_equal(file_write(draft.path, bytes_of("of another"), 0600), STATUS_OK);
	draft_drop(&draft);
	expect_content(scratch, "file" DRAFT_END, "of another");
	assert_int_equal(draft_begin(&scratch->arena, scratch_path(scratch, "nowhere/file"), &draft), STATUS_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_draft_takes_the_place_of_the_file_when_it_is_whole, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_draft_that_is_dropped_leaves_everything_as_it_was, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(what_was_left_of_drafts_is_taken_away_by_the_next, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_draft_that_is_being_written_is_left_alone, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_draft_whose_folder_is_gone_is_told_and_takes_nothing_along, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
