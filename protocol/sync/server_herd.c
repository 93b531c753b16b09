/* When more comes than can be taken in: the server's core and its herd. */
#include "protocol/sync/server_core_inner.h"

#define FRAMES_A_ROUND      256  /* a group commit takes in at most so many frames … */
#define FRAMES_OF_HERD      4096 /* … unless most are only told to come again */
#define BYTES_A_ROUND       ((size_t)64 * 1024 * 1024) /* of memory, about */

void server_on_queue(struct server_core *core, bool waiting)
{
	herd_queue(&core->herd, waiting, server_core_monotonic_ms(core));
}

bool server_core_round_is_full(const struct server_core *core, size_t frames)
{
	int64_t now_ms = server_core_monotonic_ms(core);
	bool herd = herd_is_here(&core->herd, now_ms);

	if (frames >= (size_t)(herd ? FRAMES_OF_HERD : FRAMES_A_ROUND) || core->commit_arena.used >= BYTES_A_ROUND)
		return true;
	return !herd && herd_round_is_full(&core->herd, now_ms);
}

bool server_core_turn_away(struct server_core *core, struct inquiry *waiting, size_t size)
{
	uint64_t chance;
	int64_t wait_ms;

	if (waiting->by_envelope) /* of a bundle nobody could come again; a hello is answered in any case, and most have none */
		return false;
	random_fill(core->options.random, &chance, sizeof(chance));
	if (herd_admit(&core->herd, size, server_core_monotonic_ms(core), chance, &wait_ms))
		return false;
	waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_BUSY, .value = wait_ms };
	return true;
}
