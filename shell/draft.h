/* A draft: a large file while it is written, "NAME.truckroll-part" beside the name that it gets when it is whole. Its writer holds a lock
 * on it, so a draft that nobody has locked was left by one that was killed: the next draft that is begun in the folder takes it away. */
#ifndef TRUCKROLL_SHELL_DRAFT_H
#define TRUCKROLL_SHELL_DRAFT_H

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

#define DRAFT_END ".truckroll-part"

struct draft {
	const char *path;
	const char *as; /* the name it gets */
	int descriptor;
};

/* Begins an empty one; the names live in `arena`. To be ended by draft_keep() or draft_drop(). STATUS_REFUSED, STATUS_INVALID: something
 * that is no file has the name `as`; STATUS_BUSY: another process writes a file of that name; else as file_fail(). */
enum status draft_begin(struct arena *arena, const char *as, struct draft *out_draft);
/* Adds to it. STATUS_CANNOT_WRITE, as file_fail(). */
enum status draft_put(const struct draft *draft, struct bytes bytes);
/* Makes it durable under its name, in the place of what had it; in any case there is no draft then. `mode` such as 0644, where the disk
 * knows of modes. Statuses of file_keep(). */
enum status draft_keep(struct draft *draft, unsigned int mode);
/* Takes it away. */
void draft_drop(struct draft *draft);

#endif
