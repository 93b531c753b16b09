/* The outbox: what was saved stays, in order, under its ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/device_agent/scratch_store.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

/* The store's syncs come here instead of the C library. */
static size_t sync_count;

int fdatasync(int descriptor)
{
	sync_count++;
	return descriptor < 0 ? -1 : 0;
}

int fsync(int descriptor)
{
	return fdatasync(descriptor);
}

struct list {
	struct id ids[16];
	struct hash heads[16];
	char bodies[16][16];
	int64_t seqs[16];
	bool re_sent[16];
	size_t count;
};

static enum status collect(void *context, const struct outbox_entry *entry)
{
	struct list *list = context;

	list->ids[list->count] = entry->id;
	list->heads[list->count] = entry->head;
	list->seqs[list->count] = entry->seq;
	list->re_sent[list->count] = entry->re_sent;
	(void)snprintf(list->bodies[list->count], sizeof(list->bodies[0]), "%.*s", (int)entry->canonical.size,
		(const char *)entry->canonical.data);
	list->count++;
	return STATUS_OK;
}

static struct list entries(struct scratch *scratch, int64_t after)
{
	struct list list = { 0 };

	assert_int_equal(device_store_outbox_each(scratch->store, after, collect, &list), STATUS_OK);
	return list;
}

static void a_new_outbox_begins_at_the_genesis_of_its_incarnation(void **state)
{
	struct scratch *scratch = *state;
	struct id device = scratch_id(1, 1), incarnation = scratch_id(2, 1);
	struct hash genesis = chain_genesis(&device, &incarnation), head;
	struct outbox_state outbox;

	assert_int_equal(device_store_outbox(scratch->store, &outbox), STATUS_OK);
	assert_true(id_equal(&outbox.device, &device));
	assert_true(id_equal(&outbox.incarnation, &incarnation));
	assert_int_equal(outbox.last_seq, 0);
	assert_true(hash_equal(&outbox.last_hash, &genesis));
	assert_int_equal(device_store_outbox_head(scratch->store, 0, &head), STATUS_OK);
	assert_true(hash_equal(&head, &genesis));
	assert_int_equal(device_store_outbox_head(scratch->store, 1, &head), STATUS_NOT_FOUND);
}

static void appended_operations_are_there_in_order_after_a_restart(void **state)
{
	struct scratch *scratch = *state;
	struct outbox_state outbox;
	uint8_t secret[WINDOW_SECRET_SIZE] = { 0 };
	struct hash head;
	struct list list;

	scratch_append(scratch, "one");
	scratch_append(scratch, "two");
	scratch_append(scratch, "three");
	scratch_reopen(scratch);
	list = entries(scratch, 1);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.bodies[0], "two");
	assert_string_equal(list.bodies[1], "three");
	assert_int_equal(list.seqs[1], 3);
	assert_false(list.re_sent[1]);
	assert_int_equal(device_store_outbox(scratch->store, &outbox), STATUS_OK);
	assert_int_equal(outbox.last_seq, 3);
	assert_true(hash_equal(&outbox.last_hash, &list.heads[1]));
	assert_int_equal(device_store_outbox_head(scratch->store, 2, &head), STATUS_OK);
	assert_true(hash_equal(&head, &list.heads[0]));
	assert_int_equal(device_store_window(scratch->store, 0, secret), STATUS_OK);
	assert_int_equal(secret[0], 7);
	assert_int_equal(device_store_window(scratch->store, 1, secret), STATUS_NOT_FOUND);
}

static void an_operation_out_of_order_is_not_appended(void **state)
{
	static const uint8_t secret[WINDOW_SECRET_SIZE] = { 7 };
	struct scratch *scratch = *state;
	struct outbox_entry entry = { .seq = 2, .canonical = { (const uint8_t *)"gap", 3 } };

	scratch_append(scratch, "one");
	entry.seq = 3;
	assert_int_equal(device_store_append(scratch->store, &entry, secret), STATUS_INVALID);
	entry.seq = 1;
	assert_int_equal(device_store_append(scratch->store, &entry, secret), STATUS_INVALID);
	assert_int_equal(entries(scratch, 0).count, 1);
}

/* Runs the append in a child that dies without closing anything. */
static void an_appended_operation_survives_a_process_that_dies_at_once(void **state)
{
	struct scratch *scratch = *state;
	int status = 0;
	pid_t child;

	scratch_append(scratch, "before");
	device_store_close(scratch->store);
	scratch->store = NULL;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct device_store_options options = { 0 };
		if (device_store_open(scratch->dir, &options, &scratch->store) != STATUS_OK)
			_exit(1);
		scratch_append(scratch, "saved");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	scratch_reopen(scratch);
	assert_string_equal(entries(scratch, 1).bodies[0], "saved");
}

static void an_appended_operation_is_durable_with_one_sync(void **state)
{
	struct scratch *scratch = *state;
	size_t before;

	scratch_append(scratch, "the first one makes the log");
	for (int i = 0; i < 20; i++) {
		before = sync_count;
		scratch_append(scratch, "saved");
		assert_int_equal(sync_count, before + 1);
	}
}

static void view_updates_are_not_synced_and_cuts_are(void **state)
{
	struct scratch *scratch = *state;
	struct replica_state replica = { .shown_seq = 1 };
	size_t before;

	for (int durable = 1; durable >= 0; durable--) {
		before = sync_count;
		replica.shown_seq++;
		assert_int_equal(device_store_begin(scratch->store, durable != 0), STATUS_OK);
		assert_int_equal(device_store_put_replica(scratch->store, &replica), STATUS_OK);
		assert_int_equal(device_store_commit(scratch->store), STATUS_OK);
		if (durable != 0)
			assert_true(sync_count > before);
		else
			assert_int_equal(sync_count, before);
	}
}

static struct hash rehead(void *context, const struct hash *previous, int64_t seq, struct bytes canonical)
{
	return chain_extend(previous, context, seq, canonical);
}

static void a_new_incarnation_keeps_ids_and_order_of_what_was_not_settled(void **state)
{
	static const uint8_t secrets[1][WINDOW_SECRET_SIZE] = { { 9 } };
	struct scratch *scratch = *state;
	struct id device = scratch_id(1, 1), incarnation = scratch_id(2, 2);
	struct hash genesis = chain_genesis(&device, &incarnation), head;
	uint8_t secret[WINDOW_SECRET_SIZE];
	struct list before, after;
	struct outbox_state outbox;

	for (int i = 0; i < 4; i++)
		scratch_append(scratch, (const char *[]){ "a", "b", "c", "d" }[i]);
	before = entries(scratch, 2);
	assert_int_equal(device_store_new_incarnation(scratch->store,
				 &(struct new_incarnation){
					 .id = incarnation, .settled_seq = 2, .secrets = secrets, .secret_count = 1 },
				 rehead, (void *)(uintptr_t)secrets[0]),
		STATUS_OK);
	scratch_reopen(scratch);
	after = entries(scratch, 0);
	assert_int_equal(after.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(after.seqs[i], i + 1);
		assert_true(id_equal(&after.ids[i], &before.ids[i]));
		assert_string_equal(after.bodies[i], before.bodies[i]);
		assert_true(after.re_sent[i]);
		genesis = chain_extend(&genesis, secrets[0], (int64_t)i + 1, (struct bytes){ (const uint8_t *)before.bodies[i], 1 });
		assert_true(hash_equal(&after.heads[i], &genesis));
	}
	assert_int_equal(device_store_outbox(scratch->store, &outbox), STATUS_OK);
	assert_true(id_equal(&outbox.incarnation, &incarnation));
	assert_int_equal(outbox.last_seq, 2);
	assert_true(hash_equal(&outbox.last_hash, &genesis));
	assert_int_equal(device_store_window(scratch->store, 0, secret), STATUS_OK);
	assert_int_equal(secret[0], 9);
	scratch_append(scratch, "e");
	assert_int_equal(device_store_outbox_head(scratch->store, 3, &head), STATUS_OK);
	assert_false(entries(scratch, 2).re_sent[0]);
}

static void a_new_incarnation_with_too_few_secrets_changes_nothing(void **state)
{
	struct scratch *scratch = *state;
	struct new_incarnation begun = { .id = scratch_id(2, 2) };
	struct outbox_state outbox;

	scratch_append(scratch, "a");
	begun.settled_seq = 0;
	assert_int_equal(device_store_new_incarnation(scratch->store, &begun, rehead, NULL), STATUS_INVALID);
	begun.settled_seq = 2;
	assert_int_equal(device_store_new_incarnation(scratch->store, &begun, rehead, NULL), STATUS_INVALID);
	assert_int_equal(device_store_outbox(scratch->store, &outbox), STATUS_OK);
	assert_false(id_equal(&outbox.incarnation, &begun.id));
	assert_int_equal(outbox.last_seq, 1);
	begun.settled_seq = 1;
	assert_int_equal(device_store_new_incarnation(scratch->store, &begun, rehead, NULL), STATUS_OK);
	assert_int_equal(entries(scratch, 0).count, 0);
}

static void what_was_let_go_of_cannot_go_over_to_a_new_incarnation(void **state)
{
	static const uint8_t secrets[1][WINDOW_SECRET_SIZE] = { { 9 } };
	struct scratch *scratch = *state;
	struct new_incarnation begun = { .id = scratch_id(2, 2), .settled_seq = 1, .secrets = secrets, .secret_count = 1 };
	int64_t went = 0;

	for (int i = 0; i < 4; i++)
		scratch_append(scratch, (const char *[]){ "a", "b", "c", "d" }[i]);
	assert_int_equal(device_store_let_go(scratch->store, 2, 10, &went), STATUS_OK);
	assert_int_equal(went, 2);
	assert_int_equal(device_store_new_incarnation(scratch->store, &begun, rehead, (void *)(uintptr_t)secrets[0]), STATUS_INVALID);
	assert_int_equal(entries(scratch, 0).seqs[0], 3);
	begun.settled_seq = 2;
	assert_int_equal(device_store_new_incarnation(scratch->store, &begun, rehead, (void *)(uintptr_t)secrets[0]), STATUS_OK);
	assert_int_equal(entries(scratch, 0).count, 2);
}

static void another_devices_outbox_is_not_taken_over(void **state)
{
	struct scratch *scratch = *state;
	struct device_store_options options = scratch_options();
	struct device_store *other;

	device_store_close(scratch->store);
	scratch->store = NULL;
	options.device = scratch_id(1, 2);
	assert_int_equal(device_store_open(scratch->dir, &options, &other), STATUS_REFUSED);
	assert_non_null(strstr(fail_reason(), "choose another folder"));
	assert_int_equal(device_store_open("/nonexistent", &(struct device_store_options){ 0 }, &other), STATUS_NOT_FOUND);
}

static void a_reader_beside_the_owner_sees_what_was_saved(void **state)
{
	struct scratch *scratch = *state;
	const struct device_store_options options = { .read_only = true };
	struct scratch reader = { 0 };

	scratch_append(scratch, "one");
	assert_int_equal(device_store_open(scratch->dir, &options, &reader.store), STATUS_OK);
	assert_int_equal(entries(&reader, 0).count, 1);
	scratch_append(scratch, "two");
	assert_int_equal(entries(&reader, 0).count, 2);
	device_store_close(reader.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_outbox_begins_at_the_genesis_of_its_incarnation, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(appended_operations_are_there_in_order_after_a_restart, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(an_operation_out_of_order_is_not_appended, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			an_appended_operation_survives_a_process_that_dies_at_once, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(an_appended_operation_is_durable_with_one_sync, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(view_updates_are_not_synced_and_cuts_are, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			a_new_incarnation_keeps_ids_and_order_of_what_was_not_settled, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_new_incarnation_with_too_few_secrets_changes_nothing, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(what_was_let_go_of_cannot_go_over_to_a_new_incarnation, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(another_devices_outbox_is_not_taken_over, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_reader_beside_the_owner_sees_what_was_saved, scratch_set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
