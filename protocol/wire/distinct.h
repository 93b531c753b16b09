/* Which of many values are the same: the ground of every dictionary encoding. */
#ifndef TRUCKROLL_WIRE_DISTINCT_H
#define TRUCKROLL_WIRE_DISTINCT_H

#include "protocol/base/arena.h"

/* How to tell values apart, by position. */
struct distinct_rule {
	uint64_t (*hash)(const void *values, size_t position);
	bool (*equal)(const void *values, size_t left, size_t right);
};

extern const struct distinct_rule distinct_integers; /* int64_t[] */
extern const struct distinct_rule distinct_ids;      /* struct id[] */
extern const struct distinct_rule distinct_texts;    /* struct text[] */

struct distinct {
	size_t count;
	size_t *first;  /* position of the first appearance of each distinct value, in order of appearance */
	int64_t *index; /* of each value, into `first` */
};

/* False when there are more than `limit` distinct values (or so many look alike that finding out would be slow): there is
 * no dictionary then. Everything is in `scratch`. */
bool distinct_find(struct arena *scratch, const void *values, size_t count, size_t limit, const struct distinct_rule *rule,
		   struct distinct *out_distinct);

#endif
