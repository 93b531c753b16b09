/* The server's end of the live carrier under friends and enemies on the loopback. */
#include <arpa/inet.h>
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

#include "protocol/transport/nng_client.h"
#include "protocol/transport/nng_listener.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define PATIENCE_MS         20000
#define HOSTILE_CONNECTIONS 2000
#define BIG_CLAIMS          60
#define SILENT_CONNECTIONS  500

static const struct id somebody = { { 1 } }, somebody_else = { { 2 } };

struct bench {
	struct listener *listener;
	struct arena arena;
	int64_t now_ms;
	struct clock clock;
	char url[64];
};

static int64_t bench_now(void *context)
{
	return ((struct bench *)context)->now_ms;
}

static int open_with(void **state, struct listener_limits limits)
{
	static struct bench bench;

	bench = (struct bench){ .now_ms = 1000 };
	bench.clock = (struct clock){ .now_ms = bench_now, .monotonic_ms = bench_now, .context = &bench };
	limits.clock = &bench.clock;
	limits.unwatched = true;
	if (listener_nng_open("tcp://127.0.0.1:0", &limits, &bench.listener) != STATUS_OK)
		return -1;
	(void)snprintf(bench.url, sizeof(bench.url), "tcp://127.0.0.1:%d", listener_port(bench.listener));
	*state = &bench;
	return 0;
}

static int set_up(void **state)
{
	return open_with(state, (struct listener_limits){ 0 });
}

static int set_up_small(void **state)
{
	return open_with(state, (struct listener_limits){ .pending_max = 2, .pipes_max = 3 });
}

static int set_up_ten_places(void **state)
{
	return open_with(state, (struct listener_limits){ .pipes_max = 10 });
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	listener_close(bench->listener);
	arena_finish(&bench->arena);
	return 0;
}

/* ---- a peer that speaks bytes ---- */

static int raw_connect(const struct bench *bench)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)listener_port(bench->listener)) };
	int peer = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(peer >= 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
	return peer;
}

static void raw_send(int peer, const void *data, size_t size)
{
	(void)send(peer, data, size, MSG_NOSIGNAL); /* the listener may have hung up already */
}

/* Reads until `size` bytes came; false when the other side hung up. */
static bool raw_receive(int peer, void *out, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t count = recv(peer, (char *)out + got, size - got, 0);
		if (count <= 0)
			return false;
		got += (size_t)count;
	}
	return true;
}

static const uint8_t greeting[8] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 }; /* a request socket */

/* Greets as a request socket does. */
static int raw_greet(const struct bench *bench)
{
	uint8_t theirs[8];
	int peer = raw_connect(bench);

	raw_send(peer, greeting, sizeof(greeting));
	assert_true(raw_receive(peer, theirs, sizeof(theirs)));
	return peer;
}

/* A request with a header of its own: number 1. */
static void raw_request(int peer, const char *body)
{
	uint8_t frame[64] = { 0, 0, 0, 0, 0, 0, 0, (uint8_t)(4 + strlen(body)), 0x80, 0, 0, 1 };

	memcpy(frame + 12, body, strlen(body));
	raw_send(peer, frame, 12 + strlen(body));
}

static bool hung_up(int peer)
{
	struct pollfd ready = { .fd = peer, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	return recv(peer, &byte, 1, 0) <= 0;
}

static struct listener_token take(struct bench *bench, struct bytes *out_request)
{
	struct listener_token token = { 0 };

	for (;;) {
		struct pollfd ready = { .fd = listener_descriptor(bench->listener), .events = POLLIN };
		enum status status = listener_take(bench->listener, &bench->arena, &token, out_request);
		if (status == STATUS_OK)
			return token;
		assert_int_equal(status, STATUS_NOT_FOUND);
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	}
}

static struct listener_counts counts(struct bench *bench)
{
	struct listener_counts counts;

	listener_count(bench->listener, &counts);
	return counts;
}

/* Lets nng's threads get there; fails the test when they never do. */
static void await_pipes(struct bench *bench, size_t expected)
{
	for (int waited_ms = 0; counts(bench).pipes != expected; waited_ms++) {
		assert_true(waited_ms < PATIENCE_MS);
		(void)poll(NULL, 0, 1);
	}
}

/* One connection after the other had to go: who comes at once may be taken in in any order. */
static void await_refused(struct bench *bench, uint64_t expected)
{
	for (int waited_ms = 0; counts(bench).refused != expected; waited_ms++) {
		assert_true(waited_ms < PATIENCE_MS);
		(void)poll(NULL, 0, 1);
	}
}

/* Takes and forgets what is left until the closed connections are gone. */
static void drain(struct bench *bench)
{
	struct listener_token token;
	struct bytes request;

	for (int waited_ms = 0; counts(bench).pipes != 0; waited_ms++) {
		assert_true(waited_ms < PATIENCE_MS);
		while (listener_take(bench->listener, &bench->arena, &token, &request) == STATUS_OK)
			listener_forget(bench->listener, token);
		(void)poll(NULL, 0, 1);
	}
}

static void assert_live_probe_answers(struct bench *bench)
{
	struct transport *transport;
	struct listener_token token;
	struct bytes request, reply;

	assert_int_equal(transport_nng_open(bench->url, &transport), STATUS_OK);
	assert_int_equal(transport_send(transport, (struct bytes){ (const uint8_t *)"probe", 5 }), STATUS_OK);
	do
		token = take(bench, &request); /* those of the hostile come first */
	while (request.size != 5 || memcmp(request.data, "probe", 5) != 0);
	assert_int_equal(listener_reply(bench->listener, token, request), STATUS_OK);
	assert_int_equal(transport_receive(transport, PATIENCE_MS, &bench->arena, &reply), STATUS_OK);
	assert_memory_equal(reply.data, "probe", 5);
	transport_close(transport);
}

static size_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t pages = 0, size = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%zu %zu", &size, &pages), 2);
	(void)fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- the promises ---- */

/* clang-format off */
static const struct attack {
	const char *what;
	size_t size;
	uint8_t bytes[32];
} attacks[] = {
	{ "nothing", 0, { 0 } },
	{ "another protocol", 18, "GET / HTTP/1.1\r\n\r\n" },
	{ "half a greeting", 3, { 0, 'S', 'P' } },
	{ "a greeting of a publisher", 8, { 0, 'S', 'P', 0, 0, 0x20, 0, 0 } },
	{ "half a length", 12, { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0 } },
	{ "a huge length", 16, { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255 } },
	{ "a length just too large", 16, { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 1, 0x40, 1 } },
	{ "no request number", 18, { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2 } },
	{ "hops without end", 32,
		{ 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4 } },
	{ "an empty frame", 16, { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "a request of garbage", 23, { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x80, 0, 0, 1, 9, 9, 9 } },
};
/* clang-format on */

static void two_thousand_hostile_connections_leave_the_listener_answering(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < HOSTILE_CONNECTIONS; i++) {
		const struct attack *attack = &attacks[i % LENGTH(attacks)];
		struct linger reset = { .l_onoff = 1, .l_linger = 0 };
		int peer = raw_connect(bench);

		raw_send(peer, attack->bytes, attack->size);
		if (i % 3 == 0) /* a reset instead of a farewell */
			assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
		(void)close(peer);
		if (i % 64 == 0)
			(void)close(raw_greet(bench)); /* waits until those before it were accepted: the kernel's queue is short */
	}
	assert_live_probe_answers(bench);
	drain(bench);
}

static void claims_of_a_gigabyte_do_not_grow_memory(void **state)
{
	static const uint8_t claim[16] = { 0, 0, 0, 0, 0x40, 0, 0, 0, 0x80, 0, 0, 1, 'x', 'x', 'x', 'x' };
	struct bench *bench = *state;
	int peers[BIG_CLAIMS];
	size_t before;

	assert_live_probe_answers(bench);
	before = resident_bytes();
	for (size_t i = 0; i < BIG_CLAIMS; i++) {
		peers[i] = raw_greet(bench);
		raw_send(peers[i], claim, sizeof(claim));
	}
	for (size_t i = 0; i < BIG_CLAIMS; i++) {
		assert_true(hung_up(peers[i]));
		(void)close(peers[i]);
	}
	assert_true(resident_bytes() < before + 16 * 1024 * 1024);
	assert_live_probe_answers(bench);
}

static void a_connection_without_a_valid_request_is_closed_after_thirty_seconds(void **state)
{
	struct bench *bench = *state;
	int silent = raw_greet(bench), valid = raw_greet(bench);
	struct listener_token token;
	struct bytes request;

	raw_request(valid, "hello");
	token = take(bench, &request);
	listener_validate(bench->listener, token, &somebody);
	await_pipes(bench, 2);
	(void)listener_tick(bench->listener);
	bench->now_ms += 29999;
	(void)listener_tick(bench->listener);
	assert_int_equal(counts(bench).unproved, 0);
	bench->now_ms += 1;
	(void)listener_tick(bench->listener);
	assert_true(hung_up(silent));
	await_pipes(bench, 1);
	assert_int_equal(counts(bench).unproved, 1);
	assert_int_equal(listener_reply(bench->listener, token, request), STATUS_OK);
	(void)close(silent);
	(void)close(valid);
}

/* A hello may be a recording: it buys time for the welcome and one answer, once. */
static void a_greeted_connection_is_closed_after_two_minutes_however_often_it_greets(void **state)
{
	struct bench *bench = *state;
	int replaying = raw_greet(bench), honest = raw_greet(bench);
	struct listener_token honest_token;
	struct bytes request;

	raw_request(honest, "hello");
	honest_token = take(bench, &request);
	listener_greet(bench->listener, honest_token);
	for (int i = 0; i < 4; i++) {
		struct listener_token token;
		raw_request(replaying, "hello");
		token = take(bench, &request);
		listener_greet(bench->listener, token);
		assert_int_equal(listener_reply(bench->listener, token, request), STATUS_OK);
		(void)listener_tick(bench->listener);
		bench->now_ms += 29999;
	}
	(void)listener_tick(bench->listener);
	assert_int_equal(counts(bench).unproved, 0);
	listener_validate(bench->listener, honest_token, &somebody);
	bench->now_ms += 4;
	(void)listener_tick(bench->listener);
	await_pipes(bench, 1);
	assert_int_equal(counts(bench).unproved, 1);
	assert_int_equal(listener_reply(bench->listener, honest_token, request), STATUS_OK);
	(void)close(replaying);
	(void)close(honest);
}

static void a_connection_that_proved_nothing_is_closed_and_counted_once(void **state)
{
	struct bench *bench = *state;
	int peers[SILENT_CONNECTIONS];

	for (size_t i = 0; i < SILENT_CONNECTIONS; i++)
		peers[i] = raw_greet(bench);
	await_pipes(bench, SILENT_CONNECTIONS);
	(void)listener_tick(bench->listener);
	bench->now_ms += 30000;
	assert_int_equal(listener_tick(bench->listener), 0); /* one tick does not close them all */
	while (listener_tick(bench->listener) == 0)
		assert_true(counts(bench).unproved <= SILENT_CONNECTIONS);
	assert_int_equal(counts(bench).pipes, 0);
	assert_int_equal(counts(bench).unproved, SILENT_CONNECTIONS);
	for (size_t i = 0; i < SILENT_CONNECTIONS; i++) {
		assert_true(hung_up(peers[i]));
		(void)close(peers[i]);
	}
	assert_live_probe_answers(bench);
}

static void a_closed_connection_drops_its_parked_requests(void **state)
{
	struct bench *bench = *state;
	int peer = raw_greet(bench);
	struct listener_token tokens[3];
	struct bytes request;

	for (size_t i = 0; i < LENGTH(tokens); i++) {
		raw_request(peer, "park me");
		tokens[i] = take(bench, &request);
	}
	listener_forget(bench->listener, tokens[1]);
	(void)close(peer);
	await_pipes(bench, 0);
	for (size_t i = 0; i < LENGTH(tokens); i++) {
		assert_int_equal(listener_reply(bench->listener, tokens[i], request), STATUS_NOT_FOUND);
	}
}

static void a_token_answers_once_and_its_place_is_not_mistaken_for_it_later(void **state)
{
	struct bench *bench = *state;
	int peer = raw_greet(bench);
	struct listener_token first, second;
	struct bytes request;
	uint8_t reply[8 + 4 + 5];

	raw_request(peer, "first");
	first = take(bench, &request);
	assert_int_equal(listener_reply(bench->listener, first, request), STATUS_OK);
	assert_true(raw_receive(peer, reply, sizeof(reply)));
	assert_memory_equal(reply + 8, "\x80\0\0\1first", 9);
	raw_request(peer, "other");
	second = take(bench, &request);
	assert_int_equal(listener_reply(bench->listener, first, request), STATUS_NOT_FOUND);
	listener_forget(bench->listener, first);
	assert_int_equal(listener_reply(bench->listener, second, request), STATUS_OK);
	assert_int_equal(listener_reply(bench->listener, (struct listener_token){ 0 }, request), STATUS_NOT_FOUND);
	assert_int_equal(listener_reply(bench->listener, (struct listener_token){ UINT64_MAX }, request), STATUS_NOT_FOUND);
	(void)close(peer);
}

static void requests_beyond_the_limit_are_turned_away_and_the_parked_ones_stay(void **state)
{
	struct bench *bench = *state;
	int parked[2], late;
	struct listener_token tokens[2];
	struct bytes request;

	for (size_t i = 0; i < 2; i++) {
		parked[i] = raw_greet(bench);
		raw_request(parked[i], "park me");
		tokens[i] = take(bench, &request);
	}
	late = raw_greet(bench);
	raw_request(late, "too many");
	while (counts(bench).refused == 0)
		assert_int_equal(listener_take(bench->listener, &bench->arena, &tokens[0], &request), STATUS_NOT_FOUND);
	assert_true(hung_up(late));
	assert_int_equal(listener_reply(bench->listener, tokens[0], request), STATUS_OK);
	assert_int_equal(listener_reply(bench->listener, tokens[1], request), STATUS_OK);
	for (size_t i = 0; i < 2; i++)
		(void)close(parked[i]);
	(void)close(late);
	assert_live_probe_answers(bench);
}

/* One more connection, which has said something. */
static int raw_speaker(struct bench *bench, struct listener_token *out_token)
{
	int peer = raw_greet(bench);
	struct bytes request;

	raw_request(peer, "hello");
	*out_token = take(bench, &request);
	return peer;
}

static void connections_that_proved_themselves_stay_and_one_beyond_the_limit_is_turned_away(void **state)
{
	struct bench *bench = *state;
	int peers[4];

	for (size_t i = 0; i < 3; i++) {
		struct listener_token token;
		peers[i] = raw_speaker(bench, &token);
		listener_validate(bench->listener, token, &somebody);
		listener_forget(bench->listener, token);
	}
	peers[3] = raw_greet(bench);
	assert_true(hung_up(peers[3]));
	assert_int_equal(counts(bench).pipes, 3);
	for (size_t i = 0; i < 4; i++)
		(void)close(peers[i]);
	await_pipes(bench, 0);
	assert_live_probe_answers(bench);
}

static void a_newcomer_takes_the_place_of_the_oldest_that_proved_nothing_of_those_with_too_many(void **state)
{
	struct bench *bench = *state;
	struct listener_token token;
	int greeted = raw_speaker(bench, &token), silent, newcomers[2], proved;

	listener_greet(bench->listener, token);
	listener_forget(bench->listener, token);
	proved = raw_speaker(bench, &token);
	listener_validate(bench->listener, token, &somebody);
	listener_forget(bench->listener, token);
	silent = raw_greet(bench);
	await_pipes(bench, 3);
	newcomers[0] = raw_speaker(bench, &token);
	assert_true(hung_up(silent));
	listener_validate(bench->listener, token, &somebody);
	listener_forget(bench->listener, token);
	newcomers[1] = raw_speaker(bench, &token);
	assert_true(hung_up(greeted));
	assert_int_equal(counts(bench).pipes, 3);
	(void)close(silent);
	(void)close(greeted);
	(void)close(proved);
	(void)close(newcomers[0]);
	(void)close(newcomers[1]);
	await_pipes(bench, 0);
	assert_live_probe_answers(bench);
}

/* Connections of an owner, all of them proved; returns with no request open. */
static void prove(struct bench *bench, const struct id *owner, int *out_peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct listener_token token;
		out_peers[i] = raw_speaker(bench, &token);
		listener_validate(bench->listener, token, owner);
		listener_forget(bench->listener, token);
	}
}

static bool answered(struct bench *bench, int peer)
{
	struct listener_token token;
	struct bytes request;
	uint8_t reply[12 + 5];

	raw_request(peer, "still");
	token = take(bench, &request);
	return listener_reply(bench->listener, token, request) == STATUS_OK && raw_receive(peer, reply, sizeof(reply));
}

static void an_owner_keeps_its_four_newest_connections_and_the_oldest_goes(void **state)
{
	struct bench *bench = *state;
	int peers[2 * LISTENER_OWNED_MAX], other;

	prove(bench, &somebody_else, &other, 1);
	prove(bench, &somebody, peers, LENGTH(peers));
	for (size_t i = 0; i < LENGTH(peers); i++)
		assert_true(i < LISTENER_OWNED_MAX ? hung_up(peers[i]) : answered(bench, peers[i]));
	assert_true(answered(bench, other));
	assert_int_equal(counts(bench).pipes, LISTENER_OWNED_MAX + 1);
	for (size_t i = 0; i < LENGTH(peers); i++)
		(void)close(peers[i]);
	(void)close(other);
	await_pipes(bench, 0);
	assert_live_probe_answers(bench);
}

static void all_connections_of_an_owner_are_closed_together_and_no_others(void **state)
{
	struct bench *bench = *state;
	int peers[3], other, again;

	prove(bench, &somebody, peers, LENGTH(peers));
	prove(bench, &somebody_else, &other, 1);
	listener_close_owner(bench->listener, &somebody);
	listener_close_owner(bench->listener, &somebody);
	for (size_t i = 0; i < LENGTH(peers); i++) {
		assert_true(hung_up(peers[i]));
		(void)close(peers[i]);
	}
	assert_int_equal(counts(bench).pipes, 1);
	assert_true(answered(bench, other));
	prove(bench, &somebody, &again, 1);
	assert_true(answered(bench, again));
	(void)close(other);
	(void)close(again);
	await_pipes(bench, 0);
}

/* Whoever has many recordings greets with them; whoever has a slow link is silent for as long as it takes its hello to come. */
static void greeted_connections_leave_silent_ones_half_of_the_places(void **state)
{
	struct bench *bench = *state;
	int greeted[8], silent[9], proved[2];

	prove(bench, &somebody, proved, LENGTH(proved)); /* of ten places */
	for (size_t i = 0; i < LENGTH(greeted); i++) {
		struct listener_token token;
		greeted[i] = raw_speaker(bench, &token);
		listener_greet(bench->listener, token);
		listener_forget(bench->listener, token);
	}
	for (size_t i = 0; i < LENGTH(silent); i++) {
		silent[i] = raw_greet(bench);
		await_refused(bench, i + 1);
	}
	for (size_t i = 0; i < 4; i++)
		assert_true(hung_up(greeted[i]));
	for (size_t i = 0; i < 5; i++)
		assert_true(hung_up(silent[i]));
	for (size_t i = 4; i < 8; i++)
		assert_true(answered(bench, greeted[i]));
	for (size_t i = 5; i < 9; i++)
		assert_true(answered(bench, silent[i]));
	assert_true(answered(bench, proved[0]));
	for (size_t i = 0; i < LENGTH(greeted); i++)
		(void)close(greeted[i]);
	for (size_t i = 0; i < LENGTH(silent); i++)
		(void)close(silent[i]);
	for (size_t i = 0; i < LENGTH(proved); i++)
		(void)close(proved[i]);
	await_pipes(bench, 0);
	assert_live_probe_answers(bench);
}

static void newcomers_without_end_leave_the_listener_within_its_limit_and_answering(void **state)
{
	struct bench *bench = *state;
	int peers[300];

	for (size_t i = 0; i < LENGTH(peers); i++)
		peers[i] = raw_greet(bench);
	assert_live_probe_answers(bench);
	assert_true(counts(bench).pipes <= 3);
	for (size_t i = 0; i < LENGTH(peers); i++)
		(void)close(peers[i]);
	await_pipes(bench, 0);
	assert_live_probe_answers(bench);
}

static void a_flood_from_one_connection_does_not_shut_out_the_others(void **state)
{
	struct bench *bench = *state;
	int flood = raw_greet(bench);

	for (size_t i = 0; i < 2000; i++)
		raw_request(flood, "again");
	assert_live_probe_answers(bench);
	(void)close(flood);
	drain(bench);
}

static void a_port_in_use_is_busy_and_says_what_to_do(void **state)
{
	struct bench *bench = *state;
	struct listener *other;

	assert_int_equal(listener_nng_open(bench->url, NULL, &other), STATUS_BUSY);
	assert_non_null(strstr(fail_reason(), "in use by another program"));
	assert_int_equal(listener_nng_open("tls+tcp://127.0.0.1:0", NULL, &other), STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_thousand_hostile_connections_leave_the_listener_answering, set_up, tear_down),
		cmocka_unit_test_setup_teardown(claims_of_a_gigabyte_do_not_grow_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_without_a_valid_request_is_closed_after_thirty_seconds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_greeted_connection_is_closed_after_two_minutes_however_often_it_greets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_that_proved_nothing_is_closed_and_counted_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_closed_connection_drops_its_parked_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_token_answers_once_and_its_place_is_not_mistaken_for_it_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			requests_beyond_the_limit_are_turned_away_and_the_parked_ones_stay, set_up_small, tear_down),
		cmocka_unit_test_setup_teardown(
			connections_that_proved_themselves_stay_and_one_beyond_the_limit_is_turned_away, set_up_small, tear_down),
		cmocka_unit_test_setup_teardown(
			a_newcomer_takes_the_place_of_the_oldest_that_proved_nothing_of_those_with_too_many, set_up_small, tear_down),
		cmocka_unit_test_setup_teardown(an_owner_keeps_its_four_newest_connections_and_the_oldest_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_connections_of_an_owner_are_closed_together_and_no_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			greeted_connections_leave_silent_ones_half_of_the_places, set_up_ten_places, tear_down),
		cmocka_unit_test_setup_teardown(
			newcomers_without_end_leave_the_listener_within_its_limit_and_answering, set_up_small, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_from_one_connection_does_not_shut_out_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_port_in_use_is_busy_and_says_what_to_do, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
