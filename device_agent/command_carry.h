/* What the commands about bundles share. */
#ifndef TRUCKROLL_DEVICE_AGENT_COMMAND_CARRY_H
#define TRUCKROLL_DEVICE_AGENT_COMMAND_CARRY_H

#include "shell/command.h"

/* "bundle export" of an answer that was carried here, for the device whose id begins with `which`; beside the owner. STATUS_NOT_FOUND,
 * STATUS_AMBIGUOUS; adds the statuses of carry_answer_write() and bundle_file_write(). */
enum status carry_export(struct context *context, struct text which);

#endif
