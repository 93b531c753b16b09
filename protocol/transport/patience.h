/* Waiting for what may never end. nng 1.5.2 sometimes waits for ever in nng_close() when a thread of its own that delivered the last
 * message is not out of it yet: a program that has to end must not wait with it (docs/decisions/0010-nng-dials-only.md). */
#ifndef TRUCKROLL_TRANSPORT_PATIENCE_H
#define TRUCKROLL_TRANSPORT_PATIENCE_H

#include <stdbool.h>

/* Does the work on a thread of its own and waits for its end, but no longer than `wait_ms`. False: it still goes on, and `context` is its
 * own for good. Without a thread to be had it is done here. */
bool patience_run(void (*work)(void *context), void *context, int wait_ms);

#endif
