/* Why what was done here is not settled with the office yet, and what moves it on. */
#ifndef TRUCKROLL_DEVICE_AGENT_WAITING_H
#define TRUCKROLL_DEVICE_AGENT_WAITING_H

#include "device_agent/device.h"

/* Says in a line (with --json: "waits_because", one of decided, refused, no_agent, busy, connected, offline) why operations wait,
 * and in another when the office was reached last ("contact_at", null: never). `decided`: the office has decided them, as far as is known
 * here. Asks the agent, which takes a moment at most. */
void waiting_tell(struct context *context, const struct local_device *device, bool decided);

#endif
