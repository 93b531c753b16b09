#include <sodium.h>

#include "protocol/domain/account.h"
#include "protocol/domain/note.h"
#include "protocol/wire/record_codec.h"
#include "tests/unit/protocol/wire/damage.h"
#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define SEEDS 200

static struct bytes encoded(struct arena *arena, const struct schema *schema, const void *row)
{
	struct writer writer = writer_in(arena, RECORD_SIZE_MAX);

	record_encode(&writer, schema, row);
	assert_false(writer.overflow);
	return writer_bytes(&writer);
}

static void tables_are_in_tag_order_and_the_id_is_tag_one(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < RECORD_ARGUMENTS + OPERATION_KIND_COUNT; kind++) {
		const struct schema *schema = schema_find((enum record_kind)kind);
		if (schema == NULL)
			continue;
		assert_int_equal(schema->fields[0].tag, 1);
		assert_int_equal(schema->fields[0].offset, 0);
		for (size_t i = 1; i < schema->field_count; i++)
			assert_true(schema->fields[i].tag > schema->fields[i - 1].tag && schema->fields[i].tag <= 63);
	}
}

static void every_row_comes_back_equal(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct dice dice = dice_of(seed);
		for (size_t i = 0; schema_at(i) != NULL; i++) {
			const struct schema *schema = schema_at(i);
			void *row = dice_row(&dice, &arena, schema);
			const struct schema *read_schema;
			void *read;
			assert_int_equal(record_decode(&arena, encoded(&arena, schema, row), &read_schema, &read), STATUS_OK);
			assert_ptr_equal(read_schema, schema);
			assert_true(row_equal(schema, row, read));
		}
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

/* Whatever decodes is the one form of what it decodes to. */
static void check_canonical(struct bytes damaged, void *context)
{
	struct arena arena = { 0 };
	const struct schema *schema;
	enum status status;
	void *row;

	(void)context;
	status = record_decode(&arena, damaged, &schema, &row);
	assert_true(arena.used <= 4096);
	if (status == STATUS_OK)
		assert_true(bytes_equal(encoded(&arena, schema, row), damaged));
	else
		assert_true(status == STATUS_CORRUPT || status == STATUS_NEWER);
	arena_finish(&arena);
}

static void a_damaged_record_is_refused_or_is_the_one_form_of_another(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; schema_at(i) != NULL; i++) {
		struct dice dice = dice_of(i);
		damage_each(encoded(&arena, schema_at(i), dice_row(&dice, &arena, schema_at(i))), check_canonical, NULL);
	}
	arena_finish(&arena);
}

struct refusal {
	const char *name;
	uint8_t tail[12]; /* after kind and id of an account: tag ‖ length ‖ value … */
	size_t size;
	enum status status;
};

static void what_the_encoder_would_not_write_is_refused(void **state)
{
	static const struct refusal refusals[] = {
		{ "nothing more", { 0 }, 0, STATUS_OK },
		{ "a name", { 2, 1, 'x' }, 3, STATUS_OK },
		{ "an empty text written out", { 2, 0 }, 2, STATUS_CORRUPT },
		{ "a zero choice written out", { 3, 1, 0 }, 3, STATUS_CORRUPT },
		{ "the id repeated", { 1, 1, 'x' }, 3, STATUS_CORRUPT },
		{ "tag 0", { 0, 1, 'x' }, 3, STATUS_CORRUPT },
		{ "tags out of order", { 3, 1, 1, 2, 1, 'x' }, 6, STATUS_CORRUPT },
		{ "a tag twice", { 2, 1, 'x', 2, 1, 'x' }, 6, STATUS_CORRUPT },
		{ "a long varint", { 3, 2, 0x81, 0 }, 4, STATUS_CORRUPT },
		{ "two numbers", { 3, 2, 1, 1 }, 4, STATUS_CORRUPT },
		{ "NUL in a text", { 2, 1, 0 }, 3, STATUS_CORRUPT },
		{ "half a character", { 2, 1, 0xc3 }, 3, STATUS_CORRUPT },
		{ "a short id", { 4, 3, 1, 2, 3 }, 5, STATUS_CORRUPT },
		{ "a text that is cut", { 2, 5, 'x' }, 3, STATUS_CORRUPT },
		{ "an unknown tag", { 60, 1, 1 }, 3, STATUS_OK },
		{ "an unknown tag without a value", { 60, 0 }, 2, STATUS_CORRUPT },
		{ "an unknown tag twice", { 60, 1, 1, 60, 1, 1 }, 6, STATUS_CORRUPT },
		{ "an unknown tag that is cut", { 60, 2, 1 }, 3, STATUS_CORRUPT },
		{ "a tag beyond all", { 0x80, 1, 1, 1 }, 4, STATUS_NEWER },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(refusals); i++) {
		struct writer writer = writer_in(&arena, 100);
		const struct schema *schema;
		struct id id = { .bytes = { 9 } };
		enum status status;
		void *row;
		write_varint(&writer, RECORD_ACCOUNT);
		write_raw(&writer, &id, ID_SIZE);
		write_raw(&writer, refusals[i].tail, refusals[i].size);
		status = record_decode(&arena, writer_bytes(&writer), &schema, &row);
		if (status != refusals[i].status)
			print_error("%s: %s\n", refusals[i].name, fail_reason());
		assert_int_equal(status, refusals[i].status);
	}
	arena_finish(&arena);
}

/* An account with a kind (3), and fields 60 and 61 that this program does not know. */
static const uint8_t kept_tail[] = { 3, 1, 1, 60, 2, 'a', 'b', 61, 1, 7 };

static struct bytes account_with(struct arena *arena, const void *tail, size_t size)
{
	struct writer writer = writer_in(arena, 100);
	struct id id = { .bytes = { 9 } };

	write_varint(&writer, RECORD_ACCOUNT);
	write_raw(&writer, &id, ID_SIZE);
	write_raw(&writer, tail, size);
	return writer_bytes(&writer);
}

static void what_is_not_known_is_kept_with_its_row_through_copies_and_hashes(void **state)
{
	struct arena arena = { 0 };
	struct bytes form = account_with(&arena, kept_tail, sizeof(kept_tail));
	const struct schema *schema;
	struct account *account, *copy;
	struct row_hash before;
	void *row;

	(void)state;
	assert_int_equal(record_decode(&arena, form, &schema, &row), STATUS_OK);
	account = row;
	assert_int_equal(account->extra.size, 7);
	assert_true(bytes_equal(encoded(&arena, schema, row), form));
	copy = row_copy(&arena, schema, row);
	assert_ptr_not_equal(copy->extra.data, account->extra.data);
	assert_true(row_equal(schema, copy, account));
	before = row_hash(schema, copy);
	copy->extra = extra_patched(&arena, copy->extra, (struct bytes){ 0 }, UINT64_C(1) << 61);
	assert_false(row_equal(schema, copy, account));
	assert_int_not_equal(row_hash(schema, copy).low, before.low);
	assert_int_equal(copy->extra.size, 4);
	arena_finish(&arena);
}

static void of_a_part_of_an_operation_nothing_unknown_is_passed_over(void **state)
{
	struct arena arena = { 0 };
	void *row;

	(void)state;
	assert_int_equal(
		record_decode_as(&arena, account_with(&arena, kept_tail, sizeof(kept_tail)), &account_schema, &row), STATUS_NEWER);
	arena_finish(&arena);
}

static void what_was_kept_moves_into_its_fields_when_they_are_known(void **state)
{
	static const uint8_t kept[] = { 4, 16, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 3, '5', '5', '5', 60, 1, 9 };
	struct arena arena = { 0 };
	struct account account = { .kind = ACCOUNT_KIND_PARTNER, .extra = { kept, sizeof(kept) } };
	struct bytes form = encoded(&arena, &account_schema, &account);

	(void)state;
	assert_int_equal(record_adopt(&arena, &account_schema, &account), STATUS_OK);
	assert_int_equal(account.territory_id.bytes[15], 5);
	assert_true(text_equals(account.phone, "555"));
	assert_int_equal(account.extra.size, 3);
	assert_true(bytes_equal(encoded(&arena, &account_schema, &account), form));
	account = (struct account){ .extra = { (const uint8_t *)"\4\1x", 3 } }; /* an id of one byte */
	assert_int_equal(record_adopt(&arena, &account_schema, &account), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void an_unknown_kind_is_from_a_newer_program(void **state)
{
	uint8_t bytes[17] = { 59 };
	struct arena arena = { 0 };
	const struct schema *schema;
	void *row;

	(void)state;
	assert_int_equal(record_decode(&arena, (struct bytes){ bytes, sizeof(bytes) }, &schema, &row), STATUS_NEWER);
	arena_finish(&arena);
}

static void a_hash_is_of_the_whole_form_however_long_the_row(void **state)
{
	static char long_text[3999];
	static const uint8_t key[] = "truckroll/row/v1";
	struct note note = { .id = { .bytes = { 1 } }, .text = { .data = long_text, .size = sizeof(long_text) } };
	struct arena arena = { 0 };
	uint8_t expected[crypto_shorthash_siphashx24_BYTES];
	struct row_hash hash;
	struct bytes form;

	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	form = encoded(&arena, &note_schema, &note);
	assert_true(form.size > sizeof(long_text));
	crypto_shorthash_siphashx24(expected, form.data, form.size, key);
	hash = row_hash(&note_schema, &note);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(hash.low >> (8 * i) & 0xff, expected[i]);
		assert_int_equal(hash.high >> (8 * i) & 0xff, expected[8 + i]);
	}
	arena_finish(&arena);
}

/* Computed by another SipHash-2-4-128, in Python, over the bytes of the canonical form. */
static void the_row_hash_is_the_published_function(void **state)
{
	struct account account = { .name = text_of("Harbour & Hill Service") };
	struct row_hash hash;

	(void)state;
	for (size_t i = 0; i < ID_SIZE; i++)
		account.id.bytes[i] = (uint8_t)i;
	hash = row_hash(&account_schema, &account);
	assert_int_equal(hash.low, UINT64_C(0xd6c25cca65e2342e));
	assert_int_equal(hash.high, UINT64_C(0x4836996445bbd443));
}

static void a_digest_does_not_depend_on_order_and_forgets_what_left(void **state)
{
	struct row_hash rows[] = { { UINT64_MAX, 5 }, { 7, UINT64_MAX }, { UINT64_MAX - 2, 1 } };
	struct digest forward = { 0 }, backward = { 0 }, empty = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		digest_add(&forward, rows[i]);
		digest_add(&backward, rows[LENGTH(rows) - 1 - i]);
	}
	assert_true(digest_equal(&forward, &backward));
	assert_int_equal(forward.sum.low, 3);
	assert_int_equal(forward.sum.high, 7);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_false(digest_equal(&forward, &empty));
		digest_remove(&forward, rows[i]);
	}
	assert_true(digest_equal(&forward, &empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_in_tag_order_and_the_id_is_tag_one),
		cmocka_unit_test(every_row_comes_back_equal),
		cmocka_unit_test(a_damaged_record_is_refused_or_is_the_one_form_of_another),
		cmocka_unit_test(what_the_encoder_would_not_write_is_refused),
		cmocka_unit_test(what_is_not_known_is_kept_with_its_row_through_copies_and_hashes),
		cmocka_unit_test(of_a_part_of_an_operation_nothing_unknown_is_passed_over),
		cmocka_unit_test(what_was_kept_moves_into_its_fields_when_they_are_known),
		cmocka_unit_test(an_unknown_kind_is_from_a_newer_program),
		cmocka_unit_test(a_hash_is_of_the_whole_form_however_long_the_row),
		cmocka_unit_test(the_row_hash_is_the_published_function),
		cmocka_unit_test(a_digest_does_not_depend_on_order_and_forgets_what_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
