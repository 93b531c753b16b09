/* The agent: one thread, one loop over the control socket, the carrier and time. It owns the device while it runs, so that commands
 * only talk to it. */
#ifndef TRUCKROLL_DEVICE_AGENT_AGENT_H
#define TRUCKROLL_DEVICE_AGENT_AGENT_H

#include "device_agent/device.h"

/* Runs until SIGTERM or SIGINT. `ready_file` (may be NULL) gets the process id once commands are answered, `cut_times` (may be NULL) a
 * line with CLOCK_MONOTONIC in ns after each cut that is on disk. The caller holds the lock. */
enum status agent_run(struct context *context, struct local_device *device, const char *ready_file, const char *cut_times);

#endif
