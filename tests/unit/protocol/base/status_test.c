#include "protocol/base/status.h"
#include "protocol/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the tree has a function of that name */

#include <errno.h>
#include <string.h>

static void a_failure_keeps_its_reason(void **state)
{
	(void)state;
	assert_int_equal(fail(STATUS_INVALID, "line %d: no %s", 3, "title"), STATUS_INVALID);
	assert_string_equal(fail_reason(), "line 3: no title");
}

static void a_reason_may_quote_the_reason_before(void **state)
{
	(void)state;
	assert_int_equal(fail(STATUS_CORRUPT, "page 7 is cut"), STATUS_CORRUPT);
	assert_int_equal(fail(STATUS_CORRUPT, "reply: %s", fail_reason()), STATUS_CORRUPT);
	assert_string_equal(fail_reason(), "reply: page 7 is cut");
}

static void a_long_reason_is_cut(void **state)
{
	char text[2 * REASON_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(fail(STATUS_BUSY, "%s", text), STATUS_BUSY);
	assert_int_equal(strlen(fail_reason()), REASON_SIZE - 1);
}

static void a_reason_is_never_cut_within_a_character(void **state)
{
	char text[2 * REASON_SIZE] = "";

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "门", 4);
	assert_int_equal(fail(STATUS_BUSY, "a%s", text), STATUS_BUSY);
	assert_int_equal(strlen(fail_reason()), 1 + (REASON_SIZE - 2) / 3 * 3);
	assert_true(text_valid(text_of(fail_reason())));
}

static const char *translate(const char *reason)
{
	return strcmp(reason, "no %s") == 0 ? "没有%s" : reason;
}

static void a_reason_is_worded_in_the_thread_s_language(void **state)
{
	(void)state;
	fail_translate(translate);
	assert_int_equal(fail(STATUS_NOT_FOUND, "no %s", "title"), STATUS_NOT_FOUND);
	assert_string_equal(fail_reason(), "没有title");
	assert_int_equal(fail(STATUS_NOT_FOUND, "not a %s", "title"), STATUS_NOT_FOUND);
	assert_string_equal(fail_reason(), "not a title");
	fail_translate(NULL);
	assert_int_equal(fail(STATUS_NOT_FOUND, "no %s", "title"), STATUS_NOT_FOUND);
	assert_string_equal(fail_reason(), "no title");
}

static void every_status_has_its_own_word(void **state)
{
	(void)state;
	for (unsigned int status = STATUS_OK; status <= STATUS_AMBIGUOUS; status++) {
		assert_string_not_equal(status_to_text((enum status)status), "unknown");
		for (unsigned int other = STATUS_OK; other < status; other++)
			assert_string_not_equal(status_to_text((enum status)status), status_to_text((enum status)other));
	}
	assert_string_equal(status_to_text((enum status)99), "unknown");
}

static void an_error_of_the_system_has_words_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(error_to_text(ENOENT), "No such file or directory");
	assert_int_equal(fail(STATUS_CANNOT_WRITE, "a file: %s", error_to_text(ENOSPC)), STATUS_CANNOT_WRITE);
	assert_string_equal(fail_reason(), "a file: No space left on device");
	assert_non_null(strstr(error_to_text(-7), "-7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_keeps_its_reason),
		cmocka_unit_test(a_reason_may_quote_the_reason_before),
		cmocka_unit_test(a_long_reason_is_cut),
		cmocka_unit_test(a_reason_is_never_cut_within_a_character),
		cmocka_unit_test(a_reason_is_worded_in_the_thread_s_language),
		cmocka_unit_test(every_status_has_its_own_word),
		cmocka_unit_test(an_error_of_the_system_has_words_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
