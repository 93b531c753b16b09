/* What a device may name: what it has, had, or made; the rest is to it as if it were not there. */
#include <string.h>

#include "protocol/domain/asset.h"
#include "protocol/domain/attachment.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/site.h"
#include "protocol/domain/site_access.h"
#include "protocol/sync/parked.h"
#include "tests/unit/protocol/sync/by_hand.h"
#include "tests/unit/protocol/sync/by_store.h"

static struct hand_device hand; /* large */

static void send_new(struct hand_device *device, int64_t first)
{
	hand_device_send(device, first, device->last_seq);
	hand_devices_flush(device->pair, (struct hand_device *const[]){ device }, 1);
	assert_true(device->answer.has_decided);
}

static enum outcome outcome_of(struct simulation *pair, const struct id *operation)
{
	struct logged_operation logged;

	assert_true(pair_logged(pair, operation, &logged));
	return logged.outcome;
}

/* A machine of the second territory, at its site, with the way in. */
struct elsewhere {
	struct id asset;
	struct id site;
	struct id door;
};

static struct elsewhere put_elsewhere(struct simulation *pair)
{
	struct elsewhere there = { by_store_id("saw", 0), by_store_id("mill", 0), by_store_id("door", 0) };
	const struct id territory = organisation_id(RECORD_TERRITORY, 1);
	const struct site site = { .id = there.site, .territory_id = territory, .name = text_of("mill") };
	const struct asset asset = { .id = there.asset, .territory_id = territory, .site_id = there.site, .name = text_of("saw") };
	const struct site_access door = { .id = there.door, .site_id = there.site, .code = text_of("4711") };
	struct by_store by;

	by_store_begin(&by, pair);
	by_store_put(&by, RECORD_SITE, &site);
	by_store_put(&by, RECORD_ASSET, &asset);
	by_store_put(&by, RECORD_SITE_ACCESS, &door);
	(void)by_store_end(&by);
	return there;
}

static struct id create_order(struct hand_device *device, const struct id *asset)
{
	static struct work_order order;
	const struct id nobody = { 0 };
	struct operation *operation = hand_device_begin(device, OPERATION_CREATE, &nobody, &order);

	order = (struct work_order){
		.territory_id = organisation_id(RECORD_TERRITORY, 0), .title = text_of("look at it"), .asset_id = *asset
	};
	operation->head.record = RECORD_WORK_ORDER;
	return hand_device_end(device);
}

static void release(struct simulation *pair, const struct id *operation)
{
	const struct parked_order order = { .operation = *operation, .decision = PARKED_RELEASED };
	struct verdict verdict;

	assert_int_equal(server_core_parked(pair->server.core, &order, &verdict), STATUS_OK);
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	server_node_flush(pair);
}

/* Once booked, it would bring the machine's site, its people and its door codes. */
static void an_order_brings_nothing_that_its_author_could_not_name_until_the_office_says_so(void **state)
{
	struct simulation *pair = *state;
	struct elsewhere there = put_elsewhere(pair);
	struct id order;

	hand_device_open(&hand, pair, 1, 7);
	order = create_order(&hand, &there.asset);
	send_new(&hand, 1);
	assert_int_equal(outcome_of(pair, &order), OUTCOME_PARKED);
	assert_false(pair_on_server(pair, RECORD_WORK_ORDER, &order));
	release(pair, &order);
	assert_true(pair_on_server(pair, RECORD_WORK_ORDER, &order));
	hand_device_close(&hand);
	(void)pair_book(pair, &order, 1);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_SITE_ACCESS, &there.door));
}

static void an_order_on_a_machine_that_its_author_holds_is_made_at_once(void **state)
{
	struct simulation *pair = *state;
	struct id asset = organisation_id(RECORD_ASSET, 0), order;

	hand_device_open(&hand, pair, 1, 7);
	order = create_order(&hand, &asset);
	send_new(&hand, 1);
	assert_int_equal(outcome_of(pair, &order), OUTCOME_APPLIED);
	hand_device_close(&hand);
}

static void the_office_names_whatever_is_there(void **state)
{
	struct simulation *pair = *state;
	struct elsewhere there = put_elsewhere(pair);
	const struct work_order order = {
		.territory_id = organisation_id(RECORD_TERRITORY, 0), .title = text_of("look at it"), .asset_id = there.asset
	};
	struct id made = pair_make(pair, RECORD_WORK_ORDER, &order);

	assert_true(pair_on_server(pair, RECORD_WORK_ORDER, &made));
}

/* The ways to name a record. */
enum way {
	WAY_CREATE,
	WAY_NOTE,
	WAY_CLAIM,
	WAY_FACT,
	WAY_PHOTO_OF,
	WAY_EDIT,
	WAY_EDIT_WITHOUT_THE_RIGHT,
	WAY_COUNT,
};

struct named {
	struct id asset, order, visit, site;
	struct id own_visit;
};

static struct id edit_site(struct hand_device *device, const struct id *site, const char *field, const struct site *wanted)
{
	static const struct site was;
	struct operation *operation = hand_device_begin(device, OPERATION_EDIT, site, wanted);

	operation->head.record = RECORD_SITE;
	operation->old_values = &was;
	operation->mask = UINT64_C(1) << schema_field(&site_schema, text_of(field))->tag;
	return hand_device_end(device);
}

static struct id name_one(struct hand_device *device, enum way way, const struct named *named)
{
	static struct photo_arguments photo;
	static struct site edited;

	photo = (struct photo_arguments){ .record = RECORD_ASSET, .record_id = named->asset };
	edited = (struct site){ .access_notes = text_of("ring twice"), .territory_id = { { 0x11 } } };
	if (way == WAY_EDIT)
		return edit_site(device, &named->site, "access_notes", &edited);
	if (way == WAY_EDIT_WITHOUT_THE_RIGHT)
		return edit_site(device, &named->site, "territory_id", &edited);
	if (way == WAY_CREATE)
		return create_order(device, &named->asset);
	if (way == WAY_NOTE)
		return hand_device_note(device, &named->order);
	if (way == WAY_CLAIM)
		(void)hand_device_begin(device, OPERATION_ACCEPT, &named->visit, NULL);
	if (way == WAY_FACT)
		(void)hand_device_begin(device, OPERATION_ARRIVE, &named->visit, NULL);
	if (way == WAY_PHOTO_OF)
		(void)hand_device_begin(device, OPERATION_ADD_PHOTO, &named->own_visit, &photo);
	return hand_device_end(device);
}

static const struct operation_outcome *told(struct simulation *pair, const struct id *operation)
{
	const void *row;

	assert_int_equal(records_get(server_store_records(pair->server.store), RECORD_OPERATION, operation, &row), STATUS_OK);
	row = row_copy(&pair->arena, &operation_outcome_schema, row);
	server_store_reset_rows(pair->server.store);
	return row;
}

/* As the office's import makes it, under an id that anybody could work out. */
static void import_as(struct simulation *pair, enum record_kind kind, const struct id *id, const void *row)
{
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = kind, .subject = *id }, .arguments = row };
	struct verdict verdict;

	operation.head.role = ROLE_IMPORT;
	operation.head.at_ms = clock_now_ms(&pair->server.clock);
	assert_true(server_node_operation(pair, &operation, &verdict, &(struct id){ 0 }));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
}

/* "…;id=" and the id: all that may differ. */
static size_t words_of(const struct operation_outcome *outcome)
{
	size_t size = outcome->detail.size;

	assert_true(size > 36);
	return memcmp(outcome->detail.data + size - 36, ";id=", 4) == 0 ? size - 32 : size;
}

static bool is_rejected(enum way way)
{
	return way == WAY_CLAIM || way == WAY_EDIT_WITHOUT_THE_RIGHT;
}

/* Whoever knows an id learns from no answer whether there is such a record. */
static void what_is_elsewhere_and_what_is_nowhere_are_told_alike(void **state)
{
	struct simulation *pair = *state;
	struct elsewhere there = put_elsewhere(pair);
	struct id order = pair_order(pair, 1), own = pair_order(pair, 0);
	struct named elsewhere = { .asset = there.asset, .order = order, .site = there.site };
	struct named nowhere = { .asset = { { 0x71 } }, .order = { { 0x72 } }, .visit = { { 0x73 } }, .site = { { 0x74 } } };
	struct id made[WAY_COUNT][2];

	elsewhere.visit = pair_book(pair, &order, 2);
	elsewhere.own_visit = nowhere.own_visit = pair_book(pair, &own, 1);
	hand_device_open(&hand, pair, 1, 7);
	for (int way = 0; way < WAY_COUNT; way++) {
		made[way][0] = name_one(&hand, (enum way)way, &elsewhere);
		send_new(&hand, hand.last_seq);
		made[way][1] = name_one(&hand, (enum way)way, &nowhere);
		send_new(&hand, hand.last_seq);
	}
	for (int way = 0; way < WAY_COUNT; way++) {
		const struct operation_outcome *left = told(pair, &made[way][0]), *right = told(pair, &made[way][1]);
		assert_int_equal(left->outcome, right->outcome);
		assert_int_equal(left->outcome, is_rejected((enum way)way) ? OUTCOME_REJECTED : OUTCOME_PARKED);
		assert_true(text_equal(left->rule, right->rule));
		assert_true(text_equal(left->field, right->field));
		assert_int_equal(id_is_nil(&left->waits_for), id_is_nil(&right->waits_for));
		assert_int_equal(left->detail.size, right->detail.size);
		assert_memory_equal(left->detail.data, right->detail.data, words_of(left));
	}
	hand_device_close(&hand);
}

/* The machine's row says where it stands. */
static void who_has_a_machine_may_say_where_it_stands(void **state)
{
	struct simulation *pair = *state;
	struct elsewhere there = put_elsewhere(pair);
	const struct asset asset = { .id = by_store_id("moved", 0),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.site_id = there.site,
		.name = text_of("press") };
	const struct work_order order = { .territory_id = asset.territory_id,
		.title = text_of("look at it"),
		.asset_id = asset.id,
		.site_id = there.site };
	const struct id nobody = { 0 };
	struct id made;

	(void)by_store_put_one(pair, RECORD_ASSET, &asset);
	hand_device_open(&hand, pair, 1, 7);
	hand_device_begin(&hand, OPERATION_CREATE, &nobody, &order)->head.record = RECORD_WORK_ORDER;
	made = hand_device_end(&hand);
	send_new(&hand, 1);
	assert_int_equal(outcome_of(pair, &made), OUTCOME_APPLIED);
	hand_device_close(&hand);
}

/* It is not in any of its scopes yet when it names it. */
static void a_device_names_what_it_made_just_before(void **state)
{
	struct simulation *pair = *state;
	struct id asset = organisation_id(RECORD_ASSET, 0), order, note;

	hand_device_open(&hand, pair, 1, 7);
	order = create_order(&hand, &asset);
	note = hand_device_note(&hand, &order);
	send_new(&hand, 1);
	assert_int_equal(outcome_of(pair, &order), OUTCOME_APPLIED);
	assert_int_equal(outcome_of(pair, &note), OUTCOME_APPLIED);
	hand_device_close(&hand);
}

static int64_t told_in(struct simulation *pair, const struct id *operation)
{
	struct server_row row;

	assert_int_equal(server_store_row(pair->server.store, RECORD_OPERATION, operation, &row), STATUS_OK);
	return row.gseq;
}

/* Who waits with one operation for an id of another territory hears nothing when that is imported there. */
static void what_waits_is_told_nothing_when_the_record_comes_elsewhere(void **state)
{
	struct simulation *pair = *state;
	const struct named named = { .asset = by_store_id("later", 0), .site = by_store_id("later", 1) };
	const struct id there = organisation_id(RECORD_TERRITORY, 1);
	struct asset asset = { .territory_id = there, .name = text_of("lift") };
	struct site site = { .territory_id = there, .name = text_of("shaft"), .account_id = organisation_id(RECORD_ACCOUNT, 1) };
	int64_t before[2];
	struct id made[2];

	hand_device_open(&hand, pair, 1, 7);
	made[0] = name_one(&hand, WAY_CREATE, &named);
	made[1] = name_one(&hand, WAY_EDIT, &named);
	send_new(&hand, 1);
	for (size_t i = 0; i < LENGTH(made); i++)
		before[i] = told_in(pair, &made[i]);
	import_as(pair, RECORD_ASSET, &named.asset, &asset);
	import_as(pair, RECORD_SITE, &named.site, &site);
	for (size_t i = 0; i < LENGTH(made); i++)
		assert_int_equal(told_in(pair, &made[i]), before[i]);
	hand_device_close(&hand);
}

/* A record may be named before it is imported: its id can be worked out. */
static void what_waits_for_a_record_goes_on_only_when_its_author_can_name_it(void **state)
{
	struct simulation *pair = *state;
	struct asset assets[] = { { .id = by_store_id("later", 0), .name = text_of("lift") },
		{ .id = by_store_id("later", 1), .name = text_of("lift") } };
	struct id orders[2];

	hand_device_open(&hand, pair, 1, 7);
	for (size_t i = 0; i < LENGTH(orders); i++) {
		orders[i] = create_order(&hand, &assets[i].id);
		send_new(&hand, hand.last_seq);
	}
	for (size_t i = 0; i < LENGTH(orders); i++) {
		assets[i].territory_id = organisation_id(RECORD_TERRITORY, (unsigned)i);
		import_as(pair, RECORD_ASSET, &assets[i].id, &assets[i]);
	}
	assert_int_equal(outcome_of(pair, &orders[0]), OUTCOME_APPLIED);
	assert_int_equal(outcome_of(pair, &orders[1]), OUTCOME_PARKED);
	hand_device_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_order_brings_nothing_that_its_author_could_not_name_until_the_office_says_so, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_order_on_a_machine_that_its_author_holds_is_made_at_once, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(the_office_names_whatever_is_there, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_elsewhere_and_what_is_nowhere_are_told_alike, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_waits_is_told_nothing_when_the_record_comes_elsewhere, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(who_has_a_machine_may_say_where_it_stands, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_device_names_what_it_made_just_before, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_waits_for_a_record_goes_on_only_when_its_author_can_name_it, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
