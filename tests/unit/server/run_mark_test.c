#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "server/run_mark.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static const struct suspect deciding = { .work = SUSPECT_DECIDING,
	.device = { { 1 } },
	.incarnation = { { 2 } },
	.first_seq = 3,
	.last_seq = INT64_MAX,
	.hash = { { 5 } },
	.since_ms = -6 };
static const struct suspect answering = { .work = SUSPECT_ANSWERING, .device = { { 7 } } };

struct found {
	enum run_mark_state state;
	struct suspect *suspects;
	size_t count;
};

/* What lies between the fields counts for nothing. */
static void assert_suspects(const struct suspect *found, const struct suspect *expected, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(found[i].work, expected[i].work);
		assert_memory_equal(&found[i].device, &expected[i].device, sizeof(found[i].device));
		assert_memory_equal(&found[i].incarnation, &expected[i].incarnation, sizeof(found[i].incarnation));
		assert_int_equal(found[i].first_seq, expected[i].first_seq);
		assert_int_equal(found[i].last_seq, expected[i].last_seq);
		assert_memory_equal(&found[i].hash, &expected[i].hash, sizeof(found[i].hash));
		assert_int_equal(found[i].since_ms, expected[i].since_ms);
	}
}

static struct found read_in(struct scratch *scratch)
{
	struct found found;

	found.state = run_mark_read(&scratch->arena, text_of(scratch->dir), &found.suspects, &found.count);
	return found;
}

static struct run_mark mark_in(struct scratch *scratch)
{
	struct run_mark mark;

	run_mark_init(&mark, &scratch->arena, text_of(scratch->dir));
	return mark;
}

static const char *path_in(struct scratch *scratch)
{
	return path_join(&scratch->arena, text_of(scratch->dir), text_of("running")).data;
}

static void an_owner_that_stops_as_it_should_leaves_no_mark(void **state)
{
	struct scratch *scratch = *state;
	struct run_mark mark;

	assert_int_equal(read_in(scratch).state, RUN_MARK_NONE);
	mark = mark_in(scratch);
	assert_true(run_mark_put(&mark, 0, &deciding, 1));
	run_mark_end(&mark, false);
	assert_int_equal(read_in(scratch).state, RUN_MARK_NONE);
}

static void an_owner_that_stops_without_a_word_is_found_out_and_what_it_was_at(void **state)
{
	struct scratch *scratch = *state;
	struct run_mark mark = mark_in(scratch), next;
	struct found found;

	assert_int_equal(read_in(scratch).state, RUN_MARK_NONE);
	assert_true(run_mark_put(&mark, 0, NULL, 0));
	assert_int_equal(read_in(scratch).state, RUN_MARK_UNCLEAN);
	assert_int_equal(read_in(scratch).count, 0);
	assert_true(run_mark_put(&mark, 0, &deciding, 1));
	assert_true(run_mark_put(&mark, 1, &answering, 1));
	next = mark_in(scratch);
	assert_false(run_mark_put(&next, 1, &deciding, 1)); /* what there is stays until it puts its own, from the first place on */
	found = read_in(scratch);
	assert_int_equal(found.state, RUN_MARK_UNCLEAN);
	assert_int_equal(found.count, 2);
	assert_suspects(&found.suspects[0], &deciding, 1);
	assert_suspects(&found.suspects[1], &answering, 1);
	run_mark_end(&next, false);
	assert_int_equal(read_in(scratch).count, 2);
	run_mark_end(&mark, true);
}

static void several_are_put_at_once(void **state)
{
	struct scratch *scratch = *state;
	const struct suspect both[] = { deciding, answering };
	struct run_mark mark = mark_in(scratch);
	struct found found;

	assert_true(run_mark_put(&mark, 0, both, 2));
	assert_true(run_mark_put(&mark, 2, both, 2));
	found = read_in(scratch);
	assert_int_equal(found.count, 4);
	assert_suspects(&found.suspects[2], both, LENGTH(both));
	assert_false(run_mark_put(&mark, SUSPECTS_MAX - 1, both, 2));
	assert_int_equal(read_in(scratch).count, 4);
	run_mark_end(&mark, false);
}

/* Put over the boot's name, in the file. */
static void be_of_another_boot(struct scratch *scratch)
{
	FILE *file = fopen(path_in(scratch), "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, 8, SEEK_SET), 0);
	assert_int_equal(fwrite("0", 1, 1, file) + fwrite("?", 1, 1, file), 2);
	assert_int_equal(fclose(file), 0);
}

static void what_is_cleared_is_believed_of_this_boot_and_after_a_stop_as_it_should_be(void **state)
{
	struct scratch *scratch = *state;
	const struct suspect cleared = { .work = SUSPECT_CLEARED, .device = { { 7 } }, .first_seq = 1, .last_seq = 4 };
	const struct suspect both[] = { cleared, deciding };
	struct run_mark mark = mark_in(scratch);
	struct found found;

	assert_true(run_mark_put(&mark, 0, both, 2));
	assert_int_equal(read_in(scratch).count, 2);
	be_of_another_boot(scratch);
	found = read_in(scratch);
	assert_int_equal(found.count, 1);
	assert_suspects(&found.suspects[0], &deciding, 1);
	run_mark_end(&mark, true);
	found = read_in(scratch);
	assert_int_equal(found.state, RUN_MARK_CAREFUL);
	assert_int_equal(found.count, 2);
}

static void what_is_put_ends_the_list(void **state)
{
	struct scratch *scratch = *state;
	struct run_mark mark = mark_in(scratch);
	struct found found;

	for (size_t place = 0; place < 5; place++)
		assert_true(run_mark_put(&mark, place, &deciding, 1));
	assert_true(run_mark_put(&mark, 1, &answering, 1));
	found = read_in(scratch);
	assert_int_equal(found.count, 2);
	assert_suspects(&found.suspects[1], &answering, 1);
	assert_true(run_mark_put(&mark, 0, NULL, 0));
	assert_int_equal(read_in(scratch).count, 0);
	run_mark_end(&mark, false);
}

static void the_last_place_holds_one(void **state)
{
	struct scratch *scratch = *state;
	struct run_mark mark = mark_in(scratch);

	for (size_t place = 0; place < SUSPECTS_MAX; place++)
		assert_true(run_mark_put(&mark, place, &deciding, 1));
	assert_int_equal(read_in(scratch).count, SUSPECTS_MAX);
	run_mark_end(&mark, false);
}

static void who_is_suspected_is_known_after_a_stop_as_it_should_be(void **state)
{
	struct scratch *scratch = *state;
	struct run_mark mark = mark_in(scratch);
	struct found found;

	assert_true(run_mark_put(&mark, 0, &deciding, 1));
	run_mark_end(&mark, true);
	found = read_in(scratch);
	assert_int_equal(found.state, RUN_MARK_CAREFUL);
	assert_int_equal(found.count, 1);
	mark = mark_in(scratch);
	assert_int_equal(read_in(scratch).state, RUN_MARK_CAREFUL);
	assert_true(run_mark_put(&mark, 0, &deciding, 1));
	assert_int_equal(read_in(scratch).state, RUN_MARK_UNCLEAN);
	run_mark_end(&mark, false);
}

/* As the version before left it, or nothing at all. */
static void a_mark_without_a_list_and_one_that_cannot_be_read_are_marks(void **state)
{
	struct scratch *scratch = *state;
	const struct bytes old = { (const uint8_t *)"running\n", 8 }, cut = { (const uint8_t *)"running\n\2\1\1", 11 };

	assert_int_equal(file_write(path_in(scratch), (struct bytes){ 0 }, 0600), STATUS_OK);
	assert_int_equal(read_in(scratch).state, RUN_MARK_UNCLEAN);
	assert_int_equal(file_write(path_in(scratch), old, 0600), STATUS_OK);
	assert_int_equal(read_in(scratch).state, RUN_MARK_UNCLEAN);
	assert_int_equal(file_write(path_in(scratch), cut, 0600), STATUS_OK);
	assert_int_equal(read_in(scratch).state, RUN_MARK_UNCLEAN);
	assert_int_equal(read_in(scratch).count, 0);
}

static void a_mark_that_cannot_be_made_is_tried_again(void **state)
{
	struct scratch *scratch = *state;
	struct run_mark mark;

	assert_int_equal(mkdir(path_in(scratch), 0700), 0);
	mark = mark_in(scratch);
	assert_false(run_mark_put(&mark, 0, &deciding, 1));
	assert_int_equal(remove(path_in(scratch)), 0);
	assert_true(run_mark_put(&mark, 0, &deciding, 1));
	assert_int_equal(read_in(scratch).count, 1);
	run_mark_end(&mark, false);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(an_owner_that_stops_as_it_should_leaves_no_mark),
		PROMISE(an_owner_that_stops_without_a_word_is_found_out_and_what_it_was_at),
		PROMISE(several_are_put_at_once),
		PROMISE(what_is_cleared_is_believed_of_this_boot_and_after_a_stop_as_it_should_be),
		PROMISE(what_is_put_ends_the_list),
		PROMISE(the_last_place_holds_one),
		PROMISE(who_is_suspected_is_known_after_a_stop_as_it_should_be),
		PROMISE(a_mark_without_a_list_and_one_that_cannot_be_read_are_marks),
		PROMISE(a_mark_that_cannot_be_made_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
