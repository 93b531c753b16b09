#include "protocol/transport/connection_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

void connection_table_init(struct connection_table *table, size_t max)
{
	*table = (struct connection_table){ .max = max, .size = 64 };
	while (table->size < 2 * max)
		table->size *= 2;
	table->places = memory_zeroed(table->size, sizeof(*table->places));
	table->owners = memory_zeroed(table->size, sizeof(*table->owners));
}

void connection_table_finish(struct connection_table *table)
{
	free(table->places);
	free(table->owners);
	*table = (struct connection_table){ 0 };
}

static size_t place_of(const struct connection_table *table, uint32_t number)
{
	size_t place = (number * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (table->size - 1);

	while (table->places[place].number != 0 && table->places[place].number != number)
		place = (place + 1) & (table->size - 1);
	return place;
}

struct connection *connection_find(const struct connection_table *table, uint32_t number)
{
	struct connection *connection = &table->places[place_of(table, number)];

	return number != 0 && connection->number == number ? connection : NULL;
}

/* As connection_find(), of a list of ours: it names only what the table has. */
static struct connection *listed(const struct connection_table *table, uint32_t number)
{
	struct connection *connection = connection_find(table, number);

	assert(connection != NULL);
	return connection;
}

/* ---- those that proved nothing ---- */

static void doubtful_append(struct connection_table *table, struct connection *connection, enum connection_standing standing)
{
	struct doubtful *list = &table->doubtful[standing];
	struct connection *before = connection_find(table, list->newest);

	connection->standing = standing;
	connection->older = list->newest;
	connection->newer = 0;
	if (before != NULL)
		before->newer = connection->number;
	else
		list->oldest = connection->number;
	list->newest = connection->number;
	list->count++;
}

static void doubtful_remove(struct connection_table *table, const struct connection *connection)
{
	struct connection *older = connection_find(table, connection->older), *newer = connection_find(table, connection->newer);
	struct doubtful *list = &table->doubtful[connection->standing];

	if (older != NULL)
		older->newer = connection->newer;
	else
		list->oldest = connection->newer;
	if (newer != NULL)
		newer->older = connection->older;
	else
		list->newest = connection->older;
	list->count--;
}

uint32_t connection_to_leave(const struct connection_table *table)
{
	const struct doubtful *silent = &table->doubtful[STANDING_SILENT], *greeted = &table->doubtful[STANDING_GREETED];

	return greeted->count > silent->count ? greeted->oldest : silent->oldest;
}

uint32_t connection_overdue(
	const struct connection_table *table, enum connection_standing standing, int64_t now_ms, int64_t life_ms)
{
	uint32_t oldest = table->doubtful[standing].oldest;

	return oldest != 0 && now_ms - listed(table, oldest)->since_ms >= life_ms ? oldest : 0;
}

/* ---- owners ---- */

/* Owners are named by chance: nobody chooses their place. */
static uint32_t *owner_place(const struct connection_table *table, const struct id *owner)
{
	uint64_t hash;

	memcpy(&hash, owner->bytes, sizeof(hash));
	return &table->owners[(hash * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (table->size - 1)];
}

static void owner_remove(const struct connection_table *table, const struct connection *connection)
{
	uint32_t *place = owner_place(table, &connection->owner);

	while (*place != connection->number)
		place = &listed(table, *place)->sibling;
	*place = connection->sibling;
}

uint32_t connection_oldest_beyond(const struct connection_table *table, const struct id *owner, size_t kept)
{
	uint32_t oldest = 0;
	size_t count = 0;

	for (uint32_t number = *owner_place(table, owner); number != 0; number = listed(table, number)->sibling)
		if (id_equal(&listed(table, number)->owner, owner) && ++count > kept)
			oldest = number;
	return oldest;
}

/* ---- coming, rising, going ---- */

struct connection *connection_add(struct connection_table *table, uint32_t number, int64_t now_ms)
{
	struct connection *connection = &table->places[place_of(table, number)];

	assert(number != 0 && connection->number == 0 && table->count < table->max);
	*connection = (struct connection){ .number = number, .since_ms = now_ms };
	doubtful_append(table, connection, STANDING_SILENT);
	table->count++;
	return connection;
}

/* Empties the place and moves those behind it that would not be found any more. */
void connection_remove(struct connection_table *table, uint32_t number)
{
	struct connection *connection = connection_find(table, number);
	size_t mask = table->size - 1, place;

	if (connection == NULL)
		return;
	if (connection->standing == STANDING_PROVED)
		owner_remove(table, connection);
	else
		doubtful_remove(table, connection);
	place = (size_t)(connection - table->places);
	table->places[place].number = 0;
	for (size_t i = (place + 1) & mask; table->places[i].number != 0; i = (i + 1) & mask) {
		struct connection moved = table->places[i];
		table->places[i].number = 0;
		table->places[place_of(table, moved.number)] = moved;
	}
	table->count--;
}

/* The connection when it has not risen so far yet, taken from its list; NULL. */
static struct connection *rising(
	struct connection_table *table, uint32_t number, enum connection_standing standing, int64_t now_ms)
{
	struct connection *connection = connection_find(table, number);

	if (connection == NULL || connection->standing >= standing)
		return NULL;
	doubtful_remove(table, connection);
	connection->since_ms = now_ms;
	return connection;
}

bool connection_greet(struct connection_table *table, uint32_t number, int64_t now_ms)
{
	struct connection *connection = rising(table, number, STANDING_GREETED, now_ms);

	if (connection != NULL)
		doubtful_append(table, connection, STANDING_GREETED);
	return connection != NULL;
}

bool connection_prove(struct connection_table *table, uint32_t number, const struct id *owner, int64_t now_ms)
{
	struct connection *connection = rising(table, number, STANDING_PROVED, now_ms);
	uint32_t *place = owner_place(table, owner);

	if (connection == NULL)
		return false;
	connection->standing = STANDING_PROVED;
	connection->owner = *owner;
	connection->sibling = *place;
	*place = connection->number;
	return true;
}
