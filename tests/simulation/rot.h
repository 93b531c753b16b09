/* What happens to a replica behind its back: rows change, vanish or come up that the server knows nothing of. */
#ifndef TRUCKROLL_TESTS_SIMULATION_ROT_H
#define TRUCKROLL_TESTS_SIMULATION_ROT_H

#include "tests/simulation/simulation.h"

/* Once; nothing where nothing is. */
void rot_strike(struct simulation *simulation, struct device_node *device);

#endif
