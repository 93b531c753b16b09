#include "protocol/sync/ingest.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/revision.h"
#include "protocol/sync/authority.h"
#include "protocol/sync/incarnation.h"
#include "protocol/sync/intake.h"
#include "protocol/sync/parked.h"
#include "protocol/sync/publish.h"
#include "protocol/sync/sight.h"
#include "protocol/wire/operation_codec.h"

enum status intake_decide(struct intake *intake, struct overlay *overlay, struct verdict *out_verdict)
{
	struct decision decision = {
		.operation = intake->operation,
		.operation_id = intake->log.id,
		.device_id = intake->device,
		.seq = intake->log.seq,
		.gseq = intake->ingest->commit->gseq,
		.first = intake->first,
		.derive_id = id_derive,
		.pair_id = id_pair,
		.sight = intake->sight,
	};

	overlay_init(overlay, intake->records, intake->ingest->arena);
	if (intake->ingest->before_decide != NULL)
		intake->ingest->before_decide(intake->operation);
	return decide(&decision, overlay, intake->ingest->arena, out_verdict);
}

static enum status set_aside(struct intake *intake, enum outcome outcome, enum rule rule, const char *detail);

/* It ended the server whenever it was tried. */
static enum status condemn(struct intake *intake, struct verdict *out_verdict)
{
	intake->ingest->condemned = false;
	*out_verdict = (struct verdict){ .outcome = OUTCOME_PARKED, .rule = text_of(rule_find(RULE_BUG)->word) };
	return set_aside(intake, OUTCOME_PARKED, RULE_BUG, "");
}

/* The seeded bug: an edit of what somebody else changed meanwhile moves nothing. */
static bool is_older_by_bug(const struct intake *intake, const struct verdict *verdict)
{
	return intake->ingest->bug == BUG_EARLIER_EDIT_WINS && intake->operation->head.kind == OPERATION_EDIT &&
	       verdict->outcome == OUTCOME_ISSUE;
}

/* Decides, stores the effects and logs. */
static enum status take_in(struct intake *intake, struct verdict *out_verdict)
{
	struct ingest *ingest = intake->ingest;
	struct overlay overlay;
	enum status status;

	if (ingest->condemned)
		return condemn(intake, out_verdict);
	status = intake_decide(intake, &overlay, out_verdict);
	if (status != STATUS_OK)
		return status;
	if (is_older_by_bug(intake, out_verdict))
		overlay_init(&overlay, intake->records, ingest->arena);
	if (intake_is_overwriting(intake, &overlay)) {
		*out_verdict = (struct verdict){ .outcome = OUTCOME_PARKED };
		return set_aside(intake, OUTCOME_PARKED, RULE_NOT_ALLOWED, "role=device;reason=id_taken");
	}
	intake->log.unlike = intake->witness == NULL || intake->witness->unlike || ingest->handler_revision != HANDLER_REVISION;
	intake->log.outcome = out_verdict->outcome;
	intake->log.gseq = ingest->commit->gseq;
	intake->log.received_at_ms = ingest->received_at_ms;
	status = publish_changes(ingest->commit, &overlay, intake->log.unlike ? 0 : intake->log.chain);
	if (status == STATUS_OK)
		status = server_store_log(ingest->commit->store, &intake->log);
	if (status == STATUS_OK)
		status = parked_decide_for(ingest, &overlay);
	return status;
}

/* The device's chain as known, or with number 0 as it begins. */
static enum status find_chain(
	struct server_store *store, const struct id *device, const struct id *incarnation, struct chain_state *out_chain)
{
	struct hash genesis = chain_genesis(device, incarnation);
	enum status status = server_store_chain(store, device, incarnation, out_chain);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out_chain = (struct chain_state){ .device = *device, .incarnation = *incarnation, .last_hash = genesis };
	return STATUS_OK;
}

static const uint8_t *window_secret(const struct batch *batch, int64_t seq)
{
	int64_t window = seq / WINDOW_LENGTH - batch->first_seq / WINDOW_LENGTH;

	return window >= 0 && (size_t)window < batch->secret_count ? batch->secrets[window] : NULL;
}

static enum status canonical_form(struct arena *arena, const struct operation *operation, struct bytes *out_canonical)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	if (writer.overflow)
		return fail(STATUS_INVALID, "an operation is larger than %zu bytes", OPERATION_SIZE_MAX);
	*out_canonical = writer_bytes(&writer);
	return STATUS_OK;
}

/* Computes the chain over the batch. STATUS_CORRUPT when it does not come to what was signed. */
static enum status verify_chain(struct arena *arena, enum seeded_bug bug, const struct batch *batch, const struct hash *before,
	struct verified_batch *out_verified)
{
	const struct hash *previous = before;
	size_t told = batch->brief ? HASH_BEGINNING_SIZE : HASH_SIZE; /* of the last one's */

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
		if (canonical_form(arena, &batch->operations[i], &out_verified->canonical[i]) != STATUS_OK)
			return STATUS_INVALID;
		out_verified->commitments[i] = chain_commitment(&salt, out_verified->canonical[i]);
		out_verified->heads[i] = chain_next(previous, &out_verified->commitments[i]);
		previous = &out_verified->heads[i];
	}
	if (!hash_begins_alike(previous, &batch->last_hash, told) && bug != BUG_AMBIGUOUS_REFERENCE)
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
	return status;
}

/* A value that this server does not know, of an author that may: it is not wrong, only early. */
static bool is_newer(const struct batch *batch)
{
	struct objection objection;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->operations[i].head.schema_revision > schema_revision() &&
			operation_check(&batch->operations[i], &objection) != STATUS_OK && objection.reason == REASON_CHOICE_UNKNOWN)
			return true;
	return false;
}

static enum status store_windows(struct server_store *store, const struct chain_state *chain, const struct batch *batch)
{
	int64_t first = batch->first_seq / WINDOW_LENGTH;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < batch->secret_count && status == STATUS_OK; i++)
		status = server_store_put_window(store, chain->number, first + (int64_t)i, batch->secrets[i]);
	return status;
}

/* What a first id, given with an operation that is sent again after a restore, turns out to be. */
enum first_id {
	FIRST_ID_NONE,    /* not given */
	FIRST_ID_NEW,     /* never seen: the operation keeps it */
	FIRST_ID_KNOWN,   /* decided under an earlier incarnation of this device */
	FIRST_ID_FOREIGN, /* another device's */
};

static enum status judge_first_id(const struct ingest *ingest, const struct device_entry *device, const struct batch *batch,
	size_t position, enum first_id *out_first)
{
	struct logged_operation known;
	struct chain_state chain;
	enum status status;

	*out_first = FIRST_ID_NONE;
	if (batch->first_ids == NULL || id_is_nil(&batch->first_ids[position]) || ingest->bug == BUG_NO_DEDUPLICATION)
		return STATUS_OK;
	*out_first = FIRST_ID_NEW;
	status = server_store_logged(ingest->commit->store, &batch->first_ids[position], ingest->arena, &known);
	if (status == STATUS_OK)
		status = server_store_chain_by_number(ingest->commit->store, known.chain, &chain);
	if (status == STATUS_OK)
		*out_first = id_equal(&chain.device, &device->id) ? FIRST_ID_KNOWN : FIRST_ID_FOREIGN;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* It has its place in this chain too, under the id of that place, so that the chain verifies; it does nothing again. What it did the first
 * time its author is sent, since that need not be what it would compute now. */
static enum status log_known(struct intake *intake)
{
	intake->log.outcome = OUTCOME_APPLIED_NOTE;
	intake->log.unlike = true;
	intake->log.gseq = intake->ingest->commit->gseq;
	intake->log.received_at_ms = intake->ingest->received_at_ms;
	return server_store_log(intake->ingest->commit->store, &intake->log);
}

/* The seeded bug: as if a FACT depended on the CLAIM before it. */
static bool is_refused_by_bug(const struct ingest *ingest, const struct operation *operation)
{
	const struct operation_row *row = operation_find(operation->head.kind);

	return ingest->bug == BUG_FACT_REFUSED_AFTER_CLAIM && row != NULL && row->sort == SORT_FACT && !id_is_nil(&ingest->refused) &&
	       id_equal(&operation->head.subject, &ingest->refused);
}

enum status intake_tell(struct intake *intake, enum outcome outcome, enum rule rule, const char *detail)
{
	struct operation_outcome row = { .id = intake->log.id,
		.device_id = intake->device,
		.seq = intake->log.seq,
		.kind = intake->operation->head.kind,
		.subject = intake->operation->head.subject,
		.outcome = outcome,
		.rule = text_of(rule_find(rule)->word),
		.detail = text_of(detail),
		.at_ms = time_within(intake->operation->head.at_ms) };
	struct overlay overlay;
	enum status status;

	overlay_init(&overlay, intake->records, intake->ingest->arena);
	status = records_put(&overlay.records, RECORD_OPERATION, &row);
	return status == STATUS_OK ? publish_changes(intake->ingest->commit, &overlay, 0) : status;
}

/* Kept and logged with that outcome, without being decided. */
static enum status set_aside(struct intake *intake, enum outcome outcome, enum rule rule, const char *detail)
{
	enum status status;

	if (intake->ingest->bug == BUG_PARKED_NOT_KEPT)
		return STATUS_OK;
	status = intake_tell(intake, outcome, rule, detail);
	intake->log.outcome = outcome;
	intake->log.unlike = true;
	intake->log.gseq = intake->ingest->commit->gseq;
	intake->log.received_at_ms = intake->ingest->received_at_ms;
	return status == STATUS_OK ? server_store_log(intake->ingest->commit->store, &intake->log) : status;
}

bool intake_is_overwriting(const struct intake *intake, const struct overlay *overlay)
{
	for (size_t i = 0; i < overlay_change_count(overlay); i++) {
		struct change change;
		if (overlay_change(overlay, i, &change) != STATUS_OK || change.before == NULL || change.kind == RECORD_OPERATION)
			continue;
		if (id_equal(row_id(change.before), &intake->log.id) && !id_equal(&intake->operation->head.subject, &intake->log.id))
			return true;
	}
	return false;
}

/* Decides one operation, unless it came before under its first id or its author may not make it at all. */
static enum status take_in_once(struct intake *intake, struct authority *authority, enum first_id first, const struct id *first_id,
	struct verdict *out_verdict)
{
	const char *detail = "role=device;reason=speaks_for_others";
	enum rule objection = first == FIRST_ID_FOREIGN ? RULE_NOT_ALLOWED : RULE_NONE;

	*out_verdict = (struct verdict){ 0 };
	if (first == FIRST_ID_KNOWN)
		return log_known(intake);
	if (first == FIRST_ID_NEW) /* also while it is set aside: its author knows it by that */
		intake->log.id = *first_id;
	if (objection == RULE_NONE && intake->fork != NULL) {
		objection = RULE_FORK;
		detail = intake->fork;
	}
	if (objection == RULE_NONE)
		objection = authority_judge(authority, intake->operation, &detail);
	if (objection != RULE_NONE) {
		*out_verdict = (struct verdict){ .outcome = OUTCOME_PARKED };
		return set_aside(intake, OUTCOME_PARKED, objection, detail);
	}
	if (is_refused_by_bug(intake->ingest, intake->operation)) {
		*out_verdict = (struct verdict){ .outcome = OUTCOME_REJECTED };
		return set_aside(intake, OUTCOME_REJECTED, RULE_VISIT_NOT_YOURS, "");
	}
	return take_in(intake, out_verdict);
}

/* A batch on its way in. */
struct arrival {
	struct ingest *ingest;
	const struct device_entry *device;
	struct chain_state *chain;
	const struct batch *batch;
	const struct verified_batch *verified;
	struct authority authority;
	struct device_sight sight;
};

/* What was known already when it was sent again has another id in that place: see log_known(). There it is told by what it says. */
static enum status is_known_again(struct arrival *arrival, const struct id *there, const struct id *first_id, bool *out_again)
{
	struct server_store *store = arrival->ingest->commit->store;
	struct logged_operation again, known = { 0 };
	enum status status = server_store_logged(store, there, arrival->ingest->arena, &again);

	if (status == STATUS_OK)
		status = server_store_logged(store, first_id, arrival->ingest->arena, &known);
	if (status == STATUS_OK)
		*out_again = again.outcome == OUTCOME_APPLIED_NOTE && again.chain != known.chain &&
			     bytes_equal(again.canonical, known.canonical);
	return status;
}

/* An operation that is sent again has its place in the history before: something else there is a second history. */
static enum status look_for_fork(struct arrival *arrival, int64_t seq, enum first_id first, const struct id *first_id)
{
	struct server_store *store = arrival->ingest->commit->store;
	struct chain_state *chain = arrival->chain;
	struct chain_state previous;
	struct id there;
	bool same = false;
	enum status status = server_store_chain(store, &chain->device, &chain->previous, &previous);

	if (status == STATUS_OK)
		status = server_store_logged_id(store, previous.number, chain->shared_seq + seq, &there);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	same = id_equal(&there, first_id);
	if (!same && first == FIRST_ID_KNOWN)
		status = is_known_again(arrival, &there, first_id, &same);
	if (status != STATUS_OK || same)
		return status;
	chain->forked_seq = seq;
	arrival->ingest->forked = true;
	arrival->ingest->forked_seq = chain->shared_seq + seq;
	return server_store_put_fork(store, chain);
}

static enum status take_in_next(struct arrival *arrival, size_t position, struct witness *witness, struct verdict *out_verdict)
{
	struct ingest *ingest = arrival->ingest;
	const struct device_entry *device = arrival->device;
	struct chain_state *chain = arrival->chain;
	const struct batch *batch = arrival->batch;
	const struct verified_batch *verified = arrival->verified;
	struct intake intake = { .ingest = ingest, .operation = &batch->operations[position], .device = device->id,
		.sight = device_sight_of(&arrival->sight, &batch->operations[position]), .witness = witness, .first = true };
	int64_t seq = batch->first_seq + (int64_t)position;
	enum first_id first;
	enum status status = judge_first_id(ingest, device, batch, position, &first);

	if (status == STATUS_OK && first != FIRST_ID_NONE && chain->forked_seq == 0 && !id_is_nil(&chain->previous))
		status = look_for_fork(arrival, seq, first, &batch->first_ids[position]);
	if (chain->forked_seq > 0)
		intake.fork = arena_print(ingest->arena, "seq=%" PRId64, chain->shared_seq + chain->forked_seq).data;
	intake.records = &witness->records;
	intake.log = (struct logged_operation){ .id = chain_operation_id(&verified->heads[position]),
		.chain = chain->number,
		.seq = seq,
		.canonical = verified->canonical[position],
		.commitment = verified->commitments[position],
		.head = verified->heads[position] };
	if (status == STATUS_OK)
		status = take_in_once(&intake, &arrival->authority, first, batch->first_ids == NULL ? NULL : &batch->first_ids[position],
			out_verdict);
	if (status != STATUS_OK)
		return status;
	ingest->taken++;
	chain->last_seq = intake.log.seq;
	chain->last_hash = intake.log.head;
	chain->last_gseq = ingest->commit->gseq;
	return STATUS_OK;
}

static enum status take_in_batch(struct arrival *arrival)
{
	struct ingest *ingest = arrival->ingest;
	const struct chain_state *chain = arrival->chain;
	const struct batch *batch = arrival->batch;
	struct server_store *store = ingest->commit->store;
	struct server_state state;
	struct grant_entry *grants = NULL;
	size_t grant_count = 0;
	int64_t end = batch->first_seq + (int64_t)batch->count;
	enum status status = server_store_state(store, &state);

	if (status == STATUS_OK)
		status = server_store_grants(store, &arrival->device->id, INT64_MAX, ingest->arena, &grants, &grant_count);
	if (status == STATUS_OK)
		status = authority_open(&arrival->authority, store, ingest->arena, arrival->device, chain, ingest->received_at_ms);
	arrival->authority.bug = ingest->bug;
	device_sight_init(&arrival->sight, store, ingest->arena, &arrival->device->id, grants, grant_count);
	if (ingest->limit > 0 && end - chain->last_seq - 1 > (int64_t)ingest->limit)
		end = chain->last_seq + 1 + (int64_t)ingest->limit;
	for (int64_t seq = chain->last_seq + 1; status == STATUS_OK && seq < end; seq++) {
		size_t position = (size_t)(seq - batch->first_seq);
		const struct operation *operation = &batch->operations[position];
		bool same_epoch = id_equal(&operation->head.base_epoch, &state.epoch);
		struct witness witness;
		struct verdict verdict;
		witness_init(&witness, store, chain->number, same_epoch ? operation->head.base_gseq : -1, grants, grant_count);
		witness.unlike = !same_epoch;
		status = take_in_next(arrival, position, &witness, &verdict);
		if (status == STATUS_OK && verdict.outcome == OUTCOME_REJECTED)
			ingest->refused = operation->head.subject;
	}
	return status;
}

/* What is not beyond the last one decided is skipped, after its hash was compared. */
static enum status compare_known(
	struct server_store *store, const struct chain_state *chain, int64_t seq, const struct hash *head, struct wire_fault *out_fault)
{
	struct hash known = chain->last_hash;
	enum status status = seq == chain->last_seq ? STATUS_OK : server_store_logged_head(store, chain->number, seq, &known);

	if (status == STATUS_OK && !hash_equal(head, &known))
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_FORK };
	return status;
}

static bool is_signed(struct arena *arena, const struct device_entry *device, const struct id *organisation, const struct batch *batch)
{
	int64_t last = batch->first_seq + (int64_t)batch->count - 1;
	struct bytes statement = head_statement(arena, organisation, &device->id, &batch->incarnation, last, &batch->last_hash);

	return keys_verify(device->keys.sign, statement, batch->signature) == STATUS_OK;
}

/* The secret that a brief batch leaves out came with the operation before it. Should it be lost, the batch comes again in its long form. */
static enum status complete_secrets(
	struct server_store *store, struct arena *arena, int64_t chain, struct batch *batch, struct wire_fault *out_fault)
{
	uint8_t(*secrets)[WINDOW_SECRET_SIZE];
	enum status status;

	if (!batch->brief || !chain_window_goes_on(batch->first_seq))
		return STATUS_OK;
	secrets = arena_allocate_array(arena, batch->secret_count + 1, WINDOW_SECRET_SIZE);
	if (batch->secret_count > 0)
		memcpy(secrets[1], batch->secrets, batch->secret_count * WINDOW_SECRET_SIZE);
	status = server_store_window(store, chain, batch->first_seq / WINDOW_LENGTH, secrets[0]);
	batch->secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])secrets;
	batch->secret_count++;
	if (status == STATUS_NOT_FOUND)
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_SEND_WHOLE };
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The signature is over the whole hash, which only the chain tells of a brief batch. False: it does not fit. */
static bool complete_hash(const struct ingest *ingest, const struct device_entry *device, const struct id *organisation,
	const struct hash *head, struct batch *batch)
{
	if (!batch->brief)
		return true;
	batch->brief = false;
	batch->last_hash = *head;
	return ingest->bug == BUG_AMBIGUOUS_REFERENCE || is_signed(ingest->arena, device, organisation, batch);
}

enum status ingest_verify(struct ingest *ingest, const struct device_entry *device, const struct id *organisation, struct batch *batch,
	struct verified_batch *out_verified, struct wire_fault *out_fault)
{
	struct server_store *store = ingest->commit->store;
	struct chain_state *chain = &out_verified->chain;
	int64_t last = batch->first_seq + (int64_t)batch->count - 1;
	enum status status;

	*out_verified = (struct verified_batch){ 0 };
	if (batch->count == 0 || batch->first_seq < 1 || (!batch->brief && !is_signed(ingest->arena, device, organisation, batch))) {
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_MALFORMED };
		return STATUS_OK;
	}
	status = find_chain(store, &device->id, &batch->incarnation, chain);
	if (status == STATUS_OK)
		status = place_batch(store, chain, batch, &out_verified->before, out_fault);
	if (status == STATUS_OK && out_fault->code == 0)
		status = complete_secrets(store, ingest->arena, chain->number, batch, out_fault);
	if (status != STATUS_OK || out_fault->code != 0)
		return status;
	if (is_newer(batch)) {
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_NEWER };
		return STATUS_OK;
	}
	status = verify_chain(ingest->arena, ingest->bug, batch, &out_verified->before, out_verified);
	if (status == STATUS_OK && !complete_hash(ingest, device, organisation, &out_verified->heads[batch->count - 1], batch))
		status = STATUS_INVALID;
	if (status != STATUS_OK) {
		*out_fault = (struct wire_fault){ .code = status == STATUS_CORRUPT ? WIRE_ERROR_FORK : WIRE_ERROR_MALFORMED };
		return STATUS_OK;
	}
	if (last <= chain->last_seq) { /* all of it came before */
		out_verified->heads = NULL;
		return compare_known(store, chain, last, &batch->last_hash, out_fault);
	}
	if (batch->first_seq <= chain->last_seq &&
		!hash_equal(&out_verified->heads[chain->last_seq - batch->first_seq], &chain->last_hash))
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_FORK };
	return STATUS_OK;
}

enum status ingest_next(struct server_store *store, const struct device_entry *device, const struct batch *batch,
	struct verified_batch *verified, struct attempt *next, struct wire_fault *out_fault)
{
	struct chain_state *chain = &verified->chain;
	enum status status = find_chain(store, &device->id, &batch->incarnation, chain);
	int64_t known = chain->last_seq - batch->first_seq; /* position of the last one decided; -1: it is the one before the batch */

	next->seq = 0;
	if (status != STATUS_OK || verified->heads == NULL || known + 1 >= (int64_t)batch->count)
		return status;
	if (known < -1) /* a commit that never was: it goes on from there */
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_SEND_FROM, .value = chain->last_seq + 1 };
	else if (!hash_equal(known < 0 ? &verified->before : &verified->heads[known], &chain->last_hash))
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_FORK };
	if (out_fault->code != 0)
		return STATUS_OK;
	next->seq = chain->last_seq + 1;
	next->hash = verified->heads[known + 1];
	return STATUS_OK;
}

enum status ingest_verified(struct ingest *ingest, const struct device_entry *device, const struct batch *batch,
	struct verified_batch *verified, struct wire_fault *out_fault)
{
	struct server_store *store = ingest->commit->store;
	int64_t last = batch->first_seq + (int64_t)batch->count - 1;
	struct chain_state *chain = &verified->chain;
	enum status status = STATUS_OK;

	if (verified->heads == NULL)
		return STATUS_OK;
	if (chain->number == 0)
		status = incarnation_begin(store, &device->id, &batch->incarnation, ingest->received_at_ms, chain);
	if (status == STATUS_BUSY) {
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_TOO_OFTEN };
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = store_windows(store, chain, batch);
	if (status == STATUS_CORRUPT) { /* another salt than the window began with */
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_MALFORMED };
		return STATUS_OK;
	}
	commit_note_device(ingest->commit, &device->id);
	if (status == STATUS_OK)
		status = take_in_batch(&(struct arrival){
			.ingest = ingest, .device = device, .chain = chain, .batch = batch, .verified = verified });
	if (status == STATUS_OK && chain->last_seq == last)
		status = server_store_put_signature(store, chain->number, last, batch->signature);
	return status == STATUS_OK ? server_store_put_chain(store, chain) : status;
}

enum status ingest_batch(struct ingest *ingest, const struct device_entry *device, const struct id *organisation, struct batch *batch,
	struct wire_fault *out_fault)
{
	struct verified_batch verified;
	enum status status = ingest_verify(ingest, device, organisation, batch, &verified, out_fault);

	return status == STATUS_OK && out_fault->code == 0 ? ingest_verified(ingest, device, batch, &verified, out_fault) : status;
}

enum status ingest_own(struct ingest *ingest, struct chain_state *chain, const uint8_t secret[static WINDOW_SECRET_SIZE],
	const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	struct server_store *store = ingest->commit->store;
	struct intake intake = {
		.ingest = ingest, .operation = operation, .device = chain->device, .records = server_store_records(store)
	};
	int64_t seq = chain->last_seq + 1;
	struct hash salt = chain_salt(secret, seq);
	struct hash commitment, head;
	struct bytes canonical;
	enum status status = canonical_form(ingest->arena, operation, &canonical);

	if (status != STATUS_OK)
		return status;
	commitment = chain_commitment(&salt, canonical);
	head = chain_next(&chain->last_hash, &commitment);

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

uint32_t ingest_fault(enum status decoded)
{
	if (decoded == STATUS_OK)
		return 0;
	if (decoded == STATUS_AMBIGUOUS || decoded == STATUS_NOT_FOUND)
		return WIRE_ERROR_SEND_WHOLE;
	return decoded == STATUS_NEWER ? WIRE_ERROR_NEWER : WIRE_ERROR_MALFORMED;
}
