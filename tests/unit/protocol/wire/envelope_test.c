#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/envelope.h"
#include "tests/unit/protocol/wire/parties.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define SECTIONS_SIZE 800
#define UNIFORM       "envelope: damaged, or not made for this recipient by a sender it knows; send it again"

struct fixture {
	struct arena arena;
	struct identity device, server, other;
	struct id organisation;
	uint8_t sections[SECTIONS_SIZE];
	struct envelope envelope;
	struct bytes sealed;
	const struct identity *known; /* whose keys the lookup gives for the device's id */
	enum status lookup;
	size_t lookups;
};

static enum status find_sender(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	struct fixture *fixture = context;

	fixture->lookups++;
	if (fixture->lookup != STATUS_OK)
		return fail(fixture->lookup, "lookup");
	if (!id_equal(sender, &fixture->device.id) || key_number != fixture->device.key_number)
		return fail(STATUS_NOT_FOUND, "a stranger");
	*out_keys = fixture->known->keys;
	return STATUS_OK;
}

static void seal(struct fixture *fixture)
{
	struct party server = identity_party(&fixture->server);

	assert_int_equal(
		envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &fixture->envelope, &fixture->sealed),
		STATUS_OK);
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (fixture == NULL)
		return 1;
	keys_init();
	fixture->device = party_of(1);
	fixture->server = party_of(2);
	fixture->other = party_of(3);
	fixture->known = &fixture->device;
	fixture->organisation = id_of_byte(9);
	for (size_t i = 0; i < SECTIONS_SIZE; i++)
		fixture->sections[i] = (uint8_t)(i * 7);
	fixture->envelope = (struct envelope){
		.type = ENVELOPE_HELLO,
		.incarnation = id_of_byte(5),
		.server_epoch = id_of_byte(6),
		.has_ephemeral = true,
		.sections = { .data = fixture->sections, .size = SECTIONS_SIZE },
	};
	memset(fixture->envelope.ephemeral, 7, BOX_PUBLIC_SIZE);
	seal(fixture);
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

static enum status open_bytes(struct fixture *fixture, struct bytes sealed, struct envelope *out_envelope)
{
	struct arena arena = { 0 };
	enum status status = envelope_open(&arena, &fixture->server, &fixture->organisation, sealed, find_sender, fixture, out_envelope);

	arena_finish(&arena); /* `sections` of the result must not be read */
	return status;
}

static void assert_refused(struct fixture *fixture, struct bytes sealed)
{
	struct envelope envelope;

	memset(&envelope, 0xa5, sizeof(envelope));
	assert_int_equal(open_bytes(fixture, sealed, &envelope), STATUS_CORRUPT);
	assert_string_equal(fail_reason(), UNIFORM);
	for (size_t i = 0; i < sizeof(envelope); i++)
		assert_int_equal(((const uint8_t *)&envelope)[i], 0xa5); /* nothing was given out */
}

static void what_was_sealed_opens_for_its_recipient(void **state)
{
	struct fixture *fixture = *state;
	struct envelope opened;

	for (enum envelope_type type = ENVELOPE_HELLO; type <= ENVELOPE_GRANT; type++) {
		fixture->envelope.type = type;
		fixture->envelope.has_ephemeral = type == ENVELOPE_HELLO || type == ENVELOPE_WELCOME;
		seal(fixture);
		assert_true(envelope_looks_like(fixture->sealed));
		assert_int_equal(envelope_open(&fixture->arena, &fixture->server, &fixture->organisation, fixture->sealed, find_sender,
					 fixture, &opened),
			STATUS_OK);
		assert_int_equal(opened.type, type);
		assert_true(id_equal(&opened.sender, &fixture->device.id));
		assert_int_equal(opened.key_number, 1);
		assert_true(id_equal(&opened.incarnation, &fixture->envelope.incarnation));
		assert_true(id_equal(&opened.server_epoch, &fixture->envelope.server_epoch));
		assert_int_equal(opened.has_ephemeral, fixture->envelope.has_ephemeral);
		if (opened.has_ephemeral)
			assert_memory_equal(opened.ephemeral, fixture->envelope.ephemeral, BOX_PUBLIC_SIZE);
		assert_true(bytes_equal(opened.sections, fixture->envelope.sections));
	}
}

static void sealing_twice_gives_different_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct bytes first = fixture->sealed;

	seal(fixture);
	assert_int_equal(first.size, fixture->sealed.size);
	assert_false(bytes_equal(first, fixture->sealed));
}

static void an_envelope_costs_at_most_212_bytes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture->sealed.size, SECTIONS_SIZE + 212);
}

static void every_flipped_bit_is_refused_alike(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *bytes = arena_copy(&fixture->arena, fixture->sealed.data, fixture->sealed.size);
	struct bytes sealed = { .data = bytes, .size = fixture->sealed.size };
	struct envelope envelope;

	for (size_t bit = 0; bit < sealed.size * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if ((bit / 8 == 4 || bit / 8 == 5) && bytes[bit / 8] > 1) /* version and suite: told, so that the user can update */
			assert_int_equal(open_bytes(fixture, sealed, &envelope), STATUS_NEWER);
		else
			assert_refused(fixture, sealed);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(fixture->lookups, 1); /* only the type is outside the box, and of those only a bundle may follow one flip */
	assert_int_equal(open_bytes(fixture, sealed, &envelope), STATUS_OK);
}

static void every_truncation_is_refused_alike(void **state)
{
	struct fixture *fixture = *state;

	for (size_t size = 0; size < fixture->sealed.size; size++) {
		uint8_t *exact = malloc(size + 1); /* its own block, so that a sanitizer sees a read beyond */
		assert_non_null(exact);
		memcpy(exact, fixture->sealed.data, size);
		assert_refused(fixture, (struct bytes){ .data = exact, .size = size });
		free(exact);
	}
}

static void a_trailing_byte_is_refused(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *bytes = arena_allocate(&fixture->arena, fixture->sealed.size + 1);

	memcpy(bytes, fixture->sealed.data, fixture->sealed.size);
	assert_refused(fixture, (struct bytes){ .data = bytes, .size = fixture->sealed.size + 1 });
}

static void a_frame_above_64_kib_is_refused_before_anything_is_allocated(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *bytes = arena_allocate(&fixture->arena, ENVELOPE_SIZE_MAX + 1);
	struct arena arena = { 0 };
	struct envelope envelope;

	memcpy(bytes, fixture->sealed.data, fixture->sealed.size);
	assert_int_equal(envelope_open(&arena, &fixture->server, &fixture->organisation,
				 (struct bytes){ .data = bytes, .size = ENVELOPE_SIZE_MAX + 1 }, find_sender, fixture, &envelope),
		STATUS_CORRUPT);
	assert_int_equal(arena.used, 0);
}

static void a_wrong_recipient_organisation_or_sender_key_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct identity server = fixture->server;
	struct id organisation = fixture->organisation;

	fixture->server = fixture->other;
	assert_refused(fixture, fixture->sealed);
	fixture->server = server;
	fixture->server.id = fixture->other.id; /* right keys, another id */
	assert_refused(fixture, fixture->sealed);
	fixture->server = server;
	fixture->organisation = id_of_byte(10);
	assert_refused(fixture, fixture->sealed);
	fixture->organisation = organisation;
	fixture->known = &fixture->other;
	assert_refused(fixture, fixture->sealed);
}

static void a_stranger_is_refused_like_a_forger(void **state)
{
	struct fixture *fixture = *state;

	fixture->lookup = STATUS_NOT_FOUND;
	assert_refused(fixture, fixture->sealed);
	assert_int_equal(fixture->lookups, 1);
}

static void a_stranger_who_signed_with_the_recipients_own_key_is_still_refused(void **state)
{
	struct fixture *fixture = *state;
	struct identity device = fixture->device;

	memcpy(fixture->device.sign_secret, fixture->server.sign_secret, SIGN_SECRET_SIZE);
	seal(fixture);
	fixture->device = device;
	fixture->lookup = STATUS_NOT_FOUND;
	assert_refused(fixture, fixture->sealed);
}

static void a_trouble_of_the_store_is_passed_on(void **state)
{
	struct fixture *fixture = *state;
	struct envelope envelope;

	fixture->lookup = STATUS_BUSY;
	assert_int_equal(open_bytes(fixture, fixture->sealed, &envelope), STATUS_BUSY);
}

static void another_key_number_is_a_stranger(void **state)
{
	struct fixture *fixture = *state;

	fixture->device.key_number = 2;
	seal(fixture);
	fixture->device.key_number = 1;
	assert_refused(fixture, fixture->sealed);
}

/* Opens the box as the recipient may, lets `change` loose on the plain bytes or the clear ones, and boxes them again: what anyone
 * could do who knows the recipient's public key and the plain text, but not the sender's signing key. */
static struct bytes boxed_again(struct fixture *fixture, void (*change)(uint8_t *clear, uint8_t *plain, size_t size))
{
	size_t plain_size = fixture->sealed.size - 16 - crypto_box_SEALBYTES;
	uint8_t *plain = arena_allocate(&fixture->arena, plain_size);
	uint8_t *sealed = arena_copy(&fixture->arena, fixture->sealed.data, fixture->sealed.size);

	assert_int_equal(
		crypto_box_seal_open(plain, sealed + 16, fixture->sealed.size - 16, fixture->server.keys.box, fixture->server.box_secret),
		0);
	change(sealed, plain, plain_size);
	assert_int_equal(crypto_box_seal(sealed + 16, plain, plain_size, fixture->server.keys.box), 0);
	return (struct bytes){ .data = sealed, .size = fixture->sealed.size };
}

static void no_change(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)plain;
	(void)size;
}

static void other_type(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)plain;
	(void)size;
	clear[6] = ENVELOPE_WELCOME;
}

static void shorter_type(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)plain;
	(void)size;
	clear[6] = ENVELOPE_BUNDLE; /* the ephemeral key would become sections */
}

static void other_epoch(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)size;
	plain[64 + 16 + 4 + 16] ^= 1;
}

static void other_ephemeral(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)size;
	plain[64 + 52] ^= 1;
}

static void other_incarnation(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)size;
	plain[64 + 20] ^= 1;
}

static void other_sections(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	plain[size - 1] ^= 1;
}

static void swapped_sections(uint8_t *clear, uint8_t *plain, size_t size)
{
	uint8_t *sections = plain + size - SECTIONS_SIZE;

	(void)clear;
	for (size_t i = 0; i < SECTIONS_SIZE / 2; i++) {
		uint8_t kept = sections[i];
		sections[i] = sections[i + SECTIONS_SIZE / 2];
		sections[i + SECTIONS_SIZE / 2] = kept;
	}
}

static void nil_sender(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)size;
	memset(plain + 64, 0, ID_SIZE);
}

static void key_number_zero(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)size;
	memset(plain + 64 + 16, 0, 4);
}

static void other_signature(uint8_t *clear, uint8_t *plain, size_t size)
{
	(void)clear;
	(void)size;
	plain[40] ^= 1;
}

static void what_was_changed_and_boxed_again_is_refused(void **state)
{
	static void (*const changes[])(uint8_t *, uint8_t *, size_t) = {
		other_type,
		shorter_type,
		other_epoch,
		other_ephemeral,
		other_incarnation,
		other_sections,
		swapped_sections,
		nil_sender,
		key_number_zero,
		other_signature,
	};
	struct fixture *fixture = *state;
	struct envelope envelope;

	assert_int_equal(open_bytes(fixture, boxed_again(fixture, no_change), &envelope), STATUS_OK);
	for (size_t i = 0; i < LENGTH(changes); i++)
		assert_refused(fixture, boxed_again(fixture, changes[i]));
}

static void a_malformed_manifest_never_reaches_the_store(void **state)
{
	struct fixture *fixture = *state;

	assert_refused(fixture, boxed_again(fixture, nil_sender));
	assert_refused(fixture, boxed_again(fixture, key_number_zero));
	assert_int_equal(fixture->lookups, 0);
}

static void a_box_with_too_little_in_it_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const uint8_t plain[64 + 84] = { 0 };

	for (size_t size = 0; size < sizeof(plain); size++) {
		uint8_t *sealed = arena_copy(&fixture->arena, fixture->sealed.data, 16 + crypto_box_SEALBYTES + sizeof(plain));
		assert_int_equal(crypto_box_seal(sealed + 16, plain, size, fixture->server.keys.box), 0);
		assert_refused(fixture, (struct bytes){ .data = sealed, .size = 16 + crypto_box_SEALBYTES + size });
	}
	assert_int_equal(fixture->lookups, 0);
}

static void a_bundle_cannot_be_passed_off_as_a_grant(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *bytes;

	fixture->envelope.type = ENVELOPE_BUNDLE;
	fixture->envelope.has_ephemeral = false;
	seal(fixture);
	bytes = arena_copy(&fixture->arena, fixture->sealed.data, fixture->sealed.size);
	bytes[6] = ENVELOPE_GRANT;
	assert_refused(fixture, (struct bytes){ .data = bytes, .size = fixture->sealed.size });
}

static void the_largest_envelope_opens_and_one_byte_more_is_not_sealed(void **state)
{
	struct fixture *fixture = *state;
	struct party server = identity_party(&fixture->server);
	uint8_t *sections = arena_allocate(&fixture->arena, ENVELOPE_SIZE_MAX);
	struct bytes sealed = { 0 };
	struct envelope opened;

	fixture->envelope.sections = (struct bytes){ .data = sections, .size = ENVELOPE_SIZE_MAX - 212 };
	seal(fixture);
	assert_int_equal(fixture->sealed.size, ENVELOPE_SIZE_MAX);
	assert_int_equal(open_bytes(fixture, fixture->sealed, &opened), STATUS_OK);
	fixture->envelope.sections.size++;
	assert_int_equal(envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &fixture->envelope, &sealed),
		STATUS_INVALID);
	fixture->envelope.sections.size = SIZE_MAX;
	assert_int_equal(envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &fixture->envelope, &sealed),
		STATUS_INVALID);
	assert_null(sealed.data);
}

static void nothing_before_the_signature_allocates_more_than_the_frame(void **state)
{
	struct fixture *fixture = *state;
	struct arena arena = { 0 };
	struct envelope opened;

	fixture->known = &fixture->other;
	assert_int_equal(envelope_open(&arena, &fixture->server, &fixture->organisation, fixture->sealed, find_sender, fixture, &opened),
		STATUS_CORRUPT);
	assert_in_range(arena.used, 1, fixture->sealed.size);
	arena_finish(&arena);
}

static void sealing_refuses_what_opening_would(void **state)
{
	struct fixture *fixture = *state;
	struct party server = identity_party(&fixture->server);
	struct identity sender = fixture->device;
	struct envelope envelope = fixture->envelope;
	struct bytes sealed = { 0 };

	sender.id = (struct id){ { 0 } };
	assert_int_equal(envelope_seal(&fixture->arena, &sender, &fixture->organisation, &server, &envelope, &sealed), STATUS_INVALID);
	sender = fixture->device;
	sender.key_number = 0;
	assert_int_equal(envelope_seal(&fixture->arena, &sender, &fixture->organisation, &server, &envelope, &sealed), STATUS_INVALID);
	envelope.has_ephemeral = false;
	assert_int_equal(
		envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &envelope, &sealed), STATUS_INVALID);
	envelope.type = (enum envelope_type)0;
	assert_int_equal(
		envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &envelope, &sealed), STATUS_INVALID);
	envelope.type = (enum envelope_type)5;
	assert_int_equal(
		envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &envelope, &sealed), STATUS_INVALID);
	memset(server.keys.box, 0, BOX_PUBLIC_SIZE); /* a point of small order */
	assert_int_equal(envelope_seal(&fixture->arena, &fixture->device, &fixture->organisation, &server, &fixture->envelope, &sealed),
		STATUS_INVALID);
	assert_null(sealed.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_sealed_opens_for_its_recipient, start, finish),
		cmocka_unit_test_setup_teardown(sealing_twice_gives_different_bytes, start, finish),
		cmocka_unit_test_setup_teardown(an_envelope_costs_at_most_212_bytes, start, finish),
		cmocka_unit_test_setup_teardown(every_flipped_bit_is_refused_alike, start, finish),
		cmocka_unit_test_setup_teardown(every_truncation_is_refused_alike, start, finish),
		cmocka_unit_test_setup_teardown(a_trailing_byte_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_frame_above_64_kib_is_refused_before_anything_is_allocated, start, finish),
		cmocka_unit_test_setup_teardown(a_wrong_recipient_organisation_or_sender_key_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_stranger_is_refused_like_a_forger, start, finish),
		cmocka_unit_test_setup_teardown(a_stranger_who_signed_with_the_recipients_own_key_is_still_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_trouble_of_the_store_is_passed_on, start, finish),
		cmocka_unit_test_setup_teardown(another_key_number_is_a_stranger, start, finish),
		cmocka_unit_test_setup_teardown(what_was_changed_and_boxed_again_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_malformed_manifest_never_reaches_the_store, start, finish),
		cmocka_unit_test_setup_teardown(a_box_with_too_little_in_it_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_bundle_cannot_be_passed_off_as_a_grant, start, finish),
		cmocka_unit_test_setup_teardown(the_largest_envelope_opens_and_one_byte_more_is_not_sealed, start, finish),
		cmocka_unit_test_setup_teardown(nothing_before_the_signature_allocates_more_than_the_frame, start, finish),
		cmocka_unit_test_setup_teardown(sealing_refuses_what_opening_would, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
