/* The commands about flights that both programs have: what the recorder has kept, and a file of it for whoever is to replay it. */
#ifndef TRUCKROLL_SHELL_FLIGHT_COMMAND_H
#define TRUCKROLL_SHELL_FLIGHT_COMMAND_H

#include "protocol/wire/keys.h"
#include "shell/command.h"

#define FLIGHT_FILE_MAX ((size_t)256 * 1024 * 1024)

/* Legs of the folder, the oldest first. A leg that cannot be read is listed with why. */
enum status flight_list(struct context *context, const struct identity *identity);
/* What went in and came out of one leg, from the argument LEG. STATUS_NOT_FOUND; those of leg_file.h. */
enum status flight_show(struct context *context, const struct identity *identity);
/* Writes the legs, or the one that --leg names, to FILE, which must not be there, and says the words that open it. STATUS_NOT_FOUND:
 * nothing was recorded. Adds those of leg_file.h. */
enum status flight_export(struct context *context, const struct identity *identity);

#endif
