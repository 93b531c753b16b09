/* The images that every run starts from: the organisation made once, and each device after its first sync and before it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/simulation/device_node.h"
#include "tests/simulation/server_node.h"

static void must(enum status status, const char *doing)
{
	if (status == STATUS_OK)
		return;
	(void)fprintf(stderr, "template: %s: %s: %s\n", doing, status_to_text(status), fail_reason());
	exit(1);
}

static void make_server(struct simulation *simulation, unsigned device_count)
{
	const struct server_store_options create = { .path = "/server/store.db", .vfs = CRASH_VFS, .mode = STORAGE_CREATE };
	struct server_store *store = NULL;
	const struct id epoch = organisation_epoch();

	must(server_store_open(&create, &store), "store");
	must(server_store_init_organisation(store, &organisation_self, &epoch), "organisation");
	must(organisation_enrol(store, device_count, WALL_START_MS), "enrol");
	server_store_close(store);
	server_node_start(simulation);
	must(organisation_create(simulation->server.core, device_count, WALL_START_MS), "records");
	server_node_flush(simulation);
	if (simulation->violated || simulation->server.core == NULL)
		must(fail(STATUS_INVALID, "%s", simulation->violation), "server");
}

/* Requests and answers without delay until the device has everything. */
static void sync_device(struct simulation *simulation, struct device_node *device)
{
	struct event event;

	device_node_start(simulation, device, true);
	crash_image_free(device->copy);
	device->copy = crash_disk_save(device->disk);
	for (int i = 0; i < 100 && !simulation->violated && !device_core_state(device->core).synced; i++) {
		must(event_queue_take(&simulation->queue, &event) ? STATUS_OK : STATUS_OFFLINE, "nothing happens");
		if (event.kind == EVENT_REQUEST) {
			server_node_frame(simulation, event.connection, (struct bytes){ event.bytes, event.size });
			server_node_flush(simulation);
		} else if (event.kind == EVENT_REPLY) {
			device_node_reply(simulation, device, (struct bytes){ event.bytes, event.size });
		}
		free(event.bytes);
	}
	must(simulation->violated ? fail(STATUS_INVALID, "%s", simulation->violation) : STATUS_OK, "first sync");
	must(device_core_state(device->core).synced ? STATUS_OK : fail(STATUS_OFFLINE, "not synced"), "first sync");
}

void template_create(unsigned device_count, struct template *out_template)
{
	static struct simulation simulation;

	simulation = (struct simulation){ .now_ms = 1, .healed = true };
	crypto_generichash_init(&simulation.hash, NULL, 0, 16);
	stream_init(&simulation.order, 0, "order");
	stream_init(&simulation.net, 0, "net");
	stream_init(&simulation.chance, 0, "chance");
	stream_init(&simulation.crash, 0, "crash");
	simulation.device_count = simulation.node_count = device_count;
	server_node_init(&simulation);
	stream_for_libsodium(&simulation.server.stream);
	make_server(&simulation, device_count);
	*out_template = (struct template){ .device_count = device_count };
	for (unsigned i = 1; i <= device_count; i++) {
		struct device_node *device = &simulation.devices[i - 1];
		device_node_init(&simulation, i);
		sync_device(&simulation, device);
		event_queue_finish(&simulation.queue);
		must(storage_checkpoint(device_store_replica_storage(device->store)), "checkpoint");
		must(storage_checkpoint(device_store_outbox_storage(device->store)), "checkpoint");
		out_template->fresh[i - 1] = device->copy;
		device->copy = NULL;
		out_template->synced[i - 1] = crash_disk_save(device->disk);
		device_node_finish(device);
	}
	must(storage_checkpoint(server_store_storage(simulation.server.store)), "checkpoint");
	out_template->server = crash_disk_save(simulation.server.disk);
	server_node_finish(&simulation);
	event_queue_finish(&simulation.queue);
	arena_finish(&simulation.arena);
	oracle_finish(&simulation.oracle);
	visit_paths_forget(&simulation.paths);
}

void template_finish(struct template *template)
{
	crash_image_free(template->server);
	for (unsigned i = 0; i < template->device_count; i++) {
		crash_image_free(template->synced[i]);
		crash_image_free(template->fresh[i]);
	}
}
