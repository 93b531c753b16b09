/* Many integers, in the form that takes the least room (docs/protocol.md, "Columns"). Permanent. Their count is known
 * from the context and not written; no integers are no bytes. */
#ifndef TRUCKROLL_WIRE_INTEGERS_H
#define TRUCKROLL_WIRE_INTEGERS_H

#include "protocol/base/buffer.h"

/* Chooses among the forms by what they cost; nothing written depends on `scratch`. */
void integers_encode(struct writer *writer, const int64_t *values, size_t count, struct arena *scratch);

/* About how many bytes they will take once the block is compressed. */
size_t integers_cost(const int64_t *values, size_t count, struct arena *scratch);

/* The values are in `scratch`. STATUS_CORRUPT; STATUS_NEWER for an unknown form. What is allocated is `count` integers
 * and no more than as many again: cap the count beforehand. */
enum status integers_decode(struct reader *reader, struct arena *scratch, size_t count, int64_t **out_values);

/* The same, where each must be in 0..max, else STATUS_CORRUPT. */
enum status integers_decode_below(struct reader *reader, struct arena *scratch, size_t count, uint64_t max, int64_t **out_values);

#endif
