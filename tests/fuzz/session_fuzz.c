/* Frames to one end of a session, and a model of what it must have seen. Input: commands of one byte. 1 to 200 deliver the good frame
 * of that number, in any order and as often as liked; any other is followed by a length byte and a frame of its own. */
#include <stdlib.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/session.h"
#include "tests/fuzz/target.h"

#define FRAMES 200

static void ephemeral_of(uint8_t number, struct ephemeral *out_ephemeral)
{
	uint8_t seed[32] = { number };
	struct identity identity;

	identity_from_seeds(seed, seed, &identity);
	memcpy(out_ephemeral->public_key, identity.keys.box, BOX_PUBLIC_SIZE);
	memcpy(out_ephemeral->secret_key, identity.box_secret, BOX_SECRET_SIZE);
}

/* Good frame `number` must open exactly when it is new and less than 64 behind the newest. */
static void deliver(struct arena *arena, struct session *server, const struct bytes *frames, bool *seen, size_t *newest, size_t number)
{
	bool expected = !seen[number] && (number > *newest || *newest - number < 64);
	struct bytes plain;

	insist((session_open(arena, server, frames[number], &plain) == STATUS_OK) == expected);
	seen[number] = seen[number] || expected;
	if (expected && number > *newest)
		*newest = number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = reader_of((struct bytes){ .data = data, .size = size });
	struct bytes frames[FRAMES + 1], plain;
	struct ephemeral device_keys, server_keys;
	struct session device, server;
	bool seen[FRAMES + 1] = { false };
	struct arena arena = { 0 };
	uint8_t id[SESSION_ID_SIZE];
	size_t newest = 0;

	keys_init();
	ephemeral_of(1, &device_keys);
	ephemeral_of(2, &server_keys);
	insist(session_start_device(&device, &device_keys, server_keys.public_key) == STATUS_OK);
	insist(session_start_server(&server, &server_keys, device_keys.public_key) == STATUS_OK);
	for (size_t i = 1; i <= FRAMES; i++)
		insist(session_seal(&arena, &device, (struct bytes){ .data = data, .size = size < 8 ? size : 8 }, &frames[i]) == STATUS_OK);
	while (reader_left(&reader) > 0) {
		uint8_t command = read_u8(&reader);
		if (command > 0 && command <= FRAMES) {
			deliver(&arena, &server, frames, seen, &newest, command);
		} else {
			struct bytes frame = read_view(&reader, read_u8(&reader));
			insist(session_peek(frame, id) == STATUS_OK || session_open(&arena, &device, frame, &plain) == STATUS_CORRUPT);
			insist(session_open(&arena, &server, frame, &plain) == STATUS_CORRUPT); /* or the fuzzer forged a tag */
		}
		if (reader.bad)
			break;
	}
	arena_finish(&arena);
	return 0;
}
