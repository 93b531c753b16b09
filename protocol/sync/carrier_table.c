#include "protocol/sync/carrier_table.h"

#include <stdlib.h>

#include "protocol/base/memory.h"

struct carrier *carrier_table_take(struct carrier_table *table, const struct id *device)
{
	struct carrier *found = &table->carriers[0];

	for (size_t i = 0; i < CARRIERS_MAX && !id_equal(&found->device, device); i++) {
		struct carrier *carrier = &table->carriers[i];
		if (carrier->last_used < found->last_used || id_equal(&carrier->device, device))
			found = carrier;
	}
	if (!id_equal(&found->device, device)) {
		uint8_t *bytes = found->bytes;
		*found = (struct carrier){ .device = *device, .bytes = bytes };
	}
	found->last_used = ++table->uses;
	return found;
}

void carrier_begin(struct carrier *carrier, bool down, const struct hash *envelope, size_t size)
{
	if (carrier->bytes == NULL)
		carrier->bytes = memory_zeroed(1, ENVELOPE_SIZE_MAX);
	carrier->down = down;
	carrier->envelope = *envelope;
	carrier->size = size;
	carrier->got = 0;
	carrier->decided = false;
}

void carrier_table_finish(struct carrier_table *table)
{
	for (size_t i = 0; i < CARRIERS_MAX; i++)
		free(table->carriers[i].bytes);
	*table = (struct carrier_table){ .uses = 0 };
}
