#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,readability-identifier-naming): accept4() */
#include "protocol/transport/sp_listener.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "protocol/base/text.h"
#include "protocol/transport/address.h"
#include "protocol/transport/body_pool.h"
#include "protocol/transport/connection_table.h"
#include "protocol/transport/listening_socket.h"
#include "protocol/transport/sp_stream.h"

#define EVENTS_MAX 64
#define ACCEPT_MAX 64                 /* newcomers in one go: those who are there have their turn */
#define OUTBOX_MAX ((size_t)256 * 1024) /* replies that a peer does not read: one more, and it is hung up on */
#define TICK_MS    1000
#define SWEEP_MAX  64 /* connections closed in one go */
#define LINKS_MIN  64
#define NONE       UINT32_MAX
#define NEWCOMERS  UINT64_C(0) /* what epoll says of the socket that listens */

struct request {
	uint32_t generation;
	uint32_t next;     /* free list, or the link's list */
	uint32_t previous; /* of the link's list */
	uint32_t link;     /* its number; 0: free */
	uint8_t header_size;
	uint8_t header[SP_HEADER_MAX];
};

/* A connection. Its number is its place + 1. */
struct link {
	int descriptor; /* -1: free */
	uint32_t generation;
	uint32_t next;  /* free list */
	uint32_t first; /* of its requests */
	struct sp_stream stream;
	struct body_share share;
	uint8_t *outbox; /* malloc'ed; replies that did not fit into the socket, in SP's form; NULL: none */
	size_t outbox_size;
	size_t outbox_sent;
};

struct sp_listener {
	struct listener base;
	struct listener_limits limits; /* whole */
	int descriptor; /* listens */
	int watched;    /* epoll over it and all links */
	char *path;     /* of a local one, malloc'ed; NULL: TCP */
	int64_t paused_until_ms; /* takes no newcomers, since there is no descriptor for them; 0: it does */
	struct epoll_event events[EVENTS_MAX];
	size_t event_next, event_count;
	struct connection_table connections;
	struct body_pool pool;
	struct link *links;
	uint32_t link_count; /* as many as there were at once */
	uint32_t free_link;
	struct request *requests;
	uint32_t request_count; /* as many as there were at once */
	uint32_t free_request;
	struct listener_counts counts;
};

/* ---- requests ---- */

static struct listener_token request_token(const struct sp_listener *listener, uint32_t number)
{
	return (struct listener_token){ (uint64_t)listener->requests[number].generation << 32 | (number + 1) };
}

/* NONE when the token ended. */
static uint32_t request_find(const struct sp_listener *listener, struct listener_token token)
{
	uint32_t number = (uint32_t)token.value - 1;

	if (token.value == 0 || number >= listener->limits.pending_max)
		return NONE;
	if (listener->requests[number].link == 0 || listener->requests[number].generation != token.value >> 32)
		return NONE;
	return number;
}

/* NONE when all are in use. */
static uint32_t request_take(struct sp_listener *listener)
{
	uint32_t number = listener->free_request;

	if (number != NONE)
		listener->free_request = listener->requests[number].next;
	else if (listener->request_count < listener->limits.pending_max)
		number = listener->request_count++;
	return number;
}

/* As request_take. */
static uint32_t request_begin(struct sp_listener *listener, uint32_t link_number, struct bytes header)
{
	struct link *link = &listener->links[link_number - 1];
	uint32_t number = request_take(listener);
	struct request *request;

	if (number == NONE)
		return NONE;
	request = &listener->requests[number];
	request->link = link_number;
	request->previous = NONE;
	request->next = link->first;
	if (link->first != NONE)
		listener->requests[link->first].previous = number;
	link->first = number;
	request->header_size = (uint8_t)header.size;
	memcpy(request->header, header.data, header.size);
	return number;
}

static void request_end(struct sp_listener *listener, uint32_t number)
{
	struct request *request = &listener->requests[number];

	if (request->previous != NONE)
		listener->requests[request->previous].next = request->next;
	else
		listener->links[request->link - 1].first = request->next;
	if (request->next != NONE)
		listener->requests[request->next].previous = request->previous;
	request->link = 0;
	request->generation++;
	request->next = listener->free_request;
	listener->free_request = number;
}

/* The number of a token's connection; 0 when the token ended. */
static uint32_t link_of(const struct sp_listener *listener, struct listener_token token)
{
	uint32_t number = request_find(listener, token);

	return number == NONE ? 0 : listener->requests[number].link;
}

/* ---- links ---- */

static uint64_t link_key(const struct sp_listener *listener, uint32_t number)
{
	return (uint64_t)listener->links[number - 1].generation << 32 | number;
}

/* 0: it is gone. */
static uint32_t link_find(const struct sp_listener *listener, uint64_t key)
{
	uint32_t number = (uint32_t)key;

	return listener->links[number - 1].descriptor >= 0 && link_key(listener, number) == key ? number : 0;
}

static bool link_watch(struct sp_listener *listener, uint32_t number, int operation, uint32_t what)
{
	struct epoll_event event = { .events = what, .data.u64 = link_key(listener, number) };

	return epoll_ctl(listener->watched, operation, listener->links[number - 1].descriptor, &event) == 0;
}

static void body_end(struct sp_listener *listener, struct link *link)
{
	sp_stream_clear(&link->stream);
	body_share_end(&listener->pool, &link->share);
}

static void outbox_end(struct link *link)
{
	free(link->outbox);
	link->outbox = NULL;
	link->outbox_size = link->outbox_sent = 0;
}

/* Accepts 0: none. */
static void link_close(struct sp_listener *listener, uint32_t number)
{
	struct link *link;

	if (number == 0)
		return;
	link = &listener->links[number - 1];
	while (link->first != NONE)
		request_end(listener, link->first);
	connection_remove(&listener->connections, number);
	body_end(listener, link);
	outbox_end(link);
	(void)close(link->descriptor); /* epoll forgets it with that */
	link->descriptor = -1;
	link->generation++;
	link->next = listener->free_link;
	listener->free_link = number - 1;
}

static void links_grow(struct sp_listener *listener)
{
	uint32_t before = listener->link_count;

	listener->link_count = before == 0 ? LINKS_MIN : 2 * before;
	listener->links = memory_resize(listener->links, listener->link_count * sizeof(*listener->links));
	for (uint32_t i = before; i < listener->link_count; i++)
		listener->links[i] =
			(struct link){ .descriptor = -1, .next = i + 1 == listener->link_count ? NONE : i + 1 };
	listener->free_link = before;
}

/* Its number. */
static uint32_t link_add(struct sp_listener *listener, int descriptor)
{
	uint32_t place = listener->free_link;
	struct link *link;

	if (place == NONE) {
		links_grow(listener);
		place = listener->free_link;
	}
	link = &listener->links[place];
	listener->free_link = link->next;
	*link = (struct link){ .descriptor = descriptor,
		.generation = link->generation,
		.first = NONE,
		.stream = sp_stream_of(listener->path != NULL, sp_request_greeting) };
	(void)connection_add(&listener->connections, place + 1, clock_monotonic_ms(listener->limits.clock));
	return place + 1;
}

/* ---- newcomers ---- */

/* False: all who are there have proved themselves. */
static bool make_room(struct sp_listener *listener)
{
	uint32_t leaving = connection_to_leave(&listener->connections);

	listener->counts.refused++;
	link_close(listener, leaving);
	return leaving != 0;
}

static void link_begin(struct sp_listener *listener, int descriptor)
{
	const int yes = 1;
	uint32_t number;

	if (listener->connections.count >= listener->limits.connections_max && !make_room(listener)) {
		(void)close(descriptor);
		return;
	}
	number = link_add(listener, descriptor);
	(void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); /* no local socket has it, nor needs it */
	if (!link_watch(listener, number, EPOLL_CTL_ADD, EPOLLIN) ||
		send(descriptor, sp_reply_greeting, SP_GREETING_SIZE, MSG_NOSIGNAL) != SP_GREETING_SIZE)
		link_close(listener, number);
}

/* 0: they may come again. */
static void pause_newcomers(struct sp_listener *listener, int64_t until_ms)
{
	struct epoll_event event = { .events = until_ms > 0 ? 0 : EPOLLIN, .data.u64 = NEWCOMERS };

	if (epoll_ctl(listener->watched, EPOLL_CTL_MOD, listener->descriptor, &event) == 0)
		listener->paused_until_ms = until_ms;
}

/* The system says this also when nobody waits. */
static bool is_short_of_descriptors(const struct sp_listener *listener, int error)
{
	struct pollfd waiting = { .fd = listener->descriptor, .events = POLLIN };

	return (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) && poll(&waiting, 1, 0) > 0;
}

/* What follows when a newcomer could not be taken in: the next one; false: nobody until they come again. */
static bool go_on_after(struct sp_listener *listener, int error)
{
	if (error == ECONNABORTED || error == EINTR)
		return true;
	if (!is_short_of_descriptors(listener, error))
		return false;
	if (make_room(listener))
		return true;
	pause_newcomers(listener, clock_monotonic_ms(listener->limits.clock) + TICK_MS);
	return false;
}

static void accept_newcomers(struct sp_listener *listener)
{
	for (size_t i = 0; i < ACCEPT_MAX; i++) {
		int descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (descriptor >= 0)
			link_begin(listener, descriptor);
		else if (!go_on_after(listener, errno))
			return;
	}
}

/* ---- what comes in ---- */

static bool deliver(struct sp_listener *listener, uint32_t link_number, struct arena *arena, struct listener_token *out_token,
	struct bytes *out_request)
{
	struct link *link = &listener->links[link_number - 1];
	struct bytes header, body;
	enum sp_step step = sp_stream_parts(&link->stream, &header, &body);
	uint32_t number = NONE;

	if (step == SP_MESSAGE) {
		number = request_begin(listener, link_number, header);
		listener->counts.received_bytes += body.size;
		listener->counts.refused += number == NONE;
	}
	if (number != NONE) {
		*out_token = request_token(listener, number);
		*out_request = arena_copy_bytes(arena, body);
	}
	if (step != SP_MORE && number == NONE)
		link_close(listener, link_number); /* its device sees the break at once and comes back later */
	else
		body_end(listener, link);
	return number != NONE;
}

/* Room for the next bytes, where the sender has a share that allows it; NULL. */
static uint8_t *room_for(struct sp_listener *listener, uint32_t number, size_t *out_size)
{
	struct link *link = &listener->links[number - 1];

	if (link->stream.room == 0)
		body_share_begin(&link->share, connection_find(&listener->connections, number)->standing);
	if (!body_share_grow(&listener->pool, &link->share, sp_stream_next_size(&link->stream)))
		return NULL;
	return sp_stream_room(&link->stream, out_size);
}

/* True: a request came. Reads no further than to its end, and leaves the rest to the next time. */
static bool hear(struct sp_listener *listener, uint32_t number, struct arena *arena, struct listener_token *out_token,
	struct bytes *out_request)
{
	struct link *link = &listener->links[number - 1];
	enum sp_step step = SP_MORE;

	while (step == SP_MORE) {
		size_t size;
		uint8_t *room = room_for(listener, number, &size);
		ssize_t got;
		listener->counts.refused += room == NULL;
		if (room == NULL)
			break;
		got = recv(link->descriptor, room, size, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (got <= 0)
			break;
		step = sp_stream_took(&link->stream, (size_t)got);
	}
	if (step == SP_MESSAGE)
		return deliver(listener, number, arena, out_token, out_request);
	link_close(listener, number);
	return false;
}

/* ---- what goes out ---- */

/* Sends what it can; false: the connection is gone. A peer that has much to read is not asked for more. */
static bool flush(struct sp_listener *listener, uint32_t number)
{
	struct link *link = &listener->links[number - 1];
	ssize_t sent = send(
		link->descriptor, link->outbox + link->outbox_sent, link->outbox_size - link->outbox_sent, MSG_NOSIGNAL);

	if (sent > 0)
		link->outbox_sent += (size_t)sent;
	else if (sent == 0 || (errno != EAGAIN && errno != EINTR))
		return false;
	if (link->outbox_sent < link->outbox_size)
		return true;
	outbox_end(link);
	return link_watch(listener, number, EPOLL_CTL_MOD, EPOLLIN);
}

static void outbox_add(struct link *link, struct bytes bytes)
{
	if (bytes.size == 0)
		return;
	link->outbox_size -= link->outbox_sent;
	if (link->outbox_sent > 0)
		memmove(link->outbox, link->outbox + link->outbox_sent, link->outbox_size);
	link->outbox_sent = 0;
	link->outbox = memory_resize(link->outbox, link->outbox_size + bytes.size);
	memcpy(link->outbox + link->outbox_size, bytes.data, bytes.size);
	link->outbox_size += bytes.size;
}

/* The head of a reply, and the reply; what does not fit into the socket waits. False: the connection is not to go on. */
static bool say(struct sp_listener *listener, uint32_t number, struct bytes head, struct bytes reply)
{
	struct link *link = &listener->links[number - 1];
	struct iovec parts[] = { { (void *)(uintptr_t)head.data, head.size }, { (void *)(uintptr_t)reply.data, reply.size } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = LENGTH(parts) };
	bool waits = link->outbox != NULL;
	ssize_t sent = waits ? 0 : sendmsg(link->descriptor, &message, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (sent < 0)
		sent = 0;
	if ((size_t)sent == head.size + reply.size)
		return true;
	if (link->outbox_size - link->outbox_sent + head.size + reply.size > OUTBOX_MAX)
		return false;
	outbox_add(link, bytes_behind(head, (size_t)sent));
	outbox_add(link, bytes_behind(reply, (size_t)sent > head.size ? (size_t)sent - head.size : 0));
	return waits || link_watch(listener, number, EPOLL_CTL_MOD, EPOLLOUT);
}

/* ---- the listener's functions ---- */

static bool handle(struct sp_listener *listener, const struct epoll_event *event, struct arena *arena, struct listener_token *out_token,
	struct bytes *out_request)
{
	uint32_t number;

	if (event->data.u64 == NEWCOMERS) {
		accept_newcomers(listener);
		return false;
	}
	number = link_find(listener, event->data.u64);
	if (number == 0) /* it went after this was noticed */
		return false;
	if (listener->links[number - 1].outbox == NULL)
		return hear(listener, number, arena, out_token, out_request);
	if (!flush(listener, number))
		link_close(listener, number);
	return false;
}

static enum status sp_take(struct listener *base, struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
	struct sp_listener *listener = (struct sp_listener *)base;

	if (listener->event_next == listener->event_count) {
		int count = epoll_wait(listener->watched, listener->events, EVENTS_MAX, 0);
		listener->event_next = 0;
		listener->event_count = count < 0 ? 0 : (size_t)count;
	}
	while (listener->event_next < listener->event_count)
		if (handle(listener, &listener->events[listener->event_next++], arena, out_token, out_request))
			return STATUS_OK;
	return STATUS_NOT_FOUND;
}

static void sp_greet(struct listener *base, struct listener_token token)
{
	struct sp_listener *listener = (struct sp_listener *)base;

	(void)connection_greet(&listener->connections, link_of(listener, token), clock_monotonic_ms(listener->limits.clock));
}

static void sp_validate(struct listener *base, struct listener_token token, const struct id *owner)
{
	struct sp_listener *listener = (struct sp_listener *)base;

	if (connection_prove(&listener->connections, link_of(listener, token), owner, clock_monotonic_ms(listener->limits.clock)))
		link_close(listener, connection_oldest_beyond(&listener->connections, owner, LISTENER_OWNED_MAX));
}

static void sp_close_owner(struct listener *base, const struct id *owner)
{
	struct sp_listener *listener = (struct sp_listener *)base;
	uint32_t leaving;

	while ((leaving = connection_oldest_beyond(&listener->connections, owner, 0)) != 0)
		link_close(listener, leaving);
}

static enum status sp_reply(struct listener *base, struct listener_token token, struct bytes reply)
{
	struct sp_listener *listener = (struct sp_listener *)base;
	uint8_t head[SP_HEAD_MAX + SP_HEADER_MAX];
	uint32_t number = request_find(listener, token), link;
	const struct request *request;
	size_t size;

	if (number == NONE)
		return STATUS_NOT_FOUND;
	request = &listener->requests[number];
	size = sp_head(listener->path != NULL, request->header_size + reply.size, head);
	memcpy(head + size, request->header, request->header_size);
	size += request->header_size;
	link = request->link;
	request_end(listener, number);
	listener->counts.sent_bytes += reply.size;
	if (say(listener, link, (struct bytes){ head, size }, reply))
		return STATUS_OK;
	link_close(listener, link);
	return STATUS_NOT_FOUND;
}

static void sp_forget(struct listener *base, struct listener_token token)
{
	struct sp_listener *listener = (struct sp_listener *)base;
	uint32_t number = request_find(listener, token);

	if (number != NONE)
		request_end(listener, number);
}

/* Closes those of one standing whose time is over, at most `most`; how many there were. */
static size_t sweep(struct sp_listener *listener, enum connection_standing standing, int64_t life_ms, size_t most)
{
	int64_t now_ms = clock_monotonic_ms(listener->limits.clock);
	size_t count = 0;

	while (count < most) {
		uint32_t overdue = connection_overdue(&listener->connections, standing, now_ms, life_ms);
		if (overdue == 0)
			break;
		link_close(listener, overdue);
		count++;
	}
	listener->counts.unproved += count;
	return count;
}

static int64_t sp_tick(struct listener *base)
{
	struct sp_listener *listener = (struct sp_listener *)base;
	size_t count = sweep(listener, STANDING_SILENT, listener->limits.silent_ms, SWEEP_MAX);

	count += sweep(listener, STANDING_GREETED, listener->limits.greeted_ms, SWEEP_MAX - count);
	if (listener->paused_until_ms > 0 && clock_monotonic_ms(listener->limits.clock) >= listener->paused_until_ms)
		pause_newcomers(listener, 0);
	return count == SWEEP_MAX ? 0 : TICK_MS;
}

static void sp_count(struct listener *base, struct listener_counts *out_counts)
{
	struct sp_listener *listener = (struct sp_listener *)base;

	*out_counts = listener->counts;
	out_counts->connections = listener->connections.count;
}

static int sp_descriptor(const struct listener *base)
{
	return ((const struct sp_listener *)base)->watched;
}

static int sp_port(const struct listener *base)
{
	return listening_socket_port(((const struct sp_listener *)base)->descriptor);
}

/* ---- open and close ---- */

static void sp_close(struct listener *base)
{
	struct sp_listener *listener = (struct sp_listener *)base;

	for (uint32_t i = 0; i < listener->link_count; i++)
		if (listener->links[i].descriptor >= 0)
			link_close(listener, i + 1);
	if (listener->descriptor >= 0 && listener->path != NULL)
		(void)unlink(listener->path);
	if (listener->descriptor >= 0)
		(void)close(listener->descriptor);
	if (listener->watched >= 0)
		(void)close(listener->watched);
	connection_table_finish(&listener->connections);
	free(listener->path);
	free(listener->links);
	free(listener->requests);
	free(listener);
}

static const struct listener_operations operations = {
	.descriptor = sp_descriptor,
	.port = sp_port,
	.take = sp_take,
	.greet = sp_greet,
	.validate = sp_validate,
	.close_owner = sp_close_owner,
	.reply = sp_reply,
	.forget = sp_forget,
	.tick = sp_tick,
	.count = sp_count,
	.close = sp_close,
};

static struct sp_listener *listener_make(const struct listener_limits *limits)
{
	struct sp_listener *listener = memory_zeroed(1, sizeof(*listener));

	listener->base.operations = &operations;
	listener->limits = listener_limits_of(limits);
	listener->descriptor = listener->watched = -1;
	listener->pool.max = listener->limits.bodies_max;
	listener->free_link = listener->free_request = NONE;
	listener->requests = memory_zeroed(listener->limits.pending_max, sizeof(*listener->requests));
	connection_table_init(&listener->connections, listener->limits.connections_max);
	return listener;
}

static enum status listen_at(struct sp_listener *listener, const char *url)
{
	const char *path = address_path(url), *host, *port;
	struct arena arena = { 0 };
	enum status status;

	if (path != NULL) {
		status = listening_socket_open_local(url, path, &listener->descriptor);
		if (status == STATUS_OK)
			listener->path = memory_copy(path, strlen(path) + 1);
		return status;
	}
	address_split(&arena, url, &host, &port);
	status = listening_socket_open(url, host, port, &listener->descriptor);
	arena_finish(&arena);
	return status;
}

static enum status start(struct sp_listener *listener, const char *url)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = NEWCOMERS };
	enum status status = listen_at(listener, url);

	if (status != STATUS_OK)
		return status;
	listener->watched = epoll_create1(EPOLL_CLOEXEC);
	if (listener->watched >= 0 && epoll_ctl(listener->watched, EPOLL_CTL_ADD, listener->descriptor, &event) == 0)
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE, "cannot listen on %s (%s)", url, error_to_text(errno));
}

enum status listener_sp_open(const char *url, const struct listener_limits *limits, struct listener **out_listener)
{
	enum status status = address_check(url);
	struct sp_listener *listener;

	if (status != STATUS_OK)
		return status;
	listener = listener_make(limits);
	status = start(listener, url);
	if (status == STATUS_OK)
		*out_listener = &listener->base;
	else
		sp_close(&listener->base);
	return status;
}
