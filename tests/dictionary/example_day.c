#include "tests/dictionary/example_day.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/kb_article.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/part.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "server/import.h"
#include "tests/dictionary/samples.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/stream.h"

#define ROWS_MAX    4000
#define STRANGE_MAX 200
#define PATIENCE    100000 /* steps of the simulation */
#define HOUR_MS     INT64_C(3600000)

struct example_row {
	const struct schema *schema;
	void *row;
	bool made;
};

struct day {
	struct simulation simulation;
	struct device_node *device; /* its technician does the work */
	struct arena arena;
	struct text source;
	struct example_row rows[ROWS_MAX];
	size_t count;
	unsigned style; /* of what is written next */
	bool live;      /* each thing by itself; else all of a visit at once, as it comes from where there was no network */
};

__attribute__((noreturn)) static void die(const char *doing)
{
	(void)fprintf(stderr, "train_dictionary: %s: %s\n", doing, fail_reason());
	exit(1);
}

/* ---- the files ---- */

/* Whatever belongs to a territory belongs to the technician's. */
static void move_to_territory(const struct schema *schema, void *row)
{
	const struct field *field = schema_field(schema, text_of("territory_id"));

	if (field != NULL && !id_is_nil(field_at(field, row)))
		*(struct id *)field_at_mutable(field, row) = organisation_id(RECORD_TERRITORY, 0);
}

static enum status take_row(void *context, const struct operation *operation)
{
	struct day *day = context;
	const struct schema *schema = schema_find(operation->head.record);
	void *row = row_copy(&day->arena, schema, operation->arguments);

	if (day->count == ROWS_MAX)
		return fail(STATUS_INVALID, "more than %d rows", ROWS_MAX);
	memcpy(row, &operation->head.subject, sizeof(struct id));
	move_to_territory(schema, row);
	day->rows[day->count++] = (struct example_row){ .schema = schema, .row = row };
	return STATUS_OK;
}

static void read_files(struct day *day, char *const *files, size_t file_count)
{
	const struct import_sinks sinks = { .take = take_row, .context = day };

	for (size_t i = 0; i < file_count; i++) {
		const struct import_options options = { .path = files[i], .source = day->source, .at_ms = WALL_START_MS };
		struct import_report report;
		if (import_file(&options, &day->arena, &sinks, &report) != STATUS_OK)
			die(files[i]);
	}
}

static struct example_row *find_row(struct day *day, const struct id *id)
{
	for (size_t i = 0; i < day->count; i++)
		if (id_equal(row_id(day->rows[i].row), id))
			return &day->rows[i];
	return NULL;
}

static struct example_row *any_row(struct day *day, enum record_kind kind, unsigned n)
{
	unsigned of_kind = 0, seen = 0;

	for (size_t i = 0; i < day->count; i++)
		of_kind += day->rows[i].schema->kind == kind;
	for (size_t i = 0; i < day->count; i++)
		if (day->rows[i].schema->kind == kind && seen++ == n % of_kind)
			return &day->rows[i];
	(void)fail(STATUS_NOT_FOUND, "there is no %s", schema_find(kind)->name);
	die("the files");
}

/* ---- what happens ---- */

static void settle(struct day *day)
{
	for (int i = 0; i < PATIENCE && !day->simulation.violated && !simulation_is_quiet(&day->simulation); i++)
		(void)simulation_step(&day->simulation);
	if (day->simulation.violated) {
		(void)fail(STATUS_INVALID, "%s: %s", day->simulation.invariant, day->simulation.violation);
		die("the simulation");
	}
}

static struct id office(struct day *day, struct operation *operation)
{
	struct verdict verdict;
	struct id id = { 0 };

	operation->head.role = ROLE_DISPATCHER;
	operation->head.at_ms = clock_now_ms(&day->simulation.server.clock);
	if (!server_node_operation(&day->simulation, operation, &verdict, &id) || verdict.outcome != OUTCOME_APPLIED) {
		(void)fail(STATUS_INVALID, "%.*s %.*s", TEXT_ARGUMENTS(verdict.rule), TEXT_ARGUMENTS(verdict.field));
		die("the office");
	}
	return id;
}

static void work(struct day *day, const struct operation *operation)
{
	device_node_operation(&day->simulation, day->device, operation);
	if (day->live)
		settle(day);
}

static void technician(struct day *day, enum operation_kind kind, const struct id *subject, const void *arguments)
{
	const struct operation operation = { .head = { .kind = kind, .subject = *subject, .at_ms = clock_now_ms(&day->device->clock) },
		.arguments = arguments };

	work(day, &operation);
}

/* With all that it refers to, and before it. */
static void make(struct day *day, struct example_row *row)
{
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = row->schema->kind, .subject = *row_id(row->row) },
		.arguments = row->row };

	if (row->made)
		return;
	row->made = true;
	for (size_t i = 1; i < row->schema->field_count; i++) {
		const struct field *field = &row->schema->fields[i];
		struct example_row *referred = field->kind == FIELD_ID ? find_row(day, field_at(field, row->row)) : NULL;
		if (referred != NULL)
			make(day, referred);
	}
	(void)office(day, &operation);
}

/* Rows of a kind that name the id. */
static void make_those_of(struct day *day, enum record_kind kind, const char *field_name, const struct id *id)
{
	const struct field *field = schema_field(schema_find(kind), text_of(field_name));

	for (size_t i = 0; i < day->count; i++)
		if (day->rows[i].schema->kind == kind && id_equal(field_at(field, day->rows[i].row), id))
			make(day, &day->rows[i]);
}

/* Some write as the files do, some in capitals. */
static struct text written(struct day *day, struct text text)
{
	char *copy = arena_allocate(&day->arena, text.size + 1);

	for (size_t i = 0; i < text.size; i++)
		copy[i] = day->style % 2 == 1 ? (char)toupper((unsigned char)text.data[i]) : text.data[i];
	return (struct text){ copy, text.size };
}

/* An order of earlier years becomes one of today; what came of it is given back. */
static struct finish_arguments make_order(struct day *day, struct example_row *row)
{
	struct work_order *order = row->row;
	const struct contact *contact = any_row(day, RECORD_CONTACT, day->style)->row;
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_FIXED,
		.cause_code = order->cause_code.size > 0 ? order->cause_code : text_of("worn_part"),
		.action_code = order->action_code.size > 0 ? order->action_code : text_of("replaced"),
		.signer_name = contact->name };

	order->completed_at_ms = order->closed_at_ms = order->cost_cents = 0;
	order->cause_code = order->action_code = order->source = order->source_id = order->hold_reason = text_of("");
	order->released = true;
	order->title = written(day, order->title);
	order->description = written(day, order->description);
	make(day, row);
	make_those_of(day, RECORD_TASK, "work_order_id", &order->id);
	return finish;
}

static struct id book(struct day *day, const struct id *order)
{
	const struct book_arguments arguments = { .technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.planned_start_at_ms = clock_now_ms(&day->simulation.server.clock) + HOUR_MS,
		.planned_end_at_ms = clock_now_ms(&day->simulation.server.clock) + 2 * HOUR_MS,
		.dispatch = true };
	struct operation operation = { .head = { .kind = OPERATION_BOOK, .subject = *order }, .arguments = &arguments };

	return office(day, &operation);
}

static struct id stock(struct day *day, struct example_row *part)
{
	const struct movement movement = { .type = MOVEMENT_TYPE_LOAD,
		.part_id = *row_id(part->row),
		.quantity = 20,
		.from_location_id = location_vendor,
		.to_location_id = organisation_id(RECORD_STOCK_LOCATION, 0) };
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = RECORD_MOVEMENT }, .arguments = &movement };

	make(day, part);
	(void)office(day, &operation);
	return *row_id(part->row);
}

static void rename_model(struct day *day, const struct id *id)
{
	const struct example_row *row = find_row(day, id);
	const struct asset *asset = row != NULL ? row->row : any_row(day, RECORD_ASSET, 0)->row;
	struct asset *changed = row_copy(&day->arena, &asset_schema, asset);
	const struct operation operation = { .head = { .kind = OPERATION_EDIT,
						     .record = RECORD_ASSET,
						     .subject = asset->id,
						     .at_ms = clock_now_ms(&day->device->clock) },
		.arguments = changed,
		.old_values = asset,
		.mask = UINT64_C(1) << schema_field(&asset_schema, text_of("model"))->tag };

	changed->model = arena_print(&day->arena, "%.*s B", TEXT_ARGUMENTS(asset->model));
	work(day, &operation);
}

static void answer_tasks(struct day *day, const struct id *order, const struct id *visit)
{
	for (size_t i = 0; i < day->count; i++) {
		const struct task *task = day->rows[i].row;
		struct answer_arguments *answer;
		if (day->rows[i].schema->kind != RECORD_TASK || !id_equal(&task->work_order_id, order) || task->kind > TASK_KIND_YES_NO)
			continue;
		answer = arena_allocate(&day->arena, sizeof(*answer));
		*answer = (struct answer_arguments){ .task_id = task->id, .task_version = 1, .truth = ANSWER_TRUTH_YES };
		technician(day, OPERATION_ANSWER_TASK, visit, answer);
	}
}

/* What was done: of earlier orders what stands behind the complaint. */
static struct text done(struct day *day, const struct work_order *order)
{
	static const char cause[] = "CAUSE: ";
	struct text text = order->description;

	for (size_t i = 0; i + sizeof(cause) < text.size; i++)
		if (strncasecmp(text.data + i, cause, sizeof(cause) - 1) == 0)
			return written(day, (struct text){ text.data + i + sizeof(cause) - 1, text.size - i - sizeof(cause) + 1 });
	return written(day, text);
}

static void do_visit(struct day *day, const struct work_order *order, const struct id *visit, struct finish_arguments *finish)
{
	const struct part_arguments use = { .part_id = stock(day, any_row(day, RECORD_PART, day->style)),
		.location_id = organisation_id(RECORD_STOCK_LOCATION, 0),
		.quantity = 1 + day->style % 3 };
	const struct kb_article *article = any_row(day, RECORD_KB_ARTICLE, day->style)->row;
	const struct note_arguments remark = { .text = day->style % 3 == 0 ? written(day, article->symptom) : done(day, order) };
	static const enum operation_kind way[] = { OPERATION_ACCEPT, OPERATION_TRAVEL, OPERATION_ARRIVE };

	finish->text = day->style % 3 == 1 ? written(day, article->cause) : done(day, order);
	settle(day);
	for (size_t i = 0; i < LENGTH(way); i++)
		technician(day, way[i], visit, NULL);
	technician(day, OPERATION_USE_PART, visit, &use);
	technician(day, OPERATION_ADD_NOTE, &order->id, &remark);
	rename_model(day, &order->asset_id);
	answer_tasks(day, &order->id, visit);
	technician(day, OPERATION_FINISH, visit, finish);
	settle(day);
}

static void do_orders(struct day *day, unsigned number, unsigned days)
{
	unsigned seen = 0;

	for (size_t i = 0; i < day->count; i++) {
		struct example_row *row = &day->rows[i];
		struct finish_arguments finish;
		struct id visit;
		if (row->schema->kind != RECORD_WORK_ORDER || seen++ % days != number)
			continue;
		day->style = seen / days + number;
		day->live = day->style % 4 != 3;
		finish = make_order(day, row);
		visit = book(day, row_id(row->row));
		do_visit(day, row->row, &visit, &finish);
	}
}

/* ---- ids that all days share ---- */

static size_t strange_ids(struct day *day, struct id *ids, struct id *others)
{
	size_t count = 0;

	for (size_t i = 0; schema_at(i) != NULL; i++)
		for (unsigned n = 0; n < 4; n++)
			ids[count++] = organisation_id(schema_at(i)->kind, n);
	for (unsigned n = 0; n < 3; n++)
		ids[count++] = organisation_incarnation(n);
	ids[count++] = organisation_epoch();
	for (size_t i = 0; i < count; i++)
		others[i] = id_imported(day->source, (struct text){ (const char *)ids[i].bytes, ID_SIZE });
	return count;
}

void example_day(char *const *files, size_t file_count, unsigned number, unsigned days)
{
	static struct template template;
	static struct id ids[STRANGE_MAX], others[STRANGE_MAX];
	const struct run_options options = { .seed = number + 1, .device_count = 1, .calm = true };
	struct day *day = calloc(1, sizeof(*day));

	if (day == NULL)
		abort();
	if (template.device_count == 0)
		template_create(1, &template);
	day->source = arena_print(&day->arena, "day %u", number);
	read_files(day, files, file_count);
	simulation_begin(&day->simulation, &template, &options);
	day->device = &day->simulation.devices[0];
	settle(day);
	samples_keep(ids, others, strange_ids(day, ids, others));
	do_orders(day, number, days);
	samples_keep(NULL, NULL, 0);
	simulation_finish(&day->simulation);
	arena_finish(&day->arena);
	free(day);
}
