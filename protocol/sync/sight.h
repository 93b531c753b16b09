/* What the author of an operation can name: what its device has, or had within the horizon, and what it made itself. Whoever knows
 * an id, or works out that of an imported record, learns from an outcome neither that the record is there nor anything in it, and gets
 * nothing by it. */
#ifndef TRUCKROLL_SYNC_SIGHT_H
#define TRUCKROLL_SYNC_SIGHT_H

#include "protocol/domain/decide.h"
#include "protocol/sync/server_store.h"

struct device_sight {
	struct sight sight;
	struct server_store *store;
	struct arena *arena;
	struct id device;
	const struct grant_entry *grants; /* open ones, by scope number */
	size_t grant_count;
	struct id edited; /* the subject of an EDIT, which its device must have, or have had; nil: none */
};

/* `grants` and `arena` stay the caller's. */
void device_sight_init(struct device_sight *sight, struct server_store *store, struct arena *arena, const struct id *device,
	const struct grant_entry *grants, size_t grant_count);
/* For decide() of that operation; borrowed from `sight`, until it is asked for another one. */
struct sight *device_sight_of(struct device_sight *sight, const struct operation *operation);

/* A record that is there, and that the device has, or had within the horizon. STATUS_NOT_FOUND: it is not so. */
enum status sight_device_had(struct server_store *store, const struct id *device, enum record_kind kind, const struct id *id);

#endif
