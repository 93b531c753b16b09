#include <stdlib.h>

#include "protocol/wire/message.h"
#include "protocol/wire/pack.h"
#include "tests/fuzz/target.h"

static void try_body(struct bytes body)
{
	const struct references references = fuzz_references();
	struct arena arena = { 0 };
	struct page page;

	if (page_decode(body, &arena, &references, &page) == STATUS_OK) {
		struct writer writer = writer_in(&arena, 4 * PACK_RAW_MAX);
		page_encode(&writer, &page, NULL);
	}
	if (arena.used > 2 * COLUMNS_MEMORY_MAX)
		abort();
	arena_finish(&arena);
}

/* The input as it is, and as what lies inside the packed block, which a fuzzer would hardly find its way into. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, 2 * PACK_RAW_MAX);

	try_body((struct bytes){ data, size });
	write_varint(&writer, 0);
	fuzz_store(&writer, (struct bytes){ data, size });
	try_body(writer_bytes(&writer));
	arena_finish(&arena);
	return 0;
}
