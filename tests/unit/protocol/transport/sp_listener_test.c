/* The server's end of the live carrier under friends and enemies on the loopback: who is heard, who stays and who has to go. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/transport/sp_client.h"
#include "protocol/transport/sp_listener.h"
#include "tests/unit/protocol/transport/sp_bench.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define HOSTILE_CONNECTIONS 2000
#define SILENT_CONNECTIONS  500

static int set_up(void **state)
{
	return sp_bench_open(state, (struct listener_limits){ 0 });
}

static int set_up_small(void **state)
{
	return sp_bench_open(state, (struct listener_limits){ .pending_max = 2, .connections_max = 3 });
}

static int set_up_ten_places(void **state)
{
	return sp_bench_open(state, (struct listener_limits){ .connections_max = 10 });
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
	struct sp_bench *bench = *state;
	size_t before;

	assert_live_probe_answers(bench);
	await_connections(bench, 0);
	before = descriptors_open();
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
	sp_bench_drain(bench);
	assert_int_equal(descriptors_open(), before);
}

static void a_connection_without_a_valid_request_is_closed_after_thirty_seconds(void **state)
{
	struct sp_bench *bench = *state;
	int silent = raw_greet(bench), valid = raw_greet(bench);
	struct listener_token token;
	struct bytes request;

	raw_request(valid, "hello");
	token = sp_bench_take(bench, &request);
	listener_validate(bench->listener, token, &somebody);
	await_connections(bench, 2);
	(void)listener_tick(bench->listener);
	bench->now_ms += 29999;
	(void)listener_tick(bench->listener);
	assert_int_equal(sp_bench_counts(bench).unproved, 0);
	bench->now_ms += 1;
	(void)listener_tick(bench->listener);
	assert_true(hung_up(bench, silent));
	await_connections(bench, 1);
	assert_int_equal(sp_bench_counts(bench).unproved, 1);
	assert_int_equal(listener_reply(bench->listener, token, request), STATUS_OK);
	(void)close(silent);
	(void)close(valid);
}

/* A hello may be a recording: it buys time for the welcome and one answer, once. */
static void a_greeted_connection_is_closed_after_two_minutes_however_often_it_greets(void **state)
{
	struct sp_bench *bench = *state;
	int replaying = raw_greet(bench), honest = raw_greet(bench);
	struct listener_token honest_token;
	struct bytes request;

	raw_request(honest, "hello");
	honest_token = sp_bench_take(bench, &request);
	listener_greet(bench->listener, honest_token);
	for (int i = 0; i < 4; i++) {
		struct listener_token token;
		raw_request(replaying, "hello");
		token = sp_bench_take(bench, &request);
		listener_greet(bench->listener, token);
		assert_int_equal(listener_reply(bench->listener, token, request), STATUS_OK);
		(void)listener_tick(bench->listener);
		bench->now_ms += 29999;
	}
	(void)listener_tick(bench->listener);
	assert_int_equal(sp_bench_counts(bench).unproved, 0);
	listener_validate(bench->listener, honest_token, &somebody);
	bench->now_ms += 4;
	(void)listener_tick(bench->listener);
	await_connections(bench, 1);
	assert_int_equal(sp_bench_counts(bench).unproved, 1);
	assert_int_equal(listener_reply(bench->listener, honest_token, request), STATUS_OK);
	(void)close(replaying);
	(void)close(honest);
}

static void a_connection_that_proved_nothing_is_closed_and_counted_once(void **state)
{
	struct sp_bench *bench = *state;
	int peers[SILENT_CONNECTIONS];

	for (size_t i = 0; i < SILENT_CONNECTIONS; i++)
		peers[i] = raw_greet(bench);
	await_connections(bench, SILENT_CONNECTIONS);
	(void)listener_tick(bench->listener);
	bench->now_ms += 30000;
	assert_int_equal(listener_tick(bench->listener), 0); /* one tick does not close them all */
	while (listener_tick(bench->listener) == 0)
		assert_true(sp_bench_counts(bench).unproved <= SILENT_CONNECTIONS);
	assert_int_equal(sp_bench_counts(bench).connections, 0);
	assert_int_equal(sp_bench_counts(bench).unproved, SILENT_CONNECTIONS);
	for (size_t i = 0; i < SILENT_CONNECTIONS; i++) {
		assert_true(hung_up(bench, peers[i]));
		(void)close(peers[i]);
	}
	assert_live_probe_answers(bench);
}

static void a_closed_connection_drops_its_parked_requests(void **state)
{
	struct sp_bench *bench = *state;
	int peer = raw_greet(bench);
	struct listener_token tokens[3];
	struct bytes request;

	for (size_t i = 0; i < LENGTH(tokens); i++) {
		raw_request(peer, "park me");
		tokens[i] = sp_bench_take(bench, &request);
	}
	listener_forget(bench->listener, tokens[1]);
	(void)close(peer);
	await_connections(bench, 0);
	for (size_t i = 0; i < LENGTH(tokens); i++) {
		assert_int_equal(listener_reply(bench->listener, tokens[i], request), STATUS_NOT_FOUND);
	}
}

static void a_token_answers_once_and_its_place_is_not_mistaken_for_it_later(void **state)
{
	struct sp_bench *bench = *state;
	int peer = raw_greet(bench);
	struct listener_token first, second;
	struct bytes request;
	uint8_t reply[8 + 4 + 5];

	raw_request(peer, "first");
	first = sp_bench_take(bench, &request);
	assert_int_equal(listener_reply(bench->listener, first, request), STATUS_OK);
	assert_true(raw_receive(bench, peer, reply, sizeof(reply)));
	assert_memory_equal(reply + 8, "\x80\0\0\1first", 9);
	raw_request(peer, "other");
	second = sp_bench_take(bench, &request);
	assert_int_equal(listener_reply(bench->listener, first, request), STATUS_NOT_FOUND);
	listener_forget(bench->listener, first);
	assert_int_equal(listener_reply(bench->listener, second, request), STATUS_OK);
	assert_int_equal(listener_reply(bench->listener, (struct listener_token){ 0 }, request), STATUS_NOT_FOUND);
	assert_int_equal(listener_reply(bench->listener, (struct listener_token){ UINT64_MAX }, request), STATUS_NOT_FOUND);
	(void)close(peer);
}

static void requests_beyond_the_limit_are_turned_away_and_the_parked_ones_stay(void **state)
{
	struct sp_bench *bench = *state;
	int parked[2], late;
	struct listener_token tokens[2];
	struct bytes request;

	for (size_t i = 0; i < 2; i++) {
		parked[i] = raw_greet(bench);
		raw_request(parked[i], "park me");
		tokens[i] = sp_bench_take(bench, &request);
	}
	late = raw_greet(bench);
	raw_request(late, "too many");
	await_refused(bench, 1);
	assert_true(hung_up(bench, late));
	assert_int_equal(listener_reply(bench->listener, tokens[0], request), STATUS_OK);
	assert_int_equal(listener_reply(bench->listener, tokens[1], request), STATUS_OK);
	for (size_t i = 0; i < 2; i++)
		(void)close(parked[i]);
	(void)close(late);
	assert_live_probe_answers(bench);
}

static void connections_that_proved_themselves_stay_and_one_beyond_the_limit_is_turned_away(void **state)
{
	struct sp_bench *bench = *state;
	int peers[4];

	for (size_t i = 0; i < 3; i++) {
		struct listener_token token;
		peers[i] = raw_speaker(bench, &token);
		listener_validate(bench->listener, token, &somebody);
		listener_forget(bench->listener, token);
	}
	peers[3] = raw_connect(bench);
	assert_true(hung_up(bench, peers[3]));
	assert_int_equal(sp_bench_counts(bench).connections, 3);
	for (size_t i = 0; i < 4; i++)
		(void)close(peers[i]);
	await_connections(bench, 0);
	assert_live_probe_answers(bench);
}

static void a_newcomer_takes_the_place_of_the_oldest_that_proved_nothing_of_those_with_too_many(void **state)
{
	struct sp_bench *bench = *state;
	struct listener_token token;
	int greeted = raw_speaker(bench, &token), silent, newcomers[2], proved;

	listener_greet(bench->listener, token);
	listener_forget(bench->listener, token);
	proved = raw_speaker(bench, &token);
	listener_validate(bench->listener, token, &somebody);
	listener_forget(bench->listener, token);
	silent = raw_greet(bench);
	await_connections(bench, 3);
	newcomers[0] = raw_speaker(bench, &token);
	assert_true(hung_up(bench, silent));
	listener_validate(bench->listener, token, &somebody);
	listener_forget(bench->listener, token);
	newcomers[1] = raw_speaker(bench, &token);
	assert_true(hung_up(bench, greeted));
	assert_int_equal(sp_bench_counts(bench).connections, 3);
	(void)close(silent);
	(void)close(greeted);
	(void)close(proved);
	(void)close(newcomers[0]);
	(void)close(newcomers[1]);
	await_connections(bench, 0);
	assert_live_probe_answers(bench);
}

static void an_owner_keeps_its_four_newest_connections_and_the_oldest_goes(void **state)
{
	struct sp_bench *bench = *state;
	int peers[2 * LISTENER_OWNED_MAX], other;

	prove(bench, &somebody_else, &other, 1);
	prove(bench, &somebody, peers, LENGTH(peers));
	for (size_t i = 0; i < LENGTH(peers); i++)
		assert_true(i < LISTENER_OWNED_MAX ? hung_up(bench, peers[i]) : answered(bench, peers[i]));
	assert_true(answered(bench, other));
	assert_int_equal(sp_bench_counts(bench).connections, LISTENER_OWNED_MAX + 1);
	for (size_t i = 0; i < LENGTH(peers); i++)
		(void)close(peers[i]);
	(void)close(other);
	await_connections(bench, 0);
	assert_live_probe_answers(bench);
}

static void all_connections_of_an_owner_are_closed_together_and_no_others(void **state)
{
	struct sp_bench *bench = *state;
	int peers[3], other, again;

	prove(bench, &somebody, peers, LENGTH(peers));
	prove(bench, &somebody_else, &other, 1);
	listener_close_owner(bench->listener, &somebody);
	listener_close_owner(bench->listener, &somebody);
	for (size_t i = 0; i < LENGTH(peers); i++) {
		assert_true(hung_up(bench, peers[i]));
		(void)close(peers[i]);
	}
	assert_int_equal(sp_bench_counts(bench).connections, 1);
	assert_true(answered(bench, other));
	prove(bench, &somebody, &again, 1);
	assert_true(answered(bench, again));
	(void)close(other);
	(void)close(again);
	await_connections(bench, 0);
}

/* Whoever has many recordings greets with them; whoever has a slow link is silent for as long as it takes its hello to come. */
static void greeted_connections_leave_silent_ones_half_of_the_places(void **state)
{
	struct sp_bench *bench = *state;
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
		assert_true(hung_up(bench, greeted[i]));
	for (size_t i = 0; i < 5; i++)
		assert_true(hung_up(bench, silent[i]));
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
	await_connections(bench, 0);
	assert_live_probe_answers(bench);
}

static void newcomers_without_end_leave_the_listener_within_its_limit_and_answering(void **state)
{
	struct sp_bench *bench = *state;
	int peers[300];

	for (size_t i = 0; i < LENGTH(peers); i++)
		peers[i] = raw_greet(bench);
	assert_live_probe_answers(bench);
	assert_true(sp_bench_counts(bench).connections <= 3);
	for (size_t i = 0; i < LENGTH(peers); i++)
		(void)close(peers[i]);
	await_connections(bench, 0);
	assert_live_probe_answers(bench);
}

static void a_flood_from_one_connection_does_not_shut_out_the_others(void **state)
{
	struct sp_bench *bench = *state;
	int flood = raw_greet(bench);

	for (size_t i = 0; i < 2000; i++)
		raw_request(flood, "again");
	assert_live_probe_answers(bench);
	(void)close(flood);
	sp_bench_drain(bench);
}

static void a_request_that_comes_byte_by_byte_is_taken_whole(void **state)
{
	/* a greeting, and a frame */
	static const uint8_t frame[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x80, 0, 0, 1, 's', 'l', 'o', 'w', '!' };
	struct sp_bench *bench = *state;
	int peer = raw_connect(bench);
	struct listener_token token;
	struct bytes request;

	await_connections(bench, 1);
	for (size_t i = 0; i < sizeof(frame); i++) {
		raw_send(peer, frame + i, 1);
		(void)poll(&(struct pollfd){ .fd = listener_descriptor(bench->listener), .events = POLLIN }, 1, PATIENCE_MS);
		sp_bench_pump(bench);
		assert_int_equal(bench->taken_count, i + 1 == sizeof(frame));
	}
	token = sp_bench_take(bench, &request);
	assert_int_equal(request.size, 5);
	assert_memory_equal(request.data, "slow!", 5);
	listener_forget(bench->listener, token);
	(void)close(peer);
}

static void a_local_socket_is_listened_on_also_where_a_killed_server_left_one(void **state)
{
	struct sp_bench *bench = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct listener *listener, *other;
	struct transport *transport;
	struct listener_token token;
	struct bytes request, reply;
	int left = socket(AF_UNIX, SOCK_STREAM, 0);
	char url[128];

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/truckroll-%d.socket", (int)getpid());
	(void)snprintf(url, sizeof(url), "ipc://%s", address.sun_path);
	assert_int_equal(bind(left, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(left);
	assert_int_equal(listener_sp_open(url, NULL, &listener), STATUS_OK);
	assert_int_equal(listener_sp_open(url, NULL, &other), STATUS_BUSY);
	assert_int_equal(listener_port(listener), 0);
	assert_int_equal(transport_sp_open(url, &transport), STATUS_OK);
	assert_int_equal(transport_send(transport, (struct bytes){ (const uint8_t *)"near", 4 }), STATUS_OK);
	while (listener_take(listener, &bench->arena, &token, &request) != STATUS_OK)
		assert_int_equal(poll(&(struct pollfd){ .fd = listener_descriptor(listener), .events = POLLIN }, 1, PATIENCE_MS), 1);
	assert_int_equal(listener_reply(listener, token, request), STATUS_OK);
	assert_int_equal(transport_receive(transport, PATIENCE_MS, &bench->arena, &reply), STATUS_OK);
	assert_memory_equal(reply.data, "near", 4);
	transport_close(transport);
	listener_close(listener);
	assert_int_equal(access(address.sun_path, F_OK), -1);
}

static void a_file_that_is_no_socket_is_never_taken_for_one(void **state)
{
	char path[64], url[80];
	struct listener *listener;
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/truckroll-%d.file", (int)getpid());
	(void)snprintf(url, sizeof(url), "ipc://%s", path);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fclose(file);
	assert_int_equal(listener_sp_open(url, NULL, &listener), STATUS_BUSY);
	assert_int_equal(access(path, F_OK), 0);
	(void)unlink(path);
}

static void all_addresses_of_the_machine_are_listened_on_when_none_is_named(void **state)
{
	static const char *const all[] = { "tcp://*:0", "tcp://:0" };

	(void)state;
	for (size_t i = 0; i < LENGTH(all); i++) {
		struct listener *listener;
		assert_int_equal(listener_sp_open(all[i], NULL, &listener), STATUS_OK);
		assert_true(listener_port(listener) > 0);
		listener_close(listener);
	}
}

static void a_port_in_use_is_busy_and_says_what_to_do(void **state)
{
	struct sp_bench *bench = *state;
	struct listener *other;

	assert_int_equal(listener_sp_open(bench->url, NULL, &other), STATUS_BUSY);
	assert_non_null(strstr(fail_reason(), "in use by another program"));
	assert_int_equal(listener_sp_open("tls+tcp://127.0.0.1:0", NULL, &other), STATUS_INVALID);
	assert_int_equal(listener_sp_open("tcp://127.0.0.1", NULL, &other), STATUS_INVALID);
	assert_int_equal(listener_sp_open("tcp://127.0.0.1:port", NULL, &other), STATUS_INVALID);
	assert_int_equal(listener_sp_open("tcp://127.0.0.1:65536", NULL, &other), STATUS_INVALID);
	assert_int_equal(listener_sp_open("tcp://192.0.2.1:0", NULL, &other), STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_thousand_hostile_connections_leave_the_listener_answering, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			a_connection_without_a_valid_request_is_closed_after_thirty_seconds, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			a_greeted_connection_is_closed_after_two_minutes_however_often_it_greets, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_connection_that_proved_nothing_is_closed_and_counted_once, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_closed_connection_drops_its_parked_requests, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_token_answers_once_and_its_place_is_not_mistaken_for_it_later, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			requests_beyond_the_limit_are_turned_away_and_the_parked_ones_stay, set_up_small, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			connections_that_proved_themselves_stay_and_one_beyond_the_limit_is_turned_away, set_up_small, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			a_newcomer_takes_the_place_of_the_oldest_that_proved_nothing_of_those_with_too_many, set_up_small, sp_bench_close),
		cmocka_unit_test_setup_teardown(an_owner_keeps_its_four_newest_connections_and_the_oldest_goes, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(all_connections_of_an_owner_are_closed_together_and_no_others, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			greeted_connections_leave_silent_ones_half_of_the_places, set_up_ten_places, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			newcomers_without_end_leave_the_listener_within_its_limit_and_answering, set_up_small, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_flood_from_one_connection_does_not_shut_out_the_others, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_request_that_comes_byte_by_byte_is_taken_whole, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_local_socket_is_listened_on_also_where_a_killed_server_left_one, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_is_never_taken_for_one, set_up, sp_bench_close),
		cmocka_unit_test(all_addresses_of_the_machine_are_listened_on_when_none_is_named),
		cmocka_unit_test_setup_teardown(a_port_in_use_is_busy_and_says_what_to_do, set_up, sp_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
