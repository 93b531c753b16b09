/* What the author of an operation can name: what its device has, or had within the horizon, and what it made itself. Whoever knows
 * an id, or works out that of an imported record, learns from an outcome neither that the record is there nor anything in it, and gets
 * nothing by it. Itself a `struct sight` for decide(). */
#ifndef TRUCKROLL_SYNC_SIGHT_H
#define TRUCKROLL_SYNC_SIGHT_H

#include "protocol/domain/decide.h"
#include "protocol/sync/server_store.h"

struct device_sight {
	struct sight sight; /* hand &device_sight.sight to decide() */
	struct server_store *store;
	struct arena *arena;
	struct id device;
	const struct grant_entry *grants; /* open ones, by scope number */
	size_t grant_count;
};

/* `grants` and `arena` stay the caller's. */
void device_sight_init(struct device_sight *sight, struct server_store *store, struct arena *arena, const struct id *device,
	const struct grant_entry *grants, size_t grant_count);

#endif
