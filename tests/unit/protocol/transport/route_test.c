/* Which of a server's addresses is tried when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/transport/route.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define PIN   "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define BEST  "tcp://office.example:7450"
#define WORSE "https://office.example/sync"

static struct route two(struct arena *arena)
{
	struct route route;

	assert_int_equal(route_read(arena, text_of(BEST ", " WORSE), &route), STATUS_OK);
	assert_int_equal(route.count, 2);
	return route;
}

static void a_list_is_read_and_what_is_no_address_is_named(void **state)
{
	static const char *const bad[] = { "", ",", "ftp://x", BEST ",", "http://", "https://h:0x10", "https://h:65536", "https://a b",
		"http://[::1", "http://h?x", "tcp://", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536", "tcp://h:-1", "tcp://h:port",
		"tcp://:7450", "tcp://*:7450", "tcp://[]:7450", "tcp://a b:7450",
		"https://h;pin=", "https://h;pin=sha256//", "https://h;pin=sha256//AAAA=", "http://h;pin=" PIN,
		"https://h;pin=" PIN ";", "https://h;pin=" PIN PIN,
		BEST "," BEST "," BEST "," BEST "," BEST };
	struct arena arena = { 0 };
	struct route route = two(&arena);

	(void)state;
	assert_string_equal(route_current(&route), BEST);
	assert_string_equal(route.addresses[1].data, WORSE);
	assert_int_equal(route_read(&arena, text_of("https://[2001:db8::1]:7480;pin=" PIN), &route), STATUS_OK);
	assert_int_equal(route_read(&arena, text_of("https://h;pin=" PIN ";" PIN), &route), STATUS_OK);
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_int_equal(route_read(&arena, text_of(bad[i]), &route), STATUS_INVALID);
	arena_finish(&arena);
}

static void the_next_one_is_tried_at_once_and_after_all_of_them_the_first_again(void **state)
{
	struct arena arena = { 0 };
	struct route route = two(&arena);

	(void)state;
	assert_true(route_failed(&route, 1000));
	assert_string_equal(route_current(&route), WORSE);
	assert_false(route_failed(&route, 2000));
	assert_string_equal(route_current(&route), BEST);
	assert_true(route_failed(&route, 3000));
	arena_finish(&arena);
}

static void a_better_one_is_tried_again_after_a_while_that_grows(void **state)
{
	struct arena arena = { 0 };
	struct route route = two(&arena);
	int64_t now_ms = 1000, before = 0;

	(void)state;
	assert_true(route_failed(&route, now_ms));
	for (int i = 0; i < 8; i++) {
		int64_t waited = 0;
		route_worked(&route, now_ms, true, 7);
		while (!route_turn_back(&route, now_ms)) {
			now_ms += 1000;
			waited += 1000;
		}
		assert_true(waited >= before && waited >= ROUTE_BACK_MIN_MS && waited <= ROUTE_BACK_MAX_MS + 1000);
		before = waited < ROUTE_BACK_MAX_MS ? waited : before;
		assert_string_equal(route_current(&route), BEST);
		assert_true(route_failed(&route, now_ms));
		assert_string_equal(route_current(&route), WORSE);
	}
	arena_finish(&arena);
}

/* A server that welcomes, and whose next answer is of no use, say. */
static void what_ends_at_all_of_them_before_everything_is_exchanged_is_a_failure_of_all(void **state)
{
	struct arena arena = { 0 };
	struct route route = two(&arena);

	(void)state;
	for (int i = 0; i < 2; i++) {
		route_worked(&route, 0, false, 0);
		assert_true(route_failed(&route, 0));
		route_worked(&route, 0, false, 0);
		assert_false(route_failed(&route, 0));
	}
	arena_finish(&arena);
}

static void what_works_again_is_kept(void **state)
{
	struct arena arena = { 0 };
	struct route route = two(&arena);

	(void)state;
	assert_true(route_failed(&route, 0));
	route_worked(&route, 0, true, 0);
	assert_true(route_turn_back(&route, ROUTE_BACK_MIN_MS));
	route_worked(&route, ROUTE_BACK_MIN_MS, true, 0);
	assert_string_equal(route_current(&route), BEST);
	assert_false(route_turn_back(&route, 100 * ROUTE_BACK_MAX_MS));
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_and_what_is_no_address_is_named),
		cmocka_unit_test(the_next_one_is_tried_at_once_and_after_all_of_them_the_first_again),
		cmocka_unit_test(a_better_one_is_tried_again_after_a_while_that_grows),
		cmocka_unit_test(what_ends_at_all_of_them_before_everything_is_exchanged_is_a_failure_of_all),
		cmocka_unit_test(what_works_again_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
