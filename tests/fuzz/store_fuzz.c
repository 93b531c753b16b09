/* Databases with bytes changed on the disk. First byte modulo 3: the server's, a device's outbox, its replica; then changes of four bytes:
 * three of a place, one that is put there. They are refused with a reason, or work: nothing ends the process. */
#include "db/storage.h"
#include "device_agent/store.h"
#include "server/verify.h"
#include "tests/fuzz/change_file.h"
#include "tests/fuzz/target.h"
#include "tests/simulation/device_node.h"
#include "tests/simulation/server_node.h"

static enum status see(void *context, const void *row, const struct row_meta *meta)
{
	(void)meta;
	(*(size_t *)context) += row != NULL;
	return STATUS_OK;
}

/* Every row that can be read. */
static void read_all(struct storage *storage)
{
	size_t rows = 0;

	for (size_t i = 0; schema_at(i) != NULL; i++)
		if (table_scan(storage, schema_at(i), &(struct id){ 0 }, see, &rows) != STATUS_OK)
			insist(fail_reason()[0] != '\0');
}

static void try_server(struct simulation *simulation)
{
	struct server_node *server = &simulation->server;
	const struct server_store_options store = { .path = "/server/store.db", .vfs = CRASH_VFS, .mode = STORAGE_OWN };
	struct server_core_options core = { .clock = &server->clock, .random = &server->random };
	struct verify_report report;

	if (server_store_open(&store, &server->store) != STATUS_OK) {
		insist(fail_reason()[0] != '\0');
		return;
	}
	core.store = server->store;
	(void)(verify_organisation(server->store, &report) == STATUS_OK);
	read_all(server_store_storage(server->store));
	organisation_identity(0, &core.identity);
	if (server_core_create(&core, &server->core) == STATUS_OK)
		(void)(server_core_tick(server->core) == STATUS_OK);
}

static void try_device(struct simulation *simulation, struct device_node *device)
{
	const struct device_store_options store = { .vfs = CRASH_VFS, .files = device->files };
	struct device_core_options core = {
		.clock = &device->clock, .random = &device->random, .organisation = organisation_self, .poll_wait_ms = POLL_WAIT_MS
	};
	struct device_effect effect;

	(void)simulation;
	if (device_store_open(device->dir, &store, &device->store) != STATUS_OK) {
		insist(fail_reason()[0] != '\0');
		return;
	}
	core.store = device->store;
	read_all(device_store_replica_storage(device->store));
	organisation_identity(device->number, &core.identity);
	core.server = identity_party(&core.identity);
	if (device_core_create(&core, &device->core) != STATUS_OK)
		return;
	(void)(device_core_go(device->core, true) == STATUS_OK);
	while (device_core_next(device->core, &effect))
		if (effect.kind == DEVICE_EFFECT_COMMIT)
			(void)(device_core_committed(device->core, device_core_cut(device->core)) == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "/server/store.db", "/device-1/outbox.db", "/device-1/replica.db" };
	static struct template template;
	static struct simulation simulation; /* large */
	struct reader reader = reader_of((struct bytes){ data + 1, size - 1 });

	if (size == 0)
		return 0;
	if (template.device_count == 0) {
		stream_seize_libsodium();
		crash_vfs_register();
		template_create(1, &template);
	}
	simulation = (struct simulation){ .now_ms = 1, .device_count = 1 };
	crypto_generichash_init(&simulation.hash, NULL, 0, 16);
	server_node_init(&simulation);
	device_node_init(&simulation, 1);
	stream_for_libsodium(&simulation.server.stream);
	crash_disk_load(simulation.server.disk, template.server);
	crash_disk_load(simulation.devices[0].disk, template.synced[0]);
	change_file(paths[data[0] % 3], &reader);
	if (data[0] % 3 == 0)
		try_server(&simulation);
	else
		try_device(&simulation, &simulation.devices[0]);
	device_node_finish(&simulation.devices[0]);
	server_node_finish(&simulation);
	arena_finish(&simulation.arena);
	return 0;
}
