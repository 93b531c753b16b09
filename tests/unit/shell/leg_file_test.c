#include "shell/leg_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "shell/file.h"
#include "shell/flight_folder.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

static struct bytes bytes_of(const char *words)
{
	return (struct bytes){ (const uint8_t *)words, strlen(words) };
}

static void recorder(uint8_t number, struct identity *out_identity)
{
	const uint8_t seed[32] = { number };

	keys_init();
	identity_from_seeds(seed, seed, out_identity);
}

static struct bytes read_back(struct scratch *scratch, const char *path)
{
	struct bytes file = { 0 };

	assert_int_equal(file_read(&scratch->arena, path, 1 << 20, &file), STATUS_OK);
	return file;
}

static struct bytes write_leg(struct scratch *scratch, const struct identity *identity)
{
	const char *path = scratch_path(scratch, "a.leg");
	struct leg_writer writer;

	assert_int_equal(leg_create_for(&writer, path, identity->keys.box), STATUS_OK);
	assert_int_equal(leg_write(&writer, bytes_of("one"), false), STATUS_OK);
	assert_int_equal(leg_write(&writer, bytes_of("two"), false), STATUS_OK);
	leg_finish(&writer);
	leg_finish(&writer);
	return read_back(scratch, path);
}

static void a_leg_opens_with_the_recorders_keys_and_no_others(void **state)
{
	struct scratch *scratch = *state;
	struct identity mine, other;
	struct leg_reader reader;
	struct bytes file, entry;

	recorder(1, &mine);
	recorder(2, &other);
	file = write_leg(scratch, &mine);
	assert_int_equal(leg_open_for(&reader, file, &mine), STATUS_OK);
	assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_OK);
	assert_true(bytes_equal(entry, bytes_of("one")));
	assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_OK);
	assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_NOT_FOUND);
	assert_int_equal(leg_open_for(&reader, file, &other), STATUS_CORRUPT);
	assert_int_equal(leg_open_with(&reader, file, text_of("words")), STATUS_CORRUPT);
}

static void a_leg_that_is_still_written_ends_with_its_last_whole_entry(void **state)
{
	struct scratch *scratch = *state;
	struct identity mine;
	struct leg_reader reader;
	struct bytes file, entry;

	recorder(1, &mine);
	file = write_leg(scratch, &mine);
	for (size_t left = 1; left < LEG_ENTRY_EXTRA + 3; left++) {
		assert_int_equal(leg_open_for(&reader, (struct bytes){ file.data, file.size - left }, &mine), STATUS_OK);
		assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_OK);
		assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_NOT_FOUND);
		assert_false(reader.last);
	}
}

static void no_bit_of_a_leg_can_be_changed_unseen(void **state)
{
	struct scratch *scratch = *state;
	struct identity mine;
	struct bytes file;

	recorder(1, &mine);
	file = write_leg(scratch, &mine);
	for (size_t at = 0; at < file.size; at++) {
		uint8_t *changed = arena_copy(&scratch->arena, file.data, file.size);
		struct leg_reader reader;
		struct bytes entry;
		size_t read = 0;
		changed[at] ^= 1;
		if (leg_open_for(&reader, (struct bytes){ changed, file.size }, &mine) != STATUS_OK)
			continue;
		while (leg_read(&reader, &scratch->arena, &entry) == STATUS_OK)
			read++;
		assert_in_range(read, 0, 1);
	}
}

static void an_export_opens_with_its_words_and_says_whether_it_is_whole(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "a.flight");
	struct leg_words words;
	struct leg_writer writer;
	struct leg_reader reader;
	struct bytes file, entry;

	keys_init();
	leg_words_draw(&words);
	assert_int_equal(leg_create_with(&writer, path, &words), STATUS_OK);
	assert_int_equal(leg_write(&writer, bytes_of("one"), false), STATUS_OK);
	assert_int_equal(leg_write(&writer, bytes_of("two"), true), STATUS_OK);
	leg_finish(&writer);
	assert_int_equal(leg_create_with(&writer, path, &words), STATUS_CANNOT_WRITE); /* nothing is written over */
	leg_finish(&writer);
	file = read_back(scratch, path);
	assert_int_equal(leg_open_with(&reader, file, arena_print(&scratch->arena, " %s\n", words.characters)), STATUS_OK);
	assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_OK);
	assert_false(reader.last);
	assert_int_equal(leg_read(&reader, &scratch->arena, &entry), STATUS_OK);
	assert_true(reader.last);
	assert_int_equal(leg_open_with(&reader, file, text_of("azure mark")), STATUS_INVALID);
	words.characters[0] = words.characters[0] == 'a' ? 'b' : 'a';
	assert_int_not_equal(leg_open_with(&reader, file, text_of(words.characters)), STATUS_CORRUPT);
}

static void put_leg(struct scratch *scratch, size_t size)
{
	const char *path;

	assert_int_equal(flight_folder_next(&scratch->arena, text_of(scratch->dir), &path), STATUS_OK);
	assert_int_equal(file_write(path, (struct bytes){ arena_allocate(&scratch->arena, size), size }, 0600), STATUS_OK);
}

static void the_oldest_legs_go_first_and_numbers_are_not_used_again(void **state)
{
	struct scratch *scratch = *state;
	struct flight_leg *legs;
	size_t count;

	for (size_t i = 0; i < 12; i++)
		put_leg(scratch, 100);
	flight_folder_bound(&scratch->arena, text_of(scratch->dir), 350);
	flight_legs(&scratch->arena, text_of(scratch->dir), &legs, &count);
	assert_int_equal(count, 3);
	assert_int_equal(legs[0].number, 10);
	put_leg(scratch, 100);
	flight_legs(&scratch->arena, text_of(scratch->dir), &legs, &count);
	assert_int_equal(legs[3].number, 13);
	flight_folder_bound(&scratch->arena, text_of(scratch->dir), 0);
	flight_legs(&scratch->arena, text_of(scratch->dir), &legs, &count);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_leg_opens_with_the_recorders_keys_and_no_others, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_leg_that_is_still_written_ends_with_its_last_whole_entry, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(no_bit_of_a_leg_can_be_changed_unseen, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(an_export_opens_with_its_words_and_says_whether_it_is_whole, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(the_oldest_legs_go_first_and_numbers_are_not_used_again, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
