#include <stdlib.h>
#include <string.h>

#include "protocol/domain/note.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/snapshot.h"
#include "tests/unit/protocol/sync/pair.h"

int pair_open(void **state)
{
	static struct template template;
	static bool ready;
	const struct run_options options = { .seed = 1, .device_count = 2, .calm = true };
	struct simulation *pair = calloc(1, sizeof(*pair));

	if (pair == NULL)
		abort();
	if (!ready) { /* made once for all tests; the process ends with it */
		stream_seize_libsodium();
		crash_vfs_register();
		template_create(2, &template);
		ready = true;
	}
	simulation_begin(pair, &template, &options);
	pair_settle(pair);
	*state = pair;
	return 0;
}

int pair_close(void **state)
{
	struct simulation *pair = *state;

	simulation_finish(pair);
	free(pair);
	return 0;
}

struct device_node *pair_device(struct simulation *pair, unsigned number)
{
	return &pair->devices[number - 1];
}

void pair_settle(struct simulation *pair)
{
	for (int i = 0; i < 10000 && !pair->violated && !simulation_is_quiet(pair); i++)
		assert_true(simulation_step(pair));
	if (pair->violated)
		fail_msg("%s: %s", pair->invariant, pair->violation);
	assert_true(simulation_is_quiet(pair));
}

void pair_assert_fits(struct simulation *pair, unsigned number)
{
	assert_int_equal(device_core_state(pair_device(pair, number)->core).incidents, 0);
	checks_of_device_end(pair, pair_device(pair, number));
	if (pair->violated)
		fail_msg("%s: %s", pair->invariant, pair->violation);
}

bool pair_intercept(struct simulation *pair, unsigned number, struct bytes *out_frame, uint64_t *out_connection)
{
	for (int i = 0; i < 1000; i++) {
		for (size_t k = 0; k < pair->queue.count; k++) {
			const struct event *event = &pair->queue.events[k];
			if (event->kind != EVENT_REQUEST || event->node != number)
				continue;
			*out_frame = arena_copy_bytes(&pair->arena, (struct bytes){ event->bytes, event->size });
			*out_connection = event->connection;
			return true;
		}
		if (!simulation_step(pair))
			break;
	}
	return false;
}

static struct id office(struct simulation *pair, struct operation *operation)
{
	struct verdict verdict;
	struct id id = { 0 };

	operation->head.role = ROLE_DISPATCHER;
	operation->head.at_ms = clock_now_ms(&pair->server.clock);
	assert_true(server_node_operation(pair, operation, &verdict, &id));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	return id;
}

struct id pair_make(struct simulation *pair, enum record_kind kind, const void *row)
{
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = kind }, .arguments = row };

	return office(pair, &operation);
}

struct id pair_order_saying(struct simulation *pair, const char *description)
{
	const struct work_order order = { .territory_id = organisation_id(RECORD_TERRITORY, 0),
		.site_id = organisation_id(RECORD_SITE, 0),
		.title = text_of("pump leaks"),
		.description = text_of(description),
		.released = true };

	return pair_make(pair, RECORD_WORK_ORDER, &order);
}

struct id pair_order(struct simulation *pair, unsigned territory)
{
	const struct work_order order = { .territory_id = organisation_id(RECORD_TERRITORY, territory),
		.title = text_of("door sticks"),
		.site_id = organisation_id(RECORD_SITE, territory),
		.released = true };
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = RECORD_WORK_ORDER }, .arguments = &order };

	return office(pair, &operation);
}

struct id pair_book(struct simulation *pair, const struct id *order, unsigned technician)
{
	const struct book_arguments arguments = { .technician_id = organisation_id(RECORD_TECHNICIAN, technician - 1),
		.planned_start_at_ms = WALL_START_MS,
		.planned_end_at_ms = WALL_START_MS + 3600000,
		.dispatch = true };
	struct operation operation = { .head = { .kind = OPERATION_BOOK, .subject = *order }, .arguments = &arguments };

	return office(pair, &operation);
}

void pair_office(struct simulation *pair, enum operation_kind kind, const struct id *subject, const void *arguments)
{
	struct operation operation = { .head = { .kind = kind, .subject = *subject }, .arguments = arguments };

	(void)office(pair, &operation);
}

void pair_edit(struct simulation *pair, const struct schema *schema, const struct id *id, const char *field, const void *wanted)
{
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = schema->kind, .subject = *id }, .arguments = wanted };
	const void *row;

	assert_int_equal(records_get(server_store_records(pair->server.store), schema->kind, id, &row), STATUS_OK);
	operation.old_values = row_copy(&pair->arena, schema, row);
	operation.mask = UINT64_C(1) << schema_field(schema, text_of(field))->tag;
	(void)office(pair, &operation);
}

void pair_set_id(struct simulation *pair, enum record_kind kind, const struct id *id, const char *field, const struct id *value)
{
	const struct schema *schema = schema_find(kind);
	const void *row;
	void *wanted;

	assert_int_equal(records_get(server_store_records(pair->server.store), kind, id, &row), STATUS_OK);
	wanted = row_copy(&pair->arena, schema, row);
	*(struct id *)field_at_mutable(schema_field(schema, text_of(field)), wanted) = *value;
	pair_edit(pair, schema, id, field, wanted);
}

struct id pair_do(struct simulation *pair, unsigned number, enum operation_kind kind, const struct id *subject, const void *arguments)
{
	struct device_node *device = pair_device(pair, number);
	const struct operation operation = { .head = { .kind = kind, .subject = *subject, .at_ms = clock_now_ms(&device->clock) },
		.arguments = arguments };
	size_t before = pair->oracle.count;

	device_node_operation(pair, device, &operation);
	assert_int_equal(pair->oracle.count, before + 1);
	return pair->oracle.promises[before].id;
}

struct id pair_note(struct simulation *pair, unsigned number, const struct id *order)
{
	const struct note_arguments arguments = { .text = text_of("gate code changed") };

	return pair_do(pair, number, OPERATION_ADD_NOTE, order, &arguments);
}

bool pair_on_server(struct simulation *pair, enum record_kind kind, const struct id *id)
{
	const void *row;

	assert_int_equal(records_look(server_store_records(pair->server.store), kind, id, &row), STATUS_OK);
	return row != NULL;
}

bool pair_on_device(struct simulation *pair, unsigned number, enum record_kind kind, const struct id *id)
{
	const void *row;

	assert_int_equal(records_look(device_store_records(pair_device(pair, number)->store), kind, id, &row), STATUS_OK);
	return row != NULL;
}

size_t pair_count_on_server(struct simulation *pair, enum record_kind kind)
{
	struct snapshot snapshot;
	size_t count;

	assert_int_equal(snapshot_load(&snapshot, server_store_storage(pair->server.store)), STATUS_OK);
	count = snapshot_table(&snapshot, kind)->count;
	snapshot_finish(&snapshot);
	return count;
}

bool pair_logged(struct simulation *pair, const struct id *operation, struct logged_operation *out_logged)
{
	return server_store_logged(pair->server.store, operation, &pair->arena, out_logged) == STATUS_OK;
}
