/* I6: when all is quiet, a device holds exactly what the server's rows say it should, found by a walk of its own. */
#include <string.h>

#include "device_agent/store.h"
#include "protocol/wire/record_codec.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/projection.h"

static void compare_kind(struct simulation *simulation, const struct projection *projection, const struct snapshot *here,
	const struct schema *schema, unsigned number)
{
	const struct snapshot_table *there = snapshot_table(projection->server, schema->kind);
	const struct snapshot_table *table = snapshot_table(here, schema->kind);

	for (size_t i = 0; i < there->count; i++) {
		const void *row = there->rows[i].row;
		bool wanted = projection_has_row(projection, schema, row);
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
	if (!projection_has_scope(look->projection, scope))
		violate(look->simulation, "I6", "device %u still holds scope %d %s", look->device->number, (int)scope->kind,
			id_to_text(&scope->id).characters);
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
	if (look.count != projection_scope_count(projection))
		violate(simulation, "I6", "device %u holds %zu scopes instead of %zu", device->number, look.count,
			projection_scope_count(projection));
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
	projection_make(projection, server, device->who, clock_now_ms(&simulation->server.clock));
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
	checks_of_log(simulation, &server);
	checks_of_server_end(simulation, &server);
	checks_of_files(simulation, &server);
	for (unsigned i = 0; i < simulation->device_count; i++)
		check_device(simulation, &simulation->devices[i], &server);
	snapshot_finish(&server);
}
