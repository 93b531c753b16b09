/* What must hold on the server when all is quiet; as its rows tell. */
#include <string.h>

#include "protocol/domain/balance.h"
#include "protocol/domain/decide.h"
#include "protocol/domain/device.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/note.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/time_entry.h"
#include "protocol/sync/careful.h"
#include "protocol/sync/sight.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/record_codec.h"
#include "server/store.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/snapshot.h"

/* ---- effects ---- */

static bool was_decided(struct simulation *simulation, const struct promise *promise)
{
	struct logged_operation logged;

	return server_store_logged(simulation->server.store, &promise->id, &simulation->arena, &logged) == STATUS_OK &&
	       logged.outcome != OUTCOME_REJECTED && logged.outcome != OUTCOME_PARKED;
}

static bool is_revoked(const struct snapshot *server, const struct id *device)
{
	const struct snapshot_row *row = snapshot_find(server, RECORD_DEVICE, device);

	return row != NULL && ((const struct device *)row->row)->state != DEVICE_STATE_ACTIVE;
}

static bool is_remembered(struct simulation *simulation, const struct operation_head *head)
{
	struct server_state state;

	return server_store_state(simulation->server.store, &state) == STATUS_OK && id_equal(&head->base_epoch, &state.epoch) &&
	       head->base_gseq >= state.horizon;
}

/* Only of a time that the server does not remember is there something that its author named rightly, and that waits all the same: for a
 * person, or, when it is an edit of that, until the device has it. */
static bool is_not_remembered(struct simulation *simulation, const struct snapshot *server, const struct operation_outcome *outcome)
{
	struct server_store *store = simulation->server.store;
	struct logged_operation logged;
	struct operation operation;

	if (!text_equals(outcome->rule, "missing_record") ||
		server_store_logged(store, &outcome->id, &simulation->arena, &logged) != STATUS_OK ||
		operation_decode(&simulation->arena, logged.canonical, &operation) != STATUS_OK ||
		is_remembered(simulation, &operation.head))
		return false;
	return outcome->kind != OPERATION_EDIT || !id_equal(&outcome->waits_for, &outcome->subject) ||
	       is_revoked(server, &outcome->device_id) ||
	       sight_device_had(store, &outcome->device_id, operation.head.record, &outcome->subject) == STATUS_NOT_FOUND;
}

/* Two of it worked at a time: then it has two histories. One that was put back knows that by itself before it works, and has one. */
static bool was_copied(const struct simulation *simulation, const struct id *device)
{
	const struct device_node *copy = &simulation->devices[simulation->device_count];
	struct id copied = organisation_device_id(copy->who);

	return copy->number != 0 && id_equal(&copied, device);
}

/* What is still parked waits for a record that is not there, or for a person: a technician who opened an order elsewhere. */
static void check_parked(struct simulation *simulation, const struct snapshot *server)
{
	const struct snapshot_table *outcomes = snapshot_table(server, RECORD_OPERATION);

	for (size_t i = 0; i < outcomes->count; i++) {
		const struct operation_outcome *outcome = outcomes->rows[i].row;
		bool comes = false;
		if (outcome->outcome != OUTCOME_PARKED)
			continue;
		for (int kind = 1; kind <= RECORD_KIND_MAX && !id_is_nil(&outcome->waits_for); kind++)
			comes = comes ||
				(kind != RECORD_OPERATION && snapshot_find(server, (enum record_kind)kind, &outcome->waits_for) != NULL);
		if (text_equals(outcome->rule, "bug") && outcome->kind == OPERATION_ADD_NOTE &&
			simulation->server.poisoned >= CAREFUL_TRIES_MAX)
			continue;
		if (comes && (simulation->retention_ms > 0 || simulation->server.swapped) &&
			is_not_remembered(simulation, server, outcome))
			continue;
		if (text_equals(outcome->rule, "fork") && was_copied(simulation, &outcome->device_id))
			continue; /* I12: one history is admitted, the other kept aside whole */
		if (comes || (id_is_nil(&outcome->waits_for) && !text_equals(outcome->rule, "not_your_territory") &&
				     !(text_equals(outcome->rule, "revoked") && is_revoked(server, &outcome->device_id))))
			violate(simulation, "parked", "%s %s is still parked: %.*s %.*s", operation_find(outcome->kind)->name,
				id_to_text(&outcome->id).characters, TEXT_ARGUMENTS(outcome->rule), TEXT_ARGUMENTS(outcome->detail));
	}
}

/* I3: counted from what the operations leave behind, which is named after them. */
static void check_effects(struct simulation *simulation, const struct snapshot *server)
{
	const struct snapshot_table *movements = snapshot_table(server, RECORD_MOVEMENT);
	const struct snapshot_table *notes = snapshot_table(server, RECORD_NOTE);
	size_t left_behind = 0, expected = 0;

	for (size_t i = 0; i < movements->count; i++) {
		const struct movement *movement = movements->rows[i].row;
		const struct promise *promise;
		if (id_is_nil(&movement->technician_id))
			continue;
		left_behind++;
		promise = oracle_find(&simulation->oracle, &movement->id);
		if (promise == NULL || promise->quantity != movement->quantity)
			violate(simulation, "I3", "movement %s belongs to no operation", id_to_text(&movement->id).characters);
	}
	for (size_t i = 0; i < notes->count; i++) {
		const struct note *remark = notes->rows[i].row;
		const struct promise *promise = oracle_find(&simulation->oracle, &remark->id);
		if (id_is_nil(&remark->author_id))
			continue;
		left_behind++;
		if (promise == NULL || promise->kind != OPERATION_ADD_NOTE)
			violate(simulation, "I3", "note %s belongs to no operation", id_to_text(&remark->id).characters);
	}
	for (size_t i = 0; i < simulation->oracle.count; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		if ((promise->quantity > 0 || promise->kind == OPERATION_ADD_NOTE) && was_decided(simulation, promise))
			expected++;
	}
	if (left_behind != expected)
		violate(simulation, "I3", "%zu operations left %zu movements and notes", expected, left_behind);
}

/* I3: a decided fact of these kinds left one record, named after it. */
static void check_facts(struct simulation *simulation, const struct snapshot *server)
{
	static const struct {
		enum operation_kind operation;
		enum record_kind record;
	} facts[] = { { OPERATION_ANSWER_TASK, RECORD_TASK_ANSWER }, { OPERATION_LOG_TIME, RECORD_TIME_ENTRY },
		{ OPERATION_READ_METER, RECORD_READING }, { OPERATION_ADD_PHOTO, RECORD_ATTACHMENT },
		{ OPERATION_SIGN, RECORD_ATTACHMENT } };

	for (size_t i = 0; i < simulation->oracle.count; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		for (size_t k = 0; k < LENGTH(facts); k++)
			if (promise->kind == facts[k].operation && was_decided(simulation, promise) &&
				snapshot_find(server, facts[k].record, &promise->id) == NULL)
				violate(simulation, "I3", "%s %s left nothing", operation_find(promise->kind)->name,
					id_to_text(&promise->id).characters);
	}
}

/* I18: whatever the order and the number of deliveries, as much time is booked as was logged. */
static void check_time(struct simulation *simulation, const struct snapshot *server)
{
	int64_t logged_ms = 0, booked_ms = 0;

	for (size_t i = 0; i < simulation->oracle.count; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		const struct snapshot_row *row = snapshot_find(server, RECORD_TIME_ENTRY, &promise->id);
		const struct time_entry *entry = row == NULL ? NULL : row->row;
		logged_ms += promise->kind == OPERATION_LOG_TIME && was_decided(simulation, promise) ? promise->spent_ms : 0;
		booked_ms += entry != NULL && entry->source == TIME_SOURCE_MANUAL ? entry->end_at_ms - entry->start_at_ms : 0;
	}
	if (logged_ms != booked_ms)
		violate(simulation, "I18", "%lld ms were logged, %lld are booked", (long long)logged_ms, (long long)booked_ms);
}

/* What tasks and meters say of themselves is what their answers and readings say. */
static void check_derived(struct simulation *simulation, const struct snapshot *server)
{
	const struct snapshot_table *tasks = snapshot_table(server, RECORD_TASK), *meters = snapshot_table(server, RECORD_METER);

	for (size_t i = 0; i < tasks->count; i++) {
		const struct task *task = tasks->rows[i].row;
		const struct snapshot_row *row = snapshot_find(server, RECORD_TASK_ANSWER, &task->primary_answer_id);
		const struct task_answer *answer = row == NULL ? NULL : row->row;
		if (task->answered != (answer != NULL) ||
			(answer != NULL && (answer->failed != task->failed || !id_equal(&answer->task_id, &task->id))))
			violate(simulation, "I4", "task %s does not say what its answer says", id_to_text(&task->id).characters);
	}
	for (size_t i = 0; i < meters->count; i++) {
		const struct meter *meter = meters->rows[i].row;
		const struct snapshot_row *row = snapshot_find(server, RECORD_READING, &meter->last_reading_id);
		const struct reading *reading = row == NULL ? NULL : row->row;
		if (id_is_nil(&meter->last_reading_id) ? meter->last_value != 0 : reading == NULL || reading->value != meter->last_value)
			violate(simulation, "I4", "meter %s does not show its last reading", id_to_text(&meter->id).characters);
	}
}

/* I7: balances are what the ledger makes them, and each part sums to nothing over all places. */
static void check_stock(struct simulation *simulation, const struct snapshot *server)
{
	const struct snapshot_table *movements = snapshot_table(server, RECORD_MOVEMENT);
	const struct snapshot_table *balances = snapshot_table(server, RECORD_BALANCE);
	int64_t all = 0, moved = 0;

	for (size_t i = 0; i < balances->count; i++) {
		const struct balance *balance = balances->rows[i].row;
		int64_t expected = 0;
		for (size_t k = 0; k < movements->count; k++) {
			const struct movement *movement = movements->rows[k].row;
			if (!id_equal(&movement->part_id, &balance->part_id))
				continue;
			expected -= id_equal(&movement->from_location_id, &balance->location_id) ? movement->quantity : 0;
			expected += id_equal(&movement->to_location_id, &balance->location_id) ? movement->quantity : 0;
		}
		if (expected != balance->quantity)
			violate(simulation, "I7", "balance %s is %lld, the ledger makes it %lld", id_to_text(&balance->id).characters,
				(long long)balance->quantity, (long long)expected);
		all += balance->quantity;
		moved += location_is_virtual(&balance->location_id) ? 0 : balance->quantity;
	}
	if (all != 0)
		violate(simulation, "I7", "all balances sum to %lld (%lld in real places)", (long long)all, (long long)moved);
}

/* I8. */
static void check_orders(struct simulation *simulation, const struct snapshot *server)
{
	for (size_t i = 0; i < simulation->oracle.order_count; i++) {
		const struct snapshot_row *row = snapshot_find(server, RECORD_WORK_ORDER, &simulation->oracle.orders[i]);
		const struct work_order *order;
		if (row == NULL) {
			violate(simulation, "I8", "work order %s is lost", id_to_text(&simulation->oracle.orders[i]).characters);
			return;
		}
		order = row->row;
		if (snapshot_order_state(server, order) != order->state)
			violate(simulation, "I4", "order %s is in state %d, its visits make it %d", id_to_text(&order->id).characters,
				(int)order->state, (int)snapshot_order_state(server, order));
	}
}

/* A finish that was told is the visit's, or somebody is asked about it. */
static void check_finishes(struct simulation *simulation, const struct snapshot *server)
{
	for (size_t i = 0; i < simulation->oracle.count; i++) {
		const struct promise *promise = &simulation->oracle.promises[i];
		const struct snapshot_row *visit = snapshot_find(server, RECORD_VISIT, &promise->subject);
		struct logged_operation logged;
		if (promise->kind != OPERATION_FINISH || visit == NULL ||
			server_store_logged(simulation->server.store, &promise->id, &simulation->arena, &logged) != STATUS_OK)
			continue;
		if (logged.outcome == OUTCOME_APPLIED && ((const struct visit *)visit->row)->finished_at_ms == 0 &&
			!visit_was_opened_again(simulation, &promise->subject))
			violate(simulation, "I8", "finish %s was applied, and its visit is not finished",
				id_to_text(&promise->id).characters);
		if (logged.outcome != OUTCOME_APPLIED && snapshot_find(server, RECORD_OPERATION, &promise->id) == NULL)
			violate(simulation, "I8", "finish %s was not plainly applied, and nobody is told",
				id_to_text(&promise->id).characters);
	}
}

/* Bookkeeping of every row: hash and home. */
static void check_rows(struct simulation *simulation, const struct snapshot *server)
{
	const struct schema *schema;

	for (size_t k = 0; (schema = schema_at(k)) != NULL; k++) {
		for (size_t i = 0; i < snapshot_table(server, schema->kind)->count; i++) {
			const struct snapshot_row *row = &snapshot_table(server, schema->kind)->rows[i];
			struct row_hash hash = row_hash(schema, row->row);
			struct scope home = row_home(schema, row->row), stored = { 0 };
			struct scope_state state;
			uint8_t bytes[16];
			for (int b = 0; b < 8; b++) {
				bytes[b] = (uint8_t)(hash.low >> 8 * b);
				bytes[8 + b] = (uint8_t)(hash.high >> 8 * b);
			}
			if (memcmp(bytes, row->meta.hash, sizeof(bytes)) != 0)
				violate(simulation, "I6", "%s %s has another hash than its content", schema->name,
					id_to_text(row_id(row->row)).characters);
			if (server_store_scope_by_number(simulation->server.store, row->meta.home, &stored, &state) != STATUS_OK ||
				!scope_equal(&home, &stored))
				violate(simulation, "I6", "%s %s is not at home", schema->name, id_to_text(row_id(row->row)).characters);
		}
	}
}

static enum status note_holder(void *context, const struct member *member)
{
	*(int64_t *)context = member->scope;
	return STATUS_OK;
}

/* What is archived, nobody works with any more; how much there is. */
static size_t check_archived_of(struct simulation *simulation, const struct snapshot *server, const struct schema *schema)
{
	const struct field *work_order = schema_field(schema, text_of("work_order_id"));
	const struct snapshot_table *table = snapshot_table(server, schema->kind);
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		const void *row = table->rows[i].row;
		const struct snapshot_row *order = snapshot_find(server, RECORD_WORK_ORDER, field_at(work_order, row));
		int64_t holder = 0;
		if (!row_is_archived(schema, row))
			continue;
		count++;
		(void)server_store_links_of_row(simulation->server.store, schema->kind, row_id(row), note_holder, &holder);
		if (holder != 0 || (order != NULL && !work_order_is_over(order->row)))
			violate(simulation, "window", "%s %s is archived, and its order is not over", schema->name,
				id_to_text(row_id(row)).characters);
	}
	return count;
}

static void check_archived(struct simulation *simulation, const struct snapshot *server)
{
	const struct schema *schema;
	uint64_t count = 0;

	for (size_t k = 0; (schema = schema_at(k)) != NULL; k++)
		if (schema->window.field != NULL)
			count += check_archived_of(simulation, server, schema);
	simulation->counts.happened[FAULT_WINDOW] = count;
}

void checks_of_server_end(struct simulation *simulation, const struct snapshot *server)
{
	check_rows(simulation, server);
	check_parked(simulation, server);
	check_effects(simulation, server);
	check_facts(simulation, server);
	check_time(simulation, server);
	check_derived(simulation, server);
	check_stock(simulation, server);
	check_orders(simulation, server);
	check_finishes(simulation, server);
	check_archived(simulation, server);
}
