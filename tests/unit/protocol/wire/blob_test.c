#include "protocol/wire/blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Computed with the hash function of another library. */
static void a_blob_is_named_by_its_length_and_chunks(void **state)
{
	static const uint8_t zeros[BLOB_CHUNK_SIZE + 1];

	(void)state;
	assert_string_equal(blob_id((struct bytes){ 0 }).characters, "81e47a19e6b29b0a65b9591762ce5143ed30d0261e5d24a3201752506b20f15c");
	assert_string_equal(blob_id((struct bytes){ (const uint8_t *)"abc", 3 }).characters,
		"e2e18671483448dead35b1246bd76130d23fca0e61204de498d49387a7140d54");
	assert_string_equal(blob_id((struct bytes){ zeros, sizeof(zeros) }).characters,
		"d11dc68cf4ed296718d41d3326be6cb7a1e775db3b07e5f0336236a72001074e");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_blob_is_named_by_its_length_and_chunks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
