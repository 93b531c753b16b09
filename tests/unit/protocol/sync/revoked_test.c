/* A device that is revoked: what it did before still counts, what it cannot have done before does not, and nothing vanishes. */
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/sync/authority.h"
#include "tests/unit/protocol/sync/by_hand.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct hand_device hand; /* large */

static int64_t server_gseq(struct simulation *pair)
{
	struct server_state state;

	assert_int_equal(server_store_state(pair->server.store, &state), STATUS_OK);
	return state.gseq;
}

/* A remark that says it was made having seen that commit. */
static struct id note_at(const struct id *order, int64_t base_gseq)
{
	struct note_arguments *arguments = &hand.notes[hand.last_seq];
	struct operation *operation;

	arguments->text = text_of("on the last day");
	operation = hand_device_begin(&hand, OPERATION_ADD_NOTE, order, arguments);
	operation->head.base_gseq = base_gseq;
	operation->head.base_epoch = organisation_epoch();
	return hand_device_end(&hand);
}

static void send_from(int64_t first)
{
	hand_device_send(&hand, first, hand.last_seq);
	hand_devices_flush(hand.pair, (struct hand_device *const[]){ &hand }, 1);
}

/* As the office's command does it: the entry's state, and the record's, which ends the grants; one commit. */
static void revoke(struct simulation *pair, enum device_state state)
{
	struct id device = organisation_device_id(1);
	struct device before, after;
	const void *row;
	const struct field *field = schema_field(schema_find(RECORD_DEVICE), text_of("state"));
	struct operation operation = { .head = { .kind = OPERATION_EDIT,
					       .record = RECORD_DEVICE,
					       .subject = device,
					       .role = ROLE_DISPATCHER,
					       .at_ms = WALL_START_MS },
		.arguments = &after,
		.old_values = &before,
		.mask = UINT64_C(1) << field->tag };
	struct verdict verdict;
	struct id id;

	assert_int_equal(records_get(server_store_records(pair->server.store), RECORD_DEVICE, &device, &row), STATUS_OK);
	before = after = *(const struct device *)row_copy(&pair->arena, schema_find(RECORD_DEVICE), row);
	server_store_reset_rows(pair->server.store);
	after.state = state;
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_revoke(pair->server.core, &device, state), STATUS_OK);
	assert_int_equal(server_core_operation(pair->server.core, &operation, &verdict, &id), STATUS_OK);
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	hand_devices_flush(pair, NULL, 0);
}

/* Its session ended with that; the chain goes on in another. */
static void come_again(struct simulation *pair)
{
	struct hand_device *kept = arena_copy(&pair->arena, &hand, sizeof(hand));

	hand_device_close(&hand);
	hand_device_open(&hand, pair, 1, kept->incarnation.bytes[0]);
	memcpy(hand.heads, kept->heads, sizeof(hand.heads));
	memcpy(hand.operations, kept->operations, sizeof(hand.operations));
	memcpy(hand.notes, kept->notes, sizeof(hand.notes));
	hand.last_seq = kept->last_seq;
}

static void assert_counts(struct simulation *pair, const struct id *remark)
{
	assert_true(pair_on_server(pair, RECORD_NOTE, remark));
	assert_false(pair_on_server(pair, RECORD_OPERATION, remark));
}

static void assert_kept(struct simulation *pair, const struct id *remark, const char *why)
{
	const struct operation_outcome *outcome;
	const void *row;

	assert_false(pair_on_server(pair, RECORD_NOTE, remark));
	assert_int_equal(records_get(server_store_records(pair->server.store), RECORD_OPERATION, remark, &row), STATUS_OK);
	outcome = row;
	assert_int_equal(outcome->outcome, OUTCOME_PARKED);
	assert_true(text_equals(outcome->rule, "revoked"));
	assert_non_null(strstr(arena_print(&pair->arena, "%.*s", TEXT_ARGUMENTS(outcome->detail)).data, why));
	server_store_reset_rows(pair->server.store);
}

static void what_was_made_before_the_revocation_counts_and_what_cannot_have_been_does_not(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), before, between, after, back;
	int64_t base = server_gseq(pair);

	hand_device_open(&hand, pair, 1, 7);
	(void)note_at(&order, base);
	send_from(1);
	revoke(pair, DEVICE_STATE_DRAINING);
	(void)pair_order(pair, 0); /* the office goes on */
	before = note_at(&order, base);
	between = note_at(&order, base + 1);
	after = note_at(&order, server_gseq(pair)); /* of a commit that it was never sent */
	back = note_at(&order, base);
	come_again(pair);
	send_from(2);
	assert_true(hand.answer.has_decided);
	assert_int_equal(hand.answer.decided.seq, hand.last_seq);
	assert_counts(pair, &before);
	assert_counts(pair, &between);
	assert_kept(pair, &after, "nothing_granted");
	assert_kept(pair, &back, "seen_less");
	hand_device_close(&hand);
}

static void a_draining_device_cannot_have_seen_less_than_it_said_it_had(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), behind, level;
	int64_t base = server_gseq(pair);
	const struct pull pull = { .cursor = { organisation_epoch(), base }, .class_max = 5 };

	hand_device_open(&hand, pair, 1, 7);
	hand_device_pull(&hand, &pull);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	revoke(pair, DEVICE_STATE_DRAINING);
	behind = note_at(&order, base - 1);
	level = note_at(&order, base);
	come_again(pair);
	send_from(1);
	assert_kept(pair, &behind, "seen_less");
	assert_counts(pair, &level);
	hand_device_close(&hand);
}

/* What it sent last had the id of an earlier incarnation. */
static void a_draining_device_cannot_go_back_behind_what_it_sent_again(void **state)
{
	const struct id first = { { 0x77, 0x02 } };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), back;
	int64_t base = server_gseq(pair);

	hand_device_open(&hand, pair, 1, 7);
	(void)note_at(&order, base);
	send_from(1);
	revoke(pair, DEVICE_STATE_DRAINING);
	(void)note_at(&order, base + 1);
	come_again(pair);
	hand.first_ids[1] = first;
	send_from(2);
	assert_counts(pair, &first);
	back = note_at(&order, base);
	come_again(pair);
	send_from(3);
	assert_kept(pair, &back, "seen_less");
	hand_device_close(&hand);
}

static void what_drains_more_than_a_fortnight_after_the_lease_is_kept_aside(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), in_time, late;
	int64_t base = server_gseq(pair);

	hand_device_open(&hand, pair, 1, 7);
	hand_device_pull(&hand, &(struct pull){ .cursor = { organisation_epoch(), base }, .class_max = 5 });
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	revoke(pair, DEVICE_STATE_DRAINING);
	pair->now_ms += LEASE_MS + DRAIN_MS - DAY_MS;
	in_time = note_at(&order, base);
	come_again(pair);
	send_from(1);
	pair->now_ms += 2 * DAY_MS;
	late = note_at(&order, base);
	come_again(pair);
	send_from(2);
	assert_counts(pair, &in_time);
	assert_kept(pair, &late, "after_lease");
	hand_device_close(&hand);
}

static void all_that_a_stolen_device_sends_is_kept_aside(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	int64_t base = server_gseq(pair);

	hand_device_open(&hand, pair, 1, 7);
	revoke(pair, DEVICE_STATE_STOLEN);
	remark = note_at(&order, base);
	come_again(pair);
	send_from(1);
	assert_true(hand.answer.has_decided);
	assert_kept(pair, &remark, "stolen");
	hand_device_close(&hand);
}

static void what_it_sends_again_under_a_new_incarnation_is_kept_under_its_first_id(void **state)
{
	const struct id first = { { 0x77, 0x01 } };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);

	hand_device_open(&hand, pair, 1, 7);
	(void)note_at(&order, server_gseq(pair));
	revoke(pair, DEVICE_STATE_STOLEN);
	come_again(pair);
	hand.first_ids[0] = first;
	send_from(1);
	assert_kept(pair, &first, "stolen");
	hand_device_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_made_before_the_revocation_counts_and_what_cannot_have_been_does_not, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_draining_device_cannot_have_seen_less_than_it_said_it_had, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_draining_device_cannot_go_back_behind_what_it_sent_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_drains_more_than_a_fortnight_after_the_lease_is_kept_aside, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(all_that_a_stolen_device_sends_is_kept_aside, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_it_sends_again_under_a_new_incarnation_is_kept_under_its_first_id, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
