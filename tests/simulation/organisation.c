#include "tests/simulation/organisation.h"

#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/device.h"
#include "protocol/domain/kb_article.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/part.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/site_access.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory.h"
#include "protocol/domain/work_order.h"

const struct id organisation_self = { { 0x0f, 0x7a } };

#define ALIKE 6 /* bytes */

/* What one row after the other needs. */
struct making {
	struct server_core *core;
	int64_t now_ms;
	struct arena arena;
	enum status status;
};

static struct id numbered(const char *what, unsigned n)
{
	uint8_t number[] = { (uint8_t)n, (uint8_t)(n >> 8) };

	return id_imported(text_of(what), (struct text){ (const char *)number, n < 256 ? 1 : 2 });
}

struct id organisation_id(enum record_kind kind, unsigned n)
{
	struct id id = numbered(schema_find(kind)->name, n);
	const struct id first = numbered(schema_find(kind)->name, n & ~1U);

	if (kind != RECORD_DEVICE)
		memcpy(id.bytes, first.bytes, ALIKE);
	return id;
}

char canary_letter(enum record_kind kind)
{
	return (char)('a' + (int)kind % 26);
}

static struct text canary(struct making *making, const char *name, enum record_kind kind, unsigned n)
{
	return arena_print(&making->arena, "%s %s%c%u", name, CANARY, canary_letter(kind), n);
}

struct id organisation_device_id(unsigned n)
{
	return organisation_id(RECORD_DEVICE, n);
}

struct id organisation_epoch(void)
{
	return numbered("epoch", 0);
}

struct id organisation_incarnation(unsigned n)
{
	return numbered("incarnation", n);
}

unsigned organisation_territory_of(unsigned technician)
{
	return technician % TERRITORIES;
}

void organisation_identity(unsigned n, struct identity *out_identity)
{
	uint8_t sign[32] = { 1, (uint8_t)n, (uint8_t)(n >> 8) }, box[32] = { 2, (uint8_t)n, (uint8_t)(n >> 8) };

	identity_from_seeds(sign, box, out_identity);
	out_identity->id = organisation_device_id(n);
}

enum status organisation_make(
	struct server_core *core, enum record_kind kind, const void *row, uint32_t role, int64_t now_ms, struct id *out_id)
{
	struct operation operation = {
		.head = { .kind = OPERATION_CREATE, .record = kind, .subject = *row_id(row), .role = role, .at_ms = now_ms },
		.arguments = row
	};
	struct verdict verdict;
	struct id id;
	enum status status = server_core_operation(core, &operation, &verdict, &id);

	if (status == STATUS_OK && verdict.outcome != OUTCOME_APPLIED)
		return fail(STATUS_INVALID, "the organisation's %s was not applied: %.*s %.*s %.*s", schema_find(kind)->name,
			TEXT_ARGUMENTS(verdict.rule), TEXT_ARGUMENTS(verdict.field), TEXT_ARGUMENTS(verdict.detail));
	if (status == STATUS_OK)
		*out_id = id_is_nil(row_id(row)) ? id : *row_id(row);
	return status;
}

static void make(struct making *making, enum record_kind kind, const void *row)
{
	struct id id;

	if (making->status == STATUS_OK)
		making->status =
			organisation_make(making->core, kind, row, kind == RECORD_DEVICE ? ROLE_SYSTEM : ROLE_IMPORT, making->now_ms, &id);
}

static void make_people(struct making *making, unsigned devices)
{
	for (unsigned i = 0; i < devices; i++) {
		const struct stock_location van = { .id = organisation_id(RECORD_STOCK_LOCATION, i),
			.name = text_of("van"),
			.kind = STOCK_LOCATION_KIND_VAN,
			.territory_id = organisation_id(RECORD_TERRITORY, organisation_territory_of(i)) };
		const struct technician technician = { .id = organisation_id(RECORD_TECHNICIAN, i),
			.name = text_of("technician"),
			.territory_id = van.territory_id,
			.van_location_id = van.id };
		make(making, RECORD_STOCK_LOCATION, &van);
		make(making, RECORD_TECHNICIAN, &technician);
	}
}

/* A van has one of the first part, two of the second, three of the third, and none of the last. */
static void make_stock(struct making *making, unsigned devices)
{
	for (unsigned i = 0; i < PARTS; i++) {
		const struct part part = {
			.id = organisation_id(RECORD_PART, i), .number = text_of("SEAL-40"), .description = text_of("seal")
		};
		make(making, RECORD_PART, &part);
		for (unsigned van = 0; van < devices && i + 1 < PARTS; van++) {
			const struct movement movement = { .id = organisation_id(RECORD_MOVEMENT, van * PARTS + i),
				.type = MOVEMENT_TYPE_LOAD,
				.part_id = part.id,
				.quantity = (int64_t)i + 1,
				.from_location_id = location_vendor,
				.to_location_id = organisation_id(RECORD_STOCK_LOCATION, van) };
			make(making, RECORD_MOVEMENT, &movement);
		}
	}
}

static void make_customers(struct making *making)
{
	for (unsigned i = 0; i < SITES; i++) {
		const struct id territory = organisation_id(RECORD_TERRITORY, i % TERRITORIES);
		const struct account account = { .id = organisation_id(RECORD_ACCOUNT, i),
			.name = canary(making, "Quay Street Mill", RECORD_ACCOUNT, i),
			.territory_id = territory };
		const struct site site = { .id = organisation_id(RECORD_SITE, i),
			.account_id = account.id,
			.territory_id = territory,
			.name = canary(making, "press hall", RECORD_SITE, i),
			.time_zone = text_of("Europe/Oslo") };
		const struct asset asset = { .id = organisation_id(RECORD_ASSET, i),
			.site_id = site.id,
			.territory_id = territory,
			.name = canary(making, "press", RECORD_ASSET, i),
			.serial = text_of("P-1") };
		const struct service_request request = { .id = organisation_id(RECORD_SERVICE_REQUEST, i),
			.account_id = account.id,
			.site_id = site.id,
			.asset_id = asset.id,
			.territory_id = territory,
			.text = canary(making, "it leaks", RECORD_SERVICE_REQUEST, i) };
		const struct meter meter = { .id = organisation_id(RECORD_METER, i), .asset_id = asset.id, .name = text_of("strokes") };
		const struct contact contact = { .id = organisation_id(RECORD_CONTACT, i),
			.account_id = account.id,
			.name = canary(making, "the caretaker", RECORD_CONTACT, i) };
		const struct site_access access = { .id = organisation_id(RECORD_SITE_ACCESS, i),
			.site_id = site.id,
			.name = canary(making, "key box", RECORD_SITE_ACCESS, i),
			.code = text_of("4711") };
		make(making, RECORD_ACCOUNT, &account);
		make(making, RECORD_SITE, &site);
		make(making, RECORD_SITE_ACCESS, &access);
		make(making, RECORD_ASSET, &asset);
		make(making, RECORD_METER, &meter);
		make(making, RECORD_CONTACT, &contact);
		make(making, RECORD_SERVICE_REQUEST, &request);
	}
}

static void make_devices(struct making *making, unsigned devices)
{
	for (unsigned i = 1; i <= devices; i++) {
		const struct device device = { .id = organisation_device_id(i),
			.name = text_of("tablet"),
			.platform = text_of("simulated"),
			.technician_id = organisation_id(RECORD_TECHNICIAN, i - 1),
			.state = DEVICE_STATE_ACTIVE,
			.enrolled_at_ms = making->now_ms };
		make(making, RECORD_DEVICE, &device);
	}
}

enum status organisation_create(struct server_core *core, unsigned devices, int64_t now_ms)
{
	struct making making = { .core = core, .now_ms = now_ms };

	for (unsigned i = 0; i < TERRITORIES; i++) {
		const struct territory territory = { .id = organisation_id(RECORD_TERRITORY, i),
			.name = text_of(i == 0 ? "Coast" : "Valley") };
		make(&making, RECORD_TERRITORY, &territory);
	}
	make_people(&making, devices);
	make_stock(&making, devices);
	make_customers(&making);
	make_devices(&making, devices);
	arena_finish(&making.arena);
	return making.status;
}

enum status organisation_enrol(struct server_store *store, unsigned devices, int64_t now_ms)
{
	enum status status = server_store_begin(store);

	for (unsigned i = 1; i <= devices && status == STATUS_OK; i++) {
		struct identity identity;
		struct device_entry entry = { .id = organisation_device_id(i),
			.technician = organisation_id(RECORD_TECHNICIAN, i - 1),
			.key_number = 1,
			.state = DEVICE_STATE_ACTIVE,
			.lease_until_ms = now_ms + LEASE_MS };
		organisation_identity(i, &identity);
		entry.keys = identity.keys;
		status = server_store_put_device(store, &entry);
		identity_wipe(&identity);
	}
	if (status == STATUS_OK)
		return server_store_commit(store);
	server_store_rollback(store);
	return status;
}
