#include "protocol/transport/body_pool.h"

void body_share_begin(struct body_share *share, enum connection_standing standing)
{
	*share = (struct body_share){ .standing = standing };
}

bool body_share_grow(struct body_pool *pool, struct body_share *share, size_t size)
{
	size_t *used = &pool->used[share->standing];
	size_t wanted = size > BODY_FREE && share->standing != STANDING_PROVED ? size - BODY_FREE : 0;

	if (wanted > share->size && *used - share->size + wanted > pool->max)
		return false;
	*used += wanted - share->size;
	share->size = wanted;
	return true;
}

void body_share_end(struct body_pool *pool, struct body_share *share)
{
	pool->used[share->standing] -= share->size;
	share->size = 0;
}
