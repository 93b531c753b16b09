/* The server's end of the live carrier: what nng's request sockets speak, over sockets of our own that the owner's thread reads when they
 * have something. Any number of requests is open at once; a parked one costs its header (about 50 bytes), not a thread. nng's own
 * listener goes deaf, and keeps descriptors, when it is hung up on: docs/decisions/0010-the-live-carrier-is-our-own.md. */
#ifndef TRUCKROLL_TRANSPORT_SP_LISTENER_H
#define TRUCKROLL_TRANSPORT_SP_LISTENER_H

#include "protocol/transport/listener.h"

/* Listens on tcp://HOST:PORT (port 0: any free one) or ipc://PATH. `limits` may be NULL. STATUS_INVALID (address), STATUS_BUSY (in use),
 * STATUS_CANNOT_WRITE (no descriptor or no right). */
enum status listener_sp_open(const char *url, const struct listener_limits *limits, struct listener **out_listener);

#endif
