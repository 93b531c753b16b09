#include "tests/simulation/orders.h"

#include <stdio.h>
#include <string.h>

#include "protocol/domain/task.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/record_codec.h"
#include "server/store.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/network.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/snapshot.h"

#define STEPS_MAX      20000
#define OPERATIONS_MAX 14 /* of a device */

enum delivery {
	DELIVERY_IN_TURN,    /* one device after the other: what the others are compared with */
	DELIVERY_REVERSED,   /* in turn, the last device first */
	DELIVERY_TOGETHER,   /* all at once, in batches of one or two operations */
	DELIVERY_REPEATED,   /* all at once, over a network that loses, delays and repeats */
	DELIVERY_BY_HAND,    /* in bundles, each given twice and the last device's first; what the office has answers in one, too */
	DELIVERY_BY_CLOCK,   /* in turn, and each device's clock is wrong */
	DELIVERY_COUNT,
};

static const char *const names[DELIVERY_COUNT] = { "in turn", "reversed", "in pieces", "repeated", "by hand", "under wrong clocks" };

static void go_until_quiet(struct simulation *simulation, const char *doing)
{
	for (int i = 0; i < STEPS_MAX && !simulation->violated && !simulation_is_quiet(simulation); i++)
		if (!simulation_step(simulation))
			break;
	if (!simulation->violated && !simulation_is_quiet(simulation))
		violate(simulation, "I14", "%s: not quiet", doing);
}

/* ---- work that nobody else touches ---- */

static struct id decide_at_office(struct simulation *simulation, const struct operation *operation)
{
	struct verdict verdict;
	struct id id = { 0 };

	if (!server_node_operation(simulation, operation, &verdict, &id) || verdict.outcome != OUTCOME_APPLIED)
		violate(simulation, "failure", "the office's %s was not applied", operation_find(operation->head.kind)->name);
	return id;
}

static struct id create(struct simulation *simulation, enum record_kind kind, const void *row)
{
	struct operation operation = {
		.head = { .kind = OPERATION_CREATE, .record = kind, .role = ROLE_DISPATCHER, .at_ms = WALL_START_MS }, .arguments = row
	};

	return decide_at_office(simulation, &operation);
}

/* An order on a machine of its own, with a checklist, booked for the device's technician. */
static void give_job(struct simulation *simulation, unsigned number)
{
	const unsigned n = number - 1;
	const struct work_order order = { .territory_id = organisation_id(RECORD_TERRITORY, n % TERRITORIES),
		.account_id = organisation_id(RECORD_ACCOUNT, n),
		.site_id = organisation_id(RECORD_SITE, n),
		.asset_id = organisation_id(RECORD_ASSET, n),
		.title = text_of("alone"),
		.released = true };
	struct id id = create(simulation, RECORD_WORK_ORDER, &order);
	const struct task task = { .work_order_id = id, .kind = TASK_KIND_YES_NO, .title = text_of("does it run?") };
	const struct task measured = {
		.work_order_id = id, .kind = TASK_KIND_NUMBER, .title = text_of("pressure"), .limits = TASK_LIMITS_BOTH, .maximum = 10
	};
	const struct book_arguments arguments = { .technician_id = organisation_id(RECORD_TECHNICIAN, n),
		.planned_start_at_ms = WALL_START_MS,
		.planned_end_at_ms = WALL_START_MS + 3600000,
		.dispatch = true };
	const struct operation book = { .head = { .kind = OPERATION_BOOK, .subject = id, .role = ROLE_DISPATCHER, .at_ms = WALL_START_MS },
		.arguments = &arguments };

	(void)create(simulation, RECORD_TASK, &task);
	(void)create(simulation, RECORD_TASK, &measured);
	(void)decide_at_office(simulation, &book);
}

/* All are off line and work; meanwhile time passes. */
static void work_alone(struct simulation *simulation)
{
	simulation->alone = true;
	for (unsigned i = 0; i < simulation->device_count; i++) {
		simulation->devices[i].link_up = false;
		device_node_lost(simulation, &simulation->devices[i]);
	}
	for (int i = 0; i < OPERATIONS_MAX && !simulation->violated; i++) {
		simulation->now_ms += 60000;
		for (unsigned k = 0; k < simulation->device_count; k++) {
			scenario_work(simulation, &simulation->devices[k]);
			arena_reset(&simulation->arena);
		}
	}
}

/* ---- delivery ---- */

static void go_on_line(struct simulation *simulation, unsigned place)
{
	simulation->devices[place].link_up = true;
	device_node_go(simulation, &simulation->devices[place]);
}

/* Until that device has nothing left to say. */
static void deliver_one(struct simulation *simulation, unsigned place)
{
	const struct device_node *device = &simulation->devices[place];

	go_on_line(simulation, place);
	for (int i = 0; i < STEPS_MAX && !simulation->violated && !device_core_state(device->core).synced; i++)
		(void)simulation_step(simulation);
}

/* I16: what came by hand is all there before there is any network. */
static void check_settled(struct simulation *simulation, const struct device_node *device)
{
	struct outbox_state outbox;
	struct replica_state replica;

	if (device_store_outbox(device->store, &outbox) != STATUS_OK || device_store_replica(device->store, &replica) != STATUS_OK ||
		outbox.last_seq != replica.settled_seq)
		violate(simulation, "I16", "device %u has operations that its bundles did not settle", device->number);
}

static void deliver_by_hand(struct simulation *simulation)
{
	struct bytes file = { 0 };

	for (unsigned i = simulation->device_count; i > 0; i--)
		if (device_node_write_bundle(simulation, &simulation->devices[i - 1], &file))
			for (int n = 0; n < 2; n++)
				server_node_read_bundle(simulation, file, true);
	for (unsigned i = simulation->device_count; i > 0 && !simulation->violated; i--) {
		struct device_node *device = &simulation->devices[i - 1];
		if (server_node_write_bundle(simulation, i, &file))
			for (int n = 0; n < 2; n++)
				device_node_read_bundle(simulation, device, file, true);
		check_settled(simulation, device);
	}
}

static void deliver(struct simulation *simulation, enum delivery how)
{
	unsigned count = simulation->device_count;

	if (how == DELIVERY_REPEATED) {
		simulation->healed = false;
		simulation->faults.percent[FAULT_DROP] = simulation->faults.percent[FAULT_DELAY] = 15;
		simulation->faults.percent[FAULT_DUPLICATE] = 70;
	}
	if (how == DELIVERY_BY_HAND)
		deliver_by_hand(simulation);
	for (unsigned i = 0; i < count; i++) {
		unsigned place = how == DELIVERY_REVERSED ? count - 1 - i : i;
		if (how == DELIVERY_TOGETHER || how == DELIVERY_REPEATED || how == DELIVERY_BY_HAND)
			go_on_line(simulation, place);
		else
			deliver_one(simulation, place);
	}
	for (int i = 0; i < 400 && how == DELIVERY_REPEATED && !simulation->violated; i++)
		(void)simulation_step(simulation);
	simulation->healed = true;
	go_until_quiet(simulation, names[how]);
}

static void set_clocks(struct simulation *simulation)
{
	const int64_t hour_ms = 3600000;
	const int64_t errors_ms[] = { -WALL_START_MS + hour_ms, 10 * 365 * 24 * hour_ms, -hour_ms, hour_ms, -3 * 24 * hour_ms };

	for (unsigned i = 0; i < simulation->device_count; i++)
		simulation->devices[i].time.error_ms = errors_ms[i % LENGTH(errors_ms)];
}

/* From the template to what all of it comes to. */
static void play(struct simulation *simulation, const struct template *template, uint64_t seed, enum delivery how)
{
	const struct run_options options = { .seed = seed, .device_count = template->device_count, .calm = true };

	simulation_begin(simulation, template, &options);
	go_until_quiet(simulation, "start");
	for (unsigned i = 1; i <= simulation->device_count && !simulation->violated; i++)
		give_job(simulation, i);
	go_until_quiet(simulation, "jobs");
	if (how == DELIVERY_BY_CLOCK)
		set_clocks(simulation);
	simulation->batch_raw_max = how == DELIVERY_TOGETHER ? 150 : 0; /* the cores take it when they start */
	for (unsigned i = 0; i < simulation->device_count; i++)
		device_node_restart(simulation, &simulation->devices[i]);
	go_until_quiet(simulation, "restart");
	if (!simulation->violated)
		work_alone(simulation);
	if (!simulation->violated)
		deliver(simulation, how);
}

/* ---- what it comes to ---- */

/* Whether a row counts when clocks are wrong: its id does not come from an operation's bytes. */
static bool is_of_office(enum record_kind kind)
{
	return kind == RECORD_WORK_ORDER || kind == RECORD_VISIT || kind == RECORD_TASK || kind == RECORD_BALANCE || kind == RECORD_METER ||
	       kind == RECORD_ASSET || kind == RECORD_SITE;
}

/* Times, and the ids of what was made under another time, may differ then. */
static bool is_moved_by_clock(const struct field *field)
{
	return field->kind == FIELD_TIME || field->kind == FIELD_ID;
}

static bool same_row(const struct schema *schema, const void *left, const void *right, bool by_clock)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (!(by_clock && is_moved_by_clock(&schema->fields[i])) && !field_equal(&schema->fields[i], left, right))
			return false;
	return true;
}

static bool compare_tables(const struct schema *schema, const struct snapshot *left, const struct snapshot *right, bool by_clock)
{
	const struct snapshot_table *table = snapshot_table(left, schema->kind);

	if (table->count != snapshot_table(right, schema->kind)->count) {
		(void)printf("  %zu rows of %s, and %zu\n", table->count, schema->name, snapshot_table(right, schema->kind)->count);
		return false;
	}
	for (size_t i = 0; i < table->count && (!by_clock || is_of_office(schema->kind)); i++) {
		const void *row = table->rows[i].row;
		const struct snapshot_row *other = snapshot_find(right, schema->kind, row_id(row));
		if (other == NULL || !same_row(schema, row, other->row, by_clock)) {
			(void)printf("  %s %s is another one\n", schema->name, id_to_text(row_id(row)).characters);
			return false;
		}
	}
	return true;
}

static bool compare(const struct snapshot *left, const struct snapshot *right, bool by_clock)
{
	const struct schema *schema;
	bool same = true;

	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		same = compare_tables(schema, left, right, by_clock) && same;
	return same;
}

/* False after telling how the delivery comes out otherwise than in turn. */
static bool compare_delivery(const struct template *template, uint64_t seed, enum delivery how, const struct snapshot *in_turn)
{
	static struct simulation simulation; /* large */
	struct snapshot rows;
	bool same;

	play(&simulation, template, seed, how);
	if (snapshot_load(&rows, server_store_storage(simulation.server.store)) != STATUS_OK)
		violate(&simulation, "failure", "the server cannot be read: %s", fail_reason());
	same = !simulation.violated && compare(in_turn, &rows, how == DELIVERY_BY_CLOCK);
	if (simulation.violated)
		(void)printf("seed %llu, %s: %s: %s\n", (unsigned long long)seed, names[how], simulation.invariant, simulation.violation);
	else if (!same)
		(void)printf("seed %llu: delivered %s it comes to something else than in turn\n", (unsigned long long)seed, names[how]);
	snapshot_finish(&rows);
	simulation_finish(&simulation);
	return same;
}

int orders_compare(const struct template *template, uint64_t first_seed, uint64_t count)
{
	static struct simulation simulation; /* large */
	unsigned differ = 0;
	size_t operations = 0;

	for (uint64_t seed = first_seed; seed < first_seed + count; seed++) {
		struct snapshot in_turn;
		play(&simulation, template, seed, DELIVERY_IN_TURN);
		if (snapshot_load(&in_turn, server_store_storage(simulation.server.store)) != STATUS_OK || simulation.violated) {
			(void)printf("seed %llu: %s\n", (unsigned long long)seed, simulation.violation);
			differ++;
		}
		operations += simulation.oracle.count;
		simulation_finish(&simulation);
		for (int how = DELIVERY_REVERSED; how < DELIVERY_COUNT; how++)
			differ += !compare_delivery(template, seed, (enum delivery)how, &in_turn);
		snapshot_finish(&in_turn);
		(void)fflush(stdout);
	}
	(void)printf("%llu seeds delivered in %d ways, %zu operations: %u came out otherwise\n", (unsigned long long)count, DELIVERY_COUNT,
		operations, differ);
	return differ == 0 ? 0 : 1;
}
