#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "server/commit_note.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static const struct id epoch = { { 0xee, 1, 2 } };
static const struct id other = { { 0xee, 1, 3 } };

static void assert_reads(struct scratch *scratch, const struct commit_note *expected)
{
	struct commit_note read = commit_note_read(&scratch->arena, text_of(scratch->dir));

	assert_true(id_equal(&read.epoch, &expected->epoch));
	assert_int_equal(read.gseq, expected->gseq);
}

static void a_note_is_read_as_it_was_written(void **state)
{
	static const int64_t numbers[] = { 0, 1, 4711, INT64_MAX, 12 };
	struct scratch *scratch = *state;

	assert_reads(scratch, &(struct commit_note){ 0 });
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		struct commit_note note = { epoch, numbers[i] };

		commit_note_write(&scratch->arena, text_of(scratch->dir), &note, i % 2 == 1);
		assert_reads(scratch, &note);
	}
	assert_int_equal(scratch_count(scratch), 1);
}

static void a_damaged_note_is_none(void **state)
{
	struct scratch *scratch = *state;
	struct commit_note note = { epoch, 4711 };
	const char *path = scratch_path(scratch, "committed");
	struct bytes whole;

	commit_note_write(&scratch->arena, text_of(scratch->dir), &note, true);
	assert_int_equal(file_read(&scratch->arena, path, 1000, &whole), STATUS_OK);
	for (size_t i = 0; i < 8 * whole.size; i++) {
		uint8_t *bytes = arena_copy(&scratch->arena, whole.data, whole.size);

		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(file_write(path, (struct bytes){ .data = bytes, .size = whole.size }, 0600), STATUS_OK);
		assert_reads(scratch, &(struct commit_note){ 0 });
	}
	for (size_t size = 0; size < whole.size; size++) {
		assert_int_equal(file_write(path, (struct bytes){ .data = whole.data, .size = size }, 0600), STATUS_OK);
		assert_reads(scratch, &(struct commit_note){ 0 });
	}
}

static void what_is_in_the_place_of_the_note_does_not_matter(void **state)
{
	struct scratch *scratch = *state;
	struct commit_note note = { epoch, 4711 };

	assert_int_equal(mkfifo(scratch_path(scratch, "committed"), 0600), 0);
	commit_note_write(&scratch->arena, text_of(scratch->dir), &note, false);
	assert_reads(scratch, &(struct commit_note){ 0 });
	commit_note_write(&scratch->arena, text_of(scratch->dir), &note, true);
	assert_reads(scratch, &note);
}

static void only_a_later_commit_of_the_same_epoch_proves_a_loss(void **state)
{
	const struct commit_note note = { epoch, 10 }, none = { 0 };

	(void)state;
	assert_true(commit_note_proves_loss(&note, &epoch, 9));
	assert_false(commit_note_proves_loss(&note, &epoch, 10));
	assert_false(commit_note_proves_loss(&note, &epoch, 11)); /* the note lags */
	assert_false(commit_note_proves_loss(&note, &other, 9));
	assert_false(commit_note_proves_loss(&none, &none.epoch, -1));
}

#define NOTE_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(a_note_is_read_as_it_was_written),
		NOTE_TEST(a_damaged_note_is_none),
		NOTE_TEST(what_is_in_the_place_of_the_note_does_not_matter),
		NOTE_TEST(only_a_later_commit_of_the_same_epoch_proves_a_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
