#include "tests/simulation/simulation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/checks.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/network.h"
#include "tests/simulation/rot.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"

#define CHAOS_MS   (25 * 60000)
#define QUIET_MS   (60 * 60000) /* after healing, all must be quiet before */
#define STEPS_MAX  200000
#define REPAIR_ROUNDS 8 /* more, of a repair by range: what failed before it, its questions, the pull behind them */
#define ROUNDS_MAX 6 /* hello, what is pending, its answer, and what the others then had to say */

/* ---- what every part uses ---- */

void violate(struct simulation *simulation, const char *invariant, const char *reason, ...)
{
	va_list arguments;

	if (simulation->violated)
		return;
	simulation->violated = true;
	(void)snprintf(simulation->invariant, sizeof(simulation->invariant), "%s", invariant);
	va_start(arguments, reason);
	(void)vsnprintf(simulation->violation, sizeof(simulation->violation), reason, arguments);
	va_end(arguments);
	note(simulation, "violated %s: %s", simulation->invariant, simulation->violation);
}

void note(struct simulation *simulation, const char *format, ...)
{
	char line[VIOLATION_SIZE + 100];
	va_list arguments;
	int size = snprintf(
		line, sizeof(line), "%8lld.%03lld ", (long long)(simulation->now_ms / 1000), (long long)(simulation->now_ms % 1000));

	va_start(arguments, format);
	(void)vsnprintf(line + size, sizeof(line) - (size_t)size, format, arguments);
	va_end(arguments);
	crypto_generichash_update(&simulation->hash, (const unsigned char *)line, strlen(line));
	if (simulation->trace)
		(void)fprintf(stderr, "%s\n", line);
}

void plan(struct simulation *simulation, int64_t after_ms, enum event_kind kind, unsigned node, uint64_t connection, struct bytes bytes)
{
	struct event event = {
		.at_ms = simulation->now_ms + after_ms, .kind = kind, .node = node, .connection = connection, .size = bytes.size
	};

	if (bytes.size > 0) {
		event.bytes = malloc(bytes.size);
		if (event.bytes == NULL)
			abort();
		memcpy(event.bytes, bytes.data, bytes.size);
	}
	event_queue_add(&simulation->queue, &simulation->order, &event);
}

static int64_t read_wall(void *context)
{
	const struct node_clock *time = context;

	return WALL_START_MS + *time->now_ms + time->error_ms;
}

static int64_t read_monotonic(void *context)
{
	return *((const struct node_clock *)context)->now_ms;
}

void node_clock_init(struct clock *clock, struct node_clock *time, const int64_t *now_ms)
{
	*time = (struct node_clock){ .now_ms = now_ms };
	*clock = (struct clock){ .now_ms = read_wall, .monotonic_ms = read_monotonic, .context = time };
}

/* ---- what will happen ---- */

/* Swarm: each kind of fault is switched off in about half of the seeds, so that none hides what another would show. */
static unsigned some(struct simulation *simulation, unsigned max)
{
	return stream_chance(&simulation->chance, 45) ? 0 : (unsigned)stream_between(&simulation->chance, 1, max);
}

static void choose_faults(struct simulation *simulation)
{
	struct faults *faults = &simulation->faults;

	/* One after the other: a compiler may evaluate the members of an initialiser in any order. */
	faults->drop = some(simulation, 25);
	faults->delay = some(simulation, 15);
	faults->duplicate = some(simulation, 20);
	faults->damage = some(simulation, 10);
	faults->cut = some(simulation, 100);
	faults->kill_device = some(simulation, 100);
	faults->kill_server = some(simulation, 100);
	faults->restore = some(simulation, 60);
	faults->full = some(simulation, 50);
	faults->wrong_clock = some(simulation, 100);
	faults->poison = stream_chance(&simulation->poison, 25) ? 10 : 0; /* a stream of its own: it comes beside what a seed was before */
	if (stream_chance(&simulation->chance, 50))
		faults->page_raw_max = (size_t)stream_between(&simulation->chance, 1, 1500);
	if (stream_chance(&simulation->chance, 50))
		faults->batch_raw_max = (size_t)stream_between(&simulation->chance, 1, 600);
	if (stream_chance(&simulation->rot, 30))
		faults->rot = 3;
	if (stream_chance(&simulation->rot, 30))
		faults->retention_ms = stream_between(&simulation->rot, 60000, 10 * 60000);
}

static void plan_some(struct simulation *simulation, enum event_kind kind, unsigned node, int64_t most)
{
	for (int64_t i = stream_between(&simulation->chance, 0, most); i > 0; i--)
		plan(simulation, stream_between(&simulation->chance, 1, CHAOS_MS), kind, node, 0, (struct bytes){ 0 });
}

/* First one, then the other, a while later. */
static void plan_pair(
	struct simulation *simulation, unsigned percent, enum event_kind first, enum event_kind second, unsigned node, int64_t longest_ms)
{
	int64_t at = stream_between(&simulation->chance, 1, CHAOS_MS);
	int64_t until = at + stream_between(&simulation->chance, 1000, longest_ms);

	if (!stream_chance(&simulation->chance, percent))
		return;
	plan(simulation, at, first, node, 0, (struct bytes){ 0 });
	plan(simulation, until, second, node, 0, (struct bytes){ 0 });
}

static void plan_device(struct simulation *simulation, struct device_node *device)
{
	const struct faults *faults = &simulation->faults;
	unsigned node = device->number;

	plan_some(simulation, EVENT_WORK, node, 24);
	for (int i = 0; i < 3; i++)
		plan_pair(simulation, faults->cut, EVENT_LINK_DOWN, EVENT_LINK_UP, node, 10 * 60000);
	if (faults->kill_device > 0)
		plan_some(simulation, EVENT_KILL_DEVICE, node, 4);
	plan_pair(simulation, faults->restore, EVENT_COPY_DEVICE, EVENT_RESTORE_DEVICE, node, 10 * 60000);
	for (int64_t i = stream_below(&simulation->rot, faults->rot + 1); i > 0; i--)
		plan(simulation, stream_between(&simulation->rot, 1, CHAOS_MS), EVENT_ROT, node, 0, (struct bytes){ 0 });
	plan_pair(simulation, faults->full, EVENT_FULL_DEVICE, EVENT_ROOM_DEVICE, node, 2 * 60000);
	if (stream_chance(&simulation->chance, faults->wrong_clock))
		device->time.error_ms = stream_between(&simulation->chance, -3 * 86400000LL, 3 * 86400000LL);
	plan(simulation, stream_between(&simulation->chance, 1, 5000), EVENT_START_DEVICE, node, 0, (struct bytes){ 0 });
}

static void plan_all(struct simulation *simulation)
{
	choose_faults(simulation);
	plan_some(simulation, EVENT_OFFICE, 0, 50);
	if (simulation->faults.kill_server > 0)
		plan_some(simulation, EVENT_KILL_SERVER, 0, 5);
	plan_pair(simulation, simulation->faults.full, EVENT_FULL_SERVER, EVENT_ROOM_SERVER, 0, 2 * 60000);
	for (unsigned i = 0; i < simulation->device_count; i++)
		plan_device(simulation, &simulation->devices[i]);
	plan(simulation, 0, EVENT_START_SERVER, 0, 0, (struct bytes){ 0 });
	plan(simulation, CHAOS_MS, EVENT_HEAL, 0, 0, (struct bytes){ 0 });
}

/* ---- what happens ---- */

static bool is_chaos(const struct event *event)
{
	switch (event->kind) {
	case EVENT_WORK:
	case EVENT_OFFICE:
	case EVENT_LINK_DOWN:
	case EVENT_LINK_UP:
	case EVENT_KILL_DEVICE:
	case EVENT_KILL_SERVER:
	case EVENT_COPY_DEVICE:
	case EVENT_RESTORE_DEVICE:
	case EVENT_ROT:
	case EVENT_FULL_DEVICE:
	case EVENT_ROOM_DEVICE:
	case EVENT_FULL_SERVER:
	case EVENT_ROOM_SERVER:
		return true;
	case EVENT_REQUEST:
	case EVENT_REPLY:
	case EVENT_LOST:
	case EVENT_FLUSH:
	case EVENT_START_DEVICE:
	case EVENT_START_SERVER:
	case EVENT_HEAL:
	case EVENT_COUNT:
		break;
	}
	return false;
}

/* Everything runs again, and nothing goes wrong any more. */
static void heal(struct simulation *simulation)
{
	simulation->healed = true;
	event_queue_drop(&simulation->queue, is_chaos);
	crash_disk_fail(simulation->server.disk, DISK_WELL, 0);
	server_node_start(simulation);
	for (unsigned i = 0; i < simulation->device_count; i++) {
		struct device_node *device = &simulation->devices[i];
		crash_disk_fail(device->disk, DISK_WELL, 0);
		device->link_up = true;
		device_node_start(simulation, device, false);
		if (device->core != NULL)
			device->rounds_at_heal = device_core_state(device->core).rounds;
		if (device->core != NULL && device->damaged && device_core_check(device->core) != STATUS_OK)
			violate(simulation, "failure", "device %u does not compare: %s", device->number, fail_reason());
		device_node_go(simulation, device);
	}
}

/* Some die at once, some in the middle of what they do next. */
static void kill_device(struct simulation *simulation, struct device_node *device)
{
	if (device->core == NULL)
		return;
	if (stream_chance(&simulation->chance, 40))
		device_node_kill(simulation, device);
	else
		crash_disk_fail(
			device->disk, DISK_DEAD, 1 + stream_below(&simulation->chance, stream_chance(&simulation->chance, 50) ? 12 : 150));
}

static void kill_server(struct simulation *simulation)
{
	if (simulation->server.core == NULL)
		return;
	if (stream_chance(&simulation->chance, 30))
		server_node_kill(simulation);
	else
		crash_disk_fail(simulation->server.disk, DISK_DEAD,
			1 + stream_below(&simulation->chance, stream_chance(&simulation->chance, 50) ? 12 : 80));
}

static void set_link(struct simulation *simulation, struct device_node *device, bool up)
{
	device->link_up = up;
	if (!up)
		network_cut(simulation, device);
	else if (stream_chance(&simulation->net, 50))
		device_node_go(simulation, device);
}

static void happen_to_server(struct simulation *simulation, const struct event *event)
{
	struct server_node *server = &simulation->server;
	struct bytes bytes = { event->bytes, event->size };

	if (event->kind == EVENT_REQUEST)
		server_node_frame(simulation, event->connection, bytes);
	else if (event->kind == EVENT_FLUSH && event->connection == server->starts)
		server_node_flush(simulation);
	else if (event->kind == EVENT_OFFICE)
		scenario_office(simulation);
	else if (event->kind == EVENT_KILL_SERVER)
		kill_server(simulation);
	else if (event->kind == EVENT_START_SERVER)
		server_node_start(simulation);
	else if (event->kind == EVENT_FULL_SERVER || event->kind == EVENT_ROOM_SERVER)
		crash_disk_fail(server->disk, event->kind == EVENT_FULL_SERVER ? DISK_FULL : DISK_WELL, 0);
}

static void happen_to_device(struct simulation *simulation, const struct event *event)
{
	struct device_node *device = &simulation->devices[event->node - 1];
	struct bytes bytes = { event->bytes, event->size };
	bool waits = device->core != NULL && device->connection == event->connection;

	if (event->kind == EVENT_REPLY && waits && device->link_up)
		device_node_reply(simulation, device, bytes);
	else if (event->kind == EVENT_LOST && waits)
		device_node_lost(simulation, device);
	else if (event->kind == EVENT_WORK)
		scenario_work(simulation, device);
	else if (event->kind == EVENT_LINK_DOWN || event->kind == EVENT_LINK_UP)
		set_link(simulation, device, event->kind == EVENT_LINK_UP);
	else if (event->kind == EVENT_KILL_DEVICE)
		kill_device(simulation, device);
	else if (event->kind == EVENT_START_DEVICE)
		device_node_start(simulation, device, false);
	else if (event->kind == EVENT_COPY_DEVICE)
		device_node_copy(simulation, device);
	else if (event->kind == EVENT_RESTORE_DEVICE)
		device_node_restore(simulation, device);
	else if (event->kind == EVENT_ROT)
		rot_strike(simulation, device);
	else if (event->kind == EVENT_FULL_DEVICE || event->kind == EVENT_ROOM_DEVICE)
		crash_disk_fail(device->disk, event->kind == EVENT_FULL_DEVICE ? DISK_FULL : DISK_WELL, 0);
}

static bool is_of_device(enum event_kind kind)
{
	return kind == EVENT_REPLY || kind == EVENT_LOST || kind == EVENT_WORK || kind == EVENT_LINK_DOWN || kind == EVENT_LINK_UP ||
	       kind == EVENT_KILL_DEVICE || kind == EVENT_START_DEVICE || kind == EVENT_COPY_DEVICE || kind == EVENT_RESTORE_DEVICE ||
	       kind == EVENT_ROT || kind == EVENT_FULL_DEVICE || kind == EVENT_ROOM_DEVICE;
}

static void happen(struct simulation *simulation, const struct event *event)
{
	uint8_t digest[8] = { 0 };

	if (event->size > 0)
		crypto_shorthash(digest, event->bytes, event->size, (const unsigned char[crypto_shorthash_KEYBYTES]){ 0 });
	note(simulation, "%s node=%u connection=%llu bytes=%zu %02x%02x%02x%02x", event_to_text(event->kind), event->node,
		(unsigned long long)event->connection, event->size, digest[0], digest[1], digest[2], digest[3]);
	if (event->kind == EVENT_HEAL)
		heal(simulation);
	else if (is_of_device(event->kind))
		happen_to_device(simulation, event);
	else
		happen_to_server(simulation, event);
	arena_reset(&simulation->arena);
}

/* The earliest timer of a core; INT64_MAX: none. */
static int64_t earliest_timer(const struct simulation *simulation, const struct device_node **out_device)
{
	int64_t at = simulation->server.core != NULL ? server_core_deadline_ms(simulation->server.core) : INT64_MAX;

	*out_device = NULL;
	for (unsigned i = 0; i < simulation->device_count; i++) {
		const struct device_node *device = &simulation->devices[i];
		if (device->core == NULL || device_core_deadline_ms(device->core) >= at)
			continue;
		at = device_core_deadline_ms(device->core);
		*out_device = device;
	}
	return at;
}

bool simulation_step(struct simulation *simulation)
{
	const struct device_node *device;
	int64_t timer = earliest_timer(simulation, &device);
	int64_t planned = INT64_MAX;
	struct event event;

	(void)event_queue_peek(&simulation->queue, &planned);
	if (timer == INT64_MAX && planned == INT64_MAX)
		return false;
	if (timer < planned) {
		simulation->now_ms = timer > simulation->now_ms ? timer : simulation->now_ms;
		note(simulation, "tick %u", device == NULL ? 0 : device->number);
		if (device == NULL)
			server_node_tick(simulation);
		else
			device_node_tick(simulation, &simulation->devices[device->number - 1]);
	} else {
		simulation->now_ms = planned > simulation->now_ms ? planned : simulation->now_ms;
		if (event_queue_take(&simulation->queue, &event)) {
			happen(simulation, &event);
			free(event.bytes);
		}
	}
	simulation->steps++;
	return true;
}

bool simulation_is_quiet(struct simulation *simulation)
{
	if (!simulation->healed || simulation->server.core == NULL || simulation->queue.count > 0 ||
		server_core_counts(simulation->server.core).parked != simulation->device_count)
		return false;
	for (unsigned i = 0; i < simulation->device_count; i++)
		if (simulation->devices[i].core == NULL || !device_core_state(simulation->devices[i].core).synced)
			return false;
	return true;
}

static void run(struct simulation *simulation)
{
	while (!simulation->violated && !simulation_is_quiet(simulation)) {
		if (!simulation_step(simulation) || simulation->now_ms > CHAOS_MS + QUIET_MS || simulation->steps > STEPS_MAX) {
			violate(simulation, "I14", "not quiet after %llu steps, %lld s", (unsigned long long)simulation->steps,
				(long long)simulation->now_ms / 1000);
			return;
		}
	}
}

static int64_t most_rounds(const struct simulation *simulation)
{
	int64_t most = 0;

	for (unsigned i = 0; i < simulation->device_count; i++) {
		int64_t rounds = device_core_state(simulation->devices[i].core).repairs > 0 ? -REPAIR_ROUNDS : 0;
		rounds += device_core_state(simulation->devices[i].core).rounds - simulation->devices[i].rounds_at_heal;
		most = rounds > most ? rounds : most;
	}
	return most;
}

void simulation_begin(struct simulation *simulation, const struct template *template, const struct run_options *options)
{
	*simulation = (struct simulation){
		.seed = options->seed, .bug = options->bug, .trace = options->trace, .now_ms = 1, .device_count = template->device_count
	};
	crypto_generichash_init(&simulation->hash, NULL, 0, 16);
	stream_init(&simulation->order, options->seed, "order");
	stream_init(&simulation->net, options->seed, "net");
	stream_init(&simulation->chance, options->seed, "chance");
	stream_init(&simulation->office, options->seed, "office");
	stream_init(&simulation->crash, options->seed, "crash");
	stream_init(&simulation->poison, options->seed, "poison");
	stream_init(&simulation->rot, options->seed, "rot");
	server_node_init(simulation);
	crash_disk_load(simulation->server.disk, template->server);
	for (unsigned i = 0; i < simulation->device_count; i++) {
		device_node_init(simulation, i + 1);
		crash_disk_load(simulation->devices[i].disk,
			options->calm || stream_chance(&simulation->chance, 80) ? template->synced[i] : template->fresh[i]);
	}
	if (!options->calm) {
		plan_all(simulation);
		return;
	}
	simulation->healed = true;
	server_node_start(simulation);
	for (unsigned i = 0; i < simulation->device_count; i++)
		device_node_start(simulation, &simulation->devices[i], false);
}

void simulation_finish(struct simulation *simulation)
{
	for (unsigned i = 0; i < simulation->device_count; i++)
		device_node_finish(&simulation->devices[i]);
	server_node_finish(simulation);
	event_queue_finish(&simulation->queue);
	oracle_finish(&simulation->oracle);
	arena_finish(&simulation->arena);
}

static enum status count_issue(void *context, const void *row, const struct row_meta *meta)
{
	struct run_result *result = context;
	const struct issue *issue = row;

	(void)meta;
	if (issue->kind < ISSUE_KIND_COUNT)
		(issue->state == ISSUE_STATE_RESOLVED ? result->resolved : result->issues)[issue->kind]++;
	return STATUS_OK;
}

/* What a violated run cannot tell any more, it leaves out. */
static void count_issues(struct simulation *simulation, struct run_result *result)
{
	if (simulation->violated || table_scan(server_store_storage(simulation->server.store), &issue_schema, &(struct id){ 0 },
					    count_issue, result) != STATUS_OK)
		return;
	for (int kind = 0; kind < ISSUE_KIND_COUNT; kind++)
		result->issues[kind] += result->resolved[kind];
}

void simulation_run(const struct template *template, const struct run_options *options, struct run_result *out_result)
{
	static struct simulation simulation; /* large */

	*out_result = (struct run_result){ 0 };
	simulation_begin(&simulation, template, options);
	run(&simulation);
	if (!simulation.violated) {
		out_result->rounds = most_rounds(&simulation);
		if (out_result->rounds > ROUNDS_MAX + ROUNDS_MAX * (int64_t)simulation.server.poisoned &&
			simulation.faults.page_raw_max == 0 && simulation.faults.batch_raw_max == 0)
			violate(&simulation, "I6", "a device needed %lld rounds after all was healed", (long long)out_result->rounds);
		checks_at_end(&simulation);
	}
	out_result->violated = simulation.violated;
	memcpy(out_result->invariant, simulation.invariant, sizeof(out_result->invariant));
	memcpy(out_result->violation, simulation.violation, sizeof(out_result->violation));
	count_issues(&simulation, out_result);
	out_result->steps = simulation.steps;
	out_result->operations = simulation.oracle.count;
	crypto_generichash_final(&simulation.hash, out_result->hash, sizeof(out_result->hash));
	simulation_finish(&simulation);
}
