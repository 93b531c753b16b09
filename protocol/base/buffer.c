#include "protocol/base/buffer.h"

#include <string.h>

struct writer writer_in(struct arena *arena, size_t size_max)
{
	return (struct writer){ .arena = arena, .size_max = size_max };
}

static bool writer_reserve(struct writer *writer, size_t size)
{
	size_t capacity = writer->capacity == 0 ? 256 : writer->capacity;
	uint8_t *data;

	if (writer->overflow || size > writer->size_max - writer->size) {
		writer->overflow = true;
		return false;
	}
	if (writer->size + size <= writer->capacity)
		return true;
	while (capacity < writer->size + size)
		capacity *= 2;
	data = arena_allocate(writer->arena, capacity);
	if (writer->size > 0)
		memcpy(data, writer->data, writer->size);
	writer->data = data;
	writer->capacity = capacity;
	return true;
}

uint8_t *write_space(struct writer *writer, size_t size)
{
	uint8_t *space;

	if (!writer_reserve(writer, size))
		return NULL;
	space = writer->data + writer->size;
	writer->size += size;
	return space;
}

void write_raw(struct writer *writer, const void *data, size_t size)
{
	uint8_t *space = size == 0 ? NULL : write_space(writer, size);

	if (space != NULL)
		memcpy(space, data, size);
}

void write_u8(struct writer *writer, uint8_t value)
{
	write_raw(writer, &value, 1);
}

static void write_little(struct writer *writer, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	write_raw(writer, bytes, size);
}

void write_u32(struct writer *writer, uint32_t value)
{
	write_little(writer, value, 4);
}

void write_u64(struct writer *writer, uint64_t value)
{
	write_little(writer, value, 8);
}

void write_varint(struct writer *writer, uint64_t value)
{
	uint8_t bytes[10];
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[size++] = (uint8_t)(value | 0x80);
	bytes[size++] = (uint8_t)value;
	write_raw(writer, bytes, size);
}

void write_signed(struct writer *writer, int64_t value)
{
	write_varint(writer, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

void write_bytes(struct writer *writer, struct bytes bytes)
{
	write_varint(writer, bytes.size);
	write_raw(writer, bytes.data, bytes.size);
}

struct bytes writer_bytes(const struct writer *writer)
{
	return (struct bytes){ .data = writer->data, .size = writer->size };
}

struct reader reader_of(struct bytes bytes)
{
	return (struct reader){ .data = bytes.data, .size = bytes.size };
}

size_t reader_left(const struct reader *reader)
{
	return reader->size - reader->position;
}

struct bytes read_view(struct reader *reader, size_t size)
{
	struct bytes view = { 0 };

	if (reader->bad || size > reader_left(reader)) {
		reader->bad = true;
		return view;
	}
	view = (struct bytes){ .data = reader->data + reader->position, .size = size };
	reader->position += size;
	return view;
}

void read_raw(struct reader *reader, void *out, size_t size)
{
	struct bytes view = read_view(reader, size);

	if (view.size == size && size > 0)
		memcpy(out, view.data, size);
	else
		memset(out, 0, size);
}

uint8_t read_u8(struct reader *reader)
{
	uint8_t value;

	read_raw(reader, &value, 1);
	return value;
}

static uint64_t read_little(struct reader *reader, size_t size)
{
	uint8_t bytes[8] = { 0 };
	uint64_t value = 0;

	read_raw(reader, bytes, size);
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint32_t read_u32(struct reader *reader)
{
	return (uint32_t)read_little(reader, 4);
}

uint64_t read_u64(struct reader *reader)
{
	return read_little(reader, 8);
}

uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = read_u8(reader);
		if (reader->bad)
			return 0;
		if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
			break; /* beyond 64 bits, or not the shortest form */
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	reader->bad = true;
	return 0;
}

uint64_t read_varint_max(struct reader *reader, uint64_t max)
{
	uint64_t value = read_varint(reader);

	if (value <= max)
		return value;
	reader->bad = true;
	return 0;
}

int64_t read_signed(struct reader *reader)
{
	uint64_t value = read_varint(reader);

	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

struct bytes read_bytes(struct reader *reader, size_t size_max)
{
	return read_view(reader, (size_t)read_varint_max(reader, size_max));
}

enum status reader_end(const struct reader *reader, const char *what)
{
	if (reader->bad)
		return fail(STATUS_CORRUPT, "%s: malformed or cut at byte %zu of %zu", what, reader->position, reader->size);
	if (reader_left(reader) != 0)
		return fail(STATUS_CORRUPT, "%s: %zu bytes too many at its end", what, reader_left(reader));
	return STATUS_OK;
}
