/* Bundles on their way between the office and the devices: files that people carry. Some come late and twice, or after later ones; some are
 * cut or changed, put together anew from their own envelopes, or given to another device than they are for. */
#ifndef TRUCKROLL_TESTS_SIMULATION_POST_H
#define TRUCKROLL_TESTS_SIMULATION_POST_H

#include "tests/simulation/simulation.h"

#define POST_UNTOUCHED 1 /* connection of an event: the file is as it was written, and where it belongs */

/* Each writes one, if it runs, and gives it to a person; for the device of that number. */
void post_from_device(struct simulation *simulation, struct device_node *device);
void post_from_server(struct simulation *simulation, unsigned number);
/* The same of one that another device carried. */
void post_to_device(struct simulation *simulation, unsigned number, struct bytes file);

#endif
