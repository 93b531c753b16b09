/* The agent: one thread, one loop over the control socket, the carrier and time. It owns the device while it runs, so that commands
 * only talk to it. */
#ifndef TRUCKROLL_DEVICE_AGENT_AGENT_H
#define TRUCKROLL_DEVICE_AGENT_AGENT_H

#include "device_agent/device.h"

struct agent_options {
	const char *ready_file;   /* gets the process id once commands are answered; NULL */
	const char *cut_times;    /* gets a line with CLOCK_MONOTONIC in ns after each cut that is on disk; NULL */
	struct text replaced_why; /* the replica is a new one, since the one before was damaged so; empty */
};

/* Runs until it is asked to stop (shell/stop_signal.h). The caller holds the lock. STATUS_CORRUPT when a file turns out to be damaged,
 * STATUS_CANNOT_WRITE when the disk failed to keep something. */
enum status agent_run(struct context *context, struct local_device *device, const struct agent_options *options);

#endif
