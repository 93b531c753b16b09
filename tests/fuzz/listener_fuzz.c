/* A connection to the listener that says anything, from its greeting on. What the bytes mean is worked out a second time here, from SP's
 * own documents: just these requests are taken, each is answered under the header it came with, what breaks the rules is hung up on, and
 * whoever comes next is served. nng may go deaf when it is hung up on; then the listener has to notice it by itself (decision 10), on a
 * clock of this test. First byte modulo 4: what becomes of the requests. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "protocol/transport/listener_watch.h"
#include "protocol/transport/nng_listener.h"
#include "tests/fuzz/target.h"

#define PATIENCE_MS    2000 /* then the listener is taken for deaf */
#define TRIES_MAX      20
#define MOMENT_NS      20000
#define MOMENTS_MAX    1500000 /* more than half a minute */
#define GREETING_SIZE  8
#define HEAD_SIZE      8 /* the length, its greatest byte first */
#define WORD_SIZE      4
#define HOPS_MAX       8
#define REQUESTS_MAX   512
#define ANSWER_SIZE    3
#define ANSWER_MAX     (HOPS_MAX * WORD_SIZE + ANSWER_SIZE)

static const uint8_t greeting[GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 }; /* a request socket */
static const uint8_t good[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 1, 'h', 'i' };
static const struct bytes answer = { (const uint8_t *)"yes", ANSWER_SIZE };

static struct listener *listener;
static int64_t now_ms = 1;
static bool looked; /* the listener may still have a connection to itself */

/* What is done with a request. */
enum treatment {
	TREATMENT_ANSWER,
	TREATMENT_GREET,
	TREATMENT_VALIDATE,
	TREATMENT_FORGET,
	TREATMENT_COUNT,
};

struct request {
	struct bytes header; /* the hops and its number */
	struct bytes body;
	bool taken;
};

/* What a connection says. */
struct speech {
	struct request requests[REQUESTS_MAX];
	size_t count;
	bool hung_up; /* its end breaks the rules */
};

/* False: it breaks the rules. */
static bool understand_frame(struct speech *speech, struct bytes frame)
{
	struct reader reader = reader_of(frame);
	size_t hops = 0;
	bool last = false;

	while (!last && hops < HOPS_MAX) {
		struct bytes word = read_view(&reader, WORD_SIZE);
		if (reader.bad)
			return false;
		last = (word.data[0] & 0x80) != 0;
		hops++;
	}
	if (last && speech->count < REQUESTS_MAX)
		speech->requests[speech->count++] = (struct request){ .header = { frame.data, hops * WORD_SIZE },
			.body = { frame.data + hops * WORD_SIZE, frame.size - hops * WORD_SIZE } };
	return true; /* too many hops: passed over */
}

static void understand(struct speech *speech, struct bytes said)
{
	struct reader reader = reader_of(said);

	if (said.size < GREETING_SIZE)
		return;
	speech->hung_up = memcmp(read_view(&reader, GREETING_SIZE).data, greeting, GREETING_SIZE) != 0;
	while (!speech->hung_up && reader_left(&reader) >= HEAD_SIZE) {
		struct bytes head = read_view(&reader, HEAD_SIZE);
		uint64_t size = 0;

		for (size_t i = 0; i < HEAD_SIZE; i++)
			size = size << 8 | head.data[i];
		speech->hung_up = size > TRANSPORT_FRAME_MAX;
		if (speech->hung_up || size > reader_left(&reader))
			return;
		speech->hung_up = !understand_frame(speech, read_view(&reader, (size_t)size));
	}
}

/* Whoever hangs up resets: no port of the machine waits for anything afterwards. */
static int call(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)listener_port(listener)), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000, .tv_usec = PATIENCE_MS % 1000 * 1000 };
	const struct linger reset = { .l_onoff = 1 };
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	insist(connection >= 0 && setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
	insist(setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
	(void)(connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0); /* the listener may just listen anew */
	return connection;
}

static bool hear(int connection, void *out, size_t size)
{
	for (size_t heard = 0; heard < size;) {
		ssize_t count = recv(connection, (uint8_t *)out + heard, size - heard, 0);
		if (count <= 0)
			return false;
		heard += (size_t)count;
	}
	return true;
}

/* False: nothing comes, be it that the other side was hung up on or that the listener is deaf. */
static bool take(struct arena *arena, int connection, struct listener_token *out_token, struct bytes *out_request)
{
	for (;;) {
		struct pollfd ready[] = { { .fd = listener_descriptor(listener), .events = POLLIN }, { .fd = connection } };
		int count;

		if (listener_take(listener, arena, out_token, out_request) == STATUS_OK)
			return true;
		count = poll(ready, LENGTH(ready), PATIENCE_MS);
		if (count == 0 || (ready[1].revents & (POLLHUP | POLLERR)) != 0)
			return listener_take(listener, arena, out_token, out_request) == STATUS_OK;
	}
}

/* The header of the next answer. */
static struct bytes hear_answer(int connection, uint8_t heard[static ANSWER_MAX])
{
	size_t size;

	insist(hear(connection, heard, HEAD_SIZE));
	size = heard[HEAD_SIZE - 1];
	insist(size > ANSWER_SIZE && size <= ANSWER_MAX && hear(connection, heard, size));
	insist(memcmp(heard + size - ANSWER_SIZE, answer.data, ANSWER_SIZE) == 0);
	return (struct bytes){ heard, size - ANSWER_SIZE };
}

/* It was said, with this header unless that is NULL, and was not taken before. Nobody promises an order: devices ask one by one. */
static void check_off(struct speech *speech, struct bytes body, const struct bytes *header)
{
	size_t i = 0;

	while (i < speech->count && (speech->requests[i].taken || !bytes_equal(speech->requests[i].body, body) ||
					(header != NULL && !bytes_equal(speech->requests[i].header, *header))))
		i++;
	insist(i < speech->count);
	speech->requests[i].taken = true;
}

static void treat(struct speech *speech, struct bytes body, struct listener_token token, enum treatment treatment, int connection)
{
	static const struct id somebody = { { 7 } };
	uint8_t heard[ANSWER_MAX];
	struct bytes header;
	enum status status;

	if (treatment == TREATMENT_FORGET)
		listener_forget(listener, token);
	else if (treatment == TREATMENT_GREET)
		listener_greet(listener, token);
	else if (treatment == TREATMENT_VALIDATE)
		listener_validate(listener, token, &somebody);
	status = listener_reply(listener, token, answer);
	insist(status == STATUS_NOT_FOUND || (status == STATUS_OK && treatment != TREATMENT_FORGET));
	insist(status == STATUS_OK || treatment == TREATMENT_FORGET || speech->hung_up);
	insist(listener_reply(listener, token, answer) == STATUS_NOT_FOUND);
	if (status == STATUS_OK && !speech->hung_up) {
		header = hear_answer(connection, heard);
		check_off(speech, body, &header);
	} else {
		check_off(speech, body, NULL);
	}
}

static void hang_up(int connection)
{
	const struct timespec moment = { .tv_nsec = MOMENT_NS };
	struct listener_counts counts;

	(void)close(connection);
	for (int i = 0; i < MOMENTS_MAX; i++) {
		listener_count(listener, &counts);
		looked = looked && counts.pipes > 0;
		if (counts.pipes <= looked)
			return;
		(void)nanosleep(&moment, NULL);
	}
	insist(false); /* a connection that is gone is let go */
}

/* In two pieces, so that one that is cut is taken up again. */
static void say(int connection, struct bytes said)
{
	size_t half = said.size / 2;

	(void)(send(connection, said.data, half, MSG_NOSIGNAL) < 0); /* it may be hung up on meanwhile */
	(void)(send(connection, said.data + half, said.size - half, MSG_NOSIGNAL) < 0);
}

/* False: the listener did not take what it has to, and has to be asked again. */
static bool listens_to(struct speech *speech, enum treatment treatment, int connection, struct arena *arena)
{
	struct listener_token token = { 0 };
	struct bytes request;
	uint8_t heard[GREETING_SIZE];
	size_t taken = 0;

	if (!speech->hung_up && !hear(connection, heard, GREETING_SIZE))
		return false;
	for (; taken < speech->count && take(arena, connection, &token, &request); taken++)
		treat(speech, request, token, treatment, connection);
	return taken == speech->count || speech->hung_up;
}

static bool converse(struct bytes said, enum treatment treatment)
{
	static struct speech speech;
	struct listener_token token;
	struct arena arena = { 0 };
	struct bytes request;
	int connection = call();
	bool listened;

	speech = (struct speech){ 0 };
	understand(&speech, said);
	say(connection, said);
	listened = listens_to(&speech, treatment, connection, &arena);
	hang_up(connection);
	insist(listener_take(listener, &arena, &token, &request) == STATUS_NOT_FOUND);
	arena_finish(&arena);
	return listened;
}

/* As much time as the listener needs to notice that it is deaf, in two looks. */
static void let_time_pass(void)
{
	const struct timespec moment = { .tv_nsec = 20 * MOMENT_NS };

	looked = true;
	for (int i = 0; i < 2; i++) {
		now_ms += LISTENER_WATCH_EVERY_MS + LISTENER_WATCH_WAIT_MS;
		(void)listener_tick(listener);
		(void)nanosleep(&moment, NULL);
	}
}

static void insist_on_being_heard(struct bytes said, enum treatment treatment)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		if (converse(said, treatment))
			return;
		let_time_pass();
	}
	insist(false);
}

static int64_t clock_read(void *context)
{
	(void)context;
	return now_ms;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clock clock = { .now_ms = clock_read, .monotonic_ms = clock_read };

	if (size == 0)
		return 0;
	if (listener == NULL)
		insist(listener_nng_open("tcp://127.0.0.1:0", &(struct listener_limits){ .clock = &clock }, &listener) == STATUS_OK);
	insist_on_being_heard((struct bytes){ data + 1, size - 1 }, (enum treatment)(data[0] % TREATMENT_COUNT));
	insist_on_being_heard((struct bytes){ good, sizeof(good) }, TREATMENT_ANSWER);
	return 0;
}
