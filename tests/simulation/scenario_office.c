#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/site.h"
#include "protocol/domain/task.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory_grant.h"
#include "server/store.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/snapshot.h"

/* One command of the office being thought of. */
struct plan {
	struct simulation *simulation;
	struct snapshot *view;
	struct operation operation;
};

static const void *any_row(struct plan *plan, enum record_kind kind)
{
	const struct snapshot_table *table = snapshot_table(plan->view, kind);

	return table->count == 0 ? NULL : table->rows[stream_below(&plan->simulation->office, table->count)].row;
}

static struct text words(struct plan *plan)
{
	return arena_print(&plan->simulation->arena, "office %u", (unsigned)stream_below(&plan->simulation->office, 1000000));
}

static void aim(struct plan *plan, enum operation_kind kind, const void *subject, const void *arguments)
{
	plan->operation.head.kind = kind;
	plan->operation.head.subject = *row_id(subject);
	plan->operation.arguments = arguments;
}

static struct id any_technician(struct plan *plan)
{
	return organisation_id(RECORD_TECHNICIAN, (unsigned)stream_below(&plan->simulation->office, plan->simulation->device_count));
}

static void create_order(struct plan *plan)
{
	const struct asset *asset = any_row(plan, RECORD_ASSET);
	const struct snapshot_row *site = asset == NULL ? NULL : snapshot_find(plan->view, RECORD_SITE, &asset->site_id);
	struct work_order *order = arena_allocate(&plan->simulation->arena, sizeof(*order));

	if (asset == NULL || site == NULL)
		return;
	*order = (struct work_order){
		.territory_id = asset->territory_id, .asset_id = asset->id, .site_id = asset->site_id, .title = words(plan)
	};
	order->account_id = ((const struct site *)site->row)->account_id;
	order->released = stream_chance(&plan->simulation->office, 80);
	if (stream_chance(&plan->simulation->office, 40))
		order->request_id = organisation_id(RECORD_SERVICE_REQUEST, (unsigned)stream_below(&plan->simulation->office, SITES));
	aim(plan, OPERATION_CREATE, &(struct id){ 0 }, order);
	plan->operation.head.record = RECORD_WORK_ORDER;
}

static void book(struct plan *plan)
{
	const struct work_order *order = any_row(plan, RECORD_WORK_ORDER);
	struct book_arguments *arguments = arena_allocate(&plan->simulation->arena, sizeof(*arguments));

	if (order == NULL) {
		create_order(plan);
		return;
	}
	arguments->technician_id = any_technician(plan);
	arguments->planned_start_at_ms = WALL_START_MS + stream_between(&plan->simulation->office, 0, 8 * 3600000);
	arguments->planned_end_at_ms = arguments->planned_start_at_ms + 3600000;
	arguments->dispatch = stream_chance(&plan->simulation->office, 75);
	aim(plan, OPERATION_BOOK, order, arguments);
}

static void add_task(struct plan *plan)
{
	static const enum task_kind kinds[] = { TASK_KIND_YES_NO, TASK_KIND_NUMBER, TASK_KIND_READING, TASK_KIND_CONFIRM, TASK_KIND_TEXT,
		TASK_KIND_CHOICE };
	const struct visit *visit = any_row(plan, RECORD_VISIT);
	const struct work_order *order = any_row(plan, RECORD_WORK_ORDER);
	const struct meter *meter = any_row(plan, RECORD_METER);
	struct task *task = arena_allocate(&plan->simulation->arena, sizeof(*task));

	if (order == NULL || meter == NULL)
		return;
	*task = (struct task){ .work_order_id = visit == NULL ? order->id : visit->work_order_id,
		.kind = kinds[stream_below(&plan->simulation->office, LENGTH(kinds))],
		.title = words(plan),
		.mandatory = stream_chance(&plan->simulation->office, 50),
		.limits = TASK_LIMITS_BOTH,
		.maximum = 10 };
	if (task->kind == TASK_KIND_CHOICE)
		task->options = text_of("good;worn;!torn");
	if (task->kind == TASK_KIND_READING)
		task->meter_id = meter->id;
	aim(plan, OPERATION_CREATE, &(struct id){ 0 }, task);
	plan->operation.head.record = RECORD_TASK;
}

static void add_contact(struct plan *plan)
{
	const struct account *account = any_row(plan, RECORD_ACCOUNT);
	struct contact *contact = arena_allocate(&plan->simulation->arena, sizeof(*contact));

	if (account == NULL)
		return;
	*contact = (struct contact){ .account_id = account->id, .name = words(plan) };
	aim(plan, OPERATION_CREATE, &(struct id){ 0 }, contact);
	plan->operation.head.record = RECORD_CONTACT;
}

/* What the office asks of a whole order. */
static void change_order(struct plan *plan)
{
	static const enum operation_kind kinds[] = { OPERATION_HOLD, OPERATION_RELEASE, OPERATION_RELEASE, OPERATION_CLOSE,
		OPERATION_REOPEN_ORDER, OPERATION_REOPEN_ORDER, OPERATION_CANCEL_ORDER };
	const struct work_order *order = any_row(plan, RECORD_WORK_ORDER);
	enum operation_kind kind = kinds[stream_below(&plan->simulation->office, LENGTH(kinds))];
	struct reason_arguments *reason = arena_allocate(&plan->simulation->arena, sizeof(*reason));
	struct hold_arguments *hold = arena_allocate(&plan->simulation->arena, sizeof(*hold));

	if (order == NULL)
		return;
	reason->reason = words(plan);
	hold->reason = HOLD_REASON_PARTS;
	aim(plan, kind, order, kind == OPERATION_RELEASE ? NULL : kind == OPERATION_HOLD ? (const void *)hold : (const void *)reason);
}

static void move_visit(struct plan *plan, const struct visit *visit)
{
	struct reschedule_arguments *arguments = arena_allocate(&plan->simulation->arena, sizeof(*arguments));

	arguments->planned_start_at_ms = WALL_START_MS + stream_between(&plan->simulation->office, 0, 8 * 3600000);
	aim(plan, OPERATION_RESCHEDULE, visit, arguments);
}

/* A technician called. */
static void tell_delay(struct plan *plan)
{
	const struct visit *visit = any_row(plan, RECORD_VISIT);
	struct delay_arguments *arguments = arena_allocate(&plan->simulation->arena, sizeof(*arguments));

	arguments->expected_at_ms = WALL_START_MS + stream_between(&plan->simulation->revisions, 1, 8 * 3600000);
	if (visit != NULL)
		aim(plan, OPERATION_DELAY, visit, arguments);
}

/* An asset turns out to be another one: always the one with the greater id is left, so that there is no circle. */
static void merge_asset(struct plan *plan)
{
	const struct asset *asset = any_row(plan, RECORD_ASSET), *other = any_row(plan, RECORD_ASSET);
	struct asset *wanted;

	if (asset == NULL || id_compare(&asset->id, &other->id) >= 0)
		return;
	wanted = row_copy(&plan->simulation->arena, &asset_schema, asset);
	wanted->merged_into_id = other->id;
	aim(plan, OPERATION_EDIT, asset, wanted);
	plan->operation.head.record = RECORD_ASSET;
	plan->operation.old_values = asset;
	plan->operation.mask = UINT64_C(1) << schema_field(&asset_schema, text_of("merged_into_id"))->tag;
}

static void change_visit(struct plan *plan)
{
	const struct visit *visit = any_row(plan, RECORD_VISIT);
	struct reassign_arguments *reassign = arena_allocate(&plan->simulation->arena, sizeof(*reassign));
	struct reason_arguments *cancel = arena_allocate(&plan->simulation->arena, sizeof(*cancel));
	uint64_t dice = stream_below(&plan->simulation->office, 100);

	if (visit == NULL) {
		book(plan);
	} else if (dice < 48) {
		reassign->technician_id = any_technician(plan);
		reassign->reason = words(plan);
		aim(plan, OPERATION_REASSIGN, visit, reassign);
	} else if (dice < 65) {
		move_visit(plan, visit);
	} else if (dice < 83) {
		aim(plan, OPERATION_DISPATCH, visit, NULL);
	} else {
		cancel->reason = words(plan);
		aim(plan, OPERATION_CANCEL, visit, cancel);
	}
}

/* A task of an order that somebody may be at; NULL when there is none. */
static const struct task *visited_task(struct plan *plan)
{
	const struct visit *visit = any_row(plan, RECORD_VISIT);
	const struct snapshot_table *tasks = snapshot_table(plan->view, RECORD_TASK);

	for (size_t i = 0; visit != NULL && i < tasks->count; i++)
		if (id_equal(&((const struct task *)tasks->rows[i].row)->work_order_id, &visit->work_order_id))
			return tasks->rows[i].row;
	return NULL;
}

/* Aims at one field; its new value goes into the row that is returned. */
static void *edit_field(struct plan *plan, const struct schema *schema, const struct field *field, const void *row)
{
	void *wanted = row_copy(&plan->simulation->arena, schema, row);

	aim(plan, OPERATION_EDIT, row, wanted);
	plan->operation.head.record = schema->kind;
	plan->operation.old_values = row;
	plan->operation.mask = UINT64_C(1) << field->tag;
	return wanted;
}

/* The same fields as technicians edit, and references that give rows another home or another job. */
static void edit(struct plan *plan)
{
	static const struct {
		enum record_kind kind;
		const char *field;
	} fields[] = { { RECORD_ASSET, "serial" }, { RECORD_SITE, "access_notes" }, { RECORD_WORK_ORDER, "description" },
		{ RECORD_ASSET, "territory_id" }, { RECORD_SITE, "territory_id" }, { RECORD_WORK_ORDER, "territory_id" },
		{ RECORD_ACCOUNT, "territory_id" }, { RECORD_TECHNICIAN, "territory_id" }, { RECORD_WORK_ORDER, "title" },
		{ RECORD_TASK, "title" }, { RECORD_TASK, "title" }, { RECORD_TASK, "title" } };
	size_t which = (size_t)stream_below(&plan->simulation->office, LENGTH(fields));
	const struct schema *schema = schema_find(fields[which].kind);
	const struct field *field = schema_field(schema, text_of(fields[which].field));
	const void *row = schema->kind == RECORD_TASK ? visited_task(plan) : any_row(plan, schema->kind);
	void *wanted;

	if (row == NULL)
		return;
	wanted = edit_field(plan, schema, field, row);
	if (field->kind == FIELD_TEXT)
		*(struct text *)field_at_mutable(field, wanted) = words(plan);
	else
		*(struct id *)field_at_mutable(field, wanted) =
			organisation_id(RECORD_TERRITORY, (unsigned)stream_below(&plan->simulation->office, TERRITORIES));
}

/* What settles an issue of a kind beside a note; now and then any other, which is refused. */
static uint32_t resolution_for(struct plan *plan, enum issue_kind kind)
{
	static const struct {
		enum issue_kind kind;
		enum issue_resolution resolutions[2];
	} fitting[] = {
		{ ISSUE_KIND_WORK_DONE_AFTER_CANCEL, { ISSUE_RESOLUTION_BILL, ISSUE_RESOLUTION_DO_NOT_BILL } },
		{ ISSUE_KIND_OVERTAKEN, { ISSUE_RESOLUTION_KEEP_OTHER_VISIT, ISSUE_RESOLUTION_NOTED } },
		{ ISSUE_KIND_DOUBLE_VISIT, { ISSUE_RESOLUTION_CANCEL_OTHER_VISIT, ISSUE_RESOLUTION_NOTED } },
		{ ISSUE_KIND_EDIT_CONFLICT, { ISSUE_RESOLUTION_TOOK_MINE, ISSUE_RESOLUTION_KEPT_THEIRS } },
		{ ISSUE_KIND_LATE_FACT, { ISSUE_RESOLUTION_ACCEPT_LATE, ISSUE_RESOLUTION_NOTED } },
		{ ISSUE_KIND_DOUBLE_ANSWER, { ISSUE_RESOLUTION_TAKE_OTHER_ANSWER, ISSUE_RESOLUTION_NOTED } },
	};
	struct stream *dice = &plan->simulation->office;

	if (stream_chance(dice, 10))
		return (uint32_t)stream_between(dice, ISSUE_RESOLUTION_NOTED, ISSUE_RESOLUTION_TAKE_OTHER_ANSWER);
	for (size_t i = 0; i < LENGTH(fitting); i++)
		if (fitting[i].kind == kind)
			return fitting[i].resolutions[stream_below(dice, 2)];
	return ISSUE_RESOLUTION_NOTED;
}

/* An open issue, the rare kinds first; NULL when nothing is open. */
static const struct issue *open_issue(struct plan *plan)
{
	const struct snapshot_table *issues = snapshot_table(plan->view, RECORD_ISSUE);
	size_t start = issues->count == 0 ? 0 : (size_t)stream_below(&plan->simulation->office, issues->count);
	const struct issue *frequent = NULL;

	for (size_t i = 0; i < issues->count; i++) {
		const struct issue *issue = issues->rows[(start + i) % issues->count].row;
		if (issue->state == ISSUE_STATE_RESOLVED)
			continue;
		if (issue->kind != ISSUE_KIND_WORK_DONE_AFTER_CANCEL && issue->kind != ISSUE_KIND_LATE_FACT)
			return issue;
		frequent = frequent == NULL ? issue : frequent;
	}
	return frequent;
}

static void resolve(struct plan *plan)
{
	const struct issue *issue = stream_chance(&plan->simulation->office, 10) ? any_row(plan, RECORD_ISSUE) : open_issue(plan);
	struct resolve_arguments *arguments = arena_allocate(&plan->simulation->arena, sizeof(*arguments));

	if (issue == NULL)
		return;
	arguments->resolution = resolution_for(plan, issue->kind);
	arguments->text = words(plan);
	aim(plan, OPERATION_RESOLVE_ISSUE, issue, arguments);
}

static void add_note(struct plan *plan)
{
	const struct work_order *order = any_row(plan, RECORD_WORK_ORDER);
	struct note_arguments *arguments = arena_allocate(&plan->simulation->arena, sizeof(*arguments));

	if (order == NULL)
		return;
	arguments->text = words(plan);
	aim(plan, OPERATION_ADD_NOTE, order, arguments);
}

/* ---- at the desk ---- */

/* The order of a task that somebody may be at; NULL when there is none. */
static const struct work_order *order_with_tasks(struct plan *plan)
{
	const struct task *task = visited_task(plan);
	const struct snapshot_row *order = task == NULL ? NULL : snapshot_find(plan->view, RECORD_WORK_ORDER, &task->work_order_id);

	return order == NULL ? NULL : order->row;
}

/* Another machine, or another site, of any territory. */
static void change_what_for(struct plan *plan)
{
	const struct work_order *order = order_with_tasks(plan);
	const struct asset *asset = any_row(plan, RECORD_ASSET);
	bool machine = stream_chance(&plan->simulation->desk, 50);
	const struct field *field = schema_field(&work_order_schema, text_of(machine ? "asset_id" : "site_id"));
	struct work_order *wanted;

	if (order == NULL || asset == NULL)
		return;
	wanted = edit_field(plan, &work_order_schema, field, order);
	if (machine)
		wanted->asset_id = asset->id;
	else
		wanted->site_id = asset->site_id;
}

/* To a checklist that another one may be at. */
static void send_another(struct plan *plan)
{
	const struct work_order *order = order_with_tasks(plan);
	struct book_arguments *arguments = arena_allocate(&plan->simulation->arena, sizeof(*arguments));

	if (order == NULL)
		return;
	*arguments = (struct book_arguments){ .technician_id = any_technician(plan),
		.planned_start_at_ms = WALL_START_MS,
		.planned_end_at_ms = WALL_START_MS + 3600000,
		.dispatch = true };
	aim(plan, OPERATION_BOOK, order, arguments);
}

static void retire_asset(struct plan *plan)
{
	const struct asset *asset = any_row(plan, RECORD_ASSET);
	bool retired = stream_chance(&plan->simulation->desk, 60);

	if (asset != NULL)
		((struct asset *)edit_field(plan, &asset_schema, schema_field(&asset_schema, text_of("status")), asset))->status =
			retired ? ASSET_STATUS_RETIRED : ASSET_STATUS_ACTIVE;
}

/* A technician serves a further territory, or not any more. */
static void grant_territory(struct plan *plan)
{
	const struct schema *schema = &territory_grant_schema;
	const struct territory_grant *known = any_row(plan, RECORD_TERRITORY_GRANT);
	struct stream *dice = &plan->simulation->desk;
	struct territory_grant *grant;

	if (known != NULL && stream_chance(dice, 50)) {
		grant = edit_field(plan, schema, schema_field(schema, text_of("ended")), known);
		grant->ended = !known->ended;
		return;
	}
	grant = arena_allocate(&plan->simulation->arena, sizeof(*grant));
	grant->technician_id = any_technician(plan);
	grant->territory_id = organisation_id(RECORD_TERRITORY, (unsigned)stream_below(dice, TERRITORIES));
	aim(plan, OPERATION_CREATE, &(struct id){ 0 }, grant);
	plan->operation.head.record = RECORD_TERRITORY_GRANT;
}

static void work_at_the_desk(struct plan *plan)
{
	static void (*const choices[])(struct plan *plan) = { change_what_for, change_what_for, send_another, send_another, retire_asset,
		grant_territory, resolve, resolve, resolve };

	plan->simulation->counts.happened[FAULT_DESK]++;
	choices[stream_below(&plan->simulation->desk, LENGTH(choices))](plan);
}

static bool is_at_the_desk(struct simulation *simulation)
{
	unsigned percent = simulation->faults.percent[FAULT_DESK];

	return percent > 0 && stream_chance(&simulation->desk, percent);
}

static void think(struct plan *plan)
{
	static const struct {
		unsigned below;
		void (*plan)(struct plan *plan);
	} choices[] = { { 14, create_order }, { 40, book }, { 66, change_visit }, { 77, edit }, { 78, merge_asset }, { 85, resolve },
		{ 88, add_note }, { 89, add_contact }, { 96, add_task }, { 100, change_order } };
	uint64_t dice = stream_below(&plan->simulation->office, 100);
	size_t i = 0;

	if (plan->simulation->faults.percent[FAULT_REVISIONS] > 0 && stream_chance(&plan->simulation->revisions, 25)) {
		tell_delay(plan);
		return;
	}
	if (is_at_the_desk(plan->simulation)) {
		work_at_the_desk(plan);
		return;
	}
	while (dice >= choices[i].below)
		i++;
	choices[i].plan(plan);
}

void scenario_office(struct simulation *simulation)
{
	struct snapshot view;
	struct plan made = { .simulation = simulation, .view = &view };
	struct verdict verdict;
	struct id id = { 0 };
	bool durable;

	if (simulation->server.core == NULL)
		return;
	snapshot_open(&view, server_store_storage(simulation->server.store));
	think(&made);
	if (snapshot_status(&view) != STATUS_OK)
		violate(simulation, "failure", "the server cannot be read: %s", fail_reason());
	made.operation.head.at_ms = clock_now_ms(&simulation->server.clock);
	made.operation.head.role = ROLE_DISPATCHER;
	if (made.operation.head.kind != OPERATION_NONE) {
		durable = server_node_operation(simulation, &made.operation, &verdict, &id);
		note(simulation, "office: %s %s: %s", operation_find(made.operation.head.kind)->name,
			id_to_text(&made.operation.head.subject).characters, durable ? "done" : "failed");
		if (durable && made.operation.head.record == RECORD_WORK_ORDER && made.operation.head.kind == OPERATION_CREATE &&
			verdict.outcome == OUTCOME_APPLIED)
			oracle_note_order(&simulation->oracle, &id);
	}
	snapshot_finish(&view);
}
