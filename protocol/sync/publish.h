/* Publishing what operations change: rows are stored with home, hash and author, and digests, job links and grants are kept in step.
 * All work is proportional to the rows changed and the scopes that hold them, never to the number of devices. */
#ifndef TRUCKROLL_SYNC_PUBLISH_H
#define TRUCKROLL_SYNC_PUBLISH_H

#include "protocol/domain/overlay.h"
#include "protocol/sync/commit.h"

/* Stores the net changes of an operation. `author` is the chain that computed the same rows by itself, 0 when every device must be
 * sent them. Adds the store's statuses. */
enum status publish_changes(struct commit *commit, const struct overlay *overlay, int64_t author);

/* Walks the jobs whose links may have changed and closes the commit. Call once, last. */
enum status publish_finish(struct commit *commit);

#endif
