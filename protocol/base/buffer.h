/* Bounded writing and reading of bytes. Both ends keep a sticky error, so that a whole message is written or read first
 * and checked once. Integers are little-endian; varints are LEB128 (at most 10 bytes, shortest form only). */
#ifndef TRUCKROLL_BASE_BUFFER_H
#define TRUCKROLL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* Grows in its arena up to `size_max`; writing beyond sets `overflow` and writes nothing more. */
struct writer {
	struct arena *arena;
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t size_max;
	bool overflow;
};

/* The bytes live in `arena`. */
struct writer writer_in(struct arena *arena, size_t size_max);
void write_u8(struct writer *writer, uint8_t value);
void write_u32(struct writer *writer, uint32_t value);
void write_u64(struct writer *writer, uint64_t value);
void write_varint(struct writer *writer, uint64_t value);
void write_signed(struct writer *writer, int64_t value); /* zigzag, then varint */
void write_raw(struct writer *writer, const void *data, size_t size);
void write_bytes(struct writer *writer, struct bytes bytes); /* varint length, then the bytes */
/* Room for `size` bytes that the caller fills in later; NULL after an overflow. Valid until the next write. */
uint8_t *write_space(struct writer *writer, size_t size);
/* What was written so far; borrowed from the arena. */
struct bytes writer_bytes(const struct writer *writer);

/* Reads what the caller keeps alive; a read beyond the end or a malformed value sets `bad` and gives zeros. */
struct reader {
	const uint8_t *data;
	size_t size;
	size_t position;
	bool bad;
};

/* Reading from the start of borrowed bytes. */
struct reader reader_of(struct bytes bytes);
uint8_t read_u8(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
uint64_t read_varint(struct reader *reader);
int64_t read_signed(struct reader *reader);
/* A varint that must not exceed `max`. */
uint64_t read_varint_max(struct reader *reader, uint64_t max);
/* Copies `size` bytes to `out`, zeros when they are not there. */
void read_raw(struct reader *reader, void *out, size_t size);
/* A view of the next `size` bytes. */
struct bytes read_view(struct reader *reader, size_t size);
/* A view behind a varint length of at most `size_max`. */
struct bytes read_bytes(struct reader *reader, size_t size_max);
size_t reader_left(const struct reader *reader);
/* STATUS_CORRUPT naming `what` when something was malformed or bytes are left over. */
enum status reader_end(const struct reader *reader, const char *what);

#endif
