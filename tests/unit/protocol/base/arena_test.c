#include "protocol/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the tree has a function of that name */

#include <stdalign.h>
#include <string.h>

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena arena = { 0 };
	unsigned char *previous = NULL;

	(void)state;
	for (size_t size = 0; size < 300; size++) {
		unsigned char *memory = arena_allocate(&arena, size);
		assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xaa, size);
		assert_true(size < 2 || memory != previous);
		previous = memory;
	}
	arena_finish(&arena);
}

static void large_pieces_have_their_own_block(void **state)
{
	struct arena arena = { 0 };
	char *small = arena_allocate(&arena, 10);
	char *large = arena_allocate(&arena, 1000000);

	(void)state;
	memset(large, 1, 1000000);
	memset(small, 2, 10);
	assert_int_equal(large[999999], 1);
	assert_true(arena.used >= 1000010);
	arena_reset(&arena);
	assert_int_equal(arena.used, 0);
	arena_finish(&arena);
}

static void memory_after_a_reset_is_zeroed_again(void **state)
{
	struct arena arena = { 0 };
	char *memory = arena_allocate(&arena, 64);

	(void)state;
	memset(memory, 7, 64);
	arena_reset(&arena);
	memory = arena_allocate(&arena, 64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(memory[i], 0);
	arena_finish(&arena);
}

static void a_grown_array_keeps_its_elements_and_moves_only_when_full(void **state)
{
	struct arena arena = { 0 };
	size_t capacity = 0;
	int *numbers = NULL;
	int moves = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int *grown = arena_grow(&arena, numbers, (size_t)i, &capacity, sizeof(*numbers));

		moves += grown != numbers;
		assert_true(capacity > (size_t)i);
		numbers = grown;
		numbers[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	assert_int_equal(moves, 7); /* 16, 32, … 1024 */
	arena_finish(&arena);
}

static void copies_of_text_end_with_nul(void **state)
{
	struct arena arena = { 0 };
	struct text copy = arena_copy_text(&arena, (struct text){ "pumps", 4 });
	struct text printed = arena_print(&arena, "%s %d", "part", 7);

	(void)state;
	assert_string_equal(copy.data, "pump");
	assert_int_equal(copy.size, 4);
	assert_string_equal(printed.data, "part 7");
	assert_int_equal(printed.size, 6);
	assert_string_equal(arena_copy_text(&arena, (struct text){ NULL, 0 }).data, "");
	arena_finish(&arena);
}

static void an_arena_is_usable_after_its_end(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	(void)arena_allocate(&arena, 10);
	arena_finish(&arena);
	assert_null(arena.newest);
	assert_non_null(arena_allocate_array(&arena, 3, 5));
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(large_pieces_have_their_own_block),
		cmocka_unit_test(memory_after_a_reset_is_zeroed_again),
		cmocka_unit_test(a_grown_array_keeps_its_elements_and_moves_only_when_full),
		cmocka_unit_test(copies_of_text_end_with_nul),
		cmocka_unit_test(an_arena_is_usable_after_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
