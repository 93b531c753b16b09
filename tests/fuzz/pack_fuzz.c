#include <stdlib.h>

#include "protocol/wire/pack.h"
#include "tests/fuzz/target.h"

/* Whatever was read can be packed by each dictionary, and comes back. */
static void pack_again(struct arena *arena, struct bytes raw, uint8_t dictionary)
{
	struct writer block = writer_in(arena, raw.size + 32);
	struct reader reader;
	struct bytes again;

	pack_write(&block, raw, 1, dictionary);
	reader = reader_of(writer_bytes(&block));
	if (block.overflow || pack_read(&reader, arena, &again) != STATUS_OK || !bytes_equal(raw, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct reader reader = reader_of((struct bytes){ data, size });
	struct bytes raw;

	enum status status = pack_read(&reader, &arena, &raw);

	if ((status == STATUS_OK && raw.size > PACK_RAW_MAX) || arena.used > PACK_RAW_MAX + 64)
		abort();
	if (status == STATUS_OK && raw.size <= PACK_SMALL_MAX)
		pack_again(&arena, raw, dictionary_common(INT64_MAX));
	arena_finish(&arena);
	return 0;
}
