/* A server and two devices on disks in memory, and an input that says what happens to them: pairs of a byte that says what and one that
 * says to whom or how. Afterwards all is healed, and the invariants of the simulation must hold. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/target.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"

#define DEVICES    2
#define EVENTS_MAX 60
#define STEPS_MAX  5000

enum happening {
	HAPPEN_STEP,
	HAPPEN_STEPS,
	HAPPEN_WORK,
	HAPPEN_OFFICE,
	HAPPEN_GO,
	HAPPEN_CUT,
	HAPPEN_JOIN,
	HAPPEN_KILL_DEVICE,
	HAPPEN_KILL_SERVER,
	HAPPEN_DIE_IN_A_CALL,
	HAPPEN_COPY,
	HAPPEN_RESTORE,
	HAPPEN_DAMAGE,
	HAPPEN_REPEAT,
	HAPPEN_FULL,
	HAPPEN_ROOM,
	HAPPEN_COUNT,
};

static void must_hold(const struct simulation *simulation)
{
	if (!simulation->violated)
		return;
	(void)fprintf(stderr, "%s: %s\n", simulation->invariant, simulation->violation);
	abort();
}

static bool is_frame(const struct event *event)
{
	return (event->kind == EVENT_REQUEST || event->kind == EVENT_REPLY) && event->size > 0;
}

/* A frame that is on its way; NULL: none. */
static struct event *frame_under_way(struct simulation *simulation, unsigned which)
{
	for (size_t i = 0; i < simulation->queue.count; i++) {
		struct event *event = &simulation->queue.events[(which + i) % simulation->queue.count];
		if (is_frame(event))
			return event;
	}
	return NULL;
}

static void damage(struct simulation *simulation, unsigned how)
{
	struct event *event = frame_under_way(simulation, how);

	if (event != NULL)
		event->bytes[how * 37u % event->size] ^= (uint8_t)(1u << how % 8);
}

static void repeat(struct simulation *simulation, unsigned how)
{
	const struct event *event = frame_under_way(simulation, how);
	struct event copy;

	if (event == NULL)
		return;
	copy = *event; /* the queue may move while the copy is planned */
	plan(simulation, how, copy.kind, copy.node, copy.kind == EVENT_REQUEST ? ++simulation->connections : copy.connection,
		(struct bytes){ copy.bytes, copy.size });
}

static void set_link(struct simulation *simulation, struct device_node *device, bool up)
{
	device->link_up = up;
	if (up)
		device_node_go(simulation, device);
}

static struct crash_disk *disk_of(struct simulation *simulation, unsigned how)
{
	return how % 3 == 0 ? simulation->server.disk : simulation->devices[how % 3 - 1].disk;
}

static void happen_to_all(struct simulation *simulation, enum happening what, unsigned how)
{
	if (what == HAPPEN_OFFICE)
		scenario_office(simulation);
	else if (what == HAPPEN_KILL_SERVER && simulation->server.core != NULL)
		server_node_kill(simulation);
	else if (what == HAPPEN_DAMAGE)
		damage(simulation, how);
	else if (what == HAPPEN_REPEAT)
		repeat(simulation, how);
	else if (what == HAPPEN_DIE_IN_A_CALL &&
		 (how % 3 == 0 ? simulation->server.core != NULL : simulation->devices[how % 3 - 1].core != NULL))
		crash_disk_fail(disk_of(simulation, how), DISK_DEAD, 1 + how / 3);
	else if (what == HAPPEN_FULL || what == HAPPEN_ROOM)
		crash_disk_fail(disk_of(simulation, how), what == HAPPEN_FULL ? DISK_FULL : DISK_WELL, 0);
	for (unsigned i = 0; i < (what == HAPPEN_STEP ? 1 : what == HAPPEN_STEPS ? how % 32 : 0) && !simulation->violated; i++)
		(void)simulation_step(simulation);
}

static void happen_to_device(struct simulation *simulation, enum happening what, struct device_node *device)
{
	if (what == HAPPEN_WORK)
		scenario_work(simulation, device);
	else if (what == HAPPEN_GO)
		device_node_go(simulation, device);
	else if (what == HAPPEN_CUT || what == HAPPEN_JOIN)
		set_link(simulation, device, what == HAPPEN_JOIN);
	else if (what == HAPPEN_KILL_DEVICE && device->core != NULL)
		device_node_kill(simulation, device);
	else if (what == HAPPEN_COPY)
		device_node_copy(simulation, device);
	else if (what == HAPPEN_RESTORE)
		device_node_restore(simulation, device);
}

static void heal(struct simulation *simulation)
{
	simulation->healed = true;
	crash_disk_fail(simulation->server.disk, DISK_WELL, 0);
	server_node_start(simulation);
	for (unsigned i = 0; i < DEVICES; i++) {
		struct device_node *device = &simulation->devices[i];
		crash_disk_fail(device->disk, DISK_WELL, 0);
		device->link_up = true;
		device_node_start(simulation, device, false);
		device_node_go(simulation, device);
	}
	for (int i = 0; i < STEPS_MAX && !simulation->violated && !simulation_is_quiet(simulation); i++)
		(void)simulation_step(simulation);
	must_hold(simulation);
	insist(simulation_is_quiet(simulation));
	checks_at_end(simulation);
	must_hold(simulation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct template template;
	static struct simulation simulation; /* large */
	const uint64_t seed = 1 + (size > 0 ? data[0] : 0u); /* 0 made the template */
	const struct run_options options = { .seed = seed, .device_count = DEVICES, .calm = true };

	if (template.device_count == 0) {
		stream_seize_libsodium();
		crash_vfs_register();
		template_create(DEVICES, &template);
	}
	simulation_begin(&simulation, &template, &options);
	for (size_t i = 1; i + 1 < size && i < 2 * EVENTS_MAX; i += 2) {
		enum happening what = (enum happening)(data[i] % HAPPEN_COUNT);
		happen_to_all(&simulation, what, data[i + 1]);
		happen_to_device(&simulation, what, &simulation.devices[data[i + 1] % DEVICES]);
		arena_reset(&simulation.arena);
		must_hold(&simulation);
	}
	heal(&simulation);
	simulation_finish(&simulation);
	return 0;
}
