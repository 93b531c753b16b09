/* Which addresses the live carrier may use. */
#ifndef TRUCKROLL_TRANSPORT_ADDRESS_H
#define TRUCKROLL_TRANSPORT_ADDRESS_H

#include <stdbool.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* Digits, up to 65535. */
bool address_is_port(struct text port);

/* STATUS_INVALID unless it is tcp://HOST:PORT (where a server listens: HOST may be "*" or nothing, and PORT 0) or ipc://PATH, and at most
 * 127 bytes. There is no TLS: the envelope is the security boundary (docs/protocol-security.md). */
enum status address_check(const char *url);
/* The same, of a server that a device is to find: STATUS_INVALID also without a host, and for port 0. */
enum status address_check_server(const char *url);
/* What these two let pass, apart. The path of ipc://PATH, within `url`; NULL: it is tcp://HOST:PORT. */
const char *address_path(const char *url);
/* Of that, in `arena`, the host without brackets, NULL where a server listens at all addresses of its machine, and the port. */
void address_split(struct arena *arena, const char *url, const char **out_host, const char **out_port);

#endif
