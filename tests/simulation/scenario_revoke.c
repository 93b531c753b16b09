#include "protocol/domain/device.h"
#include "server/store.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/server_node.h"
#include "tests/simulation/snapshot.h"

/* The record's state tells everybody and ends the grants; the entry's state stops its frames. One commit, as the office's command
 * makes it. */
static bool revoke(struct simulation *simulation, const struct device *device, uint32_t state)
{
	const struct schema *schema = schema_find(RECORD_DEVICE);
	struct device *revoked = row_copy(&simulation->arena, schema, device);
	const struct operation operation = { .head = { .kind = OPERATION_EDIT,
						     .record = RECORD_DEVICE,
						     .subject = device->id,
						     .role = ROLE_DISPATCHER,
						     .at_ms = clock_now_ms(&simulation->server.clock) },
		.arguments = revoked,
		.old_values = device,
		.mask = UINT64_C(1) << schema_field(schema, text_of("state"))->tag };
	struct verdict verdict;
	struct id id;

	revoked->state = state;
	stream_for_libsodium(&simulation->server.stream);
	return server_node_revoke(simulation, &device->id, state) && server_node_operation(simulation, &operation, &verdict, &id);
}

void scenario_revoke(struct simulation *simulation, unsigned who)
{
	uint32_t state = stream_chance(&simulation->office, 70) ? DEVICE_STATE_DRAINING : DEVICE_STATE_STOLEN;
	struct id id = organisation_device_id(who);
	const struct snapshot_row *row;
	struct server_state now;
	struct snapshot view;
	bool done = false;

	if (simulation->server.core == NULL)
		return;
	snapshot_open(&view, server_store_storage(simulation->server.store));
	row = snapshot_find(&view, RECORD_DEVICE, &id);
	if (row != NULL && ((const struct device *)row->row)->state == DEVICE_STATE_ACTIVE)
		done = revoke(simulation, row->row, state);
	if (done && server_store_state(simulation->server.store, &now) == STATUS_OK)
		simulation->revoked[who] = (struct revocation){ state, clock_now_ms(&simulation->server.clock), now.gseq };
	note(simulation, "office: device %u is revoked (%u): %s", who, state, done ? "done" : "failed");
	snapshot_finish(&view);
}
