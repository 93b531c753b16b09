/* The permanent forms against their golden bytes: forms_test forms.txt. Each line of the file is a name and hexadecimal bytes. Forms are
 * compared byte for byte, except what is compressed, whose bytes may differ between versions of zstd: that must decode to the same.
 * UPDATE_GOLDEN=1 writes the file anew; a change of a line that was there is a break of the protocol. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/bundle.h"
#include "protocol/wire/carry.h"
#include "protocol/wire/dictionary.h"
#include "protocol/wire/message.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/recon.h"
#include "protocol/wire/session.h"

#define FORM_MAX ((size_t)64 * 1024)
#define LINE_MAX_SIZE (2 * FORM_MAX + 200)
#define ORDERS 12

static struct arena arena;
static struct work_order orders[ORDERS];
static struct operation operations[7]; /* of the batches */
static struct operation further[3];
static struct account account;
static const struct id nil_id;
static const struct common_ground *ground; /* of the session while short forms are written, else NULL */

static struct id id_of(uint8_t number)
{
	struct id id;

	for (size_t i = 0; i < ID_SIZE; i++)
		id.bytes[i] = (uint8_t)(number * 37 + i * 11);
	return id;
}

static struct hash hash_of(uint8_t number)
{
	struct hash hash;

	for (size_t i = 0; i < HASH_SIZE; i++)
		hash.bytes[i] = (uint8_t)(number + i);
	return hash;
}

static void make_records(void)
{
	static const char *const titles[] = { "No heating in hall 2", "Pump leaks", "Prüfung", "冷却水漏れ" };

	account = (struct account){
		.id = id_of(1), .name = text_of("Harbour & Hill Service"), .territory_id = id_of(2), .phone = text_of("555 0100")
	};
	for (size_t i = 0; i < ORDERS; i++) {
		orders[i] = (struct work_order){
			.id = id_of((uint8_t)(20 + i)),
			.number = arena_print(&arena, "WO-%06zu", 4200 + 7 * i),
			.territory_id = id_of(2),
			.site_id = id_of((uint8_t)(40 + i % 3)),
			.type = (uint32_t)(i % 2),
			.title = text_of(titles[i % LENGTH(titles)]),
			.priority = (int64_t)(i % 4),
			.released = i % 5 == 0,
			.planned_start_at_ms = i % 3 == 0 ? 0 : INT64_C(1770000000000) + 60000 * (int64_t)i,
		};
	}
}

static struct operation_head head_of(enum operation_kind kind, uint32_t record, struct id subject)
{
	static int64_t at_ms = INT64_C(1770000000000);

	at_ms += 61000;
	return (struct operation_head){
		.subject = subject, .kind = kind, .record = record, .actor = id_of(3), .role = ROLE_TECHNICIAN, .at_ms = at_ms,
		.manual = kind == OPERATION_FINISH, .base_gseq = 77, .base_epoch = id_of(4), .schema_revision = 1,
	};
}

static void make_operations(void)
{
	static struct part_arguments part;
	static struct note_arguments note;
	static struct finish_arguments finish;
	static struct work_order before, after;

	part = (struct part_arguments){ .part_id = id_of(5), .location_id = id_of(6), .quantity = 2 };
	note = (struct note_arguments){ .text = text_of("Gate code changed") };
	finish = (struct finish_arguments){ .outcome = 1, .cause_code = text_of("WEAR"), .action_code = text_of("REPLACED"),
					    .signer_name = text_of("M. Example") };
	before = (struct work_order){ .description = text_of("old"), .priority = 1 };
	after = (struct work_order){ .description = text_of("new"), .priority = 0 };
	operations[0] = (struct operation){ .head = head_of(OPERATION_ACCEPT, 0, id_of(10)) };
	operations[1] = (struct operation){ .head = head_of(OPERATION_USE_PART, 0, id_of(10)), .arguments = &part };
	operations[2] = (struct operation){ .head = head_of(OPERATION_CREATE, RECORD_WORK_ORDER, nil_id), .arguments = &orders[1] };
	operations[3] = (struct operation){ .head = head_of(OPERATION_CREATE, RECORD_ACCOUNT, account.id), .arguments = &account };
	operations[4] = (struct operation){ .head = head_of(OPERATION_EDIT, RECORD_WORK_ORDER, orders[2].id),
					    .arguments = &after,
					    .old_values = &before };
	operations[4].mask = (uint64_t)1 << schema_field(&work_order_schema, text_of("description"))->tag |
			     (uint64_t)1 << schema_field(&work_order_schema, text_of("priority"))->tag;
	operations[5] = (struct operation){ .head = head_of(OPERATION_ADD_NOTE, 0, orders[3].id), .arguments = &note };
	operations[6] = (struct operation){ .head = head_of(OPERATION_FINISH, 0, id_of(10)), .arguments = &finish };
}

static void make_further_operations(void)
{
	static struct reason_arguments cancel;
	static struct answer_arguments answer;
	static struct resolve_arguments resolve;

	cancel = (struct reason_arguments){ .reason = text_of("The customer called it off") };
	answer = (struct answer_arguments){ .task_id = id_of(12), .task_version = 3, .number = -40, .has_number = true };
	resolve = (struct resolve_arguments){ .resolution = ISSUE_RESOLUTION_KEPT_THEIRS, .text = text_of("Called the site") };
	further[0] = (struct operation){ .head = head_of(OPERATION_CANCEL, 0, id_of(10)), .arguments = &cancel };
	further[1] = (struct operation){ .head = head_of(OPERATION_ANSWER_TASK, 0, id_of(10)), .arguments = &answer };
	further[2] = (struct operation){ .head = head_of(OPERATION_RESOLVE_ISSUE, 0, id_of(13)), .arguments = &resolve };
	further[0].head.role = further[2].head.role = ROLE_DISPATCHER;
}

/* The receiver's side of 5-byte references: every id of this file. */
static size_t golden_width(void *context, enum record_kind kind, const struct id *ids, size_t count)
{
	(void)context;
	(void)kind;
	(void)ids;
	(void)count;
	return 5;
}

static enum status golden_resolve(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id)
{
	(void)context;
	(void)kind;
	for (unsigned int number = 0; number < 64; number++) {
		struct id id = id_of((uint8_t)number);
		if (memcmp(id.bytes, prefix, width) == 0) {
			*out_id = id;
			return STATUS_OK;
		}
	}
	return fail(STATUS_NOT_FOUND, "no golden id begins so");
}

static const struct references references = { .width = golden_width, .resolve = golden_resolve };

static void write_account(struct writer *writer)
{
	record_encode(writer, &account_schema, &account);
}

static void write_order(struct writer *writer)
{
	record_encode(writer, &work_order_schema, &orders[1]);
}

static void write_account_hash(struct writer *writer)
{
	struct row_hash hash = row_hash(&account_schema, &account);

	write_u64(writer, hash.low);
	write_u64(writer, hash.high);
}

static void write_orders(struct writer *writer, const struct references *shorten, const uint64_t *masks)
{
	const void *rows[ORDERS];
	const struct columns columns = {
		.schema = &work_order_schema,
		.rows = rows,
		.count = ORDERS,
		.masks = masks,
		.ids_known = masks != NULL,
		.ids_kind = RECORD_WORK_ORDER,
	};
	size_t room = COLUMNS_ROOM;

	for (size_t i = 0; i < ORDERS; i++)
		rows[i] = &orders[i];
	columns_encode(writer, &columns, shorten, &room);
}

static void write_columns_whole(struct writer *writer)
{
	write_orders(writer, NULL, NULL);
}

static void write_columns_short(struct writer *writer)
{
	write_orders(writer, &references, NULL);
}

static void write_columns_masked(struct writer *writer)
{
	uint64_t masks[ORDERS];

	for (size_t i = 0; i < ORDERS; i++)
		masks[i] = i % 3 == 0 ? 0x104 : 0x100;
	write_orders(writer, &references, masks);
}

static void write_hello(struct writer *writer)
{
	const struct hello hello = { .incarnation = id_of(7),
				     .next_seq = 300,
				     .chain_hash = hash_of(1),
				     .cursor = { id_of(4), 77 },
				     .settled_seq = 290,
				     .schema_revision = 1,
				     .handler_revision = 1,
				     .queue_depth = 9,
				     .oldest_pending_age_ms = 86400000,
				     .free_disk_bytes = INT64_C(12000000000),
				     .clock_ms = INT64_C(1770000000000),
				     .carrier = CARRIER_METERED };

	hello_encode(writer, &hello);
}

static void write_welcome(struct writer *writer)
{
	const struct welcome welcome = { .incarnation = id_of(7),
					 .incarnation_known = true,
					 .last_seq = 299,
					 .chain_hash = hash_of(2),
					 .epoch = id_of(4),
					 .gseq = 80,
					 .time_ms = INT64_C(1770000001000),
					 .device_state = 1,
					 .lease_until_ms = INT64_C(1771000000000),
					 .backup_gseq = 60,
					 .schema_revision = 1,
					 .handler_revision = 1 };

	welcome_encode(writer, &welcome);
}

static void write_pull(struct writer *writer)
{
	const struct pull pull = { .cursor = { id_of(4), 77 }, .settled_seq = 290, .byte_budget = 1000000, .class_max = 3, .own_rows = true,
				   .wait_ms = 240000, .resume = { (const uint8_t *)"\3\1\2", 3 } };

	(void)pull_encode_within(writer, &pull, ground);
}

static void write_pull_of_repair(struct writer *writer)
{
	const struct pull pull = {
		.cursor = { id_of(4), 77 }, .settled_seq = 290, .class_max = 5, .own_rows = true, .all_digests = true
	};

	pull_encode(writer, &pull);
}

static void write_have(struct writer *writer)
{
	static uint8_t list[3 * BLOB_HASH_SIZE];

	for (size_t i = 0; i < sizeof(list); i++)
		list[i] = (uint8_t)i;
	blob_offer_encode(writer, &(struct blob_offer){ .id = hash_of(5), .size = 150000, .list = { list, sizeof(list) } });
}

static void write_want(struct writer *writer)
{
	struct blob_wish wishes[] = { { .id = hash_of(6) }, { .id = hash_of(7), .list_known = true, .offset = 98304 } };

	blob_wishes_encode(writer, &(struct blob_wishes){ 32768, wishes, LENGTH(wishes) });
}

static void write_chunk(struct writer *writer)
{
	blob_piece_encode(writer, &(struct blob_piece){ .id = hash_of(7), .offset = 98304, .bytes = { (const uint8_t *)"content", 7 } });
}

static void write_have_reply(struct writer *writer)
{
	const struct blob_standing standings[] = { { .id = hash_of(5), .state = BLOB_KNOWN },
		{ .id = hash_of(6), .state = BLOB_LACKS, .ranges = { { 0, 65536 }, { 131072, 18928 } }, .range_count = 2 } };

	blob_standings_encode(writer, standings, LENGTH(standings));
}

static void write_recon(struct writer *writer)
{
	struct recon_digest buckets[RECON_FAN] = { [0] = { 3, 0x0102030405060708 }, [255] = { 300, UINT64_MAX } };
	const struct recon_question questions[] = {
		{ .form = RECON_SCOPES, .digest = { 2, 77 } },
		{ .form = RECON_WHOLE, .scope = { SCOPE_ORG_ALL, { { 0 } } }, .digest = { 40, 99 } },
		{ .form = RECON_WHOLE, .scope = { SCOPE_JOB, id_of(20) } },
		{ .form = RECON_BUCKETS, .scope = { SCOPE_TERRITORY, id_of(2) }, .prefix = { 0xab }, .depth = 1, .buckets = buckets },
		{ .form = RECON_ROWS, .scope = { SCOPE_TERRITORY, id_of(2) }, .prefix = { 0xab, 0xcd }, .depth = 2 },
		{ .form = RECON_ROWS, .scope = { SCOPE_TECHNICIAN, id_of(3) }, .after_kind = RECORD_SITE, .after = id_of(30) },
	};
	const struct recon_request request = { questions, LENGTH(questions) };

	recon_request_encode(writer, &request);
}

static void write_recon_scopes(struct writer *writer)
{
	const struct recon_question questions[] = {
		{ .form = RECON_SCOPES, .prefix = { 0x00 }, .depth = 1, .digest = { 2, 77 } },
		{ .form = RECON_SCOPES, .prefix = { 0xab }, .depth = 1 },
	};

	recon_request_encode(writer, &(struct recon_request){ questions, LENGTH(questions) });
}

static void write_recon_reply(struct writer *writer)
{
	const struct scope held[] = { { SCOPE_ORG_ALL, { { 0 } } }, { SCOPE_JOB, id_of(20) } };
	const struct recon_answer answers[] = {
		{ .verdict = RECON_HELD, .scopes = held, .scope_count = LENGTH(held) },
		{ .verdict = RECON_SAME },
		{ .verdict = RECON_NOT_HELD },
		{ .verdict = RECON_DIFFERING, .differing = { [0] = 1, [31] = 0x80 } },
		{ .verdict = RECON_ANSWERED },
		{ .verdict = RECON_ANSWERED, .until_kind = RECORD_SITE, .until = id_of(31) },
		{ .verdict = RECON_OTHER },
	};
	const struct recon_reply reply = { .cursor = { id_of(4), 80 }, .answers = answers, .count = LENGTH(answers) };

	recon_reply_encode(writer, &reply);
}

static void write_decided(struct writer *writer)
{
	static const int64_t unlike[] = { 291, 292, 293, 297 };
	const struct decided decided = { .incarnation = id_of(7), .seq = 299, .chain_hash = hash_of(2), .gseq = 80, .unlike = unlike,
					 .unlike_count = LENGTH(unlike) };

	(void)decided_encode_within(writer, &decided, ground);
}

static void write_cut(struct writer *writer)
{
	const struct scope_digest digests[] = { { { SCOPE_ORG_ALL, { { 0 } } }, { 3, { 1, 2 } } },
						{ { SCOPE_TERRITORY, id_of(2) }, { 40, { UINT64_MAX, UINT64_MAX - 1 } } } };
	const struct scope dropped[] = { { SCOPE_JOB, id_of(20) } };
	const struct scope held[] = { { SCOPE_ORG_ALL, { { 0 } } }, { SCOPE_TECHNICIAN, id_of(3) } };
	const struct cut cut = { .cursor = { id_of(4), 80 },
				 .digests = digests,
				 .digest_count = 2,
				 .dropped = dropped,
				 .dropped_count = 1,
				 .held = held,
				 .held_count = 2 };

	(void)cut_encode_within(writer, &cut, ground);
}

static void write_outlook(struct writer *writer)
{
	outlook_encode(writer, 692);
}

static void write_again(struct writer *writer)
{
	again_encode(writer, 5000);
}

static void write_origin(struct writer *writer)
{
	const struct origin origin = { .previous = id_of(7), .shared_seq = 290 };

	origin_encode(writer, &origin);
}

static void write_incident(struct writer *writer)
{
	const struct told_incident told = { .at_ms = 1770000000000, .what = text_of("digest"), .detail = text_of("territory 3") };

	told_incident_encode(writer, &told);
}

static const struct bundle_part bundle_part = {
	.number = 2, .last = true, .own_rows = true, .settled_seq = 290,
	.told = { .gseq = 77 }, .since = { .gseq = 77 }, .until = { .gseq = 80 },
};

static void write_part(struct writer *writer)
{
	struct bundle_part part = bundle_part;

	part.bundle = id_of(11);
	part.incarnation = id_of(7);
	part.told.epoch = part.since.epoch = part.until.epoch = id_of(4);
	bundle_part_encode(writer, &part);
}

static void write_held(struct writer *writer)
{
	const struct hash ids[] = { hash_of(5), hash_of(6) };

	blob_held_encode(writer, ids, LENGTH(ids));
}

static struct carried_piece piece_of_envelope(void)
{
	return (struct carried_piece){ hash_of(5), 300, 200, { (const uint8_t *)"the rest of it", 14 } };
}

static void write_carry(struct writer *writer)
{
	struct carried_piece piece = piece_of_envelope();

	carried_piece_encode(writer, &piece);
}

static void write_carry_wish(struct writer *writer)
{
	const struct carry_wish wish = {
		.device = id_of(9), .bundle = id_of(11), .number = 2, .offset = 200, .piece_max = CARRY_PIECE_MAX
	};

	carry_wish_encode(writer, &wish);
}

static void write_carry_reply(struct writer *writer)
{
	carry_reply_encode(writer, &(struct carry_reply){ .state = CARRY_FAULT, .value = WIRE_ERROR_SEND_FROM });
}

static void write_carry_reply_piece(struct writer *writer)
{
	const struct carry_reply reply = {
		.state = CARRY_PIECE, .bundle = id_of(11), .number = 2, .last = true, .piece = piece_of_envelope()
	};

	carry_reply_encode(writer, &reply);
}

/* What its envelopes hold is not looked at: any bytes will do. */
static void write_bundle(struct writer *writer)
{
	const struct bundle_head head = { .direction = BUNDLE_TO_DEVICE, .organisation = id_of(8), .device = id_of(9) };
	struct bundle_writer bundle;
	struct bytes file = { 0 };

	bundle_begin(&bundle, &arena, &head);
	bundle_add(&bundle, (struct bytes){ (const uint8_t *)"the first envelope", 18 });
	bundle_add(&bundle, (struct bytes){ (const uint8_t *)"and the second one", 18 });
	if (bundle_end(&bundle, &file) != STATUS_OK)
		abort();
	write_raw(writer, file.data, file.size);
}

static void write_fault(struct writer *writer)
{
	const struct wire_fault fault = { .code = WIRE_ERROR_SEND_FROM, .value = 290 };

	fault_encode(writer, &fault);
}

static void write_head_statement(struct writer *writer)
{
	const struct id organisation = id_of(8), device = id_of(9), incarnation = id_of(7);
	const struct hash hash = hash_of(1);
	struct bytes statement = head_statement(&arena, &organisation, &device, &incarnation, 299, &hash);

	write_raw(writer, statement.data, statement.size);
}

static void write_sections(struct writer *writer)
{
	struct writer hello = writer_in(&arena, FORM_MAX), pull = writer_in(&arena, FORM_MAX);

	write_hello(&hello);
	write_pull(&pull);
	section_write(writer, SECTION_HELLO, writer_bytes(&hello));
	section_write(writer, SECTION_PULL, writer_bytes(&pull));
}

static void write_sections_of_session(struct writer *writer)
{
	struct writer pull = writer_in(&arena, FORM_MAX), decided = writer_in(&arena, FORM_MAX), cut = writer_in(&arena, FORM_MAX);

	write_pull(&pull);
	write_decided(&decided);
	write_cut(&cut);
	section_put(writer, &(struct section){ SECTION_PULL, ground != NULL, writer_bytes(&pull) });
	section_put(writer, &(struct section){ SECTION_DECIDED, ground != NULL, writer_bytes(&decided) });
	section_put(writer, &(struct section){ SECTION_CUT, ground != NULL, writer_bytes(&cut) });
}

static void write_batch_with(struct writer *writer, const struct id *first_ids)
{
	static uint8_t secrets[2][WINDOW_SECRET_SIZE];
	struct batch batch = { .incarnation = id_of(7), .first_seq = 253, .operations = operations, .count = LENGTH(operations),
			       .first_ids = first_ids, .secrets = (const void *)secrets, .secret_count = 2, .last_hash = hash_of(1) };

	for (size_t i = 0; i < sizeof(secrets); i++)
		secrets[i / WINDOW_SECRET_SIZE][i % WINDOW_SECRET_SIZE] = (uint8_t)i;
	memset(batch.signature, 0x5a, SIGNATURE_SIZE);
	(void)batch_encode_within(writer, &batch, &references, ground);
}

static void write_batch(struct writer *writer)
{
	write_batch_with(writer, NULL);
}

/* The second and the last operation went out before, under another incarnation. */
static void write_batch_re_sent(struct writer *writer)
{
	struct id first_ids[LENGTH(operations)] = { 0 };

	first_ids[1] = id_of(91);
	first_ids[LENGTH(operations) - 1] = id_of(92);
	write_batch_with(writer, first_ids);
}

static void write_page(struct writer *writer)
{
	void *rows[ORDERS], *left[] = { &orders[0], &orders[1] }, *accounts[] = { &account };
	uint64_t masks[ORDERS];
	struct page_group groups[] = {
		{ { SCOPE_TERRITORY, id_of(2) }, ENTRY_WHOLE, &work_order_schema, rows, NULL, ORDERS, { 0 } },
		{ { SCOPE_TERRITORY, id_of(2) }, ENTRY_PATCH, &work_order_schema, rows, masks, 3, { 0 } },
		{ { SCOPE_JOB, id_of(20) }, ENTRY_LEFT, &work_order_schema, left, NULL, 2, { 0 } },
		{ { SCOPE_ORG_ALL, { { 0 } } }, ENTRY_MEMBER, &account_schema, accounts, NULL, 1, { 0 } },
	};
	const struct page page = { .groups = groups, .group_count = LENGTH(groups), .resume = { (const uint8_t *)"\3\1\2", 3 } };
	struct writer packed = writer_in(&arena, FORM_MAX);

	for (size_t i = 0; i < ORDERS; i++) {
		rows[i] = &orders[i];
		masks[i] = 0x100;
	}
	page_pack(&packed, &page, &references, ground != NULL ? ground->dictionary : DICTIONARY_NONE);
	page_encode_packed(writer, page.resume, writer_bytes(&packed));
}

static void write_page_words(struct writer *writer)
{
	void *left[] = { &orders[0] };
	struct page_group groups[] = {
		{ .scope = { SCOPE_JOB, id_of(20) }, .type = ENTRY_DIGEST, .digest = { 300, { 0x0102030405060708, 0x1112131415161718 } } },
		{ .scope = { SCOPE_JOB, id_of(21) }, .type = ENTRY_DROPPED },
		{ { SCOPE_JOB, id_of(20) }, ENTRY_LEFT, &work_order_schema, left, NULL, 1, { 0 } },
		{ .scope = { SCOPE_ORG_ALL, { { 0 } } }, .type = ENTRY_DIGEST, .digest = { 0, { 0, 0 } } },
	};
	const struct page page = { .groups = groups, .group_count = LENGTH(groups), .resume = { (const uint8_t *)"\3\1\2", 3 } };

	page_encode(writer, &page, &references);
}

/* A field of a later revision, and one that nobody here knows. */
static void write_page_sized(struct writer *writer)
{
	static const uint8_t extra[] = { 60, 2, 'a', 'b' };
	struct visit visits[] = {
		{ .id = id_of(40), .work_order_id = id_of(20), .technician_id = id_of(3), .expected_at_ms = 1788250500000 },
		{ .id = id_of(41), .work_order_id = id_of(21), .technician_id = id_of(3), .extra = { extra, sizeof(extra) } },
	};
	void *rows[] = { &visits[0], &visits[1] };
	struct page_group groups[] = { { { SCOPE_TECHNICIAN, id_of(3) }, ENTRY_WHOLE, &visit_schema, rows, NULL, 2, { 0 } } };
	const struct page page = { .groups = groups, .group_count = LENGTH(groups) };

	page_encode(writer, &page, &references);
}

/* The whole section, as it stands in a welcome. */
static void write_answers(struct writer *writer)
{
	section_write(writer, SECTION_ANSWERS, (struct bytes){ hash_of(3).bytes, ANSWERS_SIZE });
}

static void write_unknown_session(struct writer *writer)
{
	write_raw(writer, UNKNOWN_SESSION_MAGIC, UNKNOWN_SESSION_MAGIC_SIZE);
	write_raw(writer, hash_of(4).bytes, SESSION_ID_SIZE);
}

/* Each operation's canonical bytes, as the chain would see them. */
static void unfold_batch(struct bytes body, struct writer *writer)
{
	const struct section section = { SECTION_BATCH, ground != NULL, body };
	struct batch batch;

	if (batch_decode_within(&section, ground, &arena, &references, &batch) != STATUS_OK)
		return;
	write_varint(writer, (uint64_t)batch.first_seq);
	write_raw(writer, batch.secrets, batch.secret_count * WINDOW_SECRET_SIZE);
	for (size_t i = 0; i < batch.count; i++)
		operation_encode(writer, &batch.operations[i]);
	for (size_t i = 0; batch.first_ids != NULL && i < batch.count; i++)
		write_raw(writer, &batch.first_ids[i], ID_SIZE);
}

static void unfold_page(struct bytes body, struct writer *writer)
{
	struct page page;

	if (page_decode(body, &arena, &references, &page) != STATUS_OK)
		return;
	write_bytes(writer, page.resume);
	for (size_t i = 0; i < page.group_count; i++) {
		const struct page_group *group = &page.groups[i];
		write_varint(writer, group->scope.kind);
		write_raw(writer, &group->scope.id, ID_SIZE);
		write_varint(writer, group->type);
		if (group->type == ENTRY_DIGEST) {
			write_varint(writer, (uint64_t)group->digest.count);
			write_u64(writer, group->digest.sum.low);
			write_u64(writer, group->digest.sum.high);
		}
		for (size_t k = 0; k < group->count; k++)
			record_encode(writer, group->schema, group->rows[k]);
	}
}

static const struct form {
	const char *name;
	void (*write)(struct writer *writer);
	void (*unfold)(struct bytes body, struct writer *writer); /* of packed forms: what must be the same */
	const struct operation *operation;                        /* instead of `write` */
} forms[] = {
	{ "record.account", .write = write_account },
	{ "record.work_order", .write = write_order },
	{ "row_hash.account", .write = write_account_hash },
	{ "operation.accept", .operation = &operations[0] },
	{ "operation.use_part", .operation = &operations[1] },
	{ "operation.create", .operation = &operations[2] },
	{ "operation.import", .operation = &operations[3] },
	{ "operation.edit", .operation = &operations[4] },
	{ "operation.add_note", .operation = &operations[5] },
	{ "operation.finish", .operation = &operations[6] },
	{ "columns.whole", .write = write_columns_whole },
	{ "columns.short", .write = write_columns_short },
	{ "columns.masked", .write = write_columns_masked },
	{ "hello", .write = write_hello },
	{ "welcome", .write = write_welcome },
	{ "pull", .write = write_pull },
	{ "pull.of_repair", .write = write_pull_of_repair },
	{ "have", .write = write_have },
	{ "want", .write = write_want },
	{ "chunk", .write = write_chunk },
	{ "have.reply", .write = write_have_reply },
	{ "recon", .write = write_recon },
	{ "recon.scopes", .write = write_recon_scopes },
	{ "recon.reply", .write = write_recon_reply },
	{ "decided", .write = write_decided },
	{ "cut", .write = write_cut },
	{ "again", .write = write_again },
	{ "outlook", .write = write_outlook },
	{ "fault", .write = write_fault },
	{ "origin", .write = write_origin },
	{ "incident", .write = write_incident },
	{ "part", .write = write_part },
	{ "bundle", .write = write_bundle },
	{ "held", .write = write_held },
	{ "carry", .write = write_carry },
	{ "carry.wish", .write = write_carry_wish },
	{ "carry.reply", .write = write_carry_reply },
	{ "carry.reply.piece", .write = write_carry_reply_piece },
	{ "head_statement", .write = write_head_statement },
	{ "sections", .write = write_sections },
	{ "batch", .write = write_batch, .unfold = unfold_batch },
	{ "batch.re_sent", .write = write_batch_re_sent, .unfold = unfold_batch },
	{ "page", .write = write_page, .unfold = unfold_page },
	{ "page.words", .write = write_page_words, .unfold = unfold_page },
	{ "page.sized", .write = write_page_sized, .unfold = unfold_page },
	{ "operation.cancel", .operation = &further[0] },
	{ "operation.answer_task", .operation = &further[1] },
	{ "operation.resolve_issue", .operation = &further[2] },
	{ "answers", .write = write_answers },
	{ "unknown_session", .write = write_unknown_session },
};

/* Of a session that said the incarnation and the epoch of the forms above; of the last ones it knows a dictionary, too. */
#define BY_DICTIONARY 2
static const struct form short_forms[] = {
	{ "pull.short", .write = write_pull },
	{ "decided.short", .write = write_decided },
	{ "cut.short", .write = write_cut },
	{ "sections.short", .write = write_sections_of_session },
	{ "batch.short", .write = write_batch, .unfold = unfold_batch },
	{ "batch.dictionary", .write = write_batch, .unfold = unfold_batch },
	{ "page.dictionary", .write = write_page, .unfold = unfold_page },
};

#define FORM_COUNT (LENGTH(forms) + LENGTH(short_forms))

/* From now on it is written. */
static const struct form *begin_form(size_t number)
{
	static struct common_ground session;

	session = (struct common_ground){ id_of(7), id_of(4), number < FORM_COUNT - BY_DICTIONARY ? DICTIONARY_NONE : 4 };
	ground = number < LENGTH(forms) ? NULL : &session;
	return ground == NULL ? &forms[number] : &short_forms[number - LENGTH(forms)];
}

static struct bytes form_bytes(const struct form *form)
{
	struct writer writer = writer_in(&arena, FORM_MAX);

	if (form->operation != NULL)
		operation_encode(&writer, form->operation);
	else
		form->write(&writer);
	if (writer.overflow)
		abort();
	return writer_bytes(&writer);
}

static struct bytes unfolded(const struct form *form, struct bytes body)
{
	struct writer writer = writer_in(&arena, FORM_MAX);

	form->unfold(body, &writer);
	return writer_bytes(&writer);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of `name` in the file; empty when it is not there. */
static struct bytes golden_bytes(FILE *file, const char *name)
{
	struct writer writer = writer_in(&arena, FORM_MAX);
	char *line = arena_allocate(&arena, LINE_MAX_SIZE);
	size_t size = strlen(name);

	rewind(file);
	while (fgets(line, (int)LINE_MAX_SIZE, file) != NULL) {
		if (strncmp(line, name, size) != 0 || line[size] != ' ')
			continue;
		for (const char *at = line + size + 1; digit_of(at[0]) >= 0 && digit_of(at[1]) >= 0; at += 2)
			write_u8(&writer, (uint8_t)(digit_of(at[0]) * 16 + digit_of(at[1])));
		break;
	}
	return writer_bytes(&writer);
}

static bool form_holds(const struct form *form, struct bytes golden)
{
	struct bytes ours = form_bytes(form);
	struct bytes folded;

	if (golden.size == 0)
		return false;
	if (form->unfold == NULL)
		return bytes_equal(ours, golden);
	folded = unfolded(form, golden);
	return folded.size > 0 && bytes_equal(unfolded(form, ours), folded);
}

static int update(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return 1;
	for (size_t i = 0; i < FORM_COUNT; i++) {
		const struct form *form = begin_form(i);
		struct bytes bytes = form_bytes(form);
		(void)fprintf(file, "%s ", form->name);
		for (size_t k = 0; k < bytes.size; k++)
			(void)fprintf(file, "%02x", bytes.data[k]);
		(void)fprintf(file, "\n");
	}
	return fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int failed = 0;
	FILE *file;

	if (argc != 2)
		return 2;
	make_records();
	make_operations();
	make_further_operations();
	if (getenv("UPDATE_GOLDEN") != NULL && update(argv[1]) != 0)
		return 1;
	file = fopen(argv[1], "r");
	if (file == NULL)
		return 1;
	(void)printf("1..%zu\n", FORM_COUNT);
	for (size_t i = 0; i < FORM_COUNT; i++) {
		const struct form *form = begin_form(i);
		bool holds = form_holds(form, golden_bytes(file, form->name));
		(void)printf("%sok %zu - %s\n", holds ? "" : "not ", i + 1, form->name);
		failed += !holds;
	}
	(void)fclose(file);
	arena_finish(&arena);
	return failed == 0 ? 0 : 1;
}
