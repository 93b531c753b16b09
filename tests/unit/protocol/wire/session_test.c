#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/envelope.h"
#include "protocol/wire/session.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define UNIFORM "session frame: forged, damaged, replayed, too old or of another session; say hello again"

struct fixture {
	struct arena arena;
	struct ephemeral device_keys, server_keys;
	struct session device, server;
};

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (fixture == NULL)
		return 1;
	keys_init();
	ephemeral_generate(&fixture->device_keys);
	ephemeral_generate(&fixture->server_keys);
	if (session_start_device(&fixture->device, &fixture->device_keys, fixture->server_keys.public_key) != STATUS_OK ||
		session_start_server(&fixture->server, &fixture->server_keys, fixture->device_keys.public_key) != STATUS_OK)
		return 1;
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

static struct bytes sealed(struct fixture *fixture, struct session *session, const char *plain)
{
	struct bytes frame = { 0 };

	assert_int_equal(
		session_seal(&fixture->arena, session, (struct bytes){ .data = (const uint8_t *)plain, .size = strlen(plain) }, &frame),
		STATUS_OK);
	return frame;
}

static void assert_opens(struct fixture *fixture, struct session *session, struct bytes frame, const char *expected)
{
	struct bytes plain = { 0 };

	assert_int_equal(session_open(&fixture->arena, session, frame, &plain), STATUS_OK);
	assert_int_equal(plain.size, strlen(expected));
	assert_memory_equal(plain.data, expected, plain.size);
}

static void assert_refused(struct fixture *fixture, struct session *session, struct bytes frame)
{
	struct session before = *session;
	struct bytes plain = { .size = 77 };

	assert_int_equal(session_open(&fixture->arena, session, frame, &plain), STATUS_CORRUPT);
	assert_string_equal(fail_reason(), UNIFORM);
	assert_int_equal(plain.size, 77);
	assert_memory_equal(session, &before, sizeof(before)); /* no window, no counter moved */
}

static void both_ends_come_to_one_id_and_mirrored_keys(void **state)
{
	struct fixture *fixture = *state;

	assert_memory_equal(fixture->device.id, fixture->server.id, SESSION_ID_SIZE);
	assert_memory_equal(fixture->device.send_key, fixture->server.receive_key, 32);
	assert_memory_equal(fixture->device.receive_key, fixture->server.send_key, 32);
	assert_memory_not_equal(fixture->device.send_key, fixture->device.receive_key, 32);
}

static void frames_open_in_order_both_ways(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 200; i++) {
		assert_opens(fixture, &fixture->server, sealed(fixture, &fixture->device, "ask"), "ask");
		assert_opens(fixture, &fixture->device, sealed(fixture, &fixture->server, "answer"), "answer");
	}
	assert_int_equal(fixture->server.receive_counter, 200);
	assert_opens(fixture, &fixture->server, sealed(fixture, &fixture->device, ""), "");
}

static void a_frame_is_never_taken_for_an_envelope(void **state)
{
	struct fixture *fixture = *state;
	uint8_t id[SESSION_ID_SIZE];
	struct bytes frame = sealed(fixture, &fixture->device, "anything");

	for (size_t i = 0; i < 200; i++) {
		ephemeral_generate(&fixture->device_keys);
		assert_int_equal(session_start_device(&fixture->device, &fixture->device_keys, fixture->server_keys.public_key), STATUS_OK);
		assert_true(fixture->device.id[0] >= 0x80);
	}
	assert_false(envelope_looks_like(frame));
	assert_int_equal(session_peek(frame, id), STATUS_OK);
	assert_memory_equal(id, fixture->server.id, SESSION_ID_SIZE);
	frame.size = SESSION_OVERHEAD - 1;
	assert_int_equal(session_peek(frame, id), STATUS_CORRUPT);
}

static void a_replayed_frame_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frame = sealed(fixture, &fixture->device, "once");

	assert_opens(fixture, &fixture->server, frame, "once");
	assert_refused(fixture, &fixture->server, frame);
	assert_opens(fixture, &fixture->server, sealed(fixture, &fixture->device, "next"), "next");
	assert_refused(fixture, &fixture->server, frame);
}

static void frames_may_change_order_within_64(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frames[64];

	for (size_t i = 0; i < 64; i++)
		frames[i] = sealed(fixture, &fixture->device, "x");
	for (size_t i = 64; i-- > 0;)
		assert_opens(fixture, &fixture->server, frames[i], "x");
	for (size_t i = 0; i < 64; i++)
		assert_refused(fixture, &fixture->server, frames[i]);
}

static void a_frame_64_behind_the_newest_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frames[66];

	for (size_t i = 0; i < 66; i++)
		frames[i] = sealed(fixture, &fixture->device, "x");
	assert_opens(fixture, &fixture->server, frames[65], "x"); /* counter 66 */
	assert_refused(fixture, &fixture->server, frames[0]);     /* 2: behind by 65 and 64 */
	assert_refused(fixture, &fixture->server, frames[1]);
	assert_opens(fixture, &fixture->server, frames[2], "x"); /* 3: behind by 63 */
}

static void a_jump_beyond_the_window_forgets_nothing_that_could_return(void **state)
{
	struct fixture *fixture = *state;
	struct bytes early = sealed(fixture, &fixture->device, "early");
	struct bytes late, latest;

	fixture->device.send_counter = 1000;
	late = sealed(fixture, &fixture->device, "late");
	fixture->device.send_counter = 1063;
	latest = sealed(fixture, &fixture->device, "latest");
	assert_opens(fixture, &fixture->server, early, "early");
	assert_opens(fixture, &fixture->server, late, "late");
	assert_opens(fixture, &fixture->server, latest, "latest"); /* 63 ahead: `late` is the oldest in the window */
	assert_refused(fixture, &fixture->server, early);
	assert_refused(fixture, &fixture->server, late);
}

static void after_a_jump_every_frame_within_64_still_opens(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frames[128];

	for (size_t i = 1; i < 128; i++)
		frames[i] = sealed(fixture, &fixture->device, "x");
	assert_opens(fixture, &fixture->server, frames[3], "x");
	assert_opens(fixture, &fixture->server, frames[107], "x"); /* 104 ahead: all that was seen leaves the window */
	for (size_t i = 44; i < 128; i++)
		if (i != 107)
			assert_opens(fixture, &fixture->server, frames[i], "x");
}

static void a_frame_above_64_kib_is_refused_before_anything_is_allocated(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *bytes = arena_allocate(&fixture->arena, 64 * 1024 + 1);
	struct arena arena = { 0 };
	struct bytes plain;

	memcpy(bytes, sealed(fixture, &fixture->device, "x").data, SESSION_OVERHEAD);
	assert_int_equal(
		session_open(&arena, &fixture->server, (struct bytes){ .data = bytes, .size = 64 * 1024 + 1 }, &plain), STATUS_CORRUPT);
	assert_int_equal(arena.used, 0);
}

static void a_frame_sent_back_to_its_sender_is_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_refused(fixture, &fixture->device, sealed(fixture, &fixture->device, "mine"));
	assert_refused(fixture, &fixture->server, sealed(fixture, &fixture->server, "mine"));
}

static void a_frame_of_another_session_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frame = sealed(fixture, &fixture->device, "x");
	uint8_t *bytes = arena_copy(&fixture->arena, frame.data, frame.size);

	ephemeral_generate(&fixture->server_keys);
	assert_int_equal(session_start_server(&fixture->server, &fixture->server_keys, fixture->device_keys.public_key), STATUS_OK);
	assert_refused(fixture, &fixture->server, frame);
	memcpy(bytes, fixture->server.id, SESSION_ID_SIZE); /* even under the right id */
	assert_refused(fixture, &fixture->server, (struct bytes){ .data = bytes, .size = frame.size });
}

static void every_flipped_bit_and_every_truncation_is_refused_and_moves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frame = sealed(fixture, &fixture->device, "one request with a little in it");

	for (size_t bit = 0; bit < frame.size * 8; bit++) {
		uint8_t *bytes = arena_copy(&fixture->arena, frame.data, frame.size);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_refused(fixture, &fixture->server, (struct bytes){ .data = bytes, .size = frame.size });
	}
	for (size_t size = 0; size < frame.size; size++)
		assert_refused(fixture, &fixture->server, (struct bytes){ .data = frame.data, .size = size });
	assert_opens(fixture, &fixture->server, frame, "one request with a little in it");
}

static void a_trailing_byte_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frame = sealed(fixture, &fixture->device, "x");
	uint8_t *bytes = arena_allocate(&fixture->arena, frame.size + 1);

	memcpy(bytes, frame.data, frame.size);
	assert_refused(fixture, &fixture->server, (struct bytes){ .data = bytes, .size = frame.size + 1 });
}

static void no_counter_is_ever_used_twice_or_beyond_the_last(void **state)
{
	struct fixture *fixture = *state;
	struct bytes frame = { 0 };

	fixture->device.send_counter = UINT64_MAX - 1;
	assert_opens(fixture, &fixture->server, sealed(fixture, &fixture->device, "last"), "last");
	assert_int_equal(session_seal(&fixture->arena, &fixture->device, (struct bytes){ 0 }, &frame), STATUS_INVALID);
	assert_null(frame.data);
	assert_true(fixture->device.send_counter == UINT64_MAX);
	assert_true(fixture->server.receive_counter == UINT64_MAX);
}

static void counter_zero_is_refused_even_with_a_fitting_tag(void **state)
{
	struct fixture *fixture = *state;
	uint8_t frame[SESSION_OVERHEAD] = { 0 };
	const uint8_t nonce[24] = { 0 };

	memcpy(frame, fixture->device.id, SESSION_ID_SIZE);
	assert_int_equal(
		crypto_aead_xchacha20poly1305_ietf_encrypt(frame + 16, NULL, NULL, 0, frame, 16, NULL, nonce, fixture->device.send_key), 0);
	assert_refused(fixture, &fixture->server, (struct bytes){ .data = frame, .size = sizeof(frame) });
}

static void the_largest_frame_opens_and_one_byte_more_is_not_sealed(void **state)
{
	struct fixture *fixture = *state;
	struct bytes plain = { .data = arena_allocate(&fixture->arena, 64 * 1024), .size = 64 * 1024 - SESSION_OVERHEAD };
	struct bytes frame, opened;

	assert_int_equal(session_seal(&fixture->arena, &fixture->device, plain, &frame), STATUS_OK);
	assert_int_equal(frame.size, 64 * 1024);
	assert_int_equal(session_open(&fixture->arena, &fixture->server, frame, &opened), STATUS_OK);
	assert_true(bytes_equal(plain, opened));
	plain.size++;
	assert_int_equal(session_seal(&fixture->arena, &fixture->device, plain, &frame), STATUS_INVALID);
	plain.size = SIZE_MAX;
	assert_int_equal(session_seal(&fixture->arena, &fixture->device, plain, &frame), STATUS_INVALID);
}

static void a_key_of_small_order_starts_no_session(void **state)
{
	/* Zero, one, and a point of order eight (RFC 7748 section 7; the lists of cr.yp.to/ecdh.html). */
	static const uint8_t points[][BOX_PUBLIC_SIZE] = {
		{ 0 },
		{ 1 },
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb,
			0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	};
	struct fixture *fixture = *state;
	struct bytes frame;

	for (size_t i = 0; i < LENGTH(points); i++) {
		assert_int_equal(session_start_device(&fixture->device, &fixture->device_keys, points[i]), STATUS_CORRUPT);
		assert_int_equal(session_start_server(&fixture->server, &fixture->server_keys, points[i]), STATUS_CORRUPT);
		assert_int_equal(session_seal(&fixture->arena, &fixture->device, (struct bytes){ 0 }, &frame), STATUS_INVALID);
	}
}

static void a_wiped_session_seals_and_opens_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct session zero = { 0 };
	uint8_t forged[SESSION_OVERHEAD] = { 0 };
	const uint8_t key[32] = { 0 };
	uint8_t nonce[24] = { 1 };
	struct bytes frame;

	session_wipe(&fixture->server);
	assert_memory_equal(&fixture->server, &zero, sizeof(zero));
	assert_int_equal(session_seal(&fixture->arena, &fixture->server, (struct bytes){ 0 }, &frame), STATUS_INVALID);
	forged[8] = 1; /* made with the zero key that is left */
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_encrypt(forged + 16, NULL, NULL, 0, forged, 16, NULL, nonce, key), 0);
	assert_refused(fixture, &fixture->server, (struct bytes){ .data = forged, .size = sizeof(forged) });
	ephemeral_wipe(&fixture->device_keys);
	for (size_t i = 0; i < sizeof(fixture->device_keys); i++)
		assert_int_equal(((const uint8_t *)&fixture->device_keys)[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_ends_come_to_one_id_and_mirrored_keys, start, finish),
		cmocka_unit_test_setup_teardown(frames_open_in_order_both_ways, start, finish),
		cmocka_unit_test_setup_teardown(a_frame_is_never_taken_for_an_envelope, start, finish),
		cmocka_unit_test_setup_teardown(a_replayed_frame_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(frames_may_change_order_within_64, start, finish),
		cmocka_unit_test_setup_teardown(a_frame_64_behind_the_newest_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_jump_beyond_the_window_forgets_nothing_that_could_return, start, finish),
		cmocka_unit_test_setup_teardown(after_a_jump_every_frame_within_64_still_opens, start, finish),
		cmocka_unit_test_setup_teardown(a_frame_above_64_kib_is_refused_before_anything_is_allocated, start, finish),
		cmocka_unit_test_setup_teardown(a_frame_sent_back_to_its_sender_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(a_frame_of_another_session_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(every_flipped_bit_and_every_truncation_is_refused_and_moves_nothing, start, finish),
		cmocka_unit_test_setup_teardown(a_trailing_byte_is_refused, start, finish),
		cmocka_unit_test_setup_teardown(no_counter_is_ever_used_twice_or_beyond_the_last, start, finish),
		cmocka_unit_test_setup_teardown(counter_zero_is_refused_even_with_a_fitting_tag, start, finish),
		cmocka_unit_test_setup_teardown(the_largest_frame_opens_and_one_byte_more_is_not_sealed, start, finish),
		cmocka_unit_test_setup_teardown(a_key_of_small_order_starts_no_session, start, finish),
		cmocka_unit_test_setup_teardown(a_wiped_session_seals_and_opens_nothing, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
