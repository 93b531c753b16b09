#include "protocol/wire/chain.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/wire/transcript.h"

static void little_endian(uint64_t value, uint8_t *out_bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out_bytes[i] = (uint8_t)(value >> (8 * i));
}

static struct id id_of(const struct hash *hash)
{
	struct id id;

	memcpy(id.bytes, hash->bytes, ID_SIZE);
	return id;
}

bool chain_window_goes_on(int64_t seq)
{
	return seq > 1 && seq % WINDOW_LENGTH != 0;
}

bool hash_begins_alike(const struct hash *left, const struct hash *right, size_t size)
{
	return sodium_memcmp(left->bytes, right->bytes, size) == 0;
}

bool hash_equal(const struct hash *left, const struct hash *right)
{
	return hash_begins_alike(left, right, HASH_SIZE);
}

int hash_order(const void *left, const void *right)
{
	return memcmp(left, right, HASH_SIZE);
}

struct hash chain_genesis(const struct id *device_id, const struct id *incarnation)
{
	struct transcript transcript;

	transcript_init(&transcript, "truckroll/genesis/v1");
	transcript_add_id(&transcript, device_id);
	transcript_add_id(&transcript, incarnation);
	return transcript_hash(&transcript);
}

struct hash chain_salt(const uint8_t secret[static WINDOW_SECRET_SIZE], int64_t seq)
{
	struct transcript transcript;
	struct hash salt = { 0 };
	uint8_t number[8];

	little_endian((uint64_t)seq, number, sizeof(number));
	transcript_init(&transcript, "truckroll/salt/v1");
	transcript_add(&transcript, number, sizeof(number));
	blake2b((struct bytes){ .data = secret, .size = WINDOW_SECRET_SIZE }, transcript_bytes(&transcript), salt.bytes, HASH_SIZE);
	return salt;
}

struct hash chain_commitment(const struct hash *salt, struct bytes canonical)
{
	struct hash commitment = { 0 };

	blake2b((struct bytes){ .data = salt->bytes, .size = HASH_SIZE }, canonical, commitment.bytes, HASH_SIZE);
	return commitment;
}

struct hash chain_next(const struct hash *previous, const struct hash *commitment)
{
	struct transcript transcript;

	transcript_init(&transcript, "truckroll/chain/v1");
	transcript_add(&transcript, previous->bytes, HASH_SIZE);
	transcript_add(&transcript, commitment->bytes, HASH_SIZE);
	return transcript_hash(&transcript);
}

struct hash chain_extend(const struct hash *previous, const uint8_t secret[static WINDOW_SECRET_SIZE], int64_t seq, struct bytes canonical)
{
	struct hash salt = chain_salt(secret, seq);
	struct hash commitment = chain_commitment(&salt, canonical);

	sodium_memzero(&salt, sizeof(salt));
	return chain_next(previous, &commitment);
}

struct id chain_operation_id(const struct hash *head)
{
	return id_of(head);
}

struct id id_derive(const struct id *id, uint32_t k)
{
	struct transcript transcript;
	struct hash hash;
	uint8_t number[4];

	little_endian(k, number, sizeof(number));
	transcript_init(&transcript, "truckroll/derived/v1");
	transcript_add_id(&transcript, id);
	transcript_add(&transcript, number, sizeof(number));
	hash = transcript_hash(&transcript);
	return id_of(&hash);
}

struct id id_pair(const struct id *left, const struct id *right)
{
	struct transcript transcript;
	struct hash hash;

	transcript_init(&transcript, "truckroll/pair/v1");
	transcript_add_id(&transcript, left);
	transcript_add_id(&transcript, right);
	hash = transcript_hash(&transcript);
	return id_of(&hash);
}

static void update_text(crypto_generichash_state *state, struct text text, int *failed)
{
	uint8_t length[10];
	size_t size = 0;
	uint64_t left = text.size;

	for (; left >= 0x80; left >>= 7)
		length[size++] = (uint8_t)(left | 0x80);
	length[size++] = (uint8_t)left;
	*failed |= crypto_generichash_update(state, length, size);
	*failed |= crypto_generichash_update(state, (const uint8_t *)text.data, text.size);
}

/* Streamed, because a source's own identifier may be longer than a transcript holds. */
struct id id_imported(struct text source, struct text source_id)
{
	crypto_generichash_state state;
	struct id id = { { 0 } };
	int failed = crypto_generichash_init(&state, NULL, 0, ID_SIZE);

	update_text(&state, source, &failed);
	update_text(&state, source_id, &failed);
	failed |= crypto_generichash_final(&state, id.bytes, ID_SIZE);
	assert(failed == 0);
	return id;
}
