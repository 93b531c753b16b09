#include "server/server_keys.h"

#include <sodium.h>
#include <string.h>

#include "shell/config.h"
#include "shell/file.h"

#define KEYS_FILE "server.keys"
#define ROOT_FILE "root.key"

static const struct setting keys_settings[] = {
	{ .key = "organisation" },
	{ .key = "server" },
	{ .key = "root" },
	{ .key = "sign_public" },
	{ .key = "box_public" },
	{ .key = "certificate" },
	{ .key = "sign_secret" },
	{ .key = "box_secret" },
	{ 0 },
};

static const struct setting root_settings[] = {
	{ .key = "secret" },
	{ .key = "salt" },
	{ .key = "nonce" },
	{ .key = "box" },
	{ 0 },
};

static struct text to_hex(struct arena *arena, const void *bytes, size_t size)
{
	char *text = arena_allocate(arena, 2 * size + 1);

	sodium_bin2hex(text, 2 * size + 1, bytes, size);
	return (struct text){ text, 2 * size };
}

/* A key file that is no text, has a line that is none of ours or is something else than a file was not mistyped by anybody. */
static enum status load_file(struct arena *arena, const char *path, const struct setting *settings, struct config *out_config)
{
	enum status status = config_load(arena, path, settings, out_config);

	if (status == STATUS_INVALID)
		return fail(STATUS_CORRUPT, "%s; this file of keys is damaged: restore it from a copy",
			arena_print(arena, "%s", fail_reason()).data);
	return status;
}

static enum status from_hex(const struct config *config, const char *file, const char *key, void *out, size_t size)
{
	struct text text = config_text(config, key);
	size_t length = 0;

	if (sodium_hex2bin(out, size, text.data, text.size, NULL, &length, NULL) == 0 && length == size && text.size == 2 * size)
		return STATUS_OK;
	return fail(STATUS_CORRUPT, "%s: \"%s\" is not %zu bytes in hexadecimal; restore the file from a copy", file, key, size);
}

static enum status write_keys(struct arena *arena, struct text dir, const struct server_keys *keys, const struct identity *identity)
{
	struct text content = arena_print(arena,
		"# The server's secret keys. Whoever has this file can speak as the server.\n"
		"organisation = %s\nserver = %s\nroot = %s\nsign_public = %s\nbox_public = %s\ncertificate = %s\nsign_secret = "
		"%s\nbox_secret = %s\n",
		id_to_text(&keys->organisation).characters, id_to_text(&keys->server_id).characters,
		to_hex(arena, keys->root, sizeof(keys->root)).data, to_hex(arena, keys->keys.sign, SIGN_PUBLIC_SIZE).data,
		to_hex(arena, keys->keys.box, BOX_PUBLIC_SIZE).data, to_hex(arena, keys->certificate, sizeof(keys->certificate)).data,
		to_hex(arena, identity->sign_secret, SIGN_SECRET_SIZE).data, to_hex(arena, identity->box_secret, BOX_SECRET_SIZE).data);

	return file_write(
		path_join(arena, dir, text_of(KEYS_FILE)).data, (struct bytes){ (const uint8_t *)content.data, content.size }, 0600);
}

/* The root's secret, sealed when there is a passphrase. */
static enum status write_root(struct arena *arena, struct text dir, const struct identity *root, struct text passphrase, bool quick)
{
	unsigned char salt[crypto_pwhash_SALTBYTES], nonce[crypto_secretbox_NONCEBYTES], key[crypto_secretbox_KEYBYTES];
	unsigned char box[SIGN_SECRET_SIZE + crypto_secretbox_MACBYTES];
	struct text content;

	if (passphrase.size == 0) {
		content = arena_print(arena, "# The organisation's root key, not sealed. Keep a copy elsewhere.\nsecret = %s\n",
			to_hex(arena, root->sign_secret, SIGN_SECRET_SIZE).data);
	} else {
		randombytes_buf(salt, sizeof(salt));
		randombytes_buf(nonce, sizeof(nonce));
		if (crypto_pwhash(key, sizeof(key), passphrase.data, passphrase.size, salt,
			    quick ? crypto_pwhash_OPSLIMIT_MIN : crypto_pwhash_OPSLIMIT_MODERATE,
			    quick ? crypto_pwhash_MEMLIMIT_MIN : crypto_pwhash_MEMLIMIT_MODERATE, crypto_pwhash_ALG_ARGON2ID13) != 0)
			return fail(STATUS_CANNOT_WRITE, "the root key cannot be sealed: not enough memory for its passphrase (256 MiB)");
		(void)crypto_secretbox_easy(box, root->sign_secret, SIGN_SECRET_SIZE, nonce, key);
		sodium_memzero(key, sizeof(key));
		content = arena_print(arena,
			"# The organisation's root key, sealed under its passphrase. Keep a copy elsewhere.\nsalt = %s\nnonce = %s\nbox = "
			"%s\n",
			to_hex(arena, salt, sizeof(salt)).data, to_hex(arena, nonce, sizeof(nonce)).data,
			to_hex(arena, box, sizeof(box)).data);
	}
	return file_write(
		path_join(arena, dir, text_of(ROOT_FILE)).data, (struct bytes){ (const uint8_t *)content.data, content.size }, 0600);
}

enum status server_keys_make(struct arena *arena, struct text dir, const struct id *organisation, struct text passphrase, bool quick)
{
	struct identity root, own;
	struct server_keys keys = { .organisation = *organisation };
	enum status status;

	identity_generate(&root);
	identity_generate(&own);
	randombytes_buf(&keys.server_id, sizeof(keys.server_id));
	memcpy(keys.root, root.keys.sign, sizeof(keys.root));
	keys.keys = own.keys;
	server_keys_certify(root.sign_secret, &keys);
	status = write_root(arena, dir, &root, passphrase, quick);
	if (status == STATUS_OK)
		status = write_keys(arena, dir, &keys, &own);
	identity_wipe(&root);
	identity_wipe(&own);
	return status;
}

static enum status read_keys(const struct config *config, struct server_keys *keys, struct identity *identity)
{
	const struct {
		const char *key;
		void *out;
		size_t size;
	} parts[] = {
		{ "root", keys->root, sizeof(keys->root) },
		{ "sign_public", keys->keys.sign, SIGN_PUBLIC_SIZE },
		{ "box_public", keys->keys.box, BOX_PUBLIC_SIZE },
		{ "certificate", keys->certificate, sizeof(keys->certificate) },
		{ "sign_secret", identity->sign_secret, SIGN_SECRET_SIZE },
		{ "box_secret", identity->box_secret, BOX_SECRET_SIZE },
		{ "organisation", &keys->organisation, ID_SIZE },
		{ "server", &keys->server_id, ID_SIZE },
	};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < LENGTH(parts) && status == STATUS_OK; i++)
		status = from_hex(config, KEYS_FILE, parts[i].key, parts[i].out, parts[i].size);
	return status;
}

static bool sign_halves_fit(const uint8_t secret[static SIGN_SECRET_SIZE], const uint8_t public_key[static SIGN_PUBLIC_SIZE])
{
	uint8_t sign[SIGN_PUBLIC_SIZE], whole[SIGN_SECRET_SIZE];
	bool fits = crypto_sign_seed_keypair(sign, whole, secret) == 0 && sodium_memcmp(whole, secret, sizeof(whole)) == 0 &&
		    sodium_memcmp(sign, public_key, sizeof(sign)) == 0;

	sodium_memzero(whole, sizeof(whole));
	return fits;
}

/* With halves of two keys it would serve, and no device would ever understand it. */
static enum status check_halves(const struct server_keys *keys, const struct identity *identity)
{
	uint8_t box[BOX_PUBLIC_SIZE];

	if (sign_halves_fit(identity->sign_secret, keys->keys.sign) && crypto_scalarmult_base(box, identity->box_secret) == 0 &&
		sodium_memcmp(box, keys->keys.box, sizeof(box)) == 0)
		return STATUS_OK;
	return fail(STATUS_CORRUPT, KEYS_FILE ": its keys do not belong together; restore the file from a copy");
}

static enum status check_plain_root(const struct config *config, const struct server_keys *keys)
{
	uint8_t secret[SIGN_SECRET_SIZE];
	enum status status = from_hex(config, ROOT_FILE, "secret", secret, sizeof(secret));

	if (status == STATUS_OK && !sign_halves_fit(secret, keys->root))
		status = fail(STATUS_CORRUPT, ROOT_FILE " is not the key of this organisation; restore the file from a copy");
	sodium_memzero(secret, sizeof(secret));
	return status;
}

/* What is sealed can only be looked at from outside. */
static enum status check_sealed_root(const struct config *config)
{
	uint8_t salt[crypto_pwhash_SALTBYTES], nonce[crypto_secretbox_NONCEBYTES], box[SIGN_SECRET_SIZE + crypto_secretbox_MACBYTES];
	enum status status = from_hex(config, ROOT_FILE, "salt", salt, sizeof(salt));

	if (status == STATUS_OK)
		status = from_hex(config, ROOT_FILE, "nonce", nonce, sizeof(nonce));
	return status == STATUS_OK ? from_hex(config, ROOT_FILE, "box", box, sizeof(box)) : status;
}

enum status server_keys_check_root(struct arena *arena, struct text dir, const struct server_keys *keys)
{
	const char *path = path_join(arena, dir, text_of(ROOT_FILE)).data;
	struct config config;
	enum status status;

	if (!file_exists(path))
		return STATUS_OK;
	status = load_file(arena, path, root_settings, &config);
	if (status != STATUS_OK)
		return status;
	return config_text(&config, "box").size > 0 ? check_sealed_root(&config) : check_plain_root(&config, keys);
}

enum status server_keys_load(struct arena *arena, struct text dir, struct server_keys *out_keys, struct identity *out_identity)
{
	struct text path = path_join(arena, dir, text_of(KEYS_FILE));
	struct server_keys keys = { 0 };
	struct identity identity = { .key_number = 1 };
	struct config config;
	enum status status;

	if (!file_exists(path.data))
		return fail(
			STATUS_NOT_FOUND, "%.*s: there is no organisation here; make one with \"truckrolld init\"", TEXT_ARGUMENTS(dir));
	status = load_file(arena, path.data, keys_settings, &config);
	if (status == STATUS_OK)
		status = read_keys(&config, &keys, &identity);
	if (status == STATUS_OK)
		status = server_keys_verify(&keys);
	if (status == STATUS_OK)
		status = check_halves(&keys, &identity);
	if (status != STATUS_OK)
		return status;
	identity.id = keys.server_id;
	identity.keys = keys.keys;
	*out_keys = keys;
	*out_identity = identity;
	sodium_memzero(&identity, sizeof(identity));
	return STATUS_OK;
}
