/* The server's end of the live carrier: a raw nng reply socket that holds any number of requests open at once. A parked request costs its
 * header (about 100 bytes), not a thread. nng's threads only post. */
#ifndef TRUCKROLL_TRANSPORT_NNG_LISTENER_H
#define TRUCKROLL_TRANSPORT_NNG_LISTENER_H

#include "protocol/transport/listener.h"

/* Listens on tcp://HOST:PORT (port 0: any free one) or ipc://PATH. `limits` may be NULL. STATUS_INVALID (address), STATUS_BUSY (in use),
 * STATUS_CANNOT_WRITE (no descriptor or no right). */
enum status listener_nng_open(const char *url, const struct listener_limits *limits, struct listener **out_listener);

#endif
