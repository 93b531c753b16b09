/* What commands say of the terms on which the device is on line. */
#ifndef TRUCKROLL_DEVICE_AGENT_COMMAND_TERMS_H
#define TRUCKROLL_DEVICE_AGENT_COMMAND_TERMS_H

#include "device_agent/link_terms.h"
#include "shell/command.h"

/* Whether the link costs, how fast it is, what went over it today and what is left. Adds the statuses of link_terms_read(). */
enum status terms_tell(struct context *context);
/* What waits until it may go; nothing when nothing does. */
void terms_tell_waiting(struct context *context, bool rows_held, int64_t files, int64_t bytes);

#endif
