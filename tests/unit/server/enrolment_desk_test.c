/* Tickets: who may come in by one, and for how long. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "server/enrolment_desk.h"
#include "tests/simulation/server_node.h"
#include "tests/unit/protocol/sync/pair.h"

#include <cmocka.h> /* last: it has a macro fail() */

#define MINUTE_MS ((int64_t)60000)

/* An office around the pair's server, and a device at its desk. */
struct desk {
	struct simulation *pair;
	struct office office;
	struct context context;
	struct arena arena;
	struct ticket ticket;
	struct identity device;
};

static struct desk desk;

static int open_desk(void **state)
{
	const struct id technician = organisation_id(RECORD_TECHNICIAN, 0);
	uint8_t seed[32] = { 9 }, root[SIGN_SECRET_SIZE];
	struct server_keys keys = { .organisation = organisation_self };
	char code[TICKET_CODE_LENGTH + 1];
	void *pair;

	(void)pair_open(&pair);
	desk = (struct desk){ .pair = pair };
	organisation_identity(0, &desk.office.identity);
	keys.server_id = desk.office.identity.id;
	keys.keys = desk.office.identity.keys;
	crypto_sign_seed_keypair(keys.root, root, seed);
	server_keys_certify(root, &keys);
	desk.office.keys = keys;
	desk.office.store = desk.pair->server.store;
	desk.office.core = desk.pair->server.core;
	desk.office.clock = &desk.pair->server.clock;
	desk.context = (struct context){ .arena = &desk.arena, .clock = desk.office.clock, .state = &desk.office };
	identity_from_seeds(seed, root, &desk.device);
	desk.context.now_ms = clock_now_ms(desk.office.clock);
	assert_int_equal(enrolment_desk_invite(&desk.office, &technician, desk.context.now_ms, 10 * MINUTE_MS, code), STATUS_OK);
	assert_int_equal(ticket_from_code(text_of(code), &desk.ticket), STATUS_OK);
	*state = pair;
	return 0;
}

static int close_desk(void **state)
{
	identity_wipe(&desk.office.identity);
	identity_wipe(&desk.device);
	arena_finish(&desk.arena);
	return pair_close(state);
}

/* What the desk answers to the device. */
static enum enrolment_message ask(uint32_t *out_reason)
{
	const struct enrolment_request request = {
		.ticket_id = desk.ticket.id, .device = desk.device.keys, .name = text_of("tablet"), .platform = text_of("linux")
	};
	struct bytes answer, message = enrolment_request_seal(&desk.arena, &desk.office.keys, &desk.ticket, &request);
	enum enrolment_message type;

	if (enrolment_desk_answer(&desk.office, &desk.arena, message, &answer) != STATUS_OK)
		fail_msg("%s", fail_reason());
	assert_true(enrolment_peek(answer, &type));
	*out_reason = 0;
	if (type == ENROL_REFUSED)
		assert_int_equal(enrolment_refused_open(answer, out_reason), STATUS_OK);
	return type;
}

static void wait_for(int64_t ms)
{
	desk.pair->now_ms += ms;
	desk.context.now_ms = clock_now_ms(desk.office.clock);
}

static void a_device_that_waits_for_approval_waits_for_a_day_and_no_longer(void **state)
{
	struct id device;
	uint32_t reason;

	(void)state;
	assert_int_equal(ask(&reason), ENROL_PENDING);
	wait_for(TICKET_PENDING_MS);
	assert_int_equal(ask(&reason), ENROL_PENDING);
	wait_for(1);
	assert_int_equal(ask(&reason), ENROL_REFUSED);
	assert_int_equal(reason, 2);
	assert_int_equal(enrolment_desk_approve(&desk.context, text_of("tablet"), &device), STATUS_NOT_FOUND);
}

/* As approval leaves it: the ticket and the entry are there. */
static void let_in(uint32_t device_state)
{
	struct server_store *store = desk.office.store;
	struct device_entry entry = { .keys = desk.device.keys, .key_number = 1, .state = device_state };
	struct ticket_entry ticket;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_ticket(store, &desk.ticket.id, &desk.arena, &ticket), STATUS_OK);
	entry.technician = ticket.technician;
	ticket.state = TICKET_STATE_APPROVED;
	entry.id = ticket.device;
	assert_int_equal(server_store_put_ticket(store, &ticket), STATUS_OK);
	assert_int_equal(server_store_put_device(store, &entry), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
}

static void only_an_active_device_is_given_its_grant_again(void **state)
{
	static const uint32_t others[] = { DEVICE_STATE_DRAINING, DEVICE_STATE_STOLEN, DEVICE_STATE_PENDING };
	uint32_t reason;

	(void)state;
	assert_int_equal(ask(&reason), ENROL_PENDING);
	let_in(DEVICE_STATE_ACTIVE);
	assert_int_equal(ask(&reason), ENROL_GRANT);
	wait_for(2 * TICKET_PENDING_MS);
	assert_int_equal(ask(&reason), ENROL_GRANT);
	for (size_t i = 0; i < LENGTH(others); i++) {
		let_in(others[i]);
		assert_int_equal(ask(&reason), ENROL_REFUSED);
		assert_int_equal(reason, 4);
	}
}

static void only_a_request_that_changes_a_ticket_ends_the_commit_under_way(void **state)
{
	struct storage *storage = server_store_storage(desk.office.store);
	const struct ticket known = desk.ticket;
	struct bytes answer, garbage = arena_copy_bytes(&desk.arena, enrolment_ask(&desk.arena));
	uint32_t reason;

	(void)state;
	assert_int_equal(server_core_open_commit(desk.office.core), STATUS_OK);
	((uint8_t *)(uintptr_t)garbage.data)[6] = ENROL_REQUEST;
	assert_int_equal(enrolment_desk_answer(&desk.office, &desk.arena, garbage, &answer), STATUS_CORRUPT);
	desk.ticket.id.bytes[0]++;
	assert_int_equal(ask(&reason), ENROL_REFUSED);
	assert_true(storage_in_transaction(storage));
	desk.ticket = known;
	assert_int_equal(ask(&reason), ENROL_PENDING);
	assert_false(storage_in_transaction(storage));
}

static void a_ticket_that_nobody_used_expires(void **state)
{
	uint32_t reason;

	(void)state;
	wait_for(10 * MINUTE_MS + 1);
	assert_int_equal(ask(&reason), ENROL_REFUSED);
	assert_int_equal(reason, 2);
}

static void a_used_ticket_answers_for_thirty_days_and_goes_with_a_later_invitation(void **state)
{
	const struct id technician = organisation_id(RECORD_TECHNICIAN, 0);
	char code[TICKET_CODE_LENGTH + 1];
	struct ticket_entry ticket;
	uint32_t reason;

	(void)state;
	assert_int_equal(ask(&reason), ENROL_PENDING);
	let_in(DEVICE_STATE_ACTIVE);
	wait_for(TICKET_PENDING_MS + TICKET_KEPT_MS);
	assert_int_equal(enrolment_desk_invite(&desk.office, &technician, desk.context.now_ms, MINUTE_MS, code), STATUS_OK);
	assert_int_equal(ask(&reason), ENROL_GRANT);
	wait_for(1);
	assert_int_equal(enrolment_desk_invite(&desk.office, &technician, desk.context.now_ms, MINUTE_MS, code), STATUS_OK);
	assert_int_equal(server_store_ticket(desk.office.store, &desk.ticket.id, &desk.arena, &ticket), STATUS_NOT_FOUND);
	assert_int_equal(ask(&reason), ENROL_REFUSED);
	assert_int_equal(reason, ENROLMENT_REFUSAL_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_that_waits_for_approval_waits_for_a_day_and_no_longer, open_desk, close_desk),
		cmocka_unit_test_setup_teardown(only_an_active_device_is_given_its_grant_again, open_desk, close_desk),
		cmocka_unit_test_setup_teardown(
			only_a_request_that_changes_a_ticket_ends_the_commit_under_way, open_desk, close_desk),
		cmocka_unit_test_setup_teardown(a_ticket_that_nobody_used_expires, open_desk, close_desk),
		cmocka_unit_test_setup_teardown(
			a_used_ticket_answers_for_thirty_days_and_goes_with_a_later_invitation, open_desk, close_desk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
