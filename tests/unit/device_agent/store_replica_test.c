/* The replica: rows, shadows, scopes, links, pages and short references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sqlite3.h>

#include "db/connection.h" /* to get in the way of the store */
#include "protocol/domain/site.h"
#include "tests/unit/device_agent/scratch_store.h"

/* After the tree's headers: it makes a macro of fail(). */
#include <cmocka.h>

static const struct scope org = { .kind = SCOPE_ORG_ALL };

static struct scope coast(void)
{
	return (struct scope){ .kind = SCOPE_TERRITORY, .id = scratch_id(3, 1) };
}

static struct scope job(uint64_t number)
{
	return (struct scope){ .kind = SCOPE_JOB, .id = scratch_id(RECORD_WORK_ORDER, number) };
}

static void begin(struct scratch *scratch)
{
	assert_int_equal(device_store_begin(scratch->store, true), STATUS_OK);
}

static void commit(struct scratch *scratch)
{
	assert_int_equal(device_store_commit(scratch->store), STATUS_OK);
}

static void put_site(struct scratch *scratch, const struct id *id, const char *name, int64_t gseq)
{
	struct site site = { .id = *id, .territory_id = scratch_id(3, 1), .name = text_of(name) };
	struct device_row meta = { .home = coast(), .gseq = gseq, .hash = row_hash(&site_schema, &site) };

	assert_int_equal(device_store_put_row(scratch->store, RECORD_SITE, &site, &meta), STATUS_OK);
}

static void assert_site(struct scratch *scratch, const struct id *id, const char *name, int64_t gseq)
{
	const void *row;
	const struct site *site;
	struct device_row meta;
	struct row_hash hash;
	struct scope home = coast();

	assert_int_equal(records_get(device_store_records(scratch->store), RECORD_SITE, id, &row), STATUS_OK);
	site = row;
	assert_true(text_equals(site->name, name));
	assert_int_equal(device_store_row(scratch->store, RECORD_SITE, id, &meta), STATUS_OK);
	hash = row_hash(&site_schema, site);
	assert_int_equal(meta.gseq, gseq);
	assert_true(scope_equal(&meta.home, &home));
	assert_memory_equal(&meta.hash, &hash, sizeof(hash));
}

static void assert_no_site(struct scratch *scratch, const struct id *id)
{
	const void *row;
	struct device_row meta;

	assert_int_equal(records_get(device_store_records(scratch->store), RECORD_SITE, id, &row), STATUS_NOT_FOUND);
	assert_int_equal(device_store_row(scratch->store, RECORD_SITE, id, &meta), STATUS_NOT_FOUND);
}

static void a_row_comes_back_with_its_home_hash_and_commit(void **state)
{
	struct scratch *scratch = *state;
	struct id id = scratch_id(RECORD_SITE, 1);

	begin(scratch);
	put_site(scratch, &id, "Quay 4", 17);
	commit(scratch);
	scratch_reopen(scratch);
	assert_site(scratch, &id, "Quay 4", 17);
	begin(scratch);
	assert_int_equal(device_store_remove_row(scratch->store, RECORD_SITE, &id), STATUS_OK);
	commit(scratch);
	device_store_reset_rows(scratch->store);
	assert_no_site(scratch, &id);
}

static enum status name_shadow(void *context, const struct shadow *shadow)
{
	struct shadow *shadows = context;

	shadows[shadow->present ? 1 : 0] = *shadow;
	return STATUS_OK;
}

static void restoring_shadows_gives_back_exactly_what_was_there(void **state)
{
	struct scratch *scratch = *state;
	struct id edited = scratch_id(RECORD_SITE, 1), made = scratch_id(RECORD_SITE, 2), removed = scratch_id(RECORD_SITE, 3);
	struct shadow shadows[2] = { 0 };

	begin(scratch);
	put_site(scratch, &edited, "confirmed", 5);
	put_site(scratch, &removed, "still there", 6);
	commit(scratch);
	begin(scratch);
	for (int i = 0; i < 2; i++) { /* the second time must not keep the guess */
		assert_int_equal(device_store_shadow(scratch->store, RECORD_SITE, &edited), STATUS_OK);
		put_site(scratch, &edited, i == 0 ? "guess" : "second guess", 0);
		assert_int_equal(device_store_shadow(scratch->store, RECORD_SITE, &made), STATUS_OK);
		put_site(scratch, &made, "new", 0);
	}
	assert_int_equal(device_store_shadow(scratch->store, RECORD_SITE, &removed), STATUS_OK);
	assert_int_equal(device_store_remove_row(scratch->store, RECORD_SITE, &removed), STATUS_OK);
	commit(scratch);
	scratch_reopen(scratch);
	assert_site(scratch, &edited, "second guess", 0);
	assert_int_equal(device_store_shadow_each(scratch->store, name_shadow, shadows), STATUS_OK);
	assert_true(id_equal(&shadows[0].id, &made));
	assert_true(shadows[1].row.gseq == 5 || shadows[1].row.gseq == 6);
	assert_int_equal(shadows[1].row.home.kind, SCOPE_TERRITORY);
	begin(scratch);
	assert_int_equal(device_store_restore_shadows(scratch->store), STATUS_OK);
	commit(scratch);
	device_store_reset_rows(scratch->store);
	assert_site(scratch, &edited, "confirmed", 5);
	assert_site(scratch, &removed, "still there", 6);
	assert_no_site(scratch, &made);
	memset(shadows, 0, sizeof(shadows));
	assert_int_equal(device_store_shadow_each(scratch->store, name_shadow, shadows), STATUS_OK);
	assert_int_equal(shadows[0].kind + shadows[1].kind, RECORD_NONE);
}

static void dropping_shadows_keeps_the_guesses(void **state)
{
	struct scratch *scratch = *state;
	struct id id = scratch_id(RECORD_SITE, 1);

	begin(scratch);
	assert_int_equal(device_store_shadow(scratch->store, RECORD_SITE, &id), STATUS_OK);
	put_site(scratch, &id, "as computed", 0);
	assert_int_equal(device_store_drop_shadows(scratch->store), STATUS_OK);
	assert_int_equal(device_store_restore_shadows(scratch->store), STATUS_OK);
	commit(scratch);
	assert_site(scratch, &id, "as computed", 0);
}

static void what_is_rolled_back_leaves_nothing_not_even_a_scopes_number(void **state)
{
	struct scratch *scratch = *state;
	struct id first = scratch_id(RECORD_SITE, 1), second = scratch_id(RECORD_SITE, 2);
	const struct digest digest = { .count = 3 };
	struct digest found;

	begin(scratch);
	put_site(scratch, &first, "lost", 1);
	device_store_rollback(scratch->store);
	begin(scratch);
	assert_int_equal(device_store_put_scope(scratch->store, &org, &digest), STATUS_OK); /* takes the number that was given back */
	put_site(scratch, &second, "kept", 2);
	commit(scratch);
	assert_no_site(scratch, &first);
	assert_site(scratch, &second, "kept", 2);
	assert_int_equal(device_store_scope(scratch->store, &org, &found), STATUS_OK);
	assert_int_equal(found.count, 3);
}

static enum status count_scope(void *context, const struct scope *scope, const struct digest *digest)
{
	(void)scope;
	(void)digest;
	(*(size_t *)context)++;
	return STATUS_OK;
}

static void scopes_keep_their_digests_over_128_bits(void **state)
{
	struct scratch *scratch = *state;
	const struct digest digest = { .count = 2, .sum = { .low = UINT64_MAX, .high = UINT64_C(0x8000000000000001) } };
	struct scope territory = coast();
	struct digest found;
	size_t count = 0;

	begin(scratch);
	assert_int_equal(device_store_scope(scratch->store, &territory, &found), STATUS_NOT_FOUND);
	assert_int_equal(device_store_put_scope(scratch->store, &territory, &digest), STATUS_OK);
	assert_int_equal(device_store_put_scope(scratch->store, &org, &digest), STATUS_OK);
	assert_int_equal(device_store_remove_scope(scratch->store, &org), STATUS_OK);
	commit(scratch);
	scratch_reopen(scratch);
	assert_int_equal(device_store_scope(scratch->store, &territory, &found), STATUS_OK);
	assert_true(digest_equal(&found, &digest));
	assert_int_equal(device_store_scope(scratch->store, &org, &found), STATUS_NOT_FOUND);
	assert_int_equal(device_store_scopes_each(scratch->store, count_scope, &count), STATUS_OK);
	assert_int_equal(count, 1);
}

static enum status count_row(void *context, enum record_kind kind, const struct id *id)
{
	(void)kind;
	(void)id;
	(*(size_t *)context)++;
	return STATUS_OK;
}

static void a_scopes_rows_are_those_at_home_and_those_linked(void **state)
{
	struct scratch *scratch = *state;
	struct id site = scratch_id(RECORD_SITE, 1), other = scratch_id(RECORD_SITE, 2);
	struct scope first = job(1), second = job(2), territory = coast();
	size_t count = 0;

	begin(scratch);
	put_site(scratch, &site, "Quay 4", 1);
	assert_int_equal(device_store_link(scratch->store, &first, RECORD_SITE, &site), STATUS_OK);
	assert_int_equal(device_store_link(scratch->store, &first, RECORD_SITE, &site), STATUS_OK);
	assert_int_equal(device_store_link(scratch->store, &second, RECORD_SITE, &site), STATUS_OK);
	assert_int_equal(device_store_link(scratch->store, &second, RECORD_SITE, &other), STATUS_OK);
	commit(scratch);
	assert_int_equal(device_store_links_of_row(scratch->store, RECORD_SITE, &site, count_scope, &count), STATUS_OK);
	assert_int_equal(count, 2);
	count = 0;
	assert_int_equal(device_store_rows_of_scope(scratch->store, &second, count_row, &count), STATUS_OK);
	assert_int_equal(count, 2);
	count = 0;
	assert_int_equal(device_store_rows_of_scope(scratch->store, &territory, count_row, &count), STATUS_OK);
	assert_int_equal(count, 1);
	begin(scratch);
	assert_int_equal(device_store_unlink(scratch->store, &second, RECORD_SITE, &other), STATUS_OK);
	assert_int_equal(device_store_unlink(scratch->store, &second, RECORD_SITE, &other), STATUS_NOT_FOUND);
	commit(scratch);
}

static enum status join_page(void *context, struct bytes page)
{
	struct writer *joined = context;

	write_raw(joined, page.data, page.size);
	return STATUS_OK;
}

static void staged_pages_and_the_resume_point_come_back_in_order(void **state)
{
	static const char *const pages[] = { "a", "b", "c" };
	struct scratch *scratch = *state;
	struct writer joined = writer_in(&scratch->arena, 100);
	struct bytes resume;
	size_t count;

	begin(scratch);
	for (size_t i = 0; i < LENGTH(pages); i++)
		assert_int_equal(device_store_stage(scratch->store, (struct bytes){ (const uint8_t *)pages[i], 1 }), STATUS_OK);
	assert_int_equal(device_store_put_resume(scratch->store, (struct bytes){ (const uint8_t *)"here", 4 }), STATUS_OK);
	commit(scratch);
	scratch_reopen(scratch);
	assert_int_equal(device_store_staged_count(scratch->store, &count), STATUS_OK);
	assert_int_equal(count, 3);
	assert_int_equal(device_store_staged_each(scratch->store, join_page, &joined), STATUS_OK);
	assert_true(bytes_equal(writer_bytes(&joined), (struct bytes){ (const uint8_t *)"abc", 3 }));
	assert_int_equal(device_store_resume(scratch->store, &scratch->arena, &resume), STATUS_OK);
	assert_int_equal(resume.size, 4);
	begin(scratch);
	assert_int_equal(device_store_clear_staged(scratch->store), STATUS_OK);
	assert_int_equal(device_store_put_resume(scratch->store, (struct bytes){ 0 }), STATUS_OK);
	commit(scratch);
	assert_int_equal(device_store_staged_count(scratch->store, &count), STATUS_OK);
	assert_int_equal(count, 0);
	assert_int_equal(device_store_resume(scratch->store, &scratch->arena, &resume), STATUS_OK);
	assert_int_equal(resume.size, 0);
}

static void a_crash_between_saving_and_showing_is_seen_on_opening(void **state)
{
	struct scratch *scratch = *state;
	struct outbox_state outbox;
	struct replica_state replica = { .cursor = { .epoch = scratch_id(4, 1), .gseq = 9 },
		.settled_seq = 1,
		.shown_seq = 1,
		.incarnation = scratch_id(2, 1),
		.decided_seq = 1 };
	struct replica_state found;

	scratch_append(scratch, "shown");
	begin(scratch);
	assert_int_equal(device_store_put_replica(scratch->store, &replica), STATUS_OK);
	commit(scratch);
	scratch_append(scratch, "saved");
	begin(scratch);
	replica.shown_seq = 2;
	assert_int_equal(device_store_put_replica(scratch->store, &replica), STATUS_OK);
	scratch_reopen(scratch); /* before the commit */
	assert_int_equal(device_store_outbox(scratch->store, &outbox), STATUS_OK);
	assert_int_equal(device_store_replica(scratch->store, &found), STATUS_OK);
	assert_int_equal(outbox.last_seq, 2);
	assert_int_equal(found.shown_seq, 1);
	assert_int_equal(found.settled_seq, 1);
	assert_int_equal(found.decided_seq, 1);
	assert_int_equal(found.cursor.gseq, 9);
	assert_true(id_equal(&found.cursor.epoch, &replica.cursor.epoch));
	assert_true(id_equal(&found.incarnation, &outbox.incarnation));
}

static void a_lost_replica_is_made_anew_and_the_outbox_stays(void **state)
{
	struct scratch *scratch = *state;
	struct device_store_options options = { .fresh_replica = true };
	struct id id = scratch_id(RECORD_SITE, 1);
	struct outbox_state outbox;
	struct replica_state replica;

	scratch_append(scratch, "one");
	begin(scratch);
	put_site(scratch, &id, "gone", 1);
	commit(scratch);
	device_store_close(scratch->store);
	assert_int_equal(device_store_open(scratch->dir, &options, &scratch->store), STATUS_OK);
	assert_no_site(scratch, &id);
	assert_int_equal(device_store_outbox(scratch->store, &outbox), STATUS_OK);
	assert_int_equal(outbox.last_seq, 1);
	assert_int_equal(device_store_replica(scratch->store, &replica), STATUS_OK);
	assert_int_equal(replica.shown_seq, 0);
}

/* Else the replica would stand nowhere, and nobody would know. */
static void a_state_that_is_not_there_is_not_written_unnoticed(void **state)
{
	struct scratch *scratch = *state;
	struct storage *replica = device_store_replica_storage(scratch->store);
	const struct replica_state stands = { .shown_seq = 1 };
	const struct bytes bytes = { (const uint8_t *)"here", 4 };

	assert_int_equal(device_store_put_resume(scratch->store, bytes), STATUS_OK);
	assert_int_equal(sqlite3_exec(replica->connection, "DELETE FROM state", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(device_store_put_replica(scratch->store, &stands), STATUS_CORRUPT);
	assert_int_equal(device_store_put_resume(scratch->store, bytes), STATUS_CORRUPT);
	assert_int_equal(device_store_put_repair(scratch->store, bytes), STATUS_CORRUPT);
	assert_int_equal(device_store_put_checked_at(scratch->store, 1), STATUS_CORRUPT);
}

static void references_are_as_short_as_the_neighbours_allow(void **state)
{
	struct scratch *scratch = *state;
	const struct references *references = device_store_references(scratch->store);
	struct id ids[3] = { scratch_id(RECORD_SITE, 1), scratch_id(RECORD_SITE, 1), scratch_id(RECORD_SITE, 9) };
	struct id found;

	ids[1].bytes[6] ^= 1; /* the first six bytes in common with ids[0] */
	begin(scratch);
	put_site(scratch, &ids[2], "alone", 1);
	assert_int_equal(references->width(references->context, RECORD_SITE, &ids[2], 1), REFERENCE_WIDTH_MIN);
	put_site(scratch, &ids[0], "left", 1);
	put_site(scratch, &ids[1], "right", 1);
	commit(scratch);
	assert_int_equal(references->width(references->context, RECORD_SITE, ids, 3), 9);
	assert_int_equal(references->width(references->context, (enum record_kind)(RECORD_ARGUMENTS + 1), ids, 3), REFERENCE_WIDTH_MAX);
	assert_int_equal(references->resolve(references->context, RECORD_SITE, ids[0].bytes, 9, &found), STATUS_OK);
	assert_true(id_equal(&found, &ids[0]));
	assert_int_equal(references->resolve(references->context, RECORD_SITE, ids[2].bytes, 4, &found), STATUS_OK);
	assert_true(id_equal(&found, &ids[2]));
	assert_int_equal(references->resolve(references->context, RECORD_SITE, ids[0].bytes, 6, &found), STATUS_AMBIGUOUS);
	ids[2].bytes[0] ^= 0x80;
	assert_int_equal(references->resolve(references->context, RECORD_SITE, ids[2].bytes, 4, &found), STATUS_NOT_FOUND);
	assert_int_equal(references->resolve(references->context, RECORD_SITE, ids[2].bytes, 16, &found), STATUS_OK);
}

static enum status newest_incident(void *context, int64_t at_ms, struct text what, struct text detail)
{
	assert_int_equal(at_ms, 2);
	assert_true(text_equals(what, "digest"));
	assert_true(text_equals(detail, "territory Coast"));
	*(bool *)context = true;
	return STATUS_OK;
}

static void an_incident_is_kept_inside_and_outside_a_transaction(void **state)
{
	struct scratch *scratch = *state;
	bool seen = false;

	assert_int_equal(device_store_incident(scratch->store, 1, "fork", text_of("")), STATUS_OK);
	begin(scratch);
	assert_int_equal(device_store_incident(scratch->store, 2, "digest", text_of("territory Coast")), STATUS_OK);
	commit(scratch);
	scratch_reopen(scratch);
	assert_int_equal(device_store_incidents_each(scratch->store, 1, newest_incident, &seen), STATUS_OK);
	assert_true(seen);
}

/* ---- what a repair looks at ---- */

struct seen_rows {
	size_t count;
	size_t missing;
	struct id ids[8];
};

static enum status see_row(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct seen_rows *seen = context;

	assert_int_equal(kind, RECORD_SITE);
	seen->missing += meta == NULL;
	seen->ids[seen->count++] = *row_id(row);
	return STATUS_OK;
}

static void a_span_of_a_scope_has_the_rows_between_two_ids(void **state)
{
	struct scratch *scratch = *state;
	const struct id low = { { 0x10 } }, middle = { { 0x20 } }, high = { { 0x30 } };
	const struct id_span all = { .last = { { 0xff } } }, upper = { low, middle };
	struct scope home = coast(), work = job(1);
	struct seen_rows seen = { 0 };

	begin(scratch);
	put_site(scratch, &high, "high", 1);
	put_site(scratch, &low, "low", 1);
	put_site(scratch, &middle, "middle", 1);
	assert_int_equal(device_store_link(scratch->store, &work, RECORD_SITE, &low), STATUS_OK);
	assert_int_equal(device_store_link(scratch->store, &work, RECORD_SITE, &(struct id){ { 0x11 } }), STATUS_OK); /* not there */
	commit(scratch);
	assert_int_equal(device_store_rows_each(scratch->store, see_row, &seen), STATUS_OK);
	assert_int_equal(seen.count, 3);
	seen = (struct seen_rows){ 0 };
	assert_int_equal(device_store_span_each(scratch->store, &home, &upper, see_row, &seen), STATUS_OK);
	assert_int_equal(seen.count, 1);
	assert_true(id_equal(&seen.ids[0], &middle));
	seen = (struct seen_rows){ 0 };
	assert_int_equal(device_store_span_each(scratch->store, &work, &all, see_row, &seen), STATUS_OK);
	assert_true(seen.count == 2 && seen.missing == 1 && id_equal(&seen.ids[0], &low));
}

static enum status count_range(void *context, struct bytes range)
{
	*(size_t *)context += range.size;
	return STATUS_OK;
}

static void a_repair_is_kept_until_it_is_forgotten(void **state)
{
	struct scratch *scratch = *state;
	struct bytes kept;
	size_t size = 0;

	assert_int_equal(device_store_repair(scratch->store, &scratch->arena, &kept), STATUS_OK);
	assert_int_equal(kept.size, 0);
	begin(scratch);
	assert_int_equal(device_store_put_repair(scratch->store, (struct bytes){ (const uint8_t *)"left", 4 }), STATUS_OK);
	assert_int_equal(device_store_keep_range(scratch->store, (struct bytes){ (const uint8_t *)"first", 5 }), STATUS_OK);
	assert_int_equal(device_store_keep_range(scratch->store, (struct bytes){ (const uint8_t *)"second", 6 }), STATUS_OK);
	commit(scratch);
	scratch_reopen(scratch);
	assert_int_equal(device_store_repair(scratch->store, &scratch->arena, &kept), STATUS_OK);
	assert_memory_equal(kept.data, "left", 4);
	assert_int_equal(device_store_ranges_each(scratch->store, count_range, &size), STATUS_OK);
	assert_int_equal(size, 11);
	begin(scratch);
	assert_int_equal(device_store_clear_ranges(scratch->store), STATUS_OK);
	assert_int_equal(device_store_put_repair(scratch->store, (struct bytes){ 0 }), STATUS_OK);
	commit(scratch);
	size = 0;
	assert_int_equal(device_store_ranges_each(scratch->store, count_range, &size), STATUS_OK);
	assert_int_equal(device_store_repair(scratch->store, &scratch->arena, &kept), STATUS_OK);
	assert_true(size == 0 && kept.size == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_row_comes_back_with_its_home_hash_and_commit, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(restoring_shadows_gives_back_exactly_what_was_there, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(dropping_shadows_keeps_the_guesses, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_rolled_back_leaves_nothing_not_even_a_scopes_number, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(scopes_keep_their_digests_over_128_bits, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_scopes_rows_are_those_at_home_and_those_linked, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(staged_pages_and_the_resume_point_come_back_in_order, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_crash_between_saving_and_showing_is_seen_on_opening, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_state_that_is_not_there_is_not_written_unnoticed, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_lost_replica_is_made_anew_and_the_outbox_stays, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(references_are_as_short_as_the_neighbours_allow, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_span_of_a_scope_has_the_rows_between_two_ids, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_repair_is_kept_until_it_is_forgotten, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(an_incident_is_kept_inside_and_outside_a_transaction, scratch_set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
