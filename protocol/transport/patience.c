#include "protocol/transport/patience.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "protocol/base/memory.h"

struct errand {
	void (*work)(void *context);
	void *context;
	sem_t done;
	atomic_int holders; /* the last one frees it */
};

static void errand_free(struct errand *errand)
{
	(void)sem_destroy(&errand->done);
	free(errand);
}

static void errand_release(struct errand *errand)
{
	if (atomic_fetch_sub(&errand->holders, 1) == 1)
		errand_free(errand);
}

static void *errand_run(void *context)
{
	struct errand *errand = context;

	errand->work(errand->context);
	(void)sem_post(&errand->done);
	errand_release(errand);
	return NULL;
}

static bool errand_wait(struct errand *errand, int wait_ms)
{
	struct timespec until;
	int waited;

	if (clock_gettime(CLOCK_REALTIME, &until) != 0)
		return false;
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	do
		waited = sem_timedwait(&errand->done, &until);
	while (waited != 0 && errno == EINTR);
	return waited == 0;
}

bool patience_run(void (*work)(void *context), void *context, int wait_ms)
{
	struct errand *errand = memory_zeroed(1, sizeof(*errand));
	pthread_t thread;
	bool done;

	errand->work = work;
	errand->context = context;
	atomic_init(&errand->holders, 2);
	if (sem_init(&errand->done, 0, 0) != 0)
		abort();
	if (pthread_create(&thread, NULL, errand_run, errand) != 0) {
		errand_free(errand);
		work(context);
		return true;
	}
	(void)pthread_detach(thread);
	done = errand_wait(errand, wait_ms);
	errand_release(errand);
	return done;
}
