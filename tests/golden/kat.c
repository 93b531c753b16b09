/* Known answers for everything that protects a byte: rebuilds all cases of kat.json from fixed seeds and compares the file byte for byte.
 * UPDATE_GOLDEN=1 writes it instead: only when a format changes on purpose, because every deployed device speaks the old one. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "protocol/wire/chain.h"
#include "protocol/wire/enrolment.h"
#include "protocol/wire/envelope.h"
#include "protocol/wire/session.h"
#include "protocol/wire/transcript.h"
#include "protocol/wire/words.h"

#define CASES_MIN 64

/* Chance for libsodium that anyone can compute again: block i = BLAKE2b-256(name of the case ‖ i as 4 bytes little-endian), one after
 * another. */
static struct {
	char name[64];
	uint32_t next;
	uint8_t block[32];
	size_t left;
} chance;

static void chance_seed(const char *name)
{
	snprintf(chance.name, sizeof(chance.name), "%s", name);
	chance.next = 0;
	chance.left = 0;
}

static void chance_refill(void)
{
	crypto_generichash_state state;
	uint8_t number[4];

	for (size_t i = 0; i < sizeof(number); i++)
		number[i] = (uint8_t)(chance.next >> (8 * i));
	if (crypto_generichash_init(&state, NULL, 0, sizeof(chance.block)) != 0 ||
		crypto_generichash_update(&state, (const uint8_t *)chance.name, strlen(chance.name)) != 0 ||
		crypto_generichash_update(&state, number, sizeof(number)) != 0 ||
		crypto_generichash_final(&state, chance.block, sizeof(chance.block)) != 0)
		abort();
	chance.next++;
	chance.left = sizeof(chance.block);
}

static void chance_fill(void *out, size_t size)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i < size; i++) {
		if (chance.left == 0)
			chance_refill();
		bytes[i] = chance.block[sizeof(chance.block) - chance.left--];
	}
}

static const char *chance_name(void)
{
	return "known answers";
}

static uint32_t chance_number(void)
{
	uint32_t number;

	chance_fill(&number, sizeof(number));
	return number;
}

static randombytes_implementation chance_implementation = {
	.implementation_name = chance_name,
	.random = chance_number,
	.buf = chance_fill,
};

/* The file is written by hand, one field a line, so that a difference reads well. */
struct sheet {
	FILE *file;
	size_t count;
	struct arena arena;
};

static void case_begin(struct sheet *sheet, const char *kind)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%zu", kind, sheet->count);
	chance_seed(name);
	fprintf(sheet->file, "%s{\"kind\": \"%s\",\n \"name\": \"%s\"", sheet->count == 0 ? "" : ",\n", kind, name);
	sheet->count++;
}

static void case_end(struct sheet *sheet)
{
	fputs("}", sheet->file);
}

static void case_hex(struct sheet *sheet, const char *name, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	fprintf(sheet->file, ",\n \"%s\": \"", name);
	for (size_t i = 0; i < size; i++)
		fprintf(sheet->file, "%02x", bytes[i]);
	fputs("\"", sheet->file);
}

static void case_bytes(struct sheet *sheet, const char *name, struct bytes bytes)
{
	case_hex(sheet, name, bytes.data, bytes.size);
}

static void case_id(struct sheet *sheet, const char *name, const struct id *id)
{
	case_hex(sheet, name, id->bytes, ID_SIZE);
}

static void case_hash(struct sheet *sheet, const char *name, const struct hash *hash)
{
	case_hex(sheet, name, hash->bytes, HASH_SIZE);
}

static void case_number(struct sheet *sheet, const char *name, int64_t number)
{
	fprintf(sheet->file, ",\n \"%s\": %lld", name, (long long)number);
}

/* Texts travel as hexadecimal too: the file needs no escapes. */
static void case_text(struct sheet *sheet, const char *name, struct text text)
{
	case_hex(sheet, name, text.data, text.size);
}

/* Bytes for an input, from the chance of the case. */
static struct id chance_id(void)
{
	struct id id = { 0 };

	chance_fill(id.bytes, ID_SIZE);
	return id;
}

static struct bytes chance_bytes(struct sheet *sheet, size_t size)
{
	uint8_t *bytes = arena_allocate(&sheet->arena, size);

	chance_fill(bytes, size);
	return (struct bytes){ .data = bytes, .size = size };
}

/* An identity from two seeds that are written down under `prefix`. */
static struct identity case_identity(struct sheet *sheet, const char *prefix)
{
	struct identity identity;
	uint8_t seeds[2][32];
	char name[64];

	chance_fill(seeds, sizeof(seeds));
	identity_from_seeds(seeds[0], seeds[1], &identity);
	identity.id = chance_id();
	snprintf(name, sizeof(name), "%s_sign_seed", prefix);
	case_hex(sheet, name, seeds[0], 32);
	snprintf(name, sizeof(name), "%s_box_seed", prefix);
	case_hex(sheet, name, seeds[1], 32);
	snprintf(name, sizeof(name), "%s_id", prefix);
	case_id(sheet, name, &identity.id);
	return identity;
}

static void insist(enum status status)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "%s\n", fail_reason());
	abort();
}

static void chain_case(struct sheet *sheet, int64_t seq, size_t size)
{
	struct id device, incarnation, operation;
	struct hash genesis, salt, commitment, head, extended;
	struct bytes secret, canonical;

	case_begin(sheet, "chain");
	device = chance_id();
	incarnation = chance_id();
	secret = chance_bytes(sheet, WINDOW_SECRET_SIZE);
	canonical = chance_bytes(sheet, size);
	genesis = chain_genesis(&device, &incarnation);
	salt = chain_salt(secret.data, seq);
	commitment = chain_commitment(&salt, canonical);
	head = chain_next(&genesis, &commitment);
	extended = chain_extend(&genesis, secret.data, seq, canonical);
	assert(hash_equal(&head, &extended));
	operation = chain_operation_id(&head);
	case_id(sheet, "device", &device);
	case_id(sheet, "incarnation", &incarnation);
	case_bytes(sheet, "secret", secret);
	case_number(sheet, "seq", seq);
	case_bytes(sheet, "canonical", canonical);
	case_hash(sheet, "genesis", &genesis);
	case_hash(sheet, "salt", &salt);
	case_hash(sheet, "commitment", &commitment);
	case_hash(sheet, "head", &head);
	case_id(sheet, "operation", &operation);
	case_end(sheet);
}

static void ids_case(struct sheet *sheet, uint32_t k, size_t source_size, size_t source_id_size)
{
	struct id left, right, derived, pair, imported;
	struct text source, source_id;

	case_begin(sheet, "ids");
	left = chance_id();
	right = chance_id();
	source.size = source_size;
	source.data = memset(arena_allocate(&sheet->arena, source_size), 's', source_size);
	source_id.size = source_id_size;
	source_id.data = memset(arena_allocate(&sheet->arena, source_id_size), 'i', source_id_size);
	derived = id_derive(&left, k);
	pair = id_pair(&left, &right);
	imported = id_imported(source, source_id);
	case_id(sheet, "left", &left);
	case_id(sheet, "right", &right);
	case_number(sheet, "k", k);
	case_text(sheet, "source", source);
	case_text(sheet, "source_id", source_id);
	case_id(sheet, "derived", &derived);
	case_id(sheet, "pair", &pair);
	case_id(sheet, "imported", &imported);
	case_end(sheet);
}

static void keys_case(struct sheet *sheet, size_t size)
{
	struct identity identity;
	struct bytes message;
	uint8_t signature[64];

	case_begin(sheet, "keys");
	identity = case_identity(sheet, "identity");
	message = chance_bytes(sheet, size);
	keys_sign(&identity, message, signature);
	case_hex(sheet, "sign_public", identity.keys.sign, SIGN_PUBLIC_SIZE);
	case_hex(sheet, "box_public", identity.keys.box, BOX_PUBLIC_SIZE);
	case_bytes(sheet, "message", message);
	case_hex(sheet, "signature", signature, sizeof(signature));
	case_end(sheet);
}

static enum status give_keys(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	const struct identity *identity = context;

	if (!id_equal(sender, &identity->id) || key_number != identity->key_number)
		return fail(STATUS_NOT_FOUND, "a stranger");
	*out_keys = identity->keys;
	return STATUS_OK;
}

static void envelope_case(struct sheet *sheet, enum envelope_type type, uint32_t key_number, size_t size)
{
	struct envelope envelope = { .type = type, .has_ephemeral = type == ENVELOPE_HELLO || type == ENVELOPE_WELCOME };
	struct identity sender, recipient;
	struct envelope opened;
	struct id organisation;
	struct bytes sealed;
	struct party party;

	case_begin(sheet, "envelope");
	sender = case_identity(sheet, "sender");
	recipient = case_identity(sheet, "recipient");
	sender.key_number = key_number;
	organisation = chance_id();
	envelope.incarnation = chance_id();
	envelope.server_epoch = chance_id();
	if (envelope.has_ephemeral)
		chance_fill(envelope.ephemeral, BOX_PUBLIC_SIZE);
	envelope.sections = chance_bytes(sheet, size);
	party = identity_party(&recipient);
	insist(envelope_seal(&sheet->arena, &sender, &organisation, &party, &envelope, &sealed));
	insist(envelope_open(&sheet->arena, &recipient, &organisation, sealed, give_keys, &sender, &opened));
	assert(bytes_equal(opened.sections, envelope.sections));
	case_id(sheet, "organisation", &organisation);
	case_number(sheet, "type", type);
	case_number(sheet, "key_number", key_number);
	case_id(sheet, "incarnation", &envelope.incarnation);
	case_id(sheet, "server_epoch", &envelope.server_epoch);
	case_hex(sheet, "ephemeral", envelope.ephemeral, envelope.has_ephemeral ? BOX_PUBLIC_SIZE : 0);
	case_bytes(sheet, "sections", envelope.sections);
	case_bytes(sheet, "sealed", sealed);
	case_end(sheet);
}

static void session_case(struct sheet *sheet, uint64_t counter, size_t size)
{
	struct ephemeral device_keys, server_keys;
	struct session device, server;
	struct bytes up, down, frame, opened;

	case_begin(sheet, "session");
	ephemeral_generate(&device_keys);
	ephemeral_generate(&server_keys);
	insist(session_start_device(&device, &device_keys, server_keys.public_key));
	insist(session_start_server(&server, &server_keys, device_keys.public_key));
	device.send_counter = server.send_counter = counter - 1;
	up = chance_bytes(sheet, size);
	down = chance_bytes(sheet, size / 2);
	case_hex(sheet, "device_secret", device_keys.secret_key, BOX_SECRET_SIZE);
	case_hex(sheet, "server_secret", server_keys.secret_key, BOX_SECRET_SIZE);
	case_hex(sheet, "id", device.id, SESSION_ID_SIZE);
	case_hex(sheet, "counter",
		(const uint8_t[]){ (uint8_t)(counter >> 56), (uint8_t)(counter >> 48), (uint8_t)(counter >> 40), (uint8_t)(counter >> 32),
			(uint8_t)(counter >> 24), (uint8_t)(counter >> 16), (uint8_t)(counter >> 8), (uint8_t)counter },
		8);
	insist(session_seal(&sheet->arena, &device, up, &frame));
	insist(session_open(&sheet->arena, &server, frame, &opened));
	assert(bytes_equal(opened, up));
	case_bytes(sheet, "up", up);
	case_bytes(sheet, "up_frame", frame);
	insist(session_seal(&sheet->arena, &server, down, &frame));
	insist(session_open(&sheet->arena, &device, frame, &opened));
	assert(bytes_equal(opened, down));
	case_bytes(sheet, "down", down);
	case_bytes(sheet, "down_frame", frame);
	case_end(sheet);
}

static void ticket_case(struct sheet *sheet, const char *typed)
{
	char code[TICKET_CODE_LENGTH + 1];
	struct ticket ticket;

	case_begin(sheet, "ticket");
	if (typed == NULL)
		ticket_generate(code);
	insist(ticket_from_code(text_of(typed == NULL ? code : typed), &ticket));
	case_text(sheet, "typed", text_of(typed == NULL ? code : typed));
	case_id(sheet, "ticket_id", &ticket.id);
	case_hex(sheet, "ticket_key", ticket.key, TICKET_KEY_SIZE);
	case_end(sheet);
}

/* The whole conversation: keys, request, words, grant. */
static void enrolment_case(struct sheet *sheet, const char *code, const char *name, const char *platform)
{
	struct enrolment_request request, opened_request;
	struct identity root, server, device;
	struct server_keys keys = { 0 };
	struct grant grant, opened_grant;
	struct bytes message;
	struct ticket ticket;
	uint8_t mac[32];

	case_begin(sheet, "enrolment");
	root = case_identity(sheet, "root");
	server = case_identity(sheet, "server");
	device = case_identity(sheet, "device");
	keys.organisation = chance_id();
	keys.server_id = server.id;
	keys.keys = server.keys;
	memcpy(keys.root, root.keys.sign, SIGN_PUBLIC_SIZE);
	server_keys_certify(root.sign_secret, &keys);
	insist(ticket_from_code(text_of(code), &ticket));
	request = (struct enrolment_request){ ticket.id, device.keys, text_of(name), text_of(platform) };
	grant = (struct grant){ chance_id(), chance_id(), chance_id(), 1767225600000 + (int64_t)sheet->count,
		text_of("Harbour & Hill Service"), text_of(name) };
	case_id(sheet, "organisation", &keys.organisation);
	case_text(sheet, "code", text_of(code));
	case_text(sheet, "device_name", text_of(name));
	case_text(sheet, "platform", text_of(platform));
	case_id(sheet, "granted_device_id", &grant.device_id);
	case_id(sheet, "technician_id", &grant.technician_id);
	case_id(sheet, "epoch", &grant.epoch);
	case_number(sheet, "lease_until_ms", grant.lease_until_ms);
	case_text(sheet, "organisation_name", grant.organisation_name);
	case_text(sheet, "technician_name", grant.technician_name);
	case_bytes(sheet, "keys_message", enrolment_keys(&sheet->arena, &keys));
	message = enrolment_request_seal(&sheet->arena, &keys, &ticket, &request);
	insist(enrolment_request_open(&sheet->arena, &server, message, &opened_request, mac));
	insist(enrolment_request_verify(&keys, &ticket, &opened_request, mac));
	case_bytes(sheet, "request_message", message);
	case_text(sheet, "words", enrolment_words(&sheet->arena, &keys, &device.keys, &ticket.id));
	message = enrolment_grant_seal(&sheet->arena, &server, &keys, &ticket, &device.keys, &grant);
	insist(enrolment_grant_open(&sheet->arena, &device, &keys, &ticket, message, &opened_grant));
	case_bytes(sheet, "grant_message", message);
	case_end(sheet);
}

static void plain_messages_case(struct sheet *sheet, uint32_t reason)
{
	case_begin(sheet, "plain");
	case_number(sheet, "reason", reason);
	case_bytes(sheet, "ask", enrolment_ask(&sheet->arena));
	case_bytes(sheet, "pending", enrolment_pending(&sheet->arena));
	case_bytes(sheet, "refused", enrolment_refused(&sheet->arena, reason));
	case_end(sheet);
}

/* The list itself: both sides must show the same words, whatever versions they are. */
static void words_case(struct sheet *sheet)
{
	struct writer list = writer_in(&sheet->arena, (size_t)WORDS_SIZE * 8);
	uint8_t digest[32];

	case_begin(sheet, "words");
	for (uint32_t i = 0; i < WORDS_SIZE; i++) {
		if (i > 0)
			write_raw(&list, "\n", 1);
		write_raw(&list, words_get(i), strlen(words_get(i)));
	}
	blake2b((struct bytes){ 0 }, writer_bytes(&list), digest, sizeof(digest));
	case_hex(sheet, "digest", digest, sizeof(digest));
	case_end(sheet);
}

static void write_cases(struct sheet *sheet)
{
	static const int64_t seqs[] = { 1, 2, 255, 256, 257, 65535, 65536, 4294967296, INT64_MAX };
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 4096 };
	static const size_t short_sizes[] = { 0, 1, 127, 128, 300 };
	static const char *const codes[] = { "0000000000000", "zzzz-zzzz-zzzzz", "7q2m 9xk4 tzboh", "ilILoO0123456", NULL, NULL };
	static const uint32_t key_numbers[] = { 1, 2, 0x01020304, UINT32_MAX };

	for (size_t i = 0; i < LENGTH(seqs); i++)
		chain_case(sheet, seqs[i], sizes[i]);
	for (size_t i = 0; i < LENGTH(sizes); i++)
		chain_case(sheet, (int64_t)i + 1000, sizes[i]);
	for (size_t i = 0; i < LENGTH(short_sizes); i++)
		ids_case(sheet, (uint32_t)(i * 70000 + 1), short_sizes[i], short_sizes[LENGTH(short_sizes) - 1 - i]);
	for (size_t i = 0; i < 6; i++)
		keys_case(sheet, sizes[2 * i]);
	for (size_t i = 0; i < LENGTH(codes); i++)
		ticket_case(sheet, codes[i]);
	for (enum envelope_type type = ENVELOPE_HELLO; type <= ENVELOPE_GRANT; type++)
		for (size_t i = 0; i < LENGTH(key_numbers); i++)
			envelope_case(sheet, type, key_numbers[i], sizes[(size_t)type * 3 + i - 3]);
	for (size_t i = 0; i < 8; i++)
		session_case(sheet, (uint64_t)1 << (8 * i), sizes[i + 4]);
	session_case(sheet, UINT64_MAX, 33);
	enrolment_case(sheet, "7Q2M9XK4TZB0H", "Coast van 3", "Debian 12, amd64");
	enrolment_case(sheet, "0123456789ABC", "", "");
	enrolment_case(sheet, "ZYXWVTSRQPNMK", "Zo\xc3\xab's handheld", "Debian 12, arm64");
	for (size_t i = 0; i < 9; i++)
		enrolment_case(sheet, "JJJJJJJJJJJJJ", "Valley workshop tablet", "Debian 12, amd64");
	for (uint32_t reason = 1; reason <= 4; reason++)
		plain_messages_case(sheet, reason);
	words_case(sheet);
}

/* The size, or -1 when there is no such file. */
static long file_read(const char *path, char *out, size_t size_max)
{
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL)
		return -1;
	size = fread(out, 1, size_max, file);
	fclose(file);
	return (long)size;
}

static bool file_write(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool written = file != NULL && fwrite(text, 1, size, file) == size;

	return file != NULL && fclose(file) == 0 && written;
}

static bool compare(const char *path, const char *text, size_t size)
{
	char *stored = malloc(size + 1);
	long stored_size;
	size_t line = 1;
	bool same;

	assert(stored != NULL);
	stored_size = file_read(path, stored, size + 1);
	same = stored_size == (long)size && memcmp(stored, text, size) == 0;
	for (size_t i = 0; !same && i < size && (long)i < stored_size && stored[i] == text[i]; i++)
		line += text[i] == '\n';
	if (!same)
		printf("# %s differs from line %zu on\n", path, line);
	free(stored);
	return same;
}

int main(int argc, char **argv)
{
	struct sheet sheet = { 0 };
	char *text = NULL;
	size_t size = 0;
	bool good;

	if (argc != 2) {
		fprintf(stderr, "usage: kat KAT.JSON (UPDATE_GOLDEN=1 writes it)\n");
		return 2;
	}
	if (randombytes_set_implementation(&chance_implementation) != 0)
		return 2;
	chance_seed("start");
	keys_init();
	sheet.file = open_memstream(&text, &size);
	assert(sheet.file != NULL);
	fputs("{\"version\": 1, \"cases\": [\n", sheet.file);
	write_cases(&sheet);
	fputs("\n]}\n", sheet.file);
	fclose(sheet.file);
	good = getenv("UPDATE_GOLDEN") != NULL ? file_write(argv[1], text, size) : compare(argv[1], text, size);
	printf("1..2\n%s 1 - the_known_answers_are_reproduced_byte_for_byte\n", good ? "ok" : "not ok");
	printf("%s 2 - there_are_at_least_64_cases (%zu)\n", sheet.count >= CASES_MIN ? "ok" : "not ok", sheet.count);
	arena_finish(&sheet.arena);
	free(text);
	return good && sheet.count >= CASES_MIN ? 0 : 1;
}
