#include "protocol/sync/herd.h"

#define BYTES_A_SECOND_MIN 1000 /* what is measured of a machine that stood still is not believed */

void herd_queue(struct herd *herd, bool waiting, int64_t now_ms)
{
	if (!waiting && !herd_round_is_full(herd, now_ms)) /* after long work it may only not have been filled again yet */
		herd->since_ms = 0;
	else if (waiting && herd->since_ms == 0)
		herd->since_ms = now_ms;
}

bool herd_is_here(const struct herd *herd, int64_t now_ms)
{
	return herd->since_ms != 0 && now_ms - herd->since_ms >= HERD_PATIENT_MS;
}

bool herd_round_is_full(const struct herd *herd, int64_t now_ms)
{
	return herd->round_ms != 0 && now_ms - herd->round_ms >= HERD_ROUND_MS;
}

/* The next free time, after all who were told before. */
static int64_t next_slot(struct herd *herd, size_t size, int64_t now_ms)
{
	int64_t speed = herd->bytes_a_second > BYTES_A_SECOND_MIN ? herd->bytes_a_second : BYTES_A_SECOND_MIN;

	if (herd->slot_ms < now_ms + HERD_ROUND_MS)
		herd->slot_ms = now_ms + HERD_ROUND_MS;
	if (herd->slot_ms < now_ms + HERD_WAIT_MAX_MS) /* beyond it they share what is left */
		herd->slot_ms += (int64_t)size * 1000 / speed;
	return herd->slot_ms < now_ms + HERD_WAIT_MAX_MS ? herd->slot_ms : now_ms + HERD_WAIT_MAX_MS;
}

bool herd_admit(struct herd *herd, size_t size, int64_t now_ms, uint64_t chance, int64_t *out_wait_ms)
{
	int64_t wait_ms;

	if (!herd_is_here(herd, now_ms) || !herd_round_is_full(herd, now_ms)) {
		if (herd->round_ms == 0)
			herd->round_ms = now_ms;
		herd->round_bytes += size;
		return true;
	}
	wait_ms = next_slot(herd, size, now_ms) - now_ms;
	*out_wait_ms = wait_ms - wait_ms / 4 + (int64_t)(chance % (uint64_t)(wait_ms / 2 + 1));
	herd->told++;
	return false;
}

void herd_end_round(struct herd *herd, int64_t now_ms)
{
	int64_t took_ms = now_ms - herd->round_ms;

	if (herd->round_ms != 0 && herd->round_bytes > 0 && took_ms > 0) {
		int64_t speed = (int64_t)herd->round_bytes * 1000 / took_ms;
		herd->bytes_a_second = herd->bytes_a_second == 0 ? speed : (3 * herd->bytes_a_second + speed) / 4;
	}
	herd->round_ms = 0;
	herd->round_bytes = 0;
}
