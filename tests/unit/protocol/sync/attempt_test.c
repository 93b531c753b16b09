#include "protocol/sync/attempt.h"
#include "tests/unit/protocol/sync/suspects.h"

static struct id send_one(struct hand_device *hand, struct simulation *pair, const struct id *order)
{
	struct id remark;

	hand_device_open(hand, pair, 1, 9);
	remark = hand_device_note(hand, order);
	hand_device_send(hand, 1, 1);
	return remark;
}

static void stop_as_it_should_be(struct hand_device *hand, struct simulation *pair)
{
	server_node_end(pair);
	server_node_start(pair);
	hand_device_close(hand);
}

/* A disk that fails to keep what was written ends the server, and no operation has a part in that. */
static void a_try_that_did_not_end_the_server_is_not_counted_again_after_a_stop_as_it_should_be(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	suspects_open(&hand, pair, SUSPECT_DECIDING, 5);
	hand_device_close(&hand);
	for (int i = 0; i <= CAREFUL_TRIES_MAX; i++) {
		(void)send_one(&hand, pair, &order);
		if (i == 0)
			suspects_carry_out_one(pair); /* counted, and not tried */
		assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), 1);
		stop_as_it_should_be(&hand, pair);
		(void)send_one(&hand, pair, &order);
		assert_int_equal(server_core_flush(pair->server.core), STATUS_OK); /* tried, and not carried out */
		assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), 0);
		server_core_abandon(pair->server.core);
		assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), 1);
		stop_as_it_should_be(&hand, pair);
	}
	remark = send_one(&hand, pair, &order);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_APPLIED);
	assert_int_equal(suspects_poison(pair).count, 0);
	assert_false(suspects_attempts_are_left(pair));
	hand_device_close(&hand);
}

/* As by kill -9: nothing is said, and nothing more is done. */
static void be_killed(struct simulation *pair)
{
	server_node_kill(pair);
	server_node_start(pair);
}

static void be_killed_before_the_commit(struct simulation *pair)
{
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	be_killed(pair);
}

/* The core is not told of it any more. */
static void be_killed_behind_the_commit(struct simulation *pair)
{
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	be_killed(pair);
}

/* In the open commit, and so not counted once more. */
static void expect_it_is_tried_at_once(struct simulation *pair, const struct hand_device *hand, int64_t seq, const struct hash *hash)
{
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(suspects_count(pair, hand, seq, hash), 1);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	assert_int_equal(suspects_count(pair, hand, seq, hash), 0);
	suspects_carry_out_effects(pair);
}

/* However often the server is killed between the count of a try and the try itself, or before the device comes again. */
static void a_counted_try_that_had_not_begun_when_the_server_was_killed_counts_nothing(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	suspects_open(&hand, pair, SUSPECT_DECIDING, 5);
	hand_device_close(&hand);
	(void)send_one(&hand, pair, &order);
	be_killed_before_the_commit(pair);
	assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), 0);
	hand_device_close(&hand);
	(void)send_one(&hand, pair, &order);
	be_killed_behind_the_commit(pair);
	for (int i = 0; i < 2 * CAREFUL_TRIES_MAX; i++) {
		assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), 1);
		hand_device_close(&hand);
		be_killed(pair);
		server_node_end(pair);
		server_node_start(pair);
		(void)send_one(&hand, pair, &order);
		be_killed(pair);
	}
	hand_device_close(&hand);
	remark = send_one(&hand, pair, &order);
	expect_it_is_tried_at_once(pair, &hand, 1, &hand.heads[1]);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_APPLIED);
	assert_int_equal(suspects_poison(pair).count, 0);
	assert_false(suspects_attempts_are_left(pair));
	hand_device_close(&hand);
}

/* The count of the next goes into the commit of the one before it. */
static void a_count_made_ahead_counts_nothing_until_its_try_has_begun(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), first, second;

	pair_settle(pair);
	suspects_open(&hand, pair, SUSPECT_DECIDING, 5);
	first = hand_device_note(&hand, &order);
	(void)hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 2);
	suspects_carry_out_one(pair); /* the first is counted */
	be_killed_behind_the_commit(pair); /* and decided, with the second's count */
	assert_true(pair_logged(pair, &first, &(struct logged_operation){ 0 }));
	for (int i = 0; i < 2 * CAREFUL_TRIES_MAX; i++) {
		assert_int_equal(suspects_count(pair, &hand, 2, &hand.heads[2]), 1);
		hand_device_close(&hand);
		hand_device_open(&hand, pair, 1, 9);
		(void)hand_device_note(&hand, &order);
		(void)hand_device_note(&hand, &order);
		hand_device_send(&hand, 1, 2);
		be_killed(pair);
	}
	hand_device_close(&hand);
	hand_device_open(&hand, pair, 1, 9);
	(void)hand_device_note(&hand, &order);
	second = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 2);
	expect_it_is_tried_at_once(pair, &hand, 2, &hand.heads[2]);
	assert_int_equal(suspects_outcome(pair, &second), OUTCOME_APPLIED);
	assert_false(suspects_attempts_are_left(pair));
	hand_device_close(&hand);
}

/* Whatever ends the server in the try counts, whether its commit was begun or not. */
static void a_try_that_had_begun_when_the_server_was_killed_counts(void **state)
{
	static struct hand_device hand;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	suspects_open(&hand, pair, SUSPECT_DECIDING, 5);
	hand_device_close(&hand);
	for (int tries = 1; tries <= CAREFUL_TRIES_MAX; tries++) {
		(void)send_one(&hand, pair, &order);
		suspects_carry_out_one(pair);
		assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), tries);
		be_killed_before_the_commit(pair);
		assert_int_equal(suspects_count(pair, &hand, 1, &hand.heads[1]), tries);
		hand_device_close(&hand);
	}
	remark = send_one(&hand, pair, &order);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_PARKED);
	assert_int_equal(suspects_poison(pair).count, 1);
	assert_false(suspects_attempts_are_left(pair));
	hand_device_close(&hand);
}

static size_t marked_as(struct simulation *pair, enum suspect_work work, unsigned number)
{
	const struct id device = organisation_device_id(number);
	size_t count = 0;

	for (size_t i = 0; i < pair->server.suspect_count; i++)
		count += pair->server.suspects[i].work == work && id_equal(&pair->server.suspects[i].device, &device);
	return count;
}

/* Another salt than its window began with: the batch is refused when its operation is to be taken in. */
static void what_is_refused_when_it_is_tried_is_not_marked_while_others_are_at_work(void **state)
{
	static struct hand_device refused, other;
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct suspect suspects[2] = {
		suspects_of(pair, 1, SUSPECT_DECIDING, 1, 5), suspects_of(pair, 2, SUSPECT_DECIDING, 1, 5)
	};

	pair_settle(pair);
	suspects[0].incarnation = (struct id){ { 9 } };
	suspects[1].incarnation = (struct id){ { 8 } };
	suspects_stop(pair, &suspects[0]);
	server_node_kill(pair);
	pair->server.suspects[pair->server.suspect_count++] = suspects[1];
	server_node_start(pair);
	pair_settle(pair);
	hand_device_open(&refused, pair, 1, 9);
	hand_device_open(&other, pair, 2, 8);
	(void)hand_device_note(&refused, &order);
	hand_device_send(&refused, 1, 1);
	hand_devices_flush(pair, (struct hand_device *[]){ &refused }, 1);
	refused.secrets[0][0] ^= 1;
	(void)hand_device_note(&refused, &order);
	hand_device_send(&refused, 2, 2);
	suspects_carry_out_one(pair); /* it is counted */
	(void)hand_device_note(&other, &order);
	hand_device_send(&other, 1, 1);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	assert_int_equal(marked_as(pair, SUSPECT_CLEARED, 2), 1); /* that one's turn has come, in the open commit */
	assert_int_equal(marked_as(pair, SUSPECT_TRYING, 1), 0);
	suspects_carry_out_effects(pair);
	hand_device_close(&refused);
	hand_device_close(&other);
}

static void reading_that_was_counted_and_had_not_begun_counts_nothing(void **state)
{
	static const struct hash no_salt = { 0 };
	static struct hand_device hand;
	const struct hash program = chain_commitment(&no_salt, (struct bytes){ 0 });
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	suspects_open(&hand, pair, SUSPECT_READING, 0);
	hand_device_close(&hand);
	(void)send_one(&hand, pair, &order);
	be_killed_behind_the_commit(pair);
	for (int i = 0; i < 2 * CAREFUL_TRIES_MAX; i++) {
		assert_int_equal(suspects_count(pair, &hand, 0, &program), 1);
		hand_device_close(&hand);
		(void)send_one(&hand, pair, &order);
		be_killed_before_the_commit(pair); /* it was read to its end, and the commit that says so was not made */
	}
	hand_device_close(&hand);
	remark = send_one(&hand, pair, &order);
	expect_it_is_tried_at_once(pair, &hand, 0, &program);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_APPLIED);
	assert_false(suspects_attempts_are_left(pair));
	hand_device_close(&hand);
}

static void a_batch_whose_reading_ends_the_server_is_refused_after_three_counted_tries(void **state)
{
	static struct hand_device hand;
	static const struct hash no_salt = { 0 };
	const struct hash program = chain_commitment(&no_salt, (struct bytes){ 0 });
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	for (int tries = 1; tries <= CAREFUL_TRIES_MAX; tries++) {
		suspects_open(&hand, pair, SUSPECT_READING, 0);
		(void)hand_device_note(&hand, &order);
		hand_device_send(&hand, 1, 1);
		suspects_carry_out_one(pair);
		assert_int_equal(suspects_count(pair, &hand, 0, &program), tries);
		hand_device_close(&hand);
	}
	suspects_open(&hand, pair, SUSPECT_READING, 0);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_int_equal(hand.answer.fault.code, WIRE_ERROR_MALFORMED);
	assert_false(pair_logged(pair, &remark, &(struct logged_operation){ 0 }));
	pair->server.program = text_of("the next version");
	hand_device_close(&hand);
	suspects_open(&hand, pair, SUSPECT_READING, 0);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	hand_devices_flush(pair, (struct hand_device *[]){ &hand }, 1);
	assert_int_equal(suspects_outcome(pair, &remark), OUTCOME_APPLIED);
	assert_false(suspects_attempts_are_left(pair));
	assert_false(server_core_careful(pair->server.core));
	hand_device_close(&hand);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_try_that_did_not_end_the_server_is_not_counted_again_after_a_stop_as_it_should_be),
		PROMISE(a_counted_try_that_had_not_begun_when_the_server_was_killed_counts_nothing),
		PROMISE(a_count_made_ahead_counts_nothing_until_its_try_has_begun),
		PROMISE(a_try_that_had_begun_when_the_server_was_killed_counts),
		PROMISE(what_is_refused_when_it_is_tried_is_not_marked_while_others_are_at_work),
		PROMISE(reading_that_was_counted_and_had_not_begun_counts_nothing),
		PROMISE(a_batch_whose_reading_ends_the_server_is_refused_after_three_counted_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
