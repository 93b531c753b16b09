/* Memory for what is coming in over a listener's connections. Who has proved itself has few connections, and needs no share. Who was
 * greeted sends its first batch then, and shares with others who were, so that strangers do not keep it out; they share with each other.
 * One thread. */
#ifndef TRUCKROLL_TRANSPORT_BODY_POOL_H
#define TRUCKROLL_TRANSPORT_BODY_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/transport/connection_table.h"

#define BODY_FREE ((size_t)4 * 1024) /* of a body that anybody may send; the rest comes out of the pool */

struct body_pool {
	size_t max; /* bytes of each standing */
	size_t used[STANDING_PROVED + 1];
};

/* Of one connection, of all zeros at first. */
struct body_share {
	enum connection_standing standing; /* when its body began */
	size_t size;
};

/* A body begins; the one before has ended. */
void body_share_begin(struct body_share *share, enum connection_standing standing);
/* Room for `size` bytes of it altogether, before any of it is taken. False: there is none now. */
bool body_share_grow(struct body_pool *pool, struct body_share *share, size_t size);
/* The body is gone. */
void body_share_end(struct body_pool *pool, struct body_share *share);

#endif
