#include "tests/bench/load/fleet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "db/connection.h"
#include "device_agent/store.h"
#include "protocol/domain/asset.h"
#include "shell/descriptors.h"
#include "tests/bench/load/memory_disk.h"
#include "tests/bench/stopwatch.h"

#define DESCRIPTORS_OWN 64
#define EVENTS_MAX      512
#define REPLIES_A_TURN  16 /* taken in by cores before the lines are looked at again: when a reply came is not to depend on them */
#define TICK_MS         20
#define SOURCES         16 /* own addresses */

struct load_device {
	size_t number;
	struct device_store *store;
	struct device_core *core;
	struct line line;
	struct arena arena; /* of the reply */
	struct bytes reply; /* that waits to be taken in */
	bool waiting;
	int64_t came_ns;    /* the reply that waits, or was taken in last */
	int64_t reached_ns; /* the reply with which the goal was reached came; 0: not yet */
	int64_t applied_ns;
	int64_t begun_ns; /* its part of the round; 0: its turn has not come */
	int64_t cuts;     /* when the round began */
};

struct fleet {
	struct fleet_options options;
	struct load_device *devices;
	size_t count;
	int epoll;
	bool on_line;
	struct load_device **queue; /* replies that wait, in a ring */
	size_t queue_first, queue_count;
	enum fleet_goal goal;
	size_t begun; /* so many had their turn */
	size_t window;
	size_t reached;
	int64_t ticked_ns;
	uint64_t bytes_before;
	int64_t connections_before;
	struct fleet_counts counts;
};

static void note_failure(struct fleet *fleet, enum status status)
{
	if (fleet->counts.failures++ == 0)
		(void)snprintf(fleet->counts.failure, sizeof(fleet->counts.failure), "%s: %s", status_to_text(status), fail_reason());
}

/* ---- one device ---- */

static void device_lost(struct fleet *fleet, struct load_device *device)
{
	enum status status;

	line_close(&device->line);
	fleet->counts.lost += fleet->on_line;
	status = device_core_lost(device->core);
	if (status != STATUS_OK)
		note_failure(fleet, status);
}

static enum status device_send(struct fleet *fleet, struct load_device *device, struct bytes frame)
{
	if (fleet->on_line &&
		line_send(&device->line, fleet->options.port, (uint8_t)(1 + device->number % SOURCES), frame) == STATUS_OK)
		return STATUS_OK;
	device_lost(fleet, device);
	return STATUS_OK;
}

static bool goal_reached(const struct fleet *fleet, const struct load_device *device)
{
	struct device_core_state state;

	if (fleet->goal == FLEET_NEVER)
		return false;
	state = device_core_state(device->core);
	return fleet->goal == FLEET_TOLD ? state.cuts > device->cuts : state.synced;
}

/* What SQLite keeps of pages can be read again, and a log is memory here: with ten thousand devices they are most of what this process
 * takes. */
static void save_memory(const struct load_device *device)
{
	storage_fold(device_store_replica_storage(device->store));
	storage_fold(device_store_outbox_storage(device->store));
	(void)sqlite3_db_release_memory(device_store_replica_storage(device->store)->connection);
	(void)sqlite3_db_release_memory(device_store_outbox_storage(device->store)->connection);
}

static void look_at_goal(struct fleet *fleet, struct load_device *device)
{
	if (device->reached_ns != 0 || device->begun_ns == 0 || !goal_reached(fleet, device))
		return;
	device->reached_ns = device->came_ns;
	device->applied_ns = stopwatch_now_ns();
	fleet->reached++;
	save_memory(device);
}

/* What the core asked for, as its agent would do it. */
static void device_settle(struct fleet *fleet, struct load_device *device, enum status status)
{
	struct device_effect effect;
	struct device_core_state state;
	bool broken = device->line.descriptor < 0;

	while (status == STATUS_OK && device_core_next(device->core, &effect)) {
		if (effect.kind == DEVICE_EFFECT_SEND)
			status = device_send(fleet, device, effect.bytes);
		else
			status = device_core_committed(device->core, device_core_cut(device->core));
	}
	if (status != STATUS_OK && status != STATUS_OFFLINE) {
		note_failure(fleet, status);
		device_lost(fleet, device);
	}
	state = device_core_state(device->core);
	if (!broken && !state.waiting && !state.connected && fleet->on_line) /* a try always means a fresh connection */
		device_lost(fleet, device);
	look_at_goal(fleet, device);
}

static void device_take(struct fleet *fleet, struct load_device *device)
{
	device->waiting = false;
	device_settle(fleet, device, device_core_reply(device->core, device->reply));
	arena_reset(&device->arena);
}

static void device_hear(struct fleet *fleet, struct load_device *device)
{
	enum status status = line_ready(&device->line, &device->arena, &device->reply);

	if (status == STATUS_OFFLINE) {
		device_lost(fleet, device);
	} else if (status == STATUS_OK && !device->waiting) {
		device->waiting = true;
		device->came_ns = stopwatch_now_ns();
		fleet->queue[(fleet->queue_first + fleet->queue_count++) % fleet->count] = device;
	}
}

static void device_tick(struct fleet *fleet, struct load_device *device, int64_t now_ms)
{
	if (device->begun_ns == 0 || device->waiting || now_ms < device_core_deadline_ms(device->core))
		return;
	if (device_core_state(device->core).waiting) { /* no answer in time */
		fleet->counts.lost++;
		line_close(&device->line);
	}
	device_settle(fleet, device, device_core_tick(device->core));
}

static enum status device_open(
	struct fleet *fleet, const struct fleet_server *server, struct fleet_member *member, struct load_device *device)
{
	char dir[24];
	struct device_store_options store = {
		.create = true, .device = member->identity.id, .vfs = MEMORY_DISK_VFS, .files = &memory_disk_files
	};
	struct device_core_options core = { .clock = clock_system(),
		.random = random_system(),
		.identity = member->identity,
		.server = server->party,
		.organisation = server->organisation,
		.technician = member->technician,
		.poll_wait_ms = fleet->options.poll_wait_ms };
	enum status status;

	(void)snprintf(dir, sizeof(dir), "/%zu", device->number);
	random_fill(random_system(), &store.incarnation, sizeof(store.incarnation));
	line_init(&device->line, fleet->epoll, device);
	if (device->number > 0)
		memory_disk_copy(0, device->number, "replica.db");
	status = device_store_open(dir, &store, &device->store);
	if (status != STATUS_OK)
		return status;
	core.store = device->store;
	status = device_core_create(&core, &device->core);
	identity_wipe(&core.identity);
	return status;
}

static void device_finish(struct load_device *device)
{
	line_close(&device->line);
	device_core_destroy(device->core);
	device_store_close(device->store);
	arena_finish(&device->arena);
}

/* ---- all of them ---- */

/* The empty replica that every device begins with a copy of: made once, by a device of nobody's. */
static enum status make_template(void)
{
	const struct device_store_options options = {
		.create = true, .device = { { 1 } }, .incarnation = { { 1 } }, .vfs = MEMORY_DISK_VFS, .files = &memory_disk_files
	};
	struct device_store *store = NULL;
	enum status status = device_store_open("/0", &options, &store);

	if (status == STATUS_OK)
		status = storage_checkpoint(device_store_replica_storage(store));
	device_store_close(store);
	return status;
}

static enum status open_all(struct fleet *fleet, FILE *file)
{
	struct fleet_server server;
	struct fleet_member member;
	enum status status = fleet_read_server(file, &server);

	while (status == STATUS_OK && (fleet->options.most == 0 || fleet->count < fleet->options.most)) {
		struct load_device *device = &fleet->devices[fleet->count];
		status = fleet_read_member(file, &member);
		if (status != STATUS_OK)
			break;
		device->number = ++fleet->count;
		status = device_open(fleet, &server, &member, device);
		identity_wipe(&member.identity);
	}
	return status == STATUS_NOT_FOUND && fleet->count > 0 ? STATUS_OK : status;
}

static size_t count_lines(FILE *file)
{
	size_t count = 0;
	int character;

	while ((character = fgetc(file)) != EOF)
		count += character == '\n';
	rewind(file);
	return count;
}

static enum status check_descriptors(size_t devices)
{
	size_t most = descriptors_raise(devices + DESCRIPTORS_OWN);

	if (most >= devices + DESCRIPTORS_OWN)
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE,
		"%zu devices need %zu open files, and this system allows %zu: raise it (ulimit -Hn), or take fewer devices", devices,
		devices + DESCRIPTORS_OWN, most);
}

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		abort();
	return memory;
}

static enum status open_members(struct fleet *fleet, FILE *file)
{
	size_t members = count_lines(file) - 1;
	enum status status;

	if (fleet->options.most > 0 && fleet->options.most < members)
		members = fleet->options.most;
	status = check_descriptors(members);
	if (status != STATUS_OK)
		return status;
	memory_disk_register(members + 1);
	fleet->devices = zeroed(members, sizeof(*fleet->devices));
	fleet->queue = zeroed(members, sizeof(struct load_device *));
	status = make_template();
	return status == STATUS_OK ? open_all(fleet, file) : status;
}

enum status fleet_open(const struct fleet_options *options, struct fleet **out_fleet)
{
	struct fleet *fleet = zeroed(1, sizeof(*fleet));
	FILE *file = fopen(options->file, "r");
	enum status status;

	keys_init();
	fleet->options = *options;
	fleet->goal = FLEET_NEVER;
	fleet->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (file == NULL || fleet->epoll < 0)
		status = fail(STATUS_NOT_FOUND, "%s cannot be read", options->file);
	else
		status = open_members(fleet, file);
	if (file != NULL)
		(void)fclose(file);
	if (status == STATUS_OK)
		*out_fleet = fleet;
	else
		fleet_close(fleet);
	return status;
}

void fleet_close(struct fleet *fleet)
{
	if (fleet == NULL)
		return;
	fleet->on_line = false;
	for (size_t i = 0; i < fleet->count; i++)
		device_finish(&fleet->devices[i]);
	memory_disk_finish();
	if (fleet->epoll >= 0)
		(void)close(fleet->epoll);
	free(fleet->queue);
	free(fleet->devices);
	free(fleet);
}

void fleet_set_port(struct fleet *fleet, uint16_t port)
{
	fleet->options.port = port;
}

static void sum_lines(const struct fleet *fleet, uint64_t *out_bytes, int64_t *out_connections)
{
	*out_bytes = 0;
	*out_connections = 0;
	for (size_t i = 0; i < fleet->count; i++) {
		*out_bytes += fleet->devices[i].line.sent + fleet->devices[i].line.received;
		*out_connections += fleet->devices[i].line.connections;
	}
}

/* Ten thousand cores that were not asked for a while take seconds to say how many cuts they have: no device's time begins before that. */
static void begin_round(struct fleet *fleet)
{
	fleet->counts = (struct fleet_counts){ .failures = fleet->counts.failures };
	sum_lines(fleet, &fleet->bytes_before, &fleet->connections_before);
	fleet->reached = 0;
	for (size_t i = 0; i < fleet->count; i++) {
		fleet->devices[i].begun_ns = 0;
		fleet->devices[i].reached_ns = 0;
		fleet->devices[i].cuts = device_core_state(fleet->devices[i].core).cuts;
	}
}

void fleet_begin(struct fleet *fleet)
{
	int64_t now_ns;

	begin_round(fleet);
	now_ns = stopwatch_now_ns();
	for (size_t i = 0; i < fleet->count; i++)
		fleet->devices[i].begun_ns = now_ns;
}

/* The next ones, as long as fewer than the window are under way. */
static void begin_some(struct fleet *fleet)
{
	while (fleet->begun < fleet->count && fleet->begun - fleet->reached < fleet->window) {
		struct load_device *device = &fleet->devices[fleet->begun++];
		device->begun_ns = stopwatch_now_ns();
		device_settle(fleet, device, device_core_go(device->core, true));
	}
}

void fleet_go(struct fleet *fleet, size_t window)
{
	fleet->on_line = true;
	begin_round(fleet);
	fleet->begun = 0;
	fleet->window = window == 0 ? fleet->count : window;
	begin_some(fleet);
}

void fleet_leave(struct fleet *fleet)
{
	fleet->on_line = false;
	fleet->begun = fleet->count;
	fleet->queue_count = 0;
	for (size_t i = 0; i < fleet->count; i++) {
		fleet->devices[i].waiting = false;
		device_lost(fleet, &fleet->devices[i]);
	}
}

/* ---- the technicians' work ---- */

struct asset_list {
	struct id *ids;
	size_t count, most;
};

static enum status note_asset(void *context, const void *row, const struct row_meta *meta)
{
	struct asset_list *list = context;

	(void)meta;
	if (list->count < list->most)
		list->ids[list->count++] = *row_id(row);
	return STATUS_OK;
}

static enum status edit_one(struct fleet *fleet, struct load_device *device, struct arena *arena, const struct id *id, size_t number)
{
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = RECORD_ASSET, .subject = *id } };
	struct asset edited;
	struct verdict verdict;
	struct id operation_id;
	const void *before;
	enum status status = records_get(device_store_records(device->store), RECORD_ASSET, id, &before);

	if (status != STATUS_OK)
		return status;
	before = row_copy(arena, &asset_schema, before);
	device_store_reset_rows(device->store);
	edited = *(const struct asset *)before;
	edited.name = arena_print(arena, "Pump %zu, plant room", number % 90);
	edited.model = arena_print(arena, "Rotaflow %zu-%zu", 20 + number % 9 * 5, device->number % 80 + 40);
	edited.serial = arena_print(arena, "PU%07llu", (unsigned long long)(stopwatch_now_ns() / 1000 % 10000000));
	operation.head.at_ms = clock_now_ms(clock_system());
	operation.arguments = &edited;
	operation.old_values = before;
	operation.mask = UINT64_C(1) << 4 | UINT64_C(1) << 5 | UINT64_C(1) << 6;
	fleet->counts.operations++;
	return device_core_operation(device->core, arena, &operation, &verdict, &operation_id);
}

static enum status device_edit(struct fleet *fleet, struct load_device *device, size_t count)
{
	struct arena arena = { 0 };
	struct asset_list list = { .most = count, .ids = arena_allocate_array(&arena, count, sizeof(struct id)) };
	enum status status = table_scan(device_store_replica_storage(device->store), &asset_schema, &(struct id){ 0 }, note_asset, &list);

	if (status == STATUS_OK && list.count == 0)
		status = fail(STATUS_NOT_FOUND, "device %zu has no asset to edit", device->number);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = edit_one(fleet, device, &arena, &list.ids[i % list.count], i);
		device_settle(fleet, device, STATUS_OK);
	}
	save_memory(device);
	arena_finish(&arena);
	return status;
}

enum status fleet_edit(struct fleet *fleet, size_t count)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < fleet->count && status == STATUS_OK; i++)
		status = device_edit(fleet, &fleet->devices[i], count);
	return status;
}

/* ---- the loop ---- */

static void hear_all(struct fleet *fleet, int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(fleet->epoll, events, EVENTS_MAX, timeout_ms);

	for (int i = 0; i < count; i++)
		device_hear(fleet, events[i].data.ptr);
}

static void take_some(struct fleet *fleet)
{
	for (size_t i = 0; i < REPLIES_A_TURN && fleet->queue_count > 0; i++) {
		struct load_device *device = fleet->queue[fleet->queue_first];
		fleet->queue_first = (fleet->queue_first + 1) % fleet->count;
		fleet->queue_count--;
		device_take(fleet, device);
	}
}

static void tick_all(struct fleet *fleet)
{
	int64_t now_ns = stopwatch_now_ns(), now_ms = clock_monotonic_ms(clock_system());

	if (!fleet->on_line || now_ns - fleet->ticked_ns < TICK_MS * INT64_C(1000000))
		return;
	fleet->ticked_ns = now_ns;
	for (size_t i = 0; i < fleet->count; i++)
		device_tick(fleet, &fleet->devices[i], now_ms);
}

bool fleet_run(struct fleet *fleet, enum fleet_goal goal, int64_t limit_ms)
{
	int64_t until_ns = stopwatch_now_ns() + limit_ms * 1000000;

	fleet->goal = goal;
	for (size_t i = 0; i < fleet->count; i++) /* some may be there already */
		look_at_goal(fleet, &fleet->devices[i]);
	while (stopwatch_now_ns() < until_ns && (goal == FLEET_NEVER || fleet->reached < fleet->count)) {
		hear_all(fleet, fleet->queue_count > 0 ? 0 : limit_ms < TICK_MS ? (int)limit_ms : TICK_MS);
		take_some(fleet);
		tick_all(fleet);
		begin_some(fleet);
	}
	fleet->goal = FLEET_NEVER;
	return fleet->reached == fleet->count;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void fleet_count(const struct fleet *fleet, struct fleet_counts *out_counts)
{
	double *times = zeroed(fleet->count, sizeof(*times));
	struct fleet_counts counts = fleet->counts;
	size_t count = 0;

	counts.devices = fleet->count;
	counts.reached = fleet->reached;
	sum_lines(fleet, &counts.bytes, &counts.connections);
	counts.bytes -= fleet->bytes_before;
	counts.connections -= fleet->connections_before;
	for (size_t i = 0; i < fleet->count; i++) {
		const struct load_device *device = &fleet->devices[i];
		if (device->reached_ns == 0)
			continue;
		times[count++] = (double)(device->reached_ns - device->begun_ns) / 1e6;
		if ((double)(device->applied_ns - device->begun_ns) / 1e6 > counts.applied_ms)
			counts.applied_ms = (double)(device->applied_ns - device->begun_ns) / 1e6;
	}
	qsort(times, count, sizeof(*times), compare);
	if (count > 0) {
		counts.p50_ms = times[count / 2];
		counts.p99_ms = times[(count * 99) / 100 < count ? (count * 99) / 100 : count - 1];
		counts.max_ms = times[count - 1];
	}
	free(times);
	*out_counts = counts;
}
