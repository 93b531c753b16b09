#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,readability-identifier-naming): POLLRDHUP */
#include "protocol/transport/sp_client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/base/clock.h"
#include "protocol/base/memory.h"
#include "protocol/transport/address.h"
#include "protocol/transport/event_set.h"
#include "protocol/transport/name_lookup.h"
#include "protocol/transport/sp_stream.h"

#define DIAL_MS 10000 /* for looking up, connecting and the greeting, at all addresses together */
#define TRY_MS  2000  /* for an address to take the connection, when there are others */

enum request_state {
	REQUEST_NONE,
	REQUEST_WAITING, /* it is in the outbox, or left; the reply is awaited */
	REQUEST_FAILED,  /* `failure` is set */
};

struct sp_client {
	struct transport transport;
	char *url;
	struct event_set set;       /* the look-up, the socket, and the end of a try's time */
	struct name_lookup *lookup; /* NULL: the addresses are known, or not asked for yet */
	struct socket_addresses addresses;
	size_t address_next;
	int64_t dial_until_ms, try_until_ms; /* monotonic; of the address that is tried */
	int socket;  /* -1: none */
	bool linked; /* it took bytes: no other address is tried with them */
	bool writing; /* its room is waited for */
	struct sp_stream stream;
	uint8_t *outbox; /* malloc'ed; the request in SP's form, behind a greeting where that has not left yet */
	size_t outbox_size, outbox_sent;
	size_t asked; /* bytes of the request, until they are counted as sent */
	uint32_t number;
	enum request_state state;
	char failure[REASON_SIZE];
	uint64_t sent, received;
};

static int64_t now_ms(void)
{
	return clock_monotonic_ms(clock_system());
}

/* ---- the request ---- */

/* The owner hears at its next look, which is worth while at once, what fail() was told last. */
static void give_up(struct sp_client *client)
{
	if (client->state != REQUEST_WAITING)
		return;
	client->state = REQUEST_FAILED;
	(void)snprintf(client->failure, sizeof(client->failure), "%s", fail_reason());
	(void)event_set_timer(&client->set, 0);
}

static void outbox_put(struct sp_client *client, const void *data, size_t size)
{
	if (size > 0)
		memcpy(client->outbox + client->outbox_size, data, size);
	client->outbox_size += size;
}

static void outbox_fill(struct sp_client *client, struct bytes request)
{
	uint8_t head[SP_HEAD_MAX + SP_NUMBER_SIZE];
	size_t head_size;

	client->number = sp_next_number(client->number);
	head_size = sp_request_head(client->stream.local, client->number, request.size, head);
	client->outbox_size = client->outbox_sent = 0;
	client->outbox = memory_resize(client->outbox, SP_GREETING_SIZE + head_size + request.size);
	if (!client->linked)
		outbox_put(client, sp_request_greeting, SP_GREETING_SIZE);
	outbox_put(client, head, head_size);
	outbox_put(client, request.data, request.size);
	client->asked = request.size;
}

/* What left to somebody who greets has been sent. */
static void count_sent(struct sp_client *client)
{
	if (!client->stream.greeted || client->outbox_sent < client->outbox_size)
		return;
	client->sent += client->asked;
	client->asked = 0;
}

/* ---- the link ---- */

static void lookup_end(struct sp_client *client)
{
	if (client->lookup == NULL)
		return;
	event_set_remove(&client->set, name_lookup_descriptor(client->lookup));
	name_lookup_drop(client->lookup);
	client->lookup = NULL;
}

static void hang_up(struct sp_client *client)
{
	size_t before = client->outbox_size - client->asked; /* greeting and head */

	lookup_end(client);
	if (client->outbox_sent > before) { /* a part left, and nobody greeted or the rest did not */
		client->sent += client->outbox_sent - before;
		client->asked = 0;
	}
	if (client->socket >= 0)
		(void)close(client->socket); /* epoll forgets it with that */
	client->socket = -1;
	client->linked = false;
	client->outbox_sent = 0;
	sp_stream_clear(&client->stream);
	client->stream = sp_stream_of(client->stream.local, sp_reply_greeting);
	(void)event_set_timer(&client->set, -1);
}

/* Each address has its share of the time that is left; the last has all of it, and so has one that took bytes. */
static void begin_try(struct sp_client *client)
{
	int64_t now = now_ms(), left_ms = client->dial_until_ms > now ? client->dial_until_ms - now : 0;
	int64_t others = client->linked ? 0 : (int64_t)(client->addresses.count - client->address_next);

	left_ms /= others + 1;
	if (others > 0 && left_ms > TRY_MS)
		left_ms = TRY_MS;
	client->try_until_ms = now + left_ms;
	(void)event_set_timer(&client->set, left_ms);
}

/* False with errno: it cannot even be begun. */
static bool connect_to(struct sp_client *client, const struct socket_address *address)
{
	const int yes = 1;

	client->socket = socket(address->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->socket < 0)
		return false;
	(void)setsockopt(client->socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	(void)setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); /* no local socket has it, nor needs it */
	client->writing = true;
	return (connect(client->socket, (const struct sockaddr *)&address->at, address->size) == 0 || errno == EINPROGRESS) &&
	       event_set_add(&client->set, client->socket, EPOLLIN | EPOLLOUT);
}

static enum status unreachable_for(const struct sp_client *client, int error)
{
	return fail(STATUS_OFFLINE, "%s cannot be reached (%s)", client->url, error_to_text(error));
}

/* The next address; when there is none, the end of it, for what fail() was told last. */
static void try_next(struct sp_client *client)
{
	hang_up(client);
	while (client->address_next < client->addresses.count) {
		if (connect_to(client, &client->addresses.each[client->address_next++])) {
			begin_try(client);
			return;
		}
		(void)unreachable_for(client, errno);
		hang_up(client);
	}
	give_up(client);
}

/* fail() was told why. */
static void lost(struct sp_client *client)
{
	if (client->linked)
		client->address_next = client->addresses.count;
	try_next(client);
}

static void lost_by(struct sp_client *client, int error)
{
	(void)unreachable_for(client, error);
	lost(client);
}

/* Sends what it can. */
static void flush(struct sp_client *client)
{
	while (client->outbox_sent < client->outbox_size) {
		ssize_t count =
			send(client->socket, client->outbox + client->outbox_sent, client->outbox_size - client->outbox_sent, MSG_NOSIGNAL);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (count <= 0) {
			lost_by(client, errno);
			return;
		}
		client->outbox_sent += (size_t)count;
		if (!client->linked) {
			client->linked = true;
			begin_try(client);
		}
	}
	count_sent(client);
	if (client->writing == (client->outbox_sent < client->outbox_size))
		return;
	client->writing = !client->writing;
	if (!event_set_change(&client->set, client->socket, client->writing ? EPOLLIN | EPOLLOUT : EPOLLIN))
		lost_by(client, errno);
}

static void take_addresses(struct sp_client *client)
{
	enum status status = name_lookup_take(client->lookup, &client->addresses);

	if (status == STATUS_NOT_FOUND)
		return;
	lookup_end(client);
	if (status == STATUS_OK)
		try_next(client);
	else
		give_up(client);
}

static struct socket_address local_address(const char *path)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct socket_address address = { .size = sizeof(local) };

	memcpy(local.sun_path, path, strlen(path)); /* address_check() has seen to it that it fits */
	memcpy(&address.at, &local, sizeof(local));
	return address;
}

static enum status begin_lookup(struct sp_client *client)
{
	struct arena arena = { 0 };
	const char *host, *port;
	enum status status;

	address_split(&arena, client->url, &host, &port);
	status = name_lookup_start(client->url, host == NULL ? "localhost" : host, port, &client->lookup);
	arena_finish(&arena);
	if (status == STATUS_OK && !event_set_add(&client->set, name_lookup_descriptor(client->lookup), EPOLLIN))
		status = unreachable_for(client, errno);
	return status;
}

static void dial(struct sp_client *client)
{
	const char *path = address_path(client->url);

	client->dial_until_ms = client->try_until_ms = now_ms() + DIAL_MS;
	client->address_next = client->addresses.count = 0;
	if (path != NULL) {
		client->addresses.each[client->addresses.count++] = local_address(path);
		try_next(client);
	} else if (begin_lookup(client) == STATUS_OK) {
		(void)event_set_timer(&client->set, DIAL_MS);
		take_addresses(client);
	} else {
		lookup_end(client);
		give_up(client);
	}
}

/* ---- what comes in ---- */

/* True: it is the reply that is awaited; else it is passed over, as one to an earlier request. */
static bool deliver(struct sp_client *client, struct arena *arena, struct bytes *out_reply)
{
	struct bytes reply;

	if (client->state != REQUEST_WAITING || !sp_stream_reply(&client->stream, client->number, &reply))
		return false;
	client->state = REQUEST_NONE;
	*out_reply = arena_copy_bytes(arena, reply);
	return true;
}

static enum sp_step took(struct sp_client *client, size_t count)
{
	bool greeted = client->stream.greeted;
	enum sp_step step = sp_stream_took(&client->stream, count);

	if (client->stream.greeted && !greeted) {
		(void)event_set_timer(&client->set, -1);
		count_sent(client);
	}
	return step;
}

/* True: the reply came. Reads no further than to the end of a message: whoever sends without end does not keep the owner here. */
static bool hear(struct sp_client *client, struct arena *arena, struct bytes *out_reply)
{
	enum sp_step step = SP_MORE;
	bool is_reply;

	while (step == SP_MORE) {
		size_t size;
		uint8_t *room = sp_stream_room(&client->stream, &size);
		ssize_t got = recv(client->socket, room, size, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (got < 0)
			(void)unreachable_for(client, errno);
		else if (got == 0)
			(void)fail(STATUS_OFFLINE, "%s hung up before it answered", client->url);
		if (got <= 0) {
			lost(client);
			return false;
		}
		step = took(client, (size_t)got);
	}
	if (step == SP_BROKEN) {
		(void)fail(STATUS_OFFLINE, "what answers at %s is no Truckroll server", client->url);
		lost(client);
		return false;
	}
	client->received += bytes_behind((struct bytes){ client->stream.body, client->stream.size }, SP_NUMBER_SIZE).size;
	is_reply = deliver(client, arena, out_reply);
	sp_stream_clear(&client->stream);
	return is_reply;
}

static enum status late(const struct sp_client *client)
{
	if (client->lookup == NULL)
		return unreachable_for(client, ETIMEDOUT);
	return fail(STATUS_OFFLINE, "%s cannot be reached (whoever knows the names of machines does not answer)", client->url);
}

static bool is_dialling(const struct sp_client *client)
{
	return client->lookup != NULL || (client->socket >= 0 && !client->stream.greeted);
}

/* Whatever can be done without waiting. True: the reply came. */
static bool run(struct sp_client *client, struct arena *arena, struct bytes *out_reply)
{
	if (client->lookup != NULL)
		take_addresses(client);
	if (client->socket >= 0 && client->outbox_sent < client->outbox_size)
		flush(client);
	if (client->linked && hear(client, arena, out_reply))
		return true;
	if (is_dialling(client) && now_ms() >= client->try_until_ms) {
		(void)late(client);
		lost(client);
	}
	return false;
}

/* ---- the transport's functions ---- */

/* Nobody may have looked since; an answer that came too late may lie before the end. */
static bool is_hung_up(int socket)
{
	struct pollfd end = { .fd = socket, .events = POLLRDHUP };

	return poll(&end, 1, 0) > 0;
}

static enum status sp_send(struct transport *transport, struct bytes request)
{
	struct sp_client *client = (struct sp_client *)transport;
	bool half_sent = client->outbox_sent < client->outbox_size; /* of one that is abandoned: its end will not go */

	if (client->linked && (half_sent || is_hung_up(client->socket)))
		hang_up(client);
	if (client->linked)
		client->sent += client->asked; /* of one that left whole, to somebody who has not greeted yet */
	outbox_fill(client, request);
	client->state = REQUEST_WAITING;
	if (client->socket < 0 && client->lookup == NULL)
		dial(client);
	if (client->socket >= 0)
		flush(client);
	return STATUS_OK;
}

static enum status sp_look(struct transport *transport, bool time_over, struct arena *arena, struct bytes *out_reply)
{
	struct sp_client *client = (struct sp_client *)transport;

	if (run(client, arena, out_reply))
		return STATUS_OK;
	if (time_over && is_dialling(client)) {
		(void)late(client);
		hang_up(client);
		give_up(client);
	}
	if (client->state != REQUEST_FAILED)
		return STATUS_NOT_FOUND;
	client->state = REQUEST_NONE;
	(void)event_set_timer(&client->set, -1);
	return fail(STATUS_OFFLINE, "%s", client->failure);
}

static void sp_count(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received)
{
	const struct sp_client *client = (const struct sp_client *)transport;

	*out_sent = client->sent;
	*out_received = client->received;
}

static int sp_descriptor(const struct transport *transport)
{
	return ((const struct sp_client *)transport)->set.events;
}

static void sp_close(struct transport *transport)
{
	struct sp_client *client = (struct sp_client *)transport;

	hang_up(client);
	event_set_close(&client->set);
	free(client->outbox);
	free(client->url);
	free(client);
}

static const struct transport_operations operations = {
	.send = sp_send,
	.look = sp_look,
	.count = sp_count,
	.descriptor = sp_descriptor,
	.close = sp_close,
};

enum status transport_sp_open(const char *url, struct transport **out_transport)
{
	struct sp_client *client;
	enum status status = address_check(url);

	if (status != STATUS_OK)
		return status;
	client = memory_zeroed(1, sizeof(*client));
	client->transport.operations = &operations;
	client->url = memory_copy(url, strlen(url) + 1);
	client->socket = -1;
	client->stream = sp_stream_of(address_path(url) != NULL, sp_reply_greeting);
	status = event_set_open(&client->set);
	if (status == STATUS_OK)
		*out_transport = &client->transport;
	else
		sp_close(&client->transport);
	return status;
}
