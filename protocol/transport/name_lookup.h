/* The addresses behind the name of a machine. The system's look-up may take half a minute and cannot be given up, so it has a thread of
 * its own, which whoever loses interest leaves to itself. */
#ifndef TRUCKROLL_TRANSPORT_NAME_LOOKUP_H
#define TRUCKROLL_TRANSPORT_NAME_LOOKUP_H

#include <stddef.h>
#include <sys/socket.h>

#include "protocol/base/status.h"

#define SOCKET_ADDRESSES_MAX 8

struct socket_address {
	struct sockaddr_storage at;
	socklen_t size;
};

struct socket_addresses {
	struct socket_address each[SOCKET_ADDRESSES_MAX];
	size_t count;
};

/* Started, asked and dropped by one thread. */
struct name_lookup;

/* `port`: digits; `url` is for the reasons. An address in digits is found at once, without a thread. STATUS_CANNOT_WRITE: no descriptor is
 * left; STATUS_OFFLINE: no thread is to be had. */
enum status name_lookup_start(const char *url, const char *host, const char *port, struct name_lookup **out_lookup);
/* Readable when name_lookup_take() is worth a call. Owned by the look-up. */
int name_lookup_descriptor(const struct name_lookup *lookup);
/* STATUS_NOT_FOUND: not known yet. STATUS_OK: at least one address, in the order they are to be tried, or as many as there is room for.
 * STATUS_OFFLINE: there is no such name, nobody to ask, or not what asking takes. */
enum status name_lookup_take(const struct name_lookup *lookup, struct socket_addresses *out_addresses);
/* Of a result of getaddrinfo(), right after it: what kept the system from asking, an errno value; 0: it asked, and the answer is no. */
int name_lookup_error(int result);
/* Accepts NULL. Does not wait: a thread that is left goes on until the system gives up, about half a minute for
 * each server of names. */
void name_lookup_drop(struct name_lookup *lookup);

#endif
