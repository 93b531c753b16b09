#include "protocol/base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the tree has a function of that name */

#include <string.h>

static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, (uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };

static void everything_written_is_read_back(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 4096);
	struct reader reader;

	(void)state;
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		write_u8(&writer, (uint8_t)numbers[i]);
		write_u32(&writer, (uint32_t)numbers[i]);
		write_u64(&writer, numbers[i]);
		write_varint(&writer, numbers[i]);
		write_signed(&writer, (int64_t)numbers[i]);
	}
	write_bytes(&writer, (struct bytes){ (const uint8_t *)"seal", 4 });
	assert_false(writer.overflow);
	reader = reader_of(writer_bytes(&writer));
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		assert_int_equal(read_u8(&reader), (uint8_t)numbers[i]);
		assert_int_equal(read_u32(&reader), (uint32_t)numbers[i]);
		assert_true(read_u64(&reader) == numbers[i]);
		assert_true(read_varint(&reader) == numbers[i]);
		assert_true(read_signed(&reader) == (int64_t)numbers[i]);
	}
	assert_true(bytes_equal(read_bytes(&reader, 4), (struct bytes){ (const uint8_t *)"seal", 4 }));
	assert_int_equal(reader_end(&reader, "page"), STATUS_OK);
	arena_finish(&arena);
}

static void integers_are_little_endian_and_varints_shortest(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 64);

	(void)state;
	write_u32(&writer, 0x01020304);
	write_varint(&writer, 300);
	write_signed(&writer, -1);
	write_signed(&writer, 1);
	assert_int_equal(writer.size, 8);
	assert_memory_equal(writer.data, "\x04\x03\x02\x01\xac\x02\x01\x02", 8);
	arena_finish(&arena);
}

static void a_full_writer_stays_full(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 4);

	(void)state;
	write_raw(&writer, "abc", 3);
	write_u32(&writer, 1);
	assert_true(writer.overflow);
	write_u8(&writer, 1);
	assert_int_equal(writer.size, 3);
	assert_null(write_space(&writer, 1));
	arena_finish(&arena);
}

static void a_writer_grows_up_to_its_limit(void **state)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 10000);

	(void)state;
	for (int i = 0; i < 10000; i++)
		write_u8(&writer, (uint8_t)i);
	assert_false(writer.overflow);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(writer.data[i], (uint8_t)i);
	write_u8(&writer, 0);
	assert_true(writer.overflow);
	arena_finish(&arena);
}

static bool reads_varint(const char *data, size_t size)
{
	struct reader reader = reader_of((struct bytes){ (const uint8_t *)data, size });

	(void)read_varint(&reader);
	return !reader.bad && reader_left(&reader) == 0;
}

static void malformed_varints_are_refused(void **state)
{
	(void)state;
	assert_true(reads_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10));
	assert_false(reads_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
	assert_false(reads_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11));
	assert_false(reads_varint("\x80", 1));
	assert_false(reads_varint("\x80\x00", 2)); /* not the shortest form of 0 */
	assert_false(reads_varint("", 0));
}

static void a_read_beyond_the_end_gives_zeros_and_sticks(void **state)
{
	struct reader reader = reader_of((struct bytes){ (const uint8_t *)"\x05\x01\x02", 3 });
	char out[4] = "xyz";

	(void)state;
	assert_int_equal(read_bytes(&reader, 100).size, 0);
	assert_true(reader.bad);
	read_raw(&reader, out, 2);
	assert_memory_equal(out, "\0\0z", 3);
	assert_int_equal(read_u8(&reader), 0);
	assert_int_equal(reader_end(&reader, "page"), STATUS_CORRUPT);
}

static void a_length_above_its_limit_is_refused(void **state)
{
	struct reader reader = reader_of((struct bytes){ (const uint8_t *)"\x03"
									  "abc",
		4 });

	(void)state;
	assert_int_equal(read_bytes(&reader, 2).size, 0);
	assert_true(reader.bad);
}

static void bytes_left_over_are_corrupt(void **state)
{
	struct reader reader = reader_of((struct bytes){ (const uint8_t *)"ab", 2 });

	(void)state;
	(void)read_u8(&reader);
	assert_int_equal(reader_end(&reader, "page"), STATUS_CORRUPT);
	assert_string_equal(fail_reason(), "page: 1 bytes too many at its end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_written_is_read_back),
		cmocka_unit_test(integers_are_little_endian_and_varints_shortest),
		cmocka_unit_test(a_full_writer_stays_full),
		cmocka_unit_test(a_writer_grows_up_to_its_limit),
		cmocka_unit_test(malformed_varints_are_refused),
		cmocka_unit_test(a_read_beyond_the_end_gives_zeros_and_sticks),
		cmocka_unit_test(a_length_above_its_limit_is_refused),
		cmocka_unit_test(bytes_left_over_are_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
