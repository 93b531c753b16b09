#include "protocol/wire/enrolment.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/transcript.h"
#include "protocol/wire/words.h"

#define HEADER_SIZE      8
#define CERTIFICATE_SIZE 64
#define SIGNATURE_SIZE   64
#define MAC_SIZE         32
#define MESSAGE_SIZE_MAX 1024 /* the largest, a grant, has 410 bytes */

static_assert(MAC_SIZE == crypto_auth_BYTES && TICKET_KEY_SIZE == crypto_auth_KEYBYTES, "HMAC-SHA-512-256");

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's base 32 */
static const uint8_t header[HEADER_SIZE] = { 'T', 'R', 'K', '1', 1, 1, 0, 0 };

#define TYPE_AT 6

static enum status refuse(void)
{
	return fail(STATUS_CORRUPT, "enrolment: the message is damaged, or its sender does not know the code or was shown other keys; "
				    "check the address and the code, and ask for a new code");
}

void ticket_generate(char out_code[static TICKET_CODE_LENGTH + 1])
{
	uint8_t random[TICKET_CODE_LENGTH];

	randombytes_buf(random, sizeof(random));
	for (size_t i = 0; i < TICKET_CODE_LENGTH; i++)
		out_code[i] = alphabet[random[i] % 32]; /* 32 divides 256: no character is likelier */
	out_code[TICKET_CODE_LENGTH] = '\0';
	sodium_memzero(random, sizeof(random));
}

/* The alphabet's character, or 0 when it has none like it. */
static char canonical_character(char character)
{
	if (character >= 'a' && character <= 'z')
		character = (char)(character - 'a' + 'A');
	if (character == 'O')
		return '0';
	if (character == 'I' || character == 'L')
		return '1';
	if (character == '\0' || strchr(alphabet, character) == NULL)
		return '\0';
	return character;
}

static void ticket_from_canonical(const char *code, struct ticket *out_ticket)
{
	struct transcript transcript;
	struct hash hash;

	transcript_init(&transcript, "truckroll/ticket-id/v1");
	transcript_add(&transcript, code, TICKET_CODE_LENGTH);
	hash = transcript_hash(&transcript);
	memcpy(out_ticket->id.bytes, hash.bytes, ID_SIZE);
	transcript_init(&transcript, "truckroll/ticket-key/v1");
	transcript_add(&transcript, code, TICKET_CODE_LENGTH);
	hash = transcript_hash(&transcript);
	memcpy(out_ticket->key, hash.bytes, TICKET_KEY_SIZE);
	sodium_memzero(&hash, sizeof(hash));
	sodium_memzero(&transcript, sizeof(transcript));
}

enum status ticket_from_code(struct text code, struct ticket *out_ticket)
{
	char canonical[TICKET_CODE_LENGTH];
	size_t count = 0;

	for (size_t i = 0; i < code.size; i++) {
		char character = canonical_character(code.data[i]);
		if (code.data[i] == ' ' || code.data[i] == '-')
			continue;
		if (character == '\0')
			return fail(
				STATUS_INVALID, "code: character %zu is neither a digit nor a letter that codes use; type it again", i + 1);
		if (count < TICKET_CODE_LENGTH)
			canonical[count] = character;
		count++;
	}
	if (count != TICKET_CODE_LENGTH)
		return fail(STATUS_INVALID, "code: it has %zu characters instead of %d; type it again as the office gave it", count,
			TICKET_CODE_LENGTH);
	ticket_from_canonical(canonical, out_ticket);
	sodium_memzero(canonical, sizeof(canonical));
	return STATUS_OK;
}

static void certificate_transcript(const struct server_keys *server_keys, struct transcript *transcript)
{
	transcript_init(transcript, "truckroll/certificate/v1");
	transcript_add_id(transcript, &server_keys->organisation);
	transcript_add_id(transcript, &server_keys->server_id);
	transcript_add(transcript, server_keys->keys.sign, SIGN_PUBLIC_SIZE);
	transcript_add(transcript, server_keys->keys.box, BOX_PUBLIC_SIZE);
}

void server_keys_certify(const uint8_t root_secret[static SIGN_SECRET_SIZE], struct server_keys *server_keys)
{
	struct transcript transcript;
	int failed;

	certificate_transcript(server_keys, &transcript);
	failed = crypto_sign_detached(server_keys->certificate, NULL, transcript.bytes, transcript.size, root_secret);
	assert(failed == 0);
	(void)failed;
}

enum status server_keys_verify(const struct server_keys *server_keys)
{
	struct transcript transcript;

	certificate_transcript(server_keys, &transcript);
	if (keys_verify(server_keys->root, transcript_bytes(&transcript), server_keys->certificate) != STATUS_OK)
		return fail(STATUS_CORRUPT, "server keys: the organisation's root key did not certify them; check the server's address");
	return keys_check_box(server_keys->keys.box);
}

/* ORK ‖ SSK ‖ SIK ‖ DSK ‖ DXK ‖ ticket id: what both sides must have seen alike. */
static void all_keys(struct transcript *transcript, const char *domain, const struct server_keys *server, const struct public_keys *device,
	const struct id *ticket_id)
{
	transcript_init(transcript, domain);
	transcript_add(transcript, server->root, SIGN_PUBLIC_SIZE);
	transcript_add(transcript, server->keys.sign, SIGN_PUBLIC_SIZE);
	transcript_add(transcript, server->keys.box, BOX_PUBLIC_SIZE);
	transcript_add(transcript, device->sign, SIGN_PUBLIC_SIZE);
	transcript_add(transcript, device->box, BOX_PUBLIC_SIZE);
	transcript_add_id(transcript, ticket_id);
}

struct text enrolment_words(
	struct arena *arena, const struct server_keys *server, const struct public_keys *device, const struct id *ticket_id)
{
	struct transcript transcript;
	const char *words[WORDS_COUNT];
	struct hash hash;

	all_keys(&transcript, "truckroll/words/v1", server, device, ticket_id);
	hash = transcript_hash(&transcript);
	for (size_t word = 0; word < WORDS_COUNT; word++) {
		uint32_t number = 0;
		for (size_t bit = word * WORD_BITS; bit < (word + 1) * WORD_BITS; bit++)
			number = number << 1 | (hash.bytes[bit / 8] >> (7 - bit % 8) & 1U);
		words[word] = words_get(number);
	}
	return arena_print(arena, "%s %s %s %s %s %s", words[0], words[1], words[2], words[3], words[4], words[5]);
}

static void mac_of(const struct transcript *transcript, const struct ticket *ticket, uint8_t out_mac[static MAC_SIZE])
{
	int failed = crypto_auth(out_mac, transcript->bytes, transcript->size, ticket->key);

	assert(failed == 0);
	(void)failed;
}

bool enrolment_peek(struct bytes message, enum enrolment_message *out_type)
{
	if (message.size < HEADER_SIZE || memcmp(message.data, header, TYPE_AT) != 0 || message.data[TYPE_AT + 1] != 0)
		return false;
	if (message.data[TYPE_AT] < ENROL_ASK || message.data[TYPE_AT] > ENROL_REFUSED)
		return false;
	*out_type = (enum enrolment_message)message.data[TYPE_AT];
	return true;
}

static struct writer message_begin(struct arena *arena, enum enrolment_message type)
{
	struct writer writer = writer_in(arena, MESSAGE_SIZE_MAX);

	write_raw(&writer, header, TYPE_AT);
	write_u8(&writer, (uint8_t)type);
	write_u8(&writer, 0);
	return writer;
}

/* What follows the header of a message of that very type; a bad reader for anything else. */
static struct reader message_reader(struct bytes message, enum enrolment_message type)
{
	struct reader reader = reader_of(message);
	enum enrolment_message found;

	if (message.size > MESSAGE_SIZE_MAX || !enrolment_peek(message, &found) || found != type)
		reader.bad = true;
	(void)read_view(&reader, HEADER_SIZE);
	return reader;
}

static struct bytes message_empty(struct arena *arena, enum enrolment_message type)
{
	struct writer writer = message_begin(arena, type);

	return writer_bytes(&writer);
}

struct bytes enrolment_ask(struct arena *arena)
{
	return message_empty(arena, ENROL_ASK);
}

struct bytes enrolment_pending(struct arena *arena)
{
	return message_empty(arena, ENROL_PENDING);
}

struct bytes enrolment_keys(struct arena *arena, const struct server_keys *server)
{
	struct writer writer = message_begin(arena, ENROL_KEYS);

	write_raw(&writer, server->organisation.bytes, ID_SIZE);
	write_raw(&writer, server->server_id.bytes, ID_SIZE);
	write_raw(&writer, server->root, SIGN_PUBLIC_SIZE);
	write_raw(&writer, server->keys.sign, SIGN_PUBLIC_SIZE);
	write_raw(&writer, server->keys.box, BOX_PUBLIC_SIZE);
	write_raw(&writer, server->certificate, CERTIFICATE_SIZE);
	return writer_bytes(&writer);
}

enum status enrolment_keys_open(struct bytes message, struct server_keys *out_server)
{
	struct reader reader = message_reader(message, ENROL_KEYS);
	struct server_keys server = { 0 };
	enum status status;

	read_raw(&reader, server.organisation.bytes, ID_SIZE);
	read_raw(&reader, server.server_id.bytes, ID_SIZE);
	read_raw(&reader, server.root, SIGN_PUBLIC_SIZE);
	read_raw(&reader, server.keys.sign, SIGN_PUBLIC_SIZE);
	read_raw(&reader, server.keys.box, BOX_PUBLIC_SIZE);
	read_raw(&reader, server.certificate, CERTIFICATE_SIZE);
	status = reader_end(&reader, "server keys");
	if (status != STATUS_OK)
		return status;
	status = server_keys_verify(&server);
	if (status == STATUS_OK)
		*out_server = server;
	return status;
}

struct bytes enrolment_refused(struct arena *arena, uint32_t reason)
{
	struct writer writer = message_begin(arena, ENROL_REFUSED);

	write_u32(&writer, reason);
	return writer_bytes(&writer);
}

enum status enrolment_refused_open(struct bytes message, uint32_t *out_reason)
{
	struct reader reader = message_reader(message, ENROL_REFUSED);
	uint32_t reason = read_u32(&reader);
	enum status status = reader_end(&reader, "enrolment refusal");

	if (status == STATUS_OK)
		*out_reason = reason;
	return status;
}

/* Header ‖ crypto_box_seal(plain); the key was checked when it came in. */
static struct bytes message_seal(struct arena *arena, enum enrolment_message type, struct bytes plain, const uint8_t *box_public)
{
	struct writer writer = message_begin(arena, type);
	uint8_t *sealed = write_space(&writer, plain.size + crypto_box_SEALBYTES);
	int failed;

	assert(sealed != NULL);
	failed = crypto_box_seal(sealed, plain.data, plain.size, box_public);
	assert(failed == 0);
	(void)failed;
	return writer_bytes(&writer);
}

static enum status message_unseal(
	struct arena *arena, enum enrolment_message type, struct bytes message, const struct identity *identity, struct bytes *out_plain)
{
	struct reader reader = message_reader(message, type);
	struct bytes sealed = read_view(&reader, reader_left(&reader));
	uint8_t *plain;

	if (reader.bad || sealed.size <= crypto_box_SEALBYTES)
		return refuse();
	plain = arena_allocate(arena, sealed.size - crypto_box_SEALBYTES);
	if (!keys_open(identity, sealed, plain))
		return refuse();
	*out_plain = (struct bytes){ .data = plain, .size = sealed.size - crypto_box_SEALBYTES };
	return STATUS_OK;
}

static struct text name_capped(struct text name)
{
	return text_cut(name, ENROLMENT_NAME_SIZE_MAX);
}

static struct text read_name(struct reader *reader)
{
	struct bytes bytes = read_bytes(reader, ENROLMENT_NAME_SIZE_MAX);
	struct text text = { .data = (const char *)bytes.data, .size = bytes.size };

	if (!text_valid(text))
		reader->bad = true;
	return text;
}

static void write_name(struct writer *writer, struct text name)
{
	struct text capped = name_capped(name);

	write_bytes(writer, (struct bytes){ .data = (const uint8_t *)capped.data, .size = capped.size });
}

static void request_mac(const struct server_keys *server, const struct ticket *ticket, const struct enrolment_request *request,
	uint8_t out_mac[static MAC_SIZE])
{
	struct transcript transcript;

	all_keys(&transcript, "truckroll/enrol/v1", server, &request->device, &ticket->id);
	transcript_add_id(&transcript, &server->organisation);
	transcript_add_id(&transcript, &server->server_id);
	transcript_add_text(&transcript, name_capped(request->name));
	transcript_add_text(&transcript, name_capped(request->platform));
	mac_of(&transcript, ticket, out_mac);
}

struct bytes enrolment_request_seal(
	struct arena *arena, const struct server_keys *server, const struct ticket *ticket, const struct enrolment_request *request)
{
	struct writer plain = writer_in(arena, MESSAGE_SIZE_MAX);
	uint8_t mac[MAC_SIZE];

	request_mac(server, ticket, request, mac);
	write_raw(&plain, ticket->id.bytes, ID_SIZE);
	write_raw(&plain, request->device.sign, SIGN_PUBLIC_SIZE);
	write_raw(&plain, request->device.box, BOX_PUBLIC_SIZE);
	write_name(&plain, request->name);
	write_name(&plain, request->platform);
	write_raw(&plain, mac, MAC_SIZE);
	return message_seal(arena, ENROL_REQUEST, writer_bytes(&plain), server->keys.box);
}

enum status enrolment_request_open(struct arena *arena, const struct identity *server, struct bytes message,
	struct enrolment_request *out_request, uint8_t out_mac[static MAC_SIZE])
{
	struct enrolment_request request = { 0 };
	uint8_t mac[MAC_SIZE];
	struct reader reader;
	struct bytes plain;
	enum status status = message_unseal(arena, ENROL_REQUEST, message, server, &plain);

	if (status != STATUS_OK)
		return status;
	reader = reader_of(plain);
	read_raw(&reader, request.ticket_id.bytes, ID_SIZE);
	read_raw(&reader, request.device.sign, SIGN_PUBLIC_SIZE);
	read_raw(&reader, request.device.box, BOX_PUBLIC_SIZE);
	request.name = read_name(&reader);
	request.platform = read_name(&reader);
	read_raw(&reader, mac, MAC_SIZE);
	if (reader.bad || reader_left(&reader) != 0 || keys_check_box(request.device.box) != STATUS_OK)
		return refuse();
	*out_request = request;
	memcpy(out_mac, mac, MAC_SIZE);
	return STATUS_OK;
}

enum status enrolment_request_verify(const struct server_keys *server, const struct ticket *ticket, const struct enrolment_request *request,
	const uint8_t mac[static MAC_SIZE])
{
	uint8_t expected[MAC_SIZE];

	request_mac(server, ticket, request, expected);
	if (sodium_memcmp(expected, mac, MAC_SIZE) != 0 || !id_equal(&ticket->id, &request->ticket_id))
		return refuse();
	return STATUS_OK;
}

/* Signature and MAC cover the same under different domains: neither can ever be taken for the other, or for those of a request. */
static void grant_transcript(struct transcript *transcript, const char *domain, const struct server_keys *server,
	const struct public_keys *device, const struct ticket *ticket, struct bytes body)
{
	all_keys(transcript, domain, server, device, &ticket->id);
	transcript_add_id(transcript, &server->organisation);
	transcript_add_id(transcript, &server->server_id);
	transcript_add(transcript, body.data, body.size);
}

static struct bytes grant_body(struct arena *arena, const struct grant *grant)
{
	struct writer body = writer_in(arena, MESSAGE_SIZE_MAX);

	write_raw(&body, grant->device_id.bytes, ID_SIZE);
	write_raw(&body, grant->technician_id.bytes, ID_SIZE);
	write_raw(&body, grant->epoch.bytes, ID_SIZE);
	write_u64(&body, (uint64_t)grant->lease_until_ms);
	write_name(&body, grant->organisation_name);
	write_name(&body, grant->technician_name);
	return writer_bytes(&body);
}

struct bytes enrolment_grant_seal(struct arena *arena, const struct identity *server_identity, const struct server_keys *server,
	const struct ticket *ticket, const struct public_keys *device, const struct grant *grant)
{
	struct writer plain = writer_in(arena, MESSAGE_SIZE_MAX);
	struct bytes body = grant_body(arena, grant);
	struct transcript transcript;
	uint8_t signature[SIGNATURE_SIZE];
	uint8_t mac[MAC_SIZE];

	grant_transcript(&transcript, "truckroll/grant/v1", server, device, ticket, body);
	keys_sign(server_identity, transcript_bytes(&transcript), signature);
	grant_transcript(&transcript, "truckroll/grant-mac/v1", server, device, ticket, body);
	mac_of(&transcript, ticket, mac);
	write_raw(&plain, signature, SIGNATURE_SIZE);
	write_raw(&plain, mac, MAC_SIZE);
	write_raw(&plain, body.data, body.size);
	return message_seal(arena, ENROL_GRANT, writer_bytes(&plain), device->box);
}

static enum status grant_read(struct bytes body, struct grant *out_grant)
{
	struct reader reader = reader_of(body);
	struct grant grant = { 0 };

	read_raw(&reader, grant.device_id.bytes, ID_SIZE);
	read_raw(&reader, grant.technician_id.bytes, ID_SIZE);
	read_raw(&reader, grant.epoch.bytes, ID_SIZE);
	grant.lease_until_ms = (int64_t)read_u64(&reader);
	grant.organisation_name = read_name(&reader);
	grant.technician_name = read_name(&reader);
	if (reader.bad || reader_left(&reader) != 0 || grant.lease_until_ms < 0 || id_is_nil(&grant.device_id))
		return refuse();
	*out_grant = grant;
	return STATUS_OK;
}

enum status enrolment_grant_open(struct arena *arena, const struct identity *device, const struct server_keys *server,
	const struct ticket *ticket, struct bytes message, struct grant *out_grant)
{
	struct transcript transcript;
	uint8_t expected[MAC_SIZE];
	struct bytes plain, body;
	enum status status = message_unseal(arena, ENROL_GRANT, message, device, &plain);

	if (status != STATUS_OK)
		return status;
	if (plain.size <= SIGNATURE_SIZE + MAC_SIZE || plain.size > MESSAGE_SIZE_MAX / 2)
		return refuse();
	body = (struct bytes){ .data = plain.data + SIGNATURE_SIZE + MAC_SIZE, .size = plain.size - SIGNATURE_SIZE - MAC_SIZE };
	grant_transcript(&transcript, "truckroll/grant-mac/v1", server, &device->keys, ticket, body);
	mac_of(&transcript, ticket, expected);
	if (sodium_memcmp(expected, plain.data + SIGNATURE_SIZE, MAC_SIZE) != 0)
		return refuse();
	grant_transcript(&transcript, "truckroll/grant/v1", server, &device->keys, ticket, body);
	if (keys_verify(server->keys.sign, transcript_bytes(&transcript), plain.data) != STATUS_OK)
		return refuse();
	return grant_read(body, out_grant);
}
