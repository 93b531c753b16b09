/* A file of a kept page: as it is, and as what stands between its head and its hash, which no damage would get past. What is taken is
 * written to the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/wire/shared_page.h"
#include "protocol/wire/transcript.h"
#include "tests/fuzz/target.h"

#define HEAD_SIZE ((size_t)60)

static const struct shared_place place = { .epoch = { { 7 } },
	.revision = SCHEMA_REVISION,
	.scope = { .kind = SCOPE_ORG_ALL },
	.delivery = 3,
	.kind = RECORD_PART,
	.after = { { 9 } } };

static void look_at(struct arena *arena, struct bytes file)
{
	struct shared_page page;
	struct bytes again;

	if (shared_page_decode(file, &place, &page) != STATUS_OK)
		return;
	again = shared_page_encode(arena, &place, &page);
	if (again.size != file.size || memcmp(again.data, file.data, file.size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct shared_page smallest = { .gseq = 1, .kind = RECORD_PART, .packed = { (const uint8_t *)"x", 1 } };
	struct arena arena = { 0 };
	struct writer file = writer_in(&arena, SHARED_PAGE_FILE_MAX + HASH_SIZE);
	struct hash hash;

	look_at(&arena, (struct bytes){ data, size });
	write_raw(&file, shared_page_encode(&arena, &place, &smallest).data, HEAD_SIZE);
	write_raw(&file, data, size);
	blake2b((struct bytes){ 0 }, writer_bytes(&file), hash.bytes, sizeof(hash.bytes));
	write_raw(&file, &hash, sizeof(hash));
	look_at(&arena, writer_bytes(&file));
	arena_finish(&arena);
	return 0;
}
