#include "protocol/sync/ingest.h"

#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/sync/publish.h"
#include "protocol/sync/witness.h"
#include "protocol/wire/operation_codec.h"

/* One operation on its way to a decision. */
struct intake {
	struct ingest *ingest;
	const struct operation *operation;
	struct logged_operation log;
	struct id device;
	struct records *records;       /* what the handler reads: the store, or a witness over it */
	const struct witness *witness; /* NULL: nobody computed it beforehand */
};

static enum status decide_intake(struct intake *intake, struct overlay *overlay, struct verdict *out_verdict)
{
	struct decision decision = {
		.operation = intake->operation,
		.operation_id = intake->log.id,
		.device_id = intake->device,
		.seq = intake->log.seq,
		.derive_id = id_derive,
		.pair_id = id_pair,
	};

	overlay_init(overlay, intake->records, intake->ingest->arena);
	return decide(&decision, overlay, intake->ingest->arena, out_verdict);
}

static enum status decide_parked_for(struct ingest *ingest, const struct overlay *overlay);

/* Decides, stores the effects and logs. */
static enum status take_in(struct intake *intake, struct verdict *out_verdict)
{
	struct ingest *ingest = intake->ingest;
	struct overlay overlay;
	enum status status = decide_intake(intake, &overlay, out_verdict);

	if (status != STATUS_OK)
		return status;
	intake->log.unlike = intake->witness == NULL || intake->witness->unlike || ingest->handler_revision != HANDLER_REVISION;
	intake->log.outcome = out_verdict->outcome;
	intake->log.gseq = ingest->commit->gseq;
	intake->log.received_at_ms = ingest->received_at_ms;
	status = publish_changes(ingest->commit, &overlay, intake->log.unlike ? 0 : intake->log.chain);
	if (status == STATUS_OK)
		status = server_store_log(ingest->commit->store, &intake->log);
	if (status == STATUS_OK)
		status = decide_parked_for(ingest, &overlay);
	return status;
}

/* Operations that waited for a record which has just appeared, collected before any of them is decided. */
struct waiting {
	struct arena *arena;
	struct id *ids;
	size_t count;
	size_t capacity;
};

#define WAITING_MAX 1024

static enum status collect_waiting(void *context, const void *row)
{
	struct waiting *waiting = context;
	const struct operation_outcome *outcome = row;

	if (outcome->outcome != OUTCOME_PARKED || waiting->count == WAITING_MAX)
		return STATUS_OK;
	if (waiting->ids == NULL)
		waiting->ids = arena_allocate_array(waiting->arena, WAITING_MAX, sizeof(*waiting->ids));
	waiting->ids[waiting->count++] = outcome->id;
	return STATUS_OK;
}

/* The same operation, the same id, decided again on what is there now. Its author is sent the result. */
static enum status decide_again(struct ingest *ingest, const struct id *id, struct waiting *more)
{
	struct server_store *store = ingest->commit->store;
	struct operation operation;
	struct intake intake = { .ingest = ingest, .operation = &operation, .records = server_store_records(store) };
	const void *row;
	struct overlay overlay;
	struct verdict verdict;
	enum status status = server_store_logged(store, id, ingest->arena, &intake.log);

	if (status == STATUS_OK)
		status = records_get(intake.records, RECORD_OPERATION, id, &row);
	if (status != STATUS_OK)
		return status;
	intake.device = ((const struct operation_outcome *)row)->device_id;
	status = operation_decode(ingest->arena, intake.log.canonical, &operation);
	if (status == STATUS_OK)
		status = decide_intake(&intake, &overlay, &verdict);
	if (status == STATUS_OK && verdict.outcome == OUTCOME_APPLIED)
		status = records_remove(&overlay.records, RECORD_OPERATION, id);
	if (status == STATUS_OK)
		status = publish_changes(ingest->commit, &overlay, 0);
	if (status == STATUS_OK)
		status = server_store_log_outcome(store, id, verdict.outcome, ingest->commit->gseq);
	for (size_t i = 0; i < overlay_change_count(&overlay) && status == STATUS_OK; i++) {
		struct change change;
		if (overlay_change(&overlay, i, &change) == STATUS_OK && change.before == NULL)
			status = records_each(
				server_store_records(store), RECORD_OPERATION, "waits_for", row_id(change.after), collect_waiting, more);
	}
	return status;
}

static enum status decide_parked_for(struct ingest *ingest, const struct overlay *overlay)
{
	struct records *records = server_store_records(ingest->commit->store);
	struct waiting waiting = { .arena = ingest->arena };
	enum status status = STATUS_OK;

	for (size_t i = 0; i < overlay_change_count(overlay) && status == STATUS_OK; i++) {
		struct change change;
		if (overlay_change(overlay, i, &change) == STATUS_OK && change.before == NULL && change.kind != RECORD_OPERATION)
			status = records_each(records, RECORD_OPERATION, "waits_for", row_id(change.after), collect_waiting, &waiting);
	}
	for (size_t i = 0; i < waiting.count && status == STATUS_OK; i++)
		status = decide_again(ingest, &waiting.ids[i], &waiting);
	return status;
}

/* The device's chain, as known or as it begins. */
static enum status find_chain(
	struct server_store *store, const struct id *device, const struct id *incarnation, struct chain_state *out_chain)
{
	struct hash genesis = chain_genesis(device, incarnation);
	enum status status = server_store_chain(store, device, incarnation, out_chain);

	return status == STATUS_NOT_FOUND ? server_store_add_chain(store, device, incarnation, &genesis, out_chain) : status;
}

/* A batch with its operations' canonical forms and chain hashes worked out. */
struct verified {
	struct bytes *canonical;
	struct hash *commitments;
	struct hash *heads;
};

static const uint8_t *window_secret(const struct batch *batch, int64_t seq)
{
	int64_t window = seq / WINDOW_LENGTH - batch->first_seq / WINDOW_LENGTH;

	return window >= 0 && (size_t)window < batch->secret_count ? batch->secrets[window] : NULL;
}

static struct bytes canonical_form(struct arena *arena, const struct operation *operation)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	return writer_bytes(&writer);
}

/* Computes the chain over the batch. STATUS_CORRUPT when it does not come to what was signed. */
static enum status verify_chain(struct arena *arena, const struct batch *batch, const struct hash *before, struct verified *out_verified)
{
	const struct hash *previous = before;

	out_verified->canonical = arena_allocate_array(arena, batch->count, sizeof(struct bytes));
	out_verified->commitments = arena_allocate_array(arena, batch->count, sizeof(struct hash));
	out_verified->heads = arena_allocate_array(arena, batch->count, sizeof(struct hash));
	for (size_t i = 0; i < batch->count; i++) {
		int64_t seq = batch->first_seq + (int64_t)i;
		const uint8_t *secret = window_secret(batch, seq);
		struct hash salt;
		if (secret == NULL)
			return fail(STATUS_CORRUPT, "batch: no salt for operation %lld", (long long)seq);
		salt = chain_salt(secret, seq);
		out_verified->canonical[i] = canonical_form(arena, &batch->operations[i]);
		out_verified->commitments[i] = chain_commitment(&salt, out_verified->canonical[i]);
		out_verified->heads[i] = chain_next(previous, &out_verified->commitments[i]);
		previous = &out_verified->heads[i];
	}
	if (!hash_equal(previous, &batch->last_hash))
		return fail(STATUS_CORRUPT, "batch: the chain from operation %lld does not come to the signed hash",
			(long long)batch->first_seq);
	return STATUS_OK;
}

/* Where the batch begins and what of it is new. */
static enum status place_batch(struct server_store *store, const struct chain_state *chain, const struct batch *batch,
	struct hash *out_before, struct wire_fault *out_fault)
{
	struct hash genesis = chain_genesis(&chain->device, &chain->incarnation);
	enum status status = STATUS_OK;

	*out_fault = (struct wire_fault){ 0 };
	if (batch->first_seq > chain->last_seq + 1)
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_SEND_FROM, .value = chain->last_seq + 1 };
	else if (batch->first_seq == chain->last_seq + 1)
		*out_before = chain->last_hash;
	else if (batch->first_seq == 1)
		*out_before = genesis;
	else
		status = server_store_logged_head(store, chain->number, batch->first_seq - 1, out_before);
	if (status == STATUS_NOT_FOUND) { /* an operation that was known by its first id has no head of this chain */
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_SEND_FROM, .value = chain->last_seq + 1 };
		return STATUS_OK;
	}
	return status;
}

static enum status store_windows(struct server_store *store, const struct chain_state *chain, const struct batch *batch)
{
	int64_t first = batch->first_seq / WINDOW_LENGTH;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < batch->secret_count && status == STATUS_OK; i++)
		status = server_store_put_window(store, chain->number, first + (int64_t)i, batch->secrets[i]);
	return status;
}

/* Decides the operation at `position`, unless it came before under its first id. */
static enum status take_in_next(struct ingest *ingest, const struct device_entry *device, struct chain_state *chain,
	const struct batch *batch, size_t position, const struct verified *verified, struct witness *witness, struct verdict *out_verdict)
{
	struct server_store *store = ingest->commit->store;
	struct intake intake = { .ingest = ingest, .operation = &batch->operations[position], .device = device->id, .witness = witness };
	struct logged_operation known;
	enum status status = STATUS_NOT_FOUND;

	intake.records = &witness->records;
	intake.log = (struct logged_operation){ .id = chain_operation_id(&verified->heads[position]),
		.chain = chain->number,
		.seq = batch->first_seq + (int64_t)position,
		.canonical = verified->canonical[position],
		.commitment = verified->commitments[position],
		.head = verified->heads[position] };
	if (batch->first_ids != NULL && !id_is_nil(&batch->first_ids[position])) {
		intake.log.id = batch->first_ids[position];
		if (ingest->bug != BUG_NO_DEDUPLICATION)
			status = server_store_logged(store, &intake.log.id, ingest->arena, &known);
		else
			intake.log.id = chain_operation_id(&verified->heads[position]);
	}
	*out_verdict = (struct verdict){ 0 };
	if (status == STATUS_NOT_FOUND)
		status = take_in(&intake, out_verdict);
	if (status != STATUS_OK)
		return status;
	chain->last_seq = intake.log.seq;
	chain->last_hash = intake.log.head;
	chain->last_gseq = ingest->commit->gseq;
	return STATUS_OK;
}

/* The seeded bug: as if a FACT depended on the CLAIM before it. */
static bool refuse_after_claim(const struct ingest *ingest, const struct operation *operation, const struct id *refused)
{
	const struct operation_row *row = operation_find(operation->head.kind);

	return ingest->bug == BUG_FACT_REFUSED_AFTER_CLAIM && row != NULL && row->sort == SORT_FACT && !id_is_nil(refused) &&
	       id_equal(&operation->head.subject, refused);
}

static enum status take_in_batch(struct ingest *ingest, const struct device_entry *device, struct chain_state *chain,
	const struct batch *batch, const struct verified *verified)
{
	struct server_store *store = ingest->commit->store;
	struct server_state state;
	struct grant_entry *grants;
	size_t grant_count;
	struct id refused = { 0 };
	enum status status = server_store_state(store, &state);

	if (status == STATUS_OK)
		status = server_store_grants(store, &device->id, INT64_MAX, ingest->arena, &grants, &grant_count);
	for (int64_t seq = chain->last_seq + 1; status == STATUS_OK && seq < batch->first_seq + (int64_t)batch->count; seq++) {
		size_t position = (size_t)(seq - batch->first_seq);
		const struct operation *operation = &batch->operations[position];
		bool same_epoch = id_equal(&operation->head.base_epoch, &state.epoch);
		struct witness witness;
		struct verdict verdict;
		if (refuse_after_claim(ingest, operation, &refused)) {
			chain->last_seq = seq;
			chain->last_hash = verified->heads[position];
			chain->last_gseq = ingest->commit->gseq;
			continue;
		}
		witness_init(&witness, store, chain->number, same_epoch ? operation->head.base_gseq : -1, grants, grant_count);
		witness.unlike = !same_epoch;
		status = take_in_next(ingest, device, chain, batch, position, verified, &witness, &verdict);
		if (verdict.outcome == OUTCOME_REJECTED)
			refused = operation->head.subject;
	}
	return status;
}

enum status ingest_batch(struct ingest *ingest, const struct device_entry *device, const struct id *organisation, const struct batch *batch,
	struct wire_fault *out_fault)
{
	struct server_store *store = ingest->commit->store;
	int64_t last = batch->first_seq + (int64_t)batch->count - 1;
	struct bytes statement = head_statement(ingest->arena, organisation, &device->id, &batch->incarnation, last, &batch->last_hash);
	struct chain_state chain;
	struct verified verified;
	struct hash before = { 0 };
	enum status status = keys_verify(device->keys.sign, statement, batch->signature);

	if (status != STATUS_OK || batch->count == 0 || batch->first_seq < 1) {
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_MALFORMED };
		return STATUS_OK;
	}
	status = find_chain(store, &device->id, &batch->incarnation, &chain);
	if (status == STATUS_OK)
		status = place_batch(store, &chain, batch, &before, out_fault);
	if (status != STATUS_OK || out_fault->code != 0)
		return status;
	status = verify_chain(ingest->arena, batch, &before, &verified);
	if (status == STATUS_CORRUPT) {
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_FORK };
		return STATUS_OK;
	}
	if (last <= chain.last_seq) { /* all of it came before */
		if (last == chain.last_seq && !hash_equal(&batch->last_hash, &chain.last_hash))
			*out_fault = (struct wire_fault){ .code = WIRE_ERROR_FORK };
		return STATUS_OK;
	}
	if (batch->first_seq <= chain.last_seq && !hash_equal(&verified.heads[chain.last_seq - batch->first_seq], &chain.last_hash)) {
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_FORK };
		return STATUS_OK;
	}
	status = store_windows(store, &chain, batch);
	if (status == STATUS_OK)
		status = take_in_batch(ingest, device, &chain, batch, &verified);
	if (status == STATUS_OK)
		status = server_store_put_signature(store, chain.number, last, batch->signature);
	return status == STATUS_OK ? server_store_put_chain(store, &chain) : status;
}

enum status ingest_own(struct ingest *ingest, struct chain_state *chain, const uint8_t secret[static WINDOW_SECRET_SIZE],
	const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	struct server_store *store = ingest->commit->store;
	struct intake intake = {
		.ingest = ingest, .operation = operation, .device = chain->device, .records = server_store_records(store)
	};
	struct bytes canonical = canonical_form(ingest->arena, operation);
	int64_t seq = chain->last_seq + 1;
	struct hash salt = chain_salt(secret, seq);
	struct hash commitment = chain_commitment(&salt, canonical);
	struct hash head = chain_next(&chain->last_hash, &commitment);
	enum status status;

	intake.log = (struct logged_operation){ .id = chain_operation_id(&head),
		.chain = chain->number,
		.seq = seq,
		.canonical = canonical,
		.commitment = commitment,
		.head = head };
	*out_operation_id = intake.log.id;
	status = take_in(&intake, out_verdict);
	if (status != STATUS_OK)
		return status;
	chain->last_seq = seq;
	chain->last_hash = head;
	chain->last_gseq = ingest->commit->gseq;
	if (seq % WINDOW_LENGTH == 0 || seq == 1)
		status = server_store_put_window(store, chain->number, seq / WINDOW_LENGTH, secret);
	return status == STATUS_OK ? server_store_put_chain(store, chain) : status;
}
