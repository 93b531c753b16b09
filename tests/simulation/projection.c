#include "tests/simulation/projection.h"

#include <string.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/device.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory_grant.h"
#include "tests/simulation/organisation.h"

/* Ids are hash output already, but for the first bytes of some that are made alike. */
static size_t slot_of(enum record_kind kind, const struct id *id)
{
	uint64_t hash;

	memcpy(&hash, id->bytes + 8, sizeof(hash));
	return (size_t)(hash ^ (uint64_t)kind * 0x9e3779b97f4a7c15U) % MEMBER_SLOTS;
}

/* Where the row is, or would be. */
static size_t find_slot(const struct projection *projection, enum record_kind kind, const struct id *id)
{
	size_t slot = slot_of(kind, id);

	while (projection->slots[slot] != 0) {
		const struct projected_row *member = &projection->members[projection->slots[slot] - 1];
		if (member->kind == kind && id_equal(&member->id, id))
			break;
		slot = (slot + 1) % MEMBER_SLOTS;
	}
	return slot;
}

static bool is_member(const struct projection *projection, enum record_kind kind, const struct id *id)
{
	return projection->slots[find_slot(projection, kind, id)] != 0;
}

static const void *want(struct projection *projection, enum record_kind kind, const struct id *id)
{
	const struct snapshot_row *row = id_is_nil(id) ? NULL : snapshot_find(projection->server, kind, id);
	size_t slot;

	if (row == NULL)
		return NULL;
	slot = find_slot(projection, kind, id);
	if (projection->slots[slot] == 0 && projection->member_count < MEMBERS_MAX) {
		projection->members[projection->member_count++] = (struct projected_row){ kind, *id };
		projection->slots[slot] = (uint16_t)projection->member_count;
	}
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

/* What the order's tasks and answers refer to. */
static void want_parents(struct projection *projection, const struct id *order_id)
{
	const struct snapshot_table *tasks = snapshot_table(projection->server, RECORD_TASK);
	const struct snapshot_table *answers = snapshot_table(projection->server, RECORD_TASK_ANSWER);

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
	projection->jobs[projection->job_count++ % JOBS_MAX] = *order_id;
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

static void find_territories(struct projection *projection)
{
	const struct snapshot_table *given = snapshot_table(projection->server, RECORD_TERRITORY_GRANT);
	const struct snapshot_row *technician = snapshot_find(projection->server, RECORD_TECHNICIAN, &projection->technician);

	if (technician != NULL)
		projection->territories[projection->territory_count++] = ((const struct technician *)technician->row)->territory_id;
	for (size_t i = 0; i < given->count && projection->territory_count < TERRITORIES_MAX; i++) {
		const struct territory_grant *grant = given->rows[i].row;
		if (!grant->ended && id_equal(&grant->technician_id, &projection->technician) && !serves(projection, &grant->territory_id))
			projection->territories[projection->territory_count++] = grant->territory_id;
	}
}

static bool is_active(const struct projection *projection)
{
	const struct snapshot_row *device = snapshot_find(projection->server, RECORD_DEVICE, &projection->device);

	return device != NULL && ((const struct device *)device->row)->state == DEVICE_STATE_ACTIVE;
}

void projection_make(struct projection *projection, const struct snapshot *server, unsigned who, int64_t now_ms)
{
	const struct snapshot_table *visits = snapshot_table(server, RECORD_VISIT);

	memset(projection, 0, sizeof(*projection));
	projection->server = server;
	projection->now_ms = now_ms;
	projection->device = organisation_device_id(who);
	projection->technician = organisation_id(RECORD_TECHNICIAN, who - 1);
	projection->active = is_active(projection);
	if (!projection->active)
		return;
	find_territories(projection);
	for (size_t i = 0; i < visits->count; i++) {
		const struct visit *visit = visits->rows[i].row;
		if (id_equal(&visit->technician_id, &projection->technician) && is_with_technician(visit->state) &&
			!has_job(projection, &visit->work_order_id) && !is_long_over(server, &visit->work_order_id, now_ms))
			want_job(projection, &visit->work_order_id);
	}
}

bool projection_has_scope(const struct projection *projection, const struct scope *scope)
{
	switch (scope->kind) {
	case SCOPE_ORG_ALL:
		return projection->active;
	case SCOPE_TERRITORY:
		return serves(projection, &scope->id);
	case SCOPE_TECHNICIAN:
		return projection->active && id_equal(&scope->id, &projection->technician);
	case SCOPE_DEVICE:
		return projection->active && id_equal(&scope->id, &projection->device);
	case SCOPE_JOB:
		return has_job(projection, &scope->id);
	case SCOPE_NONE:
	case SCOPE_ORG_STAFF:
	case SCOPE_DEPOT:
		break;
	}
	return false;
}

bool projection_has_row(const struct projection *projection, const struct schema *schema, const void *row)
{
	const struct scope home = row_home(schema, row);

	return projection_has_scope(projection, &home) || is_member(projection, schema->kind, row_id(row));
}

size_t projection_scope_count(const struct projection *projection)
{
	return projection->active ? 3 + projection->territory_count + projection->job_count : 0;
}
