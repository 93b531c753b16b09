#include "device_agent/keystore.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/buffer.h"
#include "shell/catalogue.h"
#include "shell/check_line.h"
#include "shell/config.h"
#include "shell/file.h"

#define KEYS_FILE     "device.keys"
#define PENDING_FILE  "enrolment.keys"
#define KEYS_SIZE_MAX ((size_t)16 * 1024)

static const struct setting keys_settings[] = {
	{ .key = "device" },
	{ .key = "key_number", .otherwise = "1", .integer = true, .min = 1, .max = UINT32_MAX },
	{ .key = "sign_public" },
	{ .key = "box_public" },
	{ .key = "sign_secret" },
	{ .key = "box_secret" },
	{ .key = "organisation" },
	{ .key = "technician" },
	{ .key = "server" },
	{ .key = "server_sign" },
	{ .key = "server_box" },
	{ .key = "url" },
	{ .key = "organisation_name" },
	{ .key = "technician_name" },
	{ .key = "device_name" },
	{ .key = "bench", .otherwise = "0", .integer = true, .min = 0, .max = 1 },
	{ .key = CHECK_LINE_KEY },
	{ 0 },
};

static const struct setting pending_settings[] = {
	{ .key = "ticket" },
	{ .key = "sign_public" },
	{ .key = "box_public" },
	{ .key = "sign_secret" },
	{ .key = "box_secret" },
	{ .key = CHECK_LINE_KEY },
	{ 0 },
};

/* Bytes kept under a key. */
struct part {
	const char *key;
	uint8_t *bytes;
	size_t size;
};

struct text keystore_directory(struct arena *arena, struct text working_dir, struct text dir, struct text asked)
{
	const char *variable = getenv("TRUCKROLL_KEYS"); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */

	if (asked.size == 0 && variable != NULL)
		asked = text_of(variable);
	if (asked.size > 0)
		return path_join(arena, working_dir, asked);
	while (dir.size > 1 && dir.data[dir.size - 1] == '/')
		dir.size--;
	return arena_print(arena, "%.*s.keys", TEXT_ARGUMENTS(path_join(arena, working_dir, dir)));
}

static enum status damaged(const char *path, const char *what)
{
	return fail(STATUS_CORRUPT,
		"%s is damaged (%s): put back a copy of it; without one have the office revoke this device and enrol again in another "
		"directory. What was not sent yet stays in outbox.db",
		path, catalogue_translate(catalogue_spoken(), what));
}

static enum status read_parts(const char *path, const struct config *config, const struct part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text text = config_text(config, parts[i].key);
		size_t length = 0;
		if (text.size != 2 * parts[i].size ||
			sodium_hex2bin(parts[i].bytes, parts[i].size, text.data, text.size, NULL, &length, NULL) != 0 ||
			length != parts[i].size)
			return damaged(path, parts[i].key);
	}
	return STATUS_OK;
}

static void write_parts(struct arena *arena, struct writer *writer, const struct part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *hex = arena_allocate(arena, 2 * parts[i].size + 1);
		struct text line;
		sodium_bin2hex(hex, 2 * parts[i].size + 1, parts[i].bytes, parts[i].size);
		line = arena_print(arena, "%s = %s\n", parts[i].key, hex);
		write_raw(writer, line.data, line.size);
		sodium_memzero(hex, 2 * parts[i].size);
		sodium_memzero((char *)(uintptr_t)line.data, line.size);
	}
}

/* STATUS_NOT_FOUND without a sentence: there is none. A file that another user keeps to itself is there all the same. */
static enum status check_there(const char *path)
{
	if (access(path, R_OK) == 0)
		return STATUS_OK;
	if (errno == EACCES)
		return fail(STATUS_REFUSED, "%s: this user may not read it; run as the owner", path);
	return file_exists(path) ? STATUS_OK : STATUS_NOT_FOUND; /* what else is wrong is told when it is read */
}

/* Reads the file's settings; the bytes read are wiped again. */
static enum status read_file(struct arena *arena, const char *path, const struct setting *settings, struct config *out_config)
{
	struct bytes bytes;
	enum status status = file_read(arena, path, KEYS_SIZE_MAX, &bytes);

	if (status != STATUS_OK)
		return status == STATUS_INVALID ? damaged(path, "it is no file of keys") : status;
	if (!check_line_fits(bytes))
		return damaged(path, "its last line, \"check\", does not fit the lines above");
	if (config_read(arena, path, (struct text){ (const char *)bytes.data, bytes.size }, settings, out_config) != STATUS_OK)
		return damaged(path, "it is no file of keys");
	return STATUS_OK;
}

static enum status write_file(struct text directory, const char *path, struct writer *writer)
{
	enum status status = directory_make(directory.data);

	check_line_write(writer);
	if (status == STATUS_OK && chmod(directory.data, 0700) != 0)
		status = file_fail(errno, "protect", directory.data);
	if (status == STATUS_OK)
		status = file_write(path, writer_bytes(writer), 0600);
	sodium_memzero(writer->data, writer->size);
	return status;
}

/* Secrets and public keys must be two halves of the same: a file put together from two devices would be refused by the server in ways
 * that nobody understands. */
static enum status check_identity(const char *path, const struct identity *identity)
{
	uint8_t sign[SIGN_PUBLIC_SIZE], box[BOX_PUBLIC_SIZE], secret[SIGN_SECRET_SIZE];
	bool fits = crypto_sign_seed_keypair(sign, secret, identity->sign_secret) == 0 &&
		    crypto_scalarmult_base(box, identity->box_secret) == 0;

	fits = fits && sodium_memcmp(sign, identity->keys.sign, sizeof(sign)) == 0 &&
	       sodium_memcmp(secret, identity->sign_secret, sizeof(secret)) == 0 &&
	       sodium_memcmp(box, identity->keys.box, sizeof(box)) == 0;
	sodium_memzero(secret, sizeof(secret));
	return fits ? STATUS_OK : damaged(path, "its keys do not belong together");
}

#define IDENTITY_PARTS(identity)                                                                                                           \
	{ "sign_public", (identity)->keys.sign, SIGN_PUBLIC_SIZE }, { "box_public", (identity)->keys.box, BOX_PUBLIC_SIZE },               \
		{ "sign_secret", (identity)->sign_secret, SIGN_SECRET_SIZE },                                                              \
	{                                                                                                                                  \
		"box_secret", (identity)->box_secret, BOX_SECRET_SIZE                                                                      \
	}

#define KEYSTORE_PARTS(whole)                                                                                                              \
	{ "device", (whole)->identity.id.bytes, ID_SIZE }, { "organisation", (whole)->organisation.bytes, ID_SIZE },                       \
		{ "technician", (whole)->technician.bytes, ID_SIZE }, { "server", (whole)->server.id.bytes, ID_SIZE },                     \
		{ "server_sign", (whole)->server.keys.sign, SIGN_PUBLIC_SIZE },                                                            \
		{ "server_box", (whole)->server.keys.box, BOX_PUBLIC_SIZE }, IDENTITY_PARTS(&(whole)->identity)

enum status keystore_load(struct arena *arena, struct text directory, struct keystore *out_keys)
{
	const char *path = path_join(arena, directory, text_of(KEYS_FILE)).data;
	struct keystore keys = { 0 };
	const struct part parts[] = { KEYSTORE_PARTS(&keys) };
	struct config config;
	enum status status = check_there(path);

	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_NOT_FOUND,
			"%s: this device is not enrolled; the office gives you a code for \"truckroll enroll CODE --server URL\"", path);
	if (status == STATUS_OK)
		status = read_file(arena, path, keys_settings, &config);
	if (status == STATUS_OK)
		status = read_parts(path, &config, parts, LENGTH(parts));
	if (status == STATUS_OK)
		status = check_identity(path, &keys.identity);
	if (status == STATUS_OK) {
		keys.identity.key_number = (uint32_t)config_integer(&config, "key_number");
		keys.url = config_text(&config, "url");
		keys.organisation_name = config_text(&config, "organisation_name");
		keys.technician_name = config_text(&config, "technician_name");
		keys.device_name = config_text(&config, "device_name");
		keys.bench = config_integer(&config, "bench") != 0;
		*out_keys = keys;
	}
	keystore_wipe(&keys);
	return status;
}

/* Names come from outside: one line, without what a setting cannot hold. */
static struct text one_line(struct arena *arena, struct text text)
{
	struct text copy = arena_copy_text(arena, text);
	char *characters = (char *)(uintptr_t)copy.data;

	for (size_t i = 0; i < copy.size; i++)
		if ((unsigned char)characters[i] < ' ' || characters[i] == '#')
			characters[i] = ' ';
	return text_trim(copy);
}

enum status keystore_save(struct arena *arena, struct text directory, const struct keystore *keys)
{
	const char *path = path_join(arena, directory, text_of(KEYS_FILE)).data;
	struct keystore copy = *keys;
	const struct part parts[] = { KEYSTORE_PARTS(&copy) };
	struct writer writer = writer_in(arena, KEYS_SIZE_MAX);
	struct text names = arena_print(arena,
		"# The device's secret keys. Whoever has this file and the databases can speak as this device.\n"
		"url = %.*s\norganisation_name = %.*s\ntechnician_name = %.*s\ndevice_name = %.*s\nkey_number = %u\nbench = %d\n",
		TEXT_ARGUMENTS(keys->url), TEXT_ARGUMENTS(one_line(arena, keys->organisation_name)),
		TEXT_ARGUMENTS(one_line(arena, keys->technician_name)), TEXT_ARGUMENTS(one_line(arena, keys->device_name)),
		keys->identity.key_number, keys->bench ? 1 : 0);
	enum status status;

	write_raw(&writer, names.data, names.size);
	write_parts(arena, &writer, parts, LENGTH(parts));
	status = write_file(directory, path, &writer);
	keystore_wipe(&copy);
	return status;
}

void keystore_wipe(struct keystore *keys)
{
	identity_wipe(&keys->identity);
}

enum status keystore_load_pending(struct arena *arena, struct text directory, struct keystore_pending *out_pending)
{
	const char *path = path_join(arena, directory, text_of(PENDING_FILE)).data;
	struct keystore_pending pending = { .identity = { .key_number = 1 } };
	const struct part parts[] = { { "ticket", pending.ticket_id.bytes, ID_SIZE }, IDENTITY_PARTS(&pending.identity) };
	struct config config;
	enum status status = check_there(path);

	if (status == STATUS_OK)
		status = read_file(arena, path, pending_settings, &config);
	if (status == STATUS_OK)
		status = read_parts(path, &config, parts, LENGTH(parts));
	if (status == STATUS_OK)
		status = check_identity(path, &pending.identity);
	if (status == STATUS_OK)
		*out_pending = pending;
	identity_wipe(&pending.identity);
	return status;
}

enum status keystore_save_pending(struct arena *arena, struct text directory, const struct keystore_pending *pending)
{
	const char *path = path_join(arena, directory, text_of(PENDING_FILE)).data;
	struct keystore_pending copy = *pending;
	const struct part parts[] = { { "ticket", copy.ticket_id.bytes, ID_SIZE }, IDENTITY_PARTS(&copy.identity) };
	struct writer writer = writer_in(arena, KEYS_SIZE_MAX);
	enum status status;

	write_parts(arena, &writer, parts, LENGTH(parts));
	status = write_file(directory, path, &writer);
	identity_wipe(&copy.identity);
	return status;
}

void keystore_drop_pending(struct arena *arena, struct text directory)
{
	(void)unlink(path_join(arena, directory, text_of(PENDING_FILE)).data);
}
