#include <stdlib.h>

#include "protocol/wire/record_codec.h"
#include "tests/fuzz/target.h"

/* What decodes is the one canonical form of what it decodes to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct bytes input = { data, size };
	const struct schema *schema;
	void *row;

	if (record_decode(&arena, input, &schema, &row) == STATUS_OK) {
		struct writer writer = writer_in(&arena, RECORD_SIZE_MAX);
		record_encode(&writer, schema, row);
		if (!bytes_equal(writer_bytes(&writer), input))
			abort();
		(void)row_hash(schema, row);
	}
	arena_finish(&arena);
	return 0;
}
