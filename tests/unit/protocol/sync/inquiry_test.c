/* Hellos are judged by those that came before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/sync/inquiry.h"

#include <cmocka.h> /* last: it has a macro fail() */

enum {
	DEVICES = 5000
};

static struct inquiry *hello_of(uint32_t device, uint8_t key)
{
	struct inquiry *hello = inquiry_create(device);
	const struct id seed = { { (uint8_t)device, (uint8_t)(device >> 8), (uint8_t)(device >> 16), 1 } };

	hello->by_envelope = true;
	hello->device = seed;
	hello->ephemeral[0] = key;
	return hello;
}

/* Judged, and waiting when it is to be answered. */
static enum status come(struct hello_index *index, struct session_table *sessions, struct inquiry ***end, struct inquiry *hello)
{
	enum status status = inquiry_judge_hello(hello, index, sessions, 0);

	inquiry_put_last(hello, end);
	if (status == STATUS_OK)
		hello_index_add(index, hello);
	return status;
}

static void thousands_that_come_at_once_are_judged_each_by_its_own_device(void **state)
{
	static struct hello_index index;
	struct session_table *sessions = session_table_create(16);
	struct inquiry *first = NULL, **end = &first;

	(void)state;
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t device = 0; device < DEVICES; device++) {
			struct inquiry *hello = hello_of(device, 1);
			assert_int_equal(come(&index, sessions, &end, hello), STATUS_OK);
			assert_int_equal(hello->repeated, round > 0);
		}
	assert_int_equal(index.count, 2 * DEVICES);
	assert_true(index.looked_at < (uint64_t)40 * DEVICES); /* all of them each time would be 50,000,000 */
	hello_index_clear(&index);
	inquiry_free_all(first);
	session_table_destroy(sessions);
}

static void a_key_is_answered_so_often_and_a_device_gets_so_many_pages(void **state)
{
	static struct hello_index index;
	struct session_table *sessions = session_table_create(16);
	struct inquiry *first = NULL, **end = &first;

	(void)state;
	for (uint8_t i = 0; i < HELLO_ANSWERS_MAX; i++)
		assert_int_equal(come(&index, sessions, &end, hello_of(1, 1)), STATUS_OK);
	assert_int_equal(come(&index, sessions, &end, hello_of(1, 1)), STATUS_REFUSED);
	for (uint8_t i = 0; i <= HELLO_PAGES_MAX; i++) {
		struct inquiry *hello = hello_of(2, i);
		assert_int_equal(come(&index, sessions, &end, hello), STATUS_OK);
		assert_int_equal(hello->without_page, i == HELLO_PAGES_MAX);
	}
	hello_index_clear(&index);
	assert_int_equal(come(&index, sessions, &end, hello_of(1, 1)), STATUS_OK);
	hello_index_clear(&index);
	inquiry_free_all(first);
	session_table_destroy(sessions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_that_come_at_once_are_judged_each_by_its_own_device),
		cmocka_unit_test(a_key_is_answered_so_often_and_a_device_gets_so_many_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
