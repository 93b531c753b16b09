#include "protocol/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the tree has a function of that name */

static void texts_are_equal_byte_by_byte(void **state)
{
	(void)state;
	assert_true(text_equal(text_of(NULL), text_of("")));
	assert_true(text_equals(text_of("pump"), "pump"));
	assert_false(text_equals(text_of("pump"), "pumps"));
	assert_false(text_equals(text_of("pumps"), "pump"));
}

static void only_well_formed_utf_8_without_nul_is_valid(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xc3",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xe2\x82",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"a\xff",
	};
	static const char *const good[] = { "", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_false(text_valid(text_of(bad[i])));
	for (size_t i = 0; i < LENGTH(good); i++)
		assert_true(text_valid(text_of(good[i])));
	assert_false(text_valid((struct text){ "a\0b", 3 }));
}

static void a_cut_never_splits_a_character(void **state)
{
	const struct text word = text_of("k\xc3\xa4se \xe2\x82\xac");

	(void)state;
	assert_int_equal(text_cut(word, 100).size, word.size);
	assert_int_equal(text_cut(word, 2).size, 1);
	assert_int_equal(text_cut(word, 3).size, 3);
	assert_int_equal(text_cut(word, word.size - 1).size, 6);
	assert_int_equal(text_cut(word, 0).size, 0);
	for (size_t i = 0; i <= word.size; i++)
		assert_true(text_valid(text_cut(word, i)));
}

static void trimming_takes_blanks_at_both_ends_only(void **state)
{
	(void)state;
	assert_true(text_equals(text_trim(text_of(" \t a b\r\n")), "a b"));
	assert_true(text_equals(text_trim(text_of(" \n ")), ""));
}

static void what_is_behind_a_mark_leaves_the_mark_out(void **state)
{
	const struct text pair = text_of("a=b=c");

	(void)state;
	assert_true(text_equals(text_behind(pair, pair.data + 1), "b=c"));
	assert_int_equal(text_behind(pair, pair.data + pair.size - 1).size, 0);
	assert_int_equal(text_behind(pair, NULL).size, 0);
}

static void what_is_behind_some_bytes_ends_where_they_do(void **state)
{
	const struct bytes three = { (const uint8_t *)"abc", 3 };

	(void)state;
	assert_true(bytes_equal(bytes_behind(three, 0), three));
	assert_true(bytes_equal(bytes_behind(three, 2), (struct bytes){ (const uint8_t *)"c", 1 }));
	assert_null(bytes_behind(three, 3).data);
	assert_null(bytes_behind((struct bytes){ 0 }, 0).data);
}

static void bytes_are_equal_when_all_are(void **state)
{
	(void)state;
	assert_true(bytes_equal((struct bytes){ NULL, 0 }, (struct bytes){ (const uint8_t *)"x", 0 }));
	assert_false(bytes_equal((struct bytes){ (const uint8_t *)"xy", 2 }, (struct bytes){ (const uint8_t *)"xz", 2 }));
	assert_false(bytes_equal((struct bytes){ (const uint8_t *)"xy", 2 }, (struct bytes){ (const uint8_t *)"xy", 1 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_equal_byte_by_byte),
		cmocka_unit_test(only_well_formed_utf_8_without_nul_is_valid),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(trimming_takes_blanks_at_both_ends_only),
		cmocka_unit_test(what_is_behind_a_mark_leaves_the_mark_out),
		cmocka_unit_test(what_is_behind_some_bytes_ends_where_they_do),
		cmocka_unit_test(bytes_are_equal_when_all_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
