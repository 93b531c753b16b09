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

void line_init(struct line *line, int epoll, void *owner)
{
	*line = (struct line){ .descriptor = -1, .epoll = epoll, .owner = owner, .stream = sp_stream_of(false, sp_reply_greeting) };
}

void line_close(struct line *line)
{
	if (line->descriptor >= 0)
		(void)close(line->descriptor);
	free(line->out);
	sp_stream_clear(&line->stream);
	*line = (struct line){ .descriptor = -1,
		.stream = sp_stream_of(false, sp_reply_greeting),
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
	uint8_t head[SP_HEAD_MAX + SP_NUMBER_SIZE];
	size_t head_size;

	line->request = sp_next_number(line->request);
	head_size = sp_request_head(false, line->request, frame.size, head);
	line->out = realloc(line->out, line->out_size + SP_GREETING_SIZE + head_size + frame.size);
	if (line->out == NULL)
		abort();
	if (fresh)
		put(line, sp_request_greeting, SP_GREETING_SIZE);
	put(line, head, head_size);
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

/* A whole message. STATUS_NOT_FOUND when it is none that is waited for. */
static enum status take(struct line *line, struct arena *arena, struct bytes *out_reply)
{
	struct bytes reply;
	bool found = sp_stream_reply(&line->stream, line->request, &reply);

	if (found)
		*out_reply = arena_copy_bytes(arena, reply);
	sp_stream_clear(&line->stream);
	return found ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status line_ready(struct line *line, struct arena *arena, struct bytes *out_reply)
{
	enum status status = flush(line);

	while (status == STATUS_OK) {
		size_t size;
		uint8_t *room = sp_stream_room(&line->stream, &size);
		ssize_t count = recv(line->descriptor, room, size, 0);
		enum sp_step step;
		if (count < 0 && errno == EAGAIN)
			return STATUS_NOT_FOUND;
		if (count <= 0)
			return lost(line, "receive", count == 0 ? ECONNRESET : errno);
		line->received += (size_t)count;
		step = sp_stream_took(&line->stream, (size_t)count);
		if (step == SP_BROKEN)
			return lost(line, "message", EPROTO);
		if (step == SP_MESSAGE && take(line, arena, out_reply) == STATUS_OK)
			return STATUS_OK;
	}
	return status;
}
