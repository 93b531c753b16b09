/* What people do in a run: the office plans and changes its mind, technicians work, mostly off line. */
#ifndef TRUCKROLL_TESTS_SIMULATION_SCENARIO_H
#define TRUCKROLL_TESTS_SIMULATION_SCENARIO_H

#include "tests/simulation/simulation.h"

/* One thing that the technician of the device does, on what the device shows. */
void scenario_work(struct simulation *simulation, struct device_node *device);
/* One thing that the office does, on what the server has. */
void scenario_office(struct simulation *simulation);

/* The office revokes a device, maybe as stolen. */
void scenario_revoke(struct simulation *simulation, unsigned who);

#endif
