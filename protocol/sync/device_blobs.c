#include "protocol/sync/device_blobs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/sync/attachment_files.h"
#include "protocol/sync/pace.h"

#define ABSENT_MS           ((int64_t)10 * 60 * 1000) /* a file that its author has not sent yet is asked for again */
#define BAD_CHUNKS_MAX      3
#define LIST_IN_REQUEST_MAX (BLOB_LIST_MAX + 128)

void device_blobs_finish(struct device_blobs *blobs)
{
	arena_finish(&blobs->arena);
}

void device_blobs_begin(struct device_blobs *blobs)
{
	blobs->unserved = false;
	blobs->sending = false;
	blobs->planned = false;
	blobs->count = blobs->capacity = 0;
	blobs->items = NULL;
	blobs->trouble = BLOB_TROUBLE_NONE;
	blobs->reason[0] = '\0';
	arena_reset(&blobs->arena);
}

void device_blobs_lost(struct device_blobs *blobs)
{
	if (blobs->asked)
		blobs->piece = pace_after_loss(blobs->piece);
	blobs->asked = false;
	blobs->sending = false;
}

void device_blobs_withdraw(struct device_blobs *blobs)
{
	blobs->asked = false;
}

/* By their order: the items are sorted. */
static struct blob_item *find(const struct device_blobs *blobs, const struct hash *id)
{
	return blobs->count == 0 ? NULL : bsearch(id, blobs->items, blobs->count, sizeof(*blobs->items), hash_order);
}

static bool is_small(enum blob_queue queue)
{
	return queue == BLOB_QUEUE_SMALL_IN || queue == BLOB_QUEUE_SMALL_OUT;
}

static bool is_out(const struct blob_item *item)
{
	return item->queue == BLOB_QUEUE_OUT || item->queue == BLOB_QUEUE_SMALL_OUT;
}

static bool is_due(const struct blob_item *item, int64_t now_ms)
{
	return item->step == BLOB_STEP_WAITING || (item->step == BLOB_STEP_ABSENT && item->retry_at_ms <= now_ms);
}

static void get_stuck(struct device_blobs *blobs, struct blob_item *item, enum blob_trouble trouble)
{
	item->step = BLOB_STEP_STUCK;
	blobs->trouble = trouble;
	blobs->sending = false;
}

/* What the store of files could not do, with the reason of this thread's latest failure. */
static void note_trouble(struct device_blobs *blobs)
{
	blobs->trouble = BLOB_TROUBLE_HERE;
	(void)snprintf(blobs->reason, sizeof(blobs->reason), "%s", fail_reason());
}

static void get_stuck_here(struct device_blobs *blobs, struct blob_item *item)
{
	get_stuck(blobs, item, BLOB_TROUBLE_HERE);
	note_trouble(blobs);
}

/* ---- what is to be moved ---- */

struct planning {
	struct device_blobs *blobs;
	struct blob_item *items;
	size_t count, capacity;
	enum blob_queue queue;
};

static void plan_one(struct planning *planning, const struct hash *id, enum blob_queue queue, int64_t left)
{
	const struct blob_item *before = find(planning->blobs, id);
	struct blob_item item = { .id = *id, .queue = queue, .left = left };

	if (before != NULL && is_out(before) == is_out(&item) && before->step != BLOB_STEP_DONE) {
		item = *before;
		item.queue = queue;
	}
	planning->items =
		arena_grow(&planning->blobs->arena, planning->items, planning->count, &planning->capacity, sizeof(*planning->items));
	planning->items[planning->count++] = item;
}

static enum status plan_out(void *user, const struct hash *id)
{
	struct planning *planning = user;
	int64_t size = 0;
	bool lost = blob_whole(planning->blobs->files, id, &size) == STATUS_NOT_FOUND; /* that is told when its turn comes */

	plan_one(planning, id, size <= (int64_t)BLOB_SMALL_MAX ? BLOB_QUEUE_SMALL_OUT : BLOB_QUEUE_OUT, size);
	planning->items[planning->count - 1].lost = lost;
	return STATUS_OK;
}

/* What a row calls a thumbnail is taken for one until its list says how large it is. */
static enum status plan_missing(struct planning *planning, struct arena *arena, const struct attachment_file *file)
{
	struct blob_part part = { .size = file->size };
	int64_t whole;
	bool begun, small;
	enum status status = blob_whole(planning->blobs->files, &file->id, &whole);

	if (status != STATUS_NOT_FOUND)
		return status;
	begun = blob_part_find(planning->blobs->files, arena, NULL, &file->id, &part) == STATUS_OK;
	small = part.size <= (int64_t)BLOB_SMALL_MAX && (file->thumbnail || part.size > 0);
	plan_one(planning, &file->id, small ? BLOB_QUEUE_SMALL_IN : planning->queue, begun ? part.size - part.have : file->size);
	return STATUS_OK;
}

struct asking_for {
	struct planning *planning;
	struct arena *arena;
};

static enum status plan_asked(void *user, const struct hash *id)
{
	const struct asking_for *asking = user;

	return plan_missing(asking->planning, asking->arena, &(struct attachment_file){ .id = *id });
}

struct wanted {
	struct attachment_file file;
	struct id work_order;
};

struct gathering {
	struct arena *arena;
	struct wanted *wanted;
	size_t count, capacity;
};

static enum status gather(void *user, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct gathering *gathering = user;
	const struct attachment *attachment = row;
	struct attachment_file files[ATTACHMENT_FILES_MAX];
	size_t count;

	(void)meta;
	if (kind != RECORD_ATTACHMENT)
		return STATUS_BUSY; /* beyond them */
	count = attachment_files(attachment, files);
	for (size_t i = 0; i < count; i++) {
		gathering->wanted =
			arena_grow(gathering->arena, gathering->wanted, gathering->count, &gathering->capacity, sizeof(struct wanted));
		gathering->wanted[gathering->count++] = (struct wanted){ files[i], attachment->work_order_id };
	}
	return STATUS_OK;
}

static enum status gather_rows(struct device_store *store, struct gathering *gathering)
{
	enum status status = device_store_rows_beyond(store, RECORD_ATTACHMENT, &(struct id){ 0 }, gather, gathering);

	return status == STATUS_BUSY ? STATUS_OK : status;
}

/* One file that a row speaks of. */
static enum status plan_row(struct planning *planning, struct records *records, struct arena *arena, const struct wanted *wanted)
{
	const struct device_blobs *blobs = planning->blobs;
	enum status status = file_queue_of(
		records, &blobs->technician, clock_now_ms(blobs->clock), &wanted->work_order, &planning->queue);

	if (status != STATUS_OK || planning->queue == BLOB_QUEUE_COUNT)
		return status;
	return plan_missing(planning, arena, &wanted->file);
}

/* What belongs to orders that are not over comes by itself; the rest when a person asks for it. */
static enum status plan_rows(struct planning *planning, struct device_store *store, struct arena *arena)
{
	struct gathering gathering = { .arena = arena };
	enum status status = gather_rows(store, &gathering);

	for (size_t i = 0; i < gathering.count && status == STATUS_OK; i++) {
		status = plan_row(planning, device_store_records(store), arena, &gathering.wanted[i]);
		device_store_reset_rows(store);
	}
	return status;
}

/* A file that is wanted twice is wanted by the earlier queue; one that was to be sent and is not here is fetched when the server has it: a
 * power cut may bring back the name of what was sent and swept. */
static int compare_items(const void *left, const void *right)
{
	const struct blob_item *a = left, *b = right;
	int order = hash_order(&a->id, &b->id);

	if (order == 0)
		order = a->lost - b->lost;
	return order != 0 ? order : (a->queue > b->queue) - (a->queue < b->queue);
}

static void drop_doubles(struct planning *planning)
{
	size_t kept = 0;

	if (planning->count > 0)
		qsort(planning->items, planning->count, sizeof(*planning->items), compare_items);
	for (size_t i = 0; i < planning->count; i++)
		if (kept == 0 || hash_order(&planning->items[kept - 1].id, &planning->items[i].id) != 0)
			planning->items[kept++] = planning->items[i];
	planning->count = kept;
}

/* Nothing of what waits can be moved in this session. */
static void be_unserved(struct device_blobs *blobs)
{
	blobs->unserved = true;
	for (size_t i = 0; i < blobs->count; i++)
		if (blobs->items[i].step != BLOB_STEP_DONE && blobs->items[i].step != BLOB_STEP_STUCK)
			get_stuck(blobs, &blobs->items[i], BLOB_TROUBLE_SERVER_REFUSES);
}

/* A folder that cannot be read is no reason to exchange no rows. */
static enum status plan(struct device_blobs *blobs, struct device_store *store, struct arena *arena)
{
	struct planning planning = { .blobs = blobs, .queue = BLOB_QUEUE_OUT };
	enum status status = blob_list_each(blobs->files, BLOB_OUT, plan_out, &planning);

	planning.queue = BLOB_QUEUE_SOON;
	if (status == STATUS_OK)
		status = blob_list_each(blobs->files, BLOB_WANT, plan_asked, &(struct asking_for){ &planning, arena });
	if (status != STATUS_OK)
		note_trouble(blobs);
	status = plan_rows(&planning, store, arena);
	drop_doubles(&planning);
	blobs->items = planning.items;
	blobs->count = planning.count;
	blobs->capacity = planning.capacity;
	blobs->planned = status == STATUS_OK;
	if (blobs->unserved)
		be_unserved(blobs);
	return status;
}

/* ---- asking ---- */

static void was_sent(struct device_blobs *blobs, struct blob_item *item)
{
	item->step = BLOB_STEP_DONE;
	blobs->sending = false;
	blobs->files_sent++;
	if (blob_list_remove(blobs->files, BLOB_OUT, &item->id) != STATUS_OK)
		note_trouble(blobs);
}

static void add_section(struct device_blobs *blobs, struct request *request, enum section_number number, const struct writer *body)
{
	section_write(&request->writer, number, writer_bytes(body));
	blobs->asked = true;
	blobs->moving = number != SECTION_HAVE;
	blobs->answered = false;
}

static void offer(struct device_blobs *blobs, struct request *request, struct blob_item *item)
{
	struct writer body = writer_in(request->arena, LIST_IN_REQUEST_MAX);
	struct blob_offer offer = { .id = item->id };
	struct bytes content;
	enum status status = blob_read_whole(blobs->files, request->arena, &item->id, &content);

	if (status != STATUS_OK) {
		get_stuck_here(blobs, item);
		return;
	}
	offer.size = (int64_t)content.size;
	offer.list = blob_list_of(request->arena, content);
	blob_offer_encode(&body, &offer);
	add_section(blobs, request, SECTION_HAVE, &body);
}

static int compare_left(const void *left, const void *right)
{
	const struct blob_item *a = *(const struct blob_item *const *)left, *b = *(const struct blob_item *const *)right;

	return a->left != b->left ? (a->left > b->left) - (a->left < b->left) : hash_order(&a->id, &b->id);
}

/* Those of a queue whose turn may come, what is soon done first. */
static size_t list_due(
	const struct device_blobs *blobs, struct arena *arena, enum blob_queue queue, int64_t now_ms, struct blob_item ***out_items)
{
	struct blob_item **items = arena_allocate_array(arena, blobs->count + 1, sizeof(struct blob_item *));
	size_t count = 0;

	for (size_t i = 0; i < blobs->count; i++)
		if (blobs->items[i].queue == queue && is_due(&blobs->items[i], now_ms))
			items[count++] = &blobs->items[i];
	if (count > 1)
		qsort(items, count, sizeof(struct blob_item *), compare_left);
	*out_items = items;
	return count;
}

/* As many as one request names: the server serves the first that it has. */
static void wish(struct device_blobs *blobs, struct request *request, enum blob_queue queue, int64_t now_ms)
{
	struct writer body = writer_in(request->arena, LIST_IN_REQUEST_MAX);
	struct blob_wish names[BLOB_NAMES_MAX];
	struct blob_wishes wishes = { .piece_max = blobs->piece, .wishes = names };
	struct blob_item **items;
	size_t count = list_due(blobs, request->arena, queue, now_ms, &items);

	for (size_t i = 0; i < count && wishes.count < BLOB_NAMES_MAX; i++) {
		struct blob_part part;
		names[wishes.count] = (struct blob_wish){ .id = items[i]->id };
		if (blob_part_find(blobs->files, request->arena, NULL, &items[i]->id, &part) == STATUS_OK) {
			names[wishes.count].list_known = true;
			names[wishes.count].offset = part.have;
		}
		wishes.count++;
	}
	blob_wishes_encode(&body, &wishes);
	add_section(blobs, request, SECTION_WANT, &body);
}

static void send_piece(struct device_blobs *blobs, struct request *request, struct blob_item *item)
{
	struct writer body = writer_in(request->arena, BLOB_PIECE_MAX + 128);
	struct blob_piece piece;
	enum status status = blob_read_piece(blobs->files, request->arena, &item->id, blobs->sending_at, blobs->piece, &piece);

	if (status != STATUS_OK) {
		get_stuck_here(blobs, item);
		return;
	}
	blob_piece_encode(&body, &piece);
	blobs->bytes_sent += (int64_t)piece.bytes.size;
	add_section(blobs, request, SECTION_CHUNK, &body);
	if (blobs->bug == BUG_FILE_THOUGHT_SENT && piece.bytes.size < blobs->piece)
		was_sent(blobs, item);
}

/* What is under way goes on; then the smallest. */
static void send_next(struct device_blobs *blobs, struct request *request, enum blob_queue queue, int64_t now_ms)
{
	struct blob_item *item = blobs->sending ? find(blobs, &blobs->sending_id) : NULL, **items;
	size_t count = list_due(blobs, request->arena, queue, now_ms, &items);

	if (item != NULL && item->step == BLOB_STEP_WAITING && item->queue == queue)
		send_piece(blobs, request, item);
	for (size_t i = 0; i < count && !blobs->asked; i++)
		offer(blobs, request, items[i]);
}

/* BLOB_QUEUE_COUNT: nothing waits. */
static enum blob_queue next_queue(struct device_blobs *blobs, int64_t now_ms)
{
	static const int64_t quanta[] = { [BLOB_QUEUE_SMALL_IN] = BLOB_PIECE_MAX,
		[BLOB_QUEUE_SMALL_OUT] = BLOB_PIECE_MAX,
		[BLOB_QUEUE_SOON] = 4 * BLOB_PIECE_MAX,
		[BLOB_QUEUE_OUT] = 2 * BLOB_PIECE_MAX,
		[BLOB_QUEUE_REST] = BLOB_PIECE_MAX };
	int64_t heads[BLOB_QUEUE_COUNT] = { 0 };
	bool small = false;

	static_assert(LENGTH(quanta) == BLOB_QUEUE_COUNT && BLOB_QUEUE_COUNT <= SHARES_MAX, "each queue has its share");
	for (size_t i = 0; i < blobs->count; i++)
		small = small || (is_small(blobs->items[i].queue) && is_due(&blobs->items[i], now_ms));
	for (size_t i = 0; i < blobs->count; i++)
		if (is_small(blobs->items[i].queue) == small && is_due(&blobs->items[i], now_ms))
			heads[blobs->items[i].queue] = (int64_t)blobs->piece;
	return (enum blob_queue)fair_shares_next(&blobs->shares, quanta, heads, LENGTH(heads));
}

enum status device_blobs_ask(
	struct device_blobs *blobs, struct device_store *store, struct request *request, int64_t now_ms, bool *out_asked)
{
	enum blob_queue queue;
	enum status status = STATUS_OK;

	*out_asked = false;
	if (blobs->files == NULL)
		return STATUS_OK;
	if (blobs->piece == 0)
		blobs->piece = PACE_FIRST;
	if (!blobs->planned)
		status = plan(blobs, store, request->arena);
	if (status != STATUS_OK)
		return status;
	blobs->asked = false;
	while (!blobs->held && !blobs->asked && (queue = next_queue(blobs, now_ms)) != BLOB_QUEUE_COUNT) {
		if (queue == BLOB_QUEUE_OUT || queue == BLOB_QUEUE_SMALL_OUT)
			send_next(blobs, request, queue, now_ms); /* what cannot be offered is due no more */
		else
			wish(blobs, request, queue, now_ms);
	}
	*out_asked = blobs->asked;
	return STATUS_OK;
}

/* ---- answers ---- */

/* The server says where the file goes on. */
static void go_on(struct device_blobs *blobs, struct blob_item *item, const struct blob_standing *standing)
{
	if (standing->range_count == 0) {
		get_stuck(blobs, item, BLOB_TROUBLE_SERVER_FINDS);
		return;
	}
	blobs->sending = true;
	blobs->sending_id = item->id;
	blobs->sending_at = standing->ranges[0].offset;
	item->left = standing->ranges[0].size;
}

static void take_out_standing(struct device_blobs *blobs, struct blob_item *item, const struct blob_standing *standing)
{
	switch ((enum blob_state)standing->state) {
	case BLOB_KNOWN:
		was_sent(blobs, item);
		return;
	case BLOB_BAD_CHUNK:
		if (++item->bad_chunks >= BAD_CHUNKS_MAX) {
			get_stuck(blobs, item, BLOB_TROUBLE_SERVER_FINDS);
			return;
		}
		go_on(blobs, item, standing);
		return;
	case BLOB_LACKS:
		go_on(blobs, item, standing);
		return;
	case BLOB_NO_OFFER:
		blobs->sending = false; /* it is offered anew */
		if (++item->bad_chunks >= BAD_CHUNKS_MAX)
			get_stuck(blobs, item, BLOB_TROUBLE_SERVER_FINDS);
		return;
	case BLOB_NO_ROOM:
		get_stuck(blobs, item, BLOB_TROUBLE_SERVER_ROOM);
		return;
	case BLOB_ABSENT:
	case BLOB_REFUSED:
		break;
	}
	get_stuck(blobs, item, BLOB_TROUBLE_SERVER_REFUSES);
}

static enum status take_standings(struct device_blobs *blobs, struct arena *arena, struct bytes body, int64_t now_ms)
{
	struct blob_standing *standings;
	size_t count;
	enum status status = blob_standings_decode(body, arena, &standings, &count);

	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct blob_item *item = find(blobs, &standings[i].id);
		if (item == NULL || item->step == BLOB_STEP_DONE)
			continue;
		if (is_out(item)) {
			take_out_standing(blobs, item, &standings[i]);
		} else {
			item->step = BLOB_STEP_ABSENT;
			item->retry_at_ms = now_ms + ABSENT_MS;
		}
	}
	return status;
}

static void was_received(struct device_blobs *blobs, struct blob_item *item)
{
	item->step = BLOB_STEP_DONE;
	blobs->files_received++;
	if (blob_list_remove(blobs->files, BLOB_WANT, &item->id) != STATUS_OK)
		note_trouble(blobs);
}

/* As a list alone it must fit its name: an empty one is put under a name that only nothing has. */
static enum status take_list(struct device_blobs *blobs, struct bytes body)
{
	struct blob_offer list;
	struct blob_item *item;
	enum status status = blob_offer_decode(body, &list);

	if (status != STATUS_OK)
		return status;
	item = find(blobs, &list.id);
	if (item == NULL || is_out(item) || item->step == BLOB_STEP_DONE)
		return STATUS_OK;
	item->step = BLOB_STEP_WAITING;
	item->left = list.size;
	if (item->queue == BLOB_QUEUE_SMALL_IN && list.size > (int64_t)BLOB_SMALL_MAX)
		item->queue = BLOB_QUEUE_REST; /* a row called it a thumbnail */
	status = list.size == 0 ? blob_put(blobs->files, &list.id, (struct bytes){ 0 }) : blob_part_begin(blobs->files, NULL, &list);
	if (status == STATUS_CORRUPT)
		get_stuck(blobs, item, BLOB_TROUBLE_DAMAGED);
	else if (status != STATUS_OK)
		get_stuck_here(blobs, item);
	else if (list.size == 0)
		was_received(blobs, item);
	return STATUS_OK;
}

static enum status take_piece(struct device_blobs *blobs, struct arena *arena, struct bytes body)
{
	struct blob_piece piece;
	struct blob_part part;
	struct blob_item *item;
	bool whole = false;
	enum status status = blob_piece_decode(body, &piece);

	if (status != STATUS_OK)
		return status;
	item = find(blobs, &piece.id);
	if (item == NULL || is_out(item) || blob_part_find(blobs->files, arena, NULL, &piece.id, &part) != STATUS_OK)
		return STATUS_OK; /* nobody waits for it */
	blobs->bytes_received += (int64_t)piece.bytes.size;
	status = blob_part_add(blobs->files, arena, &part, &piece, &whole);
	item->left = part.size - part.have;
	if (status == STATUS_OK && whole)
		was_received(blobs, item);
	else if (status == STATUS_CORRUPT && ++item->bad_chunks >= BAD_CHUNKS_MAX)
		get_stuck(blobs, item, BLOB_TROUBLE_DAMAGED);
	else if (status != STATUS_OK && status != STATUS_CORRUPT)
		get_stuck_here(blobs, item);
	return STATUS_OK;
}

enum status device_blobs_take(struct device_blobs *blobs, struct arena *arena, const struct section *section, int64_t now_ms)
{
	if (blobs->files == NULL)
		return STATUS_OK;
	blobs->answered = true;
	if (section->number == SECTION_HAVE_REPLY)
		return take_standings(blobs, arena, section->body, now_ms);
	if (section->number == SECTION_BLOB_LIST)
		return take_list(blobs, section->body);
	return take_piece(blobs, arena, section->body);
}

/* ---- what bundles bring ---- */

static void was_bundled(struct device_blobs *blobs, const struct hash *id)
{
	blobs->files_received++;
	if (blob_list_remove(blobs->files, BLOB_WANT, id) != STATUS_OK)
		note_trouble(blobs);
}

static enum status take_bundled_list(struct device_blobs *blobs, struct arena *arena, struct bytes body)
{
	struct blob_offer list;
	struct blob_part part;
	int64_t size;
	enum status status = blob_offer_decode(body, &list);

	if (status != STATUS_OK || blob_whole(blobs->files, &list.id, &size) == STATUS_OK ||
		blob_part_find(blobs->files, arena, NULL, &list.id, &part) == STATUS_OK)
		return status;
	status = list.size == 0 ? blob_put(blobs->files, &list.id, (struct bytes){ 0 }) : blob_part_begin(blobs->files, NULL, &list);
	if (status != STATUS_OK)
		note_trouble(blobs);
	else if (list.size == 0)
		was_bundled(blobs, &list.id);
	return STATUS_OK;
}

/* What a link has begun may end within a piece. */
static void begin_at(struct blob_piece *piece, int64_t have)
{
	int64_t there = have - piece->offset;

	if (there <= 0 || there >= (int64_t)piece->bytes.size)
		return;
	piece->offset = have;
	piece->bytes = bytes_behind(piece->bytes, (size_t)there);
}

static enum status take_bundled_piece(struct device_blobs *blobs, struct arena *arena, struct bytes body)
{
	struct blob_piece piece;
	struct blob_part part;
	bool whole = false;
	enum status status = blob_piece_decode(body, &piece);

	if (status != STATUS_OK || blob_part_find(blobs->files, arena, NULL, &piece.id, &part) != STATUS_OK)
		return status;
	begin_at(&piece, part.have);
	if (blob_part_add(blobs->files, arena, &part, &piece, &whole) != STATUS_OK)
		note_trouble(blobs);
	else if (whole)
		was_bundled(blobs, &piece.id);
	return STATUS_OK;
}

enum status device_blobs_take_bundled(struct device_blobs *blobs, struct arena *arena, const struct section *section)
{
	if (blobs->files == NULL)
		return STATUS_OK;
	blobs->planned = false;
	return section->number == SECTION_BLOB_LIST ? take_bundled_list(blobs, arena, section->body)
						    : take_bundled_piece(blobs, arena, section->body);
}

enum status device_blobs_each_held(
	const struct device_blobs *blobs, struct device_store *store, struct arena *arena, blob_visit visit, void *user)
{
	struct gathering gathering = { .arena = arena };
	enum status status = blobs->files == NULL ? STATUS_OK : gather_rows(store, &gathering);

	for (size_t i = 0; i < gathering.count && status == STATUS_OK; i++) {
		const struct wanted *wanted = &gathering.wanted[i];
		enum blob_queue queue;
		int64_t size;
		status = file_queue_of(device_store_records(store), &blobs->technician, clock_now_ms(blobs->clock), &wanted->work_order,
			&queue);
		device_store_reset_rows(store);
		if (status == STATUS_OK && queue != BLOB_QUEUE_COUNT && blob_whole(blobs->files, &wanted->file.id, &size) == STATUS_OK)
			status = visit(user, &wanted->file.id);
	}
	return status;
}

void device_blobs_settle(struct device_blobs *blobs, int64_t took_ms, int64_t way_ms)
{
	if (blobs->asked && !blobs->answered)
		be_unserved(blobs);
	else if (blobs->asked && blobs->moving)
		blobs->piece = pace_after(blobs->piece, took_ms, way_ms, BLOB_PIECE_MAX);
	blobs->asked = false;
}

bool device_blobs_pending(const struct device_blobs *blobs, int64_t now_ms)
{
	if (blobs->files == NULL)
		return false;
	if (!blobs->planned)
		return true;
	if (blobs->held)
		return false;
	for (size_t i = 0; i < blobs->count; i++)
		if (is_due(&blobs->items[i], now_ms))
			return true;
	return false;
}

void device_blobs_count(const struct device_blobs *blobs, int64_t *out_waiting, int64_t *out_stuck)
{
	*out_waiting = *out_stuck = 0;
	for (size_t i = 0; i < blobs->count; i++) {
		*out_waiting += blobs->items[i].step == BLOB_STEP_WAITING;
		*out_stuck += blobs->items[i].step == BLOB_STEP_STUCK;
	}
}

/* ---- what the server may have lost ---- */

enum status device_blobs_offer_again(struct device_blobs *blobs, struct device_store *store, struct arena *arena)
{
	struct gathering rows = { .arena = arena };
	enum status status = blobs->files == NULL ? STATUS_OK : gather_rows(store, &rows);
	int64_t size;

	for (size_t i = 0; status == STATUS_OK && i < rows.count; i++)
		if (blob_whole(blobs->files, &rows.wanted[i].file.id, &size) == STATUS_OK &&
			blob_list_add(blobs->files, BLOB_OUT, &rows.wanted[i].file.id) != STATUS_OK)
			note_trouble(blobs);
	blobs->planned = false;
	return status;
}

int64_t device_blobs_bytes_left(const struct device_blobs *blobs)
{
	int64_t left = 0;

	for (size_t i = 0; i < blobs->count; i++)
		left += blobs->items[i].step == BLOB_STEP_WAITING ? blobs->items[i].left : 0;
	return left;
}

/* ---- what nobody speaks of ---- */

struct sweeping {
	const struct blob_files *files;
	struct device_store *store;
	struct gathering rows;
	bool gathered; /* most folders have no file that is old enough to be asked for */
};

static enum status gather_once(struct sweeping *sweeping)
{
	enum status status = sweeping->gathered ? STATUS_OK : gather_rows(sweeping->store, &sweeping->rows);

	sweeping->gathered = status == STATUS_OK;
	return status;
}

static enum status is_spoken_of(void *user, const struct hash *id)
{
	struct sweeping *sweeping = user;
	enum status status = gather_once(sweeping);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < sweeping->rows.count; i++)
		if (hash_equal(&sweeping->rows.wanted[i].file.id, id))
			return STATUS_OK;
	return blob_listed(sweeping->files, BLOB_OUT, id) ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status device_blobs_sweep(const struct device_blobs *blobs, struct device_store *store, struct arena *arena, uint8_t folder)
{
	struct sweeping sweeping = { .files = blobs->files, .store = store, .rows = { .arena = arena } };
	size_t removed;
	enum status status = folder == 0 ? blob_sweep_parts(blobs->files) : STATUS_OK;

	return status == STATUS_OK ? blob_sweep_whole(blobs->files, folder, BLOB_DEVICE_AGE_MS, is_spoken_of, &sweeping, &removed) : status;
}
