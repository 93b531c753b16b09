#include "device_agent/cut_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "protocol/base/deaf_thread.h"

static void *carry_out(void *context)
{
	struct cut_worker *worker = context;

	worker->status = device_core_cut(worker->core);
	(void)snprintf(worker->reason, sizeof(worker->reason), "%s", worker->status == STATUS_OK ? "" : fail_reason());
	(void)(write(worker->done[1], "", 1) == 1);
	return NULL;
}

static void close_pipe(struct cut_worker *worker)
{
	(void)close(worker->done[0]);
	(void)close(worker->done[1]);
}

bool cut_worker_start(struct cut_worker *worker, struct device_core *core)
{
	worker->core = core;
	if (pipe(worker->done) != 0)
		return false;
	for (size_t i = 0; i < LENGTH(worker->done); i++)
		(void)fcntl(worker->done[i], F_SETFD, FD_CLOEXEC);
	worker->running = deaf_thread_start(&worker->thread, carry_out, worker) == 0;
	if (!worker->running)
		close_pipe(worker);
	return worker->running;
}

int cut_worker_descriptor(const struct cut_worker *worker)
{
	return worker->done[0];
}

bool cut_worker_wait(const struct cut_worker *worker, int timeout_ms)
{
	struct pollfd poll_one = { .fd = worker->done[0], .events = POLLIN };

	return poll(&poll_one, 1, timeout_ms) > 0;
}

bool cut_worker_is_done(const struct cut_worker *worker)
{
	return cut_worker_wait(worker, 0);
}

enum status cut_worker_join(struct cut_worker *worker)
{
	(void)pthread_join(worker->thread, NULL);
	close_pipe(worker);
	worker->running = false;
	return worker->status == STATUS_OK ? STATUS_OK : fail(worker->status, "%s", worker->reason);
}
