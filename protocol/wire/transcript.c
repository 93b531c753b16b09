#include "protocol/wire/transcript.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static_assert(HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b-256 is the library's default size");

void transcript_init(struct transcript *transcript, const char *domain)
{
	transcript->size = 0;
	transcript_add(transcript, domain, strlen(domain) + 1);
}

void transcript_add(struct transcript *transcript, const void *data, size_t size)
{
	assert(size <= TRANSCRIPT_SIZE_MAX - transcript->size);
	if (size > 0)
		memcpy(transcript->bytes + transcript->size, data, size);
	transcript->size += size;
}

void transcript_add_id(struct transcript *transcript, const struct id *id)
{
	transcript_add(transcript, id->bytes, ID_SIZE);
}

void transcript_add_text(struct transcript *transcript, struct text text)
{
	uint8_t size = (uint8_t)text.size;

	assert(text.size <= 127);
	transcript_add(transcript, &size, 1);
	transcript_add(transcript, text.data, text.size);
}

struct bytes transcript_bytes(const struct transcript *transcript)
{
	return (struct bytes){ .data = transcript->bytes, .size = transcript->size };
}

struct hash transcript_hash(const struct transcript *transcript)
{
	struct hash hash = { 0 };

	blake2b((struct bytes){ 0 }, transcript_bytes(transcript), hash.bytes, sizeof(hash.bytes));
	return hash;
}

void blake2b(struct bytes key, struct bytes message, uint8_t *out_digest, size_t size)
{
	int failed = crypto_generichash(out_digest, size, message.data, message.size, key.data, key.size);

	assert(failed == 0); /* only sizes can be wrong, and those are ours */
	(void)failed;
}
