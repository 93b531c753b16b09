/* Which network interface leads out, and whether it is one that costs. */
#ifndef TRUCKROLL_DEVICE_AGENT_UPLINK_H
#define TRUCKROLL_DEVICE_AGENT_UPLINK_H

#include <stdbool.h>

#include "protocol/base/arena.h"

/* The interface of the default route with the smallest metric, in a table as /proc/net/route has it; empty: there is none. A view. Pure. */
struct text uplink_of(struct text routes);
/* Does a list such as "wwan* ppp0" name it? A name that ends in '*' stands for all that begin so. Pure. */
bool uplink_listed(struct text interface, struct text list);
/* As the machine's routes are now, in `arena`; $TRUCKROLL_ROUTES names another file than /proc/net/route. IPv4 alone: a machine that has
 * both goes out by one interface. */
struct text uplink_now(struct arena *arena);

#endif
