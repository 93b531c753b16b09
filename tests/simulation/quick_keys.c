/* Stand-ins for libsodium's public-key functions, of the same sizes, which take the place of the library's where this file is linked: more
 * than a third of a run would be elliptic curves. They keep nothing secret and prove nothing about an attacker; a flipped bit, another
 * device's key, and a message of another session are found as ever. simulate_real_keys runs without them. */
#include <sodium.h>
#include <string.h>

/* 32 bytes that follow from two, of 32 bytes each, and a purpose. */
static void mix(unsigned char out[static 32], const unsigned char *left, const unsigned char *right, unsigned char purpose)
{
	unsigned char bytes[65];

	memcpy(bytes, left, 32);
	memcpy(bytes + 32, right, 32);
	bytes[64] = purpose;
	(void)crypto_generichash(out, 32, bytes, sizeof(bytes), NULL, 0);
}

/* ---- signatures: a hash under the public key ---- */

static void sign_as(unsigned char signature[static 64], const unsigned char *message, unsigned long long size,
	const unsigned char public_key[static 32])
{
	(void)crypto_generichash(signature, 64, message, size, public_key, 32);
}

int crypto_sign_detached(unsigned char *signature, unsigned long long *out_size, const unsigned char *message, unsigned long long size,
	const unsigned char *secret_key)
{
	sign_as(signature, message, size, secret_key + 32); /* where libsodium keeps the public one */
	if (out_size != NULL)
		*out_size = 64;
	return 0;
}

int crypto_sign_verify_detached(
	const unsigned char *signature, const unsigned char *message, unsigned long long size, const unsigned char *public_key)
{
	unsigned char expected[64];

	sign_as(expected, message, size, public_key);
	return memcmp(expected, signature, sizeof(expected)) == 0 ? 0 : -1;
}

/* ---- sealed boxes: 32 bytes that make the key, and a secret box ---- */

static const unsigned char nonce[crypto_secretbox_NONCEBYTES];

int crypto_box_seal(unsigned char *sealed, const unsigned char *message, unsigned long long size, const unsigned char *public_key)
{
	unsigned char key[crypto_secretbox_KEYBYTES];

	randombytes_buf(sealed, 32);
	mix(key, sealed, public_key, 's');
	return crypto_secretbox_easy(sealed + 32, message, size, nonce, key);
}

int crypto_box_seal_open(unsigned char *message, const unsigned char *sealed, unsigned long long size, const unsigned char *public_key,
	const unsigned char *secret_key)
{
	unsigned char key[crypto_secretbox_KEYBYTES];

	(void)secret_key;
	if (size < crypto_box_SEALBYTES)
		return -1;
	mix(key, sealed, public_key, 's');
	return crypto_secretbox_open_easy(message, sealed + 32, size - 32, nonce, key);
}

/* ---- session keys: both follow from the two public keys ---- */

int crypto_kx_keypair(unsigned char public_key[crypto_kx_PUBLICKEYBYTES], unsigned char secret_key[crypto_kx_SECRETKEYBYTES])
{
	randombytes_buf(secret_key, crypto_kx_SECRETKEYBYTES);
	mix(public_key, secret_key, secret_key, 'k');
	return 0;
}

/* What the client sends with and what it receives with. */
static void session_keys(unsigned char *sending, unsigned char *receiving, const unsigned char *client, const unsigned char *server)
{
	mix(sending, client, server, 'c');
	mix(receiving, client, server, 'r');
}

int crypto_kx_client_session_keys(unsigned char receive_key[crypto_kx_SESSIONKEYBYTES],
	unsigned char send_key[crypto_kx_SESSIONKEYBYTES],
	const unsigned char client_public[crypto_kx_PUBLICKEYBYTES], const unsigned char client_secret[crypto_kx_SECRETKEYBYTES],
	const unsigned char server_public[crypto_kx_PUBLICKEYBYTES])
{
	(void)client_secret;
	session_keys(send_key, receive_key, client_public, server_public);
	return 0;
}

int crypto_kx_server_session_keys(unsigned char receive_key[crypto_kx_SESSIONKEYBYTES],
	unsigned char send_key[crypto_kx_SESSIONKEYBYTES],
	const unsigned char server_public[crypto_kx_PUBLICKEYBYTES], const unsigned char server_secret[crypto_kx_SECRETKEYBYTES],
	const unsigned char client_public[crypto_kx_PUBLICKEYBYTES])
{
	(void)server_secret;
	session_keys(receive_key, send_key, client_public, server_public);
	return 0;
}
