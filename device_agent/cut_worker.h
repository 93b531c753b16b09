/* Carries out a cut in a thread of its own (device_core_cut()), so that whoever works goes on meanwhile. One at a time. */
#ifndef TRUCKROLL_DEVICE_AGENT_CUT_WORKER_H
#define TRUCKROLL_DEVICE_AGENT_CUT_WORKER_H

#include <pthread.h>

#include "protocol/sync/device_core.h"

/* Zero-initialised it is at rest. */
struct cut_worker {
	pthread_t thread;
	struct device_core *core;
	int done[2]; /* a pipe: something to read when the cut is carried out */
	bool running;
	enum status status;
	char reason[REASON_SIZE];
};

/* False: there can be no thread now; nothing was begun. */
bool cut_worker_start(struct cut_worker *worker, struct device_core *core);
/* What to poll for (POLLIN) while it runs. */
int cut_worker_descriptor(const struct cut_worker *worker);
bool cut_worker_is_done(const struct cut_worker *worker);
/* Waits for so long at most; true: it is. A signal ends the wait. */
bool cut_worker_wait(const struct cut_worker *worker, int timeout_ms);
/* Waits until it is, and rests. The status of the cut, with its reason. */
enum status cut_worker_join(struct cut_worker *worker);

#endif
