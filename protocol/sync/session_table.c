#include "protocol/sync/session_table.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

/* What callers hold is its first member. */
struct entry {
	struct live_session live;
	struct entry *next; /* whose device has the same place */
	struct entry **link; /* what points here */
	struct entry *older; /* of those that no frame proved, in the order in which they came */
	struct entry *newer;
};

/* Found by id through open addressing with linear probing; ids are hash output already, and a removed entry is filled by moving its
 * followers up. Found by device through lists. */
struct session_table {
	struct entry **slots;
	struct entry **devices;
	size_t slot_count; /* of both: a power of two, at least twice count_max */
	size_t count;
	size_t count_max;
	struct entry *oldest; /* of those that no frame proved */
	struct entry *newest;
};

struct session_table *session_table_create(size_t count_max)
{
	struct session_table *table = memory_zeroed(1, sizeof(*table));

	table->count_max = count_max;
	table->slot_count = 16;
	while (table->slot_count < 2 * count_max)
		table->slot_count *= 2;
	table->slots = memory_zeroed(table->slot_count, sizeof(struct entry *));
	table->devices = memory_zeroed(table->slot_count, sizeof(struct entry *));
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

	while (table->slots[slot] != NULL && memcmp(table->slots[slot]->live.session.id, id, SESSION_ID_SIZE) != 0)
		slot = (slot + 1) & (table->slot_count - 1);
	return slot;
}

/* The server makes the ids of devices by chance: nobody chooses their place. */
static struct entry **device_place(const struct session_table *table, const struct id *device)
{
	uint64_t hash;

	memcpy(&hash, device->bytes, sizeof(hash));
	return &table->devices[(size_t)(hash * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (table->slot_count - 1)];
}

/* The first session of a device from `entry` on, which is in its list; NULL. */
static struct entry *of_device(struct entry *entry, const struct id *device)
{
	while (entry != NULL && !id_equal(&entry->live.device, device))
		entry = entry->next;
	return entry;
}

static void device_link(struct session_table *table, struct entry *entry)
{
	struct entry **place = device_place(table, &entry->live.device);

	entry->next = *place;
	entry->link = place;
	if (entry->next != NULL)
		entry->next->link = &entry->next;
	*place = entry;
}

static void device_unlink(struct entry *entry)
{
	*entry->link = entry->next;
	if (entry->next != NULL)
		entry->next->link = entry->link;
}

static void unproved_append(struct session_table *table, struct entry *entry)
{
	entry->older = table->newest;
	entry->newer = NULL;
	if (entry->older != NULL)
		entry->older->newer = entry;
	else
		table->oldest = entry;
	table->newest = entry;
}

static void unproved_remove(struct session_table *table, struct entry *entry)
{
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		table->oldest = entry->newer;
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		table->newest = entry->older;
}

static void remove_slot(struct session_table *table, size_t slot)
{
	size_t mask = table->slot_count - 1;
	struct entry *entry = table->slots[slot];

	if (!entry->live.proved)
		unproved_remove(table, entry);
	device_unlink(entry);
	session_wipe(&entry->live.session);
	free(entry);
	table->slots[slot] = NULL;
	table->count--;
	for (size_t next = (slot + 1) & mask; table->slots[next] != NULL; next = (next + 1) & mask) {
		struct entry *moved = table->slots[next];
		table->slots[next] = NULL;
		table->slots[find_slot(table, moved->live.session.id)] = moved;
	}
}

static void remove_entry(struct session_table *table, const struct entry *entry)
{
	remove_slot(table, find_slot(table, entry->live.session.id));
}

void session_table_destroy(struct session_table *table)
{
	if (table == NULL)
		return;
	session_table_forget(table, NULL, INT64_MAX);
	free(table->slots);
	free(table->devices);
	free(table);
}

struct live_session *session_table_find(struct session_table *table, const uint8_t id[static SESSION_ID_SIZE])
{
	struct entry *entry = table->slots[find_slot(table, id)];

	return entry == NULL ? NULL : &entry->live;
}

struct live_session *session_table_of_device(struct session_table *table, const struct id *device)
{
	struct live_session *newest = NULL;

	for (struct entry *entry = of_device(*device_place(table, device), device); entry != NULL; entry = of_device(entry->next, device))
		if (newest == NULL || entry->live.last_used_at_ms > newest->last_used_at_ms)
			newest = &entry->live;
	return newest;
}

struct hello_trace session_table_trace(const struct session_table *table, const struct id *device,
	const uint8_t ephemeral[static BOX_PUBLIC_SIZE], int64_t now_ms)
{
	struct hello_trace trace = { 0 };
	const struct entry *entry = of_device(*device_place(table, device), device);

	for (; entry != NULL; entry = of_device(entry->next, device)) {
		const struct live_session *live = &entry->live;
		bool same = memcmp(live->ephemeral, ephemeral, BOX_PUBLIC_SIZE) == 0;
		bool young = now_ms - live->last_used_at_ms <= SESSIONS_UNPROVED_LIFE_MS;

		trace.key_proved = trace.key_proved || (same && live->proved);
		trace.of_device += !live->proved && young;
		trace.of_key += !live->proved && young && same;
	}
	return trace;
}

static void make_room(struct session_table *table)
{
	const struct entry *first = table->oldest;

	for (size_t i = 0; i < table->slot_count && table->oldest == NULL; i++) {
		const struct entry *entry = table->slots[i];
		if (entry != NULL && (first == NULL || entry->live.last_used_at_ms < first->live.last_used_at_ms))
			first = entry;
	}
	if (first != NULL)
		remove_entry(table, first);
}

/* What hellos left behind that nothing followed. */
static void forget_unproved(struct session_table *table, const struct live_session *newcomer)
{
	const struct entry *oldest = NULL;
	struct entry *entry;
	size_t count = 0;

	while (table->oldest != NULL && newcomer->last_used_at_ms - table->oldest->live.last_used_at_ms > SESSIONS_UNPROVED_LIFE_MS)
		remove_entry(table, table->oldest);
	entry = of_device(*device_place(table, &newcomer->device), &newcomer->device);
	for (; entry != NULL; entry = of_device(entry->next, &newcomer->device)) {
		if (entry->live.proved)
			continue;
		count++;
		oldest = entry; /* a newcomer goes to the list's start */
	}
	if (count >= SESSIONS_UNPROVED_MAX)
		remove_entry(table, oldest);
}

/* What a device owes is owed by each session that it has next, whichever of them it goes on with. */
static int64_t recon_owed(struct session_table *table, const struct id *device)
{
	struct entry *entry = of_device(*device_place(table, device), device);
	int64_t until_ms = 0;

	for (; entry != NULL; entry = of_device(entry->next, device))
		if (entry->live.recon_until_ms > until_ms)
			until_ms = entry->live.recon_until_ms;
	return until_ms;
}

void session_table_add(struct session_table *table, const struct live_session *session)
{
	int64_t owed_ms = recon_owed(table, &session->device);
	size_t slot = find_slot(table, session->session.id);
	struct entry *entry;

	if (table->slots[slot] != NULL)
		remove_slot(table, slot);
	forget_unproved(table, session);
	if (table->count == table->count_max)
		make_room(table);
	entry = memory_allocate(sizeof(*entry));
	entry->live = *session;
	entry->live.proved = false;
	if (owed_ms > entry->live.recon_until_ms)
		entry->live.recon_until_ms = owed_ms;
	device_link(table, entry);
	unproved_append(table, entry);
	table->slots[find_slot(table, session->session.id)] = entry;
	table->count++;
}

static void forget_device(struct session_table *table, const struct id *device, const struct entry *kept)
{
	struct entry *entry = of_device(*device_place(table, device), device);

	while (entry != NULL) {
		struct entry *next = of_device(entry->next, device);

		if (entry != kept)
			remove_entry(table, entry);
		entry = next;
	}
}

void session_table_keep_only(struct session_table *table, struct live_session *session)
{
	struct entry *kept = (struct entry *)session;

	if (!kept->live.proved)
		unproved_remove(table, kept);
	kept->live.proved = true;
	kept->live.recon_until_ms = recon_owed(table, &session->device);
	forget_device(table, &session->device, kept);
}

void session_table_forget(struct session_table *table, const struct id *device, int64_t before_ms)
{
	if (device != NULL) {
		forget_device(table, device, NULL);
		return;
	}
	for (size_t i = 0; i < table->slot_count && table->count > 0;) {
		const struct entry *entry = table->slots[i];
		if (entry != NULL && entry->live.last_used_at_ms < before_ms)
			remove_slot(table, i); /* a follower may have moved here: look again */
		else
			i++;
	}
}

size_t session_table_count(const struct session_table *table)
{
	return table->count;
}
