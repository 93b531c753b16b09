/* The addresses of a server in the order they are liked, separated by commas, and which one is tried now: the next one when one fails, the
 * better one again after a while. Pure: opens nothing, reads no clock. */
#ifndef TRUCKROLL_TRANSPORT_ROUTE_H
#define TRUCKROLL_TRANSPORT_ROUTE_H

#include <stdbool.h>

#include "protocol/transport/transport.h"

#define ROUTE_MAX           4
#define ROUTE_BACK_MIN_MS   ((int64_t)5 * 60 * 1000)  /* so long after a worse one worked the best is tried again; doubles each time */
#define ROUTE_BACK_MAX_MS   ((int64_t)60 * 60 * 1000) /* it fails again, up to this */

struct route {
	struct text addresses[ROUTE_MAX]; /* NUL-terminated */
	size_t count;
	size_t current;
	size_t tried;     /* in a row that failed since one worked */
	int64_t back_ms;  /* 0: the best one is in use, or none worked yet */
	int64_t back_at_ms;
};

/* A carrier to one address: the live one for tcp:// and ipc://, HTTP for http:// and https://. Statuses of transport_sp_open() and
 * transport_http_open(). */
enum status route_open(const char *url, struct transport **out_transport);

/* Reads the list; texts are in `arena`. STATUS_INVALID with the address that cannot be one. */
enum status route_read(struct arena *arena, struct text list, struct route *out_route);

/* The address to be tried now. */
const char *route_current(const struct route *route);
/* It failed. True when another is to be tried at once, false when all have failed in a row: then the first one is next, after a while. */
bool route_failed(struct route *route, int64_t now_ms);
/* It worked. `lasting`: until everything was exchanged; what fails before that each time counts as failed in a row. `chance`: any number,
 * so that devices do not all come back at once. */
void route_worked(struct route *route, int64_t now_ms, bool lasting, uint64_t chance);
/* A better one is worth a try; turns to it. */
bool route_turn_back(struct route *route, int64_t now_ms);

#endif
