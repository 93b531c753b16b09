/* A thread that takes no signals: they are for the one that waits for them. */
#ifndef TRUCKROLL_BASE_DEAF_THREAD_H
#define TRUCKROLL_BASE_DEAF_THREAD_H

#include <pthread.h>

/* As pthread_create() with default attributes: 0, or the error of the system. The caller joins or detaches it. */
int deaf_thread_start(pthread_t *out_thread, void *(*run)(void *context), void *context);

#endif
