/* The salted hash chain of one device incarnation, which names and orders its operations (docs/protocol-security.md, "Chain").
 * Permanent. */
#ifndef TRUCKROLL_WIRE_CHAIN_H
#define TRUCKROLL_WIRE_CHAIN_H

#include "protocol/base/id.h"

#define HASH_SIZE          32
#define WINDOW_SECRET_SIZE 32
#define WINDOW_LENGTH      256 /* operations that share one salt secret; window of seq n = n / 256 */

/* The operation before `seq` shares its secret. */
bool chain_window_goes_on(int64_t seq);

struct hash {
	uint8_t bytes[HASH_SIZE];
};

bool hash_equal(const struct hash *left, const struct hash *right);
/* The first `size` bytes are the same. */
bool hash_begins_alike(const struct hash *left, const struct hash *right, size_t size);
/* For qsort and bsearch over hashes, or over what begins with one. */
int hash_order(const void *left, const void *right);

/* h_0 = BLAKE2b-256("truckroll/genesis/v1\0" ‖ device id ‖ incarnation). Sequence numbers start at 1. */
struct hash chain_genesis(const struct id *device_id, const struct id *incarnation);

/* salt_n = BLAKE2b-256(key = window secret, "truckroll/salt/v1\0" ‖ n as 8 bytes little-endian). */
struct hash chain_salt(const uint8_t secret[static WINDOW_SECRET_SIZE], int64_t seq);

/* c_n = BLAKE2b-256(key = salt_n, canonical operation). */
struct hash chain_commitment(const struct hash *salt, struct bytes canonical);

/* h_n = BLAKE2b-256("truckroll/chain/v1\0" ‖ h_{n-1} ‖ c_n). */
struct hash chain_next(const struct hash *previous, const struct hash *commitment);

/* All three steps at once. */
struct hash chain_extend(const struct hash *previous, const uint8_t secret[static WINDOW_SECRET_SIZE], int64_t seq, struct bytes canonical);

/* First 128 bits of h_n. */
struct id chain_operation_id(const struct hash *head);

/* First 128 bits of BLAKE2b-256("truckroll/derived/v1\0" ‖ id ‖ k as 4 bytes little-endian). */
struct id id_derive(const struct id *id, uint32_t k);

/* First 128 bits of BLAKE2b-256("truckroll/pair/v1\0" ‖ left ‖ right). */
struct id id_pair(const struct id *left, const struct id *right);

/* BLAKE2b-128(varint length ‖ source ‖ varint length ‖ source id): the id of an imported record. */
struct id id_imported(struct text source, struct text source_id);

#endif
