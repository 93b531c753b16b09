/* A hash map from (number, id) to a pointer. Keyed by chance, since some ids come from outside. Zero-initialised it is empty. */
#ifndef TRUCKROLL_SERVER_ID_MAP_H
#define TRUCKROLL_SERVER_ID_MAP_H

#include "protocol/base/id.h"

struct id_map_slot;

struct id_map {
	struct id_map_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
	uint8_t key[16];
};

/* NULL when there is none. */
void *id_map_find(const struct id_map *map, uint32_t number, const struct id *id);
/* Adds or replaces; `value` is borrowed and not NULL. */
void id_map_put(struct id_map *map, uint32_t number, const struct id *id, void *value);
/* Forgets every entry and keeps the room. */
void id_map_clear(struct id_map *map);
/* Gives the room back; the map is empty and usable again. */
void id_map_finish(struct id_map *map);

#endif
