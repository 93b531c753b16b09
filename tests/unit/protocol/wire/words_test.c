#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/words.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

/* Two words are within one edit exactly when, after their common beginning, dropping one letter from the longer one (or from both)
 * leaves the same rest. */
static bool within_one_edit(const char *left, const char *right)
{
	size_t left_size = strlen(left), right_size = strlen(right);

	if (left_size < right_size)
		return within_one_edit(right, left);
	if (left_size - right_size > 1)
		return false;
	while (*right != '\0' && *left == *right) {
		left++;
		right++;
	}
	if (*left == '\0')
		return true;
	return strcmp(left + 1, left_size == right_size ? right + 1 : right) == 0;
}

static void every_word_has_4_to_6_small_letters(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < WORDS_SIZE; i++) {
		const char *word = words_get(i);
		size_t size = strlen(word);
		assert_in_range(size, 4, 6);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz"), size);
	}
}

static void words_are_in_alphabetical_order_without_repeats(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < WORDS_SIZE; i++)
		assert_true(strcmp(words_get(i - 1), words_get(i)) < 0);
}

static void the_edit_check_itself_sees_each_sort_of_slip(void **state)
{
	(void)state;
	assert_true(within_one_edit("valve", "valve"));
	assert_true(within_one_edit("valve", "value"));
	assert_true(within_one_edit("valve", "vale"));
	assert_true(within_one_edit("alve", "valve"));
	assert_true(within_one_edit("valve", "valves"));
	assert_false(within_one_edit("valve", "salvo"));
	assert_false(within_one_edit("valve", "avlve"));
	assert_false(within_one_edit("valve", "valvesx"));
}

static void no_slip_of_one_letter_turns_one_word_into_another(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < WORDS_SIZE; i++)
		for (uint32_t j = i + 1; j < WORDS_SIZE; j++)
			if (within_one_edit(words_get(i), words_get(j))) {
				print_error("%s and %s are within one edit\n", words_get(i), words_get(j));
				assert_true(false);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_has_4_to_6_small_letters),
		cmocka_unit_test(words_are_in_alphabetical_order_without_repeats),
		cmocka_unit_test(the_edit_check_itself_sees_each_sort_of_slip),
		cmocka_unit_test(no_slip_of_one_letter_turns_one_word_into_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
