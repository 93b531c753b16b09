/* The invariants, each seen from outside of the code under test. */
#ifndef TRUCKROLL_TESTS_SIMULATION_CHECKS_H
#define TRUCKROLL_TESTS_SIMULATION_CHECKS_H

#include "tests/simulation/simulation.h"
#include "tests/simulation/snapshot.h"

/* While it runs. */
void checks_of_server_start(struct simulation *simulation);
void checks_of_device_start(struct simulation *simulation, struct device_node *device);
void checks_of_device(struct simulation *simulation, struct device_node *device, const struct device_core_state *state);
/* Tells the oracle of an operation that the device saved, or may have saved. */
void checks_note_saved(struct simulation *simulation, struct device_node *device, const struct id *id, enum promise_state state);
/* What only the device had is gone with it. */
void checks_after_restore(struct simulation *simulation, struct device_node *device);

/* When all is quiet. */
void checks_at_end(struct simulation *simulation);
/* Parts of it: `server` is all of the server's rows. */
void checks_of_log(struct simulation *simulation, const struct snapshot *server);
void checks_of_server_end(struct simulation *simulation, const struct snapshot *server);
void checks_of_files(struct simulation *simulation, const struct snapshot *server);
void checks_of_device_end(struct simulation *simulation, struct device_node *device);
/* A backup holds what the server had decided by then. */
void checks_after_backup(struct simulation *simulation, int64_t gseq);
/* The server's store was put back from a backup. I1: what the newest one lacks, the devices hold. */
void checks_after_server_restore(struct simulation *simulation, struct server_store *store, bool newest);

#endif
