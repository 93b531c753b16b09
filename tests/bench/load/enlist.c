/* Lets many devices into an organisation that nobody serves, with fresh keys: what the enrolment desk writes when a person approves one,
 * five hundred a commit, without the conversation before it.
 * usage: enlist DIR COUNT FILE    FILE gets the secret keys of each, as fleet_read() reads them; technicians take turns. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/domain/technician.h"
#include "server/office.h"
#include "tests/bench/load/fleet_file.h"

#define DEVICES_A_COMMIT 500

struct technicians {
	struct id *ids;
	size_t count, capacity;
	struct arena arena;
};

static enum status note_technician(void *context, const void *row, const struct row_meta *meta)
{
	struct technicians *technicians = context;

	(void)meta;
	technicians->ids =
		arena_grow(&technicians->arena, technicians->ids, technicians->count, &technicians->capacity, sizeof(*technicians->ids));
	technicians->ids[technicians->count++] = *row_id(row);
	return STATUS_OK;
}

static enum status let_in(struct office *office, const char *name, const struct fleet_member *member)
{
	int64_t now_ms = clock_now_ms(office->clock);
	struct device device = { .id = member->identity.id,
		.name = text_of(name),
		.technician_id = member->technician,
		.state = DEVICE_STATE_ACTIVE,
		.enrolled_at_ms = now_ms,
		.platform = text_of("bench") };
	struct device_entry entry = { .id = device.id,
		.technician = member->technician,
		.keys = member->identity.keys,
		.key_number = 1,
		.state = DEVICE_STATE_ACTIVE,
		.lease_until_ms = now_ms + LEASE_MS };
	struct operation operation = { .head = { .kind = OPERATION_CREATE,
						.record = RECORD_DEVICE,
						.subject = device.id,
						.role = ROLE_SYSTEM,
						.at_ms = now_ms },
		.arguments = &device };
	struct verdict verdict = { 0 };
	struct id id;
	enum status status = server_store_put_device(office->store, &entry);

	if (status == STATUS_OK)
		status = server_core_operation(office->core, &operation, &verdict, &id);
	if (status == STATUS_OK && verdict.outcome != OUTCOME_APPLIED)
		status = fail(STATUS_REFUSED, "device \"%s\": %.*s", name, TEXT_ARGUMENTS(verdict.rule));
	return status;
}

static enum status let_all_in(struct office *office, const struct technicians *technicians, size_t count, FILE *file)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct fleet_member member = { .technician = technicians->ids[i % technicians->count] };
		char name[32];
		(void)snprintf(name, sizeof(name), "load %zu", i);
		identity_generate(&member.identity);
		randombytes_buf(&member.identity.id, sizeof(member.identity.id));
		if (i % DEVICES_A_COMMIT == 0)
			status = server_core_open_commit(office->core);
		if (status == STATUS_OK)
			status = let_in(office, name, &member);
		if (status == STATUS_OK && ((i + 1) % DEVICES_A_COMMIT == 0 || i + 1 == count))
			status = office_settle(office);
		fleet_write_member(file, &member);
		identity_wipe(&member.identity);
	}
	return status;
}

static enum status enlist(const char *dir, size_t count, FILE *file)
{
	struct technicians technicians = { 0 };
	struct office *office = NULL;
	enum status status = office_open(text_of(dir), clock_system(), false, &office);

	if (status == STATUS_OK)
		status = table_scan(
			server_store_storage(office->store), &technician_schema, &(struct id){ 0 }, note_technician, &technicians);
	if (status == STATUS_OK && technicians.count == 0)
		status = fail(STATUS_NOT_FOUND, "%s has no technicians", dir);
	if (status == STATUS_OK) {
		const struct fleet_server server = { office->keys.organisation, { office->keys.server_id, office->keys.keys } };
		fleet_write_server(file, &server);
		status = let_all_in(office, &technicians, count, file);
	}
	office_close(office);
	arena_finish(&technicians.arena);
	return status;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 4 ? fopen(argv[3], "w") : NULL;
	enum status status;

	if (file == NULL) {
		(void)fprintf(stderr, "usage: enlist DIR COUNT FILE\n");
		return 2;
	}
	keys_init();
	status = enlist(argv[1], strtoul(argv[2], NULL, 10), file);
	if (fclose(file) != 0 || status != STATUS_OK) {
		(void)fprintf(stderr, "enlist: %s: %s\n", status_to_text(status), fail_reason());
		return 1;
	}
	return 0;
}
