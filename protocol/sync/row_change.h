/* One row on its way into the store of the server, with its home, hash and author. The digests of the scopes that hold it, and what they
 * remember of rows that left, are kept in step. */
#ifndef TRUCKROLL_SYNC_ROW_CHANGE_H
#define TRUCKROLL_SYNC_ROW_CHANGE_H

#include "protocol/domain/overlay.h"
#include "protocol/sync/commit.h"

/* Stores the change in the open commit. `author` is the chain that computed the same row by itself, 0 when every device must be sent it.
 * O(scopes that hold the row). Adds the store's statuses. */
enum status row_change_store(struct commit *commit, const struct change *change, int64_t author);

#endif
