#include "tests/unit/protocol/domain/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/balance.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/part.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory.h"

static struct world *world_of(struct records *records)
{
	return (struct world *)records;
}

/* Where the row is, or would be. */
static size_t position_of(const struct world *world, enum record_kind kind, const struct id *id, bool *found)
{
	size_t low = 0, high = world->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct stored_row *stored = &world->rows[middle];
		int order = stored->kind != kind ? (stored->kind < kind ? -1 : 1) : id_compare(row_id(stored->row), id);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < world->count && world->rows[low].kind == kind && id_equal(row_id(world->rows[low].row), id);
	return low;
}

static enum status world_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	struct world *world = world_of(records);
	bool found;
	size_t position = position_of(world, kind, id, &found);

	if (!found)
		return fail(STATUS_NOT_FOUND, "not there");
	*out_row = world->rows[position].row;
	return STATUS_OK;
}

/* A row is valid during the call only: whoever keeps its texts reads rubbish. */
static enum status show_once(enum record_kind kind, const void *row, record_visit visit, void *context)
{
	const struct schema *schema = schema_find(kind);
	struct arena arena = { 0 };
	void *shown = row_copy(&arena, schema, row);
	enum status status = visit(context, shown);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct text *text = schema->fields[i].kind == FIELD_TEXT ? field_at(&schema->fields[i], shown) : NULL;
		if (text != NULL && text->size > 0)
			memset((void *)(uintptr_t)text->data, 0xff, text->size);
	}
	arena_finish(&arena);
	return status;
}

static enum status world_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	struct world *world = world_of(records);
	const struct field *field = schema_field(schema_find(kind), text_of(index_field));

	for (size_t i = 0; i < world->count; i++) {
		enum status status;
		if (world->rows[i].kind != kind || !id_equal(field_at(field, world->rows[i].row), key))
			continue;
		status = show_once(kind, world->rows[i].row, visit, context);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static void make_room(struct world *world, size_t position)
{
	if (world->count == world->capacity) {
		size_t capacity = world->capacity == 0 ? 64 : 2 * world->capacity;
		struct stored_row *rows = arena_allocate_array(&world->arena, capacity, sizeof(*rows));
		if (world->count > 0)
			memcpy(rows, world->rows, world->count * sizeof(*rows));
		world->rows = rows;
		world->capacity = capacity;
	}
	memmove(&world->rows[position + 1], &world->rows[position], (world->count - position) * sizeof(*world->rows));
	world->count++;
}

static enum status world_store(struct records *records, enum record_kind kind, const void *row)
{
	struct world *world = world_of(records);
	const void *copy = row_copy(&world->arena, schema_find(kind), row);
	bool found;
	size_t position = position_of(world, kind, row_id(row), &found);

	if (!found)
		make_room(world, position);
	world->rows[position] = (struct stored_row){ .kind = kind, .row = copy };
	return STATUS_OK;
}

static enum status world_remove(struct records *records, enum record_kind kind, const struct id *id)
{
	struct world *world = world_of(records);
	bool found;
	size_t position = position_of(world, kind, id, &found);

	if (!found)
		return STATUS_OK;
	world->count--;
	memmove(&world->rows[position], &world->rows[position + 1], (world->count - position) * sizeof(*world->rows));
	return STATUS_OK;
}

struct id world_id(enum record_kind kind, uint8_t n)
{
	return (struct id){ { [0] = (uint8_t)kind, [ID_SIZE - 1] = n } };
}

static void put_people(struct world *world)
{
	const struct technician technicians[] = {
		{ .id = world_id(RECORD_TECHNICIAN, ANNA), .name = text_of("Anna"), .territory_id = world_id(RECORD_TERRITORY, COAST) },
		{ .id = world_id(RECORD_TECHNICIAN, BELA), .name = text_of("Bela"), .territory_id = world_id(RECORD_TERRITORY, COAST) },
		{ .id = world_id(RECORD_TECHNICIAN, CLEO), .name = text_of("Cleo"), .territory_id = world_id(RECORD_TERRITORY, VALLEY) },
	};

	for (size_t i = 0; i < LENGTH(technicians); i++)
		world_put(world, RECORD_TECHNICIAN, &technicians[i]);
}

static void put_places(struct world *world)
{
	const struct id coast = world_id(RECORD_TERRITORY, COAST);
	const struct territory territories[] = {
		{ .id = coast, .name = text_of("Coast") },
		{ .id = world_id(RECORD_TERRITORY, VALLEY), .name = text_of("Valley") },
	};
	const struct stock_location locations[] = {
		{ .id = world_id(RECORD_STOCK_LOCATION, VAN_OF_ANNA),
			.name = text_of("Van 1"),
			.kind = STOCK_LOCATION_KIND_VAN,
			.territory_id = coast },
		{ .id = world_id(RECORD_STOCK_LOCATION, DEPOT), .name = text_of("Depot"), .kind = STOCK_LOCATION_KIND_DEPOT },
		{ .id = world_id(RECORD_STOCK_LOCATION, VAN_OF_BELA),
			.name = text_of("Van 2"),
			.kind = STOCK_LOCATION_KIND_VAN,
			.territory_id = coast },
	};

	for (size_t i = 0; i < LENGTH(territories); i++)
		world_put(world, RECORD_TERRITORY, &territories[i]);
	for (size_t i = 0; i < LENGTH(locations); i++)
		world_put(world, RECORD_STOCK_LOCATION, &locations[i]);
}

static void put_things(struct world *world)
{
	const struct part parts[] = {
		{ .id = world_id(RECORD_PART, 1), .number = text_of("SEAL-40") },
		{ .id = world_id(RECORD_PART, 2), .number = text_of("PUMP-2") },
	};
	const struct asset asset = {
		.id = world_id(RECORD_ASSET, 1),
		.territory_id = world_id(RECORD_TERRITORY, COAST),
		.name = text_of("Harbour crane"),
		.serial = text_of("HC-17"),
	};
	const struct task task = {
		.id = world_id(RECORD_TASK, 1),
		.work_order_id = world_id(RECORD_WORK_ORDER, 1),
		.territory_id = world_id(RECORD_TERRITORY, COAST),
		.version = 1,
		.kind = TASK_KIND_YES_NO,
		.title = text_of("Brake holds"),
		.asset_id = world_id(RECORD_ASSET, 1),
	};
	const struct meter meter = {
		.id = world_id(RECORD_METER, 1),
		.asset_id = world_id(RECORD_ASSET, 1),
		.territory_id = world_id(RECORD_TERRITORY, COAST),
		.name = text_of("Hours run"),
		.unit = text_of("h"),
		.scale = 1,
	};
	const struct work_order order = {
		.id = world_id(RECORD_WORK_ORDER, 1),
		.territory_id = world_id(RECORD_TERRITORY, COAST),
		.title = text_of("Hoist leaks oil"),
		.released = true,
		.state = WORK_ORDER_STATE_UNSCHEDULED,
	};

	for (size_t i = 0; i < LENGTH(parts); i++)
		world_put(world, RECORD_PART, &parts[i]);
	world_put(world, RECORD_ASSET, &asset);
	world_put(world, RECORD_TASK, &task);
	world_put(world, RECORD_METER, &meter);
	world_put(world, RECORD_WORK_ORDER, &order);
}

void world_init(struct world *world)
{
	static const struct records_operations operations = {
		.get = world_get,
		.each = world_each,
		.put = world_store,
		.remove = world_remove,
	};

	*world = (struct world){ .records = { .operations = &operations } };
	put_places(world);
	put_people(world);
	put_things(world);
}

void world_finish(struct world *world)
{
	arena_finish(&world->arena);
}

void world_put(struct world *world, enum record_kind kind, const void *row)
{
	assert_int_equal(records_put(&world->records, kind, row), STATUS_OK);
}

const void *world_find(struct world *world, enum record_kind kind, struct id id)
{
	const void *row;

	assert_int_equal(records_look(&world->records, kind, &id, &row), STATUS_OK);
	return row;
}

const struct visit *world_visit(struct world *world, uint8_t n)
{
	const struct visit *visit = world_find(world, RECORD_VISIT, world_id(RECORD_VISIT, n));

	assert_non_null(visit);
	return visit;
}

const struct work_order *world_order(struct world *world, uint8_t n)
{
	const struct work_order *order = world_find(world, RECORD_WORK_ORDER, world_id(RECORD_WORK_ORDER, n));

	assert_non_null(order);
	return order;
}

const struct issue *world_issue(struct world *world, struct id id)
{
	const struct issue *issue = world_find(world, RECORD_ISSUE, id);

	assert_non_null(issue);
	return issue;
}

size_t world_count(const struct world *world, enum record_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < world->count; i++)
		count += world->rows[i].kind == kind;
	return count;
}

size_t world_issues(const struct world *world, enum issue_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < world->count; i++)
		count += world->rows[i].kind == RECORD_ISSUE && ((const struct issue *)world->rows[i].row)->kind == kind;
	return count;
}

bool world_equal(const struct world *left, const struct world *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++) {
		const struct stored_row *a = &left->rows[i], *b = &right->rows[i];
		if (a->kind != b->kind || !row_equal(schema_find(a->kind), a->row, b->row))
			return false;
	}
	return true;
}

static void derive_order(struct world *world, uint8_t n)
{
	struct work_order order = *world_order(world, n);

	assert_int_equal(work_order_derive(&world->records, &order), STATUS_OK);
	world_put(world, RECORD_WORK_ORDER, &order);
}

void world_set_visit(struct world *world, uint8_t n, uint8_t technician, enum visit_state state)
{
	struct visit visit = {
		.id = world_id(RECORD_VISIT, n),
		.work_order_id = world_id(RECORD_WORK_ORDER, 1),
		.technician_id = world_id(RECORD_TECHNICIAN, technician),
		.territory_id = world_id(RECORD_TERRITORY, COAST),
		.state = state,
	};

	if (visit_state_find(state)->started) {
		visit.travelled_at_ms = NOON - 2;
		visit.started_by_id = visit.technician_id;
	}
	if (visit_state_find(state)->ended)
		visit.finished_at_ms = NOON - 1;
	if (state == VISIT_STATE_DONE)
		visit.outcome = VISIT_OUTCOME_PARTIAL;
	if (state == VISIT_STATE_CANCELLED)
		visit.cancel_cause = VISIT_CANCEL_CAUSE_CANCELLED;
	world_put(world, RECORD_VISIT, &visit);
	derive_order(world, 1);
}

void world_close_order(struct world *world, uint8_t n)
{
	struct work_order order = *world_order(world, n);

	order.closed_at_ms = NOON;
	world_put(world, RECORD_WORK_ORDER, &order);
	derive_order(world, n);
}

struct operation world_operation(enum operation_kind kind, struct id subject, uint8_t technician, const void *arguments)
{
	struct operation operation = { .arguments = arguments };

	operation.head.subject = subject;
	operation.head.kind = kind;
	operation.head.role = technician == 0 ? ROLE_DISPATCHER : ROLE_TECHNICIAN;
	operation.head.at_ms = NOON;
	operation.head.base_gseq = ALL_SEEN;
	if (technician != 0)
		operation.head.actor = world_id(RECORD_TECHNICIAN, technician);
	return operation;
}

/* Stands in for the hash: any function of both that gives different ids for different arguments. */
static struct id mix(const struct id *left, const struct id *right, uint32_t number)
{
	struct id id;
	uint64_t state = 0x9e3779b97f4a7c15u ^ number;

	for (int i = 0; i < ID_SIZE; i++)
		state = (state ^ left->bytes[i] ^ (uint64_t)right->bytes[i] << 8) * 0x100000001b3u;
	for (int i = 0; i < ID_SIZE; i++)
		id.bytes[i] = (uint8_t)(next_number(&state) >> 32);
	return id;
}

static struct id derive_id(const struct id *operation_id, uint32_t k)
{
	static const struct id none;

	return mix(operation_id, &none, k);
}

static struct id pair_id(const struct id *left, const struct id *right)
{
	return mix(left, right, 0);
}

struct decision world_decision(const struct operation *operation, uint32_t number)
{
	return (struct decision){
		.operation = operation,
		.operation_id = { { [0] = 0xee,
			[12] = (uint8_t)(number >> 24),
			(uint8_t)(number >> 16),
			(uint8_t)(number >> 8),
			(uint8_t)number } },
		.device_id = world_id(RECORD_DEVICE, 1),
		.seq = number,
		.gseq = number,
		.derive_id = derive_id,
		.pair_id = pair_id,
	};
}

void world_flush(struct overlay *overlay)
{
	for (size_t i = 0; i < overlay_change_count(overlay); i++) {
		struct change change;
		if (overlay_change(overlay, i, &change) != STATUS_OK)
			continue;
		if (change.after != NULL)
			assert_int_equal(records_put(overlay->under, change.kind, change.after), STATUS_OK);
		else
			assert_int_equal(records_remove(overlay->under, change.kind, row_id(change.before)), STATUS_OK);
	}
}

struct verdict world_decide_as(struct world *world, const struct operation *operation, uint32_t number)
{
	struct decision decision = world_decision(operation, number);
	struct overlay overlay;
	struct verdict verdict;

	overlay_init(&overlay, &world->records, &world->arena);
	assert_int_equal(decide(&decision, &overlay, &world->arena, &verdict), STATUS_OK);
	world_flush(&overlay);
	return verdict;
}

struct verdict world_decide(struct world *world, const struct operation *operation)
{
	return world_decide_as(world, operation, ++world->operations);
}

void world_stock(struct world *world, uint8_t location, uint8_t part, int64_t quantity)
{
	const struct movement movement = {
		.type = MOVEMENT_TYPE_RECEIPT,
		.part_id = world_id(RECORD_PART, part),
		.quantity = quantity,
		.from_location_id = location_vendor,
		.to_location_id = world_id(RECORD_STOCK_LOCATION, location),
	};
	struct operation operation = world_operation(OPERATION_CREATE, (struct id){ 0 }, 0, &movement);

	operation.head.record = RECORD_MOVEMENT;
	assert_rule(world_decide(world, &operation), OUTCOME_APPLIED, "");
}

int64_t world_balance(struct world *world, struct id location_id, uint8_t part)
{
	const struct id part_id = world_id(RECORD_PART, part);
	const struct balance *balance = world_find(world, RECORD_BALANCE, pair_id(&location_id, &part_id));

	return balance == NULL ? 0 : balance->quantity;
}

static const struct book_arguments book = { .technician_id = { { RECORD_TECHNICIAN, [ID_SIZE - 1] = ANNA } } };
static const struct reassign_arguments reassign = { .technician_id = { { RECORD_TECHNICIAN, [ID_SIZE - 1] = BELA } } };
static const struct reason_arguments reason = { .reason = { "engine trouble", 14 } };
static const struct finish_arguments finish = {
	.outcome = VISIT_OUTCOME_FIXED,
	.cause_code = { "seal_worn", 9 },
	.action_code = { "seal_changed", 12 },
	.signer_name = { "Dora", 4 },
};
static const struct part_arguments use = {
	.part_id = { { RECORD_PART, [ID_SIZE - 1] = 1 } },
	.location_id = { { RECORD_STOCK_LOCATION, [ID_SIZE - 1] = VAN_OF_ANNA } },
	.quantity = 1,
};

static const struct reschedule_arguments reschedule = { .planned_start_at_ms = NOON + 3600000 };
static const struct answer_arguments answer = {
	.task_id = { { RECORD_TASK, [ID_SIZE - 1] = 1 } },
	.task_version = 1,
	.truth = ANSWER_TRUTH_YES,
};
static const struct time_arguments hour = { .start_at_ms = NOON - 3600000, .end_at_ms = NOON };
static const struct reading_arguments reading = { .meter_id = { { RECORD_METER, [ID_SIZE - 1] = 1 } }, .value = 12345 };
static const struct photo_arguments photo = { .media_type = { "image/jpeg", 10 }, .size = 1000 };
static const struct sign_arguments sign = { .signer_name = { "Dora", 4 }, .signer_role = { "caretaker", 9 } };
static const struct hold_arguments hold = { .reason = HOLD_REASON_PARTS };

static const void *const usual_arguments[OPERATION_KIND_COUNT] = {
	[OPERATION_BOOK] = &book,
	[OPERATION_REASSIGN] = &reassign,
	[OPERATION_CANCEL] = &reason,
	[OPERATION_DECLINE] = &reason,
	[OPERATION_PAUSE] = &reason,
	[OPERATION_ABORT] = &reason,
	[OPERATION_FINISH] = &finish,
	[OPERATION_USE_PART] = &use,
	[OPERATION_RETURN_PART] = &use,
	[OPERATION_RESCHEDULE] = &reschedule,
	[OPERATION_ANSWER_TASK] = &answer,
	[OPERATION_LOG_TIME] = &hour,
	[OPERATION_READ_METER] = &reading,
	[OPERATION_ADD_PHOTO] = &photo,
	[OPERATION_SIGN] = &sign,
	[OPERATION_REOPEN_VISIT] = &reason,
	[OPERATION_HOLD] = &hold,
	[OPERATION_CLOSE] = &reason,
	[OPERATION_REOPEN_ORDER] = &reason,
	[OPERATION_CANCEL_ORDER] = &reason,
};

struct verdict world_do(struct world *world, enum operation_kind kind, uint8_t visit, uint8_t technician)
{
	struct operation operation = world_operation(kind, world_id(RECORD_VISIT, visit), technician, usual_arguments[kind]);

	if (operation_find(kind)->subject == RECORD_WORK_ORDER)
		operation.head.subject = world_id(RECORD_WORK_ORDER, 1);
	return world_decide(world, &operation);
}

void assert_text(struct text text, const char *expected)
{
	char actual[2100];

	assert_true(text.size < sizeof(actual));
	if (text.size > 0)
		memcpy(actual, text.data, text.size);
	actual[text.size] = '\0';
	assert_string_equal(actual, expected);
}

void assert_rule(struct verdict verdict, enum outcome outcome, const char *rule)
{
	assert_text(verdict.rule, rule);
	assert_int_equal(verdict.outcome, outcome);
	assert_int_equal(!id_is_nil(&verdict.issue_id), outcome == OUTCOME_ISSUE);
}

uint64_t next_number(uint64_t *seed)
{
	uint64_t number = (*seed += 0x9e3779b97f4a7c15u);

	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
	number = (number ^ number >> 27) * 0x94d049bb133111ebu;
	return number ^ number >> 31;
}

struct text golden_read(struct arena *arena, const char *name)
{
	size_t room = 256 * 1024;
	char *data = arena_allocate(arena, room);
	FILE *file = fopen(arena_print(arena, "%s/%s", GOLDEN_FOLDER, name).data, "r");
	size_t size;

	if (file == NULL)
		return (struct text){ 0 };
	size = fread(data, 1, room, file);
	assert_int_equal(ferror(file), 0);
	assert_int_equal(fclose(file), 0);
	assert_true(size < room);
	return (struct text){ .data = data, .size = size };
}

void assert_golden(const char *name, struct text actual)
{
	struct arena arena = { 0 };
	const char *update = getenv("UPDATE_GOLDEN");
	struct text expected;

	if (update != NULL && strcmp(update, "1") == 0) {
		FILE *file = fopen(arena_print(&arena, "%s/%s", GOLDEN_FOLDER, name).data, "w");
		assert_non_null(file);
		assert_int_equal(fwrite(actual.data, 1, actual.size, file), actual.size);
		assert_int_equal(fclose(file), 0);
	}
	expected = golden_read(&arena, name);
	assert_string_equal(arena_copy_text(&arena, actual).data, arena_copy_text(&arena, expected).data);
	arena_finish(&arena);
}
