#include "tests/simulation/plan.h"

static void plan_once(struct simulation *simulation, enum event_kind kind, unsigned node)
{
	plan(simulation, stream_between(&simulation->chance, 1, CHAOS_MS), kind, node, 0, (struct bytes){ 0 });
}

static void plan_some(struct simulation *simulation, enum event_kind kind, unsigned node, int64_t most)
{
	for (int64_t i = stream_between(&simulation->chance, 0, most); i > 0; i--)
		plan_once(simulation, kind, node);
}

static bool chance_of(struct simulation *simulation, enum fault_kind fault)
{
	return stream_chance(&simulation->chance, simulation->faults.percent[fault]);
}

/* First one, then the other, a while later. */
static void plan_pair(struct simulation *simulation, enum fault_kind fault, enum event_kind first, enum event_kind second, unsigned node,
	int64_t longest_ms)
{
	int64_t at = stream_between(&simulation->chance, 1, CHAOS_MS);
	int64_t until = at + stream_between(&simulation->chance, 1000, longest_ms);

	if (!chance_of(simulation, fault))
		return;
	plan(simulation, at, first, node, 0, (struct bytes){ 0 });
	plan(simulation, until, second, node, 0, (struct bytes){ 0 });
}

/* A person with a stick. Some devices have nothing else. */
static void plan_post(struct simulation *simulation, unsigned node)
{
	static const enum event_kind kinds[] = { EVENT_BUNDLE_OUT, EVENT_BUNDLE_FOR };
	struct stream *post = &simulation->post;

	if (simulation->faults.percent[FAULT_BUNDLES] == 0)
		return;
	simulation->devices[node - 1].by_post = stream_chance(post, 40);
	if (simulation->devices[node - 1].by_post)
		simulation->devices[node - 1].link_up = false;
	for (size_t i = 0; i < LENGTH(kinds); i++)
		for (int64_t n = stream_between(post, 0, 8); n > 0; n--)
			plan(simulation, stream_between(post, 1, CHAOS_MS), kinds[i], node, 0, (struct bytes){ 0 });
}

static void plan_device(struct simulation *simulation, unsigned node)
{
	const struct faults *faults = &simulation->faults;

	plan_some(simulation, EVENT_WORK, node, 24);
	for (int i = 0; i < 3; i++)
		plan_pair(simulation, FAULT_CUT, EVENT_LINK_DOWN, EVENT_LINK_UP, node, 10 * 60000);
	if (faults->percent[FAULT_KILL_DEVICE] > 0)
		plan_some(simulation, EVENT_KILL_DEVICE, node, 4);
	plan_pair(simulation, FAULT_RESTORE, EVENT_COPY_DEVICE, EVENT_RESTORE_DEVICE, node, 10 * 60000);
	plan_pair(simulation, FAULT_FULL_DEVICE, EVENT_FULL_DEVICE, EVENT_ROOM_DEVICE, node, 2 * 60000);
	if (chance_of(simulation, FAULT_ROT))
		plan_some(simulation, EVENT_ROT, node, 3);
	if (chance_of(simulation, FAULT_CLOCK))
		plan_some(simulation, EVENT_CLOCK, node, 3);
	if (stream_chance(&simulation->metered, faults->percent[FAULT_METERED]))
		for (int64_t i = stream_between(&simulation->metered, 1, 6); i > 0; i--)
			plan(simulation, stream_between(&simulation->metered, 1, CHAOS_MS), EVENT_METERED, node, 0, (struct bytes){ 0 });
	for (int64_t i = stream_between(&simulation->leisure, 0, 16); i > 0; i--)
		plan(simulation, stream_between(&simulation->leisure, 1, CHAOS_MS), EVENT_LEISURE, node, 0, (struct bytes){ 0 });
	plan(simulation, stream_between(&simulation->chance, 1, 5000), EVENT_START_DEVICE, node, 0, (struct bytes){ 0 });
	plan_post(simulation, node);
}

/* Swizzle-clog: the links stop one by one, and go again one by one in another order. */
static void plan_clog(struct simulation *simulation)
{
	int64_t from = stream_between(&simulation->chance, 1, CHAOS_MS / 2);

	for (unsigned node = 1; node <= simulation->device_count; node++) {
		plan(simulation, from + stream_between(&simulation->chance, 0, 5 * 60000), EVENT_CLOG, node, 0, (struct bytes){ 0 });
		plan(simulation, from + stream_between(&simulation->chance, 6 * 60000, 12 * 60000), EVENT_LINK_UP, node, 0,
			(struct bytes){ 0 });
	}
}

static unsigned any_device(struct simulation *simulation)
{
	return 1 + (unsigned)stream_below(&simulation->chance, simulation->device_count);
}

/* Backups, and the loss of the server some while later. */
static void plan_server_restore(struct simulation *simulation)
{
	struct stream *restores = &simulation->restores;
	unsigned percent = simulation->faults.percent[FAULT_RESTORE_SERVER];
	int64_t at = stream_between(restores, 1, CHAOS_MS / 2);
	int64_t until = at + stream_between(restores, 1000, CHAOS_MS / 2);
	bool lost = stream_chance(restores, percent);

	for (int64_t i = percent == 0 ? 0 : stream_between(restores, 1, 3); i > 0; i--, at = stream_between(restores, 1, until))
		plan(simulation, at, EVENT_BACK_UP_SERVER, 0, 0, (struct bytes){ 0 });
	if (lost)
		plan(simulation, until, EVENT_RESTORE_SERVER, 0, 0, (struct bytes){ 0 });
}

void plan_phase(struct simulation *simulation)
{
	const struct faults *faults = &simulation->faults;

	plan_some(simulation, EVENT_OFFICE, 0, 50);
	if (faults->percent[FAULT_KILL_SERVER] > 0)
		plan_some(simulation, EVENT_KILL_SERVER, 0, 5);
	plan_pair(simulation, FAULT_FULL_SERVER, EVENT_FULL_SERVER, EVENT_ROOM_SERVER, 0, 2 * 60000);
	for (unsigned node = 1; node <= simulation->device_count; node++)
		plan_device(simulation, node);
	if (chance_of(simulation, FAULT_CLOG))
		plan_clog(simulation);
	if (chance_of(simulation, FAULT_CLONE))
		plan_once(simulation, EVENT_CLONE, any_device(simulation));
	if (chance_of(simulation, FAULT_REVOKE))
		plan_once(simulation, EVENT_REVOKE, any_device(simulation));
	plan_server_restore(simulation);
	plan(simulation, 0, EVENT_START_SERVER, 0, 0, (struct bytes){ 0 });
	plan(simulation, CHAOS_MS, EVENT_HEAL, 0, 0, (struct bytes){ 0 });
}
