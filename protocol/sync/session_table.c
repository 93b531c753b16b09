#include "protocol/sync/session_table.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing with linear probing; ids are hash output already. A removed entry is filled by moving its followers up. */
struct session_table {
	struct live_session **slots;
	size_t slot_count; /* power of two, at least twice count_max */
	size_t count;
	size_t count_max;
};

struct session_table *session_table_create(size_t count_max)
{
	struct session_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		abort();
	table->count_max = count_max;
	table->slot_count = 16;
	while (table->slot_count < 2 * count_max)
		table->slot_count *= 2;
	table->slots = calloc(table->slot_count, sizeof(struct live_session *));
	if (table->slots == NULL)
		abort();
	return table;
}

static size_t home_slot(const struct session_table *table, const uint8_t id[static SESSION_ID_SIZE])
{
	uint64_t hash;

	memcpy(&hash, id, sizeof(hash));
	return (size_t)hash & (table->slot_count - 1);
}

static size_t find_slot(const struct session_table *table, const uint8_t id[static SESSION_ID_SIZE])
{
	size_t slot = home_slot(table, id);

	while (table->slots[slot] != NULL && memcmp(table->slots[slot]->session.id, id, SESSION_ID_SIZE) != 0)
		slot = (slot + 1) & (table->slot_count - 1);
	return slot;
}

static void remove_slot(struct session_table *table, size_t slot)
{
	size_t mask = table->slot_count - 1;

	session_wipe(&table->slots[slot]->session);
	free(table->slots[slot]);
	table->slots[slot] = NULL;
	table->count--;
	for (size_t next = (slot + 1) & mask; table->slots[next] != NULL; next = (next + 1) & mask) {
		struct live_session *moved = table->slots[next];
		table->slots[next] = NULL;
		table->slots[find_slot(table, moved->session.id)] = moved;
	}
}

void session_table_destroy(struct session_table *table)
{
	if (table == NULL)
		return;
	session_table_forget(table, NULL, INT64_MAX);
	free(table->slots);
	free(table);
}

struct live_session *session_table_find(struct session_table *table, const uint8_t id[static SESSION_ID_SIZE])
{
	return table->slots[find_slot(table, id)];
}

struct live_session *session_table_of_device(struct session_table *table, const struct id *device)
{
	struct live_session *newest = NULL;

	for (size_t i = 0; i < table->slot_count; i++) {
		struct live_session *session = table->slots[i];
		if (session != NULL && id_equal(&session->device, device) &&
			(newest == NULL || session->last_used_at_ms > newest->last_used_at_ms))
			newest = session;
	}
	return newest;
}

/* Which of two goes first. */
static bool goes_before(const struct live_session *left, const struct live_session *right)
{
	if (left->proved != right->proved)
		return !left->proved;
	return left->last_used_at_ms < right->last_used_at_ms;
}

static void make_room(struct session_table *table)
{
	size_t first = table->slot_count;

	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i] != NULL && (first == table->slot_count || goes_before(table->slots[i], table->slots[first])))
			first = i;
	if (first < table->slot_count)
		remove_slot(table, first);
}

/* What hellos left behind that nothing followed. */
static void forget_unproved(struct session_table *table, const struct live_session *newcomer)
{
	const struct live_session *oldest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < table->slot_count;) {
		const struct live_session *session = table->slots[i];
		if (session != NULL && !session->proved &&
			newcomer->last_used_at_ms - session->last_used_at_ms > SESSIONS_UNPROVED_LIFE_MS) {
			remove_slot(table, i); /* a follower may have moved here: look again */
			continue;
		}
		if (session != NULL && !session->proved && id_equal(&session->device, &newcomer->device)) {
			count++;
			if (oldest == NULL || session->last_used_at_ms < oldest->last_used_at_ms)
				oldest = session;
		}
		i++;
	}
	if (count >= SESSIONS_UNPROVED_MAX)
		remove_slot(table, find_slot(table, oldest->session.id));
}

struct live_session *session_table_add(struct session_table *table, const struct live_session *session)
{
	size_t slot;

	forget_unproved(table, session);
	slot = find_slot(table, session->session.id);

	if (table->slots[slot] == NULL) {
		if (table->count == table->count_max)
			make_room(table);
		slot = find_slot(table, session->session.id);
		table->slots[slot] = malloc(sizeof(*session));
		if (table->slots[slot] == NULL)
			abort();
		table->count++;
	}
	*table->slots[slot] = *session;
	return table->slots[slot];
}

void session_table_keep_only(struct session_table *table, const struct live_session *session)
{
	for (size_t i = 0; i < table->slot_count;) {
		struct live_session *other = table->slots[i];
		if (other != NULL && other != session && id_equal(&other->device, &session->device))
			remove_slot(table, i); /* a follower may have moved here: look again */
		else
			i++;
	}
}

void session_table_forget(struct session_table *table, const struct id *device, int64_t before_ms)
{
	for (size_t i = 0; i < table->slot_count;) {
		struct live_session *session = table->slots[i];
		if (session != NULL && (device == NULL ? session->last_used_at_ms < before_ms : id_equal(&session->device, device)))
			remove_slot(table, i); /* a follower may have moved here: look again */
		else
			i++;
	}
}

size_t session_table_count(const struct session_table *table)
{
	return table->count;
}
