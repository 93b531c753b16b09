/* Local sockets that listen: two that start at once over what a killed server left behind. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/transport/listening_socket.h"

#include <cmocka.h> /* last: it has a macro fail() */

#define ROUNDS  300
#define AT_ONCE 2

static char path[100];
static pthread_barrier_t start;

struct listener {
	int descriptor;
	enum status status;
};

static void *listen_there(void *context)
{
	struct listener *listener = context;

	(void)pthread_barrier_wait(&start);
	listener->status = listening_socket_open_local("ipc://there", path, &listener->descriptor);
	return NULL;
}

/* Its server is gone, and did not take it along. */
static void leave_over(void)
{
	int descriptor;

	(void)unlink(path);
	assert_int_equal(listening_socket_open_local("ipc://there", path, &descriptor), STATUS_OK);
	(void)close(descriptor);
}

static void of_two_servers_that_start_at_once_over_a_left_over_socket_one_listens(void **state)
{
	char folder[] = "/tmp/listening-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	assert_int_equal(pthread_barrier_init(&start, NULL, AT_ONCE), 0);
	for (int round = 0; round < ROUNDS; round++) {
		struct listener listeners[AT_ONCE] = { 0 };
		pthread_t threads[AT_ONCE];
		int listening = 0;
		leave_over();
		for (int i = 0; i < AT_ONCE; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, listen_there, &listeners[i]), 0);
		for (int i = 0; i < AT_ONCE; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		for (int i = 0; i < AT_ONCE; i++) {
			assert_true(listeners[i].status == STATUS_OK || listeners[i].status == STATUS_BUSY);
			if (listeners[i].status != STATUS_OK)
				continue;
			listening++;
			(void)close(listeners[i].descriptor);
		}
		assert_int_equal(listening, 1);
	}
	(void)pthread_barrier_destroy(&start);
	(void)unlink(path);
	(void)rmdir(folder);
}

static bool machine_has_ipv6(void)
{
	int descriptor, port;

	if (listening_socket_open("tcp://[::1]:0", "::1", "0", &descriptor) != STATUS_OK)
		return false;
	port = listening_socket_port(descriptor);
	(void)close(descriptor);
	return port != 0;
}

static void assert_connects(int family, const struct sockaddr *address, socklen_t size)
{
	int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(descriptor >= 0);
	assert_int_equal(connect(descriptor, address, size), 0);
	(void)close(descriptor);
}

static void without_a_host_callers_of_both_kinds_are_heard(void **state)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int descriptor;

	(void)state;
	assert_int_equal(listening_socket_open("tcp://*:0", NULL, "0", &descriptor), STATUS_OK);
	four.sin_port = six.sin6_port = htons((uint16_t)listening_socket_port(descriptor));
	assert_false(listening_socket_is_near(descriptor));
	assert_connects(AF_INET, (const struct sockaddr *)&four, sizeof(four));
	if (machine_has_ipv6())
		assert_connects(AF_INET6, (const struct sockaddr *)&six, sizeof(six));
	(void)close(descriptor);
}

static void without_a_host_a_port_that_one_kind_uses_is_busy(void **state)
{
	char port[8];
	int four, descriptor;

	(void)state;
	assert_int_equal(listening_socket_open("tcp://0.0.0.0:0", "0.0.0.0", "0", &four), STATUS_OK);
	(void)snprintf(port, sizeof(port), "%d", listening_socket_port(four));
	assert_int_equal(listening_socket_open("tcp://*", NULL, port, &descriptor), STATUS_BUSY);
	(void)close(four);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_servers_that_start_at_once_over_a_left_over_socket_one_listens),
		cmocka_unit_test(without_a_host_callers_of_both_kinds_are_heard),
		cmocka_unit_test(without_a_host_a_port_that_one_kind_uses_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
