#include "server/backup_manifest.h"

#include <sodium.h>
#include <string.h>

#include "shell/config.h"

#define FORM           1
#define SIGNATURE_SIZE 64

static const char domain[] = "truckroll/backup/v1"; /* its NUL is signed, too */
static const char before_signature[] = "signature = ";

static const struct setting settings[] = {
	{ .key = "form", .integer = true, .min = 1, .max = INT64_MAX },
	{ .key = "organisation" },
	{ .key = "server" },
	{ .key = "root" },
	{ .key = "sign_public" },
	{ .key = "box_public" },
	{ .key = "certificate" },
	{ .key = "epoch" },
	{ .key = "commit", .integer = true, .min = 0, .max = INT64_MAX },
	{ .key = "made_at_ms", .integer = true, .min = 1, .max = INT64_MAX },
	{ .key = "database_size", .integer = true, .min = 1, .max = INT64_MAX },
	{ .key = "database_hash" },
	{ .key = "file_count", .integer = true, .min = 0, .max = INT64_MAX },
	{ .key = "file_bytes", .integer = true, .min = 0, .max = INT64_MAX },
	{ .key = "files_hash" },
	{ .key = "signature" },
	{ 0 },
};

/* What stands in hexadecimal. */
struct part {
	const char *key;
	void *bytes;
	size_t size;
};

#define PART_COUNT 9

static void parts_of(struct backup_manifest *manifest, struct part out_parts[static PART_COUNT])
{
	const struct part parts[PART_COUNT] = {
		{ "organisation", &manifest->keys.organisation, ID_SIZE },
		{ "server", &manifest->keys.server_id, ID_SIZE },
		{ "root", manifest->keys.root, SIGN_PUBLIC_SIZE },
		{ "sign_public", manifest->keys.keys.sign, SIGN_PUBLIC_SIZE },
		{ "box_public", manifest->keys.keys.box, BOX_PUBLIC_SIZE },
		{ "certificate", manifest->keys.certificate, sizeof(manifest->keys.certificate) },
		{ "epoch", &manifest->epoch, ID_SIZE },
		{ "database_hash", manifest->database_hash.bytes, HASH_SIZE },
		{ "files_hash", manifest->files_hash.bytes, HASH_SIZE },
	};

	memcpy(out_parts, parts, sizeof(parts));
}

static const char *to_hex(struct arena *arena, const void *bytes, size_t size)
{
	char *text = arena_allocate(arena, 2 * size + 1);

	return sodium_bin2hex(text, 2 * size + 1, bytes, size);
}

static struct bytes statement_of(struct arena *arena, struct text body)
{
	uint8_t *statement = arena_allocate(arena, sizeof(domain) + body.size);

	memcpy(statement, domain, sizeof(domain));
	memcpy(statement + sizeof(domain), body.data, body.size);
	return (struct bytes){ statement, sizeof(domain) + body.size };
}

struct text backup_manifest_print(struct arena *arena, const struct backup_manifest *manifest, const struct identity *identity)
{
	struct backup_manifest copy = *manifest;
	struct part parts[PART_COUNT];
	uint8_t signature[SIGNATURE_SIZE];
	struct text body = arena_print(arena,
		"# A backup of an organisation; \"truckrolld restore\" puts it back. No line of it may change.\n"
		"form = %d\ncommit = %lld\nmade_at_ms = %lld\ndatabase_size = %lld\nfile_count = %lld\nfile_bytes = %lld\n",
		FORM, (long long)manifest->gseq, (long long)manifest->made_at_ms, (long long)manifest->database_size,
		(long long)manifest->file_count, (long long)manifest->file_bytes);

	parts_of(&copy, parts);
	for (size_t i = 0; i < PART_COUNT; i++)
		body = arena_print(arena, "%.*s%s = %s\n", TEXT_ARGUMENTS(body), parts[i].key,
			to_hex(arena, parts[i].bytes, parts[i].size));
	keys_sign(identity, statement_of(arena, body), signature);
	return arena_print(
		arena, "%.*s%s%s\n", TEXT_ARGUMENTS(body), before_signature, to_hex(arena, signature, sizeof(signature)));
}

/* Lower-case digits only: there is one way to write a manifest. */
static enum status from_hex(const struct config *config, const char *name, const struct part *part)
{
	struct text text = config_text(config, part->key);
	size_t length = 0;

	if (text.size == 2 * part->size && strspn(text.data, "0123456789abcdef") == text.size &&
		sodium_hex2bin(part->bytes, part->size, text.data, text.size, NULL, &length, NULL) == 0 && length == part->size)
		return STATUS_OK;
	return fail(STATUS_CORRUPT, "%s: \"%s\" is not %zu bytes in hexadecimal: this is not a backup, or it is damaged", name, part->key,
		part->size);
}

/* What is before the line of the signature, which is the last one. */
static enum status signed_part(const char *name, struct text content, struct text *out_body)
{
	size_t last = sizeof(before_signature) - 1 + (size_t)2 * SIGNATURE_SIZE + 1;

	if (content.size <= last || content.data[content.size - 1] != '\n' ||
		memcmp(content.data + content.size - last, before_signature, sizeof(before_signature) - 1) != 0)
		return fail(STATUS_CORRUPT, "%s does not end with a signature: this is not a backup, or it is damaged", name);
	*out_body = (struct text){ content.data, content.size - last };
	return STATUS_OK;
}

static enum status read_fields(const struct config *config, const char *name, struct backup_manifest *manifest)
{
	struct part parts[PART_COUNT];
	enum status status = STATUS_OK;

	if (config_integer(config, "form") > FORM)
		return fail(STATUS_NEWER, "%s was made by a newer version of the program; upgrade this one", name);
	manifest->gseq = config_integer(config, "commit");
	manifest->made_at_ms = config_integer(config, "made_at_ms");
	manifest->database_size = config_integer(config, "database_size");
	manifest->file_count = config_integer(config, "file_count");
	manifest->file_bytes = config_integer(config, "file_bytes");
	parts_of(manifest, parts);
	for (size_t i = 0; i < PART_COUNT && status == STATUS_OK; i++)
		status = from_hex(config, name, &parts[i]);
	return status;
}

enum status backup_manifest_read(struct arena *arena, const char *name, struct text content, struct backup_manifest *out_manifest)
{
	struct backup_manifest manifest = { 0 };
	uint8_t signature[SIGNATURE_SIZE];
	const struct part signature_part = { "signature", signature, sizeof(signature) };
	struct config config;
	struct text body;
	enum status status = signed_part(name, content, &body);

	if (status != STATUS_OK)
		return status;
	status = config_read(arena, name, content, settings, &config);
	if (status == STATUS_INVALID)
		return fail(STATUS_CORRUPT, "%s; this is not a backup, or it is damaged", arena_print(arena, "%s", fail_reason()).data);
	if (status == STATUS_OK)
		status = read_fields(&config, name, &manifest);
	if (status == STATUS_OK)
		status = from_hex(&config, name, &signature_part);
	if (status != STATUS_OK)
		return status;
	if (server_keys_verify(&manifest.keys) != STATUS_OK ||
		keys_verify(manifest.keys.keys.sign, statement_of(arena, body), signature) != STATUS_OK)
		return fail(STATUS_CORRUPT, "%s: its signature does not fit: it is damaged, or somebody has changed it", name);
	*out_manifest = manifest;
	return STATUS_OK;
}

enum status backup_manifest_check_server(const struct backup_manifest *manifest, const struct server_keys *keys)
{
	const struct server_keys *made_by = &manifest->keys;

	if (id_equal(&made_by->organisation, &keys->organisation) && id_equal(&made_by->server_id, &keys->server_id) &&
		memcmp(made_by->root, keys->root, sizeof(keys->root)) == 0 &&
		memcmp(&made_by->keys, &keys->keys, sizeof(keys->keys)) == 0)
		return STATUS_OK;
	return fail(STATUS_REFUSED, "the backup is of organisation %.8s, the keys are of %.8s: they do not belong together",
		id_to_text(&made_by->organisation).characters, id_to_text(&keys->organisation).characters);
}
