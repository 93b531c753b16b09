#include "protocol/sync/pace.h"

size_t pace_after_loss(size_t size)
{
	return size / 2 > PACE_MIN ? size / 2 : PACE_MIN;
}

/* Twice as much goes only when that would stay well below the aim: else it would swing. */
size_t pace_after(size_t size, int64_t took_ms, size_t max)
{
	if (took_ms > PACE_AIM_MS)
		return pace_after_loss(size);
	if (took_ms > PACE_AIM_MS / 4)
		return size;
	return 2 * size < max ? 2 * size : max;
}
