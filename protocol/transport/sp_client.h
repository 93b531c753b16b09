/* The device's end of the live carrier: a request socket as nng's are, over one socket of our own that the owner's thread reads when it has
 * something. Why nng's own is not used: docs/decisions/0010-the-live-carrier-is-our-own.md. */
#ifndef TRUCKROLL_TRANSPORT_SP_CLIENT_H
#define TRUCKROLL_TRANSPORT_SP_CLIENT_H

#include "protocol/transport/transport.h"

/* Connects when there is something to send, to each address of the host in turn until one takes it, for 10 s together until that greets; a
 * link that broke is made anew for the next request. STATUS_INVALID for an address that is not tcp:// or ipc://; STATUS_CANNOT_WRITE: no
 * descriptor is left. One thread. A request whose link breaks, or comes not to be, fails with STATUS_OFFLINE, and is not sent again by
 * itself. */
enum status transport_sp_open(const char *url, struct transport **out_transport);

#endif
