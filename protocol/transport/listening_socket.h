/* A socket that listens, for the carriers' listeners. */
#ifndef TRUCKROLL_TRANSPORT_LISTENING_SOCKET_H
#define TRUCKROLL_TRANSPORT_LISTENING_SOCKET_H

#include <stdbool.h>

#include "protocol/base/status.h"

/* At the first address that the host has; NULL: at all addresses of this machine, IPv6 and IPv4. `port`: digits, "0": any free
 * one. It does not block; the caller closes it. `url` is for the reasons: STATUS_BUSY (in use), STATUS_INVALID (no such machine, or not
 * this one), STATUS_CANNOT_WRITE (no descriptor or no right). */
enum status listening_socket_open(const char *url, const char *host, const char *port, int *out_descriptor);
/* On this machine alone: at a path, which is at most 107 bytes. What a server that was killed left there is taken over. */
enum status listening_socket_open_local(const char *url, const char *path, int *out_descriptor);
/* The TCP port listened on; 0 when there is none. */
int listening_socket_port(int descriptor);
/* Only programs of this machine can connect. */
bool listening_socket_is_near(int descriptor);

#endif
