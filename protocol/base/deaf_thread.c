#include "protocol/base/deaf_thread.h"

#include <signal.h>

int deaf_thread_start(pthread_t *out_thread, void *(*run)(void *context), void *context)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(out_thread, NULL, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}
