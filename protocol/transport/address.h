/* Which addresses the nng carrier may use. */
#ifndef TRUCKROLL_TRANSPORT_ADDRESS_H
#define TRUCKROLL_TRANSPORT_ADDRESS_H

#include "protocol/base/status.h"

/* STATUS_INVALID unless it begins with tcp:// or ipc:// and is at most 127 bytes. nng's own TLS is used nowhere: the envelope is the
 * security boundary, and its listener can be stopped from outside (docs/architecture.md). */
enum status address_check(const char *url);

#endif
