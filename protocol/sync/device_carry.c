#include "protocol/sync/device_carry.h"

#include <stdio.h>

#include "protocol/sync/pace.h"
#include "protocol/wire/blob.h"

#define STALLS_MAX   4
#define PROOFS_MAX   3
#define BUSY_MIN_MS  1000
#define BUSY_MAX_MS  240000 /* whatever a server says */
#define SECTION_ROOM 160    /* of one, beside its piece */

void device_carry_finish(struct device_carry *carry)
{
	arena_finish(&carry->arena);
}

void device_carry_begin(struct device_carry *carry)
{
	carry->planned = carry->unserved = carry->asked = false;
	carry->items = NULL;
	carry->count = 0;
	carry->size = carry->sent = 0;
	carry->answer = (struct carry_answer){ .count = 0 };
	carry->reason[0] = '\0';
	arena_reset(&carry->arena);
}

void device_carry_lost(struct device_carry *carry)
{
	if (carry->asked)
		carry->piece = pace_after_loss(carry->piece);
	carry->asked = false;
	carry->sent = 0; /* the server says how far it is */
}

void device_carry_withdraw(struct device_carry *carry)
{
	carry->asked = false;
}

/* What the store of files cannot do stands in the way of this one bundle. */
static void stop(struct device_carry *carry, struct carry_item *item, enum status status)
{
	item->over = true;
	if (status != STATUS_OK)
		(void)snprintf(carry->reason, sizeof(carry->reason), "%s", fail_reason());
}

/* What this session found out about the same bundle; one that is given once more after it was over begins anew. */
static void as_found(struct carry_item *item, const struct carry_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (hash_equal(&items[i].bundle.mark, &item->bundle.mark) && id_equal(&items[i].bundle.device, &item->bundle.device)) {
			item->retry_at_ms = items[i].retry_at_ms;
			item->stalls = items[i].stalls;
			item->proofs = items[i].proofs;
		}
}

static void plan(struct device_carry *carry)
{
	const struct carry_item *before = carry->items;
	size_t before_count = carry->count, count = 0;
	struct arena old = carry->arena;
	struct carried_bundle *bundles = NULL;
	enum status status;

	carry->arena = (struct arena){ 0 };
	status = carry_list(carry->files, &carry->arena, &bundles, &count);
	carry->items = arena_allocate_array(&carry->arena, count + 1, sizeof(*carry->items));
	carry->count = status == STATUS_OK ? count : 0;
	carry->planned = true;
	carry->sent = 0;
	for (size_t i = 0; i < carry->count; i++) {
		carry->items[i] = (struct carry_item){ .bundle = bundles[i], .over = bundles[i].refused || bundles[i].answered };
		as_found(&carry->items[i], before, before_count);
	}
	arena_finish(&old);
	if (status != STATUS_OK)
		(void)snprintf(carry->reason, sizeof(carry->reason), "%s", fail_reason());
}

static bool is_due(const struct device_carry *carry, const struct carry_item *item, int64_t now_ms)
{
	return !carry->unserved && !item->over && item->retry_at_ms <= now_ms;
}

static bool is_up(const struct carry_item *item)
{
	return item->bundle.taken < item->bundle.count;
}

/* What is to be brought goes first, then the answers. False: nothing is to be done. */
static bool find_next(struct device_carry *carry, int64_t now_ms)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < carry->count; i++)
			if (is_due(carry, &carry->items[i], now_ms) && is_up(&carry->items[i]) == (pass == 0)) {
				carry->sent = carry->out == i ? carry->sent : 0;
				carry->out = i;
				carry->down = pass == 1;
				return true;
			}
	return false;
}

static void was_taken(struct device_carry *carry, struct carry_item *item, uint32_t fault)
{
	enum status status;

	if (item->bundle.fault == 0)
		item->bundle.fault = fault;
	carry->envelopes_taken++;
	carry->sent = 0;
	item->stalls = 0;
	status = carry_note_taken(carry->files, &item->bundle, carry->size);
	if (status != STATUS_OK) /* it is brought again with the next session */
		stop(carry, item, status);
}

/* ---- asking ---- */

static void add_section(struct device_carry *carry, struct request *request, enum section_number number, const struct writer *body)
{
	section_write(&request->writer, number, writer_bytes(body));
	carry->asked = true;
	carry->answered = false;
}

static void send_piece(struct device_carry *carry, struct request *request, struct carry_item *item)
{
	struct writer body = writer_in(request->arena, CARRY_PIECE_MAX + SECTION_ROOM);
	struct carried_piece piece;
	struct bytes envelope;
	enum status status = carry_envelope(carry->files, request->arena, &item->bundle, &envelope);

	if (status != STATUS_OK) {
		item->bundle.refused = status == STATUS_CORRUPT || status == STATUS_NOT_FOUND;
		stop(carry, item, status);
		return;
	}
	carry->envelope = blob_chunk_hash(envelope);
	carry->size = envelope.size;
	if (carry->sent >= envelope.size)
		carry->sent = 0;
	piece = (struct carried_piece){ carry->envelope, envelope.size, carry->sent, { envelope.data + carry->sent, carry->piece } };
	if (piece.bytes.size > envelope.size - carry->sent)
		piece.bytes.size = envelope.size - carry->sent;
	carried_piece_encode(&body, &piece);
	add_section(carry, request, SECTION_CARRY, &body);
	if (carry->bug == BUG_CARRIED_THOUGHT_TAKEN && piece.offset + piece.bytes.size == envelope.size) {
		was_taken(carry, item, 0);
		carry->answered = true;
	}
}

static void wish(struct device_carry *carry, struct request *request, const struct carry_item *item)
{
	struct writer body = writer_in(request->arena, SECTION_ROOM);
	struct carry_wish wish = { .device = item->bundle.device, .piece_max = carry->piece };

	if (!id_equal(&carry->answer.device, &item->bundle.device))
		carry_answer_find(carry->files, &item->bundle.device, &carry->answer);
	wish.bundle = carry->answer.bundle;
	wish.number = (int64_t)carry->answer.count + 1;
	wish.offset = carry->answer.got;
	carry_wish_encode(&body, &wish);
	add_section(carry, request, SECTION_CARRY_WISH, &body);
}

bool device_carry_ask(struct device_carry *carry, struct request *request, int64_t now_ms)
{
	carry->asked = false;
	if (carry->files == NULL)
		return false;
	if (carry->piece == 0)
		carry->piece = PACE_FIRST;
	if (!carry->planned)
		plan(carry);
	while (!carry->held && !carry->asked && find_next(carry, now_ms)) {
		if (carry->down)
			wish(carry, request, &carry->items[carry->out]);
		else
			send_piece(carry, request, &carry->items[carry->out]); /* what cannot be read is due no more */
	}
	return carry->asked;
}

/* ---- answers ---- */

static void count_stall(struct device_carry *carry, struct carry_item *item)
{
	if (++item->stalls >= STALLS_MAX)
		stop(carry, item, STATUS_OK);
}

static void go_on(struct device_carry *carry, struct carry_item *item, int64_t from)
{
	bool moves = from > (int64_t)carry->sent && from < (int64_t)carry->size;

	carry->sent = from >= 0 && from < (int64_t)carry->size ? (size_t)from : 0;
	if (moves)
		item->stalls = 0;
	else
		count_stall(carry, item);
}

static void was_refused(struct device_carry *carry, struct carry_item *item)
{
	item->bundle.refused = true;
	stop(carry, item, carry_note(carry->files, &item->bundle));
}

/* What it was the answer to is carried no more; what the server had a fault with stays to be told. */
static void was_answered(struct device_carry *carry, const struct id *device)
{
	for (size_t i = 0; i < carry->count; i++) {
		struct carry_item *item = &carry->items[i];
		if (item->over || is_up(item) || !id_equal(&item->bundle.device, device))
			continue;
		item->bundle.answered = true;
		stop(carry, item,
			item->bundle.fault == 0 ? carry_drop(carry->files, &item->bundle) : carry_note(carry->files, &item->bundle));
	}
	carry->answer = (struct carry_answer){ .count = 0 };
}

/* What no envelope in it proves is not of the device that its beginning names. */
static void prove_again(struct device_carry *carry, struct carry_item *item)
{
	enum status status = STATUS_OK;

	if (++item->proofs > PROOFS_MAX) {
		was_refused(carry, item);
		return;
	}
	status = carry_step_back(carry->files, &item->bundle);
	if (status != STATUS_OK)
		stop(carry, item, status);
}

static void take_piece(struct device_carry *carry, struct carry_item *item, const struct carry_reply *reply)
{
	size_t got = carry->answer.got, count = carry->answer.count;
	bool whole = false;
	enum status status = carry_answer_add(carry->files, &carry->answer, reply, &whole);

	if (status != STATUS_OK) {
		carry->answer = (struct carry_answer){ .count = 0 };
		stop(carry, item, status);
	} else if (whole) {
		carry->answers_whole++;
		was_answered(carry, &item->bundle.device);
	} else if (carry->answer.count > count || carry->answer.got > got) {
		item->stalls = item->proofs = 0;
	} else {
		count_stall(carry, item);
	}
}

static void be_busy(struct carry_item *item, int64_t now_ms, int64_t wait_ms)
{
	item->retry_at_ms = now_ms + (wait_ms < BUSY_MIN_MS ? BUSY_MIN_MS : wait_ms > BUSY_MAX_MS ? BUSY_MAX_MS : wait_ms);
}

/* Of a piece that was brought. */
static void take_up(struct device_carry *carry, struct carry_item *item, const struct carry_reply *reply, int64_t now_ms)
{
	if (reply->state == CARRY_MORE)
		go_on(carry, item, reply->value);
	else if (reply->state == CARRY_TAKEN)
		was_taken(carry, item, 0);
	else if (reply->state == CARRY_FAULT)
		was_taken(carry, item, (uint32_t)reply->value);
	else if (reply->state == CARRY_REFUSED)
		was_refused(carry, item);
	else if (reply->state == CARRY_BUSY)
		be_busy(item, now_ms, reply->value);
	else
		carry->unserved = true;
}

/* Of the answer that was asked for. */
static void take_down(struct device_carry *carry, struct carry_item *item, const struct carry_reply *reply, int64_t now_ms)
{
	if (reply->state == CARRY_PIECE)
		take_piece(carry, item, reply);
	else if (reply->state == CARRY_NOTHING)
		was_answered(carry, &item->bundle.device);
	else if (reply->state == CARRY_UNPROVED)
		prove_again(carry, item);
	else if (reply->state == CARRY_BUSY)
		be_busy(item, now_ms, reply->value);
	else
		carry->unserved = true;
}

enum status device_carry_take(struct device_carry *carry, struct bytes body, int64_t now_ms)
{
	struct carry_reply reply;
	enum status status = carry_reply_decode(body, &reply);

	if (status != STATUS_OK || !carry->asked || carry->answered || carry->out >= carry->count)
		return status;
	carry->answered = true;
	if (carry->down)
		take_down(carry, &carry->items[carry->out], &reply, now_ms);
	else
		take_up(carry, &carry->items[carry->out], &reply, now_ms);
	return STATUS_OK;
}

void device_carry_settle(struct device_carry *carry, int64_t took_ms, int64_t way_ms)
{
	carry->pieces += carry->asked && carry->answered;
	if (carry->asked && !carry->answered)
		carry->unserved = true;
	else if (carry->asked)
		carry->piece = pace_after(carry->piece, took_ms, way_ms, CARRY_PIECE_MAX);
	carry->asked = false;
}

bool device_carry_pending(const struct device_carry *carry, int64_t now_ms)
{
	if (carry->files == NULL)
		return false;
	if (!carry->planned)
		return true;
	for (size_t i = 0; !carry->held && i < carry->count; i++)
		if (is_due(carry, &carry->items[i], now_ms))
			return true;
	return false;
}

size_t device_carry_waiting(const struct device_carry *carry)
{
	size_t waiting = 0;

	for (size_t i = 0; i < carry->count; i++)
		waiting += !carry->items[i].over;
	return waiting;
}
