#include "protocol/sync/careful.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

static bool is_of_chain(const struct suspect *suspect, const struct id *device, const struct id *incarnation)
{
	return id_equal(&suspect->device, device) && id_equal(&suspect->incarnation, incarnation);
}

/* ---- who is suspected ---- */

static bool is_own(const struct suspect *suspect)
{
	return id_is_nil(&suspect->incarnation);
}

/* A look at the store. */
struct decided_look {
	struct server_store *store;
	int64_t now_ms;
	enum status status;
};

static struct attempt attempt_of(const struct suspect *suspect)
{
	return (struct attempt){ .device = suspect->device,
		.incarnation = suspect->incarnation,
		.seq = suspect->last_seq,
		.hash = suspect->hash,
		.count = suspect->first_seq };
}

static bool is_counted(struct decided_look *look, const struct suspect *cleared)
{
	struct attempt attempt = attempt_of(cleared);

	look->status = server_store_attempt(look->store, &attempt);
	return look->status != STATUS_OK || attempt.count > 0;
}

static bool is_decided(struct decided_look *look, const struct suspect *suspect)
{
	struct chain_state chain;
	enum status status = server_store_chain(look->store, &suspect->device, &suspect->incarnation, &chain);

	if (status == STATUS_OK)
		return chain.last_seq >= suspect->last_seq;
	if (status != STATUS_NOT_FOUND)
		look->status = status;
	return false;
}

static bool is_settled(void *context, const struct suspect *suspect)
{
	struct decided_look *look = context;

	if (look->now_ms - suspect->since_ms > CAREFUL_SUSPECT_MS)
		return true;
	if (look->status != STATUS_OK)
		return false;
	if (suspect->work == SUSPECT_CLEARED)
		return !is_counted(look, suspect);
	return suspect->work == SUSPECT_DECIDING && !is_own(suspect) && is_decided(look, suspect);
}

static bool is_cleared(void *context, const struct suspect *suspect)
{
	const struct attempt *attempt = context;
	const struct attempt cleared = attempt_of(suspect);

	return suspect->work == SUSPECT_CLEARED && attempt_equal(&cleared, attempt);
}

static bool is_any_cleared(void *context, const struct suspect *suspect)
{
	(void)context;
	return suspect->work == SUSPECT_CLEARED;
}

/* It had begun: whatever it was, it is suspected, and what was cleared of it is not. */
static void take_over_try(struct careful *careful, const struct suspect *left)
{
	struct attempt attempt = attempt_of(left);
	struct suspect suspect = *left;

	(void)suspect_mark_forget(&careful->mark, is_cleared, &attempt);
	suspect.work = left->last_seq == 0 ? SUSPECT_READING : SUSPECT_DECIDING;
	suspect.first_seq = left->last_seq;
	suspect_mark_keep(&careful->mark, &suspect);
}

static void take_over(struct careful *careful, const struct suspect *left)
{
	bool nameless = is_own(left) && left->last_seq == 0; /* an import: whoever gave the command is there */

	if (nameless || left->work == SUSPECT_NONE || left->work == SUSPECT_ANSWERING)
		return;
	if (left->work == SUSPECT_TRYING)
		take_over_try(careful, left);
	else
		suspect_mark_keep(&careful->mark, left);
}

enum status careful_begin(struct careful *careful, struct server_store *store, const struct suspect_sink *sink,
	const struct suspect *left, size_t left_count, int64_t now_ms)
{
	struct decided_look look = { .store = store, .now_ms = now_ms };
	enum status status = server_store_any_attempt(store);

	careful->mark.sink = *sink;
	careful->attempts = status == STATUS_OK;
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	for (size_t i = 0; i < left_count; i++)
		take_over(careful, &left[i]);
	(void)suspect_mark_forget(&careful->mark, is_settled, &look);
	if (look.status == STATUS_OK && !suspect_mark_write(&careful->mark)) /* what it clears could not be taken back when a try begins */
		(void)suspect_mark_forget(&careful->mark, is_any_cleared, NULL);
	return look.status;
}

static void forget(struct careful *careful, suspect_test test, void *context)
{
	if (suspect_mark_forget(&careful->mark, test, context))
		(void)suspect_mark_write(&careful->mark);
}

void careful_settle(struct careful *careful, struct server_store *store, int64_t now_ms)
{
	struct decided_look look = { .store = store, .now_ms = now_ms };

	if (careful->mark.group_count == 0)
		forget(careful, is_settled, &look);
}

int64_t careful_until(const struct careful *careful, const struct id *device, const struct id *incarnation)
{
	int64_t until = 0;

	for (size_t i = 0; i < careful->mark.kept_count; i++) {
		const struct suspect *suspect = &careful->mark.entries[i];

		if (suspect->work == SUSPECT_DECIDING && suspect->last_seq > until && is_of_chain(suspect, device, incarnation))
			until = suspect->last_seq;
	}
	return until;
}

bool careful_suspects_reading(const struct careful *careful, const struct id *device, const struct id *incarnation)
{
	for (size_t i = 0; i < careful->mark.kept_count; i++)
		if (careful->mark.entries[i].work == SUSPECT_READING && is_of_chain(&careful->mark.entries[i], device, incarnation))
			return true;
	return false;
}

static bool is_reading(void *context, const struct suspect *suspect)
{
	const struct attempt *of = context;

	return suspect->work == SUSPECT_READING && is_of_chain(suspect, &of->device, &of->incarnation);
}

void careful_trust_reading(struct careful *careful, const struct id *device, const struct id *incarnation)
{
	struct attempt of = { .device = *device, .incarnation = *incarnation };

	forget(careful, is_reading, &of);
}

static bool is_same_own(void *context, const struct suspect *suspect)
{
	const struct attempt *own = context;

	return is_own(suspect) && suspect->work == SUSPECT_DECIDING && hash_equal(&suspect->hash, &own->hash);
}

bool careful_suspects_own(const struct careful *careful, const struct attempt *own)
{
	struct attempt of = *own;

	for (size_t i = 0; i < careful->mark.kept_count; i++)
		if (is_same_own(&of, &careful->mark.entries[i]))
			return true;
	return false;
}

void careful_trust_own(struct careful *careful, const struct attempt *own)
{
	struct attempt of = *own;

	forget(careful, is_same_own, &of);
}

enum status careful_look(struct careful *careful, struct server_store *store, const struct id *device, const struct id *incarnation,
	bool *out_concerned)
{
	struct chain_state chain = { 0 };
	int64_t until = careful_until(careful, device, incarnation);
	enum status status = STATUS_NOT_FOUND;

	*out_concerned = careful_suspects_reading(careful, device, incarnation);
	if (until > 0)
		status = server_store_chain(store, device, incarnation, &chain);
	*out_concerned = *out_concerned || chain.last_seq < until;
	if (careful->attempts && !*out_concerned && (status == STATUS_OK || status == STATUS_NOT_FOUND)) {
		status = server_store_attempt_of_chain(store, device, incarnation);
		*out_concerned = status == STATUS_OK;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

bool careful_is_on(const struct careful *careful)
{
	for (size_t i = 0; i < careful->mark.kept_count; i++)
		if (careful->mark.entries[i].work != SUSPECT_CLEARED)
			return true;
	return careful->held != NULL;
}

/* ---- tries that did not end the server ---- */

bool careful_cleared(const struct careful *careful, const struct attempt *attempt)
{
	struct attempt of = *attempt;

	for (size_t i = 0; i < careful->mark.kept_count; i++)
		if (is_cleared(&of, &careful->mark.entries[i]))
			return attempt->count >= careful->mark.entries[i].first_seq;
	return false;
}

void careful_clear(struct careful *careful, const struct attempt *attempt, int64_t now_ms)
{
	struct attempt of = *attempt;
	const struct suspect cleared = { .work = SUSPECT_CLEARED,
		.device = attempt->device,
		.incarnation = attempt->incarnation,
		.first_seq = attempt->count,
		.last_seq = attempt->seq,
		.hash = attempt->hash,
		.since_ms = now_ms };

	(void)suspect_mark_forget(&careful->mark, is_cleared, &of);
	suspect_mark_keep(&careful->mark, &cleared);
	(void)suspect_mark_write(&careful->mark);
}

void careful_committed(struct careful *careful)
{
	struct suspect_mark *mark = &careful->mark;
	size_t group_count = mark->group_count;
	bool any = false;

	for (size_t i = 0; i < group_count; i++) {
		struct attempt tried = attempt_of(&mark->entries[mark->kept_count + i]);

		if (mark->entries[mark->kept_count + i].work == SUSPECT_TRYING)
			any = suspect_mark_forget(mark, is_cleared, &tried) || any;
	}
	suspect_mark_clear(mark);
	if (any)
		(void)suspect_mark_write(mark);
}

bool careful_leave(struct careful *careful, struct server_store *store, int64_t now_ms)
{
	suspect_mark_clear(&careful->mark);
	careful_settle(careful, store, now_ms);
	return careful->mark.kept_count > 0;
}

/* ---- batches that are held ---- */

static size_t held_bytes(size_t size)
{
	return sizeof(struct held_batch) + sizeof(struct inquiry) + size;
}

bool careful_has_room(const struct careful *careful, size_t size)
{
	return careful->held_size + held_bytes(size) <= careful->held_max;
}

static struct held_batch *hold(struct inquiry *waiting)
{
	const struct bytes body = waiting->batch.body;
	struct held_batch *held = memory_zeroed(1, sizeof(*held) + body.size);

	held->waiting = waiting;
	held->handler_revision = waiting->handler_revision;
	memcpy(held->body, body.data, body.size);
	held->section = waiting->batch;
	held->section.body.data = held->body;
	waiting->batch = (struct section){ 0 };
	return held;
}

static void let_go(struct careful *careful, struct held_batch *held)
{
	careful->held_size -= held_bytes(held->section.body.size);
	arena_finish(&held->arena);
	free(held);
}

struct inquiry *careful_hold(struct careful *careful, struct inquiry *waiting)
{
	struct held_batch *held = hold(waiting);
	struct held_batch **at = &careful->held;
	struct held_batch *earlier;
	struct inquiry *displaced = NULL;

	while (*at != NULL && ((*at)->begun || !id_equal(&(*at)->waiting->device, &waiting->device)))
		at = &(*at)->next;
	earlier = *at;
	*at = held;
	careful->held_size += held_bytes(held->section.body.size);
	if (earlier != NULL) {
		displaced = earlier->waiting;
		held->next = earlier->next;
		let_go(careful, earlier);
	}
	return displaced;
}

struct inquiry *careful_let_go(struct careful *careful)
{
	struct held_batch *held = careful->held;
	struct inquiry *waiting = held->waiting;

	careful->held = held->next;
	let_go(careful, held);
	return waiting;
}

void careful_finish(struct careful *careful)
{
	while (careful->held != NULL)
		inquiry_free(careful_let_go(careful));
}
