#include "protocol/transport/nng_listener.h"

#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/transport/address.h"
#include "protocol/transport/listener_watch.h"
#include "protocol/transport/signal_file.h"

#define RECEIVERS          8
#define QUEUE_LENGTH       256 /* requests received and not taken; a full queue leaves the rest in the connections */
#define SEND_QUEUE_LENGTH  1024
#define REQUEST_HEADER_MAX 64 /* pipe, hops and request number; nng allows 8 hops */
#define SILENT_MS          30000
#define GREETED_MS         120000 /* a welcome and an answer of 64 KiB each over 10 kbit/s */
#define TICK_MS            1000
#define SWEEP_MAX          64 /* connections closed in one go */
#define NONE               UINT32_MAX

/* What a connection has shown of itself. */
enum standing {
	STANDING_SILENT,  /* nothing yet */
	STANDING_GREETED, /* something that makes sense, and could be a recording */
	STANDING_PROVED,  /* something that only its author can say now */
};

/* A connection. Found by its nng number through an open-addressing table of twice the size. */
struct link {
	uint32_t pipe;  /* 0: free */
	uint32_t first; /* of its requests */
	enum standing standing;
	uint32_t older; /* connections of the same standing, in the order they came to it; 0: none. Not of those that proved themselves */
	uint32_t newer;
	int64_t since_ms; /* 0: the next tick starts its time */
	struct id owner;  /* of one that proved itself */
	uint32_t sibling; /* the next older one whose owner has the same place; 0: none */
};

/* Connections that proved nothing, in the order in which they go. */
struct doubtful {
	uint32_t oldest;
	uint32_t newest;
	size_t count;
};

struct request {
	uint32_t generation;
	uint32_t next;     /* free list, or the link's list */
	uint32_t previous; /* of the link's list */
	uint32_t pipe;     /* 0: free */
	uint8_t header_size;
	uint8_t header[REQUEST_HEADER_MAX];
};

struct receiver {
	struct listener *listener;
	nng_aio *aio;
	bool waiting; /* not receiving, because the queue is full */
};

struct listener {
	nng_socket socket;
	nng_listener listener;
	struct listener_watch watch; /* of the owner's thread */
	int signal;
	const struct clock *clock;
	struct listener_limits limits;

	pthread_mutex_t mutex; /* guards all below */
	bool closing;
	struct receiver receivers[RECEIVERS];
	nng_msg *queue[QUEUE_LENGTH];
	size_t queue_first;
	size_t queue_count;
	struct link *links;
	size_t links_size; /* a power of two */
	uint32_t *owners;  /* by owner, of the same size: the newest that proved itself */
	struct doubtful doubtful[STANDING_PROVED]; /* by standing */
	struct request *requests;
	uint32_t free_request;
	uint64_t accepted; /* connections ever */
	struct listener_counts counts;
};

/* ---- connections (mutex held) ---- */

static size_t link_slot(const struct listener *listener, uint32_t pipe)
{
	size_t slot = (pipe * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (listener->links_size - 1);

	while (listener->links[slot].pipe != 0 && listener->links[slot].pipe != pipe)
		slot = (slot + 1) & (listener->links_size - 1);
	return slot;
}

static struct link *link_find(struct listener *listener, uint32_t pipe)
{
	struct link *link = &listener->links[link_slot(listener, pipe)];

	return pipe != 0 && link->pipe == pipe ? link : NULL;
}

static void doubtful_append(struct listener *listener, struct link *link, enum standing standing)
{
	struct doubtful *list = &listener->doubtful[standing];
	struct link *before = link_find(listener, list->newest);

	link->standing = standing;
	link->older = list->newest;
	link->newer = 0;
	if (before != NULL)
		before->newer = link->pipe;
	else
		list->oldest = link->pipe;
	list->newest = link->pipe;
	list->count++;
}

static void doubtful_remove(struct listener *listener, struct link *link)
{
	struct link *older = link_find(listener, link->older), *newer = link_find(listener, link->newer);
	struct doubtful *list = &listener->doubtful[link->standing];

	if (older != NULL)
		older->newer = link->newer;
	else
		list->oldest = link->newer;
	if (newer != NULL)
		newer->older = link->older;
	else
		list->newest = link->older;
	list->count--;
}

/* Owners are named by chance: nobody chooses their place. */
static uint32_t *owner_place(const struct listener *listener, const struct id *owner)
{
	uint64_t hash;

	memcpy(&hash, owner->bytes, sizeof(hash));
	return &listener->owners[(hash * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (listener->links_size - 1)];
}

static void owner_add(struct listener *listener, struct link *link, const struct id *owner)
{
	uint32_t *place = owner_place(listener, owner);

	link->standing = STANDING_PROVED;
	link->owner = *owner;
	link->sibling = *place;
	*place = link->pipe;
}

static void owner_remove(struct listener *listener, const struct link *link)
{
	uint32_t *place = owner_place(listener, &link->owner);

	while (*place != link->pipe)
		place = &link_find(listener, *place)->sibling;
	*place = link->sibling;
}

/* The oldest of an owner's connections but for its newest `kept`; 0 when there are no more. */
static uint32_t owner_oldest_beyond(struct listener *listener, const struct id *owner, size_t kept)
{
	uint32_t oldest = 0;
	size_t count = 0;

	for (uint32_t pipe = *owner_place(listener, owner); pipe != 0; pipe = link_find(listener, pipe)->sibling)
		if (id_equal(&link_find(listener, pipe)->owner, owner) && ++count > kept)
			oldest = pipe;
	return oldest;
}

/* Empties the slot and moves those behind it that would not be found any more. */
static void link_erase(struct listener *listener, size_t slot)
{
	size_t mask = listener->links_size - 1;

	if (listener->links[slot].standing == STANDING_PROVED)
		owner_remove(listener, &listener->links[slot]);
	else
		doubtful_remove(listener, &listener->links[slot]);
	listener->links[slot].pipe = 0;
	for (size_t i = (slot + 1) & mask; listener->links[i].pipe != 0; i = (i + 1) & mask) {
		struct link moved = listener->links[i];
		listener->links[i].pipe = 0;
		listener->links[link_slot(listener, moved.pipe)] = moved;
	}
}

/* ---- requests (mutex held) ---- */

static struct listener_token request_token(const struct listener *listener, uint32_t number)
{
	return (struct listener_token){ (uint64_t)listener->requests[number].generation << 32 | (number + 1) };
}

/* NONE when the token ended. */
static uint32_t request_find(const struct listener *listener, struct listener_token token)
{
	uint32_t number = (uint32_t)token.value - 1;

	if (token.value == 0 || number >= listener->limits.pending_max)
		return NONE;
	if (listener->requests[number].pipe == 0 || listener->requests[number].generation != token.value >> 32)
		return NONE;
	return number;
}

static void request_end(struct listener *listener, uint32_t number)
{
	struct request *request = &listener->requests[number];
	struct link *link = link_find(listener, request->pipe);

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
static uint32_t request_begin(struct listener *listener, nng_msg *message)
{
	size_t header_size = nng_msg_header_len(message);
	struct link *link = link_find(listener, (uint32_t)nng_pipe_id(nng_msg_get_pipe(message)));
	uint32_t number = listener->free_request;
	struct request *request;

	if (link == NULL || number == NONE || header_size > REQUEST_HEADER_MAX)
		return NONE;
	request = &listener->requests[number];
	listener->free_request = request->next;
	request->pipe = link->pipe;
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
	struct listener *listener = receiver->listener;
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

static void link_end(struct listener *listener, struct link *link)
{
	while (link->first != NONE)
		request_end(listener, link->first);
	link_erase(listener, (size_t)(link - listener->links));
	listener->counts.pipes--;
}

/* Which connection goes when there is one too many, 0 when all have proved themselves: the oldest of those that greeted when they are
 * more than half of those that proved nothing, else of the silent ones. So whoever fills the listener with connections pushes out mostly
 * its own, and recordings leave newcomers the time that a slow link takes. */
static uint32_t link_to_leave(const struct listener *listener)
{
	const struct doubtful *silent = &listener->doubtful[STANDING_SILENT], *greeted = &listener->doubtful[STANDING_GREETED];

	return greeted->count > silent->count ? greeted->oldest : silent->oldest;
}

/* Takes in a newcomer; the connection that goes for it, the newcomer itself when no other may, else 0. */
static uint32_t link_admit(struct listener *listener, uint32_t newcomer)
{
	uint32_t leaving = 0;
	struct link *link;

	listener->accepted++;
	if (listener->counts.pipes >= listener->limits.pipes_max) {
		listener->counts.refused++;
		leaving = link_to_leave(listener);
		if (leaving == 0)
			return newcomer;
		link_end(listener, link_find(listener, leaving));
	}
	link = &listener->links[link_slot(listener, newcomer)];
	*link = (struct link){ .pipe = newcomer, .first = NONE };
	doubtful_append(listener, link, STANDING_SILENT);
	listener->counts.pipes++;
	return leaving;
}

static void link_ask(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct listener *listener = context;
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
	struct listener *listener = context;
	struct link *link;

	(void)event;
	(void)pthread_mutex_lock(&listener->mutex);
	link = link_find(listener, (uint32_t)nng_pipe_id(pipe));
	if (link != NULL)
		link_end(listener, link);
	(void)pthread_mutex_unlock(&listener->mutex);
}

/* ---- on the owner's thread ---- */

/* The oldest message of the queue; NULL when it is empty. Starts the receivers that waited for room. */
static nng_msg *queue_take(struct listener *listener)
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

enum status listener_take(struct listener *listener, struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
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
			refuse = number == NONE && link_find(listener, (uint32_t)nng_pipe_id(pipe)) != NULL;
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

/* The connection of a request that has not risen so far yet, taken from its list; NULL. A standing is never lost again. (mutex held) */
static struct link *link_rising(struct listener *listener, struct listener_token token, enum standing standing)
{
	uint32_t number = request_find(listener, token);
	struct link *link = number == NONE ? NULL : link_find(listener, listener->requests[number].pipe);

	if (link == NULL || link->standing >= standing)
		return NULL;
	doubtful_remove(listener, link);
	link->since_ms = clock_monotonic_ms(listener->clock);
	return link;
}

void listener_greet(struct listener *listener, struct listener_token token)
{
	struct link *link;

	(void)pthread_mutex_lock(&listener->mutex);
	link = link_rising(listener, token, STANDING_GREETED);
	if (link != NULL)
		doubtful_append(listener, link, STANDING_GREETED);
	(void)pthread_mutex_unlock(&listener->mutex);
}

/* Ends one of an owner's connections beyond those `kept`; false when there is none. */
static bool owner_close_one(struct listener *listener, const struct id *owner, size_t kept)
{
	uint32_t leaving;

	(void)pthread_mutex_lock(&listener->mutex);
	leaving = owner_oldest_beyond(listener, owner, kept);
	if (leaving != 0)
		link_end(listener, link_find(listener, leaving));
	(void)pthread_mutex_unlock(&listener->mutex);
	if (leaving != 0)
		(void)nng_pipe_close((nng_pipe){ .id = leaving });
	return leaving != 0;
}

void listener_validate(struct listener *listener, struct listener_token token, const struct id *owner)
{
	struct link *link;

	(void)pthread_mutex_lock(&listener->mutex);
	link = link_rising(listener, token, STANDING_PROVED);
	if (link != NULL)
		owner_add(listener, link, owner);
	(void)pthread_mutex_unlock(&listener->mutex);
	if (link != NULL)
		(void)owner_close_one(listener, owner, LISTENER_OWNED_MAX);
}

void listener_close_owner(struct listener *listener, const struct id *owner)
{
	while (owner_close_one(listener, owner, 0))
		continue;
}

enum status listener_reply(struct listener *listener, struct listener_token token, struct bytes reply)
{
	nng_msg *message;
	uint32_t number;

	if (reply.size > TRANSPORT_BODY_MAX)
		return fail(
			STATUS_INVALID, "a reply of %zu bytes does not fit the carrier, which takes %zu", reply.size, TRANSPORT_BODY_MAX);
	if (nng_msg_alloc(&message, reply.size) != 0)
		abort();
	if (reply.size > 0)
		memcpy(nng_msg_body(message), reply.data, reply.size);
	(void)pthread_mutex_lock(&listener->mutex);
	number = request_find(listener, token);
	if (number != NONE) {
		const struct request *request = &listener->requests[number];
		if (nng_msg_header_append(message, request->header, request->header_size) != 0)
			abort();
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

void listener_forget(struct listener *listener, struct listener_token token)
{
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
static void listen_anew(struct listener *listener)
{
	char *url = NULL;

	if (nng_listener_get_string(listener->listener, NNG_OPT_URL, &url) != 0)
		return;
	(void)nng_listener_close(listener->listener);
	(void)listen_at(listener->socket, url, &listener->listener);
	nng_strfree(url);
}

/* Ends those of one standing whose time is over and adds their pipes, which are still to be closed: nng tells of that only later. */
static size_t sweep(struct listener *listener, enum standing standing, int64_t life_ms, uint32_t *out_pipes, size_t count)
{
	int64_t now_ms = clock_monotonic_ms(listener->clock);
	uint32_t newer;

	for (uint32_t pipe = listener->doubtful[standing].oldest; pipe != 0 && count < SWEEP_MAX; pipe = newer) {
		struct link *link = link_find(listener, pipe);

		assert(link != NULL); /* a list names only what the table has */
		newer = link->newer;
		if (link->since_ms == 0) {
			link->since_ms = now_ms;
		} else if (now_ms - link->since_ms >= life_ms) {
			link_end(listener, link);
			out_pipes[count++] = pipe;
		}
	}
	return count;
}

int64_t listener_tick(struct listener *listener)
{
	int64_t now_ms = clock_monotonic_ms(listener->clock);
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

void listener_count(struct listener *listener, struct listener_counts *out_counts)
{
	(void)pthread_mutex_lock(&listener->mutex);
	*out_counts = listener->counts;
	(void)pthread_mutex_unlock(&listener->mutex);
}

int listener_descriptor(const struct listener *listener)
{
	return listener->signal;
}

int listener_port(const struct listener *listener)
{
	int port = 0;

	return nng_listener_get_int(listener->listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0 ? port : 0;
}

/* ---- open and close ---- */

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		abort();
	return memory;
}

static struct listener *listener_make(const struct listener_limits *limits)
{
	struct listener *listener = zeroed(1, sizeof(*listener));

	if (limits != NULL)
		listener->limits = *limits;
	if (listener->limits.pending_max == 0)
		listener->limits.pending_max = LISTENER_PENDING_MAX;
	if (listener->limits.pipes_max == 0)
		listener->limits.pipes_max = LISTENER_PIPES_MAX;
	if (listener->limits.silent_ms == 0)
		listener->limits.silent_ms = SILENT_MS;
	if (listener->limits.greeted_ms == 0)
		listener->limits.greeted_ms = GREETED_MS;
	assert(listener->limits.pending_max <= UINT16_MAX);
	listener->clock = listener->limits.clock == NULL ? clock_system() : listener->limits.clock;
	listener->signal = -1;
	listener_watch_init(&listener->watch);
	listener->requests = zeroed(listener->limits.pending_max, sizeof(*listener->requests));
	for (size_t i = 0; i < listener->limits.pending_max; i++)
		listener->requests[i].next = i + 1 == listener->limits.pending_max ? NONE : (uint32_t)(i + 1);
	for (listener->links_size = 64; listener->links_size < 2 * listener->limits.pipes_max;)
		listener->links_size *= 2;
	listener->links = zeroed(listener->links_size, sizeof(*listener->links));
	listener->owners = zeroed(listener->links_size, sizeof(*listener->owners));
	if (pthread_mutex_init(&listener->mutex, NULL) != 0)
		abort();
	return listener;
}

/* The first error of nng; 0 when it listens. */
static int listener_start(struct listener *listener, const char *url)
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

enum status listener_open(const char *url, const struct listener_limits *limits, struct listener **out_listener)
{
	struct listener *listener;
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
		*out_listener = listener;
	else
		listener_close(listener);
	return status;
}

void listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	(void)pthread_mutex_lock(&listener->mutex);
	listener->closing = true;
	(void)pthread_mutex_unlock(&listener->mutex);
	listener_watch_finish(&listener->watch);
	(void)nng_close(listener->socket); /* no callback runs for a connection after it */
	for (size_t i = 0; i < RECEIVERS; i++)
		nng_aio_free(listener->receivers[i].aio);
	for (; listener->queue_count > 0; listener->queue_count--)
		nng_msg_free(listener->queue[listener->queue_first++ % QUEUE_LENGTH]);
	if (listener->signal >= 0)
		(void)close(listener->signal);
	(void)pthread_mutex_destroy(&listener->mutex);
	free(listener->links);
	free(listener->owners);
	free(listener->requests);
	free(listener);
}
