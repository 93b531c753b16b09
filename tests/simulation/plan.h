/* What will go wrong in a phase of chaos, and what people will do meanwhile. */
#ifndef TRUCKROLL_TESTS_SIMULATION_PLAN_H
#define TRUCKROLL_TESTS_SIMULATION_PLAN_H

#include "tests/simulation/simulation.h"

#define CHAOS_MS (25 * 60000)

/* Plans everything from now on until the healing, which is planned too. */
void plan_phase(struct simulation *simulation);

#endif
