/* What a row holds of fields that this program does not know, because a newer one added them: kept as it came, hashed with the row, and
 * put into its place by the program that knows it. In order of tags, each as in the canonical form: varint tag ‖ varint size ‖ value. */
#ifndef TRUCKROLL_DOMAIN_EXTRA_H
#define TRUCKROLL_DOMAIN_EXTRA_H

#include "protocol/base/buffer.h"
#include "protocol/domain/schema.h"

/* Of one row. */
#define EXTRA_SIZE_MAX ((size_t)60 * 1024)

/* A walk over them. Bytes that are no such fields end it. */
struct extra_walk {
	struct reader reader;
	bool there; /* `tag` and `value` are those of a field */
	uint32_t tag;
	struct bytes value; /* not empty; borrowed */
};

/* At the first one. */
struct extra_walk extra_walk_of(struct bytes extra);
void extra_step(struct extra_walk *walk);

/* Appends one; its tag must be above those written before. */
void extra_write(struct writer *writer, uint32_t tag, struct bytes value);

/* The tags there are, as a mask of bits. */
uint64_t extra_tags(struct bytes extra);
/* Empty when there is none of that tag. */
struct bytes extra_find(struct bytes extra, uint32_t tag);

/* Those of `patch` whose bits `mask` has, those of `extra` where it has not: what a patch makes of a row. In `arena`. */
struct bytes extra_patched(struct arena *arena, struct bytes extra, struct bytes patch, uint64_t mask);

#endif
