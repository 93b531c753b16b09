#include "protocol/wire/envelope.h"

#include <sodium.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/transcript.h"

#define CLEAR_SIZE        16
#define SIGNATURE_SIZE    64
#define MANIFEST_SIZE     (ID_SIZE + 4 + ID_SIZE + ID_SIZE)
#define MANIFEST_SIZE_MAX (MANIFEST_SIZE + BOX_PUBLIC_SIZE)
#define MAGIC_SIZE        4
#define ENVELOPE_VERSION  1
#define ENVELOPE_SUITE    1
#define TYPE_AT           6
#define TYPE_END          0x10 /* enrolment messages begin here */

static const uint8_t magic[MAGIC_SIZE] = { 'T', 'R', 'K', '1' };

/* Zero: no such type. The size is the only thing a type changes, so nothing in a manifest is optional. */
static const size_t manifest_sizes[] = {
	[ENVELOPE_HELLO] = MANIFEST_SIZE + BOX_PUBLIC_SIZE,
	[ENVELOPE_WELCOME] = MANIFEST_SIZE + BOX_PUBLIC_SIZE,
	[ENVELOPE_BUNDLE] = MANIFEST_SIZE,
	[ENVELOPE_GRANT] = MANIFEST_SIZE,
};

static size_t manifest_size_of(unsigned int type)
{
	return type < LENGTH(manifest_sizes) ? manifest_sizes[type] : 0;
}

/* One reason for all, so that an outsider learns nothing from which check failed. */
static enum status refuse(void)
{
	return fail(STATUS_CORRUPT, "envelope: damaged, or not made for this recipient by a sender it knows; send it again");
}

static void clear_write(uint8_t clear[static CLEAR_SIZE], enum envelope_type type, const uint8_t box_public[static BOX_PUBLIC_SIZE])
{
	struct hash hint;

	blake2b((struct bytes){ 0 }, (struct bytes){ .data = box_public, .size = BOX_PUBLIC_SIZE }, hint.bytes, HASH_SIZE);
	memcpy(clear, magic, MAGIC_SIZE);
	clear[4] = ENVELOPE_VERSION;
	clear[5] = ENVELOPE_SUITE;
	clear[TYPE_AT] = (uint8_t)type;
	clear[7] = 0;
	memcpy(clear + 8, hint.bytes, CLEAR_SIZE - 8);
}

static void manifest_write(uint8_t *manifest, const struct identity *sender, const struct envelope *envelope)
{
	memcpy(manifest, sender->id.bytes, ID_SIZE);
	manifest += ID_SIZE;
	for (size_t i = 0; i < 4; i++)
		*manifest++ = (uint8_t)(sender->key_number >> (8 * i));
	memcpy(manifest, envelope->incarnation.bytes, ID_SIZE);
	memcpy(manifest + ID_SIZE, envelope->server_epoch.bytes, ID_SIZE);
	if (envelope->has_ephemeral)
		memcpy(manifest + ID_SIZE + ID_SIZE, envelope->ephemeral, BOX_PUBLIC_SIZE);
}

/* What is signed: all that is sent except the sections, their hash, and what the recipient knows already. */
static void signed_form(struct transcript *transcript, const uint8_t clear[static CLEAR_SIZE], const struct id *organisation,
	const struct party *recipient, struct bytes manifest, struct bytes sections)
{
	struct hash hash;

	blake2b((struct bytes){ 0 }, sections, hash.bytes, HASH_SIZE);
	transcript_init(transcript, "truckroll/envelope/v1");
	transcript_add(transcript, clear, CLEAR_SIZE);
	transcript_add_id(transcript, organisation);
	transcript_add_id(transcript, &recipient->id);
	transcript_add(transcript, recipient->keys.box, BOX_PUBLIC_SIZE);
	transcript_add(transcript, manifest.data, manifest.size);
	transcript_add(transcript, hash.bytes, HASH_SIZE);
}

enum status envelope_seal(struct arena *arena, const struct identity *sender, const struct id *organisation, const struct party *recipient,
	const struct envelope *envelope, struct bytes *out_sealed)
{
	size_t manifest_size = manifest_size_of(envelope->type);
	size_t plain_size = SIGNATURE_SIZE + manifest_size + envelope->sections.size;
	struct transcript transcript;
	uint8_t *plain, *sealed;

	if (manifest_size == 0 || envelope->has_ephemeral != (manifest_size == MANIFEST_SIZE_MAX))
		return fail(STATUS_INVALID, "envelope: type %u and its ephemeral key do not go together", envelope->type);
	if (id_is_nil(&sender->id) || sender->key_number == 0)
		return fail(STATUS_INVALID, "envelope: the sender is not enrolled: it has no id or no key number");
	if (envelope->sections.size > ENVELOPE_SIZE_MAX || CLEAR_SIZE + crypto_box_SEALBYTES + plain_size > ENVELOPE_SIZE_MAX)
		return fail(STATUS_INVALID, "envelope: %zu bytes of sections do not fit into 64 KiB; send fewer at once",
			envelope->sections.size);
	plain = arena_allocate(arena, plain_size);
	sealed = arena_allocate(arena, CLEAR_SIZE + crypto_box_SEALBYTES + plain_size);
	clear_write(sealed, envelope->type, recipient->keys.box);
	manifest_write(plain + SIGNATURE_SIZE, sender, envelope);
	if (envelope->sections.size > 0)
		memcpy(plain + SIGNATURE_SIZE + manifest_size, envelope->sections.data, envelope->sections.size);
	signed_form(&transcript, sealed, organisation, recipient, (struct bytes){ .data = plain + SIGNATURE_SIZE, .size = manifest_size },
		envelope->sections);
	keys_sign(sender, transcript_bytes(&transcript), plain);
	if (crypto_box_seal(sealed + CLEAR_SIZE, plain, plain_size, recipient->keys.box) != 0)
		return fail(STATUS_INVALID, "envelope: the recipient's key is unusable; enrol it again");
	*out_sealed = (struct bytes){ .data = sealed, .size = CLEAR_SIZE + crypto_box_SEALBYTES + plain_size };
	return STATUS_OK;
}

/* Size, clear bytes and recipient, in this order; nothing is allocated yet. */
static enum status clear_check(struct bytes sealed, const struct identity *recipient)
{
	uint8_t expected[CLEAR_SIZE];
	size_t manifest_size;

	if (sealed.size < CLEAR_SIZE || sealed.size > ENVELOPE_SIZE_MAX || memcmp(sealed.data, magic, MAGIC_SIZE) != 0)
		return refuse();
	if (sealed.data[4] > ENVELOPE_VERSION || sealed.data[5] > ENVELOPE_SUITE)
		return fail(STATUS_NEWER, "envelope: version %u, suite %u, and this program knows only 1 and 1; update it", sealed.data[4],
			sealed.data[5]);
	manifest_size = manifest_size_of(sealed.data[TYPE_AT]);
	if (manifest_size == 0 || sealed.size < CLEAR_SIZE + crypto_box_SEALBYTES + SIGNATURE_SIZE + manifest_size)
		return refuse();
	clear_write(expected, sealed.data[TYPE_AT], recipient->keys.box);
	if (memcmp(sealed.data, expected, CLEAR_SIZE) != 0)
		return refuse();
	return STATUS_OK;
}

/* The box is open but nothing in it is proven yet: the sizes hold, because clear_check() counted them. */
static enum status manifest_read(struct bytes plain, enum envelope_type type, struct envelope *out_envelope)
{
	struct reader reader = reader_of(plain);
	struct envelope envelope = { .type = type, .has_ephemeral = manifest_size_of(type) == MANIFEST_SIZE_MAX };

	(void)read_view(&reader, SIGNATURE_SIZE);
	read_raw(&reader, envelope.sender.bytes, ID_SIZE);
	envelope.key_number = read_u32(&reader);
	read_raw(&reader, envelope.incarnation.bytes, ID_SIZE);
	read_raw(&reader, envelope.server_epoch.bytes, ID_SIZE);
	if (envelope.has_ephemeral)
		read_raw(&reader, envelope.ephemeral, BOX_PUBLIC_SIZE);
	envelope.sections = read_view(&reader, reader_left(&reader));
	if (reader.bad || id_is_nil(&envelope.sender) || envelope.key_number == 0)
		return refuse();
	*out_envelope = envelope;
	return STATUS_OK;
}

static enum status signature_check(const struct identity *recipient, const struct id *organisation, const uint8_t *clear,
	struct bytes plain, const struct envelope *envelope, const uint8_t *sign_key)
{
	struct party self = identity_party(recipient);
	struct transcript transcript;
	struct bytes manifest = { .data = plain.data + SIGNATURE_SIZE, .size = manifest_size_of(envelope->type) };

	signed_form(&transcript, clear, organisation, &self, manifest, envelope->sections);
	return keys_verify(sign_key, transcript_bytes(&transcript), plain.data);
}

/* NOLINTNEXTLINE(readability-function-size): a callback and its context are one thing */
enum status envelope_open(struct arena *arena, const struct identity *recipient, const struct id *organisation, struct bytes sealed,
	envelope_sender sender, void *context, struct envelope *out_envelope)
{
	struct public_keys keys = { 0 };
	struct envelope envelope;
	struct bytes plain;
	uint8_t *opened;
	bool known;
	enum status status = clear_check(sealed, recipient);

	if (status != STATUS_OK)
		return status;
	plain.size = sealed.size - CLEAR_SIZE - crypto_box_SEALBYTES;
	plain.data = opened = arena_allocate(arena, plain.size);
	if (!keys_open(recipient, bytes_behind(sealed, CLEAR_SIZE), opened))
		return refuse();
	status = manifest_read(plain, sealed.data[TYPE_AT], &envelope);
	if (status != STATUS_OK)
		return status;
	status = sender(context, &envelope.sender, envelope.key_number, &keys);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	/* A stranger costs the same verification as a known sender, so that time does not tell who is known. */
	known = status == STATUS_OK;
	status = signature_check(recipient, organisation, sealed.data, plain, &envelope, known ? keys.sign : recipient->keys.sign);
	if (status != STATUS_OK || !known)
		return refuse();
	*out_envelope = envelope;
	return STATUS_OK;
}

bool envelope_looks_like(struct bytes bytes)
{
	return bytes.size >= CLEAR_SIZE && memcmp(bytes.data, magic, MAGIC_SIZE) == 0 && bytes.data[TYPE_AT] < TYPE_END;
}
