/* A connection to the listener that says anything, from its greeting on. What the bytes mean is worked out a second time here, from SP's
 * own documents: just these requests are taken, in their order, each is answered under the header it came with, what breaks the rules is
 * hung up on, and whoever comes next is served. First byte modulo 4: what becomes of the requests. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "protocol/transport/sp_listener.h"
#include "tests/fuzz/target.h"

#define PATIENCE_MS    20000
#define GREETING_SIZE  8
#define HEAD_SIZE      8 /* the length, its greatest byte first */
#define WORD_SIZE      4
#define HOPS_MAX       8
#define REQUESTS_MAX   512
#define ANSWER_SIZE    3
#define ANSWER_MAX     (HOPS_MAX * WORD_SIZE + ANSWER_SIZE)

static const uint8_t greeting[GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 }; /* a request socket */
static const uint8_t own_greeting[GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };
static const uint8_t good[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 1, 'h', 'i' };
static const struct bytes answer = { (const uint8_t *)"yes", ANSWER_SIZE };

static struct listener *listener;

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
	insist(connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0);
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

static struct listener_counts counted(void)
{
	struct listener_counts counts;

	listener_count(listener, &counts);
	return counts;
}

/* False: the connection ended before another request came. */
static bool take(struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
	struct pollfd ready = { .fd = listener_descriptor(listener), .events = POLLIN };

	while (listener_take(listener, arena, out_token, out_request) != STATUS_OK) {
		if (counted().connections == 0)
			return false;
		insist(poll(&ready, 1, PATIENCE_MS) == 1);
	}
	return true;
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

static void treat(const struct request *said, struct bytes body, struct listener_token token, enum treatment treatment, int connection)
{
	static const struct id somebody = { { 7 } };
	uint8_t heard[ANSWER_MAX];
	enum status status;

	insist(bytes_equal(said->body, body));

	if (treatment == TREATMENT_FORGET)
		listener_forget(listener, token);
	else if (treatment == TREATMENT_GREET)
		listener_greet(listener, token);
	else if (treatment == TREATMENT_VALIDATE)
		listener_validate(listener, token, &somebody);
	status = listener_reply(listener, token, answer);
	insist(status == (treatment == TREATMENT_FORGET ? STATUS_NOT_FOUND : STATUS_OK));
	insist(listener_reply(listener, token, answer) == STATUS_NOT_FOUND);
	if (status == STATUS_OK)
		insist(bytes_equal(said->header, hear_answer(connection, heard)));
}

/* In two pieces, so that one that is cut is taken up again. */
static void say(int connection, struct bytes said)
{
	size_t half = said.size / 2;

	(void)(send(connection, said.data, half, MSG_NOSIGNAL) < 0); /* it may be hung up on meanwhile */
	(void)(send(connection, said.data + half, said.size - half, MSG_NOSIGNAL) < 0);
}

/* The listener moves until so many connections are left. */
static void await_connections(struct arena *arena, size_t count)
{
	struct listener_token token;
	struct bytes request;

	while (counted().connections != count) {
		struct pollfd ready = { .fd = listener_descriptor(listener), .events = POLLIN };
		insist(poll(&ready, 1, PATIENCE_MS) == 1);
		insist(listener_take(listener, arena, &token, &request) == STATUS_NOT_FOUND);
	}
}

static void converse(struct bytes said, enum treatment treatment)
{
	static struct speech speech;
	struct listener_token token;
	struct arena arena = { 0 };
	struct bytes request;
	uint8_t heard[GREETING_SIZE];
	int connection = call();

	speech = (struct speech){ 0 };
	understand(&speech, said);
	await_connections(&arena, 1);
	insist(hear(connection, heard, GREETING_SIZE) && memcmp(heard, own_greeting, GREETING_SIZE) == 0);
	say(connection, said);
	for (size_t taken = 0; taken < speech.count; taken++) {
		insist(take(&arena, &token, &request));
		treat(&speech.requests[taken], request, token, treatment, connection);
	}
	if (!speech.hung_up)
		(void)close(connection);
	await_connections(&arena, 0);
	if (speech.hung_up)
		(void)close(connection);
	arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (listener == NULL)
		insist(listener_sp_open("tcp://127.0.0.1:0", NULL, &listener) == STATUS_OK);
	converse((struct bytes){ data + 1, size - 1 }, (enum treatment)(data[0] % TREATMENT_COUNT));
	converse((struct bytes){ good, sizeof(good) }, TREATMENT_ANSWER);
	return 0;
}
