/* Metamorphic: the same work of devices that do not touch the same things comes to the same rows at the server, in whatever order,
 * how often and in however many pieces it is delivered (I16), and a wrong clock moves only times (I15). */
#ifndef TRUCKROLL_TESTS_SIMULATION_ORDERS_H
#define TRUCKROLL_TESTS_SIMULATION_ORDERS_H

#include "tests/simulation/simulation.h"

/* Tells of what differs; 0 when nothing does. */
int orders_compare(const struct template *template, uint64_t first_seed, uint64_t count);

#endif
