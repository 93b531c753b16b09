/* The rows that lie under guesses, to be looked up: for readers of a replica that want what the server confirmed. */
#ifndef TRUCKROLL_SYNC_SHADOW_SET_H
#define TRUCKROLL_SYNC_SHADOW_SET_H

#include "protocol/sync/device_store.h"

/* Zero-initialised it is empty. */
struct shadow_set {
	struct shadow *shadows; /* in (kind, id) order */
	size_t count;
	size_t capacity;
};

/* As they are now, in `arena`. Adds the store's statuses. */
enum status shadow_set_load(struct shadow_set *set, struct device_store *store, struct arena *arena);
/* NULL: no guess lies on the row. */
const struct shadow *shadow_set_find(const struct shadow_set *set, enum record_kind kind, const struct id *id);

#endif
