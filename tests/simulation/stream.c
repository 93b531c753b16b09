#include "tests/simulation/stream.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void stream_init(struct stream *stream, uint64_t seed, const char *name)
{
	uint8_t text[8];

	for (int i = 0; i < 8; i++)
		text[i] = (uint8_t)(seed >> 8 * i);
	memset(stream, 0, sizeof(*stream));
	crypto_generichash(stream->key, sizeof(stream->key), (const unsigned char *)name, strlen(name), text, 0);
	crypto_generichash(stream->key, sizeof(stream->key), text, sizeof(text), stream->key, sizeof(stream->key));
}

static void refill(struct stream *stream)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(stream->block >> 8 * i);
	stream->block++;
	crypto_stream_chacha20(stream->bytes, sizeof(stream->bytes), nonce, stream->key);
	stream->left = sizeof(stream->bytes);
}

void stream_fill(struct stream *stream, void *out, size_t size)
{
	uint8_t *at = out;

	while (size > 0) {
		size_t part;
		if (stream->left == 0)
			refill(stream);
		part = size < stream->left ? size : stream->left;
		memcpy(at, stream->bytes + sizeof(stream->bytes) - stream->left, part);
		stream->left -= part;
		at += part;
		size -= part;
	}
}

uint64_t stream_below(struct stream *stream, uint64_t bound)
{
	uint64_t value;

	stream_fill(stream, &value, sizeof(value));
	return value % bound; /* the bias of small bounds is of no account */
}

int64_t stream_between(struct stream *stream, int64_t min, int64_t max)
{
	return min + (int64_t)stream_below(stream, (uint64_t)(max - min) + 1);
}

bool stream_chance(struct stream *stream, unsigned percent)
{
	return stream_below(stream, 100) < percent;
}

static void fill_random(void *context, void *out, size_t size)
{
	stream_fill(context, out, size);
}

struct random stream_random(struct stream *stream)
{
	return (struct random){ .fill = fill_random, .context = stream };
}

/* libsodium's randomness is one for the whole process. */
static struct stream *sodium_stream;

static const char *sodium_name(void)
{
	return "simulation";
}

static void sodium_fill(void *const out, const size_t size)
{
	if (sodium_stream == NULL)
		abort(); /* chance from nowhere would make a run that cannot be repeated */
	stream_fill(sodium_stream, out, size);
}

static uint32_t sodium_number(void)
{
	uint32_t number;

	sodium_fill(&number, sizeof(number));
	return number;
}

static void sodium_nothing(void)
{
}

static int sodium_close(void)
{
	return 0;
}

void stream_seize_libsodium(void)
{
	static randombytes_implementation implementation = { .implementation_name = sodium_name,
		.random = sodium_number,
		.stir = sodium_nothing,
		.buf = sodium_fill,
		.close = sodium_close };
	static struct stream start;

	randombytes_set_implementation(&implementation);
	sodium_stream = &start; /* sodium_init() itself draws for its memory guards */
	if (sodium_init() < 0)
		abort();
}

void stream_for_libsodium(struct stream *stream)
{
	sodium_stream = stream;
}

const struct stream *stream_of_libsodium(void)
{
	return sodium_stream;
}
