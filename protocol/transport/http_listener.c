#include "protocol/transport/http_listener.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "protocol/transport/body_pool.h"
#include "protocol/transport/connection_table.h"
#include "protocol/transport/http_address.h"
#include "protocol/transport/listening_socket.h"
#include "protocol/transport/microhttpd_calls.h"
#include "protocol/transport/signal_file.h"

#define HEADERS_MAX ((size_t)8 * 1024) /* memory of a connection beside its body */
#define IDLE_S      120U               /* a connection on which nothing moved for so long, and no request waits */
#define TICK_MS     1000
#define SPARE       16 /* connections that were told to close and are not gone yet */
#define AGAIN_S     "5" /* when to come again that has no room */
#define GONE_MOST   2000 /* connections that one tick looks at */
#define NONE        UINT32_MAX

enum exchange {
	EXCHANGE_NONE,     /* between two requests */
	EXCHANGE_READING,  /* the body comes in */
	EXCHANGE_WAITING,  /* suspended, in the queue */
	EXCHANGE_TAKEN,    /* suspended, with a token */
	EXCHANGE_ANSWERED, /* `reply` is set */
	EXCHANGE_DROPPED,  /* no reply will come */
	EXCHANGE_REFUSED,  /* the body is too large */
	EXCHANGE_NO_ROOM,  /* too many that proved nothing send at once */
};

/* A connection and its one request. Its number in the table is its place + 1. */
struct http_link {
	struct MHD_Connection *connection; /* NULL: free */
	int descriptor;
	uint32_t generation; /* of the request */
	enum exchange exchange;
	uint8_t *body;
	size_t size;
	struct body_share share;
	uint8_t *reply;
	size_t reply_size;
	uint32_t next; /* free list, or queue */
};

struct http_listener {
	struct listener base;
	struct listener_limits limits; /* whole */
	struct MHD_Daemon *daemon;
	int port;
	int signal;
	int events; /* epoll over the signal and libmicrohttpd's own */
	struct connection_table connections;
	struct http_link *links;
	uint32_t link_count; /* as many as there were at once */
	uint32_t link_max;
	uint32_t free_link;
	uint32_t queue_first, queue_last;
	struct body_pool pool;
	size_t look_next;    /* at whether it is gone */
	int64_t look_at_ms;  /* monotonic */
	struct listener_counts counts;
};

static const struct microhttpd_calls *microhttpd; /* set before a listener is made, and the same for all */

/* ---- requests ---- */

static struct http_link *link_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = microhttpd->MHD_get_connection_info_call(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static uint32_t place_of(const struct http_listener *listener, const struct http_link *link)
{
	return (uint32_t)(link - listener->links);
}

static struct listener_token token_of(const struct http_listener *listener, const struct http_link *link)
{
	return (struct listener_token){ (uint64_t)link->generation << 32 | (place_of(listener, link) + 1) };
}

/* NULL when the token ended. */
static struct http_link *link_by_token(const struct http_listener *listener, struct listener_token token)
{
	uint32_t place = (uint32_t)token.value - 1;
	struct http_link *link;

	if (token.value == 0 || place >= listener->link_count)
		return NULL;
	link = &listener->links[place];
	return link->exchange == EXCHANGE_TAKEN && link->generation == token.value >> 32 ? link : NULL;
}

static void queue_append(struct http_listener *listener, struct http_link *link)
{
	uint32_t place = place_of(listener, link);

	link->exchange = EXCHANGE_WAITING;
	link->next = NONE;
	if (listener->queue_first == NONE)
		listener->queue_first = place;
	else
		listener->links[listener->queue_last].next = place;
	listener->queue_last = place;
}

static void body_end(struct http_listener *listener, struct http_link *link)
{
	free(link->body);
	link->body = NULL;
	body_share_end(&listener->pool, &link->share);
	link->size = 0;
}

static void exchange_end(struct http_listener *listener, struct http_link *link)
{
	body_end(listener, link);
	free(link->reply);
	link->reply = NULL;
	link->reply_size = 0;
	link->exchange = EXCHANGE_NONE;
	link->generation++;
}

/* Wakes the suspended connection, which then sends what was decided of it. */
static void exchange_settle(struct http_listener *listener, struct http_link *link, enum exchange exchange)
{
	link->exchange = exchange;
	microhttpd->MHD_resume_connection_call(link->connection);
	signal_file_raise(listener->signal);
}

/* libmicrohttpd looks at suspended connections no more: a request that waits is dropped, which ends it. */
static void link_close(struct http_listener *listener, uint32_t number)
{
	struct http_link *link;

	if (number == 0)
		return;
	link = &listener->links[number - 1];
	connection_remove(&listener->connections, number);
	(void)shutdown(link->descriptor, SHUT_RDWR);
	if (link->exchange == EXCHANGE_TAKEN)
		exchange_settle(listener, link, EXCHANGE_DROPPED);
	signal_file_raise(listener->signal);
}

/* ---- called by libmicrohttpd, on the owner's thread ---- */

static struct http_link *link_take(struct http_listener *listener)
{
	struct http_link *link = &listener->links[listener->free_link == NONE ? listener->link_count : listener->free_link];

	if (listener->free_link != NONE) {
		listener->free_link = link->next;
		return link;
	}
	assert(listener->link_count < listener->link_max); /* libmicrohttpd has the same limit */
	listener->link_count++;
	return link;
}

static void link_begin(struct http_listener *listener, struct MHD_Connection *connection, void **socket_context)
{
	struct http_link *link = link_take(listener);
	uint32_t number = place_of(listener, link) + 1;

	link->connection = connection;
	link->descriptor = microhttpd->MHD_get_connection_info_call(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	*socket_context = link;
	if (listener->connections.count >= listener->limits.connections_max) {
		uint32_t leaving = connection_to_leave(&listener->connections);
		listener->counts.refused++;
		if (leaving == 0) {
			(void)shutdown(link->descriptor, SHUT_RDWR);
			return;
		}
		link_close(listener, leaving);
	}
	(void)connection_add(&listener->connections, number, clock_monotonic_ms(listener->limits.clock));
}

static void link_finish(struct http_listener *listener, struct http_link *link)
{
	exchange_end(listener, link);
	connection_remove(&listener->connections, place_of(listener, link) + 1);
	link->connection = NULL;
	link->next = listener->free_link;
	listener->free_link = place_of(listener, link);
}

static void connection_notice(
	void *context, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		link_begin(context, connection, socket_context);
	else if (*socket_context != NULL)
		link_finish(context, *socket_context);
}

static void request_notice(void *context, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode how)
{
	(void)connection;
	(void)how;
	if (*request != NULL)
		exchange_end(context, *request);
}

/* `name`: a header beside the usual ones; NULL: none. */
static enum MHD_Result answer_with(struct MHD_Connection *connection, unsigned int code, struct bytes body, const char *type,
	const char *name, const char *value)
{
	/* The copy is libmicrohttpd's; the cast takes nothing that is written to. */
	struct MHD_Response *response =
		microhttpd->MHD_create_response_from_buffer_call(body.size, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (response == NULL)
		return MHD_NO;
	if (microhttpd->MHD_add_response_header_call(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
		microhttpd->MHD_add_response_header_call(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
		(name == NULL || microhttpd->MHD_add_response_header_call(response, name, value) == MHD_YES))
		result = microhttpd->MHD_queue_response_call(connection, code, response);
	microhttpd->MHD_destroy_response_call(response);
	return result;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int code, const void *data, size_t size, const char *type)
{
	return answer_with(connection, code, (struct bytes){ data, size }, type, NULL, NULL);
}

static enum MHD_Result answer_words_with(
	struct MHD_Connection *connection, unsigned int code, const char *words, const char *name, const char *value)
{
	const struct bytes body = { (const uint8_t *)words, strlen(words) };

	return answer_with(connection, code, body, "text/plain; charset=utf-8", name, value);
}

static enum MHD_Result answer_words(struct MHD_Connection *connection, unsigned int code, const char *words)
{
	return answer_words_with(connection, code, words, NULL, NULL);
}

/* What else may be asked, mostly by who looks whether somebody is there. */
static const struct page {
	const char *path;
	const char *allowed;
	const char *words;
} pages[] = {
	{ "/", "GET, HEAD", "Truckroll: devices synchronise at " HTTP_SYNC_PATH "\n" },
	{ HTTP_HEALTH_PATH, "GET, HEAD", "ok\n" },
	{ HTTP_SYNC_PATH, "POST", "" },
};

static enum MHD_Result answer_page(struct MHD_Connection *connection, const char *method, const char *path)
{
	for (size_t i = 0; i < LENGTH(pages); i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		if (strcmp(pages[i].allowed, "POST") != 0 && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0))
			return answer_words(connection, MHD_HTTP_OK, pages[i].words);
		return answer_words_with(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Not in this way: see Allow.\n", MHD_HTTP_HEADER_ALLOW,
			pages[i].allowed);
	}
	return answer_words(connection, MHD_HTTP_NOT_FOUND, "There is nothing here.\n");
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return microhttpd->MHD_lookup_connection_value_call(connection, MHD_HEADER_KIND, name);
}

struct framing {
	size_t sizes;
	bool odd; /* a name with a blank behind it (RFC 9112 5.1), which others may read without */
};

/* MHD_KeyValueIterator. */
static enum MHD_Result look_at_name(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct framing *framing = context;
	size_t length = strlen(key);

	(void)kind;
	(void)value;
	framing->sizes += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	framing->odd = framing->odd || length == 0 || strchr(" \t", key[length - 1]) != NULL;
	return MHD_YES;
}

/* Why a request is not read any further: 0 when it is. Two framings of one body would let it mean two things to two readers (RFC 9112
 * 6.1), as would two sizes. */
static unsigned int refusal_of(struct MHD_Connection *connection)
{
	const char *size = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	struct framing framing = { 0 };

	(void)microhttpd->MHD_get_connection_values_call(connection, MHD_HEADER_KIND, look_at_name, &framing);
	if (framing.odd || framing.sizes > 1 || (size != NULL && header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL))
		return MHD_HTTP_BAD_REQUEST;
	return size != NULL && strtoull(size, NULL, 10) > TRANSPORT_BODY_MAX ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
}

static enum connection_standing standing_of(const struct http_listener *listener, const struct http_link *link)
{
	const struct connection *connection = connection_find(&listener->connections, place_of(listener, link) + 1);

	return connection == NULL ? STANDING_SILENT : connection->standing;
}

static enum MHD_Result begin_request(
	struct http_listener *listener, struct http_link *link, const char *method, const char *url, void **request)
{
	unsigned int refusal;

	if (strcmp(method, "POST") != 0 || strcmp(url, HTTP_SYNC_PATH) != 0)
		return answer_page(link->connection, method, url);
	refusal = refusal_of(link->connection);
	if (refusal != 0) {
		listener->counts.refused++;
		return answer_words(link->connection, refusal, "That is no frame.\n");
	}
	link->exchange = EXCHANGE_READING;
	body_share_begin(&link->share, standing_of(listener, link));
	*request = link;
	return MHD_YES;
}

static void refuse_body(struct http_listener *listener, struct http_link *link, enum exchange exchange)
{
	body_end(listener, link);
	link->exchange = exchange;
}

static void take_in(struct http_listener *listener, struct http_link *link, const char *data, size_t size)
{
	if (link->exchange != EXCHANGE_READING)
		return;
	if (link->size + size > TRANSPORT_BODY_MAX) {
		refuse_body(listener, link, EXCHANGE_REFUSED);
		return;
	}
	if (!body_share_grow(&listener->pool, &link->share, link->size + size)) {
		refuse_body(listener, link, EXCHANGE_NO_ROOM);
		return;
	}
	link->body = memory_resize(link->body, link->size + size);
	memcpy(link->body + link->size, data, size);
	link->size += size;
}

/* The whole request is here, or has been decided. */
static enum MHD_Result go_on(struct http_listener *listener, struct http_link *link)
{
	switch (link->exchange) {
	case EXCHANGE_READING:
		listener->counts.received_bytes += link->size;
		queue_append(listener, link);
		microhttpd->MHD_suspend_connection_call(link->connection);
		return MHD_YES;
	case EXCHANGE_ANSWERED:
		return answer(link->connection, MHD_HTTP_OK, link->reply, link->reply_size, "application/octet-stream");
	case EXCHANGE_DROPPED:
		return answer(link->connection, MHD_HTTP_NO_CONTENT, "", 0, "application/octet-stream");
	case EXCHANGE_REFUSED:
		listener->counts.refused++;
		return answer_words(link->connection, MHD_HTTP_CONTENT_TOO_LARGE, "That is more than a frame.\n");
	case EXCHANGE_NO_ROOM:
		listener->counts.refused++;
		return answer_words_with(link->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many send at once: come again.\n",
			MHD_HTTP_HEADER_RETRY_AFTER, AGAIN_S);
	case EXCHANGE_NONE:
	case EXCHANGE_WAITING:
	case EXCHANGE_TAKEN:
		break;
	}
	return MHD_NO;
}

/* MHD_AccessHandlerCallback. NOLINTNEXTLINE(readability-function-size): its parameters are not ours to choose */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
	const char *upload, size_t *upload_size, void **request)
{
	struct http_link *link = link_of(connection);

	(void)version;
	if (link == NULL)
		return MHD_NO;
	if (*request == NULL)
		return begin_request(context, link, method, url, request);
	if (*upload_size == 0)
		return go_on(context, link);
	take_in(context, link, upload, *upload_size);
	*upload_size = 0;
	return MHD_YES;
}

/* ---- the listener ---- */

static int http_descriptor(const struct listener *base)
{
	return ((const struct http_listener *)base)->events;
}

static int http_port(const struct listener *base)
{
	return ((const struct http_listener *)base)->port;
}

static enum status http_take(struct listener *base, struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
	struct http_listener *listener = (struct http_listener *)base;
	struct http_link *link;

	if (listener->queue_first == NONE) {
		signal_file_clear(listener->signal);
		(void)microhttpd->MHD_run_call(listener->daemon);
	}
	if (listener->queue_first == NONE)
		return STATUS_NOT_FOUND;
	link = &listener->links[listener->queue_first];
	listener->queue_first = link->next;
	link->exchange = EXCHANGE_TAKEN;
	*out_token = token_of(listener, link);
	*out_request = arena_copy_bytes(arena, (struct bytes){ link->body, link->size });
	body_end(listener, link);
	return STATUS_OK;
}

static void http_greet(struct listener *base, struct listener_token token)
{
	struct http_listener *listener = (struct http_listener *)base;
	const struct http_link *link = link_by_token(listener, token);

	if (link != NULL)
		(void)connection_greet(
			&listener->connections, place_of(listener, link) + 1, clock_monotonic_ms(listener->limits.clock));
}

static void http_validate(struct listener *base, struct listener_token token, const struct id *owner)
{
	struct http_listener *listener = (struct http_listener *)base;
	const struct http_link *link = link_by_token(listener, token);
	int64_t now_ms = clock_monotonic_ms(listener->limits.clock);

	if (link != NULL && connection_prove(&listener->connections, place_of(listener, link) + 1, owner, now_ms))
		link_close(listener, connection_oldest_beyond(&listener->connections, owner, LISTENER_OWNED_MAX));
}

static void http_close_owner(struct listener *base, const struct id *owner)
{
	struct http_listener *listener = (struct http_listener *)base;
	uint32_t number;

	while ((number = connection_oldest_beyond(&listener->connections, owner, 0)) != 0)
		link_close(listener, number);
}

static enum status http_reply(struct listener *base, struct listener_token token, struct bytes reply)
{
	struct http_listener *listener = (struct http_listener *)base;
	struct http_link *link = link_by_token(listener, token);

	if (link == NULL)
		return STATUS_NOT_FOUND;
	link->reply = memory_copy(reply.data, reply.size);
	link->reply_size = reply.size;
	listener->counts.sent_bytes += reply.size;
	exchange_settle(listener, link, EXCHANGE_ANSWERED);
	return STATUS_OK;
}

static void http_forget(struct listener *base, struct listener_token token)
{
	struct http_listener *listener = (struct http_listener *)base;
	struct http_link *link = link_by_token(listener, token);

	if (link != NULL)
		exchange_settle(listener, link, EXCHANGE_DROPPED);
}

static void sweep(struct http_listener *listener, enum connection_standing standing, int64_t life_ms)
{
	int64_t now_ms = clock_monotonic_ms(listener->limits.clock);
	uint32_t number;

	while ((number = connection_overdue(&listener->connections, standing, now_ms, life_ms)) != 0) {
		link_close(listener, number);
		listener->counts.unproved++;
	}
}

/* It says nothing more, and its request is not whole. libmicrohttpd does not hear of an end that came together with what was said last. */
static bool is_gone(const struct http_link *link)
{
	uint8_t byte;

	return link->connection != NULL && (link->exchange == EXCHANGE_NONE || link->exchange == EXCHANGE_READING) &&
	       recv(link->descriptor, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void look_for_gone(struct http_listener *listener)
{
	int64_t now_ms = clock_monotonic_ms(listener->limits.clock);

	if (now_ms < listener->look_at_ms)
		return;
	listener->look_at_ms = now_ms + TICK_MS;
	for (size_t i = 0; i < GONE_MOST && i < listener->link_count; i++) {
		size_t place = listener->look_next++ % listener->link_count;
		if (is_gone(&listener->links[place]))
			link_close(listener, (uint32_t)place + 1);
	}
}

static int64_t http_tick(struct listener *base)
{
	struct http_listener *listener = (struct http_listener *)base;
	MHD_UNSIGNED_LONG_LONG due_ms;

	sweep(listener, STANDING_SILENT, listener->limits.silent_ms);
	sweep(listener, STANDING_GREETED, listener->limits.greeted_ms);
	look_for_gone(listener);
	if (listener->queue_first != NONE)
		return 0; /* what a round left */
	if (microhttpd->MHD_get_timeout_call(listener->daemon, &due_ms) != MHD_YES || due_ms > TICK_MS)
		return TICK_MS;
	if (due_ms == 0)
		signal_file_raise(listener->signal);
	return (int64_t)due_ms;
}

static void http_count(struct listener *base, struct listener_counts *out_counts)
{
	const struct http_listener *listener = (const struct http_listener *)base;

	*out_counts = listener->counts;
	out_counts->connections = listener->connections.count;
}

/* libmicrohttpd must not be stopped over suspended connections. */
static void http_close(struct listener *base)
{
	struct http_listener *listener = (struct http_listener *)base;

	for (size_t i = 0; i < listener->link_count && listener->daemon != NULL; i++) {
		struct http_link *link = &listener->links[i];
		if (link->exchange == EXCHANGE_WAITING || link->exchange == EXCHANGE_TAKEN)
			exchange_settle(listener, link, EXCHANGE_DROPPED);
	}
	if (listener->daemon != NULL) {
		(void)microhttpd->MHD_run_call(listener->daemon);
		microhttpd->MHD_stop_daemon_call(listener->daemon);
	}
	if (listener->events >= 0)
		(void)close(listener->events);
	if (listener->signal >= 0)
		(void)close(listener->signal);
	connection_table_finish(&listener->connections);
	free(listener->links);
	free(listener);
}

static const struct listener_operations operations = {
	.descriptor = http_descriptor,
	.port = http_port,
	.take = http_take,
	.greet = http_greet,
	.validate = http_validate,
	.close_owner = http_close_owner,
	.reply = http_reply,
	.forget = http_forget,
	.tick = http_tick,
	.count = http_count,
	.close = http_close,
};

/* ---- opening ---- */

static struct http_listener *listener_make(const struct listener_limits *limits)
{
	struct http_listener *listener = memory_zeroed(1, sizeof(*listener));

	listener->base.operations = &operations;
	listener->limits = listener_limits_of(limits);
	listener->signal = listener->events = -1;
	listener->pool.max = listener->limits.bodies_max;
	listener->queue_first = listener->free_link = NONE;
	connection_table_init(&listener->connections, listener->limits.connections_max);
	listener->link_max = (uint32_t)listener->limits.connections_max + SPARE;
	listener->links = memory_zeroed(listener->link_max, sizeof(*listener->links));
	return listener;
}

/* UnescapeCallback: paths are taken as they are written, so that none is cut at its %00. */
static size_t leave_as_written(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* Behind a terminator every connection comes from this machine. */
static struct MHD_Daemon *daemon_start(
	struct http_listener *listener, int descriptor, bool behind_terminator, const struct http_certificate *certificate)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (certificate->chain.size > 0 ? MHD_USE_TLS : 0);
	unsigned int each = behind_terminator ? 0 : (unsigned int)(listener->limits.connections_max + 3) / 4;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate->chain.data },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)certificate->key.data },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (certificate->chain.size == 0)
		tls[0].option = MHD_OPTION_END;
	return microhttpd->MHD_start_daemon_call(flags, 0, NULL, NULL, handle, listener, MHD_OPTION_LISTEN_SOCKET, descriptor,
		MHD_OPTION_CONNECTION_LIMIT, listener->link_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT, each,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, connection_notice, listener, MHD_OPTION_NOTIFY_COMPLETED, request_notice, listener,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_as_written, NULL, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static enum status watch(struct http_listener *listener, int descriptor)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(listener->events, EPOLL_CTL_ADD, descriptor, &event) == 0)
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE, "cannot watch the HTTP listener (%s)", error_to_text(errno));
}

/* The descriptor is the daemon's, or closed. */
static enum status start_at(
	struct http_listener *listener, const char *url, int descriptor, const struct http_certificate *certificate)
{
	const union MHD_DaemonInfo *own;
	enum status status;

	listener->port = listening_socket_port(descriptor);
	listener->daemon = daemon_start(listener, descriptor, listening_socket_is_near(descriptor), certificate);
	if (listener->daemon == NULL) {
		(void)close(descriptor);
		return certificate->chain.size == 0
			       ? fail(STATUS_CANNOT_WRITE, "cannot listen on %s", url)
			       : fail(STATUS_INVALID, "the certificate or its key cannot be used; both must be in PEM and belong together");
	}
	listener->events = epoll_create1(EPOLL_CLOEXEC);
	if (listener->events < 0)
		return fail(STATUS_CANNOT_WRITE, "cannot watch the HTTP listener (%s)", error_to_text(errno));
	own = microhttpd->MHD_get_daemon_info_call(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	status = watch(listener, listener->signal);
	return status == STATUS_OK ? watch(listener, own->epoll_fd) : status;
}

static enum status check_tls(const struct http_address *address, const char *url, const struct http_certificate *certificate)
{
	if (address->tls && certificate->chain.size == 0)
		return fail(STATUS_INVALID,
			"%s needs a certificate and its key; without them listen on http:// and put a terminator before it", url);
	if (!address->tls && certificate->chain.size > 0)
		return fail(STATUS_INVALID, "%s uses no certificate; listen on https://", url);
	if (address->path.size > 1)
		return fail(STATUS_INVALID, "%s has a path; devices always post to /sync", url);
	return STATUS_OK;
}

static enum status start(struct http_listener *listener, const char *url, const struct http_certificate *certificate)
{
	struct arena arena = { 0 };
	struct http_address address;
	int descriptor = -1;
	enum status status = http_address_read(&arena, url, &address);

	if (status == STATUS_OK)
		status = check_tls(&address, url, certificate);
	if (status == STATUS_OK && address.port.size == 0)
		address.port = arena_print(&arena, "%d", HTTP_PORT_DEFAULT);
	if (status == STATUS_OK)
		status = listening_socket_open(url, address.host.data, address.port.data, &descriptor);
	if (status == STATUS_OK)
		status = start_at(listener, url, descriptor, certificate);
	arena_finish(&arena);
	return status;
}

enum status listener_http_open(const char *url, const struct http_certificate *certificate, const struct listener_limits *limits,
	struct listener **out_listener)
{
	struct http_listener *listener = listener_make(limits);
	enum status status = microhttpd_calls_load(&microhttpd);

	if (status == STATUS_OK)
		status = signal_file_open(&listener->signal);
	if (status == STATUS_OK)
		status = start(listener, url, certificate);
	if (status == STATUS_OK)
		*out_listener = &listener->base;
	else
		http_close(&listener->base);
	return status;
}
