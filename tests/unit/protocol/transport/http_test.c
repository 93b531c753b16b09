/* The HTTP carrier: both ends on the loopback, turn by turn on one thread. */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/transport/http_client.h"
#include "protocol/transport/http_listener.h"
#include "protocol/transport/listener_set.h"
#include "protocol/transport/sp_listener.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define PATIENCE_MS 20000 /* how long a test waits for what must come; never how long it takes */

static const struct http_certificate no_tls;

struct line {
	struct listener *listener;
	struct transport *client;
	struct arena arena;
	char url[64];
};

static void line_open(struct line *line, const struct listener_limits *limits)
{
	*line = (struct line){ 0 };
	assert_int_equal(listener_http_open("http://127.0.0.1:0", &no_tls, limits, &line->listener), STATUS_OK);
	(void)snprintf(line->url, sizeof(line->url), "http://127.0.0.1:%d", listener_port(line->listener));
	assert_int_equal(transport_http_open(line->url, &line->client), STATUS_OK);
}

static void line_close(struct line *line)
{
	transport_close(line->client);
	listener_close(line->listener);
	arena_finish(&line->arena);
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static bool is(struct bytes bytes, const char *text)
{
	return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

/* Both ends move on until the listener has a request. */
static struct listener_token take(struct line *line, struct transport *client, const char *expected)
{
	struct listener_token token = { 0 };
	struct bytes request, reply;

	for (int i = 0; i < PATIENCE_MS; i++) {
		struct pollfd ready = { .fd = listener_descriptor(line->listener), .events = POLLIN };
		assert_int_equal(transport_receive(client, 0, &line->arena, &reply), STATUS_NOT_FOUND);
		if (listener_take(line->listener, &line->arena, &token, &request) == STATUS_OK) {
			assert_true(is(request, expected));
			return token;
		}
		(void)poll(&ready, 1, 1);
	}
	fail_msg("no request came");
	return token;
}

static enum status receive(struct line *line, struct transport *client, struct bytes *out_reply)
{
	enum status status = STATUS_NOT_FOUND;

	for (int i = 0; i < PATIENCE_MS && status == STATUS_NOT_FOUND; i++) {
		struct listener_token token;
		struct bytes request;
		assert_int_equal(listener_take(line->listener, &line->arena, &token, &request), STATUS_NOT_FOUND);
		status = transport_receive(client, 1, &line->arena, out_reply);
	}
	return status;
}

static void a_request_is_answered_and_the_connection_kept(void **state)
{
	struct listener_counts counts;
	struct line line;

	(void)state;
	line_open(&line, NULL);
	for (int i = 0; i < 30; i++) {
		char text[32], answer[32];
		struct bytes reply;
		(void)snprintf(text, sizeof(text), "request %d", i);
		(void)snprintf(answer, sizeof(answer), "reply %d", i);
		assert_int_equal(transport_send(line.client, bytes_of(text)), STATUS_OK);
		assert_int_equal(listener_reply(line.listener, take(&line, line.client, text), bytes_of(answer)), STATUS_OK);
		assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
		assert_true(is(reply, answer));
	}
	listener_count(line.listener, &counts);
	assert_int_equal(counts.connections, 1);
	line_close(&line);
}

static void a_token_is_good_once(void **state)
{
	struct listener_token token;
	struct bytes reply;
	struct line line;

	(void)state;
	line_open(&line, NULL);
	assert_int_equal(transport_send(line.client, bytes_of("a")), STATUS_OK);
	token = take(&line, line.client, "a");
	assert_int_equal(listener_reply(line.listener, token, bytes_of("b")), STATUS_OK);
	assert_int_equal(listener_reply(line.listener, token, bytes_of("c")), STATUS_NOT_FOUND);
	listener_forget(line.listener, token);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_true(is(reply, "b"));
	assert_int_equal(listener_reply(line.listener, token, bytes_of("d")), STATUS_NOT_FOUND);
	assert_int_equal(listener_reply(line.listener, (struct listener_token){ UINT64_MAX }, bytes_of("d")), STATUS_NOT_FOUND);
	line_close(&line);
}

static void what_the_server_drops_gets_no_reply_and_the_next_request_does(void **state)
{
	struct bytes reply;
	struct line line;

	(void)state;
	line_open(&line, NULL);
	assert_int_equal(transport_send(line.client, bytes_of("no")), STATUS_OK);
	listener_forget(line.listener, take(&line, line.client, "no"));
	for (int i = 0; i < 50; i++) {
		struct listener_token token;
		struct bytes request;
		assert_int_equal(listener_take(line.listener, &line.arena, &token, &request), STATUS_NOT_FOUND);
		assert_int_equal(transport_receive(line.client, 1, &line.arena, &reply), STATUS_NOT_FOUND);
	}
	assert_int_equal(transport_send(line.client, bytes_of("yes")), STATUS_OK);
	assert_int_equal(listener_reply(line.listener, take(&line, line.client, "yes"), bytes_of("here")), STATUS_OK);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_true(is(reply, "here"));
	line_close(&line);
}

static void a_frame_of_the_largest_size_passes_both_ways(void **state)
{
	static uint8_t frame[TRANSPORT_BODY_MAX];
	struct listener_token token = { 0 };
	struct bytes request = { 0 }, reply;
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7 + i / 256);
	line_open(&line, NULL);
	assert_int_equal(transport_send(line.client, (struct bytes){ frame, sizeof(frame) }), STATUS_OK);
	for (int i = 0; i < PATIENCE_MS && token.value == 0; i++) {
		(void)transport_receive(line.client, 1, &line.arena, &reply);
		(void)listener_take(line.listener, &line.arena, &token, &request);
	}
	assert_int_equal(request.size, sizeof(frame));
	assert_memory_equal(request.data, frame, sizeof(frame));
	assert_int_equal(listener_reply(line.listener, token, request), STATUS_OK);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_int_equal(reply.size, sizeof(frame));
	assert_memory_equal(reply.data, frame, sizeof(frame));
	line_close(&line);
}

static void an_abandoned_request_is_not_answered_by_the_reply_to_it(void **state)
{
	struct listener_token first, second;
	struct bytes reply;
	struct line line;

	(void)state;
	line_open(&line, NULL);
	assert_int_equal(transport_send(line.client, bytes_of("first")), STATUS_OK);
	first = take(&line, line.client, "first");
	assert_int_equal(transport_send(line.client, bytes_of("second")), STATUS_OK);
	second = take(&line, line.client, "second");
	(void)listener_reply(line.listener, first, bytes_of("to the first"));
	assert_int_equal(listener_reply(line.listener, second, bytes_of("to the second")), STATUS_OK);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_true(is(reply, "to the second"));
	line_close(&line);
}

static void nobody_there_is_off_line(void **state)
{
	struct arena arena = { 0 };
	struct transport *client;
	struct bytes reply;
	struct line line;

	(void)state;
	line_open(&line, NULL);
	line_close(&line);
	assert_int_equal(transport_http_open(line.url, &client), STATUS_OK); /* its port is free again */
	assert_int_equal(transport_send(client, bytes_of("x")), STATUS_OK);
	assert_int_equal(transport_receive(client, PATIENCE_MS, &arena, &reply), STATUS_OFFLINE);
	transport_close(client);
	arena_finish(&arena);
}

static void a_listener_closes_with_requests_open(void **state)
{
	struct line line;

	(void)state;
	line_open(&line, NULL);
	assert_int_equal(transport_send(line.client, bytes_of("x")), STATUS_OK);
	(void)take(&line, line.client, "x");
	line_close(&line);
}

static void an_owner_has_few_connections_and_loses_them_all_at_once(void **state)
{
	const struct id owner = { .bytes = { 1, 2, 3 } };
	struct transport *clients[LISTENER_OWNED_MAX + 2];
	struct listener_counts counts;
	struct line line;

	(void)state;
	line_open(&line, NULL);
	for (size_t i = 0; i < LENGTH(clients); i++) {
		struct listener_token token;
		assert_int_equal(transport_http_open(line.url, &clients[i]), STATUS_OK);
		assert_int_equal(transport_send(clients[i], bytes_of("mine")), STATUS_OK);
		token = take(&line, clients[i], "mine");
		listener_validate(line.listener, token, &owner);
	}
	listener_count(line.listener, &counts);
	assert_int_equal(counts.connections, LISTENER_OWNED_MAX);
	listener_close_owner(line.listener, &owner);
	listener_count(line.listener, &counts);
	assert_int_equal(counts.connections, 0);
	for (size_t i = 0; i < LENGTH(clients); i++)
		transport_close(clients[i]);
	line_close(&line);
}

static void a_set_answers_each_on_its_own_carrier(void **state)
{
	struct listener *set, *live, *http;
	struct listener_token token = { 0 };
	struct line line = { 0 };
	struct bytes request, reply;
	int port;

	(void)state;
	assert_int_equal(listener_set_make(&set), STATUS_OK);
	assert_int_equal(listener_sp_open("tcp://127.0.0.1:0", NULL, &live), STATUS_OK);
	assert_int_equal(listener_set_add(set, live), STATUS_OK);
	assert_int_equal(listener_http_open("http://127.0.0.1:0", &no_tls, NULL, &http), STATUS_OK);
	assert_int_equal(listener_set_add(set, http), STATUS_OK);
	port = listener_set_port(set, 1);
	assert_int_not_equal(port, 0);
	assert_int_equal(listener_set_port(set, 2), 0);
	(void)snprintf(line.url, sizeof(line.url), "http://127.0.0.1:%d", port);
	assert_int_equal(transport_http_open(line.url, &line.client), STATUS_OK);
	line.listener = set;
	assert_int_equal(transport_send(line.client, bytes_of("by http")), STATUS_OK);
	token = take(&line, line.client, "by http");
	assert_int_equal(listener_reply(live, token, bytes_of("wrong carrier")), STATUS_NOT_FOUND);
	assert_int_equal(listener_reply(set, token, bytes_of("right")), STATUS_OK);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_true(is(reply, "right"));
	assert_int_equal(listener_take(set, &line.arena, &token, &request), STATUS_NOT_FOUND);
	line_close(&line);
}

/* Sends `size` bytes; STATUS_OK when the listener got them. */
static enum status send_body(struct line *line, struct transport *client, size_t size)
{
	static const uint8_t body[TRANSPORT_BODY_MAX] = { 0 };
	enum status status = STATUS_NOT_FOUND;

	assert_int_equal(transport_send(client, (struct bytes){ body, size }), STATUS_OK);
	for (int i = 0; i < PATIENCE_MS && status == STATUS_NOT_FOUND; i++) {
		struct listener_token token;
		struct bytes request, reply;
		if (listener_take(line->listener, &line->arena, &token, &request) == STATUS_OK) {
			assert_int_equal(request.size, size);
			assert_int_equal(listener_reply(line->listener, token, bytes_of("taken")), STATUS_OK);
		}
		status = transport_receive(client, 1, &line->arena, &reply);
	}
	return status;
}

static void strangers_share_the_room_for_what_they_send_and_who_proved_itself_does_not(void **state)
{
	const struct listener_limits limits = { .bodies_max = 20000 };
	const struct id owner = { .bytes = { 1, 2, 3 } };
	struct listener_token token;
	struct bytes reply;
	struct line line;

	(void)state;
	line_open(&line, &limits);
	assert_int_equal(send_body(&line, line.client, 24000), STATUS_OK);
	assert_int_equal(send_body(&line, line.client, 24000), STATUS_OK); /* what was taken is shared no more */
	assert_int_equal(send_body(&line, line.client, 25000), STATUS_OFFLINE);
	assert_non_null(strstr(fail_reason(), "503"));
	assert_int_equal(send_body(&line, line.client, 24000), STATUS_OK);
	assert_int_equal(transport_send(line.client, bytes_of("mine")), STATUS_OK);
	token = take(&line, line.client, "mine");
	listener_validate(line.listener, token, &owner);
	assert_int_equal(listener_reply(line.listener, token, bytes_of("yours")), STATUS_OK);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_int_equal(send_body(&line, line.client, TRANSPORT_BODY_MAX), STATUS_OK);
	line_close(&line);
}

static int knock(const struct line *line, const char *said)
{
	const struct sockaddr_in where = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)listener_port(line->listener)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(descriptor >= 0);
	assert_int_equal(connect(descriptor, (const struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(send(descriptor, said, strlen(said), 0), (ssize_t)strlen(said));
	return descriptor;
}

static void who_was_greeted_has_room_for_a_batch_when_strangers_have_taken_all_of_theirs(void **state)
{
	const struct listener_limits limits = { .bodies_max = 20000 };
	static const char stranger[] = "POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n";
	static const uint8_t body[24000];
	struct listener_token token;
	struct bytes reply;
	struct line line;
	int slow;

	(void)state;
	line_open(&line, &limits);
	slow = knock(&line, stranger);
	assert_int_equal(send(slow, body, sizeof(body), 0), (ssize_t)sizeof(body)); /* and no more */
	for (int i = 0; i < 50; i++)
		assert_int_equal(send_body(&line, line.client, 20), STATUS_OK); /* meanwhile that is taken in */
	assert_int_equal(send_body(&line, line.client, 24000), STATUS_OFFLINE);
	assert_int_equal(transport_send(line.client, bytes_of("hello")), STATUS_OK);
	token = take(&line, line.client, "hello");
	listener_greet(line.listener, token);
	assert_int_equal(listener_reply(line.listener, token, bytes_of("welcome")), STATUS_OK);
	assert_int_equal(receive(&line, line.client, &reply), STATUS_OK);
	assert_int_equal(send_body(&line, line.client, 24000), STATUS_OK);
	assert_int_equal(send_body(&line, line.client, 25000), STATUS_OFFLINE); /* bounded as well */
	(void)close(slow);
	line_close(&line);
}

static void what_cannot_be_listened_on_is_refused(void **state)
{
	static const char *const bad[] = { "http://127.0.0.1:x", "https://127.0.0.1:0", "http://127.0.0.1:0/path", "tcp://127.0.0.1:0",
		"http://" };
	const struct http_certificate rubbish = { text_of("no certificate"), text_of("no key") };
	struct listener *listener;
	struct line line;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_int_equal(listener_http_open(bad[i], &no_tls, NULL, &listener), STATUS_INVALID);
	assert_int_equal(listener_http_open("https://127.0.0.1:0", &rubbish, NULL, &listener), STATUS_INVALID);
	line_open(&line, NULL);
	assert_int_equal(listener_http_open(line.url, &no_tls, NULL, &listener), STATUS_BUSY);
	line_close(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_answered_and_the_connection_kept),
		cmocka_unit_test(a_token_is_good_once),
		cmocka_unit_test(what_the_server_drops_gets_no_reply_and_the_next_request_does),
		cmocka_unit_test(a_frame_of_the_largest_size_passes_both_ways),
		cmocka_unit_test(an_abandoned_request_is_not_answered_by_the_reply_to_it),
		cmocka_unit_test(nobody_there_is_off_line),
		cmocka_unit_test(a_listener_closes_with_requests_open),
		cmocka_unit_test(an_owner_has_few_connections_and_loses_them_all_at_once),
		cmocka_unit_test(a_set_answers_each_on_its_own_carrier),
		cmocka_unit_test(who_was_greeted_has_room_for_a_batch_when_strangers_have_taken_all_of_theirs),
		cmocka_unit_test(strangers_share_the_room_for_what_they_send_and_who_proved_itself_does_not),
		cmocka_unit_test(what_cannot_be_listened_on_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
