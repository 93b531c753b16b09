/* What a commit knows of the scopes that it touches. */
#include "protocol/sync/commit.h"
#include "tests/unit/protocol/sync/by_store.h"

enum {
	SCOPES = 5000
};

static struct scope job_scope(unsigned number)
{
	return (struct scope){ .kind = SCOPE_JOB, .id = by_store_id("job", number) };
}

static void touch(struct commit *commit, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		const struct scope scope = job_scope(i);
		struct scope_state *scope_state;
		assert_int_equal(commit_scope(commit, &scope, &scope_state), STATUS_OK);
		scope_state->digest.count = i;
	}
}

static void assert_touched(struct commit *commit, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		const struct scope scope = job_scope(i);
		struct scope_state *by_name, *by_number;
		assert_int_equal(commit_look_scope(commit, &scope, &by_name), STATUS_OK);
		assert_non_null(by_name);
		assert_int_equal(by_name->digest.count, i);
		assert_int_equal(commit_scope_by_number(commit, by_name->number, &by_number), STATUS_OK);
		assert_ptr_equal(by_number, by_name);
	}
}

static void a_scope_is_found_at_once_among_thousands(void **state)
{
	struct simulation *pair = *state;
	struct by_store by;

	by_store_begin(&by, pair);
	touch(&by.commit, 0, SCOPES);
	assert_touched(&by.commit, 0, SCOPES);
	assert_int_equal(by.commit.scope_count, SCOPES);
	assert_true(by.commit.slots_looked_at < 10 * SCOPES); /* thrice each, and while there was room to be made */
	server_store_rollback(pair->server.store);
}

static void what_was_touched_after_the_mark_is_not_known_after_a_rewind(void **state)
{
	struct simulation *pair = *state;
	struct by_store by;

	by_store_begin(&by, pair);
	touch(&by.commit, 0, 100);
	assert_int_equal(commit_mark(&by.commit), STATUS_OK);
	touch(&by.commit, 100, SCOPES);
	assert_int_equal(commit_rewind(&by.commit), STATUS_OK);
	assert_int_equal(by.commit.scope_count, 100);
	assert_touched(&by.commit, 0, 100);
	for (unsigned i = 100; i < SCOPES; i++) {
		const struct scope scope = job_scope(i);
		struct scope_state *scope_state;
		assert_int_equal(commit_look_scope(&by.commit, &scope, &scope_state), STATUS_OK);
		assert_null(scope_state);
	}
	touch(&by.commit, 200, 300); /* in the places of those that were forgotten */
	assert_touched(&by.commit, 0, 100);
	assert_touched(&by.commit, 200, 300);
	server_store_rollback(pair->server.store);
}

/* As when thousands of devices come back at once: each batch has a mark of its own. */
static void a_mark_costs_what_is_touched_after_it(void **state)
{
	struct simulation *pair = *state;
	struct by_store by;

	by_store_begin(&by, pair);
	touch(&by.commit, 0, SCOPES);
	for (unsigned i = 0; i < SCOPES; i++) {
		assert_int_equal(commit_mark(&by.commit), STATUS_OK);
		touch(&by.commit, i, i + 1);
		touch(&by.commit, i, i + 1);
		touch(&by.commit, SCOPES + i, SCOPES + i + 1);
		assert_int_equal(i % 2 == 0 ? commit_unmark(&by.commit) : commit_rewind(&by.commit), STATUS_OK);
	}
	assert_touched(&by.commit, 0, SCOPES);
	assert_int_equal(by.commit.scope_count, SCOPES + SCOPES / 2);
	assert_int_equal(by.commit.saved_ever, SCOPES);
	assert_true(by.commit.slots_looked_at < 30 * SCOPES);
	server_store_rollback(pair->server.store);
}

static void a_rewind_gives_back_what_was_touched_before_the_mark_as_it_was(void **state)
{
	struct simulation *pair = *state;
	struct by_store by;
	struct scope_state *known;
	const struct scope scope = job_scope(3);

	by_store_begin(&by, pair);
	touch(&by.commit, 0, 100);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(commit_mark(&by.commit), STATUS_OK);
		assert_int_equal(commit_scope(&by.commit, &scope, &known), STATUS_OK);
		known->digest.count = 77;
		assert_int_equal(commit_scope_by_number(&by.commit, known->number, &known), STATUS_OK);
		known->digest.count = 78;
		touch(&by.commit, 100 + 200 * (unsigned)i, 300 + 200 * (unsigned)i);
		assert_int_equal(commit_rewind(&by.commit), STATUS_OK);
		assert_touched(&by.commit, 0, 100);
	}
	server_store_rollback(pair->server.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_scope_is_found_at_once_among_thousands, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_mark_costs_what_is_touched_after_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_rewind_gives_back_what_was_touched_before_the_mark_as_it_was, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_touched_after_the_mark_is_not_known_after_a_rewind, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
