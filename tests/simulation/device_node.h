/* A device of a run: its disk, its two files and its core, with everything the agent does around them. */
#ifndef TRUCKROLL_TESTS_SIMULATION_DEVICE_NODE_H
#define TRUCKROLL_TESTS_SIMULATION_DEVICE_NODE_H

#include "device_agent/store.h"
#include "tests/simulation/simulation.h"

void device_node_init(struct simulation *simulation, unsigned number);
void device_node_finish(struct device_node *device);
/* Opens the files, making them when `create`, and starts a core that wants to be on line; does nothing when it runs. */
void device_node_start(struct simulation *simulation, struct device_node *device, bool create);
/* The machine goes down, and later up again. */
/* Stops in an orderly way and starts again. */
void device_node_restart(struct simulation *simulation, struct device_node *device);
void device_node_kill(struct simulation *simulation, struct device_node *device);
/* Only the process ends: the disk stays as the programs see it. It is started again at once. */
void device_node_end(struct simulation *simulation, struct device_node *device);

void device_node_reply(struct simulation *simulation, struct device_node *device, struct bytes frame);
void device_node_lost(struct simulation *simulation, struct device_node *device);
void device_node_tick(struct simulation *simulation, struct device_node *device);
void device_node_go(struct simulation *simulation, struct device_node *device);
/* What may go over its link from now on. */
void device_node_allow(struct simulation *simulation, struct device_node *device, enum delivery_class class_max);
/* The technician's command. */
void device_node_operation(struct simulation *simulation, struct device_node *device, const struct operation *operation);
/* Puts the content of a photo into the store of files, to be sent; false when it cannot. The photo itself is an operation. */
bool device_node_attach(struct simulation *simulation, struct device_node *device, struct bytes content);
/* Something lies in the store of files that was not there before; `status` is what putting it there led to. */
void device_node_look_at_files(struct simulation *simulation, struct device_node *device, enum status status);
/* A bundle for the office, in the run's arena; false when the device cannot write one now. */
bool device_node_write_bundle(struct simulation *simulation, struct device_node *device, struct bytes *out_file);
/* Takes a bundle in, if it can. `untouched`: it is as the server wrote it, for this device, and must be understood. */
void device_node_read_bundle(struct simulation *simulation, struct device_node *device, struct bytes file, bool untouched);
/* Keeps a copy of both files, as a backup program would. */
void device_node_copy(struct simulation *simulation, struct device_node *device);
/* Puts the copy back, if there is one. */
void device_node_restore(struct simulation *simulation, struct device_node *device);

/* The device has leisure: it looks at so many slices of its replica, of a few rows each. */
void device_node_leisure(struct simulation *simulation, struct device_node *device, size_t slices);
/* A day has passed since the last check, and the device has leisure until it has looked at everything. */
void device_node_check_whole(struct simulation *simulation, struct device_node *device);
/* A copy of both files begins to run beside the device, as another node; once in a run. */
void device_node_clone(struct simulation *simulation, struct device_node *device);
/* Copies run no more; what only they had is lost. */
void device_node_retire_copies(struct simulation *simulation);

#endif
