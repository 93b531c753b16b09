/* The primitives under our wrappers are those of the RFCs. The vectors are the documents' own. */
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/keys.h"
#include "protocol/wire/session.h"
#include "protocol/wire/transcript.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static void from_hex(const char *hex, uint8_t *out, size_t size)
{
	assert_int_equal(strlen(hex), 2 * size);
	for (size_t i = 0; i < size; i++) {
		const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static const struct {
	const char *seed, *public_key, *message, *signature;
} ed25519[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e"
		"7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612"
		"bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea"
		"1ec40a" },
};

static void ed25519_signs_and_verifies_as_rfc_8032_section_7_1(void **state)
{
	uint8_t seed[32], public_key[32], message[8], expected[64], signature[64];
	struct identity identity;

	(void)state;
	for (size_t i = 0; i < LENGTH(ed25519); i++) {
		struct bytes view = { .data = message, .size = strlen(ed25519[i].message) / 2 };
		from_hex(ed25519[i].seed, seed, sizeof(seed));
		from_hex(ed25519[i].public_key, public_key, sizeof(public_key));
		from_hex(ed25519[i].message, message, view.size);
		from_hex(ed25519[i].signature, expected, sizeof(expected));
		identity_from_seeds(seed, seed, &identity);
		assert_memory_equal(identity.keys.sign, public_key, sizeof(public_key));
		keys_sign(&identity, view, signature);
		assert_memory_equal(signature, expected, sizeof(expected));
		assert_int_equal(keys_verify(public_key, view, expected), STATUS_OK);
		expected[63 - i] ^= 1;
		assert_int_equal(keys_verify(public_key, view, expected), STATUS_CORRUPT);
	}
}

/* S and S + L satisfy one equation; only the smaller may pass, or a signature could be altered without its key (RFC 8032 section 5.1.7). */
static void a_signature_with_s_beyond_the_order_is_refused(void **state)
{
	uint8_t order[32], public_key[32], message = 0x72, signature[64];
	unsigned int carry = 0;

	(void)state;
	from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, sizeof(order));
	from_hex(ed25519[1].public_key, public_key, sizeof(public_key));
	from_hex(ed25519[1].signature, signature, sizeof(signature));
	for (size_t i = 0; i < sizeof(order); i++) {
		carry += (unsigned int)signature[32 + i] + order[i];
		signature[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(keys_verify(public_key, (struct bytes){ .data = &message, .size = 1 }, signature), STATUS_CORRUPT);
}

/* Under the neutral point as a key, R = neutral and S = 0 would fit every message. */
static void a_signing_key_of_small_order_is_refused(void **state)
{
	const uint8_t neutral[32] = { 1 };
	uint8_t signature[64] = { 1 };
	uint8_t message = 0;

	(void)state;
	assert_int_equal(keys_verify(neutral, (struct bytes){ .data = &message, .size = 1 }, signature), STATUS_CORRUPT);
}

/* crypto_kx: BLAKE2b-512(shared secret ‖ device key ‖ server key); its first half goes down, its second up. */
static void sessions_agree_on_the_shared_secret_of_rfc_7748_section_6_1(void **state)
{
	struct ephemeral alice, bob;
	struct session device, server;
	uint8_t input[96], expected[64];

	(void)state;
	from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice.secret_key, 32);
	from_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", alice.public_key, 32);
	from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob.secret_key, 32);
	from_hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", bob.public_key, 32);
	from_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", input, 32);
	memcpy(input + 32, alice.public_key, 32);
	memcpy(input + 64, bob.public_key, 32);
	blake2b((struct bytes){ 0 }, (struct bytes){ .data = input, .size = sizeof(input) }, expected, sizeof(expected));
	assert_int_equal(session_start_device(&device, &alice, bob.public_key), STATUS_OK);
	assert_int_equal(session_start_server(&server, &bob, alice.public_key), STATUS_OK);
	assert_memory_equal(device.receive_key, expected, 32);
	assert_memory_equal(device.send_key, expected + 32, 32);
	assert_memory_equal(server.send_key, expected, 32);
	assert_memory_equal(server.receive_key, expected + 32, 32);
}

static void blake2b_of_abc_is_that_of_rfc_7693_appendix_a(void **state)
{
	uint8_t expected[64], digest[64];

	(void)state;
	from_hex("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd"
		 "4009923",
		expected, sizeof(expected));
	blake2b((struct bytes){ 0 }, (struct bytes){ .data = (const uint8_t *)"abc", .size = 3 }, digest, sizeof(digest));
	assert_memory_equal(digest, expected, sizeof(expected));
}

/* Appendix E's generator of test input. */
static void sequence(uint8_t *out, size_t size, uint32_t seed)
{
	uint32_t a = 0xDEAD4BADU * seed, b = 1;

	for (size_t i = 0; i < size; i++) {
		uint32_t sum = a + b;
		a = b;
		b = sum;
		out[i] = (uint8_t)(sum >> 24);
	}
}

static void blake2b_passes_the_self_test_of_rfc_7693_appendix_e(void **state)
{
	static const size_t output_sizes[] = { 20, 32, 48, 64 };
	static const size_t input_sizes[] = { 0, 3, 128, 129, 255, 1024 };
	uint8_t input[1024], key[64], digests[2 * (20 + 32 + 48 + 64) * 6], expected[32], digest[32];
	size_t size = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(output_sizes); i++) {
		for (size_t j = 0; j < LENGTH(input_sizes); j++) {
			struct bytes view = { .data = input, .size = input_sizes[j] };
			sequence(input, input_sizes[j], (uint32_t)input_sizes[j]);
			blake2b((struct bytes){ 0 }, view, digests + size, output_sizes[i]);
			size += output_sizes[i];
			sequence(key, output_sizes[i], (uint32_t)output_sizes[i]);
			blake2b((struct bytes){ .data = key, .size = output_sizes[i] }, view, digests + size, output_sizes[i]);
			size += output_sizes[i];
		}
	}
	assert_int_equal(size, sizeof(digests));
	from_hex("c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475", expected, sizeof(expected));
	blake2b((struct bytes){ 0 }, (struct bytes){ .data = digests, .size = size }, digest, sizeof(digest));
	assert_memory_equal(digest, expected, sizeof(expected));
}

static int start(void **state)
{
	(void)state;
	keys_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_signs_and_verifies_as_rfc_8032_section_7_1),
		cmocka_unit_test(a_signature_with_s_beyond_the_order_is_refused),
		cmocka_unit_test(a_signing_key_of_small_order_is_refused),
		cmocka_unit_test(sessions_agree_on_the_shared_secret_of_rfc_7748_section_6_1),
		cmocka_unit_test(blake2b_of_abc_is_that_of_rfc_7693_appendix_a),
		cmocka_unit_test(blake2b_passes_the_self_test_of_rfc_7693_appendix_e),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
