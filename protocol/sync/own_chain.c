#include "protocol/sync/own_chain.h"

#include "protocol/domain/revision.h"

static enum status begin(struct own_chain *own, const struct ingest *ingest)
{
	struct hash genesis = chain_genesis(&own->device, &own->incarnation);

	if (own->chain.number != 0)
		return STATUS_OK;
	return server_store_add_chain(
		ingest->commit->store, &own->device, &own->incarnation, &genesis, ingest->received_at_ms, &own->chain);
}

enum status own_chain_decide(struct own_chain *own, struct ingest *ingest, const struct server_state *state,
	const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	struct operation stamped = *operation;
	enum status status = begin(own, ingest);

	if (status != STATUS_OK)
		return status;
	stamped.head.base_gseq = state->gseq;
	stamped.head.base_epoch = state->epoch;
	stamped.head.schema_revision = schema_revision();
	if ((own->chain.last_seq + 1) % WINDOW_LENGTH == 0 || own->chain.last_seq == 0)
		random_fill(own->random, own->window_secret, sizeof(own->window_secret));
	return ingest_own(ingest, &own->chain, own->window_secret, &stamped, out_verdict, out_operation_id);
}
