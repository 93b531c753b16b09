#include "tests/unit/protocol/transport/sp_bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol/transport/sp_client.h"
#include "protocol/transport/sp_listener.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

static int64_t bench_now(void *context)
{
	return ((struct sp_bench *)context)->now_ms;
}

int sp_bench_open(void **state, struct listener_limits limits)
{
	static struct sp_bench bench;

	bench = (struct sp_bench){ .now_ms = 1000 };
	bench.clock = (struct clock){ .now_ms = bench_now, .monotonic_ms = bench_now, .context = &bench };
	limits.clock = &bench.clock;
	if (listener_sp_open("tcp://127.0.0.1:0", &limits, &bench.listener) != STATUS_OK)
		return -1;
	(void)snprintf(bench.url, sizeof(bench.url), "tcp://127.0.0.1:%d", listener_port(bench.listener));
	*state = &bench;
	return 0;
}

int sp_bench_close(void **state)
{
	struct sp_bench *bench = *state;

	listener_close(bench->listener);
	arena_finish(&bench->arena);
	return 0;
}

/* The listener moves when its owner asks it for requests. */
void sp_bench_pump(struct sp_bench *bench)
{
	struct taken *taken = &bench->taken[bench->taken_count];

	assert_true(bench->taken_count < TAKEN_MAX);
	while (listener_take(bench->listener, &bench->arena, &taken->token, &taken->request) == STATUS_OK) {
		taken++;
		assert_true(++bench->taken_count < TAKEN_MAX);
	}
}

/* Pumps until there is something to read. */
static void await_readable(struct sp_bench *bench, int peer)
{
	struct pollfd ready = { .fd = peer, .events = POLLIN };

	for (int waited_ms = 0; poll(&ready, 1, MOMENT_MS) == 0; waited_ms++) {
		assert_true(waited_ms < PATIENCE_MS);
		sp_bench_pump(bench);
	}
}

void raw_connect_with(const struct sp_bench *bench, int peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)listener_port(bench->listener)) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(peer >= 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
}

int raw_connect(const struct sp_bench *bench)
{
	int peer = socket(AF_INET, SOCK_STREAM, 0);

	raw_connect_with(bench, peer);
	return peer;
}

void raw_send(int peer, const void *data, size_t size)
{
	(void)send(peer, data, size, MSG_NOSIGNAL); /* the listener may have hung up already */
}

/* Reads until `size` bytes came; false when the other side hung up. */
bool raw_receive(struct sp_bench *bench, int peer, void *out, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t count;
		await_readable(bench, peer);
		count = recv(peer, (char *)out + got, size - got, 0);
		if (count <= 0)
			return false;
		got += (size_t)count;
	}
	return true;
}

static const uint8_t greeting[8] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 }; /* a request socket */

/* Greets as a request socket does. */
int raw_greet(struct sp_bench *bench)
{
	uint8_t theirs[8];
	int peer = raw_connect(bench);

	raw_send(peer, greeting, sizeof(greeting));
	assert_true(raw_receive(bench, peer, theirs, sizeof(theirs)));
	return peer;
}

/* A request with a header of its own: number 1. */
void raw_request(int peer, const char *body)
{
	uint8_t frame[64] = { 0, 0, 0, 0, 0, 0, 0, (uint8_t)(4 + strlen(body)), 0x80, 0, 0, 1 };

	memcpy(frame + 12, body, strlen(body));
	raw_send(peer, frame, 12 + strlen(body));
}

bool hung_up(struct sp_bench *bench, int peer)
{
	char byte;

	await_readable(bench, peer);
	return recv(peer, &byte, 1, 0) <= 0;
}

struct listener_token sp_bench_take(struct sp_bench *bench, struct bytes *out_request)
{
	const struct taken *taken;

	for (;;) {
		struct pollfd ready = { .fd = listener_descriptor(bench->listener), .events = POLLIN };
		sp_bench_pump(bench);
		if (bench->taken_first < bench->taken_count)
			break;
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	}
	taken = &bench->taken[bench->taken_first++];
	*out_request = taken->request;
	return taken->token;
}

struct listener_counts sp_bench_counts(struct sp_bench *bench)
{
	struct listener_counts counts;

	listener_count(bench->listener, &counts);
	return counts;
}

/* Fails the test when it never comes to that. */
void await_connections(struct sp_bench *bench, size_t expected)
{
	for (int waited_ms = 0; sp_bench_counts(bench).connections != expected; waited_ms++) {
		assert_true(waited_ms < PATIENCE_MS);
		sp_bench_pump(bench);
		(void)poll(NULL, 0, MOMENT_MS);
	}
}

/* One connection after the other had to go: who comes at once may be taken in in any order. */
void await_refused(struct sp_bench *bench, uint64_t expected)
{
	for (int waited_ms = 0; sp_bench_counts(bench).refused != expected; waited_ms++) {
		assert_true(waited_ms < PATIENCE_MS);
		sp_bench_pump(bench);
		(void)poll(NULL, 0, MOMENT_MS);
	}
}

/* Takes and forgets what is left until the closed connections are gone. */
void sp_bench_drain(struct sp_bench *bench)
{
	await_connections(bench, 0);
	for (; bench->taken_first < bench->taken_count; bench->taken_first++)
		listener_forget(bench->listener, bench->taken[bench->taken_first].token);
}

/* As sp_bench_take(), while the client does its part. */
static struct listener_token take_from(struct sp_bench *bench, struct transport *transport, struct bytes *out_request)
{
	struct pollfd ready[] = { { .fd = listener_descriptor(bench->listener), .events = POLLIN },
		{ .fd = transport_descriptor(transport), .events = POLLIN } };
	struct bytes reply;

	for (sp_bench_pump(bench); bench->taken_first == bench->taken_count; sp_bench_pump(bench)) {
		assert_int_equal(transport_receive(transport, 0, &bench->arena, &reply), STATUS_NOT_FOUND);
		assert_true(poll(ready, LENGTH(ready), PATIENCE_MS) > 0);
	}
	return sp_bench_take(bench, out_request);
}

void assert_live_probe_answers(struct sp_bench *bench)
{
	struct transport *transport;
	struct listener_token token;
	struct bytes request, reply;

	assert_int_equal(transport_sp_open(bench->url, &transport), STATUS_OK);
	assert_int_equal(transport_send(transport, (struct bytes){ (const uint8_t *)"probe", 5 }), STATUS_OK);
	do
		token = take_from(bench, transport, &request); /* those of the hostile come first */
	while (request.size != 5 || memcmp(request.data, "probe", 5) != 0);
	assert_int_equal(listener_reply(bench->listener, token, request), STATUS_OK);
	assert_int_equal(transport_receive(transport, PATIENCE_MS, &bench->arena, &reply), STATUS_OK);
	assert_memory_equal(reply.data, "probe", 5);
	transport_close(transport);
}

/* One more connection, which has said something. */
int raw_speaker(struct sp_bench *bench, struct listener_token *out_token)
{
	int peer = raw_greet(bench);
	struct bytes request;

	raw_request(peer, "hello");
	*out_token = sp_bench_take(bench, &request);
	return peer;
}

/* Connections of an owner, all of them proved; returns with no request open. */
void prove(struct sp_bench *bench, const struct id *owner, int *out_peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct listener_token token;
		out_peers[i] = raw_speaker(bench, &token);
		listener_validate(bench->listener, token, owner);
		listener_forget(bench->listener, token);
	}
}

size_t descriptors_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count;
}

bool answered(struct sp_bench *bench, int peer)
{
	struct listener_token token;
	struct bytes request;
	uint8_t reply[12 + 5];

	raw_request(peer, "still");
	token = sp_bench_take(bench, &request);
	return listener_reply(bench->listener, token, request) == STATUS_OK && raw_receive(bench, peer, reply, sizeof(reply));
}
