/* A resume token as a device gives it back: one that is taken is encoded to the same bytes again, and its numbers are in their ranges. */
#include "protocol/sync/pull_position.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes token = { data, size < 64 ? size : 64 }; /* as much as a message holds */
	struct arena arena = { 0 };
	struct pull_position position;

	if (pull_position_decode(token, &position)) {
		insist(position.first_gseq >= 0 && position.pass_gseq >= 0 && position.low >= 0 && position.gseq >= 0);
		insist(position.part < PART_COUNT && position.class <= CLASS_COUNT && position.kind <= RECORD_KIND_MAX);
		insist(bytes_equal(pull_position_encode(&arena, &position), token));
	}
	arena_finish(&arena);
	return 0;
}
