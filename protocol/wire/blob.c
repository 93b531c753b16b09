#include "protocol/wire/blob.h"

#include <sodium.h>

/* None of these calls can fail for these sizes. */
struct blob_text blob_id(struct bytes bytes)
{
	crypto_generichash_state state;
	uint8_t hash[BLOB_HASH_SIZE], length[8];
	struct blob_text text;

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)bytes.size >> 8 * i);
	(void)crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	(void)crypto_generichash_update(&state, length, sizeof(length));
	for (size_t at = 0; at < bytes.size; at += BLOB_CHUNK_SIZE) {
		size_t size = bytes.size - at < BLOB_CHUNK_SIZE ? bytes.size - at : BLOB_CHUNK_SIZE;
		(void)crypto_generichash(hash, sizeof(hash), bytes.data + at, size, NULL, 0);
		(void)crypto_generichash_update(&state, hash, sizeof(hash));
	}
	(void)crypto_generichash_final(&state, hash, sizeof(hash));
	(void)sodium_bin2hex(text.characters, sizeof(text.characters), hash, sizeof(hash));
	return text;
}
