/* The server's flight recorder, as device_agent/flight.h is the device's. A leg begins when the server starts; when it is full, others
 * without a copy of the store follow it, to be looked at and not to be replayed: a fresh core would end everybody's session. */
#ifndef TRUCKROLL_SERVER_FLIGHT_H
#define TRUCKROLL_SERVER_FLIGHT_H

#include "protocol/sync/server_core.h"

struct server_flight;

/* `dir` is the organisation's; `program` has its version; `size_max` are the bytes that all legs may take, not 0. Never NULL. */
struct server_flight *server_flight_create(struct text dir, struct text program, int64_t size_max, const struct clock *clock);
/* After the core. Accepts NULL. */
void server_flight_destroy(struct server_flight *flight);

/* A leg begins: a core is about to be created with `options`, on a store that is as it will find it. Copies the store, and puts itself
 * between the core and its clock, files, keys and watcher; these must live as long as `flight`. `bench`: the store has the benchmark's
 * record. */
void server_flight_begin(struct server_flight *flight, struct server_core_options *options, bool bench);

#endif
