/* The canonical form of a record: kind ‖ id ‖ every field that is not its default, in tag order. Everything that is hashed,
 * signed or compared across machines is this form (docs/protocol.md, "Canonical forms"). Permanent. */
#ifndef TRUCKROLL_WIRE_RECORD_CODEC_H
#define TRUCKROLL_WIRE_RECORD_CODEC_H

#include "protocol/base/buffer.h"
#include "protocol/domain/schema.h"

/* Longest canonical record accepted, in bytes. */
#define RECORD_SIZE_MAX ((size_t)60 * 1024)

/* kind varint ‖ id (16 raw bytes) ‖ { tag varint ‖ length varint ‖ value }*. Values: ID 16 bytes; TEXT its bytes; INTEGER and TIME
 * zigzag varint; CHOICE varint; BOOLEAN one byte 1. The field with tag 1 (the id) is not repeated. What the row keeps of fields not
 * known here stands in its place among them. */
void record_encode(struct writer *writer, const struct schema *schema, const void *row);

/* Decodes all of `bytes`; texts are borrowed from it, the row is in `arena`. STATUS_CORRUPT for anything that record_encode() would
 * not have written (tags out of order, defaults written out, trailing bytes, bad UTF-8); STATUS_NEWER for an unknown kind. Fields of
 * unknown tags are kept where the row has room for them (row_extra()), else they are STATUS_NEWER as well. */
enum status record_decode(struct arena *arena, struct bytes bytes, const struct schema **out_schema, void **out_row);

/* The form with another id, and only of the fields in `mask` (bit `tag`): what operations are made of. */
void record_encode_as(struct writer *writer, const struct schema *schema, const struct id *id, const void *row, uint64_t mask);

/* record_decode() of a part of an operation, whose kind is known beforehand: another one is STATUS_CORRUPT. Nothing of an operation may be
 * passed over: an unknown tag is STATUS_NEWER. */
enum status record_decode_as(struct arena *arena, struct bytes bytes, const struct schema *schema, void **out_row);

/* The value of one field that is not its default, as in the form: without tag and length. */
void record_write_value(struct writer *writer, const struct field *field, const void *row);
/* All of `value`, into the row; a text is borrowed. STATUS_CORRUPT. */
enum status record_read_value(const struct schema *schema, const struct field *field, struct bytes value, void *row);

/* Puts what the row kept of fields that are known here by now into them; the rest stays kept. In `arena`. STATUS_CORRUPT. */
enum status record_adopt(struct arena *arena, const struct schema *schema, void *row);

#define ROW_HASH_SIZE 16

/* 128 bits, as two halves; sums are modulo 2^128. */
struct row_hash {
	uint64_t low;
	uint64_t high;
};

/* Row count and sum of row hashes of a scope. */
struct digest {
	int64_t count;
	struct row_hash sum;
};

/* Both halves little-endian, the lower one first: as hashed, stored and sent. */
struct row_hash row_hash_from_bytes(const uint8_t bytes[static ROW_HASH_SIZE]);
void row_hash_to_bytes(struct row_hash hash, uint8_t out_bytes[static ROW_HASH_SIZE]);

/* SipHash-2-4-128 under the published constant key over the canonical form. */
struct row_hash row_hash(const struct schema *schema, const void *row);

void digest_add(struct digest *digest, struct row_hash hash);
void digest_remove(struct digest *digest, struct row_hash hash);
bool digest_equal(const struct digest *left, const struct digest *right);

#endif
