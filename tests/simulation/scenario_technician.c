#include <string.h>

#include "device_agent/store.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/checklist.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/site.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/time_entry.h"
#include "protocol/wire/blob.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/snapshot.h"

/* One command being thought of. */
struct intent {
	struct simulation *simulation;
	struct device_node *device;
	struct snapshot *view;
	struct operation operation;
	struct bytes content; /* of a photo */
	struct bytes thumbnail;
};

static const void *any_row(struct intent *intent, enum record_kind kind)
{
	const struct snapshot_table *table = snapshot_table(intent->view, kind);

	return table->count == 0 ? NULL : table->rows[stream_below(&intent->device->hands, table->count)].row;
}

static struct text words(struct intent *intent)
{
	return arena_print(&intent->simulation->arena, "remark %u", (unsigned)stream_below(&intent->device->hands, 1000000));
}

static void aim(struct intent *intent, enum operation_kind kind, const void *subject, const void *arguments)
{
	intent->operation.head.kind = kind;
	intent->operation.head.subject = *row_id(subject);
	intent->operation.arguments = arguments;
}

static const void *reason(struct intent *intent)
{
	struct reason_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	arguments->reason = words(intent);
	return arguments;
}

static const void *finish(struct intent *intent)
{
	struct finish_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	arguments->outcome = (uint32_t)(stream_chance(&intent->device->hands, 70) ? VISIT_OUTCOME_FIXED : VISIT_OUTCOME_PARTIAL);
	arguments->cause_code = text_of("worn");
	arguments->action_code = text_of("replaced");
	arguments->text = words(intent);
	arguments->signer_name = text_of("on site");
	return arguments;
}

static void use_part(struct intent *intent, const struct visit *visit, enum operation_kind kind)
{
	struct part_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	arguments->part_id = organisation_id(RECORD_PART, (unsigned)stream_below(&intent->device->hands, PARTS));
	arguments->location_id = organisation_id(RECORD_STOCK_LOCATION, intent->device->who - 1);
	arguments->quantity = stream_between(&intent->device->hands, 1, 2);
	aim(intent, kind, visit, arguments);
}

/* A task of the visit's order; NULL when none is known. */
static const struct task *task_of(struct intent *intent, const struct visit *visit)
{
	const struct snapshot_table *tasks = snapshot_table(intent->view, RECORD_TASK);
	size_t start = tasks->count == 0 ? 0 : (size_t)stream_below(&intent->device->hands, tasks->count);

	for (size_t i = 0; i < tasks->count; i++) {
		const struct task *task = tasks->rows[(start + i) % tasks->count].row;
		if (id_equal(&task->work_order_id, &visit->work_order_id))
			return task;
	}
	return NULL;
}

static void answer_task(struct intent *intent, const struct visit *visit)
{
	const struct task *task = task_of(intent, visit);
	const struct snapshot_row *order = snapshot_find(intent->view, RECORD_WORK_ORDER, &visit->work_order_id);
	struct answer_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	if (task == NULL)
		return;
	*arguments = (struct answer_arguments){
		.task_id = task->id,
		.task_version = checklist_version(task, order == NULL ? NULL : order->row),
		.truth = (uint32_t)stream_between(&intent->device->hands, ANSWER_TRUTH_YES, ANSWER_TRUTH_NO),
		.number = stream_between(&intent->device->hands, -5, 15),
		.has_number = true,
	};
	if (task->kind == TASK_KIND_TEXT || task->kind == TASK_KIND_CHOICE)
		arguments->text = text_of(stream_chance(&intent->device->hands, 50) ? "good" : "torn");
	if (stream_chance(&intent->device->hands, 10) || task->kind == TASK_KIND_CONFIRM)
		arguments->skip_reason = words(intent);
	aim(intent, OPERATION_ANSWER_TASK, visit, arguments);
}

static bool is_of_visit(struct intent *intent, const struct meter *meter, const struct visit *visit)
{
	const struct snapshot_row *order = snapshot_find(intent->view, RECORD_WORK_ORDER, &visit->work_order_id);

	return order != NULL && id_equal(&((const struct work_order *)order->row)->asset_id, &meter->asset_id);
}

static void read_meter(struct intent *intent, const struct visit *visit)
{
	const struct meter *meter = any_row(intent, RECORD_METER);
	const struct reading *corrected = any_row(intent, RECORD_READING);
	struct reading_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	if (meter == NULL || (intent->simulation->alone && !is_of_visit(intent, meter, visit)))
		return;
	arguments->meter_id = meter->id;
	arguments->value = stream_between(&intent->device->hands, 0, 1000);
	if (corrected != NULL && id_equal(&corrected->meter_id, &meter->id) && stream_chance(&intent->device->hands, 30))
		arguments->corrects_id = corrected->id;
	aim(intent, OPERATION_READ_METER, visit, arguments);
}

static void log_time(struct intent *intent, const struct visit *visit)
{
	struct time_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	arguments->kind = (uint32_t)stream_below(&intent->device->hands, TIME_KIND_COUNT);
	arguments->end_at_ms = clock_now_ms(&intent->device->clock);
	arguments->start_at_ms = arguments->end_at_ms - stream_between(&intent->device->hands, 1, 3600000);
	if (arguments->start_at_ms < 1)
		arguments->start_at_ms = 1;
	aim(intent, OPERATION_LOG_TIME, visit, arguments);
}

/* What was drawn is what a decoder would make of it: any bytes will do. Who does not know of thumbnails makes none. */
static void make_thumbnail(struct intent *intent, struct stream *pixels, struct photo_arguments *arguments)
{
	struct simulation *simulation = intent->simulation;
	size_t size = (size_t)stream_between(pixels, 500, (int64_t)BLOB_SMALL_MAX);
	struct blob_text name;
	uint8_t *bytes;

	if (intent->device->older || !stream_chance(pixels, 60))
		return;
	bytes = arena_allocate(&simulation->arena, size);
	stream_fill(pixels, bytes, size);
	intent->thumbnail = (struct bytes){ bytes, size };
	name = blob_id(intent->thumbnail);
	arguments->thumbnail = arena_copy_text(&simulation->arena, text_of(name.characters));
}

/* Few bytes mostly, and some that take several pieces; now and then what somebody has taken already. */
static void take_photo(struct intent *intent, struct photo_arguments *arguments)
{
	struct simulation *simulation = intent->simulation;
	uint64_t number = stream_below(&simulation->photos, stream_chance(&simulation->photos, 20) ? 3 : UINT32_MAX);
	struct blob_text name;
	struct stream pixels;
	size_t size;
	uint8_t *bytes;

	stream_init(&pixels, number, "photo");
	size = (size_t)stream_below(&pixels, stream_chance(&pixels, 15) ? 150000 : 3000);
	bytes = arena_allocate(&simulation->arena, size + 1);
	stream_fill(&pixels, bytes, size);
	intent->content = (struct bytes){ bytes, size };
	name = blob_id(intent->content);
	arguments->blob = arena_copy_text(&simulation->arena, text_of(name.characters));
	arguments->size = (int64_t)size;
	make_thumbnail(intent, &pixels, arguments);
}

static void add_photo(struct intent *intent, const struct visit *visit)
{
	struct photo_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	arguments->caption = words(intent);
	arguments->size = 4000;
	if (intent->simulation->faults.percent[FAULT_FILES] > 0)
		take_photo(intent, arguments);
	aim(intent, OPERATION_ADD_PHOTO, visit, arguments);
}

static void sign(struct intent *intent, const struct visit *visit)
{
	struct sign_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	arguments->signer_name = words(intent);
	aim(intent, OPERATION_SIGN, visit, arguments);
}

static void move_parts(struct intent *intent, const struct visit *visit)
{
	use_part(intent, visit, stream_chance(&intent->device->hands, 70) ? OPERATION_USE_PART : OPERATION_RETURN_PART);
}

/* What happens on a visit beside its moving on. */
static void leave_fact(struct intent *intent, const struct visit *visit)
{
	static void (*const facts[])(struct intent * intent, const struct visit *visit) = { move_parts, move_parts, move_parts, answer_task,
		answer_task, read_meter, log_time, add_photo, sign };

	if (intent->simulation->faults.percent[FAULT_FILES] > 0 && stream_chance(&intent->simulation->photos, 30))
		add_photo(intent, visit);
	else
		facts[stream_below(&intent->device->hands, LENGTH(facts))](intent, visit);
}

/* What comes next on the visit, or anything at all. */
static void work_on_visit(struct intent *intent, const struct visit *visit)
{
	static const enum operation_kind next[VISIT_STATE_COUNT] = {
		[VISIT_STATE_DISPATCHED] = OPERATION_ACCEPT,
		[VISIT_STATE_ACCEPTED] = OPERATION_TRAVEL,
		[VISIT_STATE_TRAVELLING] = OPERATION_ARRIVE,
		[VISIT_STATE_ON_SITE] = OPERATION_FINISH,
		[VISIT_STATE_PAUSED] = OPERATION_RESUME,
	};
	static const enum operation_kind any[] = { OPERATION_ACCEPT, OPERATION_DECLINE, OPERATION_TRAVEL, OPERATION_ARRIVE, OPERATION_PAUSE,
		OPERATION_RESUME, OPERATION_FINISH, OPERATION_ABORT, OPERATION_REOPEN_VISIT };
	enum operation_kind kind = (unsigned)visit->state < VISIT_STATE_COUNT ? next[visit->state] : OPERATION_NONE;
	uint64_t dice = stream_below(&intent->device->hands, 100);

	if (kind == OPERATION_NONE || dice < 15)
		kind = any[stream_below(&intent->device->hands, LENGTH(any))];
	if (dice >= 60) {
		leave_fact(intent, visit);
		return;
	}
	aim(intent, kind, visit, NULL);
	if (kind == OPERATION_FINISH)
		intent->operation.arguments = finish(intent);
	else if (kind == OPERATION_DECLINE || kind == OPERATION_PAUSE || kind == OPERATION_ABORT || kind == OPERATION_REOPEN_VISIT)
		intent->operation.arguments = reason(intent);
}

static void add_note(struct intent *intent)
{
	const struct work_order *order = any_row(intent, RECORD_WORK_ORDER);
	struct note_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));

	if (order == NULL)
		return;
	arguments->text = words(intent);
	if (stream_chance(&intent->simulation->poison, intent->simulation->faults.percent[FAULT_POISON]))
		arguments->text = text_of(POISON);
	aim(intent, OPERATION_ADD_NOTE, order, arguments);
}

static void aim_edit(struct intent *intent, const struct schema *schema, const char *field, const void *row, const void *wanted)
{
	aim(intent, OPERATION_EDIT, row, wanted);
	intent->operation.head.record = schema->kind;
	intent->operation.old_values = row;
	intent->operation.mask = UINT64_C(1) << schema_field(schema, text_of(field))->tag;
}

/* A text of a record as seen, and as wanted. Few records and fields: others edit them too. */
static void edit(struct intent *intent)
{
	static const struct {
		enum record_kind kind;
		const char *field;
	} fields[] = { { RECORD_ASSET, "serial" }, { RECORD_SITE, "access_notes" }, { RECORD_WORK_ORDER, "description" } };
	size_t which = (size_t)stream_below(&intent->device->hands, LENGTH(fields));
	const struct schema *schema = schema_find(fields[which].kind);
	const struct field *field = schema_field(schema, text_of(fields[which].field));
	const void *row = any_row(intent, schema->kind);
	void *wanted;

	if (row == NULL)
		return;
	wanted = row_copy(&intent->simulation->arena, schema, row);
	*(struct text *)field_at_mutable(field, wanted) = words(intent);
	aim_edit(intent, schema, field->name, row, wanted);
}

/* A new order, and maybe a remark on it at once: it is parked and follows when its parent is. */
static void create_order(struct intent *intent)
{
	const struct asset *asset = any_row(intent, RECORD_ASSET);
	struct work_order *order = arena_allocate(&intent->simulation->arena, sizeof(*order));

	if (asset == NULL)
		return;
	*order = (struct work_order){ .territory_id = organisation_id(RECORD_TERRITORY, organisation_territory_of(intent->device->who - 1)),
		.asset_id = asset->id,
		.site_id = asset->site_id,
		.title = words(intent),
		.released = true };
	aim(intent, OPERATION_CREATE, &(struct id){ 0 }, order);
	intent->operation.head.record = RECORD_WORK_ORDER;
}

static const struct visit *own_visit(struct intent *intent)
{
	const struct id technician = organisation_id(RECORD_TECHNICIAN, intent->device->who - 1);

	for (int tries = 0; tries < 6; tries++) {
		const struct visit *visit = any_row(intent, RECORD_VISIT);
		if (visit != NULL && (id_equal(&visit->technician_id, &technician) ||
					     (!intent->simulation->alone && stream_chance(&intent->device->hands, 5))))
			return visit;
	}
	return NULL;
}

/* What the newest revision of the schema has. */
static void use_newest(struct intent *intent, const struct visit *visit)
{
	struct delay_arguments *arguments = arena_allocate(&intent->simulation->arena, sizeof(*arguments));
	const struct asset *asset = any_row(intent, RECORD_ASSET);
	struct asset *wanted;

	arguments->expected_at_ms = WALL_START_MS + stream_between(&intent->simulation->revisions, 1, 8 * 3600000);
	if (stream_chance(&intent->simulation->revisions, 60)) {
		aim(intent, OPERATION_DELAY, visit, arguments);
	} else if (asset != NULL) {
		wanted = row_copy(&intent->simulation->arena, &asset_schema, asset);
		wanted->status = asset->status == ASSET_STATUS_STANDBY ? ASSET_STATUS_ACTIVE : ASSET_STATUS_STANDBY;
		aim_edit(intent, &asset_schema, "status", asset, wanted);
	}
}

static bool is_newest(struct intent *intent)
{
	return intent->simulation->faults.percent[FAULT_REVISIONS] > 0 && !intent->device->older &&
	       stream_chance(&intent->simulation->revisions, 30);
}

static void think(struct intent *intent)
{
	const struct visit *visit = own_visit(intent);
	uint64_t dice = stream_below(&intent->device->hands, 100);

	if (visit != NULL && is_newest(intent))
		use_newest(intent, visit);
	else if (visit != NULL && dice < 72)
		work_on_visit(intent, visit);
	else if (dice < 84 || intent->simulation->alone)
		add_note(intent);
	else if (dice < 96)
		edit(intent);
	else
		create_order(intent);
}

void scenario_work(struct simulation *simulation, struct device_node *device)
{
	struct snapshot view;
	struct intent intent = { .simulation = simulation, .device = device, .view = &view };

	if (device->core == NULL || (device->number < 32 && (simulation->without_devices >> device->number & 1) != 0))
		return;
	snapshot_open(&view, device_store_replica_storage(device->store));
	think(&intent);
	if (snapshot_status(&view) != STATUS_OK)
		violate(simulation, "failure", "device %u cannot be read: %s", device->number, fail_reason());
	intent.operation.head.at_ms = clock_now_ms(&device->clock);
	if (intent.content.data != NULL && !device_node_attach(simulation, device, intent.content))
		intent.operation.head.kind = OPERATION_NONE;
	if (intent.operation.head.kind != OPERATION_NONE && intent.thumbnail.data != NULL &&
		!device_node_attach(simulation, device, intent.thumbnail))
		intent.operation.head.kind = OPERATION_NONE;
	if (intent.operation.head.kind != OPERATION_NONE)
		device_node_operation(simulation, device, &intent.operation);
	snapshot_finish(&view);
}
