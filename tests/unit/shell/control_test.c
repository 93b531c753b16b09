#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/control_message.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

static int64_t fake_now(void *context)
{
	return *(int64_t *)context;
}

/* A socket with a clock that only the test moves. */
struct bench {
	struct scratch *scratch;
	int64_t now_ms;
	struct clock clock;
	struct control *control;
	int answered;
};

static void bench_start(struct bench *bench, struct scratch *scratch)
{
	*bench = (struct bench){ .scratch = scratch, .clock = { .now_ms = fake_now, .monotonic_ms = fake_now } };
	bench->clock.context = &bench->now_ms;
	assert_int_equal(control_open(scratch->dir, &bench->clock, &bench->control), STATUS_OK);
}

/* Says its words back. */
static void echo(void *context, struct arena *arena, const struct control_request *request, struct control_reply *out_reply)
{
	struct bench *bench = context;

	bench->answered++;
	*out_reply = (struct control_reply){ .exit_code = (int)request->word_count,
		.out = request->word_count == 0 ? text_of("") : arena_copy_text(arena, request->words[0]),
		.err = arena_copy_text(arena, request->working_dir) };
}

static void step(struct bench *bench)
{
	for (int i = 0; i < 4; i++)
		control_step(bench->control, echo, bench);
}

static int connect_raw(const struct bench *bench)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM, 0), dir;
	struct sockaddr_un address;

	assert_int_equal(control_address(bench->scratch->dir, &address, &dir), STATUS_OK);
	assert_int_equal(connect(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
	return descriptor;
}

static void send_raw(int descriptor, const void *data, size_t size)
{
	assert_int_equal(send(descriptor, data, size, MSG_NOSIGNAL), size);
}

/* True when the other end has hung up. */
static bool is_cut_off(int descriptor)
{
	char byte;
	ssize_t got = recv(descriptor, &byte, 1, 0);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

static struct bytes request_of(struct arena *arena, const char *word)
{
	struct text words[] = { text_of(word) };
	const struct control_request request = { .words = words, .word_count = 1, .working_dir = text_of("/here"), .now_ms = 5 };
	struct bytes bytes = { 0 };

	assert_int_equal(control_request_encode(arena, &request, &bytes), STATUS_OK);
	return bytes;
}

/* Reads what came back; the reply must be whole. */
static struct control_reply reply_of(struct bench *bench, int descriptor)
{
	static uint8_t buffer[256 * 1024];
	struct control_reply reply = { 0 };
	size_t size = 0;
	ssize_t got;

	step(bench);
	while ((got = recv(descriptor, buffer + size, sizeof(buffer) - size, 0)) > 0)
		size += (size_t)got;
	assert_true(size > CONTROL_HEAD_SIZE);
	assert_int_equal(control_reply_decode(&bench->scratch->arena,
				 (struct bytes){ buffer + CONTROL_HEAD_SIZE, size - CONTROL_HEAD_SIZE }, &reply),
		STATUS_OK);
	return reply;
}

static void bench_stop(struct bench *bench)
{
	control_close(bench->control);
}

static void a_request_in_single_bytes_is_answered(void **state)
{
	struct bench bench;
	struct bytes request;
	int descriptor;
	struct control_reply reply;

	bench_start(&bench, *state);
	request = request_of(&bench.scratch->arena, "工单");
	descriptor = connect_raw(&bench);
	for (size_t i = 0; i < request.size; i++) {
		assert_int_equal(bench.answered, 0);
		send_raw(descriptor, request.data + i, 1);
		step(&bench);
	}
	reply = reply_of(&bench, descriptor);
	assert_int_equal(reply.exit_code, 1);
	assert_string_equal(reply.out.data, "工单");
	assert_string_equal(reply.err.data, "/here");
	(void)close(descriptor);
	bench_stop(&bench);
}

static void half_a_request_is_cut_off_in_time_and_disturbs_nobody(void **state)
{
	struct bench bench;
	struct bytes request;
	int half, silent, whole;

	bench_start(&bench, *state);
	request = request_of(&bench.scratch->arena, "x");
	half = connect_raw(&bench);
	silent = connect_raw(&bench);
	send_raw(half, request.data, request.size / 2);
	step(&bench);
	whole = connect_raw(&bench);
	send_raw(whole, request.data, request.size);
	assert_int_equal(reply_of(&bench, whole).exit_code, 1);
	assert_int_equal(control_timeout_ms(bench.control), CONTROL_READ_TIMEOUT_MS);
	bench.now_ms += CONTROL_READ_TIMEOUT_MS - 1;
	step(&bench);
	assert_false(is_cut_off(half));
	bench.now_ms += 1;
	step(&bench);
	assert_true(is_cut_off(half));
	assert_true(is_cut_off(silent));
	assert_int_equal(control_timeout_ms(bench.control), -1);
	(void)close(half);
	(void)close(silent);
	(void)close(whole);
	bench_stop(&bench);
}

static void a_client_that_drips_does_not_stay_longer_for_it(void **state)
{
	struct bench bench;
	struct bytes request;
	int descriptor;

	bench_start(&bench, *state);
	request = request_of(&bench.scratch->arena, "a long enough word to drip for a while");
	descriptor = connect_raw(&bench);
	for (size_t i = 0; i < 5; i++) {
		send_raw(descriptor, request.data + i, 1);
		step(&bench);
		bench.now_ms += CONTROL_READ_TIMEOUT_MS / 5;
	}
	step(&bench);
	assert_true(is_cut_off(descriptor));
	(void)close(descriptor);
	bench_stop(&bench);
}

static void hostile_bytes_get_a_sentence_and_exit_code_2(void **state)
{
	static const char *const bodies[] = { "", "{", "[]", "null", "{}", "{\"words\":7}", "{\"words\":[7]}", "{\"words\":[[]]}",
		"{\"words\":[\"a\"],\"words\":[\"b\"]}", "{\"words\":[\"\\u0000\"]}", "{\"words\":[\"\xff\"]}", "[[[[[[[[[[[[[[[[[[[[" };
	struct bench bench;

	bench_start(&bench, *state);
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		uint8_t head[CONTROL_HEAD_SIZE] = { (uint8_t)strlen(bodies[i]) };
		int descriptor = connect_raw(&bench);
		struct control_reply reply;
		send_raw(descriptor, head, sizeof(head));
		send_raw(descriptor, bodies[i], strlen(bodies[i]));
		reply = reply_of(&bench, descriptor);
		assert_int_equal(reply.exit_code, 2);
		assert_non_null(strstr(reply.err.data, "control request"));
		(void)close(descriptor);
	}
	assert_int_equal(bench.answered, 0);
	bench_stop(&bench);
}

static void a_length_beyond_the_limit_is_refused_before_it_is_read(void **state)
{
	static const uint8_t heads[][CONTROL_HEAD_SIZE] = { { 0xff, 0xff, 0xff, 0xff }, { 1, 0, 0x10, 0 } };
	struct bench bench;

	bench_start(&bench, *state);
	for (size_t i = 0; i < LENGTH(heads); i++) {
		int descriptor = connect_raw(&bench);
		struct control_reply reply;
		send_raw(descriptor, heads[i], CONTROL_HEAD_SIZE);
		reply = reply_of(&bench, descriptor);
		assert_int_equal(reply.exit_code, 2);
		assert_non_null(strstr(reply.err.data, "at most 1048576"));
		(void)close(descriptor);
	}
	bench_stop(&bench);
}

static void random_bytes_never_reach_the_handler(void **state)
{
	struct bench bench;
	uint64_t seed = 7;

	bench_start(&bench, *state);
	for (int i = 0; i < 300; i++) {
		uint8_t noise[64];
		int descriptor = connect_raw(&bench);
		for (size_t k = 0; k < sizeof(noise); k++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
			noise[k] = (uint8_t)(seed >> 33);
		}
		noise[1] = noise[2] = noise[3] = 0; /* so that most are short enough to be looked into */
		send_raw(descriptor, noise, sizeof(noise));
		step(&bench);
		(void)close(descriptor);
		step(&bench);
	}
	assert_int_equal(bench.answered, 0);
	assert_int_equal(control_timeout_ms(bench.control), -1);
	bench_stop(&bench);
}

static void silent_clients_hold_a_newcomer_up_only_until_they_are_cut_off(void **state)
{
	struct bench bench;
	struct pollfd polls[CONTROL_POLL_MAX];
	struct bytes request;
	int silent[CONTROL_CLIENTS_MAX], newcomer;

	bench_start(&bench, *state);
	request = request_of(&bench.scratch->arena, "x");
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		silent[i] = connect_raw(&bench);
	step(&bench);
	assert_int_equal(control_poll(bench.control, polls), CONTROL_CLIENTS_MAX);
	newcomer = connect_raw(&bench);
	send_raw(newcomer, request.data, request.size);
	step(&bench);
	assert_int_equal(bench.answered, 0);
	bench.now_ms += CONTROL_READ_TIMEOUT_MS;
	assert_int_equal(reply_of(&bench, newcomer).exit_code, 1);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		(void)close(silent[i]);
	(void)close(newcomer);
	bench_stop(&bench);
}

static void allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void without_a_descriptor_to_spare_a_caller_waits_and_the_loop_sleeps(void **state)
{
	struct bench bench;
	struct pollfd polls[CONTROL_POLL_MAX];
	struct bytes request;
	int caller;

	if (getenv("TRUCKROLL_VALGRIND") != NULL)
		return; /* it takes the caller from the queue before it says that there is no descriptor */
	bench_start(&bench, *state);
	bench.now_ms = 1000;
	request = request_of(&bench.scratch->arena, "x");
	caller = connect_raw(&bench);
	send_raw(caller, request.data, request.size);
	allow_descriptors(3);
	for (int i = 0; i < 3; i++) {
		step(&bench);
		assert_int_equal(control_poll(bench.control, polls), 0);
		assert_int_equal(control_timeout_ms(bench.control), CONTROL_STARVED_MS);
		assert_int_equal(control_take_starved(bench.control), i == 0); /* said once */
		bench.now_ms += CONTROL_STARVED_MS;
		assert_int_equal(control_poll(bench.control, polls), 1);
	}
	allow_descriptors(RLIM_INFINITY);
	assert_int_equal(reply_of(&bench, caller).exit_code, 1);
	assert_int_equal(control_timeout_ms(bench.control), -1);
	(void)close(caller);
	bench_stop(&bench);
}

static void huge_answer(void *context, struct arena *arena, const struct control_request *request, struct control_reply *out_reply)
{
	const size_t size = CONTROL_REPLY_MAX;
	char *data = arena_allocate(arena, size);

	(void)context;
	(void)request;
	memset(data, '\n', size); /* two bytes each in JSON */
	*out_reply = (struct control_reply){ .out = { data, size }, .err = text_of("") };
}

static void a_reply_too_large_is_cut_and_says_so(void **state)
{
	struct scratch *scratch = *state;
	const struct control_request request = { 0 };
	struct control_reply reply = { 0 }, decoded = { 0 };
	struct bytes bytes;

	huge_answer(NULL, &scratch->arena, &request, &reply);
	bytes = control_reply_encode(&scratch->arena, &reply);
	assert_true(bytes.size <= CONTROL_HEAD_SIZE + CONTROL_REPLY_MAX);
	assert_int_equal(control_reply_decode(&scratch->arena,
				 (struct bytes){ bytes.data + CONTROL_HEAD_SIZE, bytes.size - CONTROL_HEAD_SIZE }, &decoded),
		STATUS_OK);
	assert_true(decoded.out.size > 0 && decoded.out.size < reply.out.size);
	assert_non_null(strstr(decoded.err.data, "cut after"));
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
	struct bench bench;
	struct bytes request;
	int descriptor;

	bench_start(&bench, *state);
	request = request_of(&bench.scratch->arena, "x");
	descriptor = connect_raw(&bench);
	send_raw(descriptor, request.data, request.size);
	control_step(bench.control, huge_answer, NULL);
	assert_int_equal(control_timeout_ms(bench.control), CONTROL_WRITE_TIMEOUT_MS);
	bench.now_ms += CONTROL_WRITE_TIMEOUT_MS;
	control_step(bench.control, huge_answer, NULL);
	assert_int_equal(control_timeout_ms(bench.control), -1);
	(void)close(descriptor);
	bench_stop(&bench);
}

static void the_socket_is_for_its_owner_alone_and_goes_with_it(void **state)
{
	struct bench bench;
	struct stat what;
	const char *path;
	struct control_reply reply;
	const struct control_request request = { 0 };

	bench_start(&bench, *state);
	path = scratch_path(bench.scratch, "sock");
	assert_int_equal(stat(path, &what), 0);
	assert_int_equal(what.st_mode & 0777, 0600);
	bench_stop(&bench);
	assert_int_not_equal(stat(path, &what), 0);
	assert_int_equal(control_call(bench.scratch->dir, &bench.scratch->arena, &request, 100, 100, &reply), STATUS_NOT_FOUND);
}

static void a_stale_socket_is_replaced(void **state)
{
	struct scratch *scratch = *state;
	struct sockaddr_un address;
	int stale = socket(AF_UNIX, SOCK_STREAM, 0), dir;
	struct control_reply reply;
	const struct control_request request = { 0 };
	struct bench bench;

	assert_int_equal(control_address(scratch->dir, &address, &dir), STATUS_OK);
	assert_int_equal(bind(stale, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(stale);
	assert_int_equal(control_call(scratch->dir, &scratch->arena, &request, 100, 100, &reply), STATUS_NOT_FOUND);
	bench_start(&bench, scratch);
	(void)close(connect_raw(&bench));
	bench_stop(&bench);
}

static void a_directory_with_a_long_name_has_a_socket_too(void **state)
{
	struct scratch *scratch = *state;
	struct bench bench;
	char name[160];
	const char *dir;
	struct control *control;
	struct sockaddr_un address;
	int descriptor = socket(AF_UNIX, SOCK_STREAM, 0), dir_descriptor;

	bench = (struct bench){ .clock = { .now_ms = fake_now, .monotonic_ms = fake_now } };
	bench.clock.context = &bench.now_ms;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	dir = scratch_path(scratch, name);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(control_open(dir, &bench.clock, &control), STATUS_OK);
	assert_int_equal(control_address(dir, &address, &dir_descriptor), STATUS_OK);
	assert_int_equal(connect(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(descriptor);
	(void)close(dir_descriptor);
	control_close(control);
	assert_int_equal(rmdir(dir), 0); /* the socket was taken away */
}

/* A server in a thread of its own, and many callers at once. */
struct crowd {
	struct bench *bench;
	atomic_bool over;
	atomic_int right;
};

static void *serve(void *context)
{
	struct crowd *crowd = context;
	struct pollfd polls[CONTROL_POLL_MAX];

	while (!atomic_load(&crowd->over)) {
		(void)poll(polls, (nfds_t)control_poll(crowd->bench->control, polls), 20);
		control_step(crowd->bench->control, echo, crowd->bench);
	}
	return NULL;
}

static void *call(void *context)
{
	struct crowd *crowd = context;
	struct arena arena = { 0 };
	struct text words[] = { text_of("hello"), text_of("you") };
	const struct control_request request = { .words = words, .word_count = 2 };
	struct control_reply reply;

	if (control_call(crowd->bench->scratch->dir, &arena, &request, 60000, 60000, &reply) == STATUS_OK && reply.exit_code == 2 &&
		text_equals(reply.out, "hello"))
		atomic_fetch_add(&crowd->right, 1);
	arena_finish(&arena);
	return NULL;
}

static void two_hundred_clients_at_once_are_all_answered(void **state)
{
	enum { CALLERS = 200 };
	struct bench bench;
	struct crowd crowd = { .bench = &bench };
	pthread_t server, callers[CALLERS];

	bench_start(&bench, *state);
	assert_int_equal(pthread_create(&server, NULL, serve, &crowd), 0);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&callers[i], NULL, call, &crowd), 0);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(callers[i], NULL), 0);
	atomic_store(&crowd.over, true);
	assert_int_equal(pthread_join(server, NULL), 0);
	assert_int_equal(atomic_load(&crowd.right), CALLERS);
	assert_int_equal(bench.answered, CALLERS);
	bench_stop(&bench);
}

/* Takes one connection, reads a little and answers with odd bytes. */
static void *odd_server(void *context)
{
	static const uint8_t odd[] = { 9, 0, 0, 0, 'n', 'o', ' ', 'j', 's', 'o', 'n', '!', '!' };
	int listener = *(int *)context, descriptor = accept(listener, NULL, NULL);
	char bytes[4096];

	(void)!recv(descriptor, bytes, sizeof(bytes), 0);
	(void)!send(descriptor, odd, sizeof(odd), MSG_NOSIGNAL);
	(void)close(descriptor);
	descriptor = accept(listener, NULL, NULL);
	(void)close(descriptor); /* ends in the middle */
	return NULL;
}

static void a_caller_believes_no_odd_reply_and_tells_of_an_owner_that_ended(void **state)
{
	struct scratch *scratch = *state;
	struct sockaddr_un address;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), dir;
	const struct control_request request = { 0 };
	struct control_reply reply = { .exit_code = 99 };
	pthread_t thread;

	assert_int_equal(control_address(scratch->dir, &address, &dir), STATUS_OK);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(pthread_create(&thread, NULL, odd_server, &listener), 0);
	assert_int_equal(control_call(scratch->dir, &scratch->arena, &request, 20000, 20000, &reply), STATUS_CORRUPT);
	assert_int_equal(control_call(scratch->dir, &scratch->arena, &request, 20000, 20000, &reply), STATUS_BUSY);
	assert_non_null(strstr(fail_reason(), "ended before it answered"));
	assert_non_null(strstr(fail_reason(), "truckroll outbox"));
	assert_int_equal(reply.exit_code, 99);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(listener);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRATCH(a_request_in_single_bytes_is_answered),
		WITH_SCRATCH(half_a_request_is_cut_off_in_time_and_disturbs_nobody),
		WITH_SCRATCH(a_client_that_drips_does_not_stay_longer_for_it),
		WITH_SCRATCH(hostile_bytes_get_a_sentence_and_exit_code_2),
		WITH_SCRATCH(a_length_beyond_the_limit_is_refused_before_it_is_read),
		WITH_SCRATCH(random_bytes_never_reach_the_handler),
		WITH_SCRATCH(silent_clients_hold_a_newcomer_up_only_until_they_are_cut_off),
		WITH_SCRATCH(without_a_descriptor_to_spare_a_caller_waits_and_the_loop_sleeps),
		WITH_SCRATCH(a_reply_too_large_is_cut_and_says_so),
		WITH_SCRATCH(a_client_that_does_not_read_is_cut_off),
		WITH_SCRATCH(the_socket_is_for_its_owner_alone_and_goes_with_it),
		WITH_SCRATCH(a_stale_socket_is_replaced),
		WITH_SCRATCH(a_directory_with_a_long_name_has_a_socket_too),
		WITH_SCRATCH(two_hundred_clients_at_once_are_all_answered),
		WITH_SCRATCH(a_caller_believes_no_odd_reply_and_tells_of_an_owner_that_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
