/* I9: no byte that is outside a device's scopes leaves the server. Every row that device 1 may not see speaks of itself in each of its
 * texts, and its id can be told; what the server sends is opened with the device's own keys and looked through. */
#include <stdio.h>
#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/arguments.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/device.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/note.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/site.h"
#include "protocol/domain/site_access.h"
#include "protocol/sync/parked.h"
#include "protocol/wire/pack.h"
#include "protocol/wire/recon.h"
#include "tests/simulation/snapshot.h"
#include "tests/unit/protocol/sync/by_hand.h"
#include "tests/unit/protocol/sync/by_store.h"

#define SONG "CANARY"

/* Rows outside: of secret ones the device has never heard; named ones it names itself, without having them. */
enum rank {
	RANK_SECRET = 's',
	RANK_NAMED = 'n',
};

static struct id outside_id(enum rank rank, enum record_kind kind, unsigned number)
{
	struct id id = { { 'c', 'a', 'n', 'a', 'r', 'y', (uint8_t)rank, (uint8_t)kind, (uint8_t)number } };

	memset(id.bytes + 9, 0xee, sizeof(id.bytes) - 9);
	return id;
}

static bool is_outside(const struct id *id)
{
	return memcmp(id->bytes, "canary", 6) == 0;
}

static bool is_secret(const struct id *id)
{
	return is_outside(id) && id->bytes[6] == RANK_SECRET;
}

/* ---- the organisation ---- */

/* What a field names in a row outside. A named visit leads to the named order: a fact about the one is kept with the other, and says so. */
static struct id reference_of(enum rank rank, enum record_kind kind, const struct field *field)
{
	const struct {
		enum record_kind refers;
		struct id id;
	} known[] = {
		{ RECORD_NONE, { { 0 } } },
		{ kind, { { 0 } } },
		{ RECORD_TERRITORY, organisation_id(RECORD_TERRITORY, 1) },
		{ RECORD_TECHNICIAN, organisation_id(RECORD_TECHNICIAN, 1) },
		{ RECORD_DEVICE, organisation_device_id(2) },
		{ RECORD_PART, organisation_id(RECORD_PART, 0) },
		{ RECORD_STOCK_LOCATION, organisation_id(RECORD_STOCK_LOCATION, 1) },
		{ RECORD_WORK_ORDER, outside_id(rank, RECORD_WORK_ORDER, 0) },
	};

	for (size_t i = 0; i < LENGTH(known); i++)
		if (known[i].refers == field->refers)
			return known[i].id;
	return outside_id(RANK_SECRET, field->refers, 0);
}

/* A row in which every text is a canary. */
static void *canary_row(struct simulation *pair, const struct schema *schema, enum rank rank, unsigned number)
{
	void *row = arena_allocate(&pair->arena, schema->size);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (field->tag == 1)
			*(struct id *)row = outside_id(rank, schema->kind, number);
		else if (field->kind == FIELD_ID)
			*(struct id *)field_at_mutable(field, row) = reference_of(rank, schema->kind, field);
		else if (field->kind == FIELD_TEXT)
			*(struct text *)field_at_mutable(field, row) =
				arena_print(&pair->arena, SONG " %u in %s.%s", number, schema->name, field->name);
		else if (field->kind == FIELD_INTEGER)
			field_set_integer(field, row, 7);
	}
	if (schema->kind == RECORD_VISIT)
		((struct visit *)row)->state = VISIT_STATE_DISPATCHED;
	if (schema->kind == RECORD_WORK_ORDER) {
		((struct work_order *)row)->state = WORK_ORDER_STATE_SCHEDULED;
		((struct work_order *)row)->released = true;
		((struct work_order *)row)->hold_reason = (struct text){ 0 };
	}
	return row;
}

static bool is_kind_outside(const struct schema *schema)
{
	return schema->home_otherwise != SCOPE_ORG_ALL && schema->kind != RECORD_DEVICE && schema->kind != RECORD_BENCH_ORDER;
}

/* Of every kind that can be outside a secret and a named row; `number` tells later versions from earlier. */
static void put_outside(struct simulation *pair, unsigned number)
{
	const struct schema *schema;
	struct by_store by;

	by_store_begin(&by, pair);
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
		if (!is_kind_outside(schema))
			continue;
		for (unsigned rank = 0; rank < 2; rank++) {
			void *row = canary_row(pair, schema, rank == 0 ? RANK_SECRET : RANK_NAMED, number);
			*(struct id *)row = outside_id(rank == 0 ? RANK_SECRET : RANK_NAMED, schema->kind, 0);
			by_store_put(&by, schema->kind, row);
		}
	}
	(void)by_store_end(&by);
}

/* People at a customer of no territory: at home with the office. */
static void put_homeless(struct simulation *pair)
{
	struct contact *contact = canary_row(pair, &contact_schema, RANK_NAMED, 1);

	contact->territory_id = (struct id){ 0 };
	(void)by_store_put_one(pair, RECORD_CONTACT, contact);
}

static struct id inside_id(enum record_kind kind)
{
	return by_store_id("inside", kind);
}

/* A job of technician 1 elsewhere, on the border of all that: what was done there before by others, with remarks that are theirs; a site of
 * the own territory with a door code. */
static void put_border(struct simulation *pair)
{
	const struct id there = organisation_id(RECORD_TERRITORY, 1), me = organisation_id(RECORD_TECHNICIAN, 0);
	const struct account account = { .id = inside_id(RECORD_ACCOUNT), .territory_id = there, .name = text_of("mill") };
	const struct site site = { .id = inside_id(RECORD_SITE), .territory_id = there, .account_id = account.id, .name = text_of("hall") };
	const struct asset asset = { .id = inside_id(RECORD_ASSET), .territory_id = there, .site_id = site.id, .name = text_of("press") };
	const struct work_order order = { .id = inside_id(RECORD_WORK_ORDER),
		.territory_id = there,
		.site_id = site.id,
		.account_id = account.id,
		.asset_id = asset.id,
		.title = text_of("leaks"),
		.released = true,
		.state = WORK_ORDER_STATE_SCHEDULED };
	const struct visit visit = { .id = inside_id(RECORD_VISIT),
		.work_order_id = order.id,
		.technician_id = me,
		.territory_id = there,
		.state = VISIT_STATE_DISPATCHED };
	const struct work_order before = { .id = by_store_id("before", 0),
		.territory_id = there,
		.asset_id = asset.id,
		.title = text_of("leaked before"),
		.completed_at_ms = WALL_START_MS - 1,
		.closed_at_ms = WALL_START_MS };
	struct note *remark = canary_row(pair, schema_find(RECORD_NOTE), RANK_SECRET, 9);
	struct site_access *door = canary_row(pair, &site_access_schema, RANK_SECRET, 9);
	struct by_store by;

	remark->work_order_id = before.id;
	door->site_id = organisation_id(RECORD_SITE, 0);
	by_store_begin(&by, pair);
	by_store_put(&by, RECORD_ACCOUNT, &account);
	by_store_put(&by, RECORD_SITE, &site);
	by_store_put(&by, RECORD_ASSET, &asset);
	by_store_put(&by, RECORD_WORK_ORDER, &order);
	by_store_put(&by, RECORD_VISIT, &visit);
	by_store_put(&by, RECORD_WORK_ORDER, &before);
	by_store_put(&by, RECORD_NOTE, remark);
	by_store_put(&by, RECORD_SITE_ACCESS, door);
	(void)by_store_end(&by);
}

/* ---- looking through what was sent ---- */

struct watch {
	struct hand_device hand;
	struct cursor cursor;
	size_t rows;     /* looked at */
	char found[200]; /* the first thing that is outside */
};

static void find(struct watch *watch, const char *what, const char *where)
{
	if (watch->found[0] == '\0')
		(void)snprintf(watch->found, sizeof(watch->found), "%s in %s", what, where);
}

static bool has(const void *data, size_t size, const char *what)
{
	size_t length = strlen(what);

	for (size_t i = 0; i + length <= size; i++)
		if (memcmp((const char *)data + i, what, length) == 0)
			return true;
	return false;
}

static bool has_canary(const void *data, size_t size)
{
	return has(data, size, SONG);
}

/* An id of a secret row, as it is or in digits: in an error, say. */
static bool has_secret_id(const void *data, size_t size)
{
	return has(data, size, "canarys") || has(data, size, "63616e61727973");
}

static void look_at_row(struct watch *watch, const struct schema *schema, const void *row)
{
	watch->rows++;
	if (is_outside(row_id(row)))
		find(watch, "the id of a row outside", schema->name);
	for (size_t i = 1; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		const struct text *text = field_at(field, row);
		if (field->kind == FIELD_ID && is_secret(field_at(field, row)))
			find(watch, "a secret id", field->name);
		if (field->kind == FIELD_TEXT && has_canary(text->data, text->size))
			find(watch, "a canary", field->name);
	}
}

/* Scopes that device 1 holds, or held. */
static void look_at_scope(struct watch *watch, const struct scope *scope)
{
	const struct scope mine[] = { { SCOPE_ORG_ALL, { { 0 } } }, { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) },
		{ SCOPE_TECHNICIAN, organisation_id(RECORD_TECHNICIAN, 0) }, { SCOPE_DEVICE, organisation_device_id(1) },
		{ SCOPE_JOB, inside_id(RECORD_WORK_ORDER) } };

	for (size_t i = 0; i < LENGTH(mine); i++)
		if (scope_equal(scope, &mine[i]))
			return;
	find(watch, "a scope not held", id_to_text(&scope->id).characters);
}

static void look_at_page(struct watch *watch, struct bytes body)
{
	struct reader reader = reader_of(body);
	struct page page;
	struct bytes raw;

	(void)read_bytes(&reader, 64);
	assert_int_equal(pack_read(&reader, &watch->hand.arena, &raw), STATUS_OK);
	if (has_canary(raw.data, raw.size))
		find(watch, "a canary", "the bytes of a page");
	assert_int_equal(page_decode(body, &watch->hand.arena, NULL, &page), STATUS_OK);
	for (size_t i = 0; i < page.group_count; i++) {
		look_at_scope(watch, &page.groups[i].scope);
		for (size_t k = 0; k < page.groups[i].count; k++)
			look_at_row(watch, page.groups[i].schema, page.groups[i].rows[k]);
	}
}

/* Rows that are at home in a scope, counted anew. */
static size_t rows_of_home(struct simulation *pair, const struct scope *scope)
{
	const struct schema *schema;
	struct snapshot server;
	size_t count = 0;

	assert_int_equal(snapshot_load(&server, server_store_storage(pair->server.store)), STATUS_OK);
	for (size_t k = 0; (schema = schema_at(k)) != NULL; k++)
		for (size_t i = 0; i < snapshot_table(&server, schema->kind)->count; i++) {
			const struct scope home = row_home(schema, snapshot_table(&server, schema->kind)->rows[i].row);
			count += scope_equal(&home, scope);
		}
	snapshot_finish(&server);
	return count;
}

/* A number that also counts what is outside would tell of it. */
static void look_at_count(struct watch *watch, const struct scope_digest *told)
{
	if (told->scope.kind != SCOPE_JOB && told->digest.count != (int64_t)rows_of_home(watch->hand.pair, &told->scope))
		find(watch, "another count of rows", id_to_text(&told->scope.id).characters);
}

static void look_at_cut(struct watch *watch, const struct section *section)
{
	struct cut cut;

	assert_int_equal(cut_decode_within(section, &watch->hand.ground, &watch->hand.arena, &cut), STATUS_OK);
	for (size_t i = 0; i < cut.digest_count; i++) {
		look_at_scope(watch, &cut.digests[i].scope);
		look_at_count(watch, &cut.digests[i]);
	}
	for (size_t i = 0; i < cut.dropped_count; i++)
		look_at_scope(watch, &cut.dropped[i]);
	for (size_t i = 0; i < cut.held_count; i++)
		look_at_scope(watch, &cut.held[i]);
	watch->cursor = cut.cursor;
}

static void look_at_recon(struct watch *watch, struct bytes body)
{
	struct recon_reply reply;

	assert_int_equal(recon_reply_decode(body, &watch->hand.arena, &reply), STATUS_OK);
	for (size_t i = 0; i < reply.count; i++)
		for (size_t k = 0; k < reply.answers[i].scope_count; k++)
			look_at_scope(watch, &reply.answers[i].scopes[k]);
	if (reply.page.size > 0)
		look_at_page(watch, reply.page);
}

/* The answer to the latest request; where a page says so, the token to go on with. */
static struct bytes look_at_answer(struct watch *watch)
{
	struct hand_device *hands[] = { &watch->hand };
	struct bytes resume = { 0 };
	struct section *sections;
	size_t count;

	hand_devices_flush(watch->hand.pair, hands, 1);
	if (watch->hand.answer.message.size == 0) /* dropped: nothing left */
		return resume;
	if (has_canary(watch->hand.answer.message.data, watch->hand.answer.message.size))
		find(watch, "a canary", "the bytes of a message");
	if (has_secret_id(watch->hand.answer.message.data, watch->hand.answer.message.size))
		find(watch, "a secret id", "the bytes of a message");
	assert_int_equal(sections_read(watch->hand.answer.message, &watch->hand.arena, &sections, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		struct reader reader = reader_of(sections[i].body);
		if (sections[i].number == SECTION_PAGE) {
			look_at_page(watch, sections[i].body);
			resume = read_bytes(&reader, 64);
		} else if (sections[i].number == SECTION_CUT) {
			look_at_cut(watch, &sections[i]);
		} else if (sections[i].number == SECTION_RECON_REPLY) {
			look_at_recon(watch, sections[i].body);
		}
	}
	return resume;
}

/* Everything since the cursor. */
static void pull(struct watch *watch)
{
	struct pull question = { .cursor = watch->cursor, .class_max = 5, .own_rows = true };

	do {
		hand_device_pull(&watch->hand, &question);
		question.resume = look_at_answer(watch);
	} while (question.resume.size > 0);
}

static void assert_nothing_left(struct watch *watch)
{
	if (watch->found[0] != '\0')
		fail_msg("%s", watch->found);
}

static void watch_open(struct watch *watch, struct simulation *pair)
{
	memset(watch, 0, sizeof(*watch));
	put_outside(pair, 0);
	put_homeless(pair);
	put_border(pair);
	hand_device_open(&watch->hand, pair, 1, 9);
}

static struct watch watch;

/* ---- what is sent ---- */

static void rows_outside_stay_where_they_are(void **state)
{
	struct simulation *pair = *state;
	struct site moving = {
		.id = by_store_id("moving", 0), .territory_id = organisation_id(RECORD_TERRITORY, 0), .name = text_of("here as yet")
	};

	watch_open(&watch, pair);
	(void)by_store_put_one(pair, RECORD_SITE, &moving);
	pull(&watch);
	assert_true(watch.rows > 30);
	put_outside(pair, 1);
	pull(&watch);
	moving.territory_id = organisation_id(RECORD_TERRITORY, 1); /* it may hear that the row is gone, not what became of it */
	moving.name = text_of(SONG " of the other territory");
	(void)by_store_put_one(pair, RECORD_SITE, &moving);
	pull(&watch);
	watch.cursor = (struct cursor){ 0 };
	pull(&watch);
	assert_nothing_left(&watch);
	hand_device_close(&watch.hand);
}

static void repair_tells_of_own_scopes_only(void **state)
{
	struct simulation *pair = *state;
	const struct scope asked[] = { { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 1) },
		{ SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) }, { SCOPE_ORG_STAFF, { { 0 } } },
		{ SCOPE_TECHNICIAN, organisation_id(RECORD_TECHNICIAN, 1) }, { SCOPE_DEVICE, organisation_device_id(2) },
		{ SCOPE_JOB, outside_id(RANK_SECRET, RECORD_WORK_ORDER, 0) }, { SCOPE_JOB, inside_id(RECORD_WORK_ORDER) } };
	struct recon_question questions[2 * LENGTH(asked) + 1] = { { .form = RECON_SCOPES, .digest = { 1, 1 } } };
	struct recon_request request = { questions, LENGTH(questions) };

	watch_open(&watch, pair);
	for (size_t i = 0; i < LENGTH(asked); i++) {
		questions[1 + 2 * i] = (struct recon_question){ .form = RECON_WHOLE, .scope = asked[i], .digest = { 3, 3 } };
		questions[2 + 2 * i] = (struct recon_question){ .form = RECON_ROWS, .scope = asked[i] };
	}
	hand_device_recon(&watch.hand, &request);
	(void)look_at_answer(&watch);
	assert_true(watch.rows > 10);
	assert_nothing_left(&watch);
	hand_device_close(&watch.hand);
}

/* ---- what is done ---- */

/* A technician's arguments, naming rows outside. */
static void *arguments_outside(struct simulation *pair, const struct schema *schema, const char *words)
{
	void *row = arena_allocate(&pair->arena, schema->size);

	for (size_t i = 1; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		struct id id = reference_of(RANK_NAMED, RECORD_NONE, field);
		if (field->derived)
			continue;
		if (field->kind == FIELD_ID && is_outside(&id))
			id = outside_id(RANK_NAMED, field->refers, 0);
		if (field->kind == FIELD_ID)
			*(struct id *)field_at_mutable(field, row) = id;
		else if (field->kind == FIELD_TEXT)
			*(struct text *)field_at_mutable(field, row) = text_of(text_equals(text_of(field->name), "blob") ? "" : words);
		else if (field->kind == FIELD_TIME)
			field_set_integer(field, row, WALL_START_MS + (int64_t)i * 1000);
		else if (field->kind == FIELD_INTEGER || field->kind == FIELD_CHOICE)
			field_set_integer(field, row, field->max == 0 || field->max >= 1 ? 1 : field->max);
	}
	return row;
}

/* Sends the operation begun last, and looks at what comes of it; one that is not taken does not count. */
static void commit_operation(struct watch *on)
{
	struct hand_device *hand = &on->hand;

	(void)hand_device_end(hand);
	hand_device_send(hand, hand->last_seq, hand->last_seq);
	(void)look_at_answer(on);
	if (hand->answer.has_fault || hand->answer.dropped)
		hand->last_seq--;
	pull(on);
}

static void do_operation(struct watch *on, enum operation_kind kind)
{
	const struct operation_row *row = operation_find(kind);
	struct id subject = outside_id(RANK_NAMED, row->subject, 0);
	void *arguments = row->arguments == NULL ? NULL : arguments_outside(on->hand.pair, row->arguments, "plain words");

	(void)hand_device_begin(&on->hand, kind, &subject, arguments);
	commit_operation(on);
}

static void do_edit(struct watch *on, const struct schema *schema, const struct id *subject)
{
	struct operation *operation =
		hand_device_begin(&on->hand, OPERATION_EDIT, subject, arguments_outside(on->hand.pair, schema, "what it was not"));

	operation->head.record = schema->kind;
	operation->old_values = arguments_outside(on->hand.pair, schema, "what it was never");
	for (size_t i = 1; i < schema->field_count; i++)
		if (edit_allowed(ROLE_TECHNICIAN, schema->kind, &schema->fields[i]))
			operation->mask |= UINT64_C(1) << schema->fields[i].tag;
	if (operation->mask != 0)
		commit_operation(on);
}

static void do_create(struct watch *on, const struct schema *schema, bool exists)
{
	struct id subject = exists ? outside_id(RANK_NAMED, schema->kind, 0) : (struct id){ 0 };
	struct operation *operation =
		hand_device_begin(&on->hand, OPERATION_CREATE, &subject, arguments_outside(on->hand.pair, schema, "plain words"));

	operation->head.record = schema->kind;
	commit_operation(on);
}

/* Refused, parked, applied with an issue: whatever a device does about rows that it does not have, it hears nothing of them. */
static void operations_on_rows_outside_tell_nothing_of_them(void **state)
{
	struct simulation *pair = *state;
	const struct id homeless = outside_id(RANK_NAMED, RECORD_CONTACT, 1);
	const struct schema *schema;

	watch_open(&watch, pair);
	pull(&watch);
	for (unsigned kind = OPERATION_ADD_NOTE; kind < OPERATION_KIND_COUNT; kind++)
		do_operation(&watch, (enum operation_kind)kind);
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
		const struct id subject = outside_id(RANK_NAMED, schema->kind, 0);
		if (!is_kind_outside(schema))
			continue;
		do_edit(&watch, schema, &subject);
		do_create(&watch, schema, false);
		do_create(&watch, schema, true);
	}
	do_edit(&watch, &contact_schema, &homeless);
	assert_true(watch.hand.last_seq > 60);
	assert_nothing_left(&watch);
	hand_device_close(&watch.hand);
}

static struct id read_elsewhere(struct watch *on, const struct id *visit, struct reading_arguments *arguments)
{
	struct id operation;

	(void)hand_device_begin(&on->hand, OPERATION_READ_METER, visit, arguments);
	commit_operation(on);
	operation = chain_operation_id(&on->hand.heads[on->hand.last_seq]);
	return operation;
}

static void release(struct simulation *pair, const struct id *operation)
{
	const struct parked_order order = { .operation = *operation, .decision = PARKED_RELEASED };
	struct verdict verdict;

	assert_int_equal(server_core_parked(pair->server.core, &order, &verdict), STATUS_OK);
	assert_true(verdict.outcome == OUTCOME_APPLIED || verdict.outcome == OUTCOME_ISSUE);
	server_node_flush(pair);
}

/* A fact of its own job that names a meter, or a reading, elsewhere is set aside; when a person lets it pass, what it names does not come
 * along all the same, nor the door there. */
static void what_own_work_names_does_not_come_along(void **state)
{
	struct simulation *pair = *state;
	const struct id visit = inside_id(RECORD_VISIT), there = organisation_id(RECORD_TERRITORY, 1);
	const struct site site = { .id = outside_id(RANK_NAMED, RECORD_SITE, 2), .territory_id = there, .name = text_of(SONG " mill") };
	const struct asset asset = {
		.id = by_store_id("machine", 0), .territory_id = there, .site_id = site.id, .name = text_of(SONG " saw")
	};
	const struct meter meter = { .id = by_store_id("meter", 0),
		.territory_id = there,
		.asset_id = asset.id,
		.name = text_of(SONG " hours"),
		.last_value = 4711 };
	const struct reading reading = { .id = by_store_id("reading", 0), .territory_id = there, .meter_id = meter.id, .value = 4711 };
	struct site_access *door = canary_row(pair, &site_access_schema, RANK_SECRET, 8);
	struct reading_arguments arguments = { .meter_id = meter.id, .value = 5000 };
	struct id made[2];
	struct by_store by;

	watch_open(&watch, pair);
	door->site_id = site.id;
	by_store_begin(&by, pair);
	by_store_put(&by, RECORD_SITE, &site);
	by_store_put(&by, RECORD_ASSET, &asset);
	by_store_put(&by, RECORD_METER, &meter);
	by_store_put(&by, RECORD_READING, &reading);
	by_store_put(&by, RECORD_SITE_ACCESS, door);
	(void)by_store_end(&by);
	pull(&watch);
	made[0] = read_elsewhere(&watch, &visit, &arguments);
	arguments.corrects_id = reading.id;
	made[1] = read_elsewhere(&watch, &visit, &arguments);
	assert_int_equal(watch.hand.last_seq, 2);
	assert_int_equal(pair_count_on_server(pair, RECORD_READING), 3);
	for (size_t i = 0; i < LENGTH(made); i++)
		release(pair, &made[i]);
	assert_int_equal(pair_count_on_server(pair, RECORD_READING), 5); /* two of put_outside() */
	watch.cursor = (struct cursor){ 0 };
	pull(&watch);
	assert_nothing_left(&watch);
	hand_device_close(&watch.hand);
}

static size_t width_of_four(void *context, enum record_kind kind, const struct id *ids, size_t count)
{
	(void)context;
	(void)kind;
	(void)ids;
	(void)count;
	return 4;
}

/* The start of an id fits several rows outside, or one: nothing is taken, and nothing is said but that it is not enough. */
static void short_references_tell_no_ids(void **state)
{
	struct simulation *pair = *state;
	const struct references references = { .width = width_of_four };
	const struct id several = outside_id(RANK_SECRET, RECORD_WORK_ORDER, 0), one = organisation_id(RECORD_SITE, 1);
	struct id guessed = one;

	watch_open(&watch, pair);
	watch.hand.references = &references;
	(void)hand_device_note(&watch.hand, &several);
	hand_device_send(&watch.hand, 1, 1);
	(void)look_at_answer(&watch);
	assert_true(watch.hand.answer.has_fault);
	assert_int_equal(watch.hand.answer.fault.code, WIRE_ERROR_SEND_WHOLE);
	watch.hand.last_seq = 0;
	memset(guessed.bytes + 4, 0, sizeof(guessed.bytes) - 4); /* four bytes are known, the others are not: the chain does not fit */
	do_edit(&watch, &site_schema, &guessed);
	assert_int_equal(watch.hand.last_seq, 0);
	pull(&watch);
	assert_nothing_left(&watch);
	hand_device_close(&watch.hand);
}

/* A visit that is taken away, and a device that is revoked, hear that rows are gone. */
static void what_is_taken_away_is_not_followed(void **state)
{
	struct simulation *pair = *state;
	const struct id id = organisation_device_id(1);
	struct visit visit = { .id = inside_id(RECORD_VISIT),
		.work_order_id = inside_id(RECORD_WORK_ORDER),
		.technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.state = VISIT_STATE_CANCELLED };
	struct asset asset = {
		.id = inside_id(RECORD_ASSET), .territory_id = organisation_id(RECORD_TERRITORY, 1), .name = text_of(SONG " of after")
	};
	struct device device = { .id = id, .technician_id = organisation_id(RECORD_TECHNICIAN, 0), .state = DEVICE_STATE_DRAINING };

	watch_open(&watch, pair);
	pull(&watch);
	(void)by_store_put_one(pair, RECORD_VISIT, &visit);
	(void)by_store_put_one(pair, RECORD_ASSET, &asset);
	pull(&watch);
	(void)by_store_put_one(pair, RECORD_DEVICE, &device);
	put_outside(pair, 2);
	pull(&watch);
	do_operation(&watch, OPERATION_ADD_NOTE);
	watch.cursor = (struct cursor){ 0 };
	pull(&watch);
	assert_nothing_left(&watch);
	hand_device_close(&watch.hand);
}

/* The test bites: with one scope more than there should be, as if nobody had asked whose it is, it finds what was sent. */
static void a_scope_too_many_is_found(void **state)
{
	struct simulation *pair = *state;
	const struct id device = organisation_device_id(1);
	const struct scope scopes[] = { { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 1) }, { SCOPE_ORG_STAFF, { { 0 } } } };

	for (size_t i = 0; i < LENGTH(scopes); i++) {
		struct scope_state scope;
		struct server_state now;
		watch_open(&watch, pair);
		pull(&watch);
		assert_nothing_left(&watch);
		assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
		assert_int_equal(server_store_state(pair->server.store, &now), STATUS_OK);
		assert_int_equal(server_store_scope(pair->server.store, &scopes[i], &scope), STATUS_OK);
		assert_int_equal(server_store_grant(pair->server.store, &device, scope.number, now.gseq + 1), STATUS_OK);
		assert_int_equal(server_store_put_gseq(pair->server.store, now.gseq + 1), STATUS_OK);
		assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
		pull(&watch);
		assert_true(watch.found[0] != '\0');
		hand_device_close(&watch.hand);
		assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
		assert_int_equal(server_store_ungrant(pair->server.store, &device, scope.number, now.gseq + 1), STATUS_OK);
		assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_outside_stay_where_they_are, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(repair_tells_of_own_scopes_only, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(operations_on_rows_outside_tell_nothing_of_them, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_own_work_names_does_not_come_along, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(short_references_tell_no_ids, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_taken_away_is_not_followed, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_scope_too_many_is_found, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
