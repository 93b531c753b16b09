#include <sodium.h>
#include <zstd.h>

#include "protocol/domain/revision.h"
#include "protocol/wire/pack.h"
#include "tests/unit/protocol/wire/damage.h"
#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define OUT_MAX ((size_t)2 * 1024 * 1024)
#define TEXT    "REPLACED THE SEAL OF THE PUMP, cleaned the filter and tested under load; customer was shown the result."

static struct bytes packed_by(struct arena *arena, struct bytes raw, int level, uint8_t dictionary)
{
	struct writer writer = writer_in(arena, OUT_MAX);

	pack_write(&writer, raw, level, dictionary);
	assert_false(writer.overflow);
	return writer_bytes(&writer);
}

static struct bytes packed(struct arena *arena, struct bytes raw, int level)
{
	return packed_by(arena, raw, level, DICTIONARY_NONE);
}

static enum status unpacked(struct arena *arena, struct bytes block, struct bytes *out_raw)
{
	struct reader reader = reader_of(block);
	enum status status = pack_read(&reader, arena, out_raw);

	if (status == STATUS_OK)
		assert_int_equal(reader_left(&reader), 0);
	return status;
}

/* Half of it repeats, half of it does not. */
static struct bytes mixed(struct arena *arena, size_t size)
{
	struct dice dice = dice_of(size);
	uint8_t *data = arena_allocate(arena, size);

	for (size_t i = 0; i < size; i++)
		data[i] = i / 1000 % 2 == 0 ? (uint8_t)dice_roll(&dice) : (uint8_t)(i % 7);
	return (struct bytes){ .data = data, .size = size };
}

static void a_block_comes_back_whatever_its_size_and_level(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 255, 256, 1000, 65791, 65792, 131072, 262143, 262144, 262145, 300000, PACK_RAW_MAX };
	static const int levels[] = { 1, 3, 9, 19 };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		for (size_t k = 0; k < LENGTH(levels) && (levels[k] < 10 || sizes[i] < 300001); k++) {
			struct bytes raw = mixed(&arena, sizes[i]);
			struct bytes block = packed(&arena, raw, levels[k]);
			struct bytes read;
			assert_int_equal(unpacked(&arena, block, &read), STATUS_OK);
			assert_true(bytes_equal(raw, read));
			assert_true(sizes[i] < 4000 || block.size < raw.size * 6 / 10);
			assert_true(block.size <= raw.size + 12);
			arena_reset(&arena);
		}
	}
	arena_finish(&arena);
}

static void more_than_a_mebibyte_overflows_the_writer(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, OUT_MAX);

	(void)state;
	pack_write(&writer, mixed(&arena, PACK_RAW_MAX + 1), 3, DICTIONARY_NONE);
	assert_true(writer.overflow);
	arena_finish(&arena);
}

/* A block as pack_write() frames it, around any bytes. */
static struct bytes framed(struct arena *arena, uint8_t compression, uint8_t dictionary, uint64_t raw_size, struct bytes data)
{
	struct writer body = writer_in(arena, OUT_MAX);
	struct writer writer = writer_in(arena, OUT_MAX);

	write_u8(&body, compression);
	write_u8(&body, dictionary);
	write_varint(&body, raw_size);
	write_raw(&body, data.data, data.size);
	write_bytes(&writer, writer_bytes(&body));
	return writer_bytes(&writer);
}

/* One zstd frame with the parameters given; pledged 0: the size is not stated. */
static struct bytes zstd_frame(struct arena *arena, struct bytes raw, int window_log, unsigned long long pledged, int checksum)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	uint8_t *data = arena_allocate(arena, ZSTD_compressBound(raw.size));
	ZSTD_outBuffer out = { data, ZSTD_compressBound(raw.size), 0 };
	ZSTD_inBuffer in = { raw.data, raw.size, 0 };

	assert_non_null(context);
	assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log)));
	assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum)));
	assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, pledged != 0)));
	if (pledged != 0)
		assert_false(ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(context, pledged)));
	assert_int_equal(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(context);
	return (struct bytes){ .data = data, .size = out.pos };
}

static void assert_refused(struct bytes block, enum status expected)
{
	struct arena arena = { 0 };
	struct bytes raw;

	assert_int_equal(unpacked(&arena, block, &raw), expected);
	assert_true(arena.used <= PACK_RAW_MAX + 64);
	arena_finish(&arena);
}

/* A frame whose header states `content` bytes in the 8-byte form, followed by runs of 128 KiB each said in 4 bytes. */
static struct bytes bomb(struct arena *arena, uint64_t content, size_t runs)
{
	struct writer writer = writer_in(arena, OUT_MAX);

	write_u32(&writer, ZSTD_MAGICNUMBER);
	write_u8(&writer, 0xc0); /* 8 bytes of size, a window byte follows */
	write_u8(&writer, 8 << 3); /* 2^18 */
	write_u64(&writer, content);
	for (size_t i = 0; i < runs; i++) {
		uint32_t head = (uint32_t)(i + 1 == runs) | 1U << 1 | (128U * 1024) << 3; /* last, run, size */
		write_u8(&writer, (uint8_t)head);
		write_u8(&writer, (uint8_t)(head >> 8));
		write_u8(&writer, (uint8_t)(head >> 16));
		write_u8(&writer, 'x');
	}
	return writer_bytes(&writer);
}

static void a_bomb_of_four_gibibytes_is_refused_at_once(void **state)
{
	struct arena arena = { 0 };
	uint64_t size = (uint64_t)4 << 30;
	struct bytes frame = bomb(&arena, size, (size_t)(size / (128 * 1024)));
	struct bytes honest = bomb(&arena, PACK_RAW_MAX, 8), raw;

	(void)state;
	assert_int_equal(unpacked(&arena, framed(&arena, 1, 0, PACK_RAW_MAX, honest), &raw), STATUS_OK); /* the maker of bombs works */
	assert_refused(framed(&arena, 1, 0, size, frame), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, PACK_RAW_MAX, frame), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, PACK_RAW_MAX, bomb(&arena, PACK_RAW_MAX, 9)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, PACK_RAW_MAX, bomb(&arena, PACK_RAW_MAX, 32768)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, PACK_RAW_MAX, bomb(&arena, PACK_RAW_MAX, 7)), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void a_window_beyond_ours_is_refused(void **state)
{
	struct arena arena = { 0 };
	struct bytes raw = mixed(&arena, 400000), read;

	(void)state;
	assert_int_equal(unpacked(&arena, framed(&arena, 1, 0, raw.size, zstd_frame(&arena, raw, 18, raw.size, 0)), &read), STATUS_OK);
	assert_refused(framed(&arena, 1, 0, raw.size, zstd_frame(&arena, raw, 19, raw.size, 0)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, raw.size, zstd_frame(&arena, raw, 27, raw.size, 0)), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void a_frame_that_hides_its_size_is_refused(void **state)
{
	struct arena arena = { 0 };
	struct bytes raw = mixed(&arena, 3000);

	(void)state;
	assert_refused(framed(&arena, 1, 0, raw.size, zstd_frame(&arena, raw, 18, 0, 0)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, raw.size + 1, zstd_frame(&arena, raw, 18, raw.size, 0)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 1, 0, raw.size - 1, zstd_frame(&arena, raw, 18, raw.size, 0)), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void two_frames_and_skippable_ones_are_refused(void **state)
{
	static const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	struct arena arena = { 0 };
	struct bytes raw = mixed(&arena, 3000);
	struct bytes frame = zstd_frame(&arena, raw, 18, raw.size, 0);
	const struct bytes skip = { skippable, sizeof(skippable) };
	const struct bytes pairs[][2] = { { frame, frame }, { frame, skip }, { skip, frame }, { skip, { NULL, 0 } } };

	(void)state;
	for (size_t i = 0; i < LENGTH(pairs); i++) {
		struct writer both = writer_in(&arena, OUT_MAX);
		write_raw(&both, pairs[i][0].data, pairs[i][0].size);
		write_raw(&both, pairs[i][1].data, pairs[i][1].size);
		assert_refused(framed(&arena, 1, 0, raw.size, writer_bytes(&both)), STATUS_CORRUPT);
		assert_refused(framed(&arena, 1, 0, 2 * raw.size, writer_bytes(&both)), STATUS_CORRUPT);
		assert_refused(framed(&arena, 1, 0, 0, writer_bytes(&both)), STATUS_CORRUPT);
	}
	arena_finish(&arena);
}

static void unknown_compressions_and_dictionaries_are_from_a_newer_program(void **state)
{
	struct arena arena = { 0 };
	struct bytes raw = mixed(&arena, 100);

	(void)state;
	assert_refused(framed(&arena, 2, 0, raw.size, raw), STATUS_NEWER);
	assert_refused(framed(&arena, 0, 1, raw.size, raw), STATUS_NEWER);
	assert_refused(framed(&arena, 1, 1, raw.size, raw), STATUS_NEWER);
	arena_finish(&arena);
}

static void check_damaged(struct bytes damaged, void *context)
{
	struct arena arena = { 0 };
	struct bytes raw;
	enum status status = unpacked(&arena, damaged, &raw);

	(void)context;
	assert_true(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_NEWER);
	assert_true(arena.used <= PACK_RAW_MAX + 64);
	arena_finish(&arena);
}

static void a_damaged_block_costs_at_most_its_cap(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	damage_each(packed(&arena, mixed(&arena, 2200), 3), check_damaged, NULL);
	damage_each(packed(&arena, mixed(&arena, 40), 3), check_damaged, NULL);
	arena_finish(&arena);
}

/* ---- with a dictionary ---- */

#define NEWEST 4

/* As people write, and no example of the organisation's. */
static struct bytes remark(void)
{
	return (struct bytes){ (const uint8_t *)TEXT, sizeof(TEXT) - 1 };
}

/* Compression and dictionary stand behind the length of a small block. */
static struct bytes blocks_of(struct bytes block)
{
	struct reader reader = reader_of(block);
	struct reader inner = reader_of(read_bytes(&reader, PACK_RAW_MAX));

	assert_int_equal(read_u8(&inner), 2);
	assert_int_equal(read_u8(&inner), NEWEST);
	(void)read_varint(&inner);
	assert_false(inner.bad);
	return read_view(&inner, reader_left(&inner));
}

static void a_dictionary_makes_small_texts_shorter(void **state)
{
	struct arena arena = { 0 };
	struct bytes block = packed_by(&arena, remark(), 3, NEWEST), raw;

	(void)state;
	assert_true(blocks_of(block).size + 20 < packed(&arena, remark(), 3).size);
	assert_int_equal(unpacked(&arena, block, &raw), STATUS_OK);
	assert_true(bytes_equal(raw, remark()));
	arena_finish(&arena);
}

static void a_block_comes_back_with_a_dictionary_and_is_never_longer_than_without(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 9, 100, 255, 256, 257, 1000, 4000, PACK_SMALL_MAX, PACK_SMALL_MAX + 1, 65791 };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		uint8_t *data = arena_allocate(&arena, sizes[i]);
		struct bytes raw = { .data = data, .size = sizes[i] }, block, read;
		for (size_t k = 0; k < sizes[i]; k++) /* lines of text, now and then a number */
			data[k] = (uint8_t)(k % 37 < 30 ? remark().data[k / 37 % 7 * 11 + k % 37] : k * 167);
		block = packed_by(&arena, raw, 3, NEWEST);
		assert_int_equal(unpacked(&arena, block, &read), STATUS_OK);
		assert_true(bytes_equal(raw, read));
		assert_true(block.size <= packed(&arena, raw, 3).size);
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static void what_a_dictionary_does_not_make_shorter_goes_without(void **state)
{
	struct arena arena = { 0 };
	struct bytes noise = { .data = mixed(&arena, 1000).data, .size = 200 };
	struct bytes large = mixed(&arena, PACK_SMALL_MAX + 1);

	(void)state;
	assert_true(bytes_equal(packed_by(&arena, noise, 3, NEWEST), packed(&arena, noise, 3)));
	assert_true(bytes_equal(packed_by(&arena, large, 3, NEWEST), packed(&arena, large, 3)));
	assert_true(bytes_equal(packed_by(&arena, remark(), 3, 99), packed(&arena, remark(), 3))); /* nobody knows that one */
	arena_finish(&arena);
}

static void a_wrong_dictionary_is_from_a_newer_program(void **state)
{
	struct arena arena = { 0 };
	struct bytes blocks = blocks_of(packed_by(&arena, remark(), 3, NEWEST)), raw;

	(void)state;
	assert_int_equal(unpacked(&arena, framed(&arena, 2, NEWEST, remark().size, blocks), &raw), STATUS_OK); /* the maker works */
	for (int number = 0; number < 256; number++)
		if (number != NEWEST)
			assert_refused(framed(&arena, 2, (uint8_t)number, remark().size, blocks), STATUS_NEWER);
	assert_refused(framed(&arena, 1, NEWEST, remark().size, blocks), STATUS_NEWER);
	assert_refused(framed(&arena, 0, NEWEST, remark().size, remark()), STATUS_NEWER);
	assert_refused(framed(&arena, 3, NEWEST, remark().size, blocks), STATUS_NEWER);
	arena_finish(&arena);
}

static void an_older_program_knows_no_dictionary(void **state)
{
	struct arena arena = { 0 };
	struct bytes block = packed_by(&arena, remark(), 3, NEWEST), plain = packed(&arena, remark(), 3);

	(void)state;
	assert_int_equal(dictionary_common(SCHEMA_REVISION), NEWEST);
	assert_int_equal(dictionary_common(INT64_MAX), NEWEST);
	assert_int_equal(dictionary_common(NEWEST - 1), DICTIONARY_NONE);
	assert_int_equal(dictionary_common(0), DICTIONARY_NONE);
	schema_speak(NEWEST - 1);
	assert_int_equal(dictionary_common(SCHEMA_REVISION), DICTIONARY_NONE);
	assert_refused(block, STATUS_NEWER);
	assert_true(bytes_equal(packed_by(&arena, remark(), 3, NEWEST), plain));
	schema_speak(SCHEMA_REVISION);
	arena_finish(&arena);
}

/* Runs of 'x' of the sizes given, the last of them the last block. */
static struct bytes runs_of(struct arena *arena, size_t count, uint32_t size)
{
	struct writer writer = writer_in(arena, OUT_MAX);

	for (size_t i = 0; i < count; i++) {
		uint32_t head = (uint32_t)(i + 1 == count) | 1U << 1 | size << 3;
		write_u8(&writer, (uint8_t)head);
		write_u8(&writer, (uint8_t)(head >> 8));
		write_u8(&writer, (uint8_t)(head >> 16));
		write_u8(&writer, 'x');
	}
	return writer_bytes(&writer);
}

static void a_small_block_unfolds_to_what_it_states_and_to_no_more_than_a_small_one(void **state)
{
	struct arena arena = { 0 };
	struct bytes raw;

	(void)state;
	assert_int_equal(unpacked(&arena, framed(&arena, 2, NEWEST, PACK_SMALL_MAX, runs_of(&arena, 2, 8192)), &raw), STATUS_OK);
	assert_refused(framed(&arena, 2, NEWEST, PACK_SMALL_MAX, runs_of(&arena, 3, 8192)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 2, NEWEST, PACK_SMALL_MAX, runs_of(&arena, 1, 8192)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 2, NEWEST, PACK_SMALL_MAX, runs_of(&arena, 1, 128 * 1024)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 2, NEWEST, PACK_SMALL_MAX + 1, runs_of(&arena, 2, 8192)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 2, NEWEST, PACK_RAW_MAX, runs_of(&arena, 8, 128 * 1024)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 2, NEWEST, (uint64_t)4 << 30, runs_of(&arena, 2, 8192)), STATUS_CORRUPT);
	assert_refused(framed(&arena, 2, NEWEST, 4, runs_of(&arena, 1, 4)), STATUS_CORRUPT); /* no shorter than stored */
	assert_refused(framed(&arena, 2, NEWEST, 0, (struct bytes){ 0 }), STATUS_CORRUPT);
	arena_finish(&arena);
}

static void nothing_but_the_blocks_of_one_frame_is_a_small_block(void **state)
{
	struct arena arena = { 0 };
	struct bytes blocks = blocks_of(packed_by(&arena, remark(), 3, NEWEST));
	struct bytes whole = zstd_frame(&arena, remark(), 18, remark().size, 0);
	const struct bytes zero = { (const uint8_t *)"", 1 };
	const struct bytes pairs[][2] = { { blocks, blocks }, { blocks, whole }, { whole, { NULL, 0 } }, { blocks, zero } };

	(void)state;
	for (size_t i = 0; i < LENGTH(pairs); i++) {
		struct writer both = writer_in(&arena, OUT_MAX);
		write_raw(&both, pairs[i][0].data, pairs[i][0].size);
		write_raw(&both, pairs[i][1].data, pairs[i][1].size);
		assert_refused(framed(&arena, 2, NEWEST, remark().size, writer_bytes(&both)), STATUS_CORRUPT);
	}
	arena_finish(&arena);
}

static void a_damaged_small_block_costs_at_most_its_cap(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	damage_each(packed_by(&arena, remark(), 3, NEWEST), check_damaged, NULL);
	arena_finish(&arena);
}

/* A number means these bytes for ever. */
static void a_dictionary_never_changes(void **state)
{
	static const char hash[] = "94654d79c5a0a708b8698c7dcb1182749d4e6dd1ba8eebddd27e653b85660a6c";
	struct bytes bytes = dictionary_bytes(NEWEST);
	uint8_t digest[32];
	char digits[2 * sizeof(digest) + 1];

	(void)state;
	assert_int_equal(bytes.size, 12288);
	assert_int_equal(crypto_generichash(digest, sizeof(digest), bytes.data, bytes.size, NULL, 0), 0);
	assert_string_equal(sodium_bin2hex(digits, sizeof(digits), digest, sizeof(digest)), hash);
	assert_int_equal(dictionary_bytes(NEWEST + 1).size, 0);
	assert_int_equal(dictionary_bytes(DICTIONARY_NONE).size, 0);
	assert_null(dictionary_for_writing(DICTIONARY_NONE));
	assert_null(dictionary_for_reading(NEWEST + 1));
	assert_ptr_equal(dictionary_for_reading(NEWEST), dictionary_for_reading(NEWEST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_comes_back_whatever_its_size_and_level),
		cmocka_unit_test(more_than_a_mebibyte_overflows_the_writer),
		cmocka_unit_test(a_bomb_of_four_gibibytes_is_refused_at_once),
		cmocka_unit_test(a_window_beyond_ours_is_refused),
		cmocka_unit_test(a_frame_that_hides_its_size_is_refused),
		cmocka_unit_test(two_frames_and_skippable_ones_are_refused),
		cmocka_unit_test(unknown_compressions_and_dictionaries_are_from_a_newer_program),
		cmocka_unit_test(a_damaged_block_costs_at_most_its_cap),
		cmocka_unit_test(a_dictionary_makes_small_texts_shorter),
		cmocka_unit_test(a_block_comes_back_with_a_dictionary_and_is_never_longer_than_without),
		cmocka_unit_test(what_a_dictionary_does_not_make_shorter_goes_without),
		cmocka_unit_test(a_wrong_dictionary_is_from_a_newer_program),
		cmocka_unit_test(an_older_program_knows_no_dictionary),
		cmocka_unit_test(a_small_block_unfolds_to_what_it_states_and_to_no_more_than_a_small_one),
		cmocka_unit_test(nothing_but_the_blocks_of_one_frame_is_a_small_block),
		cmocka_unit_test(a_damaged_small_block_costs_at_most_its_cap),
		cmocka_unit_test(a_dictionary_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
