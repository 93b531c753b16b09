#include "protocol/transport/nng_client.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/clock.h"
#include "protocol/base/memory.h"
#include "protocol/base/no_memory.h"
#include "protocol/transport/address.h"
#include "protocol/transport/patience.h"
#include "protocol/transport/signal_file.h"

#define RECONNECT_MIN_MS 1000
#define RECONNECT_MAX_MS 30000 /* nng waits a random part of a time that doubles up to it */
#define LINK_WAIT_MS     10000 /* a request that no link took by then is given up */

enum request_state {
	REQUEST_NONE,      /* nothing is under way */
	REQUEST_SENDING,   /* nng holds it until a link takes it */
	REQUEST_RECEIVING, /* it left; the reply is awaited */
	REQUEST_ANSWERED,  /* `reply` is set */
	REQUEST_FAILED,    /* `error` is set */
};

struct nng_client {
	struct transport transport;
	char *url;
	nng_socket socket;
	nng_dialer dialer;
	nng_ctx context;
	nng_aio *aio;
	int signal;
	pthread_t dialling;
	bool dialling_started;

	pthread_mutex_t mutex; /* guards all below; nng's threads write them */
	enum request_state state;
	bool abandoned; /* the running request must not go on to its next step */
	nng_msg *reply;
	int error;
	int dial_error;      /* of the first try, until a later one worked; 0 while it runs or when it worked */
	int link;            /* nng's number of the connection; 0: none */
	int64_t asked_at_ms; /* monotonic, of the latest request */
	size_t sending; /* bytes of the latest request */
	uint64_t sent;
	uint64_t received;
};

static void client_settle(struct nng_client *client, enum request_state state)
{
	client->state = state;
	signal_file_raise(client->signal);
}

/* On a thread of nng: the request left, the reply came, or either failed. */
static void client_step(void *context)
{
	struct nng_client *client = context;
	int error = nng_aio_result(client->aio);

	(void)pthread_mutex_lock(&client->mutex);
	if (error == 0 && client->state == REQUEST_SENDING)
		client->sent += client->sending;
	if (error != 0) {
		if (client->state == REQUEST_SENDING)
			nng_msg_free(nng_aio_get_msg(client->aio)); /* nng did not take it */
		client->error = error;
		client_settle(client, client->abandoned ? REQUEST_NONE : REQUEST_FAILED);
	} else if (client->state == REQUEST_SENDING && !client->abandoned) {
		client->state = REQUEST_RECEIVING;
		nng_ctx_recv(client->context, client->aio);
	} else if (client->state == REQUEST_RECEIVING) {
		client->reply = nng_aio_get_msg(client->aio);
		client->received += nng_msg_len(client->reply);
		client_settle(client, REQUEST_ANSWERED);
	} else {
		client_settle(client, REQUEST_NONE);
	}
	(void)pthread_mutex_unlock(&client->mutex);
}

static void client_link(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct nng_client *client = context;

	(void)pthread_mutex_lock(&client->mutex);
	if (event == NNG_PIPE_EV_ADD_PRE) { /* the later notice may come behind the first reply */
		client->link = nng_pipe_id(pipe);
		client->dial_error = 0;
	} else if (client->link == nng_pipe_id(pipe)) { /* not when its successor came first */
		client->link = 0;
	}
	signal_file_raise(client->signal);
	(void)pthread_mutex_unlock(&client->mutex);
}

/* The first try is made on its own thread, since only a try that waits tells that it was refused; nng makes the later ones. */
static void *client_dial(void *context)
{
	struct nng_client *client = context;
	int error = nng_dialer_start(client->dialer, 0);

	if (error == 0 || error == NNG_ECLOSED)
		return NULL;
	(void)pthread_mutex_lock(&client->mutex);
	client->dial_error = error;
	signal_file_raise(client->signal);
	(void)pthread_mutex_unlock(&client->mutex);
	(void)nng_dialer_start(client->dialer, NNG_FLAG_NONBLOCK);
	return NULL;
}

/* Ends the running request, if any, so that the aio is free. */
static void client_abandon(struct nng_client *client)
{
	(void)pthread_mutex_lock(&client->mutex);
	client->abandoned = true;
	(void)pthread_mutex_unlock(&client->mutex);
	nng_aio_abort(client->aio, NNG_ECANCELED);
	nng_aio_wait(client->aio);
	(void)pthread_mutex_lock(&client->mutex);
	nng_msg_free(client->reply);
	client->reply = NULL;
	client->error = 0;
	client->abandoned = false;
	client->state = REQUEST_NONE;
	(void)pthread_mutex_unlock(&client->mutex);
}

static enum status client_send(struct transport *transport, struct bytes request)
{
	struct nng_client *client = (struct nng_client *)transport;
	nng_msg *message;

	client_abandon(client);
	if (nng_msg_alloc(&message, request.size) != 0)
		no_memory();
	if (request.size > 0)
		memcpy(nng_msg_body(message), request.data, request.size);
	(void)pthread_mutex_lock(&client->mutex);
	client->state = REQUEST_SENDING;
	client->asked_at_ms = clock_monotonic_ms(clock_system());
	client->sending = request.size;
	nng_aio_set_msg(client->aio, message);
	nng_ctx_send(client->context, client->aio);
	(void)pthread_mutex_unlock(&client->mutex);
	return STATUS_OK;
}

static enum status client_offline(const struct nng_client *client, int error)
{
	if (error == NNG_EADDRINVAL)
		return fail(
			STATUS_OFFLINE, "%s cannot be reached (no machine of that name is known here, or nobody to ask is)", client->url);
	return fail(STATUS_OFFLINE, "%s cannot be reached (%s)", client->url, nng_strerror(error));
}

/* True when the request waits for a link that does not come. Called with the mutex held. */
static bool client_stuck(const struct nng_client *client, bool time_over)
{
	if (client->state != REQUEST_SENDING || client->link != 0)
		return false;
	return time_over || client->dial_error != 0 || clock_monotonic_ms(clock_system()) - client->asked_at_ms >= LINK_WAIT_MS;
}

/* One look. STATUS_NOT_FOUND when it is worth waiting. */
static enum status client_take(struct nng_client *client, bool time_over, struct arena *arena, struct bytes *out_reply)
{
	enum status status = STATUS_NOT_FOUND;

	(void)pthread_mutex_lock(&client->mutex);
	signal_file_clear(client->signal);
	if (client->state == REQUEST_ANSWERED) {
		struct bytes reply = { .data = nng_msg_body(client->reply), .size = nng_msg_len(client->reply) };
		*out_reply = arena_copy_bytes(arena, reply);
		client->state = REQUEST_NONE;
		status = STATUS_OK;
	} else if (client->state == REQUEST_FAILED) {
		status = client_offline(client, client->error);
	} else if (client_stuck(client, time_over)) {
		status = client_offline(client, client->dial_error != 0 ? client->dial_error : NNG_ETIMEDOUT);
		client->dial_error = 0; /* it tells of the first try only; later requests wait for nng's next ones */
	}
	(void)pthread_mutex_unlock(&client->mutex);
	return status;
}

static enum status client_look(struct transport *transport, bool time_over, struct arena *arena, struct bytes *out_reply)
{
	struct nng_client *client = (struct nng_client *)transport;
	enum status status = client_take(client, time_over, arena, out_reply);

	if (status == STATUS_OFFLINE)
		client_abandon(client); /* its reply must not come later */
	return status;
}

static void client_count(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received)
{
	/* The mutex is no part of what is const. */
	struct nng_client *client = (struct nng_client *)(uintptr_t)transport;

	(void)pthread_mutex_lock(&client->mutex);
	*out_sent = client->sent;
	*out_received = client->received;
	(void)pthread_mutex_unlock(&client->mutex);
}

static int client_descriptor(const struct transport *transport)
{
	return ((const struct nng_client *)transport)->signal;
}

static void client_free(void *context)
{
	struct nng_client *client = context;

	(void)nng_close(client->socket); /* ends the first try, and its thread */
	if (client->dialling_started)
		(void)pthread_join(client->dialling, NULL);
	nng_aio_free(client->aio);
	if (client->signal >= 0)
		(void)close(client->signal);
	(void)pthread_mutex_destroy(&client->mutex);
	free(client->url);
	free(client);
}

#define CLOSE_PAUSE_MS 5 /* for nng's thread that delivered the last reply */
#define CLOSE_WAIT_MS  2000

static void client_close(struct transport *transport)
{
	struct nng_client *client = (struct nng_client *)transport;

	if (client->aio != NULL)
		client_abandon(client);
	(void)poll(NULL, 0, CLOSE_PAUSE_MS);
	(void)patience_run(client_free, client, CLOSE_WAIT_MS);
}

static const struct transport_operations operations = {
	.send = client_send,
	.look = client_look,
	.count = client_count,
	.descriptor = client_descriptor,
	.close = client_close,
};

/* The first error of nng while the socket is made ready; 0 when it is. */
static int client_prepare(struct nng_client *client)
{
	int error = nng_req0_open(&client->socket);

	/* nng's own repetition sends the same bytes again, which a session refuses: a new request is built instead. */
	if (error == 0)
		error = nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (error == 0)
		error = nng_socket_set_size(client->socket, NNG_OPT_RECVMAXSZ, TRANSPORT_FRAME_MAX);
	if (error == 0)
		error = nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
	if (error == 0)
		error = nng_socket_set_ms(client->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
	if (error == 0)
		error = nng_pipe_notify(client->socket, NNG_PIPE_EV_ADD_PRE, client_link, client);
	if (error == 0)
		error = nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, client_link, client);
	if (error == 0)
		error = nng_ctx_open(&client->context, client->socket);
	if (error == 0)
		error = nng_aio_alloc(&client->aio, client_step, client);
	if (error == 0)
		error = nng_dialer_create(&client->dialer, client->socket, client->url);
	if (error == 0 && strncmp(client->url, "tcp://", strlen("tcp://")) == 0)
		error = nng_dialer_set_bool(client->dialer, NNG_OPT_TCP_KEEPALIVE, true);
	return error;
}

enum status transport_nng_open(const char *url, struct transport **out_transport)
{
	struct nng_client *client;
	enum status status = address_check(url);
	int error;

	if (status != STATUS_OK)
		return status;
	client = memory_zeroed(1, sizeof(*client));
	client->transport.operations = &operations;
	client->signal = -1;
	client->url = memory_copy(url, strlen(url) + 1);
	if (pthread_mutex_init(&client->mutex, NULL) != 0)
		abort();
	status = signal_file_open(&client->signal);
	if (status != STATUS_OK)
		goto done;
	error = client_prepare(client);
	if (error != 0) {
		status =
			fail(STATUS_INVALID, "cannot use the address %s (%s); use tcp://HOST:PORT or ipc://PATH", url, nng_strerror(error));
		goto done;
	}
	client->dialling_started = pthread_create(&client->dialling, NULL, client_dial, client) == 0;
	if (!client->dialling_started)
		status = fail(STATUS_CANNOT_WRITE, "cannot start a thread for the connection to %s", url);
done:
	if (status == STATUS_OK)
		*out_transport = &client->transport;
	else
		client_close(&client->transport);
	return status;
}
