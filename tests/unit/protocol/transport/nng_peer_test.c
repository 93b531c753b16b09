/* The live carrier speaks what nng speaks, at both ends and over both of its roads. nng is the peer here, and nowhere else. */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/transport/sp_client.h"
#include "protocol/transport/sp_listener.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define PATIENCE_MS 20000 /* how long a test waits for what must come; never how long it takes */
#define ROUNDS      3

static uint8_t large[TRANSPORT_BODY_MAX];

static struct bytes request_of(int round)
{
	return round == 0 ? (struct bytes){ (const uint8_t *)"ping", 4 } : (struct bytes){ large, round == 1 ? sizeof(large) : 0 };
}

static const char *local_url(char *url, size_t size)
{
	(void)snprintf(url, size, "ipc:///tmp/truckroll-nng-%d.socket", (int)getpid());
	return url;
}

/* A link may not be there yet: our listener makes it when it is asked for requests. */
static void send_message(nng_aio *aio, nng_socket socket, struct bytes request)
{
	nng_msg *message;

	assert_int_equal(nng_msg_alloc(&message, request.size), 0);
	if (request.size > 0)
		memcpy(nng_msg_body(message), request.data, request.size);
	nng_aio_set_msg(aio, message);
	nng_send_aio(socket, aio);
}

static void serve_nng(nng_socket socket, const char *url)
{
	struct listener *listener;
	struct listener_token token;
	struct arena arena = { 0 };
	struct bytes request;
	struct pollfd ready = { .events = POLLIN };
	nng_aio *aio;
	char known[64];

	assert_int_equal(listener_sp_open(url, NULL, &listener), STATUS_OK);
	ready.fd = listener_descriptor(listener);
	if (listener_port(listener) > 0) {
		(void)snprintf(known, sizeof(known), "tcp://127.0.0.1:%d", listener_port(listener));
		url = known;
	}
	assert_int_equal(nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK), 0);
	assert_int_equal(nng_aio_alloc(&aio, NULL, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		nng_msg *message;
		send_message(aio, socket, request_of(i));
		while (listener_take(listener, &arena, &token, &request) != STATUS_OK)
			assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		assert_true(bytes_equal(request, request_of(i)));
		assert_int_equal(listener_reply(listener, token, request), STATUS_OK);
		assert_int_equal(nng_recvmsg(socket, &message, 0), 0);
		assert_true(bytes_equal((struct bytes){ nng_msg_body(message), nng_msg_len(message) }, request_of(i)));
		nng_msg_free(message);
	}
	nng_aio_free(aio);
	arena_finish(&arena);
	listener_close(listener);
}

static void nngs_request_socket_is_answered_by_our_listener(void **state)
{
	char local[64];
	const char *const urls[] = { "tcp://127.0.0.1:0", local_url(local, sizeof(local)) };

	(void)state;
	for (size_t i = 0; i < LENGTH(urls); i++) {
		nng_socket socket;
		assert_int_equal(nng_req0_open(&socket), 0);
		assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, PATIENCE_MS), 0);
		assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 1), 0);
		serve_nng(socket, urls[i]);
		(void)nng_close(socket);
	}
}

static void ask_nng(nng_socket socket, const char *url)
{
	struct transport *transport;
	struct arena arena = { 0 };
	struct bytes reply;

	assert_int_equal(transport_sp_open(url, &transport), STATUS_OK);
	for (int i = 0; i < ROUNDS; i++) {
		nng_msg *message;
		assert_int_equal(transport_send(transport, request_of(i)), STATUS_OK);
		assert_int_equal(transport_receive(transport, 0, &arena, &reply), STATUS_NOT_FOUND);
		while (nng_recvmsg(socket, &message, NNG_FLAG_NONBLOCK) != 0) {
			assert_int_equal(transport_receive(transport, 0, &arena, &reply), STATUS_NOT_FOUND);
			(void)poll(NULL, 0, 1);
		}
		assert_true(bytes_equal((struct bytes){ nng_msg_body(message), nng_msg_len(message) }, request_of(i)));
		assert_int_equal(nng_sendmsg(socket, message, 0), 0);
		assert_int_equal(transport_receive(transport, PATIENCE_MS, &arena, &reply), STATUS_OK);
		assert_true(bytes_equal(reply, request_of(i)));
	}
	transport_close(transport);
	arena_finish(&arena);
}

static void our_client_is_answered_by_nngs_reply_socket(void **state)
{
	char local[64];
	const char *const urls[] = { "tcp://127.0.0.1:0", local_url(local, sizeof(local)) };

	(void)state;
	for (size_t i = 0; i < LENGTH(urls); i++) {
		nng_socket socket;
		nng_listener listener;
		char *url;
		assert_int_equal(nng_rep0_open(&socket), 0);
		assert_int_equal(nng_listen(socket, urls[i], &listener, 0), 0);
		assert_int_equal(nng_listener_get_string(listener, NNG_OPT_URL, &url), 0);
		ask_nng(socket, url);
		nng_strfree(url);
		(void)nng_close(socket);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nngs_request_socket_is_answered_by_our_listener),
		cmocka_unit_test(our_client_is_answered_by_nngs_reply_socket),
	};

	memset(large, 0xA5, sizeof(large));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
