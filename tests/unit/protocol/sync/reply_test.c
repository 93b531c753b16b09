/* Replies: whatever there is to say fits a frame. */
#include <string.h>

#include "protocol/sync/reply.h"
#include "tests/unit/protocol/sync/pair.h"

/* A chain of device 1 in the server's log in which every other operation came out unlike what the device computed. */
static struct chain_state log_alternating(struct simulation *pair, int64_t count)
{
	struct server_store *store = pair->server.store;
	const struct id device = organisation_device_id(1), incarnation = { { 7 } };
	const struct hash genesis = chain_genesis(&device, &incarnation);
	struct chain_state chain;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_add_chain(store, &device, &incarnation, &genesis, 0, &chain), STATUS_OK);
	for (int64_t seq = 1; seq <= count; seq++) {
		struct logged_operation operation = { .chain = chain.number,
			.seq = seq,
			.canonical = { (const uint8_t *)"x", 1 },
			.outcome = OUTCOME_APPLIED,
			.unlike = seq % 2 == 0 };
		memcpy(operation.id.bytes, &seq, sizeof(seq));
		assert_int_equal(server_store_log(store, &operation), STATUS_OK);
	}
	chain.last_seq = count;
	assert_int_equal(server_store_put_chain(store, &chain), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	return chain;
}

/* What a pull of a device that knows nothing yet is answered. */
static void answer(struct simulation *pair, const struct chain_state *chain, struct decided *out_decided, bool *out_cut)
{
	struct server_store *store = pair->server.store;
	const struct pull pull = { 0 };
	size_t page_raw_max = (size_t)128 * 1024, count;
	struct device_entry device;
	struct section *sections;
	struct reply reply;

	assert_int_equal(server_store_device(store, &chain->device, &device), STATUS_OK);
	assert_int_equal(server_store_begin_read(store), STATUS_OK);
	reply_init(&reply, &pair->arena, &page_raw_max, REPLY_IN_SESSION_MAX);
	assert_int_equal(reply_pull(&reply, store, NULL, &device, chain, &pull), STATUS_OK);
	server_store_rollback(store);
	assert_false(reply.writer.overflow);
	assert_int_equal(sections_read(reply_bytes(&reply), &pair->arena, &sections, &count), STATUS_OK);
	assert_int_equal(sections[0].number, SECTION_DECIDED);
	assert_int_equal(decided_decode(sections[0].body, &pair->arena, out_decided), STATUS_OK);
	*out_cut = sections[count - 1].number == SECTION_CUT;
}

static void what_came_out_unlike_is_named_one_by_one(void **state)
{
	struct simulation *pair = *state;
	struct chain_state chain = log_alternating(pair, 1000);
	struct decided decided;
	bool cut;

	answer(pair, &chain, &decided, &cut);
	assert_true(cut);
	assert_int_equal(decided.seq, 1000);
	assert_int_equal(decided.unlike_count, 500);
	assert_int_equal(decided.unlike[499], 1000);
}

static void more_than_a_frame_can_name_is_said_to_be_unlike_as_a_whole(void **state)
{
	struct simulation *pair = *state;
	struct chain_state chain = log_alternating(pair, 40000);
	struct decided decided;
	bool cut;

	answer(pair, &chain, &decided, &cut);
	assert_true(cut);
	assert_int_equal(decided.seq, 40000);
	assert_int_equal(decided.unlike_count, 40000);
	assert_int_equal(decided.unlike[0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_came_out_unlike_is_named_one_by_one, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(more_than_a_frame_can_name_is_said_to_be_unlike_as_a_whole, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
