/* Many integers, texts or ids of one column: what decodes is the same after it was encoded again. First byte modulo 3: which; the next
 * two: how many. */
#include <stdlib.h>

#include "protocol/wire/columns.h"
#include "protocol/wire/ids.h"
#include "protocol/wire/integers.h"
#include "protocol/wire/texts.h"
#include "tests/fuzz/target.h"

#define HEAD_SIZE 3
#define ROOM      ((size_t)1024 * 1024)

static void try_integers(struct arena *arena, struct bytes input, size_t count)
{
	struct reader reader = reader_of(input), again;
	struct writer writer = writer_in(arena, ROOM);
	int64_t *values, *same;

	if (integers_decode(&reader, arena, count, &values) != STATUS_OK)
		return;
	integers_encode(&writer, values, count, arena);
	again = reader_of(writer_bytes(&writer));
	insist(integers_decode(&again, arena, count, &same) == STATUS_OK && reader_left(&again) == 0);
	insist(count == 0 || memcmp(values, same, count * sizeof(*values)) == 0);
}

static void try_texts(struct arena *arena, struct bytes input, size_t count)
{
	struct reader reader = reader_of(input), again;
	struct writer writer = writer_in(arena, 2 * ROOM);
	size_t room = ROOM, room_again = 2 * ROOM, used = arena->used;
	struct text *texts, *same;
	struct arena scratch = { 0 };

	if (texts_decode(&reader, arena, &scratch, count, &room, &texts) == STATUS_OK) {
		insist(room <= ROOM);
		for (size_t i = 0; i < count; i++)
			insist(text_valid(texts[i]));
		texts_encode(&writer, texts, count, &scratch);
		again = reader_of(writer_bytes(&writer));
		if (!writer.overflow) {
			insist(texts_decode(&again, arena, &scratch, count, &room_again, &same) == STATUS_OK && reader_left(&again) == 0);
			for (size_t i = 0; i < count; i++)
				insist(text_equal(texts[i], same[i]));
		}
	} else {
		insist(arena->used - used <= ROOM + 4096);
	}
	arena_finish(&scratch);
}

static void try_ids(struct arena *arena, struct bytes input, size_t count)
{
	const struct references references = fuzz_references();
	struct reader reader = reader_of(input), again;
	struct writer writer = writer_in(arena, 2 * ROOM);
	struct id *ids, *same;

	if (ids_decode(&reader, arena, count, RECORD_SITE, &references, &ids) != STATUS_OK)
		return;
	ids_encode(&writer, ids, count, RECORD_SITE, NULL, arena);
	again = reader_of(writer_bytes(&writer));
	insist(ids_decode(&again, arena, count, RECORD_SITE, NULL, &same) == STATUS_OK && reader_left(&again) == 0);
	insist(count == 0 || memcmp(ids, same, count * sizeof(*ids)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct bytes rest = { data + HEAD_SIZE, size - HEAD_SIZE };
	size_t count;

	if (size < HEAD_SIZE)
		return 0;
	count = data[1] | (size_t)data[2] << 8;
	if (data[0] % 3 == 0)
		try_integers(&arena, rest, count);
	else if (data[0] % 3 == 1)
		try_texts(&arena, rest, count);
	else
		try_ids(&arena, rest, count);
	arena_finish(&arena);
	return 0;
}
