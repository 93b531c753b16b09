#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shell/control_message.h"
#include "shell/file.h"
#include "shell/lock.h"

#define PAUSE_MS 10

struct call {
	const char *dir;
	int descriptor;
	int64_t deadline_ms; /* monotonic; -1: none */
};

static int64_t left_ms(const struct call *call)
{
	int64_t left = call->deadline_ms - clock_monotonic_ms(clock_system());

	if (call->deadline_ms < 0)
		return -1;
	return left < 0 ? 0 : left;
}

static enum status silent(const struct call *call)
{
	struct arena arena = { 0 };
	struct text holder = lock_holder(&arena, call->dir);
	enum status status = fail(STATUS_BUSY,
		"%s is held by %.*s, which does not answer: look at it, or end it; then see whether the command was carried out", call->dir,
		TEXT_ARGUMENTS(holder));

	arena_finish(&arena);
	return status;
}

static enum status wait_for(const struct call *call, short events)
{
	struct pollfd waiting = { .fd = call->descriptor, .events = events };

	for (;;) {
		int ready = poll(&waiting, 1, (int)left_ms(call));
		if (ready > 0)
			return STATUS_OK;
		if (ready == 0 || errno != EINTR)
			return silent(call);
	}
}

static enum status connect_to_owner(struct call *call)
{
	const struct timespec pause = { .tv_nsec = (long)PAUSE_MS * 1000000 };
	struct sockaddr_un address;
	int dir_descriptor, result;
	enum status status = control_address(call->dir, &address, &dir_descriptor);

	if (status != STATUS_OK)
		return status;
	/* EAGAIN: the queue of connections is full, and poll() cannot wait for it. */
	while ((result = connect(call->descriptor, (const struct sockaddr *)&address, sizeof(address))) != 0 &&
		(errno == EAGAIN || errno == EINTR) && left_ms(call) > 0)
		(void)nanosleep(&pause, NULL);
	if (result != 0 && (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR))
		status = fail(STATUS_NOT_FOUND, "nobody serves %s", call->dir);
	else if (result != 0 && errno == EAGAIN)
		status = fail(STATUS_BUSY, "the process that serves %s has too much to do: try again", call->dir);
	else if (result != 0)
		status = file_fail(errno, "ask the process that serves", call->dir);
	if (dir_descriptor >= 0)
		(void)close(dir_descriptor);
	return status;
}

/* Nothing is damaged: what it did is durable or did not happen, and only its store knows which. */
static enum status cut_short(const struct call *call)
{
	return fail(STATUS_BUSY,
		"the process that serves %s ended before it answered: see whether the command was carried out (\"truckroll outbox --all\" "
		"on a device, \"truckrolld outcomes\" at the office) before you give it again",
		call->dir);
}

static enum status send_all(const struct call *call, struct bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t put = send(call->descriptor, bytes.data, bytes.size, MSG_NOSIGNAL);
		if (put >= 0) {
			bytes.data += put;
			bytes.size -= (size_t)put;
			continue;
		}
		if (errno == EPIPE) /* it has refused the rest and may have said why */
			return STATUS_OK;
		if (errno != EAGAIN && errno != EINTR)
			return cut_short(call);
		enum status status = wait_for(call, POLLOUT);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status receive_all(const struct call *call, uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t got = recv(call->descriptor, data, size, 0);
		if (got == 0)
			return cut_short(call);
		if (got > 0) {
			data += got;
			size -= (size_t)got;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return cut_short(call);
		enum status status = wait_for(call, POLLIN);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status receive_reply(const struct call *call, struct arena *arena, struct control_reply *out_reply)
{
	uint8_t head[CONTROL_HEAD_SIZE];
	struct reader reader = reader_of((struct bytes){ head, sizeof(head) });
	enum status status = receive_all(call, head, sizeof(head));
	uint8_t *body;
	size_t size;

	if (status != STATUS_OK)
		return status;
	size = read_u32(&reader);
	if (size > CONTROL_REPLY_MAX)
		return fail(STATUS_CORRUPT, "control reply: %zu bytes, at most %zu", size, CONTROL_REPLY_MAX);
	body = arena_allocate(arena, size);
	status = receive_all(call, body, size);
	if (status != STATUS_OK)
		return status;
	return control_reply_decode(arena, (struct bytes){ body, size }, out_reply);
}

enum status control_call(const char *dir, struct arena *arena, const struct control_request *request, int timeout_ms, int answer_ms,
	struct control_reply *out_reply)
{
	struct call call = { .dir = dir, .descriptor = -1, .deadline_ms = clock_monotonic_ms(clock_system()) + timeout_ms };
	struct bytes bytes;
	enum status status = control_request_encode(arena, request, &bytes);

	if (status != STATUS_OK)
		return status;
	call.descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
	if (call.descriptor < 0 || fcntl(call.descriptor, F_SETFL, O_NONBLOCK) != 0 || fcntl(call.descriptor, F_SETFD, FD_CLOEXEC) != 0) {
		status = file_fail(errno, "ask the process that serves", dir);
		goto done;
	}
	status = connect_to_owner(&call);
	if (status == STATUS_OK)
		status = send_all(&call, bytes);
	call.deadline_ms = answer_ms < 0 ? -1 : clock_monotonic_ms(clock_system()) + answer_ms;
	if (status == STATUS_OK)
		status = receive_reply(&call, arena, out_reply);
done:
	if (call.descriptor >= 0)
		(void)close(call.descriptor);
	return status;
}
