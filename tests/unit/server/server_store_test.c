#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/note.h"
#include "server/store.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static struct server_store *store;
static struct arena arena;
static struct numbers numbers;
static const struct id nil;

#define OK(call) assert_int_equal(call, STATUS_OK)

static struct server_store *open_store(const char *name, enum storage_mode mode, const char *vfs)
{
	struct server_store_options options = { .path = scratch_path(name), .mode = mode, .vfs = vfs };
	struct server_store *opened = NULL;

	OK(server_store_open(&options, &opened));
	return opened;
}

static struct server_row meta_of(int64_t home, int64_t gseq)
{
	return (struct server_row){ .home = home, .gseq = gseq, .author = 3, .hash = { .low = UINT64_MAX - 7, .high = 11 } };
}

static struct account put_account(int64_t home, int64_t gseq)
{
	struct account account = { .id = numbers_id(&numbers), .name = text_of("Pier Hotel"), .territory_id = numbers_id(&numbers) };
	struct server_row meta = meta_of(home, gseq);

	OK(server_store_put_row(store, RECORD_ACCOUNT, &account, &meta));
	return account;
}

static void a_new_store_has_no_organisation_until_it_is_named(void **state)
{
	struct id organisation = numbers_id(&numbers);
	struct id epoch = numbers_id(&numbers);
	struct id other = numbers_id(&numbers);
	struct server_state found;

	(void)state;
	server_store_rollback(store);
	assert_int_equal(server_store_state(store, &found), STATUS_NOT_FOUND);
	OK(server_store_init_organisation(store, &organisation, &epoch));
	OK(server_store_state(store, &found));
	assert_true(id_equal(&found.organisation, &organisation));
	assert_true(id_equal(&found.epoch, &epoch));
	assert_int_equal(found.gseq, 0);
	OK(server_store_begin(store));
	OK(server_store_put_gseq(store, 77));
	OK(server_store_commit(store));
	OK(server_store_init_organisation(store, &organisation, &other)); /* a restored backup: a new epoch, the same commits */
	OK(server_store_state(store, &found));
	assert_int_equal(found.gseq, 77);
	assert_true(id_equal(&found.epoch, &other));
	assert_int_equal(server_store_init_organisation(store, &other, &epoch), STATUS_REFUSED);
}

static void a_backup_that_holds_more_is_the_newest_whatever_the_clock_said(void **state)
{
	const struct {
		int64_t gseq, at_ms, known_gseq, known_at_ms;
	} told[] = {
		{ 5, 9000, 5, 9000 }, /* the clock was ahead */
		{ 7, 1000, 7, 1000 },
		{ 6, 2000, 7, 1000 },
		{ 7, 3000, 7, 3000 }, /* nothing was written meanwhile */
	};
	struct id organisation = numbers_id(&numbers), epoch = numbers_id(&numbers);
	struct server_state found;

	(void)state;
	server_store_rollback(store);
	OK(server_store_init_organisation(store, &organisation, &epoch));
	OK(server_store_begin(store));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		OK(server_store_put_backup(store, told[i].gseq, told[i].at_ms));
		OK(server_store_state(store, &found));
		assert_int_equal(found.backup_gseq, told[i].known_gseq);
		assert_int_equal(found.backup_at_ms, told[i].known_at_ms);
	}
}

static void a_row_comes_back_with_its_bookkeeping(void **state)
{
	struct account account = put_account(5, 9);
	struct server_row expected = meta_of(5, 9);

	(void)state;
	for (int pass = 0; pass < 2; pass++) { /* from memory, then from the file */
		struct server_row meta;
		const void *row = NULL;

		OK(server_store_row(store, RECORD_ACCOUNT, &account.id, &meta));
		assert_int_equal(meta.home, expected.home);
		assert_int_equal(meta.gseq, expected.gseq);
		assert_int_equal(meta.author, expected.author);
		assert_true(meta.hash.low == expected.hash.low && meta.hash.high == expected.hash.high);
		OK(records_get(server_store_records(store), RECORD_ACCOUNT, &account.id, &row));
		assert_true(row_equal(&account_schema, row, &account));
		server_store_reset_rows(store);
	}
	OK(server_store_remove_row(store, RECORD_ACCOUNT, &account.id));
	assert_int_equal(server_store_row(store, RECORD_ACCOUNT, &account.id, &expected), STATUS_NOT_FOUND);
	server_store_reset_rows(store);
	assert_int_equal(server_store_row(store, RECORD_ACCOUNT, &account.id, &expected), STATUS_NOT_FOUND);
}

static void a_row_handed_out_outlives_its_change(void **state)
{
	struct account account = put_account(1, 1);
	struct server_row meta = meta_of(1, 2);
	const void *before = NULL;
	const void *after = NULL;

	(void)state;
	OK(records_get(server_store_records(store), RECORD_ACCOUNT, &account.id, &before));
	account.name = text_of("Pier Hotel and Baths");
	OK(server_store_put_row(store, RECORD_ACCOUNT, &account, &meta));
	OK(records_get(server_store_records(store), RECORD_ACCOUNT, &account.id, &after));
	assert_true(text_equals(((const struct account *)before)->name, "Pier Hotel"));
	assert_true(text_equals(((const struct account *)after)->name, "Pier Hotel and Baths"));
}

static void what_came_after_a_mark_never_was(void **state)
{
	struct scope early_scope = { .kind = SCOPE_TERRITORY, .id = numbers_id(&numbers) };
	struct scope late_scope = { .kind = SCOPE_TERRITORY, .id = numbers_id(&numbers) };
	struct scope_state early, late;
	struct account before, after;
	struct server_row meta;
	const void *row = NULL;

	(void)state;
	OK(server_store_scope(store, &early_scope, &early));
	before = put_account(early.number, 1);
	early.digest.count = 1;
	early.gseq = 1;
	OK(server_store_put_scope(store, &early)); /* and not written yet */
	OK(server_store_mark(store));
	after = put_account(early.number, 2);
	meta = meta_of(early.number, 2);
	before.name = text_of("Pier Hotel and Baths");
	OK(server_store_put_row(store, RECORD_ACCOUNT, &before, &meta));
	early.digest.count = 2;
	early.gseq = 2;
	OK(server_store_put_scope(store, &early));
	OK(server_store_scope(store, &late_scope, &late));
	OK(server_store_rewind(store));
	for (int pass = 0; pass < 2; pass++) { /* in the transaction, and for good */
		assert_int_equal(server_store_row(store, RECORD_ACCOUNT, &after.id, &meta), STATUS_NOT_FOUND);
		OK(records_get(server_store_records(store), RECORD_ACCOUNT, &before.id, &row));
		assert_true(text_equals(((const struct account *)row)->name, "Pier Hotel"));
		OK(server_store_scope(store, &early_scope, &early));
		assert_int_equal(early.digest.count, 1);
		assert_int_equal(early.gseq, 1);
		assert_int_equal(server_store_scope_by_number(store, late.number, &late_scope, &late), STATUS_NOT_FOUND);
		OK(server_store_commit(store));
		server_store_reset_rows(store);
		OK(server_store_begin(store));
	}
}

static void what_came_after_a_forgotten_mark_stays(void **state)
{
	struct account account;
	struct server_row meta;

	(void)state;
	OK(server_store_mark(store));
	account = put_account(1, 1);
	OK(server_store_unmark(store));
	OK(server_store_mark(store)); /* one at a time, and as often as one likes */
	(void)put_account(1, 1);
	OK(server_store_rewind(store));
	OK(server_store_commit(store));
	server_store_reset_rows(store);
	OK(server_store_row(store, RECORD_ACCOUNT, &account.id, &meta));
	OK(server_store_begin(store));
}

static void a_rollback_is_forgotten_by_rows_and_scopes(void **state)
{
	struct scope scope = { .kind = SCOPE_TERRITORY, .id = numbers_id(&numbers) };
	struct account account;
	struct scope_state first;
	struct scope_state second;
	struct server_row meta;

	(void)state;
	OK(server_store_scope(store, &scope, &first));
	OK(server_store_commit(store));
	OK(server_store_begin(store));
	account = put_account(first.number, 1);
	OK(server_store_scope(store, &scope, &second));
	second.digest.count = 1;
	second.gseq = 1;
	OK(server_store_put_scope(store, &second));
	server_store_rollback(store);
	assert_int_equal(server_store_row(store, RECORD_ACCOUNT, &account.id, &meta), STATUS_NOT_FOUND);
	OK(server_store_scope(store, &scope, &second));
	assert_int_equal(second.number, first.number);
	assert_int_equal(second.digest.count, 0);
	assert_int_equal(second.gseq, 0);
}

static void a_failed_commit_is_forgotten_too(void **state)
{
	struct scope scope = { .kind = SCOPE_DEVICE, .id = numbers_id(&numbers) };
	struct scope_state found;
	struct account account;
	struct server_row meta;

	(void)state;
	server_store_rollback(store);
	server_store_close(store);
	store = open_store("fault.db", STORAGE_CREATE, "fault");
	OK(server_store_begin(store));
	OK(server_store_scope(store, &scope, &found));
	OK(server_store_commit(store));
	OK(server_store_begin(store));
	account = put_account(found.number, 1);
	found.digest.count = 1;
	OK(server_store_put_scope(store, &found));
	fault = (struct fault){ .kind = FAULT_FULL };
	assert_int_equal(server_store_commit(store), STATUS_CANNOT_WRITE);
	fault = (struct fault){ 0 };
	assert_int_equal(server_store_row(store, RECORD_ACCOUNT, &account.id, &meta), STATUS_NOT_FOUND);
	OK(server_store_scope(store, &scope, &found));
	assert_int_equal(found.digest.count, 0);
}

static void scopes_have_small_numbers_and_keep_their_digests(void **state)
{
	struct scope scopes[300];
	struct scope_state found;
	struct scope scope;

	(void)state;
	for (int i = 0; i < 300; i++) {
		scopes[i] = (struct scope){ .kind = i == 0 ? SCOPE_ORG_ALL : SCOPE_JOB };
		if (i != 0)
			scopes[i].id = numbers_id(&numbers);
		OK(server_store_scope(store, &scopes[i], &found));
		assert_int_equal(found.number, i + 1);
		found.digest = (struct digest){ .count = i, .sum = { .low = UINT64_MAX - i, .high = i } };
		found.gseq = 1000 + i;
		OK(server_store_put_scope(store, &found));
	}
	OK(server_store_commit(store));
	server_store_close(store);
	store = open_store("store.db", STORAGE_OWN, NULL);
	for (int i = 0; i < 300; i++) {
		OK(server_store_scope_by_number(store, i + 1, &scope, &found));
		assert_true(scope_equal(&scope, &scopes[i]));
		assert_true(found.digest.count == i && found.digest.sum.low == UINT64_MAX - (uint64_t)i && found.gseq == 1000 + i);
	}
	assert_int_equal(server_store_scope_by_number(store, 301, &scope, &found), STATUS_NOT_FOUND);
}

static void a_reader_makes_no_scope(void **state)
{
	struct scope scope = { .kind = SCOPE_JOB, .id = numbers_id(&numbers) };
	struct scope_state found;

	(void)state;
	OK(server_store_commit(store));
	OK(server_store_begin_read(store));
	OK(server_store_scope(store, &scope, &found));
	assert_int_equal(found.number, 0);
	assert_int_equal(found.digest.count, 0);
	server_store_rollback(store);
	OK(server_store_begin(store));
	OK(server_store_scope(store, &scope, &found));
	assert_int_equal(found.number, 1);
}

static enum status count_row(void *context, const void *row, const struct server_row *meta)
{
	assert_non_null(row);
	assert_int_equal(meta->home, 1);
	++*(int *)context;
	return STATUS_OK;
}

static void feeds_give_the_rows_of_one_scope(void **state)
{
	int count = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		put_account(1 + i % 2, i);
	OK(server_store_feed(store, &(struct member){ .scope = 1, .kind = RECORD_ACCOUNT, .gseq = -1 }, 0, count_row, &count));
	assert_int_equal(count, 10);
	count = 0;
	OK(server_store_feed(store, &(struct member){ .scope = 1, .kind = RECORD_ACCOUNT, .gseq = 9 }, 0, count_row, &count));
	assert_int_equal(count, 5);
	count = 0;
	OK(server_store_by_id(store, RECORD_ACCOUNT, 1, &nil, count_row, &count));
	assert_int_equal(count, 10);
	assert_int_equal(
		server_store_feed(store, &(struct member){ .scope = 1, .kind = (enum record_kind)55 }, 0, count_row, &count), STATUS_NEWER);
}

/* ---- members ---- */

struct members {
	struct member all[100];
	size_t count;
	size_t stop_at;
	bool remove_links;
};

static enum status see_member(void *context, const struct member *member)
{
	struct members *members = context;

	members->all[members->count++] = *member;
	if (members->remove_links)
		OK(server_store_remove_link(store, member->scope, member->kind, &member->id));
	return members->count == members->stop_at ? STATUS_BUSY : STATUS_OK;
}

static void the_newest_departure_of_a_row_counts(void **state)
{
	struct id id = numbers_id(&numbers);
	struct id other = numbers_id(&numbers);
	struct members members = { 0 };

	(void)state;
	OK(server_store_put_left(store, 4, RECORD_NOTE, &id, 10));
	OK(server_store_put_left(store, 4, RECORD_NOTE, &other, 11));
	OK(server_store_put_left(store, 4, RECORD_NOTE, &id, 12));
	OK(server_store_put_left(store, 5, RECORD_NOTE, &id, 12));
	OK(server_store_left_feed(store, &(struct member){ .scope = 4 }, see_member, &members));
	assert_int_equal(members.count, 2);
	assert_true(id_equal(&members.all[0].id, &other));
	assert_true(id_equal(&members.all[1].id, &id) && members.all[1].gseq == 12);
	OK(server_store_forget_left(store, 4, RECORD_NOTE, &id));
	OK(server_store_forget_left(store, 4, RECORD_NOTE, &id));
	members = (struct members){ 0 };
	OK(server_store_left_feed(store, &(struct member){ .scope = 4, .gseq = 11 }, see_member, &members));
	assert_int_equal(members.count, 1); /* kind and id decide within a commit */
	members = (struct members){ 0 };
	OK(server_store_left_feed(
		store, &(struct member){ .scope = 4, .kind = RECORD_NOTE, .id = other, .gseq = 11 }, see_member, &members));
	assert_int_equal(members.count, 0);
}

static void links_are_walked_by_job_and_by_row(void **state)
{
	struct id rows[12];
	struct members members = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		rows[i] = numbers_id(&numbers);
		for (int64_t job = 1; job <= 20; job++)
			OK(server_store_put_link(store, job, RECORD_SITE, &rows[i], 100 + (int64_t)i));
	}
	OK(server_store_put_link(store, 7, RECORD_SITE, &rows[0], 200));
	OK(server_store_link_feed(store, &(struct member){ .scope = 7 }, see_member, &members));
	assert_int_equal(members.count, 12);
	assert_true(id_equal(&members.all[11].id, &rows[0]) && members.all[11].gseq == 200);
	members = (struct members){ .stop_at = 2 };
	assert_int_equal(server_store_link_feed(store, &(struct member){ .scope = 7, .kind = RECORD_SITE, .id = rows[5], .gseq = 105 },
				 see_member, &members),
		STATUS_BUSY);
	assert_true(id_equal(&members.all[0].id, &rows[6]));
	members = (struct members){ .remove_links = true };
	OK(server_store_links_of_row(store, RECORD_SITE, &rows[3], see_member, &members)); /* a visit may change links */
	assert_int_equal(members.count, 20);
	for (size_t i = 0; i < members.count; i++)
		assert_int_equal(members.all[i].scope, i + 1);
	members = (struct members){ 0 };
	OK(server_store_links_of_row(store, RECORD_SITE, &rows[3], see_member, &members));
	assert_int_equal(members.count, 0);
}

static void grants_open_once_and_end_once(void **state)
{
	struct id device = numbers_id(&numbers);
	struct grant_entry *grants = NULL;
	size_t count = 0;

	(void)state;
	OK(server_store_ungrant(store, &device, 3, 5)); /* there is none: nothing */
	OK(server_store_grant(store, &device, 3, 10));
	OK(server_store_grant(store, &device, 3, 11)); /* it is open already */
	OK(server_store_grant(store, &device, 2, 10));
	OK(server_store_ungrant(store, &device, 3, 20));
	OK(server_store_ungrant(store, &device, 3, 25));
	OK(server_store_grants(store, &device, 0, &arena, &grants, &count));
	assert_int_equal(count, 2);
	assert_true(grants[0].scope == 2 && grants[0].from_gseq == 10 && grants[0].until_gseq == 0);
	assert_true(grants[1].scope == 3 && grants[1].from_gseq == 10 && grants[1].until_gseq == 20);
	OK(server_store_grants(store, &device, 20, &arena, &grants, &count));
	assert_int_equal(count, 1);
	OK(server_store_grant(store, &device, 3, 30));
	OK(server_store_ungrant(store, &device, 3, 30)); /* taken and given again within one commit */
	OK(server_store_grant(store, &device, 3, 30));
	OK(server_store_grants(store, &device, INT64_MAX, &arena, &grants, &count));
	assert_int_equal(count, 2);
	assert_true(grants[1].from_gseq == 30 && grants[1].until_gseq == 0);
}

/* What a comparison and the horizon ask for. */
static void links_come_in_order_of_kind_and_id_from_where_asked(void **state)
{
	struct id first = { { 1 } }, second = { { 2 } };
	struct members members = { 0 };
	struct member after = { .scope = 7, .kind = RECORD_SITE, .id = first };

	(void)state;
	OK(server_store_put_link(store, 7, RECORD_SITE, &second, 10));
	OK(server_store_put_link(store, 7, RECORD_ACCOUNT, &second, 30));
	OK(server_store_put_link(store, 7, RECORD_SITE, &first, 20));
	OK(server_store_put_link(store, 8, RECORD_SITE, &first, 20));
	OK(server_store_links_by_id(store, &(struct member){ .scope = 7, .kind = RECORD_SITE }, &second, see_member, &members));
	assert_int_equal(members.count, 2);
	assert_true(id_equal(&members.all[0].id, &first) && members.all[1].gseq == 10);
	members = (struct members){ 0 };
	OK(server_store_links_by_id(store, &(struct member){ .scope = 7, .kind = RECORD_SITE }, &first, see_member, &members));
	assert_int_equal(members.count, 1);
	members = (struct members){ 0 };
	OK(server_store_links_by_id(store, &after, &second, see_member, &members));
	assert_int_equal(members.count, 1);
	assert_true(id_equal(&members.all[0].id, &second));
}

static void what_is_old_is_forgotten_some_at_a_time_and_what_is_not_stays(void **state)
{
	struct id device = numbers_id(&numbers), row[5];
	struct members members = { 0 };
	struct grant_entry *grants;
	size_t count;

	(void)state;
	for (size_t i = 0; i < LENGTH(row); i++) {
		row[i] = numbers_id(&numbers);
		OK(server_store_put_left(store, 4, RECORD_SITE, &row[i], 10 * ((int64_t)i + 1)));
	}
	OK(server_store_grant(store, &device, 1, 5)); /* still open */
	OK(server_store_grant(store, &device, 2, 5));
	OK(server_store_ungrant(store, &device, 2, 30));
	OK(server_store_grant(store, &device, 3, 5));
	OK(server_store_ungrant(store, &device, 3, 31));
	OK(server_store_forget_until(store, 30, 2, &count));
	assert_int_equal(count, 3); /* two rows, one grant */
	OK(server_store_forget_until(store, 30, 2, &count));
	assert_int_equal(count, 1);
	OK(server_store_forget_until(store, 30, 2, &count));
	assert_int_equal(count, 0);
	OK(server_store_left_feed(store, &(struct member){ .scope = 4 }, see_member, &members));
	assert_int_equal(members.count, 2);
	assert_int_equal(members.all[0].gseq, 40);
	OK(server_store_grants(store, &device, 0, &arena, &grants, &count));
	assert_int_equal(count, 2);
	assert_true(grants[0].scope == 1 && grants[1].scope == 3);
}

static void times_of_commits_are_remembered_above_the_horizon(void **state)
{
	struct id organisation = numbers_id(&numbers), epoch = numbers_id(&numbers);
	struct server_state found;
	int64_t gseq;

	(void)state;
	OK(server_store_init_organisation(store, &organisation, &epoch));
	OK(server_store_gseq_before(store, INT64_MAX, &gseq));
	assert_int_equal(gseq, 0);
	OK(server_store_note_time(store, 100, 1000));
	OK(server_store_note_time(store, 200, 2000));
	OK(server_store_gseq_before(store, 1999, &gseq));
	assert_int_equal(gseq, 100);
	OK(server_store_put_horizon(store, 200));
	OK(server_store_state(store, &found));
	assert_int_equal(found.horizon, 200);
	OK(server_store_gseq_before(store, 1999, &gseq));
	assert_int_equal(gseq, 0);
	OK(server_store_gseq_before(store, 2000, &gseq));
	assert_int_equal(gseq, 200);
}

/* ---- chains and the log ---- */

static struct hash hash_of(uint8_t byte)
{
	struct hash hash;

	memset(hash.bytes, byte, HASH_SIZE);
	return hash;
}

static struct chain_state add_chain(void)
{
	struct id device = numbers_id(&numbers);
	struct id incarnation = numbers_id(&numbers);
	struct hash genesis = hash_of(7);
	struct chain_state chain;

	OK(server_store_add_chain(store, &device, &incarnation, &genesis, 0, &chain));
	return chain;
}

static void a_chain_is_found_by_device_and_incarnation(void **state)
{
	struct id stranger = numbers_id(&numbers);
	struct chain_state first = add_chain();
	struct chain_state second = add_chain();
	struct chain_state found;

	(void)state;
	assert_int_equal(first.number, 1);
	assert_int_equal(second.number, 2);
	assert_int_equal(first.last_seq, 0);
	second.last_seq = 40;
	second.last_gseq = 9;
	second.last_hash = hash_of(9);
	OK(server_store_put_chain(store, &second));
	OK(server_store_chain(store, &second.device, &second.incarnation, &found));
	assert_true(found.number == 2 && found.last_seq == 40 && found.last_gseq == 9 && hash_equal(&found.last_hash, &second.last_hash));
	OK(server_store_chain(store, &first.device, &first.incarnation, &found));
	assert_true(found.last_seq == 0 && hash_equal(&found.last_hash, &first.last_hash));
	assert_int_equal(server_store_chain(store, &first.device, &stranger, &found), STATUS_NOT_FOUND);
}

static void a_window_keeps_its_first_secret(void **state)
{
	struct hash secret = hash_of(1);
	struct hash other = hash_of(2);

	(void)state;
	OK(server_store_put_window(store, 1, 0, secret.bytes));
	OK(server_store_put_window(store, 1, 0, secret.bytes));
	OK(server_store_put_window(store, 1, 1, other.bytes));
	assert_int_equal(server_store_put_window(store, 1, 0, other.bytes), STATUS_CORRUPT);
}

static struct id log_one(const struct chain_state *chain, int64_t seq, bool unlike)
{
	struct logged_operation operation = {
		.id = numbers_id(&numbers), .chain = chain->number, .seq = seq, .gseq = 60 + seq, .unlike = unlike
	};
	uint8_t bytes[] = { 1, 2, 0, 4 };

	operation.canonical = (struct bytes){ .data = bytes, .size = sizeof(bytes) };
	operation.commitment = hash_of(3);
	operation.head = hash_of((uint8_t)seq);
	operation.received_at_ms = 1700000000000;
	operation.outcome = OUTCOME_ISSUE;
	OK(server_store_log(store, &operation));
	return operation.id;
}

static void the_log_gives_back_an_operation_word_for_word(void **state)
{
	struct chain_state chain = add_chain();
	struct id id = log_one(&chain, 1, true);
	struct id stranger = numbers_id(&numbers);
	struct hash expected = hash_of(1);
	struct logged_operation found;
	struct hash head;

	(void)state;
	OK(server_store_logged(store, &id, &arena, &found));
	assert_int_equal(found.canonical.size, 4);
	assert_memory_equal(found.canonical.data, "\1\2\0\4", 4);
	assert_true(found.chain == chain.number && found.seq == 1 && found.gseq == 61 && found.unlike && found.outcome == OUTCOME_ISSUE);
	assert_true(hash_equal(&found.head, &expected));
	OK(server_store_logged_head(store, chain.number, 1, &head));
	assert_true(hash_equal(&head, &expected));
	OK(server_store_log_outcome(store, &id, OUTCOME_PARKED, 70));
	OK(server_store_logged(store, &id, &arena, &found));
	assert_true(found.outcome == OUTCOME_PARKED && found.gseq == 70);
	assert_int_equal(server_store_logged(store, &stranger, &arena, &found), STATUS_NOT_FOUND);
	assert_int_equal(server_store_log_outcome(store, &stranger, OUTCOME_PARKED, 70), STATUS_NOT_FOUND);
	assert_int_equal(server_store_logged_head(store, chain.number, 2, &head), STATUS_NOT_FOUND);
}

static void an_operation_is_logged_once(void **state)
{
	struct chain_state chain = add_chain();
	struct id id = log_one(&chain, 1, false);
	struct logged_operation again;

	(void)state;
	OK(server_store_logged(store, &id, &arena, &again));
	assert_int_equal(server_store_log(store, &again), STATUS_INVALID);
	again.seq = 2; /* another place, the same id */
	assert_int_equal(server_store_log(store, &again), STATUS_INVALID);
}

static void unlike_seqs_come_in_order_within_their_bounds(void **state)
{
	struct chain_state chain = add_chain();
	struct chain_state other = add_chain();
	int64_t *seqs = NULL;
	size_t count = 99;

	(void)state;
	for (int64_t seq = 1; seq <= 30; seq++) {
		log_one(&chain, seq, seq % 10 == 0);
		log_one(&other, seq, true);
	}
	chain.last_seq = 30;
	OK(server_store_unlike(store, &chain, 10, &arena, &seqs, &count));
	assert_int_equal(count, 2);
	assert_true(seqs[0] == 20 && seqs[1] == 30);
	chain.last_seq = 29;
	OK(server_store_unlike(store, &chain, 20, &arena, &seqs, &count));
	assert_int_equal(count, 0);
}

/* ---- devices and tickets ---- */

static enum status count_device(void *context, const struct device_entry *device)
{
	assert_false(id_is_nil(&device->id));
	++*(int *)context;
	return STATUS_OK;
}

static void a_device_keeps_its_keys_and_progress(void **state)
{
	struct device_entry device = { .id = numbers_id(&numbers), .technician = numbers_id(&numbers), .key_number = 1, .state = 1 };
	struct id stranger = numbers_id(&numbers);
	struct device_entry found;
	int count = 0;

	(void)state;
	memset(&device.keys, 0x5a, sizeof(device.keys));
	OK(server_store_put_device(store, &device));
	device.acknowledged_gseq = 44;
	device.last_seen_at_ms = 1700000000123;
	device.lease_until_ms = 1800000000000;
	OK(server_store_put_device(store, &device));
	OK(server_store_device(store, &device.id, &found));
	assert_memory_equal(&found.keys, &device.keys, sizeof(found.keys));
	assert_true(found.acknowledged_gseq == 44 && found.last_seen_at_ms == 1700000000123 && found.lease_until_ms == 1800000000000);
	assert_int_equal(server_store_device(store, &stranger, &found), STATUS_NOT_FOUND);
	OK(server_store_each_device(store, count_device, &count));
	assert_int_equal(count, 1);
}

static enum status check_ticket(void *context, const struct ticket_entry *ticket)
{
	assert_true(text_equals(ticket->device_name, "tablet 4"));
	++*(int *)context;
	return STATUS_OK;
}

static void a_ticket_keeps_all_but_its_code(void **state)
{
	struct ticket_entry ticket = { .ticket.id = numbers_id(&numbers), .technician = numbers_id(&numbers) };
	struct ticket_entry found;
	int count = 0;

	(void)state;
	ticket.device_name = text_of("tablet 4");
	ticket.created_at_ms = 5;
	ticket.expires_at_ms = 6;
	memset(ticket.ticket.key, 0x77, TICKET_KEY_SIZE);
	OK(server_store_put_ticket(store, &ticket));
	ticket.state = TICKET_STATE_PENDING;
	ticket.failures = 2;
	ticket.device = numbers_id(&numbers);
	ticket.words = text_of("amber boat cellar dune elbow fern");
	memset(&ticket.device_keys, 0x33, sizeof(ticket.device_keys));
	OK(server_store_put_ticket(store, &ticket));
	OK(server_store_ticket(store, &ticket.ticket.id, &arena, &found));
	assert_true(found.state == TICKET_STATE_PENDING && found.failures == 2 && found.created_at_ms == 5 && found.expires_at_ms == 6);
	assert_true(id_equal(&found.device, &ticket.device) && text_equal(found.words, ticket.words) && found.platform.size == 0);
	assert_memory_equal(found.ticket.key, ticket.ticket.key, TICKET_KEY_SIZE);
	assert_memory_equal(&found.device_keys, &ticket.device_keys, sizeof(found.device_keys));
	OK(server_store_each_ticket(store, check_ticket, &count));
	assert_int_equal(count, 1);
	OK(server_store_forget_tickets(store, ticket.expires_at_ms));
	OK(server_store_ticket(store, &ticket.ticket.id, &arena, &found));
	OK(server_store_forget_tickets(store, ticket.expires_at_ms + 1));
	assert_int_equal(server_store_ticket(store, &ticket.ticket.id, &arena, &found), STATUS_NOT_FOUND);
}

/* ---- short references ---- */

static void references_are_as_long_as_their_neighbours_demand(void **state)
{
	const struct references *references = server_store_references(store);
	struct account close = put_account(1, 1);
	struct account account = put_account(1, 1);
	struct server_row meta = meta_of(1, 1);
	struct id found;

	(void)state;
	assert_int_equal(references->width(references->context, RECORD_ACCOUNT, &close.id, 1), 4);
	account.id = close.id;
	account.id.bytes[9] ^= 1; /* nine bytes are the same */
	OK(server_store_put_row(store, RECORD_ACCOUNT, &account, &meta));
	assert_int_equal(references->width(references->context, RECORD_ACCOUNT, &close.id, 1), 11);
	OK(references->resolve(references->context, RECORD_ACCOUNT, account.id.bytes, 11, &found));
	assert_true(id_equal(&found, &account.id));
	assert_int_equal(references->resolve(references->context, RECORD_ACCOUNT, account.id.bytes, 9, &found), STATUS_AMBIGUOUS);
	account.id = close.id;
	account.id.bytes[15] ^= 1;
	OK(server_store_put_row(store, RECORD_ACCOUNT, &account, &meta));
	assert_int_equal(references->width(references->context, RECORD_ACCOUNT, &close.id, 1), 16);
	assert_int_equal(references->width(references->context, RECORD_NONE, &close.id, 1), 16);
}

static int set_up(void **state)
{
	(void)state;
	scratch_init();
	fault = (struct fault){ 0 };
	numbers = (struct numbers){ 1234 };
	store = open_store("store.db", STORAGE_CREATE, NULL);
	return server_store_begin(store) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	server_store_close(store);
	arena_finish(&arena);
	scratch_finish();
	return 0;
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_new_store_has_no_organisation_until_it_is_named),
		STORE_TEST(a_backup_that_holds_more_is_the_newest_whatever_the_clock_said),
		STORE_TEST(a_row_comes_back_with_its_bookkeeping),
		STORE_TEST(a_row_handed_out_outlives_its_change),
		STORE_TEST(what_came_after_a_mark_never_was),
		STORE_TEST(what_came_after_a_forgotten_mark_stays),
		STORE_TEST(a_rollback_is_forgotten_by_rows_and_scopes),
		STORE_TEST(a_failed_commit_is_forgotten_too),
		STORE_TEST(scopes_have_small_numbers_and_keep_their_digests),
		STORE_TEST(a_reader_makes_no_scope),
		STORE_TEST(feeds_give_the_rows_of_one_scope),
		STORE_TEST(the_newest_departure_of_a_row_counts),
		STORE_TEST(links_are_walked_by_job_and_by_row),
		STORE_TEST(grants_open_once_and_end_once),
		STORE_TEST(links_come_in_order_of_kind_and_id_from_where_asked),
		STORE_TEST(what_is_old_is_forgotten_some_at_a_time_and_what_is_not_stays),
		STORE_TEST(times_of_commits_are_remembered_above_the_horizon),
		STORE_TEST(a_chain_is_found_by_device_and_incarnation),
		STORE_TEST(a_window_keeps_its_first_secret),
		STORE_TEST(the_log_gives_back_an_operation_word_for_word),
		STORE_TEST(an_operation_is_logged_once),
		STORE_TEST(unlike_seqs_come_in_order_within_their_bounds),
		STORE_TEST(a_device_keeps_its_keys_and_progress),
		STORE_TEST(a_ticket_keeps_all_but_its_code),
		STORE_TEST(references_are_as_long_as_their_neighbours_demand),
	};

	keys_init();
	fault_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
