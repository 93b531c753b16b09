/* A server that says anything to a device that asked it, from its greeting on. What the bytes mean is worked out a second time here, from
 * SP's own documents: the first message that answers the request is its reply, what breaks the rules or hangs up before is a link that is
 * lost, and the client asks the next server as if nothing had been. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/transport/sp_client.h"
#include "tests/fuzz/target.h"

#define PATIENCE_MS   20000
#define GREETING_SIZE 8
#define HEAD_SIZE     8 /* the length, its greatest byte first */
#define WORD_SIZE     4

static const uint8_t greeting[GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 }; /* a reply socket */
static const uint8_t number[WORD_SIZE] = { 0x80, 0, 0, 1 };                       /* of a client's first request */

static int listens;
static char url[64];

static void begin(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);

	listens = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	insist(bind(listens, (const struct sockaddr *)&address, size) == 0 && listen(listens, 8) == 0);
	insist(getsockname(listens, (struct sockaddr *)&address, &size) == 0);
	(void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
}

/* Accepted, and read until its request is here, which is `size` bytes with all that is before it. Whoever hangs up resets: no port of the
 * machine waits for anything afterwards. */
static int answer_call(struct transport *transport, struct arena *arena, size_t size)
{
	const struct linger reset = { .l_onoff = 1 };
	int connection = accept(listens, NULL, NULL);
	uint8_t heard[64];
	struct bytes reply;

	insist(transport_receive(transport, 0, arena, &reply) == STATUS_NOT_FOUND); /* what waited for the connection leaves */
	insist(connection >= 0 && setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
	insist(recv(connection, heard, size, MSG_WAITALL) == (ssize_t)size);
	return connection;
}

/* The reply that it makes of all that is said; false: none. */
static bool understand(struct bytes said, struct bytes *out_reply)
{
	struct reader reader = reader_of(said);

	if (said.size < GREETING_SIZE || memcmp(read_view(&reader, GREETING_SIZE).data, greeting, GREETING_SIZE) != 0)
		return false;
	while (reader_left(&reader) >= HEAD_SIZE) {
		struct bytes head = read_view(&reader, HEAD_SIZE), message;
		uint64_t size = 0;

		for (size_t i = 0; i < HEAD_SIZE; i++)
			size = size << 8 | head.data[i];
		if (size > TRANSPORT_FRAME_MAX || size > reader_left(&reader))
			return false;
		message = read_view(&reader, (size_t)size);
		if (message.size >= WORD_SIZE && memcmp(message.data, number, WORD_SIZE) == 0) {
			*out_reply = (struct bytes){ message.data + WORD_SIZE, message.size - WORD_SIZE };
			return true;
		}
	}
	return false;
}

static void say(int connection, struct bytes said)
{
	for (size_t at = 0; at < said.size;) {
		ssize_t count = send(connection, said.data + at, said.size - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count <= 0)
			return; /* the client hung up, or will */
		at += (size_t)count;
	}
}

/* The same client, and a server that is well. */
static void ask_again(struct transport *transport, struct arena *arena)
{
	static const uint8_t good[] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 2, 'o', 'k' };
	struct bytes reply;
	int connection;

	insist(transport_send(transport, (struct bytes){ (const uint8_t *)"more", 4 }) == STATUS_OK);
	connection = answer_call(transport, arena, GREETING_SIZE + HEAD_SIZE + WORD_SIZE + 4);
	say(connection, (struct bytes){ good, sizeof(good) });
	insist(transport_receive(transport, PATIENCE_MS, arena, &reply) == STATUS_OK);
	insist(reply.size == 2 && memcmp(reply.data, "ok", 2) == 0);
	(void)close(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes said = { data, size }, expected, reply;
	struct transport *transport;
	struct arena arena = { 0 };
	enum status status;
	int connection;
	bool answered;

	if (url[0] == '\0')
		begin();
	insist(transport_sp_open(url, &transport) == STATUS_OK);
	insist(transport_send(transport, (struct bytes){ (const uint8_t *)"ask", 3 }) == STATUS_OK);
	connection = answer_call(transport, &arena, GREETING_SIZE + HEAD_SIZE + WORD_SIZE + 3);
	answered = understand(said, &expected);
	say(connection, said);
	(void)shutdown(connection, SHUT_WR);
	status = transport_receive(transport, PATIENCE_MS, &arena, &reply);
	insist(status == (answered ? STATUS_OK : STATUS_OFFLINE));
	insist(!answered || bytes_equal(reply, expected));
	(void)close(connection);
	if (!answered)
		ask_again(transport, &arena);
	transport_close(transport);
	arena_finish(&arena);
	return 0;
}
