/* Who speaks in short forms to whom, and what becomes of those that do not fit. */
#include <sqlite3.h>
#include <string.h>

#include "db/connection.h"
#include "protocol/domain/revision.h"
#include "tests/unit/protocol/sync/by_hand.h"

static struct hand_device hand; /* large */

static void flush_hand(struct simulation *pair)
{
	struct hand_device *hands[] = { &hand };

	hand_devices_flush(pair, hands, 1);
}

/* How many sections of the latest answer are in their short form. */
static size_t count_brief(void)
{
	struct section *sections;
	size_t count, brief = 0;

	assert_true(hand.answer.answered);
	assert_int_equal(sections_read(hand.answer.message, &hand.arena, &sections, &count), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		brief += sections[i].brief;
	return brief;
}

static void send(struct simulation *pair, int64_t first, int64_t last)
{
	hand_device_send(&hand, first, last);
	flush_hand(pair);
}

static void note_often(struct simulation *pair, int count)
{
	struct id order = pair_order(pair, 0);

	for (int i = 0; i < count; i++)
		(void)hand_device_note(&hand, &order);
}

static void pull_whole(struct simulation *pair)
{
	const struct pull question = { .cursor = { hand.ground.epoch, pair->last_gseq }, .settled_seq = hand.last_seq, .class_max = 5 };

	(void)pair_order(pair, 0); /* a reason for a cut */
	hand_device_pull(&hand, &question);
	flush_hand(pair);
}

static void a_server_answers_in_short_forms_whoever_knows_them(void **state)
{
	struct simulation *pair = *state;

	hand_device_open(&hand, pair, 1, 9);
	note_often(pair, 1);
	send(pair, 1, 1);
	assert_int_equal(hand.answer.decided.seq, 1);
	assert_int_equal(count_brief(), 1);
	pull_whole(pair);
	assert_int_equal(count_brief(), 1);
	hand_device_close(&hand);
}

static void an_older_device_never_sees_a_short_form(void **state)
{
	struct simulation *pair = *state;

	hand_device_open_as(&hand, pair, 1, 9, SCHEMA_REVISION_PLAIN);
	note_often(pair, 1);
	send(pair, 1, 1);
	assert_int_equal(hand.answer.decided.seq, 1);
	assert_int_equal(count_brief(), 0);
	pull_whole(pair);
	assert_int_equal(count_brief(), 0);
	hand_device_close(&hand);
}

/* The device's requests until it has nothing to say; whether one of them had a short form. */
static bool speaks_short_to(struct simulation *pair, int64_t revision)
{
	struct hand_server server = { .revision = revision };
	struct id order = pair_order(pair, 0);
	bool brief;

	pair_settle(pair);
	pair_device(pair, 1)->link_up = false;
	device_node_lost(pair, pair_device(pair, 1));
	(void)pair_note(pair, 1, &order);
	pair_device(pair, 1)->link_up = true;
	device_node_go(pair, pair_device(pair, 1));
	hand_server_take(&server, pair, 1);
	assert_true(server.by_hello);
	assert_false(server.brief);
	hand_server_welcome(&server);
	hand_server_answer(&server);
	hand_server_take(&server, pair, 1);
	assert_true(server.has_batch && server.has_pull);
	brief = server.brief;
	hand_server_close(&server);
	return brief;
}

static void a_device_speaks_in_short_forms_to_a_server_that_knows_them(void **state)
{
	assert_true(speaks_short_to(*state, SCHEMA_REVISION));
}

static void an_older_server_never_sees_a_short_form(void **state)
{
	assert_false(speaks_short_to(*state, SCHEMA_REVISION_PLAIN));
}

static void secrets_that_are_left_out_are_those_that_came_before(void **state)
{
	struct simulation *pair = *state;

	hand_device_open(&hand, pair, 1, 9);
	hand.short_forms = true;
	note_often(pair, 600);
	send(pair, 1, 3);
	assert_int_equal(hand.answer.decided.seq, 3);
	send(pair, 4, 300); /* the first window goes on, and the second one begins */
	assert_int_equal(hand.answer.decided.seq, 300);
	send(pair, 301, 511);
	send(pair, 512, 600);
	assert_int_equal(hand.answer.decided.seq, 600);
	assert_true(hash_begins_alike(&hand.answer.decided.chain_hash, &hand.heads[600], HASH_BEGINNING_SIZE));
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 600);
	send(pair, 301, 600); /* sent again */
	assert_false(hand.answer.has_fault);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 600);
	hand_device_close(&hand);
}

static void assert_fault(enum wire_error code)
{
	assert_true(hand.answer.has_fault);
	assert_int_equal(hand.answer.fault.code, code);
}

/* The faults of a batch are those of its long form. */
static void what_does_not_fit_is_answered_as_ever(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct identity right, other;

	hand_device_open(&hand, pair, 1, 9);
	hand.short_forms = true;
	for (int i = 0; i < 4; i++)
		(void)hand_device_note(&hand, &order);
	send(pair, 1, 1);
	send(pair, 3, 4);
	assert_fault(WIRE_ERROR_SEND_FROM);
	assert_int_equal(hand.answer.fault.value, 2);
	hand.heads[3].bytes[7] ^= 1; /* within the eight bytes */
	send(pair, 2, 3);
	assert_fault(WIRE_ERROR_FORK);
	hand.heads[3].bytes[7] ^= 1;
	hand.heads[3].bytes[8] ^= 1; /* behind them: another hash was signed than the operations come to */
	send(pair, 2, 3);
	assert_fault(WIRE_ERROR_MALFORMED);
	hand.heads[3].bytes[8] ^= 1;
	organisation_identity(2, &other);
	right = hand.identity;
	memcpy(&hand.identity, &other, sizeof(other));
	hand.identity.id = right.id;
	send(pair, 2, 3);
	assert_fault(WIRE_ERROR_MALFORMED);
	hand.identity = right;
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 1);
	send(pair, 2, 4);
	assert_false(hand.answer.has_fault);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 4);
	identity_wipe(&other);
	hand_device_close(&hand);
}

static void a_session_takes_long_forms_too(void **state)
{
	struct simulation *pair = *state;

	hand_device_open(&hand, pair, 1, 9);
	note_often(pair, 4);
	send(pair, 1, 1);
	hand.short_forms = true;
	send(pair, 2, 2);
	hand.short_forms = false;
	send(pair, 3, 4);
	assert_int_equal(hand.answer.decided.seq, 4);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 4);
	hand_device_close(&hand);
}

/* The device sends it once more, whole. */
static void a_batch_whose_secret_was_lost_comes_again_in_its_long_form(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_int_equal(
		sqlite3_exec(server_store_storage(pair->server.store)->connection, "DELETE FROM salt_window", NULL, NULL, NULL), SQLITE_OK);
	remark = pair_note(pair, 1, &order);
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_true(device_core_state(pair_device(pair, 1)->core).synced);
}

static void a_short_form_in_a_welcome_is_refused(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct hand_server server = { 0 };
	const struct decided decided = { 0 };
	struct writer body;

	pair_settle(pair);
	device->link_up = false;
	device_node_lost(pair, device);
	device->link_up = true;
	device_node_go(pair, device);
	hand_server_take(&server, pair, 1);
	hand_server_welcome(&server);
	body = writer_in(&server.arena, 100);
	(void)decided_encode_within(&body, &decided, &(struct common_ground){ 0 });
	section_put(&server.reply.writer, &(struct section){ SECTION_DECIDED, true, writer_bytes(&body) });
	hand_server_answer(&server);
	assert_false(device_core_state(device->core).connected);
	assert_non_null(strstr(device_core_state(device->core).failure, "belongs into a session"));
	pair_settle(pair); /* the real server's welcome is another */
	assert_true(device_core_state(device->core).connected);
	hand_server_close(&server);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_server_answers_in_short_forms_whoever_knows_them),
		PROMISE(an_older_device_never_sees_a_short_form),
		PROMISE(a_device_speaks_in_short_forms_to_a_server_that_knows_them),
		PROMISE(an_older_server_never_sees_a_short_form),
		PROMISE(secrets_that_are_left_out_are_those_that_came_before),
		PROMISE(what_does_not_fit_is_answered_as_ever),
		PROMISE(a_session_takes_long_forms_too),
		PROMISE(a_batch_whose_secret_was_lost_comes_again_in_its_long_form),
		PROMISE(a_short_form_in_a_welcome_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
