/* The device's end of the live carrier: one nng request socket. */
#ifndef TRUCKROLL_TRANSPORT_NNG_CLIENT_H
#define TRUCKROLL_TRANSPORT_NNG_CLIENT_H

#include "protocol/transport/transport.h"

/* Starts to connect in the background and keeps trying, at most 30 s apart, until transport_close(). STATUS_INVALID for an address that is
 * not tcp:// or ipc://. Use from one thread. A request that meets no link waits for one until it is abandoned or
 * until a try fails; one whose link breaks fails with STATUS_OFFLINE and is not sent again by itself: build a new one. */
enum status transport_nng_open(const char *url, struct transport **out_transport);

#endif
