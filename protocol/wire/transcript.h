/* The bytes that are hashed, signed or authenticated together: a domain prefix, then parts in a fixed order. Never sent. */
#ifndef TRUCKROLL_WIRE_TRANSCRIPT_H
#define TRUCKROLL_WIRE_TRANSCRIPT_H

#include "protocol/base/id.h"
#include "protocol/base/text.h"
#include "protocol/wire/chain.h"

#define TRANSCRIPT_SIZE_MAX 1024

/* Bounded by construction: every caller adds parts of known or capped size; more than fits ends the process. */
struct transcript {
	size_t size;
	uint8_t bytes[TRANSCRIPT_SIZE_MAX];
};

/* Empties the transcript and begins it with `domain` and one NUL, so that no two purposes share a first byte run. */
void transcript_init(struct transcript *transcript, const char *domain);
void transcript_add(struct transcript *transcript, const void *data, size_t size);
void transcript_add_id(struct transcript *transcript, const struct id *id);
/* A varint length of at most 127, then the bytes; a longer text ends the process: callers cap first. */
void transcript_add_text(struct transcript *transcript, struct text text);

/* Borrowed from the transcript. */
struct bytes transcript_bytes(const struct transcript *transcript);
/* Unkeyed BLAKE2b-256 over it. */
struct hash transcript_hash(const struct transcript *transcript);

/* BLAKE2b with `size` (16 to 64) bytes of output; `key` may be empty. Never fails on such sizes. */
void blake2b(struct bytes key, struct bytes message, uint8_t *out_digest, size_t size);

#endif
