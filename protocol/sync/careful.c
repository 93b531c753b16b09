#include "protocol/sync/careful.h"

#include <stdlib.h>
#include <string.h>

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

static bool is_settled(void *context, const struct suspect *suspect)
{
	struct decided_look *look = context;
	struct chain_state chain;
	enum status status;

	if (look->now_ms - suspect->since_ms > CAREFUL_SUSPECT_MS)
		return true;
	if (suspect->work != SUSPECT_DECIDING || is_own(suspect) || look->status != STATUS_OK)
		return false;
	status = server_store_chain(look->store, &suspect->device, &suspect->incarnation, &chain);
	if (status == STATUS_OK)
		return chain.last_seq >= suspect->last_seq;
	if (status != STATUS_NOT_FOUND)
		look->status = status;
	return false;
}

static void take_over(struct careful *careful, const struct suspect *left)
{
	const struct attempt cleared = { .device = left->device,
		.incarnation = left->incarnation,
		.seq = left->last_seq,
		.hash = left->hash,
		.count = left->first_seq };
	bool nameless = is_own(left) && left->last_seq == 0; /* an import: whoever gave the command is there */

	if (left->work == SUSPECT_CLEARED)
		careful_clear(careful, &cleared);
	else if ((left->work == SUSPECT_READING || left->work == SUSPECT_DECIDING) && !nameless)
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
	suspect_mark_forget(&careful->mark, is_settled, &look);
	if (look.status == STATUS_OK)
		suspect_mark_write(&careful->mark);
	return look.status;
}

void careful_settle(struct careful *careful, struct server_store *store, int64_t now_ms)
{
	struct decided_look look = { .store = store, .now_ms = now_ms };
	size_t before = careful->mark.kept_count;

	if (before == 0 || careful->mark.group_count > 0)
		return;
	suspect_mark_forget(&careful->mark, is_settled, &look);
	if (careful->mark.kept_count < before)
		suspect_mark_write(&careful->mark);
}

int64_t careful_until(const struct careful *careful, const struct id *device, const struct id *incarnation)
{
	int64_t until = 0;

	for (size_t i = 0; i < careful->mark.kept_count; i++) {
		const struct suspect *suspect = &careful->mark.kept[i];

		if (suspect->work == SUSPECT_DECIDING && suspect->last_seq > until && is_of_chain(suspect, device, incarnation))
			until = suspect->last_seq;
	}
	return until;
}

bool careful_suspects_reading(const struct careful *careful, const struct id *device, const struct id *incarnation)
{
	for (size_t i = 0; i < careful->mark.kept_count; i++)
		if (careful->mark.kept[i].work == SUSPECT_READING && is_of_chain(&careful->mark.kept[i], device, incarnation))
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

	suspect_mark_forget(&careful->mark, is_reading, &of);
	suspect_mark_write(&careful->mark);
}

static bool is_same_own(void *context, const struct suspect *suspect)
{
	const struct attempt *own = context;

	return is_own(suspect) && hash_equal(&suspect->hash, &own->hash);
}

bool careful_suspects_own(const struct careful *careful, const struct attempt *own)
{
	struct attempt of = *own;

	for (size_t i = 0; i < careful->mark.kept_count; i++)
		if (is_same_own(&of, &careful->mark.kept[i]))
			return true;
	return false;
}

void careful_trust_own(struct careful *careful, const struct attempt *own)
{
	struct attempt of = *own;

	if (careful->mark.group_count > 0)
		return;
	suspect_mark_forget(&careful->mark, is_same_own, &of);
	suspect_mark_write(&careful->mark);
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
	return careful->mark.kept_count > 0 || careful->held != NULL;
}

/* ---- tries that did not end the server ---- */

static struct attempt *find_cleared(struct careful *careful, const struct attempt *attempt)
{
	for (size_t i = 0; i < CAREFUL_CLEARED_MAX; i++)
		if (attempt_equal(&careful->cleared[i], attempt))
			return &careful->cleared[i];
	return NULL;
}

bool careful_cleared(struct careful *careful, const struct attempt *attempt)
{
	const struct attempt *cleared = find_cleared(careful, attempt);

	return cleared != NULL && attempt->count >= cleared->count;
}

void careful_clear(struct careful *careful, const struct attempt *attempt)
{
	struct attempt *place = find_cleared(careful, attempt);

	if (place == NULL) {
		place = &careful->cleared[careful->cleared_next];
		careful->cleared_next = (careful->cleared_next + 1) % CAREFUL_CLEARED_MAX;
	}
	*place = *attempt;
}

bool careful_leave(struct careful *careful, struct server_store *store, int64_t now_ms)
{
	suspect_mark_clear(&careful->mark);
	for (size_t i = 0; i < CAREFUL_CLEARED_MAX; i++) {
		struct attempt attempt = careful->cleared[i];
		const struct suspect cleared = { .work = SUSPECT_CLEARED,
			.device = attempt.device,
			.incarnation = attempt.incarnation,
			.first_seq = attempt.count,
			.last_seq = attempt.seq,
			.hash = attempt.hash,
			.since_ms = now_ms };

		if (id_is_nil(&attempt.device) || (server_store_attempt(store, &attempt) == STATUS_OK && attempt.count == 0))
			continue;
		(void)suspect_mark_add(&careful->mark, &cleared); /* a store that cannot be read may have it */
	}
	return careful->mark.kept_count + careful->mark.group_count > 0;
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
	struct held_batch *held = calloc(1, sizeof(*held) + waiting->batch.size);

	if (held == NULL)
		abort();
	held->waiting = waiting;
	held->handler_revision = waiting->handler_revision;
	held->size = waiting->batch.size;
	memcpy(held->body, waiting->batch.data, waiting->batch.size);
	waiting->batch = (struct bytes){ 0 };
	return held;
}

static void let_go(struct careful *careful, struct held_batch *held)
{
	careful->held_size -= held_bytes(held->size);
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
	careful->held_size += held_bytes(held->size);
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
