/* FIELD=VALUE words of a command line, set into a row. */
#ifndef TRUCKROLL_SHELL_ASSIGNMENT_H
#define TRUCKROLL_SHELL_ASSIGNMENT_H

#include "db/storage.h"
#include "shell/command.h"

/* Sets every given "FIELD=VALUE" of the positional `name` in the row and adds the field to out_mask. References may be given
 * by what people call a record, a movement's places that are everywhere by their word (virtual_location). STATUS_INVALID names the
 * word that is wrong, with the record's fields. */
enum status assignments_apply(
	struct context *context, struct storage *storage, const char *name, const struct schema *schema, void *row, uint64_t *out_mask);

#endif
