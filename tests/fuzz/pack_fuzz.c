#include <stdlib.h>

#include "protocol/wire/pack.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct reader reader = reader_of((struct bytes){ data, size });
	struct bytes raw;

	if (pack_read(&reader, &arena, &raw) == STATUS_OK && raw.size > PACK_RAW_MAX)
		abort();
	if (arena.used > PACK_RAW_MAX + 64)
		abort();
	arena_finish(&arena);
	return 0;
}
