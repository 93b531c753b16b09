#include "protocol/sync/pace.h"

size_t pace_after_loss(size_t size)
{
	return size / 2 > PACE_MIN ? size / 2 : PACE_MIN;
}

/* Twice as much goes only when that would stay well below the aim: else it would swing. */
size_t pace_after(size_t size, int64_t took_ms, int64_t way_ms, size_t max)
{
	int64_t aim_ms = PACE_WAYS * way_ms > PACE_AIM_MS ? PACE_WAYS * way_ms : PACE_AIM_MS;

	if (took_ms - way_ms > aim_ms)
		return pace_after_loss(size);
	if (took_ms - way_ms > aim_ms / 4)
		return size;
	return 2 * size < max ? 2 * size : max;
}
