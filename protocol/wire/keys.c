#include "protocol/wire/keys.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static_assert(SIGN_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
static_assert(SIGN_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519 secret key");
static_assert(BOX_PUBLIC_SIZE == crypto_box_PUBLICKEYBYTES, "X25519 public key");
static_assert(BOX_SECRET_SIZE == crypto_box_SECRETKEYBYTES, "X25519 secret key");
static_assert(crypto_sign_BYTES == 64, "Ed25519 signature");
static_assert(SEAL_SIZE == crypto_box_SEALBYTES, "a sealed box");

/* A library that cannot make keys leaves nothing to fall back to. */
static void insist(int failed, const char *what)
{
	if (failed == 0)
		return;
	fprintf(stderr, "%s: the cryptographic library refused; stopping rather than going on without it\n", what);
	abort();
}

void keys_init(void)
{
	insist(sodium_init() < 0, "sodium_init");
}

void identity_generate(struct identity *out_identity)
{
	*out_identity = (struct identity){ .key_number = 1 };
	insist(crypto_sign_keypair(out_identity->keys.sign, out_identity->sign_secret), "crypto_sign_keypair");
	insist(crypto_box_keypair(out_identity->keys.box, out_identity->box_secret), "crypto_box_keypair");
}

void identity_from_seeds(const uint8_t sign_seed[static 32], const uint8_t box_seed[static 32], struct identity *out_identity)
{
	*out_identity = (struct identity){ .key_number = 1 };
	insist(crypto_sign_seed_keypair(out_identity->keys.sign, out_identity->sign_secret, sign_seed), "crypto_sign_seed_keypair");
	insist(crypto_box_seed_keypair(out_identity->keys.box, out_identity->box_secret, box_seed), "crypto_box_seed_keypair");
}

struct party identity_party(const struct identity *identity)
{
	return (struct party){ .id = identity->id, .keys = identity->keys };
}

void identity_wipe(struct identity *identity)
{
	sodium_memzero(identity, sizeof(*identity));
}

static void sign_by_secret(void *context, const struct identity *identity, struct bytes message, uint8_t out_signature[static 64])
{
	(void)context;
	insist(crypto_sign_detached(out_signature, NULL, message.data, message.size, identity->sign_secret), "crypto_sign_detached");
}

static bool open_by_secret(void *context, const struct identity *identity, struct bytes sealed, uint8_t *out_plain)
{
	(void)context;
	return crypto_box_seal_open(out_plain, sealed.data, sealed.size, identity->keys.box, identity->box_secret) == 0;
}

const struct key_holder key_holder_own = { .sign = sign_by_secret, .open = open_by_secret };

static const struct key_holder *holder_of(const struct identity *identity)
{
	return identity->holder == NULL ? &key_holder_own : identity->holder;
}

void keys_sign(const struct identity *identity, struct bytes message, uint8_t out_signature[static 64])
{
	const struct key_holder *holder = holder_of(identity);

	holder->sign(holder->context, identity, message, out_signature);
}

bool keys_open(const struct identity *identity, struct bytes sealed, uint8_t *out_plain)
{
	const struct key_holder *holder = holder_of(identity);

	return holder->open(holder->context, identity, sealed, out_plain);
}

enum status keys_verify(const uint8_t sign_public[static SIGN_PUBLIC_SIZE], struct bytes message, const uint8_t signature[static 64])
{
	if (crypto_sign_verify_detached(signature, message.data, message.size, sign_public) != 0)
		return fail(STATUS_CORRUPT, "signature: it does not fit the message and the signer's key");
	return STATUS_OK;
}

enum status keys_check_box(const uint8_t box_public[static BOX_PUBLIC_SIZE])
{
	static const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = { 1 };
	uint8_t shared[crypto_scalarmult_BYTES];

	if (crypto_scalarmult(shared, scalar, box_public) != 0)
		return fail(STATUS_CORRUPT, "receiving key: a point of small order, which would keep nothing secret");
	return STATUS_OK;
}
