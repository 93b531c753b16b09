/* Local sockets that listen: two that start at once over what a killed server left behind. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_servers_that_start_at_once_over_a_left_over_socket_one_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
