#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/enrolment.h"
#include "protocol/wire/envelope.h"
#include "protocol/wire/transcript.h"
#include "protocol/wire/words.h"
#include "tests/unit/protocol/wire/parties.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define CODE       "7Q2M9XK4TZB0H"
#define OTHER_CODE "7Q2M9XK4TZB0J"
#define UNIFORM                                                                                                                            \
	"enrolment: the message is damaged, or its sender does not know the code or was shown other keys; "                                \
	"check the address and the code, and ask for a new code"

/* An honest server, a device, and a man in the middle with a root, server and device keys of his own. */
struct fixture {
	struct arena arena;
	struct identity root, server, device;
	struct identity false_root, false_server, false_device;
	struct server_keys keys, false_keys;
	struct ticket ticket, other_ticket;
	struct enrolment_request request;
	struct grant grant;
};

static struct server_keys certified(const struct identity *root, const struct identity *server)
{
	struct server_keys keys = { .organisation = id_of_byte(9), .server_id = server->id, .keys = server->keys };

	memcpy(keys.root, root->keys.sign, SIGN_PUBLIC_SIZE);
	server_keys_certify(root->sign_secret, &keys);
	return keys;
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (fixture == NULL)
		return 1;
	keys_init();
	fixture->root = party_of(1);
	fixture->server = party_of(2);
	fixture->device = party_of(3);
	fixture->false_root = party_of(4);
	fixture->false_server = party_of(5);
	fixture->false_device = party_of(6);
	fixture->keys = certified(&fixture->root, &fixture->server);
	fixture->false_keys = certified(&fixture->false_root, &fixture->false_server);
	if (ticket_from_code(text_of(CODE), &fixture->ticket) != STATUS_OK ||
		ticket_from_code(text_of(OTHER_CODE), &fixture->other_ticket) != STATUS_OK)
		return 1;
	fixture->request = (struct enrolment_request){
		.ticket_id = fixture->ticket.id,
		.device = fixture->device.keys,
		.name = text_of("Coast van 3"),
		.platform = text_of("Debian 12, amd64"),
	};
	fixture->grant = (struct grant){
		.device_id = id_of_byte(20),
		.technician_id = id_of_byte(21),
		.epoch = id_of_byte(22),
		.lease_until_ms = 1767225600000,
		.organisation_name = text_of("Harbour & Hill Service"),
		.technician_name = text_of("Zoë Hart"),
	};
	*state = fixture;
	return 0;
}

static int finish(void **state)
{
	struct fixture *fixture = *state;

	arena_finish(&fixture->arena);
	free(fixture);
	return 0;
}

static enum status request_round(
	struct fixture *fixture, const struct server_keys *seen, const struct ticket *typed, struct enrolment_request *out_request)
{
	struct bytes message = enrolment_request_seal(&fixture->arena, seen, typed, &fixture->request);
	uint8_t mac[32];
	enum status status = enrolment_request_open(&fixture->arena, &fixture->server, message, out_request, mac);

	if (status != STATUS_OK)
		return status;
	return enrolment_request_verify(&fixture->keys, &fixture->ticket, out_request, mac);
}

static void assert_uniform(enum status status)
{
	assert_int_equal(status, STATUS_CORRUPT);
	assert_string_equal(fail_reason(), UNIFORM);
}

static void a_code_is_read_however_people_write_it(void **state)
{
	static const char *const ways[] = { CODE, "7q2m9xk4tzb0h", "7Q2M-9XK4-TZB0H", " 7q2m 9xk4 tzboh ", "7Q2M9XK4TZBOH",
		"7-Q-2-M-9-X-K-4-T-Z-B-o-H" };
	struct fixture *fixture = *state;
	struct ticket ticket, ones, letters;

	for (size_t i = 0; i < LENGTH(ways); i++) {
		assert_int_equal(ticket_from_code(text_of(ways[i]), &ticket), STATUS_OK);
		assert_memory_equal(&ticket, &fixture->ticket, sizeof(ticket));
	}
	assert_int_equal(ticket_from_code(text_of("1111111111111"), &ones), STATUS_OK);
	assert_int_equal(ticket_from_code(text_of("iIlL1iIlL1iIl"), &letters), STATUS_OK);
	assert_memory_equal(&ones, &letters, sizeof(ones));
}

static void a_code_that_is_none_is_refused_with_a_sentence(void **state)
{
	static const char *const codes[] = { "", "-", "7Q2M9XK4TZB0", "7Q2M9XK4TZB0HH", "7Q2M9XK4TZB0U", "7Q2M9XK4TZB0_",
		"7Q2M9XK4TZB0\xc3\xa9" };
	static const char with_nul[TICKET_CODE_LENGTH] = "7Q2M9XK4TZB0"; /* its last character is NUL */
	struct ticket ticket;

	(void)state;
	for (size_t i = 0; i < LENGTH(codes); i++) {
		assert_int_equal(ticket_from_code(text_of(codes[i]), &ticket), STATUS_INVALID);
		assert_non_null(strstr(fail_reason(), "type it again"));
	}
	assert_int_equal(ticket_from_code((struct text){ .data = with_nul, .size = sizeof(with_nul) }, &ticket), STATUS_INVALID);
}

static void generated_codes_differ_and_are_accepted(void **state)
{
	char codes[64][TICKET_CODE_LENGTH + 1];
	struct ticket ticket;

	(void)state;
	for (size_t i = 0; i < LENGTH(codes); i++) {
		ticket_generate(codes[i]);
		assert_int_equal(strlen(codes[i]), TICKET_CODE_LENGTH);
		assert_int_equal(ticket_from_code(text_of(codes[i]), &ticket), STATUS_OK);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(codes[i], codes[j]);
	}
}

static void a_ticket_id_tells_nothing_of_its_key(void **state)
{
	struct fixture *fixture = *state;

	assert_memory_not_equal(fixture->ticket.id.bytes, fixture->ticket.key, ID_SIZE);
	assert_memory_not_equal(fixture->ticket.id.bytes, fixture->other_ticket.id.bytes, ID_SIZE);
	assert_memory_not_equal(fixture->ticket.key, fixture->other_ticket.key, TICKET_KEY_SIZE);
}

static void server_keys_travel_and_every_flipped_bit_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	struct bytes message = enrolment_keys(&fixture->arena, &fixture->keys);
	struct server_keys opened;

	assert_int_equal(enrolment_keys_open(message, &opened), STATUS_OK);
	assert_memory_equal(&opened, &fixture->keys, sizeof(opened));
	for (size_t bit = 0; bit < message.size * 8; bit++) {
		uint8_t *bytes = arena_copy(&fixture->arena, message.data, message.size);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(enrolment_keys_open((struct bytes){ .data = bytes, .size = message.size }, &opened), STATUS_CORRUPT);
	}
	for (size_t size = 0; size < message.size; size++)
		assert_int_equal(enrolment_keys_open((struct bytes){ .data = message.data, .size = size }, &opened), STATUS_CORRUPT);
}

static void a_certificate_covers_organisation_server_and_both_keys(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *const fields[] = { fixture->keys.organisation.bytes, fixture->keys.server_id.bytes, fixture->keys.root,
		fixture->keys.keys.sign, fixture->keys.keys.box, fixture->keys.certificate };

	assert_int_equal(server_keys_verify(&fixture->keys), STATUS_OK);
	for (size_t i = 0; i < LENGTH(fields); i++) {
		fields[i][3] ^= 1;
		assert_int_equal(server_keys_verify(&fixture->keys), STATUS_CORRUPT);
		fields[i][3] ^= 1;
	}
}

static void an_intake_key_of_small_order_is_refused_although_certified(void **state)
{
	struct fixture *fixture = *state;

	memset(fixture->keys.keys.box, 0, BOX_PUBLIC_SIZE);
	server_keys_certify(fixture->root.sign_secret, &fixture->keys);
	assert_int_equal(server_keys_verify(&fixture->keys), STATUS_CORRUPT);
}

static void a_request_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	struct enrolment_request opened;

	assert_int_equal(request_round(fixture, &fixture->keys, &fixture->ticket, &opened), STATUS_OK);
	assert_true(id_equal(&opened.ticket_id, &fixture->ticket.id));
	assert_memory_equal(&opened.device, &fixture->device.keys, sizeof(opened.device));
	assert_true(text_equals(opened.name, "Coast van 3"));
	assert_true(text_equals(opened.platform, "Debian 12, amd64"));
}

static void a_wrong_code_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct enrolment_request opened;
	uint8_t mac[32];
	struct bytes message;

	assert_uniform(request_round(fixture, &fixture->keys, &fixture->other_ticket, &opened));
	fixture->other_ticket.id = fixture->ticket.id; /* a ticket id is no secret: knowing it alone must not help */
	assert_uniform(request_round(fixture, &fixture->keys, &fixture->other_ticket, &opened));
	message = enrolment_request_seal(&fixture->arena, &fixture->keys, &fixture->ticket, &fixture->request);
	assert_int_equal(enrolment_request_open(&fixture->arena, &fixture->server, message, &opened, mac), STATUS_OK);
	opened.ticket_id = id_of_byte(99); /* the right key, filed under another ticket */
	assert_uniform(enrolment_request_verify(&fixture->keys, &fixture->ticket, &opened, mac));
}

/* Substituting any single thing that was seen or said must break the request's proof. */
static void a_man_in_the_middle_who_swaps_any_key_towards_the_device_fails_at_the_request(void **state)
{
	struct fixture *fixture = *state;
	struct server_keys seen[5];
	struct enrolment_request opened;

	for (size_t i = 0; i < LENGTH(seen); i++)
		seen[i] = fixture->keys;
	memcpy(seen[0].root, fixture->false_keys.root, SIGN_PUBLIC_SIZE);
	memcpy(seen[1].keys.sign, fixture->false_keys.keys.sign, SIGN_PUBLIC_SIZE);
	memcpy(seen[2].keys.box, fixture->false_keys.keys.box, BOX_PUBLIC_SIZE);
	seen[3].organisation = id_of_byte(77);
	seen[4].server_id = id_of_byte(78);
	for (size_t i = 0; i < LENGTH(seen); i++) {
		struct bytes message = enrolment_request_seal(&fixture->arena, &seen[i], &fixture->ticket, &fixture->request);
		struct identity middle = fixture->server; /* he opens what was sealed to his key and seals it on */
		uint8_t mac[32];
		if (i == 2)
			middle = fixture->false_server;
		assert_int_equal(enrolment_request_open(&fixture->arena, &middle, message, &opened, mac), STATUS_OK);
		assert_uniform(enrolment_request_verify(&fixture->keys, &fixture->ticket, &opened, mac));
	}
}

static void a_man_in_the_middle_who_swaps_anything_of_the_device_fails_at_the_request(void **state)
{
	struct fixture *fixture = *state;
	struct bytes message = enrolment_request_seal(&fixture->arena, &fixture->keys, &fixture->ticket, &fixture->request);
	struct enrolment_request opened, changed[5];
	uint8_t mac[32];

	assert_int_equal(enrolment_request_open(&fixture->arena, &fixture->server, message, &opened, mac), STATUS_OK);
	assert_int_equal(enrolment_request_verify(&fixture->keys, &fixture->ticket, &opened, mac), STATUS_OK);
	for (size_t i = 0; i < LENGTH(changed); i++)
		changed[i] = opened;
	memcpy(changed[0].device.sign, fixture->false_device.keys.sign, SIGN_PUBLIC_SIZE);
	memcpy(changed[1].device.box, fixture->false_device.keys.box, BOX_PUBLIC_SIZE);
	changed[2].name = text_of("Coast van 4");
	changed[3].platform = text_of("Debian 13, amd64");
	changed[4].name = text_of("Coast van 3\x10"
				  "Debian"); /* moves the border between the two texts */
	changed[4].platform = text_of(" 12, amd64");
	for (size_t i = 0; i < LENGTH(changed); i++)
		assert_uniform(enrolment_request_verify(&fixture->keys, &fixture->ticket, &changed[i], mac));
}

static void every_flipped_bit_and_truncation_of_a_request_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes message = enrolment_request_seal(&fixture->arena, &fixture->keys, &fixture->ticket, &fixture->request);
	struct enrolment_request opened;
	uint8_t mac[32];

	for (size_t bit = 0; bit < message.size * 8; bit++) {
		uint8_t *bytes = arena_copy(&fixture->arena, message.data, message.size);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_uniform(enrolment_request_open(
			&fixture->arena, &fixture->server, (struct bytes){ .data = bytes, .size = message.size }, &opened, mac));
	}
	for (size_t size = 0; size < message.size; size++)
		assert_uniform(enrolment_request_open(
			&fixture->arena, &fixture->server, (struct bytes){ .data = message.data, .size = size }, &opened, mac));
}

/* A stranger may seal whatever he likes to the intake key. */
static struct bytes sealed_plain(struct fixture *fixture, const struct identity *to, uint8_t type, const uint8_t *plain, size_t size)
{
	uint8_t *message = arena_allocate(&fixture->arena, 8 + size + crypto_box_SEALBYTES);

	memcpy(message, (const uint8_t[]){ 'T', 'R', 'K', '1', 1, 1, type, 0 }, 8);
	assert_int_equal(crypto_box_seal(message + 8, plain, size, to->keys.box), 0);
	return (struct bytes){ .data = message, .size = 8 + size + crypto_box_SEALBYTES };
}

static void a_malformed_request_in_a_good_box_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct enrolment_request opened;
	uint8_t plain[512] = { 0 };
	uint8_t mac[32];

	memcpy(plain + ID_SIZE, &fixture->device.keys, 64);
	assert_int_equal(enrolment_request_open(&fixture->arena, &fixture->server,
				 sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, 114), &opened, mac),
		STATUS_OK); /* two empty texts: the frame of the cases below is right */
	assert_uniform(enrolment_request_open(&fixture->arena, &fixture->server,
		sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, 115), &opened, mac)); /* a byte more */
	plain[80] = 101;                                                                            /* a name too long by one */
	assert_uniform(enrolment_request_open(
		&fixture->arena, &fixture->server, sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, 114 + 101), &opened, mac));
	plain[80] = 1; /* a name that is one NUL */
	assert_uniform(enrolment_request_open(
		&fixture->arena, &fixture->server, sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, 115), &opened, mac));
	plain[81] = 0xff; /* no UTF-8 */
	assert_uniform(enrolment_request_open(
		&fixture->arena, &fixture->server, sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, 115), &opened, mac));
	memset(plain, 0, sizeof(plain)); /* a receiving key of small order: the grant could not be sealed to it */
	assert_uniform(enrolment_request_open(
		&fixture->arena, &fixture->server, sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, 114), &opened, mac));
}

static void a_name_too_long_is_cut_at_a_character(void **state)
{
	struct fixture *fixture = *state;
	struct enrolment_request opened;
	char name[120];

	memset(name, 'x', sizeof(name));
	memcpy(name + 99, "\xc3\xa9", 2); /* lies across the border */
	fixture->request.name = (struct text){ .data = name, .size = sizeof(name) };
	assert_int_equal(request_round(fixture, &fixture->keys, &fixture->ticket, &opened), STATUS_OK);
	assert_int_equal(opened.name.size, 99);
}

static void words_change_with_every_key_and_the_ticket(void **state)
{
	struct fixture *fixture = *state;
	struct text words = enrolment_words(&fixture->arena, &fixture->keys, &fixture->device.keys, &fixture->ticket.id);
	struct server_keys keys = fixture->keys;
	struct public_keys device = fixture->device.keys;
	struct id ticket_id = fixture->ticket.id;
	uint8_t *const parts[] = { keys.root, keys.keys.sign, keys.keys.box, device.sign, device.box, ticket_id.bytes };

	assert_true(text_equal(words, enrolment_words(&fixture->arena, &keys, &device, &ticket_id)));
	for (size_t i = 0; i < LENGTH(parts); i++) {
		parts[i][15] ^= 0x10;
		assert_false(text_equal(words, enrolment_words(&fixture->arena, &keys, &device, &ticket_id)));
		parts[i][15] ^= 0x10;
	}
}

static void both_sides_show_six_words_of_the_list(void **state)
{
	struct fixture *fixture = *state;
	struct text words = enrolment_words(&fixture->arena, &fixture->keys, &fixture->device.keys, &fixture->ticket.id);
	size_t found = 0, at = 0;

	for (size_t word = 0; word < WORDS_COUNT; word++) {
		size_t end = at;
		while (end < words.size && words.data[end] != ' ')
			end++;
		for (uint32_t i = 0; i < WORDS_SIZE; i++)
			if (text_equals((struct text){ .data = words.data + at, .size = end - at }, words_get(i)))
				found++;
		at = end + 1;
	}
	assert_int_equal(found, WORDS_COUNT);
	assert_int_equal(at, words.size + 1);
}

/* The full attack: he knows no code, so he cannot go on towards the server; but had he the code too, the people would see it. */
static void a_man_in_the_middle_who_even_knows_the_code_makes_the_words_differ(void **state)
{
	struct fixture *fixture = *state;
	struct text on_device = enrolment_words(&fixture->arena, &fixture->false_keys, &fixture->device.keys, &fixture->ticket.id);
	struct text on_server = enrolment_words(&fixture->arena, &fixture->keys, &fixture->false_device.keys, &fixture->ticket.id);

	assert_false(text_equal(on_device, on_server));
}

static struct bytes grant_message(struct fixture *fixture)
{
	return enrolment_grant_seal(
		&fixture->arena, &fixture->server, &fixture->keys, &fixture->ticket, &fixture->device.keys, &fixture->grant);
}

static void a_grant_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	struct grant grant;

	assert_int_equal(
		enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket, grant_message(fixture), &grant),
		STATUS_OK);
	assert_true(id_equal(&grant.device_id, &fixture->grant.device_id));
	assert_true(id_equal(&grant.technician_id, &fixture->grant.technician_id));
	assert_true(id_equal(&grant.epoch, &fixture->grant.epoch));
	assert_int_equal(grant.lease_until_ms, fixture->grant.lease_until_ms);
	assert_true(text_equal(grant.organisation_name, fixture->grant.organisation_name));
	assert_true(text_equal(grant.technician_name, fixture->grant.technician_name));
}

static void a_grant_from_other_keys_than_the_device_saw_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes message = grant_message(fixture);
	struct server_keys seen = fixture->keys;
	uint8_t *const parts[] = { seen.root, seen.keys.sign, seen.keys.box, seen.organisation.bytes, seen.server_id.bytes };
	struct identity device = fixture->device;
	struct grant grant;

	for (size_t i = 0; i < LENGTH(parts); i++) {
		parts[i][15] ^= 0x10;
		assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &seen, &fixture->ticket, message, &grant));
		parts[i][15] ^= 0x10;
	}
	memcpy(device.keys.sign, fixture->false_device.keys.sign, SIGN_PUBLIC_SIZE);
	assert_uniform(enrolment_grant_open(&fixture->arena, &device, &fixture->keys, &fixture->ticket, message, &grant));
	assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->false_device, &fixture->keys, &fixture->ticket, message, &grant));
	assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->other_ticket, message, &grant));
}

static void a_grant_needs_both_the_code_and_the_servers_signature(void **state)
{
	struct fixture *fixture = *state;
	struct grant grant;

	/* Signed by a server that certified itself under the false root, with the code known. */
	assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
		enrolment_grant_seal(
			&fixture->arena, &fixture->false_server, &fixture->keys, &fixture->ticket, &fixture->device.keys, &fixture->grant),
		&grant));
	/* Signed by the right server for another code. */
	assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
		enrolment_grant_seal(
			&fixture->arena, &fixture->server, &fixture->keys, &fixture->other_ticket, &fixture->device.keys, &fixture->grant),
		&grant));
	/* Signed by the right server, whose thief of a signing key knows the ticket's id only. */
	fixture->other_ticket.id = fixture->ticket.id;
	assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
		enrolment_grant_seal(
			&fixture->arena, &fixture->server, &fixture->keys, &fixture->other_ticket, &fixture->device.keys, &fixture->grant),
		&grant));
}

/* Who knows the plain text can box it again (the key is public); not one bit of it may then be another. */
static void every_bit_inside_a_boxed_request_and_grant_is_covered(void **state)
{
	struct fixture *fixture = *state;
	struct bytes request = enrolment_request_seal(&fixture->arena, &fixture->keys, &fixture->ticket, &fixture->request);
	struct bytes grant = grant_message(fixture);
	struct enrolment_request opened_request;
	uint8_t plain[1024], mac[32];
	struct grant opened_grant;
	size_t size = request.size - 8 - crypto_box_SEALBYTES;

	assert_int_equal(
		crypto_box_seal_open(plain, request.data + 8, request.size - 8, fixture->server.keys.box, fixture->server.box_secret), 0);
	for (size_t bit = 0; bit < size * 8; bit++) {
		struct bytes message;
		plain[bit / 8] ^= (uint8_t)(1U << bit % 8);
		message = sealed_plain(fixture, &fixture->server, ENROL_REQUEST, plain, size);
		if (enrolment_request_open(&fixture->arena, &fixture->server, message, &opened_request, mac) == STATUS_OK)
			assert_uniform(enrolment_request_verify(&fixture->keys, &fixture->ticket, &opened_request, mac));
		plain[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	size = grant.size - 8 - crypto_box_SEALBYTES;
	assert_int_equal(
		crypto_box_seal_open(plain, grant.data + 8, grant.size - 8, fixture->device.keys.box, fixture->device.box_secret), 0);
	for (size_t bit = 0; bit < size * 8; bit++) {
		plain[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
			sealed_plain(fixture, &fixture->device, ENROL_GRANT, plain, size), &opened_grant));
		plain[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

/* Signed and authenticated as it should be, by hand: `name_size` is what the first text claims, `extra` bytes follow the second. */
static struct bytes hand_made_grant(struct fixture *fixture, uint8_t name_size, size_t extra)
{
	uint8_t plain[64 + 32 + 56 + 2 + 128] = { 0 };
	uint8_t *body = plain + 96;
	size_t body_size = 56 + 1 + (size_t)name_size + 1 + extra;
	static const char *const domains[] = { "truckroll/grant/v1", "truckroll/grant-mac/v1" };
	struct transcript transcripts[2];

	memset(body, 20, 48);
	body[56] = name_size;
	memset(body + 57, 'x', name_size);
	for (size_t i = 0; i < 2; i++) {
		transcript_init(&transcripts[i], domains[i]);
		transcript_add(&transcripts[i], fixture->keys.root, 32);
		transcript_add(&transcripts[i], &fixture->keys.keys, 64);
		transcript_add(&transcripts[i], &fixture->device.keys, 64);
		transcript_add_id(&transcripts[i], &fixture->ticket.id);
		transcript_add_id(&transcripts[i], &fixture->keys.organisation);
		transcript_add_id(&transcripts[i], &fixture->keys.server_id);
		transcript_add(&transcripts[i], body, body_size);
	}
	keys_sign(&fixture->server, transcript_bytes(&transcripts[0]), plain);
	assert_int_equal(crypto_auth(plain + 64, transcripts[1].bytes, transcripts[1].size, fixture->ticket.key), 0);
	return sealed_plain(fixture, &fixture->device, ENROL_GRANT, plain, 96 + body_size);
}

static void a_malformed_grant_is_refused_even_from_the_right_server(void **state)
{
	struct fixture *fixture = *state;
	struct grant grant;

	assert_int_equal(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
				 hand_made_grant(fixture, 100, 0), &grant),
		STATUS_OK);
	assert_uniform(enrolment_grant_open(
		&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket, hand_made_grant(fixture, 100, 1), &grant));
	assert_uniform(enrolment_grant_open(
		&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket, hand_made_grant(fixture, 101, 0), &grant));
}

static void a_grant_with_a_negative_lease_or_no_device_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct grant grant;

	fixture->grant.lease_until_ms = -1;
	assert_uniform(
		enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket, grant_message(fixture), &grant));
	fixture->grant.lease_until_ms = 1;
	fixture->grant.device_id = (struct id){ { 0 } };
	assert_uniform(
		enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket, grant_message(fixture), &grant));
}

static void every_flipped_bit_and_truncation_of_a_grant_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes message = grant_message(fixture);
	struct grant grant;

	for (size_t bit = 0; bit < message.size * 8; bit++) {
		uint8_t *bytes = arena_copy(&fixture->arena, message.data, message.size);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
			(struct bytes){ .data = bytes, .size = message.size }, &grant));
	}
	for (size_t size = 0; size < message.size; size++)
		assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->device, &fixture->keys, &fixture->ticket,
			(struct bytes){ .data = message.data, .size = size }, &grant));
}

static void a_grant_is_no_request_and_a_request_no_grant(void **state)
{
	struct fixture *fixture = *state;
	struct bytes request = enrolment_request_seal(&fixture->arena, &fixture->keys, &fixture->ticket, &fixture->request);
	struct bytes grant_bytes = grant_message(fixture);
	struct enrolment_request opened;
	struct grant grant;
	uint8_t mac[32];

	assert_uniform(enrolment_request_open(&fixture->arena, &fixture->device, grant_bytes, &opened, mac));
	assert_uniform(enrolment_grant_open(&fixture->arena, &fixture->server, &fixture->keys, &fixture->ticket, request, &grant));
}

static void each_message_tells_its_type_and_is_no_envelope(void **state)
{
	struct fixture *fixture = *state;
	const struct {
		struct bytes message;
		enum enrolment_message type;
	} cases[] = {
		{ enrolment_ask(&fixture->arena), ENROL_ASK },
		{ enrolment_keys(&fixture->arena, &fixture->keys), ENROL_KEYS },
		{ enrolment_request_seal(&fixture->arena, &fixture->keys, &fixture->ticket, &fixture->request), ENROL_REQUEST },
		{ enrolment_pending(&fixture->arena), ENROL_PENDING },
		{ grant_message(fixture), ENROL_GRANT },
		{ enrolment_refused(&fixture->arena, 1), ENROL_REFUSED },
	};
	enum enrolment_message type;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint8_t *bytes = arena_copy(&fixture->arena, cases[i].message.data, cases[i].message.size);
		struct bytes message = { .data = bytes, .size = cases[i].message.size };
		assert_true(enrolment_peek(message, &type));
		assert_int_equal(type, cases[i].type);
		assert_false(envelope_looks_like(message));
		assert_false(enrolment_peek((struct bytes){ .data = bytes, .size = 7 }, &type));
		for (size_t at = 0; at < 8; at++) {
			bytes[at] ^= 0x80;
			assert_false(enrolment_peek(message, &type));
			bytes[at] ^= 0x80;
		}
	}
}

static void a_refusal_gives_its_reason(void **state)
{
	struct fixture *fixture = *state;
	struct bytes message = enrolment_refused(&fixture->arena, 3);
	uint32_t reason = 0;

	assert_int_equal(enrolment_refused_open(message, &reason), STATUS_OK);
	assert_int_equal(reason, 3);
	message.size--;
	assert_int_equal(enrolment_refused_open(message, &reason), STATUS_CORRUPT);
	assert_int_equal(enrolment_refused_open(enrolment_pending(&fixture->arena), &reason), STATUS_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_code_is_read_however_people_write_it, start, finish),
		cmocka_unit_test_setup_teardown(a_code_that_is_none_is_refused_with_a_sentence, start, finish),
		cmocka_unit_test_setup_teardown(generated_codes_differ_and_are_accepted, start, finish),
		cmocka_unit_test_setup_teardown(a_ticket_id_tells_nothing_of_its_key, start, finish),
		cmocka_unit_test_setup_teardown(server_keys_travel_and_every_flipped_bit_is_noticed, start, finish),
		cmocka_unit_test_setup_teardown(a_certificate_covers_organisation_server_and_both_keys, start, finish),
		cmocka_unit_test_setup_teardown(an_intake_key_of_small_order_is_refused_although_certified, start, finish),
		cmocka_unit_test_setup_teardown(a_request_arrives_whole, start, finish),
		cmocka_unit_test_setup_teardown(a_wrong_code_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(
			a_man_in_the_middle_who_swaps_any_key_towards_the_device_fails_at_the_request, start, finish),
		cmocka_unit_test_setup_teardown(a_man_in_the_middle_who_swaps_anything_of_the_device_fails_at_the_request, start, finish),
		cmocka_unit_test_setup_teardown(every_flipped_bit_and_truncation_of_a_request_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_malformed_request_in_a_good_box_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_name_too_long_is_cut_at_a_character, start, finish),
		cmocka_unit_test_setup_teardown(words_change_with_every_key_and_the_ticket, start, finish),
		cmocka_unit_test_setup_teardown(both_sides_show_six_words_of_the_list, start, finish),
		cmocka_unit_test_setup_teardown(a_man_in_the_middle_who_even_knows_the_code_makes_the_words_differ, start, finish),
		cmocka_unit_test_setup_teardown(a_grant_arrives_whole, start, finish),
		cmocka_unit_test_setup_teardown(a_grant_from_other_keys_than_the_device_saw_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_grant_needs_both_the_code_and_the_servers_signature, start, finish),
		cmocka_unit_test_setup_teardown(every_bit_inside_a_boxed_request_and_grant_is_covered, start, finish),
		cmocka_unit_test_setup_teardown(a_malformed_grant_is_refused_even_from_the_right_server, start, finish),
		cmocka_unit_test_setup_teardown(a_grant_with_a_negative_lease_or_no_device_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(every_flipped_bit_and_truncation_of_a_grant_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_grant_is_no_request_and_a_request_no_grant, start, finish),
		cmocka_unit_test_setup_teardown(each_message_tells_its_type_and_is_no_envelope, start, finish),
		cmocka_unit_test_setup_teardown(a_refusal_gives_its_reason, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
