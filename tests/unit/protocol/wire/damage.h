/* Every truncation and every single flipped bit of a sample, for decoders. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_DAMAGE_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_DAMAGE_H

#include <stdlib.h>
#include <string.h>

#include "protocol/base/text.h"

/* Called with each damaged copy, which is a heap block of exactly its size, so that a sanitizer sees a read beyond it. */
typedef void (*damage_visit)(struct bytes damaged, void *context);

static inline void damage_copy(struct bytes sample, size_t size, size_t bit, damage_visit visit, void *context)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL)
		abort();
	memcpy(copy, sample.data, size);
	if (bit < 8 * size)
		copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
	visit((struct bytes){ .data = copy, .size = size }, context);
	free(copy);
}

static inline void damage_each(struct bytes sample, damage_visit visit, void *context)
{
	for (size_t size = 0; size < sample.size; size++)
		damage_copy(sample, size, SIZE_MAX, visit, context);
	for (size_t bit = 0; bit < 8 * sample.size; bit++)
		damage_copy(sample, sample.size, bit, visit, context);
}

#endif
