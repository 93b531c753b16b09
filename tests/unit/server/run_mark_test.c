#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "server/run_mark.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static void an_owner_that_stops_as_it_should_leaves_no_mark(void **state)
{
	struct scratch *scratch = *state;
	struct text dir = text_of(scratch->dir);

	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_NONE);
	run_mark_set(&scratch->arena, dir);
	run_mark_clear(&scratch->arena, dir, false);
	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_NONE);
}

static void an_owner_that_stops_without_a_word_is_found_out(void **state)
{
	struct scratch *scratch = *state;
	struct text dir = text_of(scratch->dir);

	run_mark_set(&scratch->arena, dir);
	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_UNCLEAN);
	run_mark_set(&scratch->arena, dir);
	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_UNCLEAN);
}

static void caution_that_was_not_over_goes_on(void **state)
{
	struct scratch *scratch = *state;
	struct text dir = text_of(scratch->dir);

	run_mark_set(&scratch->arena, dir);
	run_mark_clear(&scratch->arena, dir, true);
	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_CAREFUL);
	run_mark_set(&scratch->arena, dir);
	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_UNCLEAN);
}

static void a_mark_that_cannot_be_read_is_one(void **state)
{
	struct scratch *scratch = *state;
	struct text dir = text_of(scratch->dir);
	const char *path = path_join(&scratch->arena, dir, text_of("running")).data;

	assert_int_equal(file_write(path, (struct bytes){ 0 }, 0600), STATUS_OK);
	assert_int_equal(run_mark_read(&scratch->arena, dir), RUN_MARK_UNCLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_owner_that_stops_as_it_should_leaves_no_mark, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(an_owner_that_stops_without_a_word_is_found_out, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(caution_that_was_not_over_goes_on, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_mark_that_cannot_be_read_is_one, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
