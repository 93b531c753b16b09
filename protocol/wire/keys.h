/* Keys of a party: Ed25519 to sign, X25519 to receive. Never converted into each other. */
#ifndef TRUCKROLL_WIRE_KEYS_H
#define TRUCKROLL_WIRE_KEYS_H

#include <stdbool.h>

#include "protocol/base/id.h"
#include "protocol/base/status.h"

#define SIGN_PUBLIC_SIZE 32
#define SIGN_SECRET_SIZE 64
#define BOX_PUBLIC_SIZE  32
#define BOX_SECRET_SIZE  32
#define SEAL_SIZE        48 /* that a sealed box is longer than what is in it */

struct public_keys {
	uint8_t sign[SIGN_PUBLIC_SIZE];
	uint8_t box[BOX_PUBLIC_SIZE];
};

/* Someone we can write to. */
struct party {
	struct id id;
	struct public_keys keys;
};

struct identity;

/* Who signs and opens in the name of an identity whose secrets are not at hand, or are watched while they are used. */
struct key_holder {
	void *context;
	void (*sign)(void *context, const struct identity *identity, struct bytes message, uint8_t out_signature[static 64]);
	/* As keys_open(). */
	bool (*open)(void *context, const struct identity *identity, struct bytes sealed, uint8_t *out_plain);
};
/* The usual one: the identity's own secrets. */
extern const struct key_holder key_holder_own;

/* Ourselves. Wiped with identity_wipe() by its owner; file owners keep it in locked memory. */
struct identity {
	struct id id;
	uint32_t key_number;
	struct public_keys keys;
	uint8_t sign_secret[SIGN_SECRET_SIZE];
	uint8_t box_secret[BOX_SECRET_SIZE];
	const struct key_holder *holder; /* borrowed; NULL: key_holder_own */
};

/* libsodium ready; call once first. Calling again does nothing. Ends the process when the library cannot start. */
void keys_init(void);
/* Fresh keys from libsodium's randomness; the id stays nil, the key number is 1. */
void identity_generate(struct identity *out_identity);
/* From two 32-byte seeds, otherwise as identity_generate(): tests and known-answer vectors. */
void identity_from_seeds(const uint8_t sign_seed[static 32], const uint8_t box_seed[static 32], struct identity *out_identity);
struct party identity_party(const struct identity *identity);
void identity_wipe(struct identity *identity);

/* Ed25519 over all of `message`. */
void keys_sign(const struct identity *identity, struct bytes message, uint8_t out_signature[static 64]);
/* Opens a sealed box: SEAL_SIZE bytes fewer than `sealed` go to `out_plain`. False: it is not for this identity, or is damaged. */
bool keys_open(const struct identity *identity, struct bytes sealed, uint8_t *out_plain);
/* STATUS_CORRUPT when the signature does not fit. */
enum status keys_verify(const uint8_t sign_public[static SIGN_PUBLIC_SIZE], struct bytes message, const uint8_t signature[static 64]);
/* STATUS_CORRUPT for a receiving key that anyone could open (a point of small order). For keys from outside, before they are kept. */
enum status keys_check_box(const uint8_t box_public[static BOX_PUBLIC_SIZE]);

#endif
