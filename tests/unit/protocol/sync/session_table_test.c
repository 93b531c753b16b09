/* The server's live sessions: which of them stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"
#include "protocol/sync/session_table.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

#define DEVICES 40

static struct live_session numbered_session(uint8_t number, int64_t used_at_ms)
{
	return (struct live_session){ .session = { .id = { 0x80, number } }, .device = { { number } }, .last_used_at_ms = used_at_ms };
}

static void add_proved(struct session_table *table, const struct live_session *session)
{
	session_table_add(table, session);
	session_table_keep_only(table, session_table_find(table, session->session.id));
}

static void recorded_hellos_push_no_proved_session_out(void **state)
{
	struct session_table *table = session_table_create(8);
	struct live_session proved = numbered_session(1, 1);

	(void)state;
	add_proved(table, &proved); /* and unused for longest */
	for (uint8_t i = 2; i < 200; i++) {
		struct live_session recorded = numbered_session(i, i);
		session_table_add(table, &recorded);
	}
	assert_non_null(session_table_find(table, proved.session.id));
	assert_int_equal(session_table_count(table), 8);
	session_table_destroy(table);
}

static void recorded_hellos_of_a_device_leave_few_sessions_and_the_newest(void **state)
{
	struct session_table *table = session_table_create(4 * SESSIONS_UNPROVED_MAX);
	struct live_session proved = numbered_session(1, 1), of_another = numbered_session(2, 5000);
	struct live_session recorded = { .device = proved.device };

	(void)state;
	add_proved(table, &proved);
	session_table_add(table, &of_another);
	for (uint16_t i = 0; i < 3 * SESSIONS_UNPROVED_MAX; i++) {
		recorded.last_used_at_ms = 1000 + i;
		memcpy(recorded.session.id + 2, &i, sizeof(i));
		session_table_add(table, &recorded);
		assert_non_null(session_table_find(table, recorded.session.id));
	}
	assert_int_equal(session_table_count(table), SESSIONS_UNPROVED_MAX + 2);
	assert_non_null(session_table_find(table, proved.session.id));
	assert_non_null(session_table_find(table, of_another.session.id));
	session_table_destroy(table);
}

static void a_session_that_no_frame_proves_in_two_minutes_goes_with_the_next_hello(void **state)
{
	struct session_table *table = session_table_create(8);
	struct live_session proved = numbered_session(1, 1), unproved = numbered_session(2, 1000), next;

	(void)state;
	add_proved(table, &proved);
	session_table_add(table, &unproved);
	next = numbered_session(3, 1000 + SESSIONS_UNPROVED_LIFE_MS);
	session_table_add(table, &next);
	assert_non_null(session_table_find(table, unproved.session.id));
	next = numbered_session(4, 1001 + SESSIONS_UNPROVED_LIFE_MS);
	session_table_add(table, &next);
	assert_null(session_table_find(table, unproved.session.id));
	assert_int_equal(session_table_count(table), 3);
	session_table_destroy(table);
}

static void a_frame_ends_the_other_sessions_of_its_device_only(void **state)
{
	struct session_table *table = session_table_create(64);
	struct live_session sessions[20];

	(void)state;
	for (uint8_t i = 0; i < LENGTH(sessions); i++) {
		sessions[i] = numbered_session(i, i);
		sessions[i].device = (struct id){ { i % 2 } };
		session_table_add(table, &sessions[i]);
	}
	session_table_keep_only(table, session_table_find(table, sessions[6].session.id));
	for (uint8_t i = 0; i < LENGTH(sessions); i++)
		assert_int_equal(session_table_find(table, sessions[i].session.id) != NULL, i == 6 || i % 2 == 1);
	assert_true(session_table_find(table, sessions[6].session.id)->proved);
	session_table_forget(table, &sessions[1].device, 0);
	assert_int_equal(session_table_count(table), 1);
	assert_null(session_table_of_device(table, &sessions[1].device));
	session_table_destroy(table);
}

/* However a device changes between sessions that it has, old and new. */
static void what_a_device_owes_of_its_comparisons_goes_on_in_its_other_sessions(void **state)
{
	struct session_table *table = session_table_create(8);
	struct live_session first = numbered_session(1, 1), kept_back = numbered_session(2, 2), other = numbered_session(3, 3), next;

	(void)state;
	kept_back.device = first.device;
	add_proved(table, &first);
	session_table_add(table, &kept_back);
	session_table_find(table, first.session.id)->recon_until_ms = 5000;
	session_table_keep_only(table, session_table_find(table, kept_back.session.id));
	assert_int_equal(session_table_find(table, kept_back.session.id)->recon_until_ms, 5000);
	next = numbered_session(4, 4);
	next.device = first.device;
	session_table_add(table, &next);
	session_table_add(table, &other);
	assert_int_equal(session_table_find(table, next.session.id)->recon_until_ms, 5000);
	assert_int_equal(session_table_find(table, other.session.id)->recon_until_ms, 0);
	session_table_destroy(table);
}

static void a_hello_is_known_by_its_key_while_its_session_is_young_or_proved(void **state)
{
	struct session_table *table = session_table_create(8);
	struct live_session first = numbered_session(1, 1000), second = numbered_session(2, 1000);
	const int64_t late_ms = 1001 + SESSIONS_UNPROVED_LIFE_MS;
	struct hello_trace trace;

	(void)state;
	second.device = first.device;
	first.ephemeral[31] = 1;
	session_table_add(table, &first);
	session_table_add(table, &second);
	trace = session_table_trace(table, &first.device, first.ephemeral, late_ms - 1);
	assert_true(trace.of_device == 2 && trace.of_key == 1 && !trace.key_proved);
	trace = session_table_trace(table, &first.device, first.ephemeral, late_ms);
	assert_true(trace.of_device == 0 && trace.of_key == 0 && !trace.key_proved);
	session_table_keep_only(table, session_table_find(table, first.session.id));
	trace = session_table_trace(table, &first.device, first.ephemeral, late_ms);
	assert_true(trace.of_device == 0 && trace.of_key == 0 && trace.key_proved);
	trace = session_table_trace(table, &first.device, second.ephemeral, 1000);
	assert_true(trace.of_device == 0 && !trace.key_proved);
	session_table_destroy(table);
}

/* Against a list of who has which newest session. */
static void a_device_is_found_by_its_newest_session_whatever_comes_and_goes(void **state)
{
	struct session_table *table = session_table_create(4 * DEVICES);
	uint16_t newest[DEVICES] = { 0 };

	(void)state;
	for (uint16_t i = 1; i < 3000; i++) {
		struct live_session session = { .session = { .id = { (uint8_t)(i * 7) } }, .last_used_at_ms = i };
		uint8_t device = (uint8_t)(i * 31 % DEVICES);

		memcpy(session.session.id + 2, &i, sizeof(i));
		session.device.bytes[0] = device;
		session_table_add(table, &session);
		newest[device] = i;
		if (i % 3 == 0)
			session_table_keep_only(table, session_table_find(table, session.session.id));
		if (i % 17 == 0) {
			session_table_forget(table, &session.device, 0);
			newest[device] = 0;
		}
		for (uint8_t k = 0; k < DEVICES; k++) {
			const struct id id = { { k } };
			const struct live_session *found = session_table_of_device(table, &id);

			assert_int_equal(found == NULL ? 0 : found->last_used_at_ms, newest[k]);
		}
	}
	session_table_destroy(table);
}

static void a_session_with_the_id_of_another_takes_its_place(void **state)
{
	struct session_table *table = session_table_create(8);
	struct live_session first = numbered_session(1, 1), second = numbered_session(1, 2);

	(void)state;
	second.device = (struct id){ { 2 } };
	add_proved(table, &first);
	session_table_add(table, &second);
	assert_int_equal(session_table_count(table), 1);
	assert_null(session_table_of_device(table, &first.device));
	assert_false(session_table_of_device(table, &second.device)->proved);
	session_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_hellos_push_no_proved_session_out),
		cmocka_unit_test(recorded_hellos_of_a_device_leave_few_sessions_and_the_newest),
		cmocka_unit_test(a_session_that_no_frame_proves_in_two_minutes_goes_with_the_next_hello),
		cmocka_unit_test(a_frame_ends_the_other_sessions_of_its_device_only),
		cmocka_unit_test(a_hello_is_known_by_its_key_while_its_session_is_young_or_proved),
		cmocka_unit_test(what_a_device_owes_of_its_comparisons_goes_on_in_its_other_sessions),
		cmocka_unit_test(a_device_is_found_by_its_newest_session_whatever_comes_and_goes),
		cmocka_unit_test(a_session_with_the_id_of_another_takes_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
