/* Room on the device's disk that only work may use: a file that is given up when the disk is full, so that what a technician does is saved
 * for a while longer. It is made again when there is room. The server has none: what it refuses, devices keep. */
#ifndef TRUCKROLL_DEVICE_AGENT_RESERVE_H
#define TRUCKROLL_DEVICE_AGENT_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

#define RESERVE_SIZE ((size_t)1024 * 1024) /* some fifty operations, whatever the blocks of the disk */

/* Makes the file at `path` when it is not there and the disk has room for many of it. That it cannot be made is no failure. */
void reserve_keep(const char *path);
/* Gives its room back to the disk. False: there was none. */
bool reserve_give_up(const char *path);

#endif
