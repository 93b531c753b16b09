#include "server/id_map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

#define FIRST_CAPACITY ((size_t)256)

struct id_map_slot {
	void *value; /* NULL: free */
	struct id id;
	uint32_t number;
};

/* The slot that holds the key, or the free one where it belongs. */
static struct id_map_slot *slot_of(const struct id_map *map, uint32_t number, const struct id *id)
{
	uint8_t message[ID_SIZE + sizeof(number)];
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t start;
	size_t position;

	memcpy(message, id->bytes, ID_SIZE);
	memcpy(message + ID_SIZE, &number, sizeof(number));
	crypto_shorthash(hash, message, sizeof(message), map->key);
	memcpy(&start, hash, sizeof(start));
	for (position = (size_t)start & (map->capacity - 1); map->slots[position].value != NULL;
		position = (position + 1) & (map->capacity - 1))
		if (map->slots[position].number == number && id_equal(&map->slots[position].id, id))
			break;
	return &map->slots[position];
}

void *id_map_find(const struct id_map *map, uint32_t number, const struct id *id)
{
	return map->capacity == 0 ? NULL : slot_of(map, number, id)->value;
}

static void grow(struct id_map *map)
{
	struct id_map larger = { .capacity = map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2, .count = map->count };

	larger.slots = memory_zeroed(larger.capacity, sizeof(*larger.slots));
	if (map->capacity == 0)
		randombytes_buf(larger.key, sizeof(larger.key));
	else
		memcpy(larger.key, map->key, sizeof(larger.key));
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].value != NULL)
			*slot_of(&larger, map->slots[i].number, &map->slots[i].id) = map->slots[i];
	free(map->slots);
	*map = larger;
}

void id_map_put(struct id_map *map, uint32_t number, const struct id *id, void *value)
{
	struct id_map_slot *slot;

	if (map->count * 2 >= map->capacity)
		grow(map);
	slot = slot_of(map, number, id);
	if (slot->value == NULL)
		map->count++;
	*slot = (struct id_map_slot){ .value = value, .id = *id, .number = number };
}

void id_map_clear(struct id_map *map)
{
	/* One large unit of work must not make every later one slow. */
	if (map->capacity > 64 * FIRST_CAPACITY)
		id_map_finish(map);
	else if (map->count != 0)
		memset(map->slots, 0, map->capacity * sizeof(*map->slots));
	map->count = 0;
}

void id_map_finish(struct id_map *map)
{
	free(map->slots);
	*map = (struct id_map){ 0 };
}
