/* The server's end of the live carrier when there is not enough of something: memory, room in a socket, descriptors. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/protocol/transport/sp_bench.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define BIG_CLAIMS 60

static int set_up(void **state)
{
	return sp_bench_open(state, (struct listener_limits){ 0 });
}

static int set_up_little_memory(void **state)
{
	return sp_bench_open(state, (struct listener_limits){ .bodies_max = (size_t)256 * 1024 });
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

static void claims_of_a_gigabyte_do_not_grow_memory(void **state)
{
	static const uint8_t claim[16] = { 0, 0, 0, 0, 0x40, 0, 0, 0, 0x80, 0, 0, 1, 'x', 'x', 'x', 'x' };
	struct sp_bench *bench = *state;
	int peers[BIG_CLAIMS];
	size_t before;

	assert_live_probe_answers(bench);
	before = resident_bytes();
	for (size_t i = 0; i < BIG_CLAIMS; i++) {
		peers[i] = raw_greet(bench);
		raw_send(peers[i], claim, sizeof(claim));
	}
	for (size_t i = 0; i < BIG_CLAIMS; i++) {
		assert_true(hung_up(bench, peers[i]));
		(void)close(peers[i]);
	}
	assert_true(resident_bytes() < before + 16 * 1024 * 1024);
	assert_live_probe_answers(bench);
}

/* So many requests of one connection, all taken. */
static void ask(struct sp_bench *bench, int peer, struct listener_token *out_tokens, size_t count)
{
	struct bytes request;

	for (size_t i = 0; i < count; i++) {
		raw_request(peer, "much");
		out_tokens[i] = sp_bench_take(bench, &request);
	}
}

/* Whose windows are small: what it does not read soon fills the socket. */
static int raw_slow_reader(struct sp_bench *bench)
{
	const int small = 4096;
	int peer = raw_greet(bench);

	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	return peer;
}

static void replies_that_are_read_late_arrive_whole_and_in_order(void **state)
{
	static uint8_t reply[TRANSPORT_BODY_MAX], heard[12 + TRANSPORT_BODY_MAX];
	struct sp_bench *bench = *state;
	int peer = raw_slow_reader(bench);
	struct listener_token tokens[3]; /* more than the socket takes, less than the listener keeps */

	ask(bench, peer, tokens, LENGTH(tokens));
	for (size_t i = 0; i < LENGTH(tokens); i++) {
		memset(reply, (int)i, sizeof(reply));
		assert_int_equal(listener_reply(bench->listener, tokens[i], (struct bytes){ reply, sizeof(reply) }), STATUS_OK);
	}
	for (size_t i = 0; i < LENGTH(tokens); i++) {
		assert_true(raw_receive(bench, peer, heard, sizeof(heard)));
		assert_int_equal(heard[12], i);
		assert_int_equal(heard[sizeof(heard) - 1], i);
	}
	(void)close(peer);
}

static void who_reads_none_of_its_replies_is_hung_up_on(void **state)
{
	static uint8_t reply[TRANSPORT_BODY_MAX];
	struct sp_bench *bench = *state;
	int peer = raw_slow_reader(bench);
	struct listener_token tokens[200];
	size_t sent = 0;

	ask(bench, peer, tokens, LENGTH(tokens));
	while (sent < LENGTH(tokens) && listener_reply(bench->listener, tokens[sent], (struct bytes){ reply, sizeof(reply) }) == STATUS_OK)
		sent++;
	assert_true(sent < LENGTH(tokens));
	assert_int_equal(sp_bench_counts(bench).connections, 0);
	assert_int_equal(listener_reply(bench->listener, tokens[LENGTH(tokens) - 1], (struct bytes){ 0 }), STATUS_NOT_FOUND);
	(void)close(peer);
	assert_live_probe_answers(bench);
}

/* It claimed 80 KiB, and sent half of them. */
static bool answered_late(struct sp_bench *bench, int peer)
{
	static uint8_t rest[40 * 1024], reply[12 + 2];
	struct listener_token token;
	struct bytes request;

	raw_send(peer, rest, sizeof(rest));
	token = sp_bench_take(bench, &request);
	return listener_reply(bench->listener, token, (struct bytes){ (const uint8_t *)"ok", 2 }) == STATUS_OK &&
	       raw_receive(bench, peer, reply, sizeof(reply));
}

/* Their bodies never end. Whoever has proved itself is not among them. */
static void strangers_share_what_their_bodies_may_take_and_one_beyond_it_is_hung_up_on(void **state)
{
	static const uint8_t claim[8] = { 0, 0, 0, 0, 0, 1, 0x40, 0 };
	static uint8_t part[40 * 1024] = { 0x80, 0, 0, 1 };
	struct sp_bench *bench = *state;
	int strangers[10], proved;

	prove(bench, &somebody, &proved, 1);
	for (size_t i = 0; i < LENGTH(strangers); i++) {
		strangers[i] = raw_greet(bench);
		raw_send(strangers[i], claim, sizeof(claim));
		raw_send(strangers[i], part, sizeof(part));
		sp_bench_pump(bench);
	}
	raw_send(proved, claim, sizeof(claim));
	raw_send(proved, part, sizeof(part));
	for (int i = 0; i < 100 && sp_bench_counts(bench).refused == 0; i++) {
		sp_bench_pump(bench);
		(void)poll(NULL, 0, MOMENT_MS);
	}
	assert_in_range(sp_bench_counts(bench).connections, 4, 7); /* each needs 60 of the 256 KiB; and the one that proved itself */
	assert_true(answered_late(bench, proved));
	for (size_t i = 0; i < LENGTH(strangers); i++)
		(void)close(strangers[i]);
	(void)close(proved);
	await_connections(bench, 0);
	assert_live_probe_answers(bench);
}

/* Nothing more can be opened from here on; returns what was allowed before. */
static struct rlimit use_up_descriptors(int *out_taken, size_t *out_count)
{
	struct rlimit before;
	int highest = dup(STDIN_FILENO), next;

	*out_count = 0;
	out_taken[(*out_count)++] = highest;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)highest + 1, before.rlim_max }), 0);
	while ((next = dup(STDIN_FILENO)) >= 0)
		out_taken[(*out_count)++] = next;
	return before;
}

static void give_back_descriptors(const struct rlimit *before, const int *taken, size_t count)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, before), 0);
	for (size_t i = 0; i < count; i++)
		(void)close(taken[i]);
}

static void without_a_descriptor_newcomers_wait_and_the_owner_sleeps(void **state)
{
	struct sp_bench *bench = *state;
	int proved, newcomer = socket(AF_INET, SOCK_STREAM, 0), taken[64];
	struct rlimit before;
	size_t count;

	if (getenv("TRUCKROLL_VALGRIND") != NULL)
		return; /* its limit is not the kernel's */
	prove(bench, &somebody, &proved, 1);
	before = use_up_descriptors(taken, &count);
	raw_connect_with(bench, newcomer);
	await_refused(bench, 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = listener_descriptor(bench->listener), .events = POLLIN }, 1, 0), 0);
	assert_true(answered(bench, proved));
	give_back_descriptors(&before, taken, count);
	bench->now_ms += 1000;
	(void)listener_tick(bench->listener);
	await_connections(bench, 2);
	(void)close(newcomer);
	(void)close(proved);
}

static void without_a_descriptor_who_proved_nothing_makes_room(void **state)
{
	struct sp_bench *bench = *state;
	int silent = raw_greet(bench), newcomer = socket(AF_INET, SOCK_STREAM, 0), taken[64];
	struct rlimit before;
	size_t count;

	if (getenv("TRUCKROLL_VALGRIND") != NULL)
		return;
	before = use_up_descriptors(taken, &count);
	raw_connect_with(bench, newcomer);
	assert_true(hung_up(bench, silent));
	await_connections(bench, 1);
	give_back_descriptors(&before, taken, count);
	(void)close(newcomer);
	(void)close(silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(claims_of_a_gigabyte_do_not_grow_memory, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(replies_that_are_read_late_arrive_whole_and_in_order, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(who_reads_none_of_its_replies_is_hung_up_on, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(
			strangers_share_what_their_bodies_may_take_and_one_beyond_it_is_hung_up_on, set_up_little_memory, sp_bench_close),
		cmocka_unit_test_setup_teardown(without_a_descriptor_newcomers_wait_and_the_owner_sleeps, set_up, sp_bench_close),
		cmocka_unit_test_setup_teardown(without_a_descriptor_who_proved_nothing_makes_room, set_up, sp_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
