/* The virtual network between the devices and the server: late, lossy, repeating and damaging, as the run's faults say. */
#ifndef TRUCKROLL_TESTS_SIMULATION_NETWORK_H
#define TRUCKROLL_TESTS_SIMULATION_NETWORK_H

#include "tests/simulation/simulation.h"

/* A request leaves: earlier ones of the device are abandoned. */
void network_request(struct simulation *simulation, struct device_node *device, struct bytes frame);
/* An answer leaves the server. */
void network_reply(struct simulation *simulation, uint64_t connection, struct bytes frame);
/* The server will not answer. */
void network_drop(struct simulation *simulation, uint64_t connection);
/* The device learns, maybe, that its connection is gone; the server never does. */
void network_cut(struct simulation *simulation, struct device_node *device);
/* The device that waits on a connection; NULL when nobody does. */
struct device_node *network_waiting(struct simulation *simulation, uint64_t connection);

#endif
