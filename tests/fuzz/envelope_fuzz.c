/* Envelopes from anyone. Even first byte: the rest is the envelope. Odd: the rest is the content of a good box, which reaches the
 * manifest. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t device_seed[32] = { 1 }, server_seed[32] = { 2 };
static const struct id organisation = { { 9 } };

/* Knows one device under any number. */
static enum status find_sender(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	const struct identity *device = context;

	(void)key_number;
	if (!id_equal(sender, &device->id))
		return fail(STATUS_NOT_FOUND, "a stranger");
	*out_keys = device->keys;
	return STATUS_OK;
}

/* An envelope with `plain` in the box; bits 1 to 3 of `choice` are its type. */
static struct bytes boxed(struct arena *arena, const struct identity *server, uint8_t choice, struct bytes plain)
{
	uint8_t *sealed = arena_allocate(arena, 16 + crypto_box_SEALBYTES + plain.size);
	uint8_t hint[32];

	memcpy(sealed, (const uint8_t[]){ 'T', 'R', 'K', '1', 1, 1, (uint8_t)(choice >> 1 & 7), 0 }, 8);
	if (crypto_generichash(hint, sizeof(hint), server->keys.box, BOX_PUBLIC_SIZE, NULL, 0) != 0)
		abort();
	memcpy(sealed + 8, hint, 8);
	if (crypto_box_seal(sealed + 16, plain.data, plain.size, server->keys.box) != 0)
		abort();
	return (struct bytes){ .data = sealed, .size = 16 + crypto_box_SEALBYTES + plain.size };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = { .data = data + 1, .size = size - 1 };
	struct identity device, server;
	struct envelope envelope;
	struct arena arena = { 0 };
	size_t used;

	if (size == 0)
		return 0;
	keys_init();
	identity_from_seeds(device_seed, device_seed, &device);
	identity_from_seeds(server_seed, server_seed, &server);
	device.id = (struct id){ { 1 } };
	server.id = (struct id){ { 2 } };
	if (data[0] & 1)
		rest = boxed(&arena, &server, data[0], rest);
	used = arena.used;
	if (envelope_open(&arena, &server, &organisation, rest, find_sender, &device, &envelope) == STATUS_OK) {
		if (!envelope_looks_like(rest) || envelope.sections.size > rest.size || id_is_nil(&envelope.sender))
			abort();
	}
	if (arena.used - used > (size_t)128 * 1024)
		abort(); /* the promise of docs/protocol-security.md */
	arena_finish(&arena);
	return 0;
}
