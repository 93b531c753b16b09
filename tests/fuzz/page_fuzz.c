/* A page of rows, as it lies in a section. */
#include "protocol/wire/message.h"
#include "protocol/wire/pack.h"
#include "tests/fuzz/target.h"

/* What was decoded, however it was written, is written in one way, which decodes to what is written the same again. */
static void write_again(const struct page *page)
{
	struct arena arena = { 0 };
	struct writer first = writer_in(&arena, 4 * PACK_RAW_MAX), second = writer_in(&arena, 4 * PACK_RAW_MAX);
	struct page same;

	page_encode(&first, page, NULL);
	if (!first.overflow) { /* a writer fills half of what a reader takes */
		insist(page_decode(writer_bytes(&first), &arena, NULL, &same) == STATUS_OK && same.group_count == page->group_count);
		page_encode(&second, &same, NULL);
		insist(!second.overflow && bytes_equal(writer_bytes(&first), writer_bytes(&second)));
		for (size_t i = 0; i < page->group_count; i++)
			insist(page->groups[i].type == same.groups[i].type && page->groups[i].count == same.groups[i].count);
	}
	arena_finish(&arena);
}

static void try_body(struct bytes body)
{
	const struct references references = fuzz_references();
	struct arena arena = { 0 };
	struct page page;

	if (page_decode(body, &arena, &references, &page) == STATUS_OK)
		write_again(&page);
	insist(arena.used <= 2 * COLUMNS_MEMORY_MAX);
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
