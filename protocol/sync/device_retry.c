/* When a device asks again: after a failure, when a server that has too much to do said so, and when the program needs an update. */
#include "protocol/sync/device_inner.h"

#define BACKOFF_MAX_MS 60000
#define HELD_MAX_MS    240000 /* whatever a server says */

/* Any time from now up to the longest: devices that lost the server at one moment come back at many. */
static int64_t chance_up_to(const struct device_core *core, int64_t longest_ms)
{
	uint64_t chance;

	random_fill(core->options.random, &chance, sizeof(chance));
	return (int64_t)(chance % (uint64_t)(longest_ms + 1));
}

void device_link_down(struct device_core *core)
{
	if (core->page_asked && core->link == LINK_WAITING)
		core->page_max = pace_after_loss(core->page_max);
	if (core->batch_out && core->link == LINK_WAITING)
		core->batch_max = pace_after_loss(core->batch_max);
	core->link = LINK_DOWN;
	device_blobs_lost(&core->blobs);
	device_carry_lost(&core->carry);
	core->state.connected = false;
	session_wipe(&core->session);
	core->retry_at_ms = device_monotonic_ms(core) + chance_up_to(core, core->backoff_ms);
	if (core->state.outdated) /* asking again does not help: who waits is to see that before it is asked */
		core->retry_at_ms += BACKOFF_MAX_MS;
	if (core->retry_at_ms < core->held_until_ms)
		core->retry_at_ms = core->held_until_ms;
	core->backoff_ms = core->backoff_ms * 2 < BACKOFF_MAX_MS ? core->backoff_ms * 2 : BACKOFF_MAX_MS;
}

void device_hold(struct device_core *core, int64_t wait_ms)
{
	core->held_until_ms = device_monotonic_ms(core) + (wait_ms < HELD_MAX_MS ? wait_ms : HELD_MAX_MS);
}

bool device_is_held(const struct device_core *core)
{
	return core->link == LINK_IDLE && device_monotonic_ms(core) < core->held_until_ms;
}
