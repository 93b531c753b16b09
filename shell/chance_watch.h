/* Sees what libsodium draws from the machine's randomness in this process: keys of one session, salts, ids. One watcher at a time; the
 * thread that draws is the one that is told. */
#ifndef TRUCKROLL_SHELL_CHANCE_WATCH_H
#define TRUCKROLL_SHELL_CHANCE_WATCH_H

#include "protocol/base/text.h"

typedef void (*chance_seen)(void *context, struct bytes drawn);

/* From now on; NULL: nobody watches any more. The randomness itself stays the system's. */
void chance_watch(chance_seen seen, void *context);

#endif
