#include "shell/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "shell/control_message.h"
#include "shell/exit_code.h"
#include "shell/file.h"

#define CHUNK_SIZE ((size_t)16 * 1024)
#define QUEUE_LENGTH 128

/* One connection: reads a request whole, is answered, takes the reply whole, ends. */
struct client {
	int descriptor; /* -1: free */
	int64_t deadline_ms;
	struct arena arena;
	struct writer request; /* head and body as far as they came */
	struct bytes reply;    /* what is still to be written; data NULL while reading */
};

struct control {
	int descriptor;
	int dir_descriptor; /* holds an address that goes by way of the directory; -1: none */
	int reserve; /* for a file that a command opens, when there is no other descriptor; -1: none was left */
	const struct clock *clock;
	struct sockaddr_un address;
	struct client clients[CONTROL_CLIENTS_MAX];
	int64_t deaf_until_ms; /* no descriptor to spare: nobody is taken in before; 0: not so */
	int64_t complained_at_ms;
	bool complained;
	bool starved; /* and nobody has been told */
};

static enum status make_nonblocking(int descriptor)
{
	if (fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0 || fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
		return fail(STATUS_CANNOT_WRITE, "control socket: error %d of the system", errno);
	return STATUS_OK;
}

/* What a crashed owner left is taken away; a directory is somebody's. */
static enum status clear_name(const char *path)
{
	struct stat what;

	if (unlink(path) == 0 || lstat(path, &what) != 0 || !S_ISDIR(what.st_mode))
		return STATUS_OK; /* what else is wrong bind() tells */
	return fail(STATUS_CANNOT_WRITE, "%s is a directory, where the socket for commands has to be: remove it, and start again", path);
}

/* The mode is right from the first moment: no one else can connect in between. */
static enum status bind_private(int descriptor, const struct sockaddr_un *address)
{
	enum status status = clear_name(address->sun_path);
	mode_t before;
	int result;

	if (status != STATUS_OK)
		return status;
	before = umask(0177);
	result = bind(descriptor, (const struct sockaddr *)address, sizeof(*address));
	(void)umask(before);
	if (result != 0)
		return file_fail(errno, "listen on", address->sun_path);
	if (listen(descriptor, QUEUE_LENGTH) != 0)
		return file_fail(errno, "listen on", address->sun_path);
	return STATUS_OK;
}

enum status control_open(const char *dir, const struct clock *clock, struct control **out_control)
{
	struct control *control = memory_zeroed(1, sizeof(*control));
	enum status status;

	control->clock = clock;
	control->descriptor = -1;
	control->dir_descriptor = control->reserve = -1;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].descriptor = -1;
	status = control_address(dir, &control->address, &control->dir_descriptor);
	if (status != STATUS_OK)
		goto done;
	control->descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
	if (control->descriptor < 0) {
		status = file_fail(errno, "listen on", control->address.sun_path);
		goto done;
	}
	status = make_nonblocking(control->descriptor);
	if (status == STATUS_OK)
		status = bind_private(control->descriptor, &control->address);
	if (status == STATUS_OK) {
		*out_control = control;
		control = NULL;
	}
done:
	if (control != NULL && control->descriptor >= 0) {
		(void)close(control->descriptor); /* the name may be another's */
		control->descriptor = -1;
	}
	control_close(control);
	return status;
}

static void cut_off(struct client *client)
{
	if (client->descriptor >= 0)
		(void)close(client->descriptor);
	arena_finish(&client->arena);
	*client = (struct client){ .descriptor = -1 };
}

static void take_reserve(struct control *control)
{
	if (control->reserve < 0)
		control->reserve = fcntl(control->descriptor, F_DUPFD_CLOEXEC, 0);
}

static void release_reserve(struct control *control)
{
	if (control->reserve >= 0)
		(void)close(control->reserve);
	control->reserve = -1;
}

void control_close(struct control *control)
{
	if (control == NULL)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		cut_off(&control->clients[i]);
	if (control->descriptor >= 0) {
		(void)unlink(control->address.sun_path);
		(void)close(control->descriptor);
	}
	if (control->dir_descriptor >= 0)
		(void)close(control->dir_descriptor);
	release_reserve(control);
	free(control);
}

/* CONTROL_CLIENTS_MAX when there is none. */
static size_t free_place(const struct control *control)
{
	size_t place = 0;

	while (place < CONTROL_CLIENTS_MAX && control->clients[place].descriptor >= 0)
		place++;
	return place;
}

static bool is_deaf(const struct control *control)
{
	return control->deaf_until_ms != 0 && clock_monotonic_ms(control->clock) < control->deaf_until_ms;
}

size_t control_poll(const struct control *control, struct pollfd *out_polls)
{
	size_t count = 0;

	/* Without a free place or a descriptor a newcomer would wake the loop for nothing. */
	if (free_place(control) < CONTROL_CLIENTS_MAX && !is_deaf(control))
		out_polls[count++] = (struct pollfd){ .fd = control->descriptor, .events = POLLIN };
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *client = &control->clients[i];
		if (client->descriptor >= 0)
			out_polls[count++] = (struct pollfd){ .fd = client->descriptor,
				.events = client->reply.data == NULL ? POLLIN : POLLOUT };
	}
	return count;
}

int control_timeout_ms(const struct control *control)
{
	int64_t now_ms = clock_monotonic_ms(control->clock), left_ms = INT64_MAX;

	if (is_deaf(control))
		left_ms = control->deaf_until_ms - now_ms;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].descriptor >= 0 && control->clients[i].deadline_ms - now_ms < left_ms)
			left_ms = control->clients[i].deadline_ms - now_ms;
	if (left_ms == INT64_MAX)
		return -1;
	return left_ms < 0 ? 0 : (int)left_ms;
}

/* A caller that cannot be taken in stays in the queue, where it would wake the loop again and again. */
static void go_deaf(struct control *control)
{
	int64_t now_ms = clock_monotonic_ms(control->clock);

	control->deaf_until_ms = now_ms + CONTROL_STARVED_MS;
	if (control->complained && now_ms - control->complained_at_ms < CONTROL_COMPLAIN_MS)
		return;
	control->complained = true;
	control->complained_at_ms = now_ms;
	control->starved = true;
}

bool control_take_starved(struct control *control)
{
	bool starved = control->starved;

	control->starved = false;
	return starved;
}

static void accept_clients(struct control *control)
{
	size_t place;

	while (!is_deaf(control) && (place = free_place(control)) < CONTROL_CLIENTS_MAX) {
		struct client *client = &control->clients[place];
		int descriptor = accept(control->descriptor, NULL, NULL);
		if (descriptor < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
			go_deaf(control);
		if (descriptor < 0)
			return;
		if (make_nonblocking(descriptor) != STATUS_OK) {
			(void)close(descriptor);
			continue;
		}
		client->descriptor = descriptor;
		client->deadline_ms = clock_monotonic_ms(control->clock) + CONTROL_READ_TIMEOUT_MS;
		client->request = writer_in(&client->arena, CONTROL_HEAD_SIZE + CONTROL_REQUEST_MAX);
	}
}

static size_t announced_size(const struct client *client)
{
	struct reader reader = reader_of(writer_bytes(&client->request));

	return read_u32(&reader);
}

/* Bytes that are still missing from the head, then from the body. */
static size_t missing_size(const struct client *client)
{
	size_t size = client->request.size;

	return size < CONTROL_HEAD_SIZE ? CONTROL_HEAD_SIZE - size : CONTROL_HEAD_SIZE + announced_size(client) - size;
}

static void answer(struct control *control, struct client *client, control_handler handler, void *context)
{
	struct bytes body = writer_bytes(&client->request);
	struct control_request request;
	struct control_reply reply = { 0 };
	enum status status;

	if (announced_size(client) > CONTROL_REQUEST_MAX) {
		status = fail(STATUS_INVALID, "control request: %zu bytes, at most %zu", announced_size(client), CONTROL_REQUEST_MAX);
	} else {
		body = bytes_behind(body, CONTROL_HEAD_SIZE);
		status = control_request_decode(&client->arena, body, &request);
	}
	release_reserve(control);
	if (status == STATUS_OK)
		handler(context, &client->arena, &request, &reply);
	else
		reply = (struct control_reply){ .exit_code = (int)exit_code_of(status),
			.err = arena_print(&client->arena, "%s\n", fail_reason()) };
	take_reserve(control);
	client->reply = control_reply_encode(&client->arena, &reply);
	client->deadline_ms = clock_monotonic_ms(control->clock) + CONTROL_WRITE_TIMEOUT_MS;
}

/* True when the request is whole, or known to be too large. Cuts off a client that ended or failed. */
static bool read_request(struct client *client)
{
	uint8_t chunk[CHUNK_SIZE];

	for (;;) {
		size_t missing = missing_size(client);
		ssize_t got;

		if (client->request.size >= CONTROL_HEAD_SIZE && (missing == 0 || announced_size(client) > CONTROL_REQUEST_MAX))
			return true;
		got = recv(client->descriptor, chunk, missing < sizeof(chunk) ? missing : sizeof(chunk), 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (got <= 0) {
			cut_off(client);
			return false;
		}
		write_raw(&client->request, chunk, (size_t)got);
	}
}

static void write_reply(struct client *client)
{
	while (client->reply.size > 0) {
		ssize_t put = send(client->descriptor, client->reply.data, client->reply.size, MSG_NOSIGNAL);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (put < 0)
			break;
		client->reply.data += put;
		client->reply.size -= (size_t)put;
	}
	cut_off(client);
}

static void step_client(struct control *control, struct client *client, control_handler handler, void *context)
{
	if (client->reply.data == NULL && read_request(client))
		answer(control, client, handler, context);
	if (client->descriptor >= 0 && client->reply.data != NULL)
		write_reply(client);
	if (client->descriptor >= 0 && clock_monotonic_ms(control->clock) >= client->deadline_ms)
		cut_off(client);
}

void control_step(struct control *control, control_handler handler, void *context)
{
	take_reserve(control);
	accept_clients(control);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].descriptor >= 0)
			step_client(control, &control->clients[i], handler, context);
}
