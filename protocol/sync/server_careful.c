/* The server's core and those whose operations are suspected: their batches are held, and what is in them counted, tried and made durable
 * one by one, a step at each flush that has nothing else to do. */
#include <stdlib.h>
#include <string.h>

#include "protocol/sync/server_core_inner.h"
#include "protocol/wire/operation_codec.h"

/* Durable with the open commit, before the try; until that begins, nobody shall take it for one that ended the server. */
static enum status count(struct server_core *core, struct attempt *attempt)
{
	attempt->count++;
	core->changed = true;
	core->careful.attempts = true;
	careful_clear(&core->careful, attempt, server_core_now_ms(core));
	if (core->options.bug == BUG_TRY_NOT_COUNTED)
		return STATUS_OK;
	return server_store_put_attempt(core->options.store, attempt, server_core_now_ms(core));
}

static struct attempt attempt_of(const struct held_batch *held)
{
	return (struct attempt){ .device = held->waiting->device, .incarnation = held->waiting->incarnation };
}

static struct suspect try_of(struct server_core *core, const struct attempt *attempt)
{
	return (struct suspect){ .work = SUSPECT_TRYING,
		.device = attempt->device,
		.incarnation = attempt->incarnation,
		.first_seq = attempt->count,
		.last_seq = attempt->seq,
		.hash = attempt->hash,
		.since_ms = server_core_now_ms(core) };
}

/* The one that was counted begins. */
static bool mark_try(struct server_core *core, const struct attempt *attempt)
{
	const struct suspect trying = try_of(core, attempt);

	return suspect_mark_add(&core->careful.mark, &trying);
}

/* ---- reading ---- */

static enum status read(struct server_core *core, struct held_batch *held, const struct attempt *reading)
{
	struct inquiry *waiting = held->waiting;
	struct ingest ingest = server_core_make_ingest(core, held->handler_revision);
	bool marked = reading->count > 0 ? mark_try(core, reading) : server_core_mark_reading(core, waiting);
	struct device_entry device;
	enum status status = server_core_read_batch(core, waiting, &held->section, &held->arena, &device, &held->batch);

	ingest.arena = &held->arena;
	if (status == STATUS_OK && waiting->fault.code == 0)
		status = ingest_verify(
			&ingest, &device, &core->state.organisation, &held->batch, &held->verified, &waiting->fault);
	if (marked)
		suspect_mark_drop(&core->careful.mark);
	held->read = status == STATUS_OK;
	return status;
}

/* It could be read after all. */
static enum status trust(struct server_core *core, const struct attempt *reading)
{
	careful_trust_reading(&core->careful, &reading->device, &reading->incarnation);
	core->changed = core->changed || reading->count > 0;
	return server_store_remove_attempt(core->options.store, reading);
}

static enum status step_reading(struct server_core *core, struct held_batch *held, bool *out_done)
{
	struct attempt reading = attempt_of(held);
	bool suspected;
	enum status status;

	reading.hash = core->program;
	status = server_store_attempt(core->options.store, &reading);
	if (status != STATUS_OK)
		return status;
	suspected = reading.count > 0 || careful_suspects_reading(&core->careful, &reading.device, &reading.incarnation);
	if (suspected && !held->counted_read && !careful_cleared(&core->careful, &reading)) {
		held->counted_read = true;
		if (reading.count < CAREFUL_TRIES_MAX)
			return count(core, &reading);
		held->waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_MALFORMED };
		*out_done = true;
		return STATUS_OK;
	}
	status = read(core, held, &reading);
	*out_done = held->waiting->fault.code != 0;
	return status == STATUS_OK && core->careful.attempts ? trust(core, &reading) : status;
}

/* ---- deciding ---- */

static void note_poison(struct server_core *core, const struct attempt *attempt)
{
	const struct id operation = chain_operation_id(&attempt->hash);
	const struct incident incident = { .kind = INCIDENT_POISON, .device = attempt->device, .subject = operation };

	incidents_note(&core->incidents, &incident);
}

/* What comes next, and how often it was tried; seq 0: nothing, or the batch is at fault. */
static enum status look(struct server_core *core, struct held_batch *held, const struct device_entry *device, struct attempt *out_next)
{
	struct server_store *store = core->options.store;
	enum status status;

	*out_next = attempt_of(held);
	status = ingest_next(store, device, &held->batch, &held->verified, out_next, &held->waiting->fault);
	return status == STATUS_OK && out_next->seq > 0 ? server_store_attempt(store, out_next) : status;
}

/* The count of the one behind goes into the same commit: an fsync for each, not two. */
static enum status count_ahead(struct server_core *core, struct held_batch *held, const struct device_entry *device)
{
	struct attempt next;
	enum status status = held->taken < CAREFUL_AT_A_TIME ? look(core, held, device, &next) : STATUS_NOT_FOUND;

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK || next.seq == 0 || next.seq > careful_until(&core->careful, &next.device, &next.incarnation) ||
		next.count >= CAREFUL_TRIES_MAX || careful_cleared(&core->careful, &next))
		return status;
	held->counted_seq = next.seq;
	return count(core, &next);
}

static enum status try_next(
	struct server_core *core, struct held_batch *held, const struct device_entry *device, const struct attempt *next)
{
	struct ingest ingest = server_core_make_ingest(core, held->handler_revision);
	enum status status;
	bool marked;

	ingest.limit = 1;
	ingest.condemned = held->counted_seq != next->seq; /* counted out, not counted now */
	if (ingest.condemned)
		note_poison(core, next);
	marked = mark_try(core, next);
	status = server_core_ingest_apart(core, &ingest, device, &held->batch, &held->verified, &held->waiting->fault);
	if (marked && ingest.taken == 0)
		suspect_mark_drop(&core->careful.mark);
	if (status == STATUS_OK)
		status = server_store_remove_attempt(core->options.store, next);
	held->taken++;
	return status == STATUS_OK && held->waiting->fault.code == 0 ? count_ahead(core, held, device) : status;
}

/* Nobody suspects the rest of it. */
static enum status take_rest(struct server_core *core, struct held_batch *held, const struct device_entry *device)
{
	struct ingest ingest = server_core_make_ingest(core, held->handler_revision);
	enum status status =
		server_core_ingest_apart(core, &ingest, device, &held->batch, &held->verified, &held->waiting->fault);

	if (ingest.taken == 0)
		suspect_mark_drop(&core->careful.mark);
	return status;
}

static enum status step_deciding(struct server_core *core, struct held_batch *held, const struct device_entry *device, bool *out_done)
{
	struct attempt next, rest;
	enum status status = look(core, held, device, &next);

	*out_done = status == STATUS_OK && next.seq == 0;
	if (status != STATUS_OK || next.seq == 0)
		return status;
	rest = next;
	rest.hash = held->batch.last_hash;
	if (next.count == 0 && next.seq > careful_until(&core->careful, &next.device, &next.incarnation) &&
		server_core_mark_deciding(core, &rest, held->batch.first_seq + (int64_t)held->batch.count - 1))
		return take_rest(core, held, device);
	if (careful_cleared(&core->careful, &next))
		held->counted_seq = next.seq;
	if (held->counted_seq == next.seq || next.count >= CAREFUL_TRIES_MAX)
		return try_next(core, held, device, &next);
	held->counted_seq = next.seq;
	return count(core, &next);
}

/* ---- a turn ---- */

static enum status step(struct server_core *core, struct held_batch *held, bool *out_done)
{
	struct device_entry device;
	enum status status = server_store_device(core->options.store, &held->waiting->device, &device);

	held->begun = true;
	*out_done = false;
	if (status != STATUS_OK)
		return status;
	if (!sender_may_deliver(core->options.store, &device)) /* revoked while it waited */
		held->waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_REVOKED };
	*out_done = held->waiting->fault.code != 0;
	if (*out_done)
		return STATUS_OK;
	return held->read ? step_deciding(core, held, &device, out_done) : step_reading(core, held, out_done);
}

/* Nothing more of the oldest is to be decided now: it waits for its answer. What is left of it comes again, with its pull. */
static void let_go(struct server_core *core, bool all)
{
	struct inquiry *waiting = careful_let_go(&core->careful);

	waiting->has_pull = waiting->has_pull && all;
	waiting->in_part = !all;
	server_core_let_wait(core, waiting);
	careful_settle(&core->careful, core->options.store, server_core_now_ms(core));
}

enum status server_core_careful_next(struct server_core *core)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && core->careful.held != NULL && !core->changed) {
		struct held_batch *held = core->careful.held;
		bool done = false;

		if (held->taken == CAREFUL_AT_A_TIME) {
			let_go(core, false);
			continue;
		}
		status = server_core_ensure_commit(core);
		if (status == STATUS_OK)
			status = step(core, held, &done);
		if (status == STATUS_NOT_FOUND || (status == STATUS_OK && done)) { /* its device may be gone */
			status = STATUS_OK;
			let_go(core, true);
		}
	}
	return status;
}

/* ---- the office ---- */

/* The office's operations have a chain that is new at every start: they are known again by what they say. */
static struct attempt own_attempt(struct server_core *core, const struct operation *operation)
{
	static const struct hash no_salt = { 0 };
	struct operation timeless = *operation;
	struct writer writer = writer_in(&core->request_arena, OPERATION_SIZE_MAX);
	struct attempt attempt = { .device = core->own.device };
	uint64_t number = 0;

	timeless.head.at_ms = timeless.head.base_gseq = 0;
	timeless.head.base_epoch = (struct id){ 0 };
	operation_encode(&writer, &timeless);
	attempt.hash = chain_commitment(&no_salt, writer_bytes(&writer));
	arena_reset(&core->request_arena);
	memcpy(&number, attempt.hash.bytes, sizeof(number));
	attempt.seq = (int64_t)(number >> 1) | 1;
	return attempt;
}

/* In a commit of its own. */
static enum status count_in_store(struct server_core *core, struct attempt *own, bool suspected)
{
	enum status status = server_store_begin(core->options.store);

	if (status == STATUS_OK)
		status = server_store_attempt(core->options.store, own);
	if (status == STATUS_OK && (suspected || own->count > 0) && own->count < CAREFUL_TRIES_MAX &&
		!careful_cleared(&core->careful, own)) {
		status = count(core, own);
		core->changed = false;
		if (status == STATUS_OK)
			return server_store_commit(core->options.store);
	}
	server_store_rollback(core->options.store);
	return status;
}

enum status server_core_count_own(struct server_core *core, const struct operation *operation, struct attempt *out_attempt)
{
	struct attempt own;
	struct suspect trying;
	bool marked, suspected;
	enum status status;

	*out_attempt = (struct attempt){ 0 };
	if (core->in_commit) /* a command's further operations are tried with its first */
		return STATUS_OK;
	own = own_attempt(core, operation);
	marked = server_core_mark_deciding(core, &own, own.seq);
	suspected = !marked || careful_suspects_own(&core->careful, &own);
	if (!suspected && !core->careful.attempts)
		return STATUS_OK;
	status = count_in_store(core, &own, suspected);
	if (status != STATUS_OK || own.count == 0)
		return status;
	*out_attempt = own;
	trying = try_of(core, &own);
	if (marked)
		(void)suspect_mark_change(&core->careful.mark, &trying);
	if (careful_cleared(&core->careful, &own))
		out_attempt->count--; /* its latest try did not end the server, or is yet to come */
	return STATUS_OK;
}

bool server_core_careful(const struct server_core *core)
{
	return careful_is_on(&core->careful);
}

bool server_core_deciding(const struct server_core *core)
{
	return core->careful.held != NULL;
}

bool server_core_leave(struct server_core *core)
{
	return careful_leave(&core->careful, core->options.store, server_core_now_ms(core));
}
