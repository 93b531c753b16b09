/* I6: when all is quiet, a device holds exactly what the server's rows say it should, found by a walk of its own. */
#include <string.h>

#include "device_agent/store.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory_grant.h"
#include "protocol/wire/record_codec.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/snapshot.h"

#define WANTED_MAX 4096

struct wanted {
	enum record_kind kind;
	struct id id;
};

/* What one device should hold. */
struct projection {
	const struct snapshot *server;
	int64_t now_ms;
	struct id device;
	struct id technician;
	struct id territories[16]; /* home first */
	size_t territory_count;
	struct wanted members[WANTED_MAX]; /* of its jobs, wherever they live */
	size_t member_count;
	struct id jobs[256];
	size_t job_count;
};

static bool is_member(const struct projection *projection, enum record_kind kind, const struct id *id)
{
	for (size_t i = 0; i < projection->member_count; i++)
		if (projection->members[i].kind == kind && id_equal(&projection->members[i].id, id))
			return true;
	return false;
}

static const void *want(struct projection *projection, enum record_kind kind, const struct id *id)
{
	const struct snapshot_row *row = id_is_nil(id) ? NULL : snapshot_find(projection->server, kind, id);

	if (row == NULL)
		return NULL;
	if (!is_member(projection, kind, id) && projection->member_count < WANTED_MAX)
		projection->members[projection->member_count++] = (struct wanted){ kind, *id };
	return row->row;
}

/* Every row of a kind that names `parent` in a field. */
static void want_children(struct projection *projection, enum record_kind kind, const char *name, const struct id *parent)
{
	const struct field *field = schema_field(schema_find(kind), text_of(name));
	const struct snapshot_table *table = snapshot_table(projection->server, kind);

	for (size_t i = 0; i < table->count && !id_is_nil(parent); i++)
		if (id_equal(field_at(field, table->rows[i].row), parent))
			(void)want(projection, kind, row_id(table->rows[i].row));
}

static void want_account(struct projection *projection, const struct id *id)
{
	if (want(projection, RECORD_ACCOUNT, id) != NULL)
		want_children(projection, RECORD_CONTACT, "account_id", id);
}

static void want_site(struct projection *projection, const struct id *id)
{
	const struct site *site = want(projection, RECORD_SITE, id);

	if (site == NULL)
		return;
	want_account(projection, &site->account_id);
	want_children(projection, RECORD_SITE_ACCESS, "site_id", id);
}

/* With what it was merged into; nothing is merged in a circle. */
static void want_asset(struct projection *projection, const struct id *id)
{
	const struct asset *asset = want(projection, RECORD_ASSET, id);

	while (asset != NULL) {
		want_site(projection, &asset->site_id);
		want_children(projection, RECORD_METER, "asset_id", &asset->id);
		asset = want(projection, RECORD_ASSET, &asset->merged_into_id);
	}
}

static const struct work_order *order_of(const struct snapshot_row *row)
{
	return row->row;
}

/* Was the second done later on the same asset, or at the same site when the first names none? */
static bool is_earlier_work(const struct work_order *order, const struct work_order *other, int64_t since_ms)
{
	const struct id *place = id_is_nil(&order->asset_id) ? &order->site_id : &order->asset_id;
	const struct id *there = id_is_nil(&order->asset_id) ? &other->site_id : &other->asset_id;

	return !id_is_nil(place) && id_equal(place, there) && other->completed_at_ms > since_ms && !id_equal(&order->id, &other->id);
}

/* The latest one completed before (`bound` at, `bound_id`); NULL: none. */
static const struct work_order *latest_before(const struct projection *projection, const struct work_order *order, int64_t since_ms,
	const struct work_order *bound)
{
	const struct snapshot_table *orders = snapshot_table(projection->server, RECORD_WORK_ORDER);
	const struct work_order *latest = NULL;

	for (size_t i = 0; i < orders->count; i++) {
		const struct work_order *other = order_of(&orders->rows[i]);
		if (!is_earlier_work(order, other, since_ms))
			continue;
		if (bound != NULL && (other->completed_at_ms > bound->completed_at_ms ||
					     (other->completed_at_ms == bound->completed_at_ms && id_compare(&other->id, &bound->id) >= 0)))
			continue;
		if (latest == NULL || other->completed_at_ms > latest->completed_at_ms ||
			(other->completed_at_ms == latest->completed_at_ms && id_compare(&other->id, &latest->id) > 0))
			latest = other;
	}
	return latest;
}

/* What was done here before: ten orders at most, and ten visits. */
static void want_history(struct projection *projection, const struct work_order *order)
{
	const struct snapshot_table *visits = snapshot_table(projection->server, RECORD_VISIT);
	const int64_t since_ms = projection->now_ms - (int64_t)730 * 24 * 3600 * 1000;
	const struct work_order *earlier = NULL;
	size_t visit_count = 0;

	for (int taken = 0; taken < 10; taken++) {
		earlier = latest_before(projection, order, since_ms > 0 ? since_ms : 0, earlier);
		if (earlier == NULL)
			return;
		(void)want(projection, RECORD_WORK_ORDER, &earlier->id);
		for (size_t i = 0; i < visits->count; i++) {
			const struct visit *visit = visits->rows[i].row;
			if (id_equal(&visit->work_order_id, &earlier->id) && visit->state == VISIT_STATE_DONE && visit_count++ < 10)
				(void)want(projection, RECORD_VISIT, &visit->id);
		}
	}
}

static void want_meter(struct projection *projection, const struct id *id)
{
	const struct meter *meter = want(projection, RECORD_METER, id);

	if (meter != NULL)
		want_asset(projection, &meter->asset_id);
}

/* What the order's tasks, answers and readings refer to. */
static void want_parents(struct projection *projection, const struct id *order_id)
{
	const struct snapshot_table *tasks = snapshot_table(projection->server, RECORD_TASK);
	const struct snapshot_table *answers = snapshot_table(projection->server, RECORD_TASK_ANSWER);
	const struct snapshot_table *readings = snapshot_table(projection->server, RECORD_READING);

	for (size_t i = 0; i < tasks->count; i++) {
		const struct task *task = tasks->rows[i].row;
		if (!id_equal(&task->work_order_id, order_id))
			continue;
		want_asset(projection, &task->asset_id);
		want_meter(projection, &task->meter_id);
	}
	for (size_t i = 0; i < answers->count; i++) {
		const struct task_answer *answer = answers->rows[i].row;
		if (id_equal(&answer->work_order_id, order_id))
			want_asset(projection, &answer->asset_id);
	}
	for (size_t i = 0; i < readings->count; i++) {
		const struct reading *reading = readings->rows[i].row;
		if (!id_equal(&reading->work_order_id, order_id))
			continue;
		while (reading != NULL) {
			want_meter(projection, &reading->meter_id);
			reading = want(projection, RECORD_READING, &reading->corrects_id);
		}
	}
}

static void want_request(struct projection *projection, const struct id *id)
{
	const struct service_request *request = want(projection, RECORD_SERVICE_REQUEST, id);

	if (request == NULL)
		return;
	want_account(projection, &request->account_id);
	want_site(projection, &request->site_id);
	want_asset(projection, &request->asset_id);
}

static void want_job(struct projection *projection, const struct id *order_id)
{
	static const enum record_kind kinds[] = { RECORD_VISIT, RECORD_NOTE, RECORD_TASK, RECORD_TASK_ANSWER, RECORD_TIME_ENTRY,
		RECORD_ATTACHMENT, RECORD_READING };
	const struct work_order *order = want(projection, RECORD_WORK_ORDER, order_id);

	if (order == NULL)
		return;
	projection->jobs[projection->job_count++ % LENGTH(projection->jobs)] = *order_id;
	want_site(projection, &order->site_id);
	want_account(projection, &order->account_id);
	want_request(projection, &order->request_id);
	want_asset(projection, &order->asset_id);
	for (size_t i = 0; i < LENGTH(kinds); i++)
		want_children(projection, kinds[i], "work_order_id", order_id);
	want_parents(projection, order_id);
	want_history(projection, order);
}

/* A visit that was sent to its technician and not taken away again. */
static bool is_with_technician(enum visit_state state)
{
	return state != VISIT_STATE_PROPOSED && state != VISIT_STATE_SCHEDULED && state != VISIT_STATE_DECLINED &&
	       state != VISIT_STATE_ABORTED && state != VISIT_STATE_CANCELLED;
}

static bool has_job(const struct projection *projection, const struct id *order)
{
	for (size_t i = 0; i < projection->job_count; i++)
		if (id_equal(&projection->jobs[i], order))
			return true;
	return false;
}

static bool serves(const struct projection *projection, const struct id *territory)
{
	for (size_t i = 0; i < projection->territory_count; i++)
		if (id_equal(&projection->territories[i], territory))
			return true;
	return false;
}

/* For more than a fortnight: then the job is no device's any more. */
static bool is_long_over(const struct snapshot *server, const struct id *id, int64_t now_ms)
{
	const struct snapshot_row *order = snapshot_find(server, RECORD_WORK_ORDER, id);
	const struct work_order *row = order == NULL ? NULL : order->row;
	const int64_t fortnight_ms = (int64_t)14 * 24 * 3600 * 1000;

	return row != NULL && ((row->closed_at_ms != 0 && now_ms > row->closed_at_ms + fortnight_ms) ||
			       (row->cancelled_at_ms != 0 && now_ms > row->cancelled_at_ms + fortnight_ms));
}

static void project(struct projection *projection, const struct snapshot *server, unsigned number, int64_t now_ms)
{
	const struct snapshot_table *visits = snapshot_table(server, RECORD_VISIT), *given = snapshot_table(server, RECORD_TERRITORY_GRANT);
	const struct snapshot_row *technician;

	projection->server = server;
	projection->now_ms = now_ms;
	projection->device = organisation_device_id(number);
	projection->technician = organisation_id(RECORD_TECHNICIAN, number - 1);
	technician = snapshot_find(server, RECORD_TECHNICIAN, &projection->technician);
	if (technician != NULL)
		projection->territories[projection->territory_count++] = ((const struct technician *)technician->row)->territory_id;
	for (size_t i = 0; i < given->count && projection->territory_count < LENGTH(projection->territories); i++) {
		const struct territory_grant *grant = given->rows[i].row;
		if (!grant->ended && id_equal(&grant->technician_id, &projection->technician) && !serves(projection, &grant->territory_id))
			projection->territories[projection->territory_count++] = grant->territory_id;
	}
	for (size_t i = 0; i < visits->count; i++) {
		const struct visit *visit = visits->rows[i].row;
		if (id_equal(&visit->technician_id, &projection->technician) && is_with_technician(visit->state) &&
			!has_job(projection, &visit->work_order_id) && !is_long_over(server, &visit->work_order_id, now_ms))
			want_job(projection, &visit->work_order_id);
	}
}

static bool is_at_home(const struct projection *projection, const struct schema *schema, const void *row)
{
	struct scope home = row_home(schema, row);

	return home.kind == SCOPE_ORG_ALL || (home.kind == SCOPE_TERRITORY && serves(projection, &home.id)) ||
	       (home.kind == SCOPE_TECHNICIAN && id_equal(&home.id, &projection->technician)) ||
	       (home.kind == SCOPE_DEVICE && id_equal(&home.id, &projection->device));
}

static void compare_kind(struct simulation *simulation, const struct projection *projection, const struct snapshot *here,
	const struct schema *schema, unsigned number)
{
	const struct snapshot_table *there = snapshot_table(projection->server, schema->kind);
	const struct snapshot_table *table = snapshot_table(here, schema->kind);

	for (size_t i = 0; i < there->count; i++) {
		const void *row = there->rows[i].row;
		bool wanted = is_at_home(projection, schema, row) || is_member(projection, schema->kind, row_id(row));
		const struct snapshot_row *held = snapshot_find(here, schema->kind, row_id(row));
		if (wanted && held == NULL)
			violate(simulation, "I6", "device %u lacks %s %s", number, schema->name, id_to_text(row_id(row)).characters);
		else if (!wanted && held != NULL)
			violate(simulation, "I6", "device %u still has %s %s", number, schema->name, id_to_text(row_id(row)).characters);
		else if (wanted && !row_equal(schema, held->row, row))
			violate(simulation, "I6", "device %u has another %s %s", number, schema->name, id_to_text(row_id(row)).characters);
	}
	for (size_t i = 0; i < table->count; i++)
		if (snapshot_find(projection->server, schema->kind, row_id(table->rows[i].row)) == NULL)
			violate(simulation, "I6", "device %u has %s %s, which is not on the server", number, schema->name,
				id_to_text(row_id(table->rows[i].row)).characters);
}

/* Digests of the scopes held, against the server's. */
struct scopes_look {
	struct simulation *simulation;
	struct device_node *device;
	const struct projection *projection;
	size_t count;
};

static enum status look_at_scope(void *context, const struct scope *scope, const struct digest *digest)
{
	struct scopes_look *look = context;
	struct scope_state state;

	look->count++;
	if (scope->kind == SCOPE_JOB && !has_job(look->projection, &scope->id))
		violate(look->simulation, "I6", "device %u still holds job %s", look->device->number, id_to_text(&scope->id).characters);
	if (server_store_scope(look->simulation->server.store, scope, &state) != STATUS_OK || !digest_equal(&state.digest, digest))
		violate(look->simulation, "I6", "device %u: digest of scope %d %s is not the server's", look->device->number,
			(int)scope->kind, id_to_text(&scope->id).characters);
	return STATUS_OK;
}

static void check_scopes(struct simulation *simulation, struct device_node *device, const struct projection *projection)
{
	struct scopes_look look = { simulation, device, projection, 0 };

	if (server_store_begin(simulation->server.store) != STATUS_OK ||
		device_store_scopes_each(device->store, look_at_scope, &look) != STATUS_OK)
		violate(simulation, "I6", "device %u: scopes cannot be read: %s", device->number, fail_reason());
	server_store_rollback(simulation->server.store);
	if (look.count != 3 + projection->territory_count + projection->job_count)
		violate(simulation, "I6", "device %u holds %zu scopes instead of %zu", device->number, look.count,
			3 + projection->territory_count + projection->job_count);
}

/* Nothing pending, nothing staged, no guess. */
static void check_settled(struct simulation *simulation, struct device_node *device)
{
	struct outbox_state outbox;
	struct replica_state replica;
	size_t staged = 0;

	if (device_store_outbox(device->store, &outbox) != STATUS_OK || device_store_replica(device->store, &replica) != STATUS_OK ||
		device_store_staged_count(device->store, &staged) != STATUS_OK)
		violate(simulation, "I14", "device %u cannot be read: %s", device->number, fail_reason());
	else if (outbox.last_seq != replica.settled_seq || staged != 0)
		violate(simulation, "I14", "device %u: %lld operations made, %lld settled, %zu pages staged", device->number,
			(long long)outbox.last_seq, (long long)replica.settled_seq, staged);
}

static void check_device(struct simulation *simulation, struct device_node *device, const struct snapshot *server)
{
	struct snapshot here;
	struct projection *projection = arena_allocate(&simulation->arena, sizeof(*projection));
	const struct schema *schema;

	check_settled(simulation, device);
	snapshot_open(&here, device_store_replica_storage(device->store));
	project(projection, server, device->number, clock_now_ms(&simulation->server.clock));
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		compare_kind(simulation, projection, &here, schema, device->number);
	check_scopes(simulation, device, projection);
	if (snapshot_status(&here) != STATUS_OK)
		violate(simulation, "failure", "device %u cannot be read: %s", device->number, fail_reason());
	if (simulation->violated && simulation->trace)
		snapshot_print_differences(&here, "device", server, "server");
	snapshot_finish(&here);
}

void checks_of_device_end(struct simulation *simulation, struct device_node *device)
{
	struct snapshot server;

	snapshot_open(&server, server_store_storage(simulation->server.store));
	check_device(simulation, device, &server);
	snapshot_finish(&server);
}

void checks_at_end(struct simulation *simulation)
{
	struct snapshot server;

	if (snapshot_load(&server, server_store_storage(simulation->server.store)) != STATUS_OK)
		violate(simulation, "failure", "the server cannot be read: %s", fail_reason());
	checks_of_server_end(simulation, &server);
	for (unsigned i = 0; i < simulation->device_count; i++)
		check_device(simulation, &simulation->devices[i], &server);
	snapshot_finish(&server);
}
