/* What a commit costs is counted, not timed: uses of the store's statements and rows. It follows the rows changed, the scopes that hold
 * them and the jobs whose links change, and not the number of devices. Prints the table of docs/performance.md. */
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/device.h"
#include "protocol/domain/site.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory.h"
#include "tests/unit/protocol/sync/by_hand.h"
#include "tests/unit/protocol/sync/by_store.h"

/* ---- the store's doors, counted (linked with --wrap) ---- */

static size_t store_uses;

enum status __real_statement_get(struct storage *storage, enum statement_id which, struct statement **out_statement);
enum status __wrap_statement_get(struct storage *storage, enum statement_id which, struct statement **out_statement);
enum status __wrap_statement_get(struct storage *storage, enum statement_id which, struct statement **out_statement)
{
	store_uses++;
	return __real_statement_get(storage, which, out_statement);
}

enum status __real_table_get(struct storage *storage, const struct schema *schema, const struct id *id, struct arena *arena, void **out_row,
	struct row_meta *out_meta);
enum status __wrap_table_get(struct storage *storage, const struct schema *schema, const struct id *id, struct arena *arena, void **out_row,
	struct row_meta *out_meta);
enum status __wrap_table_get(struct storage *storage, const struct schema *schema, const struct id *id, struct arena *arena, void **out_row,
	struct row_meta *out_meta)
{
	store_uses++;
	return __real_table_get(storage, schema, id, arena, out_row, out_meta);
}

enum status __real_table_put(struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta);
enum status __wrap_table_put(struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta);
enum status __wrap_table_put(struct storage *storage, const struct schema *schema, const void *row, const struct row_meta *meta)
{
	store_uses++;
	return __real_table_put(storage, schema, row, meta);
}

enum status __real_table_each(struct storage *storage, const struct schema *schema, const char *index_field, const struct id *key,
	table_visit visit, void *context);
enum status __wrap_table_each(struct storage *storage, const struct schema *schema, const char *index_field, const struct id *key,
	table_visit visit, void *context);
enum status __wrap_table_each(struct storage *storage, const struct schema *schema, const char *index_field, const struct id *key,
	table_visit visit, void *context)
{
	store_uses++;
	return __real_table_each(storage, schema, index_field, key, visit, context);
}

/* ---- an organisation of many devices ---- */

/* Devices with technicians, ten in a territory of their own. */
static void put_devices(struct simulation *pair, unsigned count)
{
	for (unsigned first = 0; first < count; first += 500) {
		struct by_store by;
		by_store_begin(&by, pair);
		for (unsigned i = first; i < count && i < first + 500; i++) {
			const struct territory territory = { .id = by_store_id("territory", i / 10), .name = text_of("far away") };
			const struct technician technician = {
				.id = by_store_id("technician", i), .name = text_of("somebody"), .territory_id = territory.id
			};
			const struct device device = { .id = by_store_id("device", i),
				.technician_id = technician.id,
				.name = text_of("tablet"),
				.state = DEVICE_STATE_ACTIVE };
			if (i % 10 == 0)
				by_store_put(&by, RECORD_TERRITORY, &territory);
			by_store_put(&by, RECORD_TECHNICIAN, &technician);
			by_store_put(&by, RECORD_DEVICE, &device);
		}
		(void)by_store_end(&by);
	}
}

static void put_waiting_device(struct simulation *pair, unsigned number)
{
	const struct technician technician = {
		.id = by_store_id("waiting", number), .name = text_of("somebody"), .territory_id = by_store_id("far territory", number / 10)
	};
	const struct device device = { .id = organisation_device_id(number),
		.technician_id = technician.id,
		.name = text_of("tablet"),
		.state = DEVICE_STATE_ACTIVE };
	struct device_entry entry = { .id = device.id, .technician = technician.id, .key_number = 1, .state = DEVICE_STATE_ACTIVE };
	struct identity identity;

	organisation_identity(number, &identity);
	entry.keys = identity.keys;
	identity_wipe(&identity);
	(void)by_store_put_one(pair, RECORD_TECHNICIAN, &technician);
	(void)by_store_put_one(pair, RECORD_DEVICE, &device);
	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(server_store_put_device(pair->server.store, &entry), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
}

/* Devices 3, 4, … with keys, each waiting for news of territories far away. The server keeps their polls when they are gone. */
static void park_polls(struct simulation *pair, unsigned count)
{
	static struct hand_device hand;
	struct hand_device *hands[] = { &hand };

	for (unsigned number = 3; number < 3 + count; number++) {
		struct server_state now;
		put_waiting_device(pair, number);
		hand_device_open(&hand, pair, number, 9);
		assert_int_equal(server_store_state(pair->server.store, &now), STATUS_OK);
		hand_device_pull(
			&hand, &(struct pull){ .cursor = { organisation_epoch(), now.gseq }, .class_max = 5, .wait_ms = POLL_WAIT_MAX_MS });
		hand_devices_flush(pair, hands, 1);
		assert_false(hand.answer.answered);
		hand_device_close(&hand);
	}
	assert_int_equal(server_core_counts(pair->server.core).parked, count + 2);
}

/* ---- operations of the office, counted ---- */

static size_t cost_of(struct simulation *pair, struct operation *operation)
{
	struct verdict verdict;
	struct id made;

	operation->head.role = ROLE_DISPATCHER;
	operation->head.at_ms = clock_now_ms(&pair->server.clock);
	store_uses = 0;
	assert_true(server_node_operation(pair, operation, &verdict, &made));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	return store_uses;
}

static size_t cost_of_note(struct simulation *pair, const struct id *order)
{
	const struct note_arguments arguments = { .text = text_of("ask for the key") };
	struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE, .subject = *order }, .arguments = &arguments };

	return cost_of(pair, &operation);
}

/* The field as it is now becomes `value`. */
static size_t cost_of_edit(struct simulation *pair, enum record_kind kind, const struct id *id, const char *name, const void *value)
{
	const struct schema *schema = schema_find(kind);
	const struct field *field = schema_field(schema, text_of(name));
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = kind, .subject = *id },
		.mask = UINT64_C(1) << field->tag };
	const void *row;
	void *wanted;

	assert_int_equal(records_get(server_store_records(pair->server.store), kind, id, &row), STATUS_OK);
	operation.old_values = row_copy(&pair->arena, schema, row);
	wanted = row_copy(&pair->arena, schema, row);
	if (field->kind == FIELD_ID)
		*(struct id *)field_at_mutable(field, wanted) = *(const struct id *)value;
	else
		*(struct text *)field_at_mutable(field, wanted) = *(const struct text *)value;
	operation.arguments = wanted;
	server_store_reset_rows(pair->server.store);
	return cost_of(pair, &operation);
}

/* Open jobs at site 0, each with an asset of its own and a visit that is out. */
static void put_jobs(struct simulation *pair, unsigned first, unsigned count)
{
	struct by_store by;

	by_store_begin(&by, pair);
	for (unsigned i = first; i < first + count; i++) {
		const struct asset asset = { .id = by_store_id("asset", i),
			.site_id = organisation_id(RECORD_SITE, 0),
			.territory_id = organisation_id(RECORD_TERRITORY, 0),
			.name = text_of("pump") };
		const struct work_order order = { .id = by_store_id("order", i),
			.site_id = asset.site_id,
			.asset_id = asset.id,
			.territory_id = asset.territory_id,
			.title = text_of("leaks"),
			.released = true,
			.state = WORK_ORDER_STATE_SCHEDULED };
		const struct visit visit = { .id = by_store_id("visit", i),
			.work_order_id = order.id,
			.technician_id = organisation_id(RECORD_TECHNICIAN, 1),
			.state = VISIT_STATE_DISPATCHED };
		by_store_put(&by, RECORD_ASSET, &asset);
		by_store_put(&by, RECORD_WORK_ORDER, &order);
		by_store_put(&by, RECORD_VISIT, &visit);
	}
	(void)by_store_end(&by);
}

/* ---- promises ---- */

static unsigned most_polls(void)
{
	const char *size = getenv("TRUCKROLL_TEST_SIZE");

	return size != NULL && strcmp(size, "full") == 0 ? 10000 : 200;
}

static void devices_that_are_not_concerned_cost_nothing(void **state)
{
	const struct {
		unsigned devices, polls;
	} sizes[] = { { 0, 0 }, { 100, 10 }, { 10000, most_polls() } };
	size_t costs[LENGTH(sizes)][3];

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		const struct text name = text_of("gate hall"), other = text_of("boiler");
		const struct id site = organisation_id(RECORD_SITE, 0), asset = organisation_id(RECORD_ASSET, 0);
		void *opened;
		struct simulation *pair;
		struct id order;
		assert_int_equal(pair_open(&opened), 0);
		pair = opened;
		order = pair_order(pair, 0);
		pair_settle(pair);
		put_devices(pair, sizes[i].devices);
		park_polls(pair, sizes[i].polls);
		(void)cost_of_note(pair, &order); /* what the first one makes is there then */
		(void)cost_of_edit(pair, RECORD_SITE, &site, "name", &other);
		(void)cost_of_edit(pair, RECORD_ASSET, &asset, "name", &name);
		costs[i][0] = cost_of_note(pair, &order);
		costs[i][1] = cost_of_edit(pair, RECORD_SITE, &site, "name", &name);
		costs[i][2] = cost_of_edit(pair, RECORD_ASSET, &asset, "name", &other);
		print_message("# %5u devices, %5u polls parked: note %zu, site renamed %zu, asset renamed %zu store uses\n",
			sizes[i].devices + sizes[i].polls + 2, sizes[i].polls + 2, costs[i][0], costs[i][1], costs[i][2]);
		assert_int_equal(pair_close(&opened), 0);
	}
	for (size_t i = 1; i < LENGTH(sizes); i++)
		assert_memory_equal(costs[i], costs[0], sizeof(costs[0]));
}

static void a_site_with_thirty_open_jobs_costs_its_links_and_one_closure(void **state)
{
	const struct text names[] = { text_of("first hall"), text_of("second hall"), text_of("third hall") };
	const struct id site = organisation_id(RECORD_SITE, 0), account = organisation_id(RECORD_ACCOUNT, 0);
	const struct id valley = organisation_id(RECORD_TERRITORY, 1), warm = by_store_id("asset", 100);
	struct simulation *pair = *state;
	size_t costs[3][3];

	pair_settle(pair);
	for (unsigned i = 0; i < 2; i++)
		device_node_kill(pair, pair_device(pair, i + 1));
	put_jobs(pair, 100, 1);
	(void)cost_of_edit(pair, RECORD_SITE, &site, "name", &names[2]);
	(void)cost_of_edit(pair, RECORD_ACCOUNT, &account, "name", &names[2]);
	(void)cost_of_edit(pair, RECORD_ASSET, &warm, "territory_id", &valley);
	for (unsigned i = 0; i < 3; i++) {
		const struct id asset = by_store_id("asset", 10 * i);
		put_jobs(pair, 10 * i, 10);
		costs[i][0] = cost_of_edit(pair, RECORD_SITE, &site, "name", &names[i]);
		costs[i][1] = cost_of_edit(pair, RECORD_ACCOUNT, &account, "name", &names[i]);
		costs[i][2] = cost_of_edit(pair, RECORD_ASSET, &asset, "territory_id", &valley);
		print_message("# %2u open jobs: site renamed %zu, account renamed %zu, one asset moved %zu store uses\n", 10 * i + 11,
			costs[i][0], costs[i][1], costs[i][2]);
	}
	for (unsigned k = 0; k < 2; k++) { /* so much for each job that holds the row */
		assert_int_equal(costs[2][k] - costs[1][k], costs[1][k] - costs[0][k]);
		assert_true(costs[1][k] - costs[0][k] <= 10 * 4);
	}
	assert_int_equal(costs[2][2], costs[0][2]); /* one job has the asset, however many are at the site */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_that_are_not_concerned_cost_nothing),
		cmocka_unit_test_setup_teardown(a_site_with_thirty_open_jobs_costs_its_links_and_one_closure, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
