#include "protocol/sync/poll_table.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

#define BUCKETS_MIN 64

struct waiter;

/* One of the scopes that a waiter waits for. */
struct wish {
	struct waiter *waiter;
	struct queue *queue;
	struct wish *before;
	struct wish *after;
};

/* Everyone who waits for one scope; there only while somebody does. */
struct queue {
	int64_t scope;
	struct wish *first;
	struct queue *next; /* of its bucket */
};

struct waiter {
	struct inquiry *poll;
	struct waiter *next; /* of its bucket */
	size_t place;        /* in the heap */
	size_t wish_count;
	struct wish wishes[];
};

struct poll_table {
	struct waiter **devices; /* buckets */
	struct queue **scopes;   /* buckets */
	size_t device_buckets;   /* powers of two */
	size_t scope_buckets;
	size_t queue_count;
	struct waiter **heap; /* the one due first is at its top */
	size_t count;
	size_t capacity;
};

struct poll_table *poll_table_create(void)
{
	struct poll_table *table = memory_zeroed(1, sizeof(*table));

	table->device_buckets = table->scope_buckets = table->capacity = BUCKETS_MIN;
	table->devices = memory_zeroed(table->device_buckets, sizeof(struct waiter *));
	table->scopes = memory_zeroed(table->scope_buckets, sizeof(struct queue *));
	table->heap = memory_zeroed(table->capacity, sizeof(struct waiter *));
	return table;
}

void poll_table_destroy(struct poll_table *table)
{
	struct inquiry *poll;

	if (table == NULL)
		return;
	while ((poll = poll_table_take_due(table, INT64_MAX)) != NULL)
		inquiry_free(poll);
	free(table->devices);
	free(table->scopes);
	free(table->heap);
	free(table);
}

/* ---- by device: ids are hash output already ---- */

static struct waiter **device_bucket(const struct poll_table *table, const struct id *device)
{
	uint64_t hash;

	memcpy(&hash, device, sizeof(hash));
	return &table->devices[hash & (table->device_buckets - 1)];
}

static struct waiter **device_place(const struct poll_table *table, const struct id *device)
{
	struct waiter **place = device_bucket(table, device);

	while (*place != NULL && !id_equal(&(*place)->poll->device, device))
		place = &(*place)->next;
	return place;
}

static void add_to_bucket(struct poll_table *table, struct waiter *waiter)
{
	struct waiter **bucket = device_bucket(table, &waiter->poll->device);

	waiter->next = *bucket;
	*bucket = waiter;
}

static void grow_devices(struct poll_table *table)
{
	if (table->count <= table->device_buckets)
		return;
	free(table->devices);
	table->device_buckets *= 2;
	table->devices = memory_zeroed(table->device_buckets, sizeof(struct waiter *));
	for (size_t i = 0; i < table->count; i++)
		add_to_bucket(table, table->heap[i]);
}

/* ---- by scope ---- */

static struct queue **scope_bucket(const struct poll_table *table, int64_t scope)
{
	/* Numbers are given one after the other: they are their own hash. */
	return &table->scopes[(uint64_t)scope & (table->scope_buckets - 1)];
}

static struct queue **scope_place(const struct poll_table *table, int64_t scope)
{
	struct queue **place = scope_bucket(table, scope);

	while (*place != NULL && (*place)->scope != scope)
		place = &(*place)->next;
	return place;
}

static void grow_scopes(struct poll_table *table)
{
	struct queue **smaller = table->scopes;
	size_t count = table->scope_buckets;

	if (table->queue_count <= count)
		return;
	table->scope_buckets *= 2;
	table->scopes = memory_zeroed(table->scope_buckets, sizeof(struct queue *));
	for (size_t i = 0; i < count; i++) {
		while (smaller[i] != NULL) {
			struct queue *queue = smaller[i];
			struct queue **bucket = scope_bucket(table, queue->scope);
			smaller[i] = queue->next;
			queue->next = *bucket;
			*bucket = queue;
		}
	}
	free(smaller);
}

static struct queue *queue_for(struct poll_table *table, int64_t scope)
{
	struct queue **place = scope_place(table, scope);

	if (*place == NULL) {
		*place = memory_zeroed(1, sizeof(struct queue));
		(*place)->scope = scope;
		table->queue_count++;
	}
	return *place;
}

static void add_wish(struct poll_table *table, struct waiter *waiter, int64_t scope)
{
	struct wish *wish = &waiter->wishes[waiter->wish_count++];

	*wish = (struct wish){ .waiter = waiter, .queue = queue_for(table, scope) };
	wish->after = wish->queue->first;
	if (wish->after != NULL)
		wish->after->before = wish;
	wish->queue->first = wish;
}

static void drop_wish(struct poll_table *table, struct wish *wish)
{
	struct queue **place;

	if (wish->before != NULL)
		wish->before->after = wish->after;
	else
		wish->queue->first = wish->after;
	if (wish->after != NULL)
		wish->after->before = wish->before;
	if (wish->queue->first != NULL)
		return;
	place = scope_place(table, wish->queue->scope);
	*place = wish->queue->next;
	free(wish->queue);
	table->queue_count--;
}

/* ---- by deadline ---- */

static int64_t due_ms(const struct poll_table *table, size_t place)
{
	return table->heap[place]->poll->deadline_ms;
}

static void settle(struct poll_table *table, size_t place, struct waiter *waiter)
{
	table->heap[place] = waiter;
	waiter->place = place;
}

static void sift_up(struct poll_table *table, size_t place, struct waiter *waiter)
{
	while (place > 0 && due_ms(table, (place - 1) / 2) > waiter->poll->deadline_ms) {
		settle(table, place, table->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	settle(table, place, waiter);
}

static void sift_down(struct poll_table *table, size_t place, struct waiter *waiter)
{
	for (size_t child = 2 * place + 1; child < table->count; child = 2 * place + 1) {
		if (child + 1 < table->count && due_ms(table, child + 1) < due_ms(table, child))
			child++;
		if (due_ms(table, child) >= waiter->poll->deadline_ms)
			break;
		settle(table, place, table->heap[child]);
		place = child;
	}
	settle(table, place, waiter);
}

static void heap_add(struct poll_table *table, struct waiter *waiter)
{
	if (table->count == table->capacity) {
		table->capacity *= 2;
		table->heap = memory_resize(table->heap, table->capacity * sizeof(struct waiter *));
	}
	table->count++;
	sift_up(table, table->count - 1, waiter);
}

static void heap_remove(struct poll_table *table, const struct waiter *waiter)
{
	struct waiter *last = table->heap[--table->count];
	size_t place = waiter->place;

	if (last == waiter)
		return;
	if (place > 0 && due_ms(table, (place - 1) / 2) > last->poll->deadline_ms)
		sift_up(table, place, last);
	else
		sift_down(table, place, last);
}

/* ---- the whole ---- */

static struct inquiry *take(struct poll_table *table, struct waiter *waiter)
{
	struct inquiry *poll = waiter->poll;
	struct waiter **place = device_place(table, &poll->device);

	*place = waiter->next;
	for (size_t i = 0; i < waiter->wish_count; i++)
		drop_wish(table, &waiter->wishes[i]);
	heap_remove(table, waiter);
	free(waiter);
	return poll;
}

struct inquiry *poll_table_park(struct poll_table *table, struct inquiry *poll, const int64_t *scopes, size_t scope_count)
{
	struct inquiry *earlier = poll_table_take_of_device(table, &poll->device);
	struct waiter *waiter = memory_zeroed(1, sizeof(*waiter) + scope_count * sizeof(struct wish));

	waiter->poll = poll;
	poll->next = NULL;
	add_to_bucket(table, waiter);
	for (size_t i = 0; i < scope_count; i++)
		add_wish(table, waiter, scopes[i]);
	heap_add(table, waiter);
	grow_devices(table);
	grow_scopes(table);
	return earlier;
}

struct inquiry *poll_table_take_of_scope(struct poll_table *table, int64_t scope)
{
	struct queue *queue = *scope_place(table, scope);

	return queue == NULL ? NULL : take(table, queue->first->waiter);
}

struct inquiry *poll_table_take_of_device(struct poll_table *table, const struct id *device)
{
	struct waiter *waiter = *device_place(table, device);

	return waiter == NULL ? NULL : take(table, waiter);
}

struct inquiry *poll_table_take_due(struct poll_table *table, int64_t now_ms)
{
	return poll_table_deadline_ms(table) <= now_ms && table->count > 0 ? take(table, table->heap[0]) : NULL;
}

int64_t poll_table_deadline_ms(const struct poll_table *table)
{
	return table->count == 0 ? INT64_MAX : due_ms(table, 0);
}

size_t poll_table_count(const struct poll_table *table)
{
	return table->count;
}
