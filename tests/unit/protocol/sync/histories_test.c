/* Random histories of what decides who holds a row: whatever the office and two technicians do in whatever order, on line or off, each
 * device ends with the rows that the server says it should have (checks_of_device_end() walks for itself), and nothing goes while work on
 * it is pending. */
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/territory_grant.h"
#include "tests/simulation/checks.h"
#include "tests/unit/protocol/sync/by_store.h"

enum {
	STEPS = 60,
	ORDERS_MAX = 12,
	VISITS_MAX = 40,
	GRANTS_MAX = 12
};

struct history {
	struct simulation *pair;
	uint64_t dice;
	struct id orders[ORDERS_MAX];
	size_t order_count;
	struct id visits[VISITS_MAX];
	size_t visit_count;
	struct id grants[GRANTS_MAX];
	size_t grant_count;
	struct pending {
		struct id note;
		struct id order;
		int64_t seq;
		bool open;
	} pending[3];    /* the latest remark of each device */
	int64_t applied; /* office operations that were */
};

static unsigned roll(struct history *history, unsigned below)
{
	history->dice ^= history->dice << 13;
	history->dice ^= history->dice >> 7;
	history->dice ^= history->dice << 17;
	return (unsigned)(history->dice >> 33) % below;
}

static struct id any(struct history *history, enum record_kind kind, unsigned count)
{
	return organisation_id(kind, roll(history, count));
}

/* The office's operation, taken or not: it may well come too late for the state things are in. */
static bool try(struct history *history, struct operation *operation, struct id *out_id)
{
	struct verdict verdict = { .outcome = OUTCOME_REJECTED };

	operation->head.role = ROLE_DISPATCHER;
	operation->head.at_ms = clock_now_ms(&history->pair->server.clock);
	if (!server_node_operation(history->pair, operation, &verdict, out_id))
		return false;
	history->applied += verdict.outcome == OUTCOME_APPLIED;
	return verdict.outcome == OUTCOME_APPLIED;
}

static void set(struct history *history, enum record_kind kind, const struct id *id, const char *name, const struct id *value)
{
	const struct schema *schema = schema_find(kind);
	const struct field *field = schema_field(schema, text_of(name));
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = kind, .subject = *id },
		.mask = UINT64_C(1) << field->tag };
	const void *row = NULL;
	void *wanted;
	struct id made;

	assert_int_equal(records_look(server_store_records(history->pair->server.store), kind, id, &row), STATUS_OK);
	if (row == NULL)
		return;
	operation.old_values = row_copy(&history->pair->arena, schema, row);
	wanted = row_copy(&history->pair->arena, schema, row);
	*(struct id *)field_at_mutable(field, wanted) = *value;
	operation.arguments = wanted;
	(void)try(history, &operation, &made);
}

/* ---- steps ---- */

static void make_order(struct history *history)
{
	const struct id nil = { 0 };
	const struct work_order order = { .territory_id = any(history, RECORD_TERRITORY, TERRITORIES),
		.site_id = any(history, RECORD_SITE, SITES),
		.asset_id = roll(history, 3) == 0 ? nil : any(history, RECORD_ASSET, SITES),
		.title = text_of("door sticks"),
		.released = true };
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = RECORD_WORK_ORDER }, .arguments = &order };

	if (history->order_count < ORDERS_MAX && try(history, &operation, &history->orders[history->order_count]))
		history->order_count++;
}

static struct id any_order(struct history *history)
{
	const struct id nil = { 0 };

	if (history->order_count == 0)
		make_order(history);
	return history->order_count == 0 ? nil : history->orders[roll(history, (unsigned)history->order_count)];
}

static void book(struct history *history)
{
	const struct book_arguments arguments = { .technician_id = any(history, RECORD_TECHNICIAN, 2),
		.planned_start_at_ms = WALL_START_MS,
		.planned_end_at_ms = WALL_START_MS + 3600000,
		.dispatch = roll(history, 8) != 0 };
	struct operation operation = { .head = { .kind = OPERATION_BOOK, .subject = any_order(history) }, .arguments = &arguments };

	if (history->visit_count < VISITS_MAX && try(history, &operation, &history->visits[history->visit_count]))
		history->visit_count++;
}

static void change_visit(struct history *history)
{
	const struct reason_arguments reason = { .reason = text_of("called off") };
	const struct reassign_arguments reassign = { .technician_id = any(history, RECORD_TECHNICIAN, 2), .reason = text_of("nearer") };
	bool cancel = roll(history, 2) == 0;
	struct operation operation = { .head = { .kind = cancel ? OPERATION_CANCEL : OPERATION_REASSIGN },
		.arguments = cancel ? (const void *)&reason : &reassign };
	struct id made;

	if (history->visit_count == 0)
		return;
	operation.head.subject = history->visits[roll(history, (unsigned)history->visit_count)];
	if (try(history, &operation, &made) && !cancel && history->visit_count < VISITS_MAX)
		history->visits[history->visit_count++] = made;
}

static void change_order(struct history *history)
{
	static const enum operation_kind kinds[] = { OPERATION_CLOSE, OPERATION_REOPEN_ORDER, OPERATION_CANCEL_ORDER };
	const struct reason_arguments reason = { .reason = text_of("looked at") };
	struct operation operation = { .head = { .kind = kinds[roll(history, LENGTH(kinds))], .subject = any_order(history) },
		.arguments = &reason };
	struct id made;

	(void)try(history, &operation, &made);
}

static void move_row(struct history *history)
{
	static const struct {
		enum record_kind kind;
		unsigned count;
		const char *field;
		enum record_kind to;
		unsigned to_count;
	} moves[] = {
		{ RECORD_SITE, SITES, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_ACCOUNT, SITES, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_ASSET, SITES, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_CONTACT, SITES, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_METER, SITES, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_SERVICE_REQUEST, SITES, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_TECHNICIAN, 2, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_ASSET, SITES, "merged_into_id", RECORD_ASSET, SITES },
		{ RECORD_WORK_ORDER, 0, "territory_id", RECORD_TERRITORY, TERRITORIES },
		{ RECORD_WORK_ORDER, 0, "site_id", RECORD_SITE, SITES },
		{ RECORD_WORK_ORDER, 0, "asset_id", RECORD_ASSET, SITES },
	};
	size_t which = roll(history, LENGTH(moves));
	struct id to = any(history, moves[which].to, moves[which].to_count);
	struct id id = moves[which].count == 0 ? any_order(history) : any(history, moves[which].kind, moves[which].count);

	set(history, moves[which].kind, &id, moves[which].field, &to);
}

static void grant(struct history *history)
{
	const struct territory_grant wanted = { .technician_id = any(history, RECORD_TECHNICIAN, 2),
		.territory_id = any(history, RECORD_TERRITORY, TERRITORIES) };
	struct operation create = { .head = { .kind = OPERATION_CREATE, .record = RECORD_TERRITORY_GRANT }, .arguments = &wanted };
	struct territory_grant before = { 0 }, after = { .ended = true };
	struct operation end = { .head = { .kind = OPERATION_EDIT, .record = RECORD_TERRITORY_GRANT },
		.arguments = &after,
		.old_values = &before,
		.mask = UINT64_C(1) << schema_field(schema_find(RECORD_TERRITORY_GRANT), text_of("ended"))->tag };
	struct id made;

	if (roll(history, 2) == 0 && history->grant_count < GRANTS_MAX) {
		if (try(history, &create, &history->grants[history->grant_count]))
			history->grant_count++;
		return;
	}
	if (history->grant_count == 0)
		return;
	end.head.subject = history->grants[roll(history, (unsigned)history->grant_count)];
	(void)try(history, &end, &made);
}

static struct device_node *any_device(struct history *history, unsigned *out_number)
{
	*out_number = 1 + roll(history, 2);
	return pair_device(history->pair, *out_number);
}

/* The technician says something about an order that is on the device. */
static void remark(struct history *history)
{
	unsigned number;
	struct device_node *device = any_device(history, &number);
	struct id order = any_order(history);
	struct pending *pending = &history->pending[number];
	struct outbox_state outbox;

	if (device->core == NULL || id_is_nil(&order) || !pair_on_device(history->pair, number, RECORD_WORK_ORDER, &order))
		return;
	pending->note = pair_note(history->pair, number, &order);
	assert_int_equal(device_store_outbox(device->store, &outbox), STATUS_OK);
	pending->order = order;
	pending->seq = outbox.last_seq;
	pending->open = true;
}

static void finish(struct history *history)
{
	const struct finish_arguments arguments = { .outcome = VISIT_OUTCOME_FIXED,
		.cause_code = text_of("WEAR"),
		.action_code = text_of("REPLACED"),
		.signer_name = text_of("the caretaker") };
	unsigned number;
	struct device_node *device = any_device(history, &number);
	struct id visit;

	if (history->visit_count == 0 || device->core == NULL)
		return;
	visit = history->visits[roll(history, (unsigned)history->visit_count)];
	if (pair_on_device(history->pair, number, RECORD_VISIT, &visit))
		(void)pair_do(history->pair, number, OPERATION_FINISH, &visit, &arguments);
}

static void change_link(struct history *history)
{
	unsigned number;
	struct device_node *device = any_device(history, &number);

	device->link_up = !device->link_up;
	if (device->link_up && device->core != NULL)
		device_node_go(history->pair, device);
}

static void (*const steps[])(struct history *) = { make_order, make_order, book, book, book, change_visit, change_visit, change_order,
	move_row, move_row, move_row, move_row, grant, remark, remark, remark, finish, change_link };

/* A remark that the server has not decided yet is there, and so is what it is about. */
static void check_pending(struct history *history)
{
	for (unsigned number = 1; number <= 2; number++) {
		struct device_node *device = pair_device(history->pair, number);
		struct pending *pending = &history->pending[number];
		struct replica_state replica;
		if (!pending->open || device->core == NULL || device_store_replica(device->store, &replica) != STATUS_OK)
			continue;
		pending->open = replica.settled_seq < pending->seq;
		if (!pending->open)
			continue;
		assert_true(pair_on_device(history->pair, number, RECORD_NOTE, &pending->note));
		assert_true(pair_on_device(history->pair, number, RECORD_WORK_ORDER, &pending->order));
	}
}

static void live(struct history *history)
{
	for (int step = 0; step < STEPS; step++) {
		steps[roll(history, LENGTH(steps))](history);
		for (unsigned i = roll(history, 12); i > 0; i--) {
			if (!simulation_step(history->pair))
				break;
			check_pending(history);
		}
	}
	for (unsigned number = 1; number <= 2; number++) {
		pair_device(history->pair, number)->link_up = true;
		device_node_go(history->pair, pair_device(history->pair, number));
	}
	pair_settle(history->pair);
	for (unsigned number = 1; number <= 2; number++) {
		struct device_node *device = pair_device(history->pair, number);
		assert_int_equal(device_core_state(device->core).incidents, 0);
		checks_of_device_end(history->pair, device);
	}
	if (history->pair->violated)
		fail_msg("%s: %s", history->pair->invariant, history->pair->violation);
}

static void every_history_ends_with_the_rows_that_each_device_is_due(void **state)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE"), *only = getenv("TRUCKROLL_TEST_SEED");
	int count = size != NULL && strcmp(size, "full") == 0 ? 200 : size != NULL && strcmp(size, "quick") == 0 ? 8 : 30;
	int64_t applied = 0;

	(void)state;
	for (int seed = only != NULL ? atoi(only) : 1; count > 0; seed++, count--) {
		struct history history = { .dice = 0x9e3779b97f4a7c15U * (uint64_t)seed };
		void *pair;
		print_message("# history %d (TRUCKROLL_TEST_SEED)\n", seed);
		assert_int_equal(pair_open(&pair), 0);
		history.pair = pair;
		live(&history);
		applied += history.applied;
		assert_int_equal(pair_close(&pair), 0);
		if (only != NULL)
			break;
	}
	assert_true(applied > 100 || only != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_history_ends_with_the_rows_that_each_device_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
