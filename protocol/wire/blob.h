/* Files by their content: the id of a blob is the BLAKE2b-256 of its length and of the hash of each 64 KiB chunk, so that every
 * chunk can be checked when it comes. */
#ifndef TRUCKROLL_WIRE_BLOB_H
#define TRUCKROLL_WIRE_BLOB_H

#include <stdint.h>

#include "protocol/base/text.h"

#define BLOB_CHUNK_SIZE ((size_t)64 * 1024)
#define BLOB_HASH_SIZE  32

/* As 64 lower-case digits and a NUL. The length counts as 8 bytes, little-endian. */
struct blob_text {
	char characters[2 * BLOB_HASH_SIZE + 1];
};

struct blob_text blob_id(struct bytes bytes);

#endif
