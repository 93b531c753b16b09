/* What stands in a session's frames only: the forms that leave out what hello and welcome said. */
#include "protocol/domain/revision.h"
#include "protocol/wire/message.h"
#include "protocol/wire/operation_codec.h"
#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define BODY_MAX ((size_t)1024 * 1024)

static const struct common_ground ground = { .incarnation = { { 7, 7 } }, .epoch = { { 8, 8 } } };

static struct bytes canonical(struct arena *arena, const struct operation *operation)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	assert_false(writer.overflow);
	return writer_bytes(&writer);
}

static void fill(struct dice *dice, void *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)dice_roll(dice);
}

/* Of the incarnation that the hello named. */
static struct batch some_batch(struct dice *dice, struct arena *arena, int64_t first_seq, size_t count)
{
	struct operation *operations = arena_allocate_array(arena, count, sizeof(*operations));
	size_t secret_count = (size_t)((first_seq + (int64_t)count - 1) / WINDOW_LENGTH - first_seq / WINDOW_LENGTH + 1);
	uint8_t(*secrets)[WINDOW_SECRET_SIZE] = arena_allocate_array(arena, secret_count, WINDOW_SECRET_SIZE);
	struct batch batch = { .incarnation = ground.incarnation,
		.first_seq = first_seq,
		.operations = operations,
		.count = count,
		.secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])secrets,
		.secret_count = secret_count };

	for (size_t i = 0; i < count; i++)
		operations[i] = dice_operation(dice, arena);
	fill(dice, secrets, secret_count * WINDOW_SECRET_SIZE);
	fill(dice, &batch.last_hash, HASH_SIZE);
	fill(dice, batch.signature, SIGNATURE_SIZE);
	return batch;
}

static struct bytes without(struct bytes bytes, size_t count)
{
	return (struct bytes){ bytes.data + count, bytes.size - count };
}

static void a_short_pull_or_cut_is_the_long_one_without_its_epoch(void **state)
{
	const struct pull pull = { .cursor = { ground.epoch, 77 }, .settled_seq = 5, .class_max = 5, .wait_ms = 240000 };
	const struct scope_digest digest = { { SCOPE_ORG_ALL, { { 0 } } }, { 3, { 1, 2 } } };
	const struct cut cut = { .cursor = { ground.epoch, 78 }, .digests = &digest, .digest_count = 1 };
	struct arena arena = { 0 };
	struct writer whole = writer_in(&arena, BODY_MAX), brief = writer_in(&arena, BODY_MAX);

	(void)state;
	pull_encode(&whole, &pull);
	assert_true(pull_encode_within(&brief, &pull, &ground));
	assert_true(bytes_equal(without(writer_bytes(&whole), ID_SIZE), writer_bytes(&brief)));
	whole.size = brief.size = 0;
	cut_encode(&whole, &cut);
	assert_true(cut_encode_within(&brief, &cut, &ground));
	assert_true(bytes_equal(without(writer_bytes(&whole), ID_SIZE), writer_bytes(&brief)));
	arena_finish(&arena);
}

static void what_a_session_did_not_say_is_written_in_the_long_form(void **state)
{
	const struct common_ground other = { .incarnation = { { 9 } }, .epoch = { { 9 } } };
	const struct pull pull = { .cursor = { ground.epoch, 77 } };
	const struct cut cut = { .cursor = { ground.epoch, 78 } };
	const struct decided decided = { .incarnation = ground.incarnation, .seq = 5 };
	struct arena arena = { 0 };
	struct writer whole = writer_in(&arena, BODY_MAX), same = writer_in(&arena, BODY_MAX);

	(void)state;
	pull_encode(&whole, &pull);
	cut_encode(&whole, &cut);
	decided_encode(&whole, &decided);
	assert_false(pull_encode_within(&same, &pull, &other));
	assert_false(cut_encode_within(&same, &cut, &other));
	assert_false(decided_encode_within(&same, &decided, &other));
	assert_true(bytes_equal(writer_bytes(&whole), writer_bytes(&same)));
	arena_finish(&arena);
}

static void a_short_form_outside_of_a_session_is_refused(void **state)
{
	struct arena arena = { 0 };
	struct dice dice = dice_of(3);
	struct batch batch;
	struct pull pull;
	struct decided decided;
	struct cut cut;
	struct writer body = writer_in(&arena, BODY_MAX);

	(void)state;
	assert_true(pull_encode_within(&body, &(struct pull){ .cursor = { ground.epoch, 7 } }, &ground));
	assert_int_equal(pull_decode_within(&(struct section){ SECTION_PULL, true, writer_bytes(&body) }, NULL, &pull), STATUS_CORRUPT);
	body.size = 0;
	assert_true(cut_encode_within(&body, &(struct cut){ .cursor = { ground.epoch, 7 } }, &ground));
	assert_int_equal(
		cut_decode_within(&(struct section){ SECTION_CUT, true, writer_bytes(&body) }, NULL, &arena, &cut), STATUS_CORRUPT);
	body.size = 0;
	assert_true(decided_encode_within(&body, &(struct decided){ .incarnation = ground.incarnation }, &ground));
	assert_int_equal(decided_decode_within(&(struct section){ SECTION_DECIDED, true, writer_bytes(&body) }, NULL, &arena, &decided),
		STATUS_CORRUPT);
	batch = some_batch(&dice, &arena, 7, 3);
	body.size = 0;
	assert_true(batch_encode_within(&body, &batch, NULL, &ground));
	assert_int_equal(batch_decode_within(&(struct section){ SECTION_BATCH, true, writer_bytes(&body) }, NULL, &arena, NULL, &batch),
		STATUS_CORRUPT);
	arena_finish(&arena);
}

static void a_short_decision_has_the_beginning_of_its_hash(void **state)
{
	const struct decided decided = { .incarnation = ground.incarnation, .seq = 5, .chain_hash = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } } };
	const struct hash beginning = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct arena arena = { 0 };
	struct writer body = writer_in(&arena, BODY_MAX);
	struct decided read;

	(void)state;
	assert_true(decided_encode_within(&body, &decided, &ground));
	assert_int_equal(
		decided_decode_within(&(struct section){ SECTION_DECIDED, true, writer_bytes(&body) }, &ground, &arena, &read), STATUS_OK);
	assert_true(read.brief);
	assert_true(id_equal(&read.incarnation, &ground.incarnation));
	assert_true(hash_equal(&read.chain_hash, &beginning));
	arena_finish(&arena);
}

static void the_first_batch_of_a_window_carries_its_secret_and_a_later_one_does_not(void **state)
{
	static const struct {
		int64_t first_seq;
		size_t count, secrets;
	} rows[] = { { 1, 5, 1 }, { 2, 5, 0 }, { 255, 1, 0 }, { 255, 2, 1 }, { 256, 5, 1 }, { 257, 5, 0 }, { 500, 300, 2 },
		{ 512, 300, 2 } };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dice dice = dice_of(i);
		struct batch batch, read;
		struct writer body = writer_in(&arena, BODY_MAX);
		size_t left_out;
		batch = some_batch(&dice, &arena, rows[i].first_seq, rows[i].count);
		assert_true(batch_encode_within(&body, &batch, NULL, &ground));
		assert_int_equal(
			batch_decode_within(&(struct section){ SECTION_BATCH, true, writer_bytes(&body) }, &ground, &arena, NULL, &read),
			STATUS_OK);
		left_out = batch.secret_count - read.secret_count;
		assert_true(read.brief);
		assert_int_equal(read.secret_count, rows[i].secrets);
		assert_int_equal(read.first_seq, batch.first_seq);
		assert_memory_equal(read.secrets, batch.secrets + left_out, read.secret_count * WINDOW_SECRET_SIZE);
		assert_true(hash_begins_alike(&read.last_hash, &batch.last_hash, HASH_BEGINNING_SIZE));
		assert_memory_equal(read.signature, batch.signature, SIGNATURE_SIZE);
		for (size_t k = 0; k < batch.count; k++)
			assert_true(bytes_equal(canonical(&arena, &batch.operations[k]), canonical(&arena, &read.operations[k])));
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static void a_short_section_comes_back_under_the_number_of_the_long_one(void **state)
{
	static const struct section written[] = {
		{ SECTION_PULL, true, { 0 } },
		{ SECTION_BATCH, true, { 0 } },
		{ SECTION_DECIDED, true, { 0 } },
		{ SECTION_CUT, true, { 0 } },
	};
	static const uint8_t bytes[] = { 32 * 2, 0, 33 * 2, 0, 34 * 2, 0, 35 * 2, 0 };
	static const uint8_t twice[] = { SECTION_BATCH * 2, 0, SHORT_SECTION_BATCH * 2, 0 };
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 100);
	struct section *sections;
	size_t count;

	(void)state;
	for (size_t i = 0; i < LENGTH(written); i++)
		section_put(&writer, &written[i]);
	assert_true(bytes_equal(writer_bytes(&writer), (struct bytes){ bytes, sizeof(bytes) }));
	assert_int_equal(sections_read(writer_bytes(&writer), &arena, &sections, &count), STATUS_OK);
	assert_int_equal(count, LENGTH(written));
	for (size_t i = 0; i < count; i++)
		assert_true(sections[i].number == written[i].number && sections[i].brief);
	assert_int_equal(sections_read((struct bytes){ twice, sizeof(twice) }, &arena, &sections, &count), STATUS_CORRUPT);
	schema_speak(SCHEMA_REVISION_PLAIN); /* a program of that time knows none */
	assert_int_equal(sections_read(writer_bytes(&writer), &arena, &sections, &count), STATUS_NEWER);
	schema_speak(SCHEMA_REVISION);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_pull_or_cut_is_the_long_one_without_its_epoch),
		cmocka_unit_test(what_a_session_did_not_say_is_written_in_the_long_form),
		cmocka_unit_test(a_short_form_outside_of_a_session_is_refused),
		cmocka_unit_test(a_short_decision_has_the_beginning_of_its_hash),
		cmocka_unit_test(the_first_batch_of_a_window_carries_its_secret_and_a_later_one_does_not),
		cmocka_unit_test(a_short_section_comes_back_under_the_number_of_the_long_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
