/* The server of a run: its disk, its store and its core, with everything the serving program does around them. */
#ifndef TRUCKROLL_TESTS_SIMULATION_SERVER_NODE_H
#define TRUCKROLL_TESTS_SIMULATION_SERVER_NODE_H

#include "tests/simulation/simulation.h"

/* What a remark says that ends the server in the middle of its decision, as often as it is tried. */
#define POISON "poison"

void server_node_init(struct simulation *simulation);
void server_node_finish(struct simulation *simulation);
/* Opens the store and starts a core; does nothing when it runs. Checks what must be there after a crash. */
void server_node_start(struct simulation *simulation);
/* Kills it: sessions and memory are gone, the disk keeps what it keeps. */
void server_node_kill(struct simulation *simulation);
/* Only the process ends: the disk stays as the programs see it. It is started again at once. */
void server_node_end(struct simulation *simulation);

void server_node_frame(struct simulation *simulation, uint64_t connection, struct bytes frame);
void server_node_flush(struct simulation *simulation);
/* Takes a device's bundle in, if it can. `untouched`: it is as the device wrote it, and must be understood. */
void server_node_read_bundle(struct simulation *simulation, struct bytes file, bool untouched);
/* A bundle for the device of that number, in the run's arena; false when the server cannot write one now. */
bool server_node_write_bundle(struct simulation *simulation, unsigned number, struct bytes *out_file);
void server_node_tick(struct simulation *simulation);
/* Sets a device's state in the open commit; an operation must follow. */
bool server_node_revoke(struct simulation *simulation, const struct id *device, uint32_t state);
/* One operation of the office, flushed at once; true when it is durable. */
bool server_node_operation(
	struct simulation *simulation, const struct operation *operation, struct verdict *out_verdict, struct id *out_id);
/* Carries out what the core asks for. */
void server_node_effects(struct simulation *simulation);
/* Makes a backup, and has the server tell of it; puts one back, mostly the newest, with another epoch. */
void server_node_backup(struct simulation *simulation);
void server_node_restore(struct simulation *simulation);

#endif
