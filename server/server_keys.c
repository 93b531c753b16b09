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

static struct text to_hex(struct arena *arena, const void *bytes, size_t size)
{
	char *text = arena_allocate(arena, 2 * size + 1);

	sodium_bin2hex(text, 2 * size + 1, bytes, size);
	return (struct text){ text, 2 * size };
}

static enum status from_hex(const struct config *config, const char *key, void *out, size_t size)
{
	struct text text = config_text(config, key);
	size_t length = 0;

	if (sodium_hex2bin(out, size, text.data, text.size, NULL, &length, NULL) == 0 && length == size && text.size == 2 * size)
		return STATUS_OK;
	return fail(STATUS_CORRUPT, KEYS_FILE ": \"%s\" is not %zu bytes in hexadecimal; restore the file from a copy", key, size);
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
		status = from_hex(config, parts[i].key, parts[i].out, parts[i].size);
	return status;
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
	status = config_load(arena, path.data, keys_settings, &config);
	if (status == STATUS_OK)
		status = read_keys(&config, &keys, &identity);
	if (status == STATUS_OK)
		status = server_keys_verify(&keys);
	if (status != STATUS_OK)
		return status;
	identity.id = keys.server_id;
	identity.keys = keys.keys;
	*out_keys = keys;
	*out_identity = identity;
	sodium_memzero(&identity, sizeof(identity));
	return STATUS_OK;
}
