/* Makes the corpora of the codec's fuzz targets anew: codec_corpus FOLDER. Seeded, so that a run changes only what a change
 * of format or of a field table changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/note.h"
#include "protocol/domain/revision.h"
#include "protocol/sync/flight.h"
#include "protocol/sync/pull_position.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/bundle.h"
#include "protocol/wire/carry.h"
#include "protocol/wire/message.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/pack.h"
#include "protocol/wire/recon.h"
#include "protocol/wire/shared_page.h"
#include "tests/unit/protocol/wire/pool_references.h"
#include "tests/unit/protocol/wire/random_row.h"

#define INPUT_MAX ((size_t)64 * 1024)

static const char *corpus_folder;

static void save(const char *target, const char *name, struct bytes bytes)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s/%s", corpus_folder, target, name);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes.data, 1, bytes.size, file) != bytes.size || fclose(file) != 0) {
		(void)fprintf(stderr, "%s: cannot be written\n", path);
		exit(1);
	}
}

static void save_rows(struct arena *arena)
{
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		const struct schema *schema = schema_at(i);
		struct dice dice = dice_of(i);
		const void *rows[20];
		struct columns columns = { .schema = schema, .rows = rows, .count = LENGTH(rows), .extra = true };
		struct writer record = writer_in(arena, INPUT_MAX), block = writer_in(arena, INPUT_MAX);
		size_t room = COLUMNS_ROOM;

		for (size_t k = 0; k < LENGTH(rows); k++)
			rows[k] = dice_row(&dice, arena, schema);
		record_encode(&record, schema, rows[0]);
		save("record", schema->name, writer_bytes(&record));
		write_u8(&block, (uint8_t)schema->kind);
		write_u8(&block, LENGTH(rows));
		write_u8(&block, 0);
		write_u8(&block, 4); /* what is not known is kept */
		columns_encode(&block, &columns, NULL, &room);
		save("columns", schema->name, writer_bytes(&block));
	}
}

static void save_operations(struct arena *arena)
{
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct dice dice = dice_of(seed);
		struct operation operation = dice_operation(&dice, arena);
		struct writer writer = writer_in(arena, INPUT_MAX);

		operation_encode(&writer, &operation);
		save("operation", arena_print(arena, "%02u", (unsigned int)seed).data, writer_bytes(&writer));
	}
}

static void save_batches(struct arena *arena, struct writer *message)
{
	static const uint8_t secret[1][WINDOW_SECRET_SIZE];
	struct dice dice = dice_of(7);
	struct references references = pool_references(&dice);
	struct operation operations[12];
	struct batch batch = {
		.first_seq = 1, .operations = operations, .count = LENGTH(operations), .secrets = secret, .secret_count = 1
	};
	struct writer body = writer_in(arena, INPUT_MAX), inside = writer_in(arena, INPUT_MAX);
	struct reader reader;
	struct bytes raw;

	for (size_t i = 0; i < LENGTH(operations); i++)
		operations[i] = dice_operation(&dice, arena);
	batch_encode(&body, &batch, &references);
	save("batch", "body", writer_bytes(&body));
	save("pack", "batch", (struct bytes){ body.data + 146, body.size - 146 });
	reader = reader_of((struct bytes){ body.data + 146, body.size - 146 });
	if (pack_read(&reader, arena, &raw) != STATUS_OK)
		abort();
	write_u8(&inside, LENGTH(operations));
	write_u8(&inside, 0);
	write_raw(&inside, raw.data, raw.size);
	save("batch", "inside", writer_bytes(&inside));
	section_write(message, SECTION_BATCH, writer_bytes(&body));
}

static void save_pages(struct arena *arena, struct writer *message)
{
	struct dice dice = dice_of(9);
	struct page_group groups[4];
	struct page page = { .groups = groups, .group_count = LENGTH(groups) };
	struct writer body = writer_in(arena, INPUT_MAX);
	struct reader reader;
	struct bytes raw;

	for (size_t i = 0; i < LENGTH(groups); i++) {
		groups[i] = (struct page_group){
			.scope = { .kind = SCOPE_ORG_ALL }, .type = (enum entry_type)i, .schema = schema_at(i), .count = 5
		};
		groups[i].rows = arena_allocate_array(arena, 5, sizeof(*groups[i].rows));
		groups[i].masks = arena_allocate_array(arena, 5, sizeof(*groups[i].masks));
		for (size_t k = 0; k < 5; k++) {
			groups[i].rows[k] = dice_row(&dice, arena, groups[i].schema);
			groups[i].masks[k] = 4;
		}
	}
	page_encode(&body, &page, NULL);
	save("page", "body", writer_bytes(&body));
	reader = reader_of((struct bytes){ body.data + 1, body.size - 1 });
	if (pack_read(&reader, arena, &raw) != STATUS_OK)
		abort();
	save("page", "inside", raw);
	section_write(message, SECTION_PAGE, writer_bytes(&body));
}

/* What a session's frames hold: blocks that need the dictionary. */
static void save_by_dictionary(struct arena *arena)
{
	static const char text[] = "Pump leaks again. REPLACED THE SEAL, cleaned the filter and tested under load.";
	static const uint8_t secret[1][WINDOW_SECRET_SIZE];
	struct common_ground session = { .dictionary = dictionary_common(SCHEMA_REVISION) };
	struct note_arguments note = { .text = text_of(text) };
	struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE, .subject = { { 7 } } }, .arguments = &note };
	struct batch batch = { .incarnation = { { 1 } },
		.first_seq = 1,
		.operations = &operation,
		.count = 1,
		.secrets = secret,
		.secret_count = 1 };
	struct note row = { .id = { { 1 } }, .text = note.text };
	void *rows[] = { &row };
	struct page_group group = { .scope = { .kind = SCOPE_ORG_ALL }, .schema = schema_find(RECORD_NOTE), .rows = rows, .count = 1 };
	struct page page = { .groups = &group, .group_count = 1 };
	struct writer block = writer_in(arena, INPUT_MAX), body = writer_in(arena, INPUT_MAX), packed = writer_in(arena, INPUT_MAX);
	struct writer page_body = writer_in(arena, INPUT_MAX);
	uint8_t *wrong;

	pack_write(&block, (struct bytes){ (const uint8_t *)text, sizeof(text) - 1 }, 3, session.dictionary);
	save("pack", "dictionary", writer_bytes(&block));
	wrong = arena_allocate(arena, block.size);
	memcpy(wrong, block.data, block.size);
	wrong[2]++; /* behind the length and the compression */
	save("pack", "wrong_dictionary", (struct bytes){ wrong, block.size });
	(void)batch_encode_within(&body, &batch, NULL, &session);
	save("batch", "by_dictionary", writer_bytes(&body));
	page_pack(&packed, &page, NULL, session.dictionary);
	page_encode_packed(&page_body, (struct bytes){ 0 }, writer_bytes(&packed));
	save("page", "by_dictionary", writer_bytes(&page_body));
}

static void save_small(struct arena *arena, struct writer *message)
{
	static const int64_t unlike[] = { 3, 4, 5, 9 };
	static const struct scope scopes[] = { { .kind = SCOPE_ORG_ALL }, { .kind = SCOPE_JOB, .id = { { 1 } } } };
	static const struct scope_digest digests[] = { { .scope = { .kind = SCOPE_TERRITORY },
							 .digest = { .count = 3, .sum = { 1, 2 } } } };
	const struct hello hello = { .next_seq = 10, .clock_ms = 1 };
	const struct welcome welcome = { .incarnation_known = true, .last_seq = 9 };
	const struct pull pull = { .wait_ms = 240000, .resume = { (const uint8_t *)"resume", 6 } };
	const struct decided decided = { .seq = 9, .unlike = unlike, .unlike_count = LENGTH(unlike) };
	const struct cut cut = {
		.digests = digests, .digest_count = 1, .dropped = scopes, .dropped_count = 2, .held = scopes, .held_count = 1
	};
	const struct wire_fault fault = { .code = WIRE_ERROR_FORK, .value = -1 };
	struct writer bodies[7];

	for (size_t i = 0; i < LENGTH(bodies); i++)
		bodies[i] = writer_in(arena, INPUT_MAX);
	hello_encode(&bodies[0], &hello);
	welcome_encode(&bodies[1], &welcome);
	pull_encode(&bodies[2], &pull);
	decided_encode(&bodies[3], &decided);
	cut_encode(&bodies[4], &cut);
	again_encode(&bodies[5], 1000);
	fault_encode(&bodies[6], &fault);
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		static const enum section_number numbers[] = { SECTION_HELLO, SECTION_WELCOME, SECTION_PULL, SECTION_DECIDED, SECTION_CUT,
							       SECTION_AGAIN, SECTION_ERROR };
		section_write(message, numbers[i], writer_bytes(&bodies[i]));
	}
}

/* With the ground that the targets know. */
static void save_short(struct arena *arena)
{
	static const struct common_ground ground = { .incarnation = { { 1 } }, .epoch = { { 2 } } };
	static const uint8_t secrets[2][WINDOW_SECRET_SIZE];
	static const int64_t unlike[] = { 3, 4, 5, 9 };
	static const enum section_number numbers[] = { SECTION_BATCH, SECTION_PULL, SECTION_DECIDED, SECTION_CUT };
	static const uint8_t targets[] = { 0, 9 + 1, 9 + 6, 9 + 3 }; /* first bytes for body_fuzz.c */
	const struct pull pull = { .cursor = { ground.epoch, 12 }, .wait_ms = 240000 };
	const struct decided decided = { .incarnation = ground.incarnation, .seq = 9, .unlike = unlike, .unlike_count = LENGTH(unlike) };
	const struct cut cut = { .cursor = { ground.epoch, 13 } };
	struct dice dice = dice_of(11);
	struct operation operations[] = { dice_operation(&dice, arena), dice_operation(&dice, arena), dice_operation(&dice, arena) };
	const struct batch batch = { .incarnation = ground.incarnation,
		.first_seq = 254,
		.operations = operations,
		.count = LENGTH(operations),
		.secrets = secrets,
		.secret_count = 2 };
	struct writer bodies[LENGTH(numbers)], message = writer_in(arena, INPUT_MAX);

	for (size_t i = 0; i < LENGTH(bodies); i++)
		bodies[i] = writer_in(arena, INPUT_MAX);
	(void)batch_encode_within(&bodies[0], &batch, NULL, &ground);
	(void)pull_encode_within(&bodies[1], &pull, &ground);
	(void)decided_encode_within(&bodies[2], &decided, &ground);
	(void)cut_encode_within(&bodies[3], &cut, &ground);
	save("batch", "short", writer_bytes(&bodies[0]));
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		struct writer body = writer_in(arena, INPUT_MAX);
		section_put(&message, &(struct section){ numbers[i], true, writer_bytes(&bodies[i]) });
		write_u8(&body, targets[i]);
		write_raw(&body, bodies[i].data, bodies[i].size);
		if (i > 0)
			save("body", arena_print(arena, "short-%zu", i).data, writer_bytes(&body));
	}
	save("sections", "short", writer_bytes(&message));
}

static void save_recon(struct arena *arena, struct writer *message)
{
	struct recon_digest buckets[RECON_FAN] = { [3] = { 2, 1 } };
	const struct scope scope = { SCOPE_JOB, { { 9 } } };
	const struct recon_question questions[] = {
		{ .form = RECON_SCOPES, .digest = { 1, 2 } },
		{ .form = RECON_WHOLE, .scope = { SCOPE_ORG_ALL, { { 0 } } }, .digest = { 7, 8 } },
		{ .form = RECON_BUCKETS, .scope = scope, .depth = 1, .prefix = { 1 }, .buckets = buckets },
		{ .form = RECON_ROWS, .scope = scope, .depth = 2, .after_kind = RECORD_SITE, .after = { { 1 } } },
	};
	const struct recon_answer answers[] = {
		{ .verdict = RECON_HELD, .scopes = &scope, .scope_count = 1 },
		{ .verdict = RECON_OTHER },
		{ .verdict = RECON_DIFFERING, .differing = { 8 } },
		{ .verdict = RECON_ANSWERED, .until_kind = RECORD_SITE },
	};
	const struct recon_reply reply = { .answers = answers, .count = LENGTH(answers) };
	struct writer request = writer_in(arena, INPUT_MAX), answer = writer_in(arena, INPUT_MAX);

	recon_request_encode(&request, &(struct recon_request){ questions, LENGTH(questions) });
	recon_reply_encode(&answer, &reply);
	section_write(message, SECTION_RECON, writer_bytes(&request));
	section_write(message, SECTION_RECON_REPLY, writer_bytes(&answer));
	save("sections", "recon", writer_bytes(message));
}

static void save_held(struct arena *arena)
{
	const struct hash ids[] = { { { 1 } }, { { 2 } } };
	struct writer body = writer_in(arena, INPUT_MAX), message = writer_in(arena, INPUT_MAX);

	blob_held_encode(&body, ids, LENGTH(ids));
	section_write(&message, SECTION_HELD, writer_bytes(&body));
	save("sections", "held", writer_bytes(&message));
}

static void save_files(struct arena *arena, struct writer *message)
{
	static const uint8_t content[BLOB_CHUNK_SIZE + 5];
	const struct bytes bytes = { content, sizeof(content) };
	const struct blob_standing standings[] = { { .state = BLOB_ABSENT },
		{ .state = BLOB_LACKS, .ranges = { { 0, 5 }, { 70, 9 } }, .range_count = 2 } };
	struct blob_wish wishes[] = { { .offset = 0 }, { .list_known = true, .offset = 32768 } };
	struct blob_offer offer = { .size = sizeof(content), .list = blob_list_of(arena, bytes) };
	const struct blob_piece piece = { .id = offer.id, .offset = BLOB_CHUNK_SIZE, .bytes = { content, 5 } };
	struct writer bodies[4];
	static const enum section_number numbers[] = { SECTION_HAVE, SECTION_WANT, SECTION_CHUNK, SECTION_HAVE_REPLY };

	for (size_t i = 0; i < LENGTH(bodies); i++)
		bodies[i] = writer_in(arena, INPUT_MAX);
	blob_offer_encode(&bodies[0], &offer);
	blob_wishes_encode(&bodies[1], &(struct blob_wishes){ BLOB_PIECE_MAX, wishes, LENGTH(wishes) });
	blob_piece_encode(&bodies[2], &piece);
	blob_standings_encode(&bodies[3], standings, LENGTH(standings));
	for (size_t i = 0; i < LENGTH(bodies); i++)
		section_write(message, numbers[i], writer_bytes(&bodies[i]));
	section_write(message, SECTION_CHUNK_REPLY, writer_bytes(&bodies[2]));
	section_write(message, SECTION_BLOB_LIST, writer_bytes(&bodies[0]));
	save("sections", "files", writer_bytes(message));
	save_held(arena);
}

static void save_carried(struct arena *arena)
{
	static const uint8_t content[40];
	const struct carried_piece piece = { .size = 100, .offset = 60, .bytes = { content, sizeof(content) } };
	const struct carry_wish wish = {
		.device = { { 1 } }, .bundle = { { 2 } }, .number = 3, .offset = 60, .piece_max = CARRY_PIECE_MAX
	};
	const struct carry_reply replies[] = { { .state = CARRY_MORE, .value = 60 },
		{ .state = CARRY_FAULT, .value = WIRE_ERROR_SEND_FROM },
		{ .state = CARRY_PIECE, .bundle = { { 2 } }, .number = 3, .last = true, .piece = piece } };

	for (size_t i = 0; i < LENGTH(replies); i++) {
		struct writer bodies[] = { writer_in(arena, INPUT_MAX), writer_in(arena, INPUT_MAX), writer_in(arena, INPUT_MAX) };
		struct writer message = writer_in(arena, INPUT_MAX);
		char name[16];
		carried_piece_encode(&bodies[0], &piece);
		carry_wish_encode(&bodies[1], &wish);
		carry_reply_encode(&bodies[2], &replies[i]);
		section_write(&message, SECTION_CARRY, writer_bytes(&bodies[0]));
		section_write(&message, SECTION_CARRY_WISH, writer_bytes(&bodies[1]));
		section_write(&message, SECTION_CARRY_REPLY, writer_bytes(&bodies[2]));
		(void)snprintf(name, sizeof(name), "carry-%zu", i);
		save("sections", name, writer_bytes(&message));
	}
}

/* Whole bundles, whose envelopes are bodies of parts or nothing of sense; the byte behind is the target's. */
static void save_bundles(struct arena *arena)
{
	for (uint64_t seed = 0; seed < 12; seed++) {
		const struct bundle_head head = { seed % 2 == 0 ? BUNDLE_TO_SERVER : BUNDLE_TO_DEVICE, { { (uint8_t)seed } }, { { 7 } } };
		struct bundle_part part = { .number = (int64_t)seed + 1, .last = seed % 3 == 0, .own_rows = seed % 2 == 0 };
		struct writer body = writer_in(arena, INPUT_MAX), input = writer_in(arena, INPUT_MAX);
		struct bundle_writer bundle;
		struct bytes file;
		char name[32];

		part.until.gseq = (int64_t)seed * 1000;
		bundle_part_encode(&body, &part);
		bundle_begin(&bundle, arena, &head);
		for (uint64_t i = 0; i <= seed; i++)
			bundle_add(&bundle, writer_bytes(&body));
		if (bundle_end(&bundle, &file) != STATUS_OK)
			abort();
		write_raw(&input, file.data, file.size - seed % 4);
		write_u8(&input, (uint8_t)(seed / 4 % 2));
		(void)snprintf(name, sizeof(name), "bundle-%02llu", (unsigned long long)seed);
		save("bundle", name, writer_bytes(&input));
	}
}

static void save_entry(struct arena *arena, const char *name, const struct flight_entry *entry)
{
	struct writer input = writer_in(arena, INPUT_MAX);

	write_u8(&input, 0);
	flight_encode(&input, entry);
	save("flight", name, writer_bytes(&input));
}

/* An event of each kind. */
static void save_events(struct arena *arena)
{
	struct dice dice = dice_of(7);
	struct operation operation = dice_operation(&dice, arena);

	for (unsigned int kind = DEVICE_EVENT_CREATE; kind < DEVICE_EVENT_KIND_COUNT; kind++) {
		struct flight_entry entry = { .kind = FLIGHT_EVENT };
		char name[32];
		entry.event.now_ms = 1795000000000;
		entry.event.monotonic_ms = 5000;
		entry.event.beside = kind % 2 == 0;
		entry.event.event = (struct device_event){ .kind = (enum device_event_kind)kind,
			.now = true,
			.class_max = CLASS_FILES,
			.most = 2000,
			.frame = { (const uint8_t *)"a frame", 7 },
			.what = text_of("digest"),
			.detail = text_of("scope 4"),
			.told_at_ms = 1794990000000,
			.stands = { .gseq = 41 },
			.operation = &operation };
		(void)snprintf(name, sizeof(name), "event-%02u", kind);
		save_entry(arena, name, &entry);
	}
}

static void save_server_events(struct arena *arena)
{
	struct dice dice = dice_of(8);
	struct operation operation = dice_operation(&dice, arena);

	for (unsigned int kind = SERVER_EVENT_CREATE; kind < SERVER_EVENT_KIND_COUNT; kind++) {
		struct flight_entry entry = { .kind = FLIGHT_SERVER_EVENT };
		char name[32];
		entry.event.now_ms = 1795000000000;
		entry.event.server = (struct server_event){ .kind = (enum server_event_kind)kind,
			.connection = 7,
			.frame = { (const uint8_t *)"a frame", 7 },
			.operation = &operation,
			.order = { .decision = PARKED_CORRECTED, .corrected = &operation, .reason = text_of("a slip") },
			.incident = { .kind = INCIDENT_FORK, .detail = text_of("what=fork") } };
		(void)snprintf(name, sizeof(name), "server-event-%02u", kind);
		save_entry(arena, name, &entry);
	}
}

/* Entries of all kinds, and files that are cut, or for others. */
static void save_flights(struct arena *arena)
{
	struct writer for_words = writer_in(arena, INPUT_MAX), for_keys = writer_in(arena, INPUT_MAX);
	const struct suspect suspect = { .work = SUSPECT_DECIDING, .first_seq = 1, .last_seq = 3 };

	save_events(arena);
	save_server_events(arena);
	save_entry(arena, "server-head",
		&(struct flight_entry){ .kind = FLIGHT_HEAD,
			.head = { .of_server = true, .program = text_of("truckrolld"), .suspects = &suspect, .suspect_count = 1 } });
	save_entry(arena, "server-effect",
		&(struct flight_entry){
			.kind = FLIGHT_SERVER_EFFECT, .server_effect = { SERVER_EFFECT_SEND, 7, { (const uint8_t *)"a frame", 7 } } });
	save_entry(
		arena, "head", &(struct flight_entry){ .kind = FLIGHT_HEAD, .head = { .program = text_of("truckroll"), .copied = true } });
	save_entry(arena, "file",
		&(struct flight_entry){ .kind = FLIGHT_FILE, .file = { text_of("outbox.db"), { (const uint8_t *)"a piece", 7 } } });
	save_entry(arena, "given",
		&(struct flight_entry){ .kind = FLIGHT_GIVEN, .given = { GIFT_CHANCE, STATUS_OK, 0, { (const uint8_t *)"chance", 6 } } });
	save_entry(arena, "done", &(struct flight_entry){ .kind = FLIGHT_DONE, .status = STATUS_OFFLINE });
	save_entry(arena, "effect",
		&(struct flight_entry){ .kind = FLIGHT_EFFECT, .effect = { DEVICE_EFFECT_SEND, { (const uint8_t *)"a frame", 7 } } });
	write_raw(&for_words, "\1TRFL\1\2", 7);
	for (size_t i = 0; i < 100; i++)
		write_u8(&for_words, i == 24 ? 40 : 0);
	save("flight", "for-words", writer_bytes(&for_words));
	write_raw(&for_keys, "\2TRFL\1\1", 7);
	for (size_t i = 0; i < 200; i++)
		write_u8(&for_keys, (uint8_t)i);
	save("flight", "for-keys", writer_bytes(&for_keys));
}

static void save_positions(struct arena *arena)
{
	for (unsigned int part = PART_ROWS; part < PART_COUNT; part++) {
		struct pull_position position = { .first_gseq = 41,
			.pass_gseq = 48,
			.low = part == PART_ROWS ? 0 : 41,
			.words_gseq = part == PART_WORDS ? 48 : 0,
			.scope = INT64_MAX >> (16 * part),
			.part = (enum pass_part)part,
			.class = part == PART_ROWS ? CLASS_JOBS : CLASS_COUNT,
			.kind = RECORD_NOTE,
			.id = { { 9 } },
			.shared = part == PART_ROWS,
			.with_own = part == PART_LEFT };
		struct bytes token = pull_position_encode(arena, &position);
		uint8_t *strange = arena_copy(arena, token.data, token.size);
		char name[32];
		(void)snprintf(name, sizeof(name), "part-%u", part);
		save("position", name, token);
		strange[token.size - 1] |= 0x80; /* a flag that nobody gives */
		(void)snprintf(name, sizeof(name), "flag-%u", part);
		save("position", name, (struct bytes){ strange, token.size });
	}
}

/* As fuzzed in shared_page_fuzz.c: a file, and what stands between the head and the hash of one. */
static void save_shared(struct arena *arena)
{
	const struct shared_place place = { .epoch = { { 7 } },
		.revision = SCHEMA_REVISION,
		.scope = { .kind = SCOPE_ORG_ALL },
		.delivery = 3,
		.kind = RECORD_PART,
		.after = { { 9 } } };
	const struct shared_page page = {
		.gseq = 12, .kind = RECORD_PART, .last = { { 10 } }, .packed = { (const uint8_t *)"a packed block", 14 }
	};
	struct bytes file = shared_page_encode(arena, &place, &page);

	save("shared_page", "file", file);
	save("shared_page", "inside", (struct bytes){ file.data + 60, file.size - 60 - HASH_SIZE });
	save("shared_page", "cut", (struct bytes){ file.data, file.size / 2 });
}

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct writer whole = writer_in(&arena, INPUT_MAX), small = writer_in(&arena, INPUT_MAX), stored = writer_in(&arena, INPUT_MAX);
	struct writer recon = writer_in(&arena, INPUT_MAX), files = writer_in(&arena, INPUT_MAX);

	if (argc != 2)
		return 2;
	corpus_folder = argv[1];
	save_rows(&arena);
	save_operations(&arena);
	save_batches(&arena, &whole);
	save_pages(&arena, &whole);
	save_small(&arena, &small);
	save("sections", "batch_and_page", writer_bytes(&whole));
	save("sections", "small", writer_bytes(&small));
	save_short(&arena);
	save_by_dictionary(&arena);
	save_recon(&arena, &recon);
	save_files(&arena, &files);
	save_carried(&arena);
	save_bundles(&arena);
	save_flights(&arena);
	save_shared(&arena);
	save_positions(&arena);
	pack_write(&stored, (struct bytes){ (const uint8_t *)"short", 5 }, 3, DICTIONARY_NONE);
	save("pack", "stored", writer_bytes(&stored));
	arena_finish(&arena);
	return 0;
}
