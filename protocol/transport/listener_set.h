/* All carriers of a server as one: a few listeners, asked in turn. The set is itself a listener. */
#ifndef TRUCKROLL_TRANSPORT_LISTENER_SET_H
#define TRUCKROLL_TRANSPORT_LISTENER_SET_H

#include "protocol/transport/listener.h"

#define LISTENER_SET_MAX 4

/* An empty set; listener_close() closes what it holds. STATUS_CANNOT_WRITE when the process has no descriptor left. */
enum status listener_set_make(struct listener **out_set);
/* The set owns the listener from here on, also when it fails: STATUS_CANNOT_WRITE as above. At most LISTENER_SET_MAX. Counts add up; the
 * port is that of the first. */
enum status listener_set_add(struct listener *set, struct listener *listener);
/* The port of the member at `position`, 0 when there is none. */
int listener_set_port(const struct listener *set, size_t position);

#endif
