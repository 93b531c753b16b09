/* A bundle file: what is taken apart is put together again to the same bytes; the list stays within what the file can
 * hold. The last byte of the input says whether the hash is made to fit, so that what stands behind it is reached. */
#include "protocol/wire/bundle.h"
#include "protocol/wire/transcript.h"
#include "tests/fuzz/target.h"

static struct bytes mend(struct arena *arena, const uint8_t *data, size_t size)
{
	static const uint8_t key[] = "truckroll/bundle/v1";
	uint8_t *mended = arena_copy(arena, data, size);

	if (size > HASH_SIZE)
		blake2b((struct bytes){ key, sizeof(key) - 1 }, (struct bytes){ mended, size - HASH_SIZE }, mended + size - HASH_SIZE,
			HASH_SIZE);
	return (struct bytes){ mended, size };
}

static void look(struct arena *arena, struct bytes file)
{
	struct bundle_writer writer;
	struct bundle bundle;
	struct bytes again;
	struct bundle_part part;
	size_t used = arena->used;

	if (bundle_read(file, arena, &bundle) != STATUS_OK) {
		insist(fail_reason()[0] != '\0' && arena->used - used <= 2 * file.size + 64);
		return;
	}
	insist(arena->used - used <= 2 * file.size + 64);
	bundle_begin(&writer, arena, &bundle.head);
	for (size_t i = 0; i < bundle.count; i++)
		bundle_add(&writer, bundle.envelopes[i]);
	insist(bundle_end(&writer, &again) == STATUS_OK && again.size == file.size && memcmp(again.data, file.data, file.size) == 0);
	for (size_t i = 0; i < bundle.count; i++) {
		struct writer body = writer_in(arena, 1024);
		if (bundle_part_decode(bundle.envelopes[i], &part) != STATUS_OK)
			continue;
		bundle_part_encode(&body, &part);
		insist(writer_bytes(&body).size == bundle.envelopes[i].size &&
			memcmp(writer_bytes(&body).data, bundle.envelopes[i].data, writer_bytes(&body).size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };

	if (size > 0)
		look(&arena, (data[size - 1] & 1) != 0 ? mend(&arena, data, size - 1) : (struct bytes){ data, size - 1 });
	arena_finish(&arena);
	return 0;
}
