#include "tests/bench/load/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_SIZE 8
#define NUMBER_BIT    0x80000000U /* of every request's number, as nng has it */

static const uint8_t greeting[GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
static const uint8_t reply_greeting[GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };

void line_init(struct line *line, int epoll, void *owner)
{
	*line = (struct line){ .descriptor = -1, .epoll = epoll, .owner = owner };
}

void line_close(struct line *line)
{
	if (line->descriptor >= 0)
		(void)close(line->descriptor);
	free(line->out);
	free(line->in);
	*line = (struct line){ .descriptor = -1,
		.epoll = line->epoll,
		.owner = line->owner,
		.request = line->request,
		.sent = line->sent,
		.received = line->received,
		.connections = line->connections };
}

static enum status lost(struct line *line, const char *doing, int error)
{
	line_close(line);
	return fail(STATUS_OFFLINE, "%s: %s", doing, error_to_text(error));
}

static void watch(struct line *line, int operation, bool writing)
{
	struct epoll_event event = { .events = EPOLLIN | (writing ? EPOLLOUT : 0), .data = { .ptr = line->owner } };

	line->writing = writing;
	if (epoll_ctl(line->epoll, operation, line->descriptor, &event) != 0)
		abort();
}

static enum status dial(struct line *line, uint16_t port, uint8_t source)
{
	const struct sockaddr_in server = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	const struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl((INADDR_LOOPBACK & ~0xffU) | source) } };
	int on = 1;

	line->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (line->descriptor < 0)
		return lost(line, "socket", errno);
	line->connections++;
	(void)setsockopt(line->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(line->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(line->descriptor, (const struct sockaddr *)&own, sizeof(own)) != 0)
		return lost(line, "bind", errno);
	if (connect(line->descriptor, (const struct sockaddr *)&server, sizeof(server)) != 0 && errno != EINPROGRESS)
		return lost(line, "connect", errno);
	watch(line, EPOLL_CTL_ADD, true);
	return STATUS_OK;
}

static void put(struct line *line, const void *bytes, size_t size)
{
	memcpy(line->out + line->out_size, bytes, size);
	line->out_size += size;
}

static void put_message(struct line *line, bool fresh, struct bytes frame)
{
	uint64_t length = 4 + (uint64_t)frame.size;
	uint8_t head[LINE_HEAD_SIZE];

	line->request = (line->request + 1) | NUMBER_BIT;
	for (size_t i = 0; i < 8; i++)
		head[i] = (uint8_t)(length >> (56 - 8 * i));
	for (size_t i = 0; i < 4; i++)
		head[8 + i] = (uint8_t)(line->request >> (24 - 8 * i));
	line->out = realloc(line->out, line->out_size + GREETING_SIZE + sizeof(head) + frame.size);
	if (line->out == NULL)
		abort();
	if (fresh)
		put(line, greeting, sizeof(greeting));
	put(line, head, sizeof(head));
	put(line, frame.data, frame.size);
}

static enum status flush(struct line *line)
{
	while (line->out_sent < line->out_size) {
		ssize_t count = send(line->descriptor, line->out + line->out_sent, line->out_size - line->out_sent, MSG_NOSIGNAL);
		if (count < 0 && (errno == EAGAIN || errno == ENOTCONN))
			break;
		if (count < 0)
			return lost(line, "send", errno);
		line->out_sent += (size_t)count;
		line->sent += (size_t)count;
	}
	if (line->out_sent == line->out_size) {
		free(line->out);
		line->out = NULL;
		line->out_size = line->out_sent = 0;
	}
	if (line->writing != (line->out_size > 0))
		watch(line, EPOLL_CTL_MOD, line->out_size > 0);
	return STATUS_OK;
}

enum status line_send(struct line *line, uint16_t port, uint8_t source, struct bytes frame)
{
	bool fresh = line->descriptor < 0;
	enum status status = fresh ? dial(line, port, source) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	put_message(line, fresh, frame);
	return fresh ? STATUS_OK : flush(line);
}

/* How many bytes the next whole thing has: the greeting, then a message with its head; 0: its length is not here yet. */
static size_t wanted(const struct line *line)
{
	uint64_t length = 0;

	if (!line->greeted)
		return GREETING_SIZE;
	if (line->in_size < 8)
		return 0;
	for (size_t i = 0; i < 8; i++)
		length = length << 8 | line->in[i];
	return 8 + (length > TRANSPORT_FRAME_MAX ? TRANSPORT_FRAME_MAX : (size_t)length);
}

static void drop(struct line *line, size_t size)
{
	line->in_size -= size;
	memmove(line->in, line->in + size, line->in_size);
}

/* Which request the message answers. */
static uint32_t request_of(const struct line *line)
{
	return (uint32_t)line->in[8] << 24 | (uint32_t)line->in[9] << 16 | (uint32_t)line->in[10] << 8 | line->in[11];
}

/* A whole thing, if there is one. STATUS_NOT_FOUND when it is none that is waited for. */
static enum status take(struct line *line, struct arena *arena, struct bytes *out_reply)
{
	size_t size = wanted(line);
	enum status status = STATUS_NOT_FOUND;

	if (size == 0 || line->in_size < size)
		return status;
	if (!line->greeted) {
		if (memcmp(line->in, reply_greeting, GREETING_SIZE) != 0)
			return lost(line, "greeting", EPROTO);
		line->greeted = true;
	} else if (size < LINE_HEAD_SIZE) {
		return lost(line, "message", EPROTO);
	} else if (request_of(line) == line->request) {
		*out_reply = arena_copy_bytes(arena, (struct bytes){ line->in + LINE_HEAD_SIZE, size - LINE_HEAD_SIZE });
		status = STATUS_OK;
	}
	drop(line, size);
	return status == STATUS_OK || line->in_size == 0 ? status : take(line, arena, out_reply);
}

static enum status fill(struct line *line)
{
	ssize_t count;

	if (line->in_capacity - line->in_size < 4096) {
		line->in_capacity = line->in_capacity == 0 ? 8192 : 2 * line->in_capacity;
		line->in = realloc(line->in, line->in_capacity);
		if (line->in == NULL)
			abort();
	}
	count = recv(line->descriptor, line->in + line->in_size, line->in_capacity - line->in_size, 0);
	if (count < 0 && errno == EAGAIN)
		return STATUS_NOT_FOUND;
	if (count <= 0)
		return lost(line, "receive", count == 0 ? ECONNRESET : errno);
	line->in_size += (size_t)count;
	line->received += (size_t)count;
	return STATUS_OK;
}

enum status line_ready(struct line *line, struct arena *arena, struct bytes *out_reply)
{
	enum status status = flush(line);

	while (status == STATUS_OK) {
		status = fill(line);
		if (status == STATUS_OK) {
			status = take(line, arena, out_reply);
			if (status == STATUS_OK)
				return STATUS_OK;
			if (status == STATUS_NOT_FOUND)
				status = STATUS_OK; /* more may be there */
		}
	}
	return status;
}
