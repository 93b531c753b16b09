#include "protocol/transport/sp_stream.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"
#include "protocol/transport/transport.h"

#define LENGTH_SIZE   8
#define LOCAL_MESSAGE 1 /* the byte before a length over IPC */
#define WORD_SIZE     4           /* a hop, or the number */
#define NUMBER_BIT    0x80000000U /* of every request's number; no hop has it */

const uint8_t sp_request_greeting[SP_GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
const uint8_t sp_reply_greeting[SP_GREETING_SIZE] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };

struct sp_stream sp_stream_of(bool local, const uint8_t *greeting)
{
	return (struct sp_stream){ .local = local, .greeting = greeting };
}

void sp_stream_clear(struct sp_stream *stream)
{
	free(stream->body);
	*stream = (struct sp_stream){ .local = stream->local, .greeting = stream->greeting, .greeted = stream->greeted };
}

static size_t head_size(const struct sp_stream *stream)
{
	return stream->greeted ? LENGTH_SIZE + (size_t)stream->local : SP_GREETING_SIZE;
}

size_t sp_stream_next_size(const struct sp_stream *stream)
{
	size_t wanted = stream->room == 0 ? SP_ROOM_FIRST : 2 * stream->room;

	if (stream->head_got < head_size(stream) || stream->got < stream->room)
		return stream->room;
	return wanted < stream->size ? wanted : stream->size;
}

uint8_t *sp_stream_room(struct sp_stream *stream, size_t *out_size)
{
	size_t size = sp_stream_next_size(stream);

	if (stream->head_got < head_size(stream)) {
		*out_size = head_size(stream) - stream->head_got;
		return stream->head + stream->head_got;
	}
	if (size > stream->room) {
		stream->body = memory_resize(stream->body, size);
		stream->room = size;
	}
	*out_size = stream->room - stream->got;
	return stream->body + stream->got;
}

static enum sp_step greeting_came(struct sp_stream *stream)
{
	if (memcmp(stream->head, stream->greeting, SP_GREETING_SIZE) != 0)
		return SP_BROKEN;
	stream->greeted = true;
	stream->head_got = 0;
	return SP_MORE;
}

static enum sp_step head_came(struct sp_stream *stream)
{
	uint64_t size = 0;

	for (size_t i = stream->local; i < head_size(stream); i++)
		size = size << 8 | stream->head[i];
	if ((stream->local && stream->head[0] != LOCAL_MESSAGE) || size > TRANSPORT_FRAME_MAX)
		return SP_BROKEN;
	stream->size = (size_t)size;
	return size == 0 ? SP_MESSAGE : SP_MORE;
}

enum sp_step sp_stream_took(struct sp_stream *stream, size_t count)
{
	if (stream->head_got == head_size(stream)) {
		stream->got += count;
		return stream->got == stream->size ? SP_MESSAGE : SP_MORE;
	}
	stream->head_got += count;
	if (stream->head_got < head_size(stream))
		return SP_MORE;
	return stream->greeted ? head_came(stream) : greeting_came(stream);
}

enum sp_step sp_stream_parts(const struct sp_stream *stream, struct bytes *out_header, struct bytes *out_body)
{
	for (size_t at = 0; at < SP_HEADER_MAX; at += WORD_SIZE) {
		if (stream->size - at < WORD_SIZE)
			return SP_BROKEN;
		if ((stream->body[at] & 0x80) != 0) {
			*out_header = (struct bytes){ stream->body, at + WORD_SIZE };
			*out_body = (struct bytes){ stream->body + at + WORD_SIZE, stream->size - at - WORD_SIZE };
			return SP_MESSAGE;
		}
	}
	return SP_MORE;
}

size_t sp_head(bool local, size_t size, uint8_t out_head[static SP_HEAD_MAX])
{
	out_head[0] = LOCAL_MESSAGE;
	for (size_t i = 0; i < LENGTH_SIZE; i++)
		out_head[(size_t)local + i] = (uint8_t)((uint64_t)size >> (8 * (LENGTH_SIZE - 1 - i)));
	return LENGTH_SIZE + (size_t)local;
}

uint32_t sp_next_number(uint32_t number)
{
	return (number + 1) | NUMBER_BIT;
}

static void put_number(uint32_t number, uint8_t out[static SP_NUMBER_SIZE])
{
	for (size_t i = 0; i < SP_NUMBER_SIZE; i++)
		out[i] = (uint8_t)(number >> (8 * (SP_NUMBER_SIZE - 1 - i)));
}

size_t sp_request_head(bool local, uint32_t number, size_t size, uint8_t out_head[static SP_HEAD_MAX + SP_NUMBER_SIZE])
{
	size_t before = sp_head(local, SP_NUMBER_SIZE + size, out_head);

	put_number(number, out_head + before);
	return before + SP_NUMBER_SIZE;
}

bool sp_stream_reply(const struct sp_stream *stream, uint32_t number, struct bytes *out_reply)
{
	uint8_t expected[SP_NUMBER_SIZE];
	struct bytes header;

	put_number(number, expected);
	return sp_stream_parts(stream, &header, out_reply) == SP_MESSAGE &&
	       bytes_equal(header, (struct bytes){ expected, sizeof(expected) });
}
