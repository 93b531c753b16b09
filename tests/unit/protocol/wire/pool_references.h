/* References over the ids of a struct dice: what a sender and a receiver that hold the same rows would agree on. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_POOL_REFERENCES_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_WIRE_POOL_REFERENCES_H

#include "protocol/wire/ids.h"
#include "tests/unit/protocol/wire/random_row.h"

#define POOL_WIDTH 5

static inline size_t pool_width(void *context, enum record_kind kind, const struct id *ids, size_t count)
{
	(void)context;
	(void)kind;
	for (size_t i = 0; i < count; i++)
		if (id_is_nil(&ids[i]))
			return REFERENCE_WIDTH_MAX;
	return POOL_WIDTH;
}

static inline enum status pool_resolve(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id)
{
	const struct dice *dice = context;

	(void)kind;
	for (size_t i = 0; i < DICE_IDS; i++) {
		if (memcmp(dice->ids[i].bytes, prefix, width) == 0) {
			*out_id = dice->ids[i];
			return STATUS_OK;
		}
	}
	return fail(STATUS_NOT_FOUND, "no id begins so");
}

static inline struct references pool_references(struct dice *dice)
{
	return (struct references){ .width = pool_width, .resolve = pool_resolve, .context = dice };
}

#endif
