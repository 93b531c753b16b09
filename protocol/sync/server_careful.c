/* The server's core while it is careful: batches are held, and their operations counted, tried and made durable one by one. */
#include <stdlib.h>
#include <string.h>

#include "protocol/sync/server_core_inner.h"
#include "protocol/wire/operation_codec.h"

/* What is to be done with the oldest batch. */
struct next_try {
	struct device_entry device;
	struct batch batch;
	struct attempt attempt; /* seq 0: nothing of it is new, or it is at fault */
};

/* Fills in what comes next; a fault is the inquiry's. */
static enum status look_at(struct server_core *core, struct held_batch *held, struct next_try *out_next)
{
	struct inquiry *waiting = held->waiting;
	struct ingest ingest = server_core_make_ingest(core, held->handler_revision);
	struct attempt *attempt = &out_next->attempt;
	enum status status =
		server_core_read_batch(core, waiting, (struct bytes){ held->body, held->size }, &out_next->device, &out_next->batch);

	*attempt = (struct attempt){ .device = waiting->device, .incarnation = waiting->incarnation };
	if (status != STATUS_OK || waiting->fault.code != 0)
		return status;
	status = ingest_look(&ingest, &out_next->device, &core->state.organisation, &out_next->batch, attempt, &waiting->fault);
	if (status == STATUS_OK && attempt->seq > 0)
		status = server_store_attempt(core->options.store, attempt);
	return status;
}

static enum status count(struct server_core *core, struct held_batch *held, struct attempt *attempt)
{
	attempt->count++;
	held->counted_seq = attempt->seq;
	core->changed = true;
	if (core->options.bug == BUG_TRY_NOT_COUNTED)
		return STATUS_OK;
	return server_store_put_attempt(core->options.store, attempt, server_core_now_ms(core));
}

/* It did not end the server, whatever became of its commit: a full disk is not its fault. */
static bool was_survived(const struct server_core *core, const struct attempt *attempt)
{
	const struct attempt *survived = &core->careful.survived;

	return survived->seq == attempt->seq && id_equal(&survived->device, &attempt->device) &&
	       hash_equal(&survived->hash, &attempt->hash);
}

static void note_poison(struct server_core *core, const struct attempt *attempt)
{
	const struct id operation = chain_operation_id(&attempt->hash);
	const struct incident incident = { .kind = INCIDENT_POISON, .device = attempt->device, .subject = operation };

	incidents_note(&core->incidents, &incident);
}

static enum status try_next(struct server_core *core, struct held_batch *held, const struct next_try *next)
{
	struct ingest ingest = server_core_make_ingest(core, held->handler_revision);
	enum status status;

	ingest.limit = 1;
	ingest.condemned = held->counted_seq != next->attempt.seq; /* counted out, not counted now */
	if (ingest.condemned)
		note_poison(core, &next->attempt);
	status = server_core_ingest_apart(core, &ingest, &next->device, &next->batch, &held->waiting->fault);
	core->careful.survived = next->attempt;
	if (status == STATUS_OK)
		status = server_store_remove_attempt(core->options.store, &next->attempt);
	held->taken++;
	return status;
}

/* Nothing more of the oldest is to be decided now: it waits for its answer. What is left of it comes again, with its pull. */
static void let_go(struct server_core *core, bool all)
{
	struct inquiry *waiting = careful_let_go(&core->careful);

	waiting->has_pull = waiting->has_pull && all;
	inquiry_put_last(waiting, &core->answering_end);
}

enum status server_core_careful_next(struct server_core *core)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && core->careful.held != NULL && !core->changed) {
		struct held_batch *held = core->careful.held;
		struct next_try next;

		if (held->taken == CAREFUL_AT_A_TIME) {
			let_go(core, false);
			continue;
		}
		status = server_core_ensure_commit(core);
		if (status == STATUS_OK)
			status = look_at(core, held, &next);
		if (status == STATUS_NOT_FOUND || (status == STATUS_OK && next.attempt.seq == 0)) { /* its device may be gone */
			status = STATUS_OK;
			let_go(core, true);
			continue;
		}
		if (status == STATUS_OK && was_survived(core, &next.attempt))
			held->counted_seq = next.attempt.seq;
		if (status == STATUS_OK && held->counted_seq != next.attempt.seq && next.attempt.count < CAREFUL_TRIES_MAX)
			status = count(core, held, &next.attempt);
		else if (status == STATUS_OK)
			status = try_next(core, held, &next);
	}
	return status;
}

/* The office's operations have a chain that is new at every start: they are known again by what they say. */
static enum status own_attempt(struct server_core *core, const struct operation *operation, struct attempt *out_attempt)
{
	static const struct hash no_salt = { 0 };
	struct operation timeless = *operation;
	struct writer writer = writer_in(&core->request_arena, OPERATION_SIZE_MAX);
	uint64_t number = 0;

	timeless.head.at_ms = timeless.head.base_gseq = 0;
	timeless.head.base_epoch = (struct id){ 0 };
	operation_encode(&writer, &timeless);
	*out_attempt = (struct attempt){ .device = core->own.device, .hash = chain_commitment(&no_salt, writer_bytes(&writer)) };
	memcpy(&number, out_attempt->hash.bytes, sizeof(number));
	out_attempt->seq = (int64_t)(number >> 1);
	return server_store_attempt(core->options.store, out_attempt);
}

enum status server_core_count_own(struct server_core *core, const struct operation *operation, struct attempt *out_attempt)
{
	enum status status;

	*out_attempt = (struct attempt){ 0 };
	if (!core->careful.on || core->in_commit) /* a command's further operations are tried with its first */
		return STATUS_OK;
	status = server_store_begin(core->options.store);
	if (status == STATUS_OK)
		status = own_attempt(core, operation, out_attempt);
	arena_reset(&core->request_arena);
	if (status == STATUS_OK && out_attempt->count < CAREFUL_TRIES_MAX && !was_survived(core, out_attempt)) {
		struct attempt counted = *out_attempt;
		counted.count++;
		status = server_store_put_attempt(core->options.store, &counted, server_core_now_ms(core));
		if (status == STATUS_OK)
			return server_store_commit(core->options.store);
	}
	server_store_rollback(core->options.store);
	return status;
}

bool server_core_careful(const struct server_core *core)
{
	return core->careful.on;
}
