/* Where an outbox stood, as it is remembered outside of it: beside the keys, which are not copied with the databases. An outbox that lacks
 * what is remembered was put back from an older copy; that is found out before anything more is made in the place of what was lost. */
#ifndef TRUCKROLL_SYNC_STANDING_H
#define TRUCKROLL_SYNC_STANDING_H

#include "protocol/sync/device_store.h"

struct standing {
	struct id incarnation; /* nil: nothing is remembered */
	int64_t seq;
	struct hash head; /* of seq */
};

/* As the outbox is now. */
enum status standing_take(struct device_store *store, struct standing *out_standing);
/* Whether the outbox has lost operations that are remembered. What was not remembered in time proves nothing. */
enum status standing_proves_loss(const struct standing *standing, struct device_store *store, bool *out_lost);

#endif
