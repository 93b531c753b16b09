#include "protocol/domain/note.h"
#include "protocol/wire/message.h"
#include "protocol/wire/operation_codec.h"
#include "protocol/wire/pack.h"
#include "tests/unit/protocol/wire/damage.h"
#include "tests/unit/protocol/wire/pool_references.h"
#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define BODY_MAX ((size_t)1024 * 1024)

static void fill(struct dice *dice, void *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)dice_roll(dice);
}

static int64_t some_count(struct dice *dice)
{
	return dice_below(dice, 8) == 0 ? INT64_MAX : (int64_t)dice_below(dice, 100000);
}

static const struct common_ground ground = { .incarnation = { { 7, 7 } }, .epoch = { { 8, 8 } } };

/* Each small body: made at random, encoded, decoded, encoded again. Of those that have a short form that is made when there is a ground. */

static void hello_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	struct hello hello = { .next_seq = some_count(dice),
			       .settled_seq = some_count(dice),
			       .schema_revision = 1,
			       .handler_revision = 2,
			       .queue_depth = some_count(dice),
			       .oldest_pending_age_ms = some_count(dice),
			       .free_disk_bytes = some_count(dice),
			       .clock_ms = dice_integer(dice),
			       .carrier = CARRIER_METERED };

	(void)arena;
	fill(dice, &hello.incarnation, ID_SIZE);
	fill(dice, &hello.chain_hash, HASH_SIZE);
	fill(dice, &hello.cursor.epoch, ID_SIZE);
	hello.cursor.gseq = some_count(dice);
	if (body.data != NULL)
		*out_status = hello_decode(body, &hello);
	if (body.data == NULL || *out_status == STATUS_OK)
		hello_encode(writer, &hello);
}

static void welcome_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	struct welcome welcome = { .incarnation_known = dice_below(dice, 2) == 0, .rolled_back = dice_below(dice, 2) == 0,
				   .last_seq = some_count(dice), .gseq = some_count(dice), .time_ms = dice_integer(dice), .device_state = 1,
				   .lease_until_ms = dice_integer(dice), .backup_gseq = some_count(dice), .schema_revision = 1,
				   .handler_revision = some_count(dice) };

	(void)arena;
	fill(dice, &welcome.incarnation, ID_SIZE);
	fill(dice, &welcome.chain_hash, HASH_SIZE);
	fill(dice, &welcome.epoch, ID_SIZE);
	if (body.data != NULL)
		*out_status = welcome_decode(body, &welcome);
	if (body.data == NULL || *out_status == STATUS_OK)
		welcome_encode(writer, &welcome);
}

static void pull_form_again(
	struct dice *dice, struct writer *writer, struct bytes body, const struct common_ground *known, enum status *out_status)
{
	const struct section section = { SECTION_PULL, known != NULL, body };
	uint8_t resume[64];
	struct pull pull = { .settled_seq = some_count(dice), .byte_budget = some_count(dice), .class_max = 4,
			     .own_rows = dice_below(dice, 2) == 0, .wait_ms = (int64_t)dice_below(dice, 240001),
			     .resume = { resume, dice_below(dice, 65) } };

	fill(dice, resume, sizeof(resume));
	fill(dice, &pull.cursor.epoch, ID_SIZE);
	if (known != NULL)
		pull.cursor.epoch = known->epoch;
	pull.cursor.gseq = some_count(dice);
	if (body.data != NULL)
		*out_status = pull_decode_within(&section, known, &pull);
	if (body.data == NULL || *out_status == STATUS_OK)
		assert_int_equal(pull_encode_within(writer, &pull, known), known != NULL);
}

static void pull_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	(void)arena;
	pull_form_again(dice, writer, body, NULL, out_status);
}

static void short_pull_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	(void)arena;
	pull_form_again(dice, writer, body, &ground, out_status);
}

static void decided_form_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena,
	const struct common_ground *known, enum status *out_status)
{
	const struct section section = { SECTION_DECIDED, known != NULL, body };
	int64_t unlike[40], next = 1 + (int64_t)dice_below(dice, 1000);
	struct decided decided = { .gseq = some_count(dice), .unlike = unlike, .unlike_count = dice_below(dice, 41) };

	for (size_t i = 0; i < decided.unlike_count; i++, next += dice_below(dice, 3) == 0 ? 1 + (int64_t)dice_below(dice, 100) : 1)
		unlike[i] = next;
	decided.seq = next;
	fill(dice, &decided.incarnation, ID_SIZE);
	if (known != NULL)
		decided.incarnation = known->incarnation;
	fill(dice, &decided.chain_hash, HASH_SIZE);
	if (body.data != NULL)
		*out_status = decided_decode_within(&section, known, arena, &decided);
	if (body.data == NULL || *out_status == STATUS_OK)
		assert_int_equal(decided_encode_within(writer, &decided, known), known != NULL);
}

static void decided_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	decided_form_again(dice, writer, body, arena, NULL, out_status);
}

static void short_decided_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	decided_form_again(dice, writer, body, arena, &ground, out_status);
}

static struct scope some_scope(struct dice *dice)
{
	struct scope scope = { .kind = (enum scope_kind)(1 + dice_below(dice, SCOPE_JOB)) };

	if (scope.kind != SCOPE_ORG_ALL && scope.kind != SCOPE_ORG_STAFF)
		fill(dice, &scope.id, ID_SIZE);
	return scope;
}

static void cut_form_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena,
	const struct common_ground *known, enum status *out_status)
{
	const struct section section = { SECTION_CUT, known != NULL, body };
	struct scope_digest digests[5];
	struct scope dropped[5], held[5];
	struct cut cut = { .digests = digests,
			   .digest_count = dice_below(dice, 6),
			   .dropped = dropped,
			   .dropped_count = dice_below(dice, 6),
			   .held = held,
			   .held_count = dice_below(dice, 6) };

	for (size_t i = 0; i < 5; i++) {
		digests[i] = (struct scope_digest){ some_scope(dice), { some_count(dice), { dice_roll(dice), dice_roll(dice) } } };
		dropped[i] = some_scope(dice);
		held[i] = some_scope(dice);
	}
	fill(dice, &cut.cursor.epoch, ID_SIZE);
	if (known != NULL)
		cut.cursor.epoch = known->epoch;
	cut.cursor.gseq = some_count(dice);
	if (body.data != NULL)
		*out_status = cut_decode_within(&section, known, arena, &cut);
	if (body.data == NULL || *out_status == STATUS_OK)
		assert_int_equal(cut_encode_within(writer, &cut, known), known != NULL);
}

static void cut_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	cut_form_again(dice, writer, body, arena, NULL, out_status);
}

static void short_cut_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	cut_form_again(dice, writer, body, arena, &ground, out_status);
}

static void again_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	int64_t after_ms = some_count(dice);

	(void)arena;
	if (body.data != NULL)
		*out_status = again_decode(body, &after_ms);
	if (body.data == NULL || *out_status == STATUS_OK)
		again_encode(writer, after_ms);
}

static void fault_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	struct wire_fault fault = { .code = WIRE_ERROR_FORK, .value = dice_integer(dice) };

	(void)arena;
	if (body.data != NULL)
		*out_status = fault_decode(body, &fault);
	if (body.data == NULL || *out_status == STATUS_OK)
		fault_encode(writer, &fault);
}

static void origin_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	struct origin origin = { .previous = { { 1 } }, .shared_seq = some_count(dice) };

	(void)arena;
	if (body.data != NULL)
		*out_status = origin_decode(body, &origin);
	if (body.data == NULL || *out_status == STATUS_OK)
		origin_encode(writer, &origin);
}

static void incident_again(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status)
{
	struct told_incident told = { .at_ms = some_count(dice), .what = text_of("digest"), .detail = text_of("rows of a scope") };

	(void)arena;
	if (body.data != NULL)
		*out_status = told_incident_decode(body, &told);
	if (body.data == NULL || *out_status == STATUS_OK)
		told_incident_encode(writer, &told);
}

/* `body` NULL: makes one. Else decodes it and, when that went well, writes it again. */
typedef void (*body_again)(struct dice *dice, struct writer *writer, struct bytes body, struct arena *arena, enum status *out_status);

static const struct body_row {
	const char *name;
	body_again again;
} bodies[] = {
	{ "hello", hello_again },
	{ "welcome", welcome_again },
	{ "pull", pull_again },
	{ "decided", decided_again },
	{ "cut", cut_again },
	{ "again", again_again },
	{ "fault", fault_again },
	{ "origin", origin_again },
	{ "incident", incident_again },
	{ "short pull", short_pull_again },
	{ "short decided", short_decided_again },
	{ "short cut", short_cut_again },
};

static void check_strict(struct bytes damaged, void *context)
{
	const struct body_row *row = context;
	struct arena arena = { 0 };
	struct dice dice = dice_of(1);
	struct writer writer = writer_in(&arena, BODY_MAX);
	enum status status = STATUS_CORRUPT;

	row->again(&dice, &writer, damaged, &arena, &status);
	assert_true(arena.used <= 2 * BODY_MAX * sizeof(int64_t) + 64 * 1024);
	if (status == STATUS_OK)
		assert_true(bytes_equal(writer_bytes(&writer), damaged));
	else
		assert_true(status == STATUS_CORRUPT || status == STATUS_NEWER);
	arena_finish(&arena);
}

static void every_small_body_comes_back_with_the_same_bytes(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		for (uint64_t seed = 0; seed < 200; seed++) {
			struct dice dice = dice_of(seed);
			struct writer first = writer_in(&arena, BODY_MAX), second = writer_in(&arena, BODY_MAX);
			enum status status = STATUS_CORRUPT;
			bodies[i].again(&dice, &first, (struct bytes){ 0 }, &arena, &status);
			bodies[i].again(&dice, &second, writer_bytes(&first), &arena, &status);
			assert_int_equal(status, STATUS_OK);
			assert_true(bytes_equal(writer_bytes(&first), writer_bytes(&second)));
			arena_reset(&arena);
		}
	}
	arena_finish(&arena);
}

static void a_damaged_small_body_is_refused_or_is_the_one_form_of_another(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		for (uint64_t seed = 0; seed < 4; seed++) {
			struct dice dice = dice_of(seed);
			struct writer writer = writer_in(&arena, BODY_MAX);
			enum status status;
			bodies[i].again(&dice, &writer, (struct bytes){ 0 }, &arena, &status);
			damage_each(writer_bytes(&writer), check_strict, arena_copy(&arena, &bodies[i], sizeof(bodies[i])));
			arena_reset(&arena);
		}
	}
	arena_finish(&arena);
}

static void runs_of_decisions_cannot_unfold_beyond_their_cap(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 4096);
	struct decided decided = { .seq = INT64_MAX };

	(void)state;
	decided_encode(&writer, &decided);
	writer.size--; /* its number of runs */
	write_varint(&writer, 20);
	for (size_t i = 0; i < 20; i++) {
		write_varint(&writer, 0);
		write_varint(&writer, 1024 * 1024 - 1);
	}
	assert_int_equal(decided_decode(writer_bytes(&writer), &arena, &decided), STATUS_CORRUPT);
	assert_true(arena.used <= 8192);
	arena_finish(&arena);
}

/* Sections. */

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){ .data = (const uint8_t *)text, .size = strlen(text) };
}

static void sections_come_back_in_order(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 4096);
	struct section *sections;
	size_t count;

	(void)state;
	section_write(&writer, SECTION_HELLO, text_bytes("first"));
	section_write(&writer, SECTION_PULL, text_bytes(""));
	section_write(&writer, SECTION_PAGE, text_bytes("third"));
	assert_int_equal(sections_read(writer_bytes(&writer), &arena, &sections, &count), STATUS_OK);
	assert_int_equal(count, 3);
	assert_int_equal(sections[0].number, SECTION_HELLO);
	assert_true(bytes_equal(sections[0].body, text_bytes("first")));
	assert_int_equal(sections[1].number, SECTION_PULL);
	assert_int_equal(sections[1].body.size, 0);
	assert_int_equal(sections[2].number, SECTION_PAGE);
	assert_true(bytes_equal(sections[2].body, text_bytes("third")));
	assert_int_equal(sections_read((struct bytes){ 0 }, &arena, &sections, &count), STATUS_OK);
	assert_int_equal(count, 0);
	arena_finish(&arena);
}

static void odd_sections_are_skipped_or_refused(void **state)
{
	static const struct {
		uint8_t message[5];
		size_t size;
		enum status status;
		size_t count;
	} messages[] = {
		{ { 63 * 2 + 1, 1, 'x', 1 * 2, 0 }, 5, STATUS_OK, 1 },
		{ { 63 * 2, 1, 'x', 1 * 2, 0 }, 5, STATUS_NEWER, 0 },
		{ { 1 * 2 + 1, 0 }, 2, STATUS_CORRUPT, 0 },
		{ { 1 * 2, 2, 'x' }, 3, STATUS_CORRUPT, 0 },
		{ { 1 * 2 }, 1, STATUS_CORRUPT, 0 },
		{ { 0x82, 0, 0 }, 3, STATUS_CORRUPT, 0 },
		{ { SECTION_PAGE * 2, 0, SECTION_PAGE * 2, 0 }, 4, STATUS_CORRUPT, 0 },
		{ { SECTION_BATCH * 2, 0, SECTION_BATCH * 2, 0 }, 4, STATUS_CORRUPT, 0 },
		{ { SECTION_ERROR * 2, 0, SECTION_ERROR * 2, 0 }, 4, STATUS_OK, 2 },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(messages); i++) {
		struct section *sections;
		size_t count = 0;
		assert_int_equal(sections_read((struct bytes){ messages[i].message, messages[i].size }, &arena, &sections, &count),
				 messages[i].status);
		assert_int_equal(count, messages[i].count);
	}
	arena_finish(&arena);
}

static void a_message_has_at_most_64_sections(void **state)
{
	struct arena arena = { 0 };
	uint8_t message[2 * (SECTIONS_MAX + 1)];
	struct section *sections;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = i % 2 == 0 ? SECTION_AGAIN * 2 : 0;
	assert_int_equal(sections_read((struct bytes){ message, 2 * SECTIONS_MAX }, &arena, &sections, &count), STATUS_OK);
	assert_int_equal(count, SECTIONS_MAX);
	assert_int_equal(sections_read((struct bytes){ message, sizeof(message) }, &arena, &sections, &count), STATUS_CORRUPT);
	arena_finish(&arena);
}

/* The batch. */

static struct bytes canonical(struct arena *arena, const struct operation *operation)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	assert_false(writer.overflow);
	return writer_bytes(&writer);
}

static struct bytes random_batch(struct dice *dice, struct arena *arena, size_t count, const struct references *references,
				 struct batch *out_batch)
{
	struct operation *operations = arena_allocate_array(arena, count, sizeof(*operations));
	int64_t first_seq = 1 + (int64_t)dice_below(dice, 1000);
	struct batch batch = { .first_seq = first_seq, .operations = operations, .count = count };
	struct writer writer = writer_in(arena, BODY_MAX);
	uint8_t *secrets;

	for (size_t i = 0; i < count; i++)
		operations[i] = dice_operation(dice, arena);
	batch.secret_count = (size_t)((first_seq + (int64_t)count - 1) / WINDOW_LENGTH - first_seq / WINDOW_LENGTH + 1);
	secrets = arena_allocate(arena, batch.secret_count * WINDOW_SECRET_SIZE);
	fill(dice, secrets, batch.secret_count * WINDOW_SECRET_SIZE);
	batch.secrets = (const void *)secrets;
	fill(dice, &batch.incarnation, ID_SIZE);
	fill(dice, &batch.last_hash, HASH_SIZE);
	fill(dice, batch.signature, SIGNATURE_SIZE);
	batch_encode(&writer, &batch, references);
	assert_false(writer.overflow);
	*out_batch = batch;
	return writer_bytes(&writer);
}

static void a_batch_gives_back_every_operation_to_the_byte(void **state)
{
	static const size_t counts[] = { 1, 2, 5, 30, 256, 700 };
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct dice dice = dice_of(seed);
		struct references pool = pool_references(&dice);
		const struct references *references = seed % 2 == 0 ? &pool : NULL;
		struct batch batch, read;
		struct bytes body = random_batch(&dice, &arena, counts[seed % LENGTH(counts)], references, &batch);
		enum status status = batch_decode(body, &arena, references, &read);
		if (status != STATUS_OK)
			print_error("%s\n", fail_reason());
		assert_int_equal(status, STATUS_OK);
		assert_int_equal(read.count, batch.count);
		assert_int_equal(read.first_seq, batch.first_seq);
		assert_int_equal(read.secret_count, batch.secret_count);
		assert_memory_equal(read.secrets, batch.secrets, batch.secret_count * WINDOW_SECRET_SIZE);
		assert_memory_equal(&read.last_hash, &batch.last_hash, HASH_SIZE);
		assert_memory_equal(read.signature, batch.signature, SIGNATURE_SIZE);
		for (size_t i = 0; i < batch.count; i++)
			assert_true(bytes_equal(canonical(&arena, &batch.operations[i]), canonical(&arena, &read.operations[i])));
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

struct damaged_sample {
	const struct references *references;
	struct bytes clear; /* what stands before the packed part */
};

/* The compressed part hides most of the body from flipped bits, so it is also damaged unpacked. */
static void check_batch(struct bytes damaged, void *context)
{
	const struct damaged_sample *sample = context;
	struct arena arena = { 0 };
	struct batch batch;

	if (batch_decode(damaged, &arena, sample->references, &batch) == STATUS_OK)
		for (size_t i = 0; i < batch.count; i++)
			(void)canonical(&arena, &batch.operations[i]);
	assert_true(arena.used <= COLUMNS_MEMORY_MAX + 4 * BODY_MAX);
	arena_finish(&arena);
}

static void check_batch_inside(struct bytes damaged, void *context)
{
	const struct damaged_sample *sample = context;
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, BODY_MAX);

	write_raw(&writer, sample->clear.data, sample->clear.size);
	pack_write(&writer, damaged, 1, DICTIONARY_NONE);
	check_batch(writer_bytes(&writer), context);
	arena_finish(&arena);
}

static void a_damaged_batch_never_costs_more_than_its_cap(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 2; seed++) {
		struct dice dice = dice_of(seed);
		struct references references = pool_references(&dice);
		struct batch batch;
		struct bytes body = random_batch(&dice, &arena, 6, &references, &batch), raw;
		size_t clear = ID_SIZE + (batch.first_seq < 128 ? 1 : 2) + 1 + batch.secret_count * WINDOW_SECRET_SIZE + HASH_SIZE +
			       SIGNATURE_SIZE;
		struct damaged_sample sample = { &references, { body.data, clear } };
		struct reader packed = reader_of((struct bytes){ body.data + clear, body.size - clear });
		assert_int_equal(pack_read(&packed, &arena, &raw), STATUS_OK);
		damage_each(body, check_batch, &sample);
		damage_each(raw, check_batch_inside, &sample);
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

/* Pages. */

static struct page random_page(struct dice *dice, struct arena *arena, size_t group_count, size_t rows_max)
{
	struct page_group *groups = arena_allocate_array(arena, group_count, sizeof(*groups));
	uint8_t *resume = arena_allocate(arena, 64);
	struct page page = { .groups = groups, .group_count = group_count, .resume = { resume, dice_below(dice, 65) } };

	fill(dice, resume, 64);
	for (size_t i = 0; i < group_count; i++) {
		struct page_group *group = &groups[i];
		uint64_t known = 0;
		*group = (struct page_group){ .scope = some_scope(dice),
					      .type = (enum entry_type)dice_below(dice, 6),
					      .schema = dice_schema(dice),
					      .count = dice_below(dice, rows_max + 1) };
		if (group->type >= ENTRY_DIGEST) { /* a word about the scope */
			group->schema = NULL;
			group->count = 0;
			if (group->type == ENTRY_DIGEST)
				group->digest = (struct digest){ some_count(dice), { dice_roll(dice), dice_roll(dice) } };
			continue;
		}
		for (size_t k = 0; k < group->schema->field_count; k++)
			known |= (uint64_t)1 << group->schema->fields[k].tag;
		group->rows = arena_allocate_array(arena, group->count, sizeof(*group->rows));
		group->masks = arena_allocate_array(arena, group->count, sizeof(*group->masks));
		for (size_t k = 0; k < group->count; k++) {
			group->rows[k] = dice_row(dice, arena, group->schema);
			group->masks[k] = dice_roll(dice) & known & ~(uint64_t)3;
		}
	}
	return page;
}

/* Whether the entry says what it is meant to say, and nothing else. */
static bool entry_equal(const struct page_group *group, size_t position, const struct page_group *read)
{
	uint64_t mask = group->type == ENTRY_WHOLE ? UINT64_MAX : group->type == ENTRY_PATCH ? group->masks[position] : 0;

	for (size_t i = 0; i < group->schema->field_count; i++) {
		const struct field *field = &group->schema->fields[i];
		if (field->tag == 1 || (mask >> field->tag & 1) != 0) {
			if (!field_equal(field, group->rows[position], read->rows[position]))
				return false;
		} else if (!field_is_default(field, read->rows[position])) {
			return false;
		}
	}
	return group->type != ENTRY_PATCH || group->masks[position] == read->masks[position];
}

static void a_page_gives_back_every_entry(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct dice dice = dice_of(seed);
		struct references pool = pool_references(&dice);
		const struct references *references = seed % 2 == 0 ? &pool : NULL;
		struct page page = random_page(&dice, &arena, dice_below(&dice, 8), 100), read;
		struct writer writer = writer_in(&arena, BODY_MAX);
		page_encode(&writer, &page, references);
		assert_false(writer.overflow);
		assert_int_equal(page_decode(writer_bytes(&writer), &arena, references, &read), STATUS_OK);
		assert_true(bytes_equal(page.resume, read.resume));
		assert_int_equal(page.group_count, read.group_count);
		for (size_t i = 0; i < page.group_count; i++) {
			assert_true(scope_equal(&page.groups[i].scope, &read.groups[i].scope));
			assert_int_equal(page.groups[i].type, read.groups[i].type);
			assert_ptr_equal(page.groups[i].schema, read.groups[i].schema);
			assert_int_equal(page.groups[i].count, read.groups[i].count);
			assert_true(digest_equal(&page.groups[i].digest, &read.groups[i].digest));
			for (size_t k = 0; k < page.groups[i].count; k++)
				assert_true(entry_equal(&page.groups[i], k, &read.groups[i]));
		}
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static void check_page(struct bytes damaged, void *context)
{
	const struct damaged_sample *sample = context;
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, BODY_MAX);
	struct page page;

	if (page_decode(damaged, &arena, sample->references, &page) == STATUS_OK)
		page_encode(&writer, &page, sample->references);
	assert_true(arena.used <= COLUMNS_MEMORY_MAX + 4 * BODY_MAX);
	arena_finish(&arena);
}

static void check_page_inside(struct bytes damaged, void *context)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, BODY_MAX);

	write_varint(&writer, 0); /* no resume */
	pack_write(&writer, damaged, 1, DICTIONARY_NONE);
	check_page(writer_bytes(&writer), context);
	arena_finish(&arena);
}

static void a_damaged_page_never_costs_more_than_its_cap(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 2; seed++) {
		struct dice dice = dice_of(seed);
		struct references references = pool_references(&dice);
		struct damaged_sample sample = { .references = &references };
		struct page page = random_page(&dice, &arena, 3, 4);
		struct writer writer = writer_in(&arena, BODY_MAX);
		struct reader reader;
		struct bytes raw;
		page.resume.size = 0;
		page_encode(&writer, &page, &references);
		reader = reader_of((struct bytes){ writer.data + 1, writer.size - 1 });
		assert_int_equal(pack_read(&reader, &arena, &raw), STATUS_OK);
		damage_each(writer_bytes(&writer), check_page, &sample);
		damage_each(raw, check_page_inside, &sample);
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

/* Many groups of many rows each, said in few bytes. */
static void groups_share_one_cap(void **state)
{
	struct arena arena = { 0 };
	struct writer raw = writer_in(&arena, BODY_MAX), writer = writer_in(&arena, BODY_MAX);
	struct page page;

	(void)state;
	write_varint(&raw, 64);
	for (size_t i = 0; i < 64; i++) {
		write_varint(&raw, SCOPE_ORG_ALL);
		write_varint(&raw, ENTRY_WHOLE);
		write_varint(&raw, RECORD_WORK_ORDER);
		write_varint(&raw, 60000);
		write_varint(&raw, 0);
	}
	write_varint(&writer, 0);
	pack_write(&writer, writer_bytes(&raw), 3, DICTIONARY_NONE);
	assert_int_equal(page_decode(writer_bytes(&writer), &arena, NULL, &page), STATUS_CORRUPT);
	assert_true(arena.used <= COLUMNS_MEMORY_MAX + BODY_MAX);
	arena_finish(&arena);
}

static void what_is_under_the_heads_signature_is_fixed(void **state)
{
	struct arena arena = { 0 };
	struct id organisation = { .bytes = { 1 } }, device = { .bytes = { 2 } }, incarnation = { .bytes = { 3 } };
	struct hash hash = { .bytes = { 4 } };
	struct bytes statement = head_statement(&arena, &organisation, &device, &incarnation, 0x0102, &hash);

	(void)state;
	assert_int_equal(statement.size, 18 + 3 * ID_SIZE + 8 + HASH_SIZE);
	assert_memory_equal(statement.data, "truckroll/head/v1\0\1", 19);
	assert_int_equal(statement.data[18 + 16], 2);
	assert_int_equal(statement.data[18 + 32], 3);
	assert_memory_equal(statement.data + 18 + 48, "\2\1\0\0\0\0\0\0\4", 9);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_small_body_comes_back_with_the_same_bytes),
		cmocka_unit_test(a_damaged_small_body_is_refused_or_is_the_one_form_of_another),
		cmocka_unit_test(runs_of_decisions_cannot_unfold_beyond_their_cap),
		cmocka_unit_test(sections_come_back_in_order),
		cmocka_unit_test(odd_sections_are_skipped_or_refused),
		cmocka_unit_test(a_message_has_at_most_64_sections),
		cmocka_unit_test(a_batch_gives_back_every_operation_to_the_byte),
		cmocka_unit_test(a_damaged_batch_never_costs_more_than_its_cap),
		cmocka_unit_test(a_page_gives_back_every_entry),
		cmocka_unit_test(a_damaged_page_never_costs_more_than_its_cap),
		cmocka_unit_test(groups_share_one_cap),
		cmocka_unit_test(what_is_under_the_heads_signature_is_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
