#include <stdlib.h>

#include "protocol/wire/operation_codec.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct bytes input = { data, size };
	struct operation operation;

	if (operation_decode(&arena, input, &operation) == STATUS_OK) {
		struct writer writer = writer_in(&arena, OPERATION_SIZE_MAX);
		operation_encode(&writer, &operation);
		if (!bytes_equal(writer_bytes(&writer), input))
			abort();
		(void)operation_validate(&operation);
	}
	arena_finish(&arena);
	return 0;
}
