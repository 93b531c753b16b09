/* A flight. Input: a byte that says what the rest is. 0: an entry, which is encoded again to the same bytes, or, when a piece of a file
 * is in it, which may be packed in several ways, to the same piece; 1 and 2: a file for words and for keys, which opens to nothing or is
 * refused with a reason. */
#include "protocol/sync/flight.h"
#include "shell/leg_file.h"
#include "tests/fuzz/target.h"

#define HELD_MAX (FLIGHT_PIECE_MAX + (size_t)1024 * 1024)

static void look_at_entry(struct arena *arena, struct bytes bytes)
{
	struct flight_entry entry, again;
	struct writer writer = writer_in(arena, FLIGHT_ENTRY_MAX);
	size_t used = arena->used;
	enum status status = flight_decode(bytes, arena, &entry);

	insist(arena->used - used <= HELD_MAX + 64 * bytes.size);
	if (status != STATUS_OK) {
		insist(fail_reason()[0] != '\0');
		return;
	}
	flight_encode(&writer, &entry);
	if (bytes.size > FLIGHT_ENTRY_MAX)
		return;
	insist(!writer.overflow && flight_decode(writer_bytes(&writer), arena, &again) == STATUS_OK);
	if (entry.kind == FLIGHT_FILE)
		insist(bytes_equal(entry.file.piece, again.file.piece) && text_equal(entry.file.name, again.file.name));
	else
		insist(bytes_equal(writer_bytes(&writer), bytes));
}

static void look_at_file(struct arena *arena, struct bytes file, bool by_words)
{
	static const char words[] = "azure mark prompt concur arose blithe fusion strict penny alias eddy brag";
	static const uint8_t seed[32] = { 7 };
	struct leg_reader reader;
	struct identity identity;
	struct bytes entry;
	enum status status;

	identity_from_seeds(seed, seed, &identity);
	status = by_words ? leg_open_with(&reader, file, text_of(words)) : leg_open_for(&reader, file, &identity);
	while (status == STATUS_OK)
		status = leg_read(&reader, arena, &entry);
	insist(fail_reason()[0] != '\0' && arena->used <= file.size + 256);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };

	keys_init();
	if (size > 0 && data[0] == 0)
		look_at_entry(&arena, (struct bytes){ data + 1, size - 1 });
	else if (size > 0)
		look_at_file(&arena, (struct bytes){ data + 1, size - 1 }, data[0] == 1);
	arena_finish(&arena);
	return 0;
}
