#include <stdlib.h>
#include <string.h>

#include "protocol/wire/chain.h"
#include "protocol/wire/keys.h"
#include "tests/unit/protocol/wire/parties.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static const uint8_t secret[WINDOW_SECRET_SIZE] = { 1, 2, 3 };
static const uint8_t other_secret[WINDOW_SECRET_SIZE] = { 1, 2, 4 };

static struct bytes bytes_of(const char *string)
{
	return (struct bytes){ .data = (const uint8_t *)string, .size = strlen(string) };
}

static int start(void **state)
{
	(void)state;
	keys_init();
	return 0;
}

static void the_three_steps_make_the_same_link_as_one_call(void **state)
{
	struct id device = id_of_byte(1), incarnation = id_of_byte(2);
	struct hash genesis = chain_genesis(&device, &incarnation);
	struct hash salt = chain_salt(secret, 1);
	struct hash commitment = chain_commitment(&salt, bytes_of("travel"));
	struct hash steps = chain_next(&genesis, &commitment);
	struct hash whole = chain_extend(&genesis, secret, 1, bytes_of("travel"));

	(void)state;
	assert_true(hash_equal(&steps, &whole));
}

static void every_input_of_a_link_changes_it(void **state)
{
	struct id device = id_of_byte(1), incarnation = id_of_byte(2);
	struct hash genesis = chain_genesis(&device, &incarnation);
	struct hash other_genesis = chain_genesis(&incarnation, &device);
	struct hash link = chain_extend(&genesis, secret, 7, bytes_of("travel"));
	const struct hash others[] = {
		chain_extend(&other_genesis, secret, 7, bytes_of("travel")),
		chain_extend(&genesis, other_secret, 7, bytes_of("travel")),
		chain_extend(&genesis, secret, 8, bytes_of("travel")),
		chain_extend(&genesis, secret, 7 + ((int64_t)1 << 40), bytes_of("travel")),
		chain_extend(&genesis, secret, 7, bytes_of("traveL")),
		chain_extend(&genesis, secret, 7, bytes_of("travel ")),
	};

	(void)state;
	assert_false(hash_equal(&genesis, &other_genesis));
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_false(hash_equal(&link, &others[i]));
}

static void an_erased_operation_keeps_its_commitment_and_the_chain_verifies(void **state)
{
	struct id device = id_of_byte(1), incarnation = id_of_byte(2);
	struct hash first = chain_genesis(&device, &incarnation);
	struct hash salt = chain_salt(secret, 1);
	struct hash kept = chain_commitment(&salt, bytes_of("a customer's name"));
	struct hash second = chain_extend(&first, secret, 1, bytes_of("a customer's name"));
	struct hash head = chain_extend(&second, secret, 2, bytes_of("arrive"));
	struct hash again = chain_next(&first, &kept);

	(void)state;
	again = chain_extend(&again, secret, 2, bytes_of("arrive"));
	assert_true(hash_equal(&head, &again));
}

static void an_operation_id_is_the_start_of_its_hash(void **state)
{
	struct id device = id_of_byte(1), incarnation = id_of_byte(2);
	struct hash head = chain_genesis(&device, &incarnation);
	struct id id = chain_operation_id(&head);

	(void)state;
	assert_memory_equal(id.bytes, head.bytes, ID_SIZE);
}

static void derived_paired_and_imported_ids_never_meet(void **state)
{
	struct id one = id_of_byte(1), two = id_of_byte(2);
	const struct id ids[] = {
		one,
		two,
		id_derive(&one, 1),
		id_derive(&one, 2),
		id_derive(&one, 256),
		id_derive(&two, 1),
		id_pair(&one, &two),
		id_pair(&two, &one),
		id_pair(&one, &one),
		id_imported(text_of("orders.csv"), text_of("17")),
		id_imported(text_of("orders.csv1"), text_of("7")),
		id_imported(text_of("orders.csv"), text_of("18")),
		id_imported(text_of(""), text_of("orders.csv17")),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(ids); i++)
		for (size_t j = i + 1; j < LENGTH(ids); j++)
			assert_false(id_equal(&ids[i], &ids[j]));
}

static void importing_twice_gives_the_same_id(void **state)
{
	struct id first = id_imported(text_of("orders.csv"), text_of("17"));
	struct id second = id_imported(text_of("orders.csv"), text_of("17"));

	(void)state;
	assert_true(id_equal(&first, &second));
}

static void a_source_id_longer_than_one_length_byte_counts_whole(void **state)
{
	char long_id[300];
	struct text text = { .data = long_id, .size = sizeof(long_id) };
	struct id first, second;

	(void)state;
	memset(long_id, 'x', sizeof(long_id));
	first = id_imported(text_of("orders.csv"), text);
	long_id[sizeof(long_id) - 1] = 'y';
	second = id_imported(text_of("orders.csv"), text);
	assert_false(id_equal(&first, &second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_steps_make_the_same_link_as_one_call),
		cmocka_unit_test(every_input_of_a_link_changes_it),
		cmocka_unit_test(an_erased_operation_keeps_its_commitment_and_the_chain_verifies),
		cmocka_unit_test(an_operation_id_is_the_start_of_its_hash),
		cmocka_unit_test(derived_paired_and_imported_ids_never_meet),
		cmocka_unit_test(importing_twice_gives_the_same_id),
		cmocka_unit_test(a_source_id_longer_than_one_length_byte_counts_whole),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
