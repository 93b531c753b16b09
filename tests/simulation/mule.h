/* Devices that carry the bundles of others: what they are given, what they hand out, and what must be true when they say that it was
 * delivered. */
#ifndef TRUCKROLL_TESTS_SIMULATION_MULE_H
#define TRUCKROLL_TESTS_SIMULATION_MULE_H

#include "tests/simulation/simulation.h"

/* Remembers what is in a bundle of a device, as it wrote it. */
void mule_note_letter(struct simulation *simulation, struct device_node *device, struct bytes file);
/* Somebody gives a bundle, perhaps a damaged one, to a device that is to carry it. */
void mule_take(struct simulation *simulation, struct device_node *device, struct bytes file);
/* The answers that a device holds are given to whom they are for. */
void mule_hand_out(struct simulation *simulation, struct device_node *device);
/* I20: what a device says it has delivered, the server has. */
void mule_check(struct simulation *simulation, struct device_node *device);
/* What the device carries is now so old that it is dropped, delivered or not. */
void mule_grow_old(struct simulation *simulation, struct device_node *device);

#endif
