#include "protocol/transport/nng_listener.h"

#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "protocol/base/no_memory.h"
#include "protocol/transport/address.h"
#include "protocol/transport/connection_table.h"
#include "protocol/transport/listener_watch.h"
#include "protocol/transport/patience.h"
#include "protocol/transport/signal_file.h"

#define RECEIVERS          8
#define QUEUE_LENGTH       256 /* requests received and not taken; a full queue leaves the rest in the connections */
#define SEND_QUEUE_LENGTH  1024
#define REQUEST_HEADER_MAX 64 /* pipe, hops and request number; nng allows 8 hops */
#define TICK_MS            1000
#define CLOSE_WAIT_MS      2000
#define SWEEP_MAX          64 /* connections closed in one go */
#define NONE               UINT32_MAX

struct request {
	uint32_t generation;
	uint32_t next;     /* free list, or the link's list */
	uint32_t previous; /* of the link's list */
	uint32_t pipe;     /* 0: free */
	uint8_t header_size;
	uint8_t header[REQUEST_HEADER_MAX];
};

struct receiver {
	struct live_listener *listener;
	nng_aio *aio;
	bool waiting; /* not receiving, because the queue is full */
};

struct live_listener {
	struct listener base;
	nng_socket socket;
	nng_listener listener;
	struct listener_watch watch; /* of the owner's thread */
	int signal;
	struct listener_limits limits; /* whole */

	pthread_mutex_t mutex; /* guards all below */
	bool closing;
	struct receiver receivers[RECEIVERS];
	nng_msg *queue[QUEUE_LENGTH];
	size_t queue_first;
	size_t queue_count;
	struct connection_table connections; /* by their nng numbers; `first` of their requests */
	struct request *requests;
	uint32_t free_request;
	uint64_t accepted; /* connections ever */
	struct listener_counts counts;
};

/* ---- requests (mutex held) ---- */

static struct listener_token request_token(const struct live_listener *listener, uint32_t number)
{
	return (struct listener_token){ (uint64_t)listener->requests[number].generation << 32 | (number + 1) };
}

/* NONE when the token ended. */
static uint32_t request_find(const struct live_listener *listener, struct listener_token token)
{
	uint32_t number = (uint32_t)token.value - 1;

	if (token.value == 0 || number >= listener->limits.pending_max)
		return NONE;
	if (listener->requests[number].pipe == 0 || listener->requests[number].generation != token.value >> 32)
		return NONE;
	return number;
}

static void request_end(struct live_listener *listener, uint32_t number)
{
	struct request *request = &listener->requests[number];
	struct connection *link = connection_find(&listener->connections, request->pipe);

	if (request->previous != NONE)
		listener->requests[request->previous].next = request->next;
	else if (link != NULL)
		link->first = request->next;
	if (request->next != NONE)
		listener->requests[request->next].previous = request->previous;
	request->pipe = 0;
	request->generation++;
	request->next = listener->free_request;
	listener->free_request = number;
}

/* NONE when all are in use, the header is too long, or the connection is gone. */
static uint32_t request_begin(struct live_listener *listener, nng_msg *message)
{
	size_t header_size = nng_msg_header_len(message);
	struct connection *link = connection_find(&listener->connections, (uint32_t)nng_pipe_id(nng_msg_get_pipe(message)));
	uint32_t number = listener->free_request;
	struct request *request;

	if (link == NULL || number == NONE || header_size > REQUEST_HEADER_MAX)
		return NONE;
	request = &listener->requests[number];
	listener->free_request = request->next;
	request->pipe = link->number;
	request->previous = NONE;
	request->next = link->first;
	if (link->first != NONE)
		listener->requests[link->first].previous = number;
	link->first = number;
	request->header_size = (uint8_t)header_size;
	memcpy(request->header, nng_msg_header(message), header_size);
	return number;
}

/* ---- on nng's threads ---- */

static void listener_received(void *context)
{
	struct receiver *receiver = context;
	struct live_listener *listener = receiver->listener;
	int error = nng_aio_result(receiver->aio);

	(void)pthread_mutex_lock(&listener->mutex);
	if (error == 0) {
		/* There is room: a receiver runs only while there is a place for each that runs. */
		nng_msg *message = nng_aio_get_msg(receiver->aio);
		listener->counts.received_bytes += nng_msg_len(message);
		listener->queue[(listener->queue_first + listener->queue_count++) % QUEUE_LENGTH] = message;
		signal_file_raise(listener->signal);
	}
	receiver->waiting = listener->queue_count + RECEIVERS > QUEUE_LENGTH;
	if (error != NNG_ECLOSED && error != NNG_ECANCELED && !listener->closing && !receiver->waiting)
		nng_recv_aio(listener->socket, receiver->aio);
	(void)pthread_mutex_unlock(&listener->mutex);
}

static void link_end(struct live_listener *listener, uint32_t pipe)
{
	struct connection *link = connection_find(&listener->connections, pipe);

	if (link == NULL)
		return;
	while (link->first != NONE)
		request_end(listener, link->first);
	connection_remove(&listener->connections, pipe);
}

/* Takes in a newcomer; the connection that goes for it, the newcomer itself when no other may, else 0. */
static uint32_t link_admit(struct live_listener *listener, uint32_t newcomer)
{
	uint32_t leaving = 0;

	listener->accepted++;
	if (listener->connections.count >= listener->limits.pipes_max) {
		listener->counts.refused++;
		leaving = connection_to_leave(&listener->connections);
		if (leaving == 0)
			return newcomer;
		link_end(listener, leaving);
	}
	connection_add(&listener->connections, newcomer)->first = NONE;
	return leaving;
}

static void link_ask(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct live_listener *listener = context;
	uint32_t leaving;

	(void)event;
	(void)pthread_mutex_lock(&listener->mutex);
	leaving = link_admit(listener, (uint32_t)nng_pipe_id(pipe));
	(void)pthread_mutex_unlock(&listener->mutex);
	if (leaving != 0)
		(void)nng_pipe_close((nng_pipe){ .id = leaving });
}

static void link_gone(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct live_listener *listener = context;

	(void)event;
	(void)pthread_mutex_lock(&listener->mutex);
	link_end(listener, (uint32_t)nng_pipe_id(pipe));
	(void)pthread_mutex_unlock(&listener->mutex);
}

/* ---- on the owner's thread ---- */

/* The oldest message of the queue; NULL when it is empty. Starts the receivers that waited for room. */
static nng_msg *queue_take(struct live_listener *listener)
{
	nng_msg *message;

	if (listener->queue_count == 0) {
		signal_file_clear(listener->signal);
		return NULL;
	}
	message = listener->queue[listener->queue_first];
	listener->queue_first = (listener->queue_first + 1) % QUEUE_LENGTH;
	listener->queue_count--;
	for (size_t i = 0; i < RECEIVERS && listener->queue_count + RECEIVERS <= QUEUE_LENGTH; i++) {
		struct receiver *receiver = &listener->receivers[i];
		if (!receiver->waiting)
			continue;
		receiver->waiting = false;
		nng_recv_aio(listener->socket, receiver->aio);
	}
	return message;
}

static enum status live_take(struct listener *base, struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
	struct live_listener *listener = (struct live_listener *)base;

	for (;;) {
		nng_pipe pipe = NNG_PIPE_INITIALIZER;
		uint32_t number = NONE;
		bool refuse = false;
		nng_msg *message;

		(void)pthread_mutex_lock(&listener->mutex);
		message = queue_take(listener);
		if (message != NULL) {
			pipe = nng_msg_get_pipe(message);
			number = request_begin(listener, message);
			refuse = number == NONE && connection_find(&listener->connections, (uint32_t)nng_pipe_id(pipe)) != NULL;
			listener->counts.refused += refuse;
			if (number != NONE)
				*out_token = request_token(listener, number);
		}
		(void)pthread_mutex_unlock(&listener->mutex);
		if (message == NULL)
			return STATUS_NOT_FOUND;
		if (number != NONE)
			*out_request = arena_copy_bytes(arena, (struct bytes){ nng_msg_body(message), nng_msg_len(message) });
		nng_msg_free(message);
		if (refuse)
			(void)nng_pipe_close(pipe); /* its device sees the break at once and comes back later */
		if (number != NONE)
			return STATUS_OK;
	}
}

/* The nng number of a token's connection; 0 when the token ended. (mutex held) */
static uint32_t pipe_of(const struct live_listener *listener, struct listener_token token)
{
	uint32_t number = request_find(listener, token);

	return number == NONE ? 0 : listener->requests[number].pipe;
}

static void live_greet(struct listener *base, struct listener_token token)
{
	struct live_listener *listener = (struct live_listener *)base;

	(void)pthread_mutex_lock(&listener->mutex);
	(void)connection_greet(&listener->connections, pipe_of(listener, token), clock_monotonic_ms(listener->limits.clock));
	(void)pthread_mutex_unlock(&listener->mutex);
}

/* Ends one of an owner's connections beyond those `kept`; false when there is none. */
static bool owner_close_one(struct live_listener *listener, const struct id *owner, size_t kept)
{
	uint32_t leaving;

	(void)pthread_mutex_lock(&listener->mutex);
	leaving = connection_oldest_beyond(&listener->connections, owner, kept);
	link_end(listener, leaving);
	(void)pthread_mutex_unlock(&listener->mutex);
	if (leaving != 0)
		(void)nng_pipe_close((nng_pipe){ .id = leaving });
	return leaving != 0;
}

static void live_validate(struct listener *base, struct listener_token token, const struct id *owner)
{
	struct live_listener *listener = (struct live_listener *)base;
	bool proved;

	(void)pthread_mutex_lock(&listener->mutex);
	proved = connection_prove(&listener->connections, pipe_of(listener, token), owner, clock_monotonic_ms(listener->limits.clock));
	(void)pthread_mutex_unlock(&listener->mutex);
	if (proved)
		(void)owner_close_one(listener, owner, LISTENER_OWNED_MAX);
}

static void live_close_owner(struct listener *base, const struct id *owner)
{
	while (owner_close_one((struct live_listener *)base, owner, 0))
		continue;
}

static enum status live_reply(struct listener *base, struct listener_token token, struct bytes reply)
{
	struct live_listener *listener = (struct live_listener *)base;
	nng_msg *message;
	uint32_t number;

	if (nng_msg_alloc(&message, reply.size) != 0)
		no_memory();
	if (reply.size > 0)
		memcpy(nng_msg_body(message), reply.data, reply.size);
	(void)pthread_mutex_lock(&listener->mutex);
	number = request_find(listener, token);
	if (number != NONE) {
		const struct request *request = &listener->requests[number];
		if (nng_msg_header_append(message, request->header, request->header_size) != 0)
			no_memory();
		listener->counts.sent_bytes += reply.size;
		request_end(listener, number);
	}
	(void)pthread_mutex_unlock(&listener->mutex);
	/* nng hands it to the connection's own queue, or drops it when that is full or gone: it never waits for a peer. */
	if (number == NONE || nng_sendmsg(listener->socket, message, 0) != 0) {
		nng_msg_free(message);
		return STATUS_NOT_FOUND;
	}
	return STATUS_OK;
}

static void live_forget(struct listener *base, struct listener_token token)
{
	struct live_listener *listener = (struct live_listener *)base;
	uint32_t number;

	(void)pthread_mutex_lock(&listener->mutex);
	number = request_find(listener, token);
	if (number != NONE)
		request_end(listener, number);
	(void)pthread_mutex_unlock(&listener->mutex);
}

static int listen_at(nng_socket socket, const char *url, nng_listener *out_listener)
{
	int error = nng_listener_create(out_listener, socket, url);

	if (error == 0 && strncmp(url, "tcp://", strlen("tcp://")) == 0)
		error = nng_listener_set_bool(*out_listener, NNG_OPT_TCP_KEEPALIVE, true);
	return error == 0 ? nng_listener_start(*out_listener, 0) : error;
}

/* The old one goes first, with its connections: their devices come back. When the port cannot be had again, the next watch
 * tries once more. */
static void listen_anew(struct live_listener *listener)
{
	char *url = NULL;

	if (nng_listener_get_string(listener->listener, NNG_OPT_URL, &url) != 0)
		return;
	(void)nng_listener_close(listener->listener);
	(void)listen_at(listener->socket, url, &listener->listener);
	nng_strfree(url);
}

/* Ends those of one standing whose time is over and adds their pipes, which are still to be closed: nng tells of that only later. */
static size_t sweep(
	struct live_listener *listener, enum connection_standing standing, int64_t life_ms, uint32_t *out_pipes, size_t count)
{
	int64_t now_ms = clock_monotonic_ms(listener->limits.clock);

	while (count < SWEEP_MAX) {
		uint32_t pipe = connection_overdue(&listener->connections, standing, now_ms, life_ms);
		if (pipe == 0)
			break;
		link_end(listener, pipe);
		out_pipes[count++] = pipe;
	}
	return count;
}

static int64_t live_tick(struct listener *base)
{
	struct live_listener *listener = (struct live_listener *)base;
	int64_t now_ms = clock_monotonic_ms(listener->limits.clock);
	uint32_t pipes[SWEEP_MAX];
	uint64_t accepted;
	size_t count;

	(void)pthread_mutex_lock(&listener->mutex);
	count = sweep(listener, STANDING_SILENT, listener->limits.silent_ms, pipes, 0);
	count = sweep(listener, STANDING_GREETED, listener->limits.greeted_ms, pipes, count);
	listener->counts.unproved += count;
	accepted = listener->accepted;
	(void)pthread_mutex_unlock(&listener->mutex);
	if (!listener->limits.unwatched && listener_watch_tick(&listener->watch, listener->listener, now_ms, accepted))
		listen_anew(listener);
	for (size_t i = 0; i < count; i++)
		(void)nng_pipe_close((nng_pipe){ .id = pipes[i] });
	return count == SWEEP_MAX ? 0 : TICK_MS;
}

static void live_count(struct listener *base, struct listener_counts *out_counts)
{
	struct live_listener *listener = (struct live_listener *)base;

	(void)pthread_mutex_lock(&listener->mutex);
	*out_counts = listener->counts;
	out_counts->pipes = listener->connections.count;
	(void)pthread_mutex_unlock(&listener->mutex);
}

static int live_descriptor(const struct listener *base)
{
	return ((const struct live_listener *)base)->signal;
}

static int live_port(const struct listener *base)
{
	const struct live_listener *listener = (const struct live_listener *)base;
	int port = 0;

	return nng_listener_get_int(listener->listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0 ? port : 0;
}

/* ---- open and close ---- */

static void live_free(void *context)
{
	struct live_listener *listener = context;

	(void)nng_close(listener->socket); /* no callback runs for a connection after it */
	for (size_t i = 0; i < RECEIVERS; i++)
		nng_aio_free(listener->receivers[i].aio);
	for (; listener->queue_count > 0; listener->queue_count--)
		nng_msg_free(listener->queue[listener->queue_first++ % QUEUE_LENGTH]);
	if (listener->signal >= 0)
		(void)close(listener->signal);
	(void)pthread_mutex_destroy(&listener->mutex);
	connection_table_finish(&listener->connections);
	free(listener->requests);
	free(listener);
}

static void live_close(struct listener *base)
{
	struct live_listener *listener = (struct live_listener *)base;

	(void)pthread_mutex_lock(&listener->mutex);
	listener->closing = true;
	(void)pthread_mutex_unlock(&listener->mutex);
	listener_watch_finish(&listener->watch);
	(void)patience_run(live_free, listener, CLOSE_WAIT_MS);
}

static const struct listener_operations operations = {
	.descriptor = live_descriptor,
	.port = live_port,
	.take = live_take,
	.greet = live_greet,
	.validate = live_validate,
	.close_owner = live_close_owner,
	.reply = live_reply,
	.forget = live_forget,
	.tick = live_tick,
	.count = live_count,
	.close = live_close,
};

static struct live_listener *listener_make(const struct listener_limits *limits)
{
	struct live_listener *listener = memory_zeroed(1, sizeof(*listener));

	listener->base.operations = &operations;
	listener->limits = listener_limits_of(limits);
	listener->signal = -1;
	listener_watch_init(&listener->watch);
	listener->requests = memory_zeroed(listener->limits.pending_max, sizeof(*listener->requests));
	for (size_t i = 0; i < listener->limits.pending_max; i++)
		listener->requests[i].next = i + 1 == listener->limits.pending_max ? NONE : (uint32_t)(i + 1);
	connection_table_init(&listener->connections, listener->limits.pipes_max);
	if (pthread_mutex_init(&listener->mutex, NULL) != 0)
		abort();
	return listener;
}

/* The first error of nng; 0 when it listens. */
static int listener_start(struct live_listener *listener, const char *url)
{
	int error = nng_rep0_open_raw(&listener->socket);

	/* Before listening: connections made earlier would keep "unlimited". */
	if (error == 0)
		error = nng_socket_set_size(listener->socket, NNG_OPT_RECVMAXSZ, TRANSPORT_FRAME_MAX);
	if (error == 0)
		error = nng_socket_set_int(listener->socket, NNG_OPT_SENDBUF, SEND_QUEUE_LENGTH);
	if (error == 0)
		error = nng_pipe_notify(listener->socket, NNG_PIPE_EV_ADD_PRE, link_ask, listener);
	if (error == 0)
		error = nng_pipe_notify(listener->socket, NNG_PIPE_EV_REM_POST, link_gone, listener);
	for (size_t i = 0; i < RECEIVERS && error == 0; i++) {
		listener->receivers[i].listener = listener;
		error = nng_aio_alloc(&listener->receivers[i].aio, listener_received, &listener->receivers[i]);
	}
	if (error == 0)
		error = listen_at(listener->socket, url, &listener->listener);
	for (size_t i = 0; i < RECEIVERS && error == 0; i++)
		nng_recv_aio(listener->socket, listener->receivers[i].aio);
	return error;
}

static enum status listener_refuse(const char *url, int error)
{
	if (error == NNG_EADDRINUSE)
		return fail(STATUS_BUSY, "%s is in use by another program; stop it or choose another port", url);
	if (error == NNG_EADDRINVAL || error == NNG_EINVAL || error == NNG_ENOTSUP)
		return fail(STATUS_INVALID, "cannot listen on %s (%s); use tcp://HOST:PORT or ipc://PATH", url, nng_strerror(error));
	return fail(STATUS_CANNOT_WRITE, "cannot listen on %s (%s)", url, nng_strerror(error));
}

enum status listener_nng_open(const char *url, const struct listener_limits *limits, struct listener **out_listener)
{
	struct live_listener *listener;
	enum status status = address_check(url);
	int error;

	if (status != STATUS_OK)
		return status;
	listener = listener_make(limits);
	status = signal_file_open(&listener->signal);
	if (status == STATUS_OK) {
		error = listener_start(listener, url);
		if (error != 0)
			status = listener_refuse(url, error);
	}
	if (status == STATUS_OK)
		*out_listener = &listener->base;
	else
		live_close(&listener->base);
	return status;
}
