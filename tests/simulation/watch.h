/* Looks at every plaintext that the server seals for a device, whether it arrives or not (I9). The seals are tapped in taps.c, where the
 * simulation is linked with it; without it nobody watches. */
#ifndef TRUCKROLL_TESTS_SIMULATION_WATCH_H
#define TRUCKROLL_TESTS_SIMULATION_WATCH_H

#include "tests/simulation/simulation.h"

/* The run that is watched; NULL: none. */
void watch_begin(struct simulation *simulation);
void watch_end(void);

/* Something is about to be sealed, by whoever's turn it is. */
void watch_session(const uint8_t id[static SESSION_ID_SIZE], struct bytes plain);
void watch_envelope(const struct id *sender, const struct id *recipient, struct bytes plain);

#endif
