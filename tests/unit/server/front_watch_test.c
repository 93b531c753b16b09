/* The watch over the address that devices use from outside. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/front_watch.h"

#include <cmocka.h> /* last: it has a macro fail() */

#define A_WHILE_MS 60000

/* Takes connections, and says nothing. */
static int listen_mutely(char *out_url, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	(void)snprintf(out_url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
	return listener;
}

/* What a request that was given up still has to say would wake the server for nothing, again and again. */
static void a_front_that_was_given_up_is_not_listened_to_until_it_is_asked_again(void **state)
{
	struct front_watch *watch = NULL;
	int64_t now_ms = 1000;
	char url[64];
	int listener = listen_mutely(url, sizeof(url));

	(void)state;
	assert_int_equal(front_watch_open(url, &watch), STATUS_OK);
	for (int i = 0; i < 3; i++) {
		(void)front_watch_tick(watch, now_ms);
		assert_true(front_watch_descriptor(watch) >= 0);
		now_ms += A_WHILE_MS;
		(void)front_watch_tick(watch, now_ms);
		assert_int_equal(front_watch_descriptor(watch), -1);
		now_ms += A_WHILE_MS;
	}
	assert_true(front_watch_is_lost(watch));
	front_watch_close(watch);
	(void)close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_front_that_was_given_up_is_not_listened_to_until_it_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
