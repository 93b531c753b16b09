#include "tests/simulation/simulation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/sync/blob_store.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/mule.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/post.h"
#include "tests/simulation/rot.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/watch.h"

#define REPAIR_ROUNDS  8 /* more, of a repair by range: what failed before it, its questions, the pull behind them */
#define QUIET_MS       (60 * 60000) /* after healing, all must be quiet before */
#define HOUR_MS        ((int64_t)60 * 60000)
#define OLD_MS         (100 * 24 * HOUR_MS) /* older than any file that no row speaks of */
#define STEPS_MAX      200000               /* of so many … */
#define FEW_DEVICES    8                    /* devices: more take more */
#define ROUNDS_MAX     6 /* hello, what is pending, its answer, and what the others then had to say: the more of them, the more */
#define PHASES_MAX     2
#define SESSIONS_LIMIT 250 /* of all devices, at a time: those of the last hour that were never used stay for so long */

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

/* ---- what happens ---- */

/* What an event is of: faults are counted, and chaos ends with the healing. */
static const struct {
	bool chaos;
	bool of_device;
	int fault; /* enum fault_kind; -1: none */
} kinds[EVENT_COUNT] = {
	/* clang-format off */
	[EVENT_REQUEST]        = { false, false, -1 },
	[EVENT_REPLY]          = { false, true,  -1 },
	[EVENT_LOST]           = { false, true,  -1 },
	[EVENT_FLUSH]          = { false, false, -1 },
	[EVENT_WORK]           = { true,  true,  -1 },
	[EVENT_OFFICE]         = { true,  false, -1 },
	[EVENT_LINK_DOWN]      = { true,  true,  FAULT_CUT },
	[EVENT_LINK_UP]        = { true,  true,  -1 },
	[EVENT_KILL_DEVICE]    = { true,  true,  FAULT_KILL_DEVICE },
	[EVENT_START_DEVICE]   = { false, true,  -1 },
	[EVENT_KILL_SERVER]    = { true,  false, FAULT_KILL_SERVER },
	[EVENT_START_SERVER]   = { false, false, -1 },
	[EVENT_COPY_DEVICE]    = { true,  true,  -1 },
	[EVENT_RESTORE_DEVICE] = { true,  true,  FAULT_RESTORE },
	[EVENT_BACK_UP_SERVER]    = { true,  false, -1 },
	[EVENT_RESTORE_SERVER] = { true,  false, FAULT_RESTORE_SERVER },
	[EVENT_CLOG]           = { true,  true,  FAULT_CLOG },
	[EVENT_CLONE]          = { true,  true,  FAULT_CLONE },
	[EVENT_REVOKE]         = { true,  true,  FAULT_REVOKE },
	[EVENT_CLOCK]          = { true,  true,  FAULT_CLOCK },
	[EVENT_ROT]            = { true,  true,  FAULT_ROT },
	[EVENT_METERED]        = { true,  true,  FAULT_METERED },
	[EVENT_LEISURE]        = { true,  true,  -1 },
	[EVENT_FULL_DEVICE]    = { true,  true,  FAULT_FULL_DEVICE },
	[EVENT_ROOM_DEVICE]    = { true,  true,  -1 },
	[EVENT_FULL_SERVER]    = { true,  false, FAULT_FULL_SERVER },
	[EVENT_ROOM_SERVER]    = { true,  false, -1 },
	[EVENT_BUNDLE_OUT]     = { true,  true,  FAULT_BUNDLES },
	[EVENT_BUNDLE_IN]      = { true,  false, -1 },
	[EVENT_BUNDLE_FOR]     = { true,  false, FAULT_BUNDLES },
	[EVENT_BUNDLE_TO]      = { true,  true,  -1 },
	[EVENT_BUNDLE_CARRY]   = { true,  true,  -1 },
	[EVENT_BUNDLE_FETCH]   = { true,  true,  -1 },
	[EVENT_HEAL]           = { false, false, -1 },
	/* clang-format on */
};

static bool is_chaos(const struct event *event)
{
	return kinds[event->kind].chaos;
}

/* For itself. */
static int64_t rounds_of(const struct device_node *device)
{
	struct device_core_state state = device_core_state(device->core);

	return state.rounds - state.carried_pieces;
}

/* Everything runs again, and nothing goes wrong any more. */
static void heal(struct simulation *simulation)
{
	simulation->healed = true;
	event_queue_drop(&simulation->queue, is_chaos);
	crash_disk_fail(simulation->server.disk, DISK_WELL, 0);
	server_node_start(simulation);
	device_node_retire_copies(simulation);
	for (unsigned i = 0; i < simulation->device_count; i++) {
		struct device_node *device = &simulation->devices[i];
		crash_disk_fail(device->disk, DISK_WELL, 0);
		device->link_up = true;
		device->by_post = false;
		device_node_start(simulation, device, false);
		device_node_allow(simulation, device, CLASS_FILES);
		if (device->core != NULL && simulation->faults.percent[FAULT_FILES] > 0)
			device_node_lost(simulation, device); /* what had no room is tried again in the next session */
		if (device->core != NULL)
			device->rounds_at_heal = rounds_of(device);
		device_node_go(simulation, device);
		if (device->damaged) /* nobody tells it to compare: it must find out by itself */
			device_node_check_whole(simulation, device);
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
	device->link_up = up && !device->by_post;
	if (!device->link_up)
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
	else if (event->kind == EVENT_BACK_UP_SERVER)
		server_node_backup(simulation);
	else if (event->kind == EVENT_RESTORE_SERVER)
		server_node_restore(simulation);
	else if (event->kind == EVENT_START_SERVER)
		server_node_start(simulation);
	else if (event->kind == EVENT_BUNDLE_FOR)
		post_from_server(simulation, event->node);
	else if (event->kind == EVENT_BUNDLE_IN)
		server_node_read_bundle(simulation, bytes, event->connection == POST_UNTOUCHED);
	else if (event->kind == EVENT_FULL_SERVER || event->kind == EVENT_ROOM_SERVER)
		crash_disk_fail(server->disk, event->kind == EVENT_FULL_SERVER ? DISK_FULL : DISK_WELL, 0);
}

static void jump_clock(struct simulation *simulation, struct device_node *device)
{
	const int64_t hour_ms = 3600000, day_ms = 24 * hour_ms;
	const int64_t errors_ms[] = { 0, hour_ms, -hour_ms, 3 * day_ms, -3 * day_ms, 3650 * day_ms, -WALL_START_MS };

	device->time.error_ms = errors_ms[stream_below(&simulation->chance, LENGTH(errors_ms))];
}

/* Its link costs now, or does not any more. */
static void set_load(struct simulation *simulation, struct device_node *device)
{
	const enum delivery_class loads[] = { CLASS_CONTROL, CLASS_KNOWLEDGE, CLASS_FILES };

	device_node_allow(simulation, device, loads[stream_below(&simulation->metered, LENGTH(loads))]);
}

/* From a copy of both files, or of its outbox alone. */
static void put_back(struct simulation *simulation, struct device_node *device)
{
	device_node_restore(simulation, device);
	if (device->swapped && device->core == NULL && stream_chance(&simulation->copies, 40))
		device->anew = true;
}

static void go_wrong_on_device(struct simulation *simulation, struct device_node *device, const struct event *event)
{
	if (event->kind == EVENT_LINK_DOWN || event->kind == EVENT_LINK_UP || event->kind == EVENT_CLOG)
		set_link(simulation, device, event->kind == EVENT_LINK_UP);
	else if (event->kind == EVENT_KILL_DEVICE)
		kill_device(simulation, device);
	else if (event->kind == EVENT_COPY_DEVICE)
		device_node_copy(simulation, device);
	else if (event->kind == EVENT_RESTORE_DEVICE)
		put_back(simulation, device);
	else if (event->kind == EVENT_CLONE && !simulation->server.swapped)
		device_node_clone(simulation, device);
	else if (event->kind == EVENT_REVOKE && !simulation->server.swapped)
		scenario_revoke(simulation, device->who);
	else if (event->kind == EVENT_CLOCK)
		jump_clock(simulation, device);
	else if (event->kind == EVENT_ROT)
		rot_strike(simulation, device);
	else if (event->kind == EVENT_METERED)
		set_load(simulation, device);
	else if (event->kind == EVENT_LEISURE)
		device_node_leisure(simulation, device, (size_t)stream_between(&simulation->leisure, 1, 30));
	else if (event->kind == EVENT_FULL_DEVICE || event->kind == EVENT_ROOM_DEVICE)
		crash_disk_fail(device->disk, event->kind == EVENT_FULL_DEVICE ? DISK_FULL : DISK_WELL, 0);
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
	else if (event->kind == EVENT_START_DEVICE)
		device_node_start(simulation, device, false);
	else if (event->kind == EVENT_BUNDLE_OUT)
		post_from_device(simulation, device);
	else if (event->kind == EVENT_BUNDLE_TO)
		device_node_read_bundle(simulation, device, bytes, event->connection == POST_UNTOUCHED);
	else if (event->kind == EVENT_BUNDLE_CARRY)
		mule_take(simulation, device, bytes);
	else if (event->kind == EVENT_BUNDLE_FETCH)
		mule_hand_out(simulation, device);
	else
		go_wrong_on_device(simulation, device, event);
}

static void happen(struct simulation *simulation, const struct event *event)
{
	uint8_t digest[8] = { 0 };

	if (event->size > 0)
		crypto_shorthash(digest, event->bytes, event->size, (const unsigned char[crypto_shorthash_KEYBYTES]){ 0 });
	note(simulation, "%s node=%u connection=%llu bytes=%zu %02x%02x%02x%02x", event_to_text(event->kind), event->node,
		(unsigned long long)event->connection, event->size, digest[0], digest[1], digest[2], digest[3]);
	if (kinds[event->kind].fault >= 0)
		simulation->counts.happened[kinds[event->kind].fault]++;
	if (event->kind == EVENT_HEAL)
		heal(simulation);
	else if (kinds[event->kind].of_device)
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
	for (unsigned i = 0; i < simulation->node_count; i++) {
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

static size_t size_factor(const struct simulation *simulation)
{
	return 1 + simulation->device_count / FEW_DEVICES;
}

/* I14: what must never grow, whatever comes in. */
static void check_bounds(struct simulation *simulation)
{
	struct server_core_counts counts;

	if (simulation->server.core == NULL)
		return;
	counts = server_core_counts(simulation->server.core);
	if (counts.parked > simulation->device_count || counts.sessions > SESSIONS_LIMIT * size_factor(simulation))
		violate(simulation, "I14", "the server keeps %zu polls and %zu sessions for %u devices", counts.parked, counts.sessions,
			simulation->device_count);
}

static void run(struct simulation *simulation)
{
	while (!simulation->violated && !simulation_is_quiet(simulation)) {
		if (!simulation_step(simulation) || simulation->now_ms > simulation->phase_at_ms + CHAOS_MS + QUIET_MS ||
			simulation->steps > STEPS_MAX * size_factor(simulation)) {
			violate(simulation, "I14", "not quiet after %llu steps, %lld s", (unsigned long long)simulation->steps,
				(long long)simulation->now_ms / 1000);
			return;
		}
		check_bounds(simulation);
	}
}

static int64_t most_rounds(const struct simulation *simulation)
{
	int64_t most = 0;

	for (unsigned i = 0; i < simulation->device_count; i++) {
		int64_t rounds = device_core_state(simulation->devices[i].core).repairs > 0 ? -REPAIR_ROUNDS : 0;
		rounds += rounds_of(&simulation->devices[i]) - simulation->devices[i].rounds_at_heal;
		most = rounds > most ? rounds : most;
	}
	return most;
}

static void choose(struct simulation *simulation, const struct run_options *options)
{
	size_t page_raw_max, batch_raw_max;
	int64_t retention_ms = stream_between(&simulation->rot, 60000, 10 * 60000);
	int64_t window_ms = stream_between(&simulation->age, 60000, 20 * 60000);
	struct stream *const apart[FAULT_COUNT] = {
		[FAULT_RESTORE_SERVER] = &simulation->restores,
		[FAULT_HERD] = &simulation->herd,
		[FAULT_BUNDLES] = &simulation->post,
		[FAULT_FILES] = &simulation->photos,
		[FAULT_REVISIONS] = &simulation->revisions,
		[FAULT_METERED] = &simulation->metered,
		[FAULT_DESK] = &simulation->desk,
		[FAULT_WINDOW] = &simulation->age,
	};

	faults_choose(&simulation->faults, &simulation->chance, apart, options->without_faults);
	if (options->drill) { /* who was revoked or copied since is another story, see server_node_restore() */
		simulation->faults.percent[FAULT_RESTORE_SERVER] = 100;
		simulation->faults.percent[FAULT_CLONE] = simulation->faults.percent[FAULT_REVOKE] = 0;
	}
	page_raw_max = (size_t)stream_between(&simulation->chance, 1, 1500);
	batch_raw_max = (size_t)stream_between(&simulation->chance, 1, 600);
	if (simulation->faults.percent[FAULT_SMALL_PAGES] > 0)
		simulation->page_raw_max = page_raw_max;
	if (simulation->faults.percent[FAULT_SMALL_BATCHES] > 0)
		simulation->batch_raw_max = batch_raw_max;
	if (simulation->faults.percent[FAULT_FORGETTING] > 0)
		simulation->retention_ms = retention_ms;
	if (simulation->faults.percent[FAULT_WINDOW] > 0)
		simulation->window_ms = window_ms;
	simulation->counts.happened[FAULT_FORGETTING] = simulation->retention_ms > 0;
	simulation->counts.happened[FAULT_SMALL_PAGES] = simulation->page_raw_max > 0;
	simulation->counts.happened[FAULT_SMALL_BATCHES] = simulation->batch_raw_max > 0;
}

/* Some devices begin with a program of before, which has a replica of its own time. */
static void choose_older(struct simulation *simulation, const struct template *template)
{
	for (unsigned i = 0; i < simulation->device_count && simulation->faults.percent[FAULT_REVISIONS] > 0; i++) {
		if (!stream_chance(&simulation->revisions, 60))
			continue;
		crash_disk_load(simulation->devices[i].disk, template->fresh[i]);
		simulation->devices[i].older = simulation->devices[i].anew = true;
		simulation->counts.happened[FAULT_REVISIONS]++;
	}
}

void simulation_begin(struct simulation *simulation, const struct template *template, const struct run_options *options)
{
	*simulation = (struct simulation){
		.seed = options->seed,
		.bug = options->bug,
		.trace = options->trace,
		.without_devices = options->without_devices,
		.now_ms = 1,
		.phase_at_ms = 1,
		.device_count = template->device_count,
		.node_count = template->device_count,
	};
	crypto_generichash_init(&simulation->hash, NULL, 0, 16);
	stream_init(&simulation->order, options->seed, "order");
	stream_init(&simulation->net, options->seed, "net");
	stream_init(&simulation->chance, options->seed, "chance");
	stream_init(&simulation->office, options->seed, "office");
	stream_init(&simulation->crash, options->seed, "crash");
	stream_init(&simulation->poison, options->seed, "poison");
	stream_init(&simulation->restores, options->seed, "restores");
	stream_init(&simulation->copies, options->seed, "copies");
	stream_init(&simulation->herd, options->seed, "herd");
	stream_init(&simulation->metered, options->seed, "metered");
	stream_init(&simulation->rot, options->seed, "rot");
	stream_init(&simulation->post, options->seed, "post");
	stream_init(&simulation->mules, options->seed, "mules");
	stream_init(&simulation->photos, options->seed, "photos");
	stream_init(&simulation->leisure, options->seed, "leisure");
	stream_init(&simulation->revisions, options->seed, "revisions");
	stream_init(&simulation->desk, options->seed, "desk");
	stream_init(&simulation->age, options->seed, "age");
	server_node_init(simulation);
	crash_disk_load(simulation->server.disk, template->server);
	for (unsigned i = 0; i < simulation->device_count; i++) {
		device_node_init(simulation, i + 1);
		crash_disk_load(simulation->devices[i].disk,
			options->calm || stream_chance(&simulation->chance, 80) ? template->synced[i] : template->fresh[i]);
	}
	if (!options->calm) {
		choose(simulation, options);
		choose_older(simulation, template);
		plan_phase(simulation);
		return;
	}
	simulation->healed = true;
	server_node_start(simulation);
	for (unsigned i = 0; i < simulation->device_count; i++)
		device_node_start(simulation, &simulation->devices[i], false);
}

void simulation_finish(struct simulation *simulation)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (simulation->devices[i].number != 0)
			device_node_finish(&simulation->devices[i]);
	server_node_finish(simulation);
	event_queue_finish(&simulation->queue);
	oracle_finish(&simulation->oracle);
	visit_paths_forget(&simulation->paths);
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

/* So much time that whatever no row speaks of goes, by the hourly look of the server and the leisure of the devices. */
static void grow_old(struct simulation *simulation)
{
	memory_files_grow_old(simulation->server.blobs, OLD_MS);
	for (unsigned i = 0; i < simulation->device_count; i++) {
		struct device_node *device = &simulation->devices[i];
		mule_grow_old(simulation, device);
		memory_files_grow_old(device->blobs, OLD_MS);
		device_node_check_whole(simulation, device);
		device_node_leisure(simulation, device, BLOB_FOLDERS);
	}
}

/* What the server did not remember it looks at again every hour, and files that it lacked are asked for again. */
static void pass_an_hour(struct simulation *simulation)
{
	bool files = simulation->faults.percent[FAULT_FILES] > 0;

	if (simulation->violated || (!simulation->server.swapped && simulation->retention_ms == 0 && !files))
		return;
	if (files)
		grow_old(simulation);
	simulation->now_ms += HOUR_MS;
	simulation->phase_at_ms += HOUR_MS;
	server_node_tick(simulation);
	run(simulation);
	if (files && simulation->faults.percent[FAULT_WINDOW] > 0) /* rows of files may have left in that hour: a day later those go, too */
		grow_old(simulation);
}

/* A pass that passes over what may go with a scope that is dropped does not count, and is repeated within the hour. */
static bool is_to_be_looked_at_again(const struct device_node *device)
{
	int64_t checked_at_ms = 0;

	return device->damaged && device->core != NULL && device_store_checked_at(device->store, &checked_at_ms) == STATUS_OK &&
	       checked_at_ms == 0;
}

static void look_again(struct simulation *simulation)
{
	bool any = false;

	for (unsigned i = 0; i < simulation->device_count; i++)
		any = any || is_to_be_looked_at_again(&simulation->devices[i]);
	if (!any || simulation->violated)
		return;
	simulation->now_ms += HOUR_MS;
	simulation->phase_at_ms += HOUR_MS;
	for (unsigned i = 0; i < simulation->device_count; i++)
		if (is_to_be_looked_at_again(&simulation->devices[i]))
			device_node_check_whole(simulation, &simulation->devices[i]);
	run(simulation);
}

/* Chaos, healing, quiet, and what must hold then. */
static void run_phase(struct simulation *simulation, struct run_result *result)
{
	bool small = simulation->page_raw_max > 0 || simulation->batch_raw_max > 0;
	bool copied = simulation->counts.happened[FAULT_CLONE] > 0;
	bool files = simulation->faults.percent[FAULT_FILES] > 0; /* each piece is a round */
	int64_t rounds, rounds_max;

	run(simulation);
	if (simulation->violated)
		return;
	rounds = most_rounds(simulation);
	rounds_max = ROUNDS_MAX * (int64_t)size_factor(simulation) * (1 + (int64_t)simulation->server.poisoned);
	result->rounds = rounds > result->rounds ? rounds : result->rounds;
	if (rounds > rounds_max && !small && !copied && !files)
		violate(simulation, "I6", "a device needed %lld rounds after all was healed", (long long)rounds);
	look_again(simulation);
	pass_an_hour(simulation); /* rows come and go by what is looked at again … */
	pass_an_hour(simulation); /* … and files follow them */
	if (simulation->violated)
		return;
	checks_at_end(simulation);
	arena_reset(&simulation->arena);
}

static bool goes_on(struct simulation *simulation)
{
	return !simulation->violated && stream_chance(&simulation->chance, simulation->faults.percent[FAULT_CHAOS_AGAIN]);
}

void simulation_run(const struct template *template, const struct run_options *options, struct run_result *out_result)
{
	static struct simulation simulation; /* large */

	*out_result = (struct run_result){ 0 };
	crash_vfs_sync_at_checkpoint(options->bug == BUG_SYNC_AT_CHECKPOINT);
	simulation_begin(&simulation, template, options);
	watch_begin(&simulation);
	run_phase(&simulation, out_result);
	for (int phase = 1; phase < PHASES_MAX && goes_on(&simulation); phase++) {
		simulation.counts.happened[FAULT_CHAOS_AGAIN]++;
		simulation.healed = false;
		simulation.phase_at_ms = simulation.now_ms;
		plan_phase(&simulation);
		run_phase(&simulation, out_result);
	}
	watch_end();
	out_result->violated = simulation.violated;
	memcpy(out_result->invariant, simulation.invariant, sizeof(out_result->invariant));
	memcpy(out_result->violation, simulation.violation, sizeof(out_result->violation));
	count_issues(&simulation, out_result);
	out_result->steps = simulation.steps;
	out_result->operations = simulation.oracle.count;
	simulation.counts.happened[FAULT_POISON] = simulation.server.poisoned;
	out_result->faults = simulation.counts;
	crypto_generichash_final(&simulation.hash, out_result->hash, sizeof(out_result->hash));
	simulation_finish(&simulation);
}
