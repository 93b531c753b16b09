#include "protocol/sync/incarnation.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum status incarnation_begin(struct server_store *store, const struct id *device, const struct id *incarnation, int64_t now_ms,
	struct chain_state *out_chain)
{
	struct hash genesis = chain_genesis(device, incarnation);
	int64_t begun = 0;
	enum status status = server_store_chains_begun(store, device, now_ms - DAY_MS, now_ms, &begun);

	if (status == STATUS_OK && begun >= INCARNATIONS_A_DAY)
		return fail(STATUS_BUSY, "device %.8s has begun %d incarnations within a day", id_to_text(device).characters,
			INCARNATIONS_A_DAY);
	return status == STATUS_OK ? server_store_add_chain(store, device, incarnation, &genesis, now_ms, out_chain) : status;
}
