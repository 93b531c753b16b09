#include "protocol/transport/http_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "protocol/base/no_memory.h"
#include "protocol/transport/curl_calls.h"
#include "protocol/transport/event_set.h"
#include "protocol/transport/http_address.h"

#define CONNECT_MS       10000L
#define KEEP_ALIVE_S     30L
#define HEADERS_MAX      65536 /* of an answer, bytes */
#define USER_AGENT       "truckroll"
#define ANSWER_OK        200
#define ANSWER_NO_ANSWER 204 /* the server dropped the request, as the other carrier would */

enum request_state {
	REQUEST_NONE,
	REQUEST_RUNNING,
	REQUEST_ANSWERED, /* `reply` is set */
	REQUEST_SILENT,   /* there will be no reply */
	REQUEST_FAILED,   /* `failure` is set */
};

struct http_client {
	struct transport transport;
	const struct curl_calls *curl;
	struct arena arena; /* of the whole client */
	struct text url;    /* as it was given */
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct event_set set; /* libcurl's sockets and its timer */
	bool probe; /* a GET that brings nothing */
	bool added; /* the easy handle runs */
	enum request_state state;
	char failure[CURL_ERROR_SIZE];
	uint8_t *request;
	uint8_t *reply;
	size_t reply_size;
	size_t header_size; /* of the reply */
	uint64_t sent;
	uint64_t received;
};

/* ---- what libcurl asks for ---- */

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
	struct http_client *client = context;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		event_set_remove(&client->set, socket);
		return 0;
	}
	if (!(known == NULL ? event_set_add : event_set_change)(&client->set, socket, events))
		return -1;
	(void)client->curl->curl_multi_assign_call(client->multi, socket, client);
	return 0;
}

static int set_timer(CURLM *multi, long after_ms, void *context)
{
	const struct http_client *client = context;

	(void)multi;
	return event_set_timer(&client->set, after_ms) ? 0 : -1;
}

static size_t take_in(char *data, size_t size, size_t count, void *context)
{
	struct http_client *client = context;

	size *= count;
	if (client->reply_size + size > TRANSPORT_BODY_MAX)
		return 0; /* ends the transfer: no server of ours says so much */
	client->reply = memory_resize(client->reply, client->reply_size + size + 1);
	memcpy(client->reply + client->reply_size, data, size);
	client->reply_size += size;
	return size;
}

/* Also those behind a body, which libcurl would keep without end. */
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
	struct http_client *client = context;

	(void)data;
	size *= count;
	client->header_size += size;
	return client->header_size > HEADERS_MAX ? 0 : size;
}

/* What goes over the line, with the carrier's own headers, without TLS. What libcurl sums up itself (CURLINFO_REQUEST_SIZE) holds as
 * much of the body as went with the headers. */
static int count_bytes(CURL *easy, curl_infotype what, char *data, size_t size, void *context)
{
	struct http_client *client = context;

	(void)easy;
	(void)data;
	if (what == CURLINFO_HEADER_OUT || what == CURLINFO_DATA_OUT)
		client->sent += size;
	else if (what == CURLINFO_HEADER_IN || what == CURLINFO_DATA_IN)
		client->received += size;
	return 0;
}

/* ---- one request ---- */

static void settle(struct http_client *client, enum request_state state)
{
	if (client->added)
		(void)client->curl->curl_multi_remove_handle_call(client->multi, client->easy);
	client->added = false;
	client->state = state;
}

static void abandon(struct http_client *client)
{
	settle(client, REQUEST_NONE);
	free(client->request);
	free(client->reply);
	client->request = client->reply = NULL;
	client->reply_size = client->header_size = 0;
	client->failure[0] = '\0';
}

/* libcurl's own words of what failed; of an answer that is no HTTP also what may be meant. */
static void note_failure(struct http_client *client, CURLcode result)
{
	char *words = client->failure;
	size_t size = sizeof(client->failure), used;

	if (words[0] == '\0')
		(void)snprintf(words, size, "%s", client->curl->curl_easy_strerror_call(result));
	used = strlen(words);
	if (result == CURLE_UNSUPPORTED_PROTOCOL)
		(void)snprintf(words + used, size - used, "; is tcp:// or https:// meant?");
}

static void finish(struct http_client *client, CURLcode result)
{
	long code = 0;

	(void)client->curl->curl_easy_getinfo_call(client->easy, CURLINFO_RESPONSE_CODE, &code);
	if (result != CURLE_OK) {
		note_failure(client, result);
		settle(client, REQUEST_FAILED);
	} else if (code == ANSWER_OK) {
		settle(client, REQUEST_ANSWERED);
	} else if (code == ANSWER_NO_ANSWER && !client->probe) {
		settle(client, REQUEST_SILENT);
	} else {
		(void)snprintf(client->failure, sizeof(client->failure), "it answers with HTTP status %ld", code);
		settle(client, REQUEST_FAILED);
	}
}

/* Whatever is ready, without waiting. */
static void run(struct http_client *client)
{
	struct epoll_event ready[4];
	struct CURLMsg *message;
	uint64_t expired;
	int running = 0, left, count = epoll_wait(client->set.events, ready, LENGTH(ready), 0);

	for (int i = 0; i < count; i++) {
		uint32_t events = ready[i].events;
		int happened = ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
			       ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
		if (ready[i].data.fd != client->set.timer)
			(void)client->curl->curl_multi_socket_action_call(client->multi, ready[i].data.fd, happened, &running);
		else if (read(client->set.timer, &expired, sizeof(expired)) > 0)
			(void)client->curl->curl_multi_socket_action_call(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	while ((message = client->curl->curl_multi_info_read_call(client->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			finish(client, message->data.result);
}

static bool set_body(struct http_client *client, struct bytes request)
{
	const struct curl_calls *curl = client->curl;

	if (client->probe)
		return true;
	client->request = memory_copy(request.data, request.size);
	return curl->curl_easy_setopt_call(client->easy, CURLOPT_POSTFIELDS, client->request) == CURLE_OK &&
	       curl->curl_easy_setopt_call(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request.size) == CURLE_OK;
}

static enum status http_send(struct transport *transport, struct bytes request)
{
	struct http_client *client = (struct http_client *)transport;

	abandon(client);
	if (!set_body(client, request) || client->curl->curl_multi_add_handle_call(client->multi, client->easy) != CURLM_OK)
		return fail(STATUS_OFFLINE, "libcurl takes no request to %s", client->url.data);
	client->added = true;
	client->state = REQUEST_RUNNING;
	return STATUS_OK;
}

static enum status http_look(struct transport *transport, bool time_over, struct arena *arena, struct bytes *out_reply)
{
	struct http_client *client = (struct http_client *)transport;
	enum status status = STATUS_NOT_FOUND;

	(void)time_over; /* libcurl says by itself when it gives up */
	if (client->state == REQUEST_RUNNING)
		run(client);
	if (client->state == REQUEST_ANSWERED) {
		*out_reply = arena_copy_bytes(arena, (struct bytes){ client->reply, client->reply_size });
		status = STATUS_OK;
	} else if (client->state == REQUEST_FAILED) {
		status = fail(STATUS_OFFLINE, "%s cannot be reached (%s)", client->url.data, client->failure);
	}
	if (status != STATUS_NOT_FOUND)
		abandon(client);
	return status;
}

static void http_count(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received)
{
	const struct http_client *client = (const struct http_client *)transport;

	*out_sent = client->sent;
	*out_received = client->received;
}

static int http_descriptor(const struct transport *transport)
{
	return ((const struct http_client *)transport)->set.events;
}

static void http_close(struct transport *transport)
{
	struct http_client *client = (struct http_client *)transport;

	if (client->easy != NULL && client->multi != NULL)
		abandon(client);
	if (client->easy != NULL)
		client->curl->curl_easy_cleanup_call(client->easy);
	if (client->multi != NULL)
		(void)client->curl->curl_multi_cleanup_call(client->multi);
	if (client->headers != NULL)
		client->curl->curl_slist_free_all_call(client->headers);
	event_set_close(&client->set);
	arena_finish(&client->arena);
	free(client);
}

static const struct transport_operations operations = {
	.send = http_send,
	.look = http_look,
	.count = http_count,
	.descriptor = http_descriptor,
	.close = http_close,
};

/* ---- opening ---- */

static enum status set_pin(struct http_client *client, struct text pin)
{
	const struct curl_calls *curl = client->curl;
	CURLcode result = curl->curl_easy_setopt_call(client->easy, CURLOPT_PINNEDPUBLICKEY, pin.data);

	if (result == CURLE_OK) /* the key is known: whoever signed for it does not matter */
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_SSL_VERIFYPEER, 0L);
	return result == CURLE_OK ? STATUS_OK : fail(STATUS_INVALID, "%s: %s", client->url.data, curl->curl_easy_strerror_call(result));
}

static enum status set_address(struct http_client *client)
{
	struct text url = http_address_without_pin(&client->arena, client->url), pin = http_address_pin(&client->arena, client->url);
	struct http_address address;
	CURLcode result;
	enum status status = http_address_check(&client->arena, client->url.data, &address);

	if (status == STATUS_OK && pin.size > 0)
		status = set_pin(client, pin);
	if (status != STATUS_OK)
		return status;
	if (address.path.size == 0)
		url = arena_print(&client->arena, "%s%s", url.data, client->probe ? HTTP_HEALTH_PATH : HTTP_SYNC_PATH);
	result = client->curl->curl_easy_setopt_call(client->easy, CURLOPT_URL, url.data);
	return result == CURLE_OK ? STATUS_OK : fail(STATUS_INVALID, "%s: %s", url.data, client->curl->curl_easy_strerror_call(result));
}

static const struct number_option {
	CURLoption option;
	long value;
} number_options[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_VERBOSE, 1 }, /* else nothing is counted */
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_QUICK_EXIT, 1 }, /* a name that is still being looked up is not waited for */
	{ CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
	{ CURLOPT_TCP_KEEPIDLE, KEEP_ALIVE_S },
	{ CURLOPT_TCP_KEEPINTVL, KEEP_ALIVE_S },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
};

static enum status set_options(struct http_client *client)
{
	const struct curl_calls *curl = client->curl;
	CURLcode result = CURLE_OK;

	client->headers = curl->curl_slist_append_call(NULL, "Content-Type: application/octet-stream");
	if (client->headers != NULL && curl->curl_slist_append_call(client->headers, "Expect:") == NULL)
		result = CURLE_OUT_OF_MEMORY;
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, client->probe ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
	for (size_t i = 0; i < LENGTH(number_options) && result == CURLE_OK; i++)
		result = curl->curl_easy_setopt_call(client->easy, number_options[i].option, number_options[i].value);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_USERAGENT, USER_AGENT);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_HTTPHEADER, client->headers);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_ERRORBUFFER, client->failure);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_WRITEFUNCTION, take_in);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_WRITEDATA, client);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_HEADERFUNCTION, take_header);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_HEADERDATA, client);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_DEBUGFUNCTION, count_bytes);
	if (result == CURLE_OK)
		result = curl->curl_easy_setopt_call(client->easy, CURLOPT_DEBUGDATA, client);
	return result == CURLE_OK ? STATUS_OK
				  : fail(STATUS_CANNOT_WRITE, "libcurl cannot be used: %s", curl->curl_easy_strerror_call(result));
}

static enum status open_curl(struct http_client *client)
{
	const struct curl_calls *curl = client->curl;

	client->multi = curl->curl_multi_init_call();
	client->easy = curl->curl_easy_init_call();
	if (client->multi == NULL || client->easy == NULL)
		no_memory();
	if (curl->curl_multi_setopt_call(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
		curl->curl_multi_setopt_call(client->multi, CURLMOPT_SOCKETDATA, client) != CURLM_OK ||
		curl->curl_multi_setopt_call(client->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
		curl->curl_multi_setopt_call(client->multi, CURLMOPT_TIMERDATA, client) != CURLM_OK)
		return fail(STATUS_CANNOT_WRITE, "libcurl cannot be used");
	return set_options(client);
}

static enum status open_client(const char *url, bool probe, struct transport **out_transport)
{
	struct http_client *client = memory_zeroed(1, sizeof(*client));
	enum status status;

	client->transport.operations = &operations;
	client->set = (struct event_set){ .events = -1, .timer = -1 };
	client->probe = probe;
	client->url = arena_copy_text(&client->arena, text_of(url));
	status = curl_calls_load(&client->curl);
	if (status == STATUS_OK)
		status = event_set_open(&client->set);
	if (status == STATUS_OK)
		status = open_curl(client);
	if (status == STATUS_OK)
		status = set_address(client);
	if (status == STATUS_OK)
		*out_transport = &client->transport;
	else
		http_close(&client->transport);
	return status;
}

enum status transport_http_open(const char *url, struct transport **out_transport)
{
	return open_client(url, false, out_transport);
}

enum status transport_http_probe_open(const char *url, struct transport **out_transport)
{
	return open_client(url, true, out_transport);
}
