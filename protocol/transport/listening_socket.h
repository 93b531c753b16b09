/* A socket that listens, for the carriers' listeners. */
#ifndef TRUCKROLL_TRANSPORT_LISTENING_SOCKET_H
#define TRUCKROLL_TRANSPORT_LISTENING_SOCKET_H

#include <netdb.h>

#include "protocol/base/status.h"

/* At the first of the addresses. It does not block; the caller closes it. `url` is for the reasons: STATUS_BUSY (in use), STATUS_INVALID
 * (no address of this machine), STATUS_CANNOT_WRITE (no descriptor or no right). */
enum status listening_socket_at(const char *url, const struct addrinfo *where, int *out_descriptor);
/* At HOST:PORT, what follows the scheme of `url`: a name, a number, a number in brackets, or "*" or nothing for all addresses of this
 * machine; port 0: any free one; as address_check() allows. Statuses as above. */
enum status listening_socket_open(const char *url, const char *host_and_port, int *out_descriptor);
/* On this machine alone: at a path, which is at most 107 bytes. What a server that was killed left there is taken over. */
enum status listening_socket_open_local(const char *url, const char *path, int *out_descriptor);
/* The TCP port listened on; 0 when there is none. */
int listening_socket_port(int descriptor);

#endif
