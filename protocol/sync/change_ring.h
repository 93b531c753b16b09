/* What the latest commits changed, field by field, kept in memory: a device whose cursor is inside the ring is sent patches
 * instead of whole rows. Losing it costs bytes, never correctness. */
#ifndef TRUCKROLL_SYNC_CHANGE_RING_H
#define TRUCKROLL_SYNC_CHANGE_RING_H

#include "protocol/domain/schema.h"

#define CHANGE_RING_ENTRIES 65536 /* changes of rows; about 3 MB */

struct change_ring;

/* Knows nothing up to `gseq`, everything that is added after it. */
struct change_ring *change_ring_create(int64_t gseq);
/* Accepts NULL. */
void change_ring_destroy(struct change_ring *ring);

/* A commit changed the fields of `mask` (bit `tag`); 0: the row is new or moved, so a patch would not do. Commits come in
 * ascending order. */
void change_ring_add(struct change_ring *ring, int64_t gseq, enum record_kind kind, const struct id *id, uint64_t mask);
/* The commit with that number did not happen. */
void change_ring_forget(struct change_ring *ring, int64_t gseq);

/* The fields of a row changed after `since`. False when that is not known, or a patch would not do. O(changes of the row kept). */
bool change_ring_union(const struct change_ring *ring, enum record_kind kind, const struct id *id, int64_t since, uint64_t *out_mask);

#endif
