#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/storage.h"
#include "protocol/domain/account.h"
#include "protocol/domain/note.h"
#include "protocol/domain/work_order.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

#define ROWS 300

static struct storage *storage;
static struct arena arena;
static struct numbers numbers;

struct made {
	void *row;
	struct row_meta meta;
};

static void assert_stored(const struct schema *schema, const struct made *made)
{
	struct row_meta meta;
	void *row;

	assert_int_equal(table_get(storage, schema, row_id(made->row), &arena, &row, &meta), STATUS_OK);
	assert_true(row_equal(schema, row, made->row));
	assert_int_equal(meta.home, made->meta.home);
	assert_int_equal(meta.gseq, made->meta.gseq);
	assert_int_equal(meta.author, made->meta.author);
	assert_memory_equal(meta.hash, made->meta.hash, sizeof(meta.hash));
}

static struct made *make_rows(const struct schema *schema, size_t count)
{
	struct made *rows = arena_allocate_array(&arena, count, sizeof(*rows));

	for (size_t i = 0; i < count; i++) {
		rows[i] = (struct made){ .row = numbers_row(&numbers, &arena, schema), .meta = numbers_meta(&numbers) };
		assert_int_equal(table_put(storage, schema, rows[i].row, &rows[i].meta), STATUS_OK);
	}
	return rows;
}

static void every_schema_gives_back_what_was_put(void **state)
{
	const struct schema *schema;

	(void)state;
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
		struct made *rows = make_rows(schema, 40);

		for (size_t k = 0; k < 40; k++)
			assert_stored(schema, &rows[k]);
		for (size_t k = 0; k < 40; k++) { /* another row under the same id, sometimes with other keys */
			struct id id = *row_id(rows[k].row);
			void *row = k % 2 == 0 ? numbers_row(&numbers, &arena, schema) : row_copy(&arena, schema, rows[k].row);

			memcpy(row, &id, sizeof(id));
			rows[k].row = row;
			rows[k].meta.gseq++;
			rows[k].meta.home += k % 3 == 0;
			assert_int_equal(table_put(storage, schema, row, &rows[k].meta), STATUS_OK);
			assert_stored(schema, &rows[k]);
		}
		for (size_t k = 0; k < 40; k++)
			assert_int_equal(table_remove(storage, schema, row_id(rows[k].row)), STATUS_OK);
		assert_int_equal(table_remove(storage, schema, row_id(rows[0].row)), STATUS_OK);
		assert_int_equal(table_get(storage, schema, row_id(rows[0].row), &arena, &(void *){ NULL }, NULL), STATUS_NOT_FOUND);
	}
}

static void inserts_and_updates_may_alternate(void **state)
{
	struct made *rows = make_rows(&account_schema, ROWS);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].meta.gseq += 7;
		assert_int_equal(table_put(storage, &account_schema, rows[i].row, &rows[i].meta), STATUS_OK);
		make_rows(&account_schema, i % 3);
	}
	for (size_t i = 0; i < ROWS; i++)
		assert_stored(&account_schema, &rows[i]);
}

/* ---- walks ---- */

struct seen {
	struct id ids[4 * ROWS];
	int64_t gseqs[4 * ROWS];
	size_t count;
	size_t stop_at;
};

static enum status see(void *context, const void *row, const struct row_meta *meta)
{
	struct seen *seen = context;

	seen->ids[seen->count] = *row_id(row);
	seen->gseqs[seen->count] = meta->gseq;
	seen->count++;
	return seen->count == seen->stop_at ? STATUS_BUSY : STATUS_OK;
}

static size_t count_if_home(const struct made *rows, size_t count, int64_t home)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += rows[i].meta.home == home;
	return found;
}

static void the_feed_is_in_commit_then_id_order_and_resumes_anywhere(void **state)
{
	struct made *rows = make_rows(&account_schema, ROWS);
	static struct seen all;
	static struct seen part;
	struct seen *pages = &part;
	struct row_meta after = { .home = 2, .gseq = -1 };
	struct id id = { 0 };
	size_t position = 0;

	(void)state;
	all = (struct seen){ 0 };
	assert_int_equal(table_feed(storage, &account_schema, &after, &id, see, &all), STATUS_OK);
	assert_int_equal(all.count, count_if_home(rows, ROWS, 2));
	for (size_t i = 1; i < all.count; i++)
		assert_true(all.gseqs[i - 1] < all.gseqs[i] ||
			    (all.gseqs[i - 1] == all.gseqs[i] && id_compare(&all.ids[i - 1], &all.ids[i]) < 0));
	do {
		*pages = (struct seen){ .stop_at = 7 };
		(void)!table_feed(storage, &account_schema, &after, &id, see, pages);
		for (size_t i = 0; i < pages->count; i++)
			assert_true(id_equal(&pages->ids[i], &all.ids[position++]));
		if (pages->count != 0) {
			after.gseq = pages->gseqs[pages->count - 1];
			id = pages->ids[pages->count - 1];
		}
	} while (pages->count == 7);
	assert_int_equal(position, all.count);
}

static void the_feed_leaves_out_the_rows_of_one_author(void **state)
{
	struct made *rows = make_rows(&account_schema, ROWS);
	int64_t author = 0;
	static struct seen seen;
	size_t others = 0;

	(void)state;
	for (size_t i = 0; i < ROWS && author == 0; i++)
		author = rows[i].meta.home == 2 ? rows[i].meta.author : 0;
	assert_int_not_equal(author, 0);
	for (size_t i = 0; i < ROWS; i++)
		others += rows[i].meta.home == 2 && rows[i].meta.author != author;
	seen = (struct seen){ 0 };
	assert_int_equal(table_feed(storage, &account_schema, &(struct row_meta){ .home = 2, .gseq = -1, .author = author },
				 &(struct id){ 0 }, see, &seen),
		STATUS_OK);
	assert_int_equal(seen.count, others);
	assert_true(others < count_if_home(rows, ROWS, 2));
}

static void by_id_gives_one_home_in_id_order(void **state)
{
	struct made *rows = make_rows(&note_schema, ROWS);
	static struct seen seen;
	static struct seen rest;

	(void)state;
	seen = (struct seen){ 0 };
	rest = (struct seen){ 0 };
	assert_int_equal(table_by_id(storage, &note_schema, 1, &(struct id){ 0 }, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, count_if_home(rows, ROWS, 1));
	for (size_t i = 1; i < seen.count; i++)
		assert_true(id_compare(&seen.ids[i - 1], &seen.ids[i]) < 0);
	assert_int_equal(table_by_id(storage, &note_schema, 1, &seen.ids[9], see, &rest), STATUS_OK);
	assert_int_equal(rest.count, seen.count - 10);
	assert_true(id_equal(&rest.ids[0], &seen.ids[10]));
}

static void scan_gives_all_rows_beyond_an_id(void **state)
{
	static struct seen seen;

	(void)state;
	make_rows(&note_schema, ROWS);
	seen = (struct seen){ 0 };
	assert_int_equal(table_scan(storage, &note_schema, &(struct id){ 0 }, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, ROWS);
}

static void a_visit_that_fails_stops_the_walk(void **state)
{
	static struct seen seen;

	(void)state;
	make_rows(&note_schema, 10);
	seen = (struct seen){ .stop_at = 3 };
	assert_int_equal(table_scan(storage, &note_schema, &(struct id){ 0 }, see, &seen), STATUS_BUSY);
	assert_int_equal(seen.count, 3);
	seen = (struct seen){ 0 };
	assert_int_equal(table_scan(storage, &note_schema, &(struct id){ 0 }, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, 10);
}

static struct id put_note(const struct id *order)
{
	struct note note = { .id = numbers_id(&numbers), .work_order_id = *order, .text = text_of("checked the belt") };
	struct row_meta meta = numbers_meta(&numbers);

	assert_int_equal(table_put(storage, &note_schema, &note, &meta), STATUS_OK);
	return note.id;
}

static void each_finds_rows_by_a_declared_index_in_id_order(void **state)
{
	struct id order = numbers_id(&numbers);
	struct id other = numbers_id(&numbers);
	struct id nil = { 0 };
	static struct seen seen;
	struct id last;

	(void)state;
	for (int i = 0; i < 20; i++) {
		put_note(&other);
		last = put_note(&order);
	}
	put_note(&nil);
	seen = (struct seen){ 0 };
	assert_int_equal(table_each(storage, &note_schema, "work_order_id", &order, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, 20);
	for (size_t i = 1; i < seen.count; i++)
		assert_true(id_compare(&seen.ids[i - 1], &seen.ids[i]) < 0);
	assert_int_equal(table_remove(storage, &note_schema, &last), STATUS_OK);
	seen = (struct seen){ 0 };
	assert_int_equal(table_each(storage, &note_schema, "work_order_id", &order, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, 19);
	seen = (struct seen){ 0 };
	assert_int_equal(table_each(storage, &note_schema, "work_order_id", &nil, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, 1);
}

static void an_index_follows_its_field(void **state)
{
	struct id order = numbers_id(&numbers);
	struct id other = numbers_id(&numbers);
	struct note note = { .id = put_note(&order), .work_order_id = other, .text = text_of("moved") };
	struct row_meta meta = numbers_meta(&numbers);
	static struct seen seen;

	(void)state;
	assert_int_equal(table_put(storage, &note_schema, &note, &meta), STATUS_OK);
	seen = (struct seen){ 0 };
	assert_int_equal(table_each(storage, &note_schema, "work_order_id", &order, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, 0);
	assert_int_equal(table_each(storage, &note_schema, "work_order_id", &other, see, &seen), STATUS_OK);
	assert_int_equal(seen.count, 1);
}

static size_t depth;

static enum status walk_again(void *context, const void *row, const struct row_meta *meta)
{
	struct id order = *(const struct id *)context;
	struct note copy = *(const struct note *)row;
	enum status status = STATUS_OK;

	(void)meta;
	if (depth < 3) {
		depth++;
		status = table_each(storage, &note_schema, "work_order_id", &order, walk_again, &order);
		depth--;
	}
	assert_memory_equal(row, &copy, sizeof(copy)); /* ours is still there */
	assert_true(text_equals(((const struct note *)row)->text, "checked the belt"));
	return status;
}

static void a_walk_may_run_inside_a_walk(void **state)
{
	struct id order = numbers_id(&numbers);

	(void)state;
	for (int i = 0; i < 3; i++)
		put_note(&order);
	assert_int_equal(table_each(storage, &note_schema, "work_order_id", &order, walk_again, &order), STATUS_OK);
}

/* ---- short ids ---- */

static void put_account_with(const uint8_t *start, size_t size, uint8_t rest)
{
	struct account account = { .name = text_of("Harbour Bakery") };
	struct row_meta meta = numbers_meta(&numbers);

	memset(account.id.bytes, rest, ID_SIZE);
	memcpy(account.id.bytes, start, size);
	assert_int_equal(table_put(storage, &account_schema, &account, &meta), STATUS_OK);
}

static void a_shortened_id_is_found_ambiguous_or_not_there(void **state)
{
	const uint8_t start[] = { 0xff, 0xff, 0x00, 0x12, 0x34 };
	const uint8_t low[] = { 0, 0, 0, 1 };
	struct id found = { 0 };
	size_t common = 0;

	(void)state;
	put_account_with(start, 5, 0x01);
	put_account_with(low, 4, 0x00);
	assert_int_equal(table_resolve(storage, &account_schema, start, 4, &found), STATUS_OK);
	assert_int_equal(found.bytes[15], 0x01);
	assert_int_equal(table_raise_common_prefix(storage, &account_schema, &found, 1, &common), STATUS_OK);
	assert_int_equal(common, 0);
	put_account_with(start, 5, 0xff);
	assert_int_equal(table_resolve(storage, &account_schema, start, 5, &found), STATUS_AMBIGUOUS);
	assert_int_equal(found.bytes[15], 0x01); /* untouched by a failure */
	assert_int_equal(table_raise_common_prefix(storage, &account_schema, &found, 1, &common), STATUS_OK);
	assert_int_equal(common, 5);
	common = 7;
	assert_int_equal(table_raise_common_prefix(storage, &account_schema, &found, 1, &common), STATUS_OK);
	assert_int_equal(common, 7);
	assert_int_equal(table_resolve(storage, &account_schema, found.bytes, 6, &found), STATUS_OK);
	assert_int_equal(table_resolve(storage, &account_schema, found.bytes, ID_SIZE, &found), STATUS_OK);
	assert_int_equal(table_resolve(storage, &account_schema, (const uint8_t[]){ 0xfe }, 1, &found), STATUS_NOT_FOUND);
	assert_int_equal(table_resolve(storage, &account_schema, start, 0, &found), STATUS_AMBIGUOUS);
}

static void records_of_a_store_are_read_only(void **state)
{
	struct made *rows = make_rows(&account_schema, 1);
	struct storage_records view;
	const void *row = NULL;

	(void)state;
	storage_records_init(&view, storage, &arena);
	assert_int_equal(records_get(&view.records, RECORD_ACCOUNT, row_id(rows[0].row), &row), STATUS_OK);
	assert_true(row_equal(&account_schema, row, rows[0].row));
	assert_int_equal(records_put(&view.records, RECORD_ACCOUNT, row), STATUS_REFUSED);
	assert_int_equal(records_remove(&view.records, RECORD_ACCOUNT, row_id(row)), STATUS_REFUSED);
	assert_int_equal(records_get(&view.records, (enum record_kind)55, row_id(row), &row), STATUS_NEWER);
}

static int set_up(void **state)
{
	struct storage_options options = { .kind = STORAGE_SERVER, .mode = STORAGE_CREATE };

	(void)state;
	scratch_init();
	options.path = scratch_path("table.db");
	numbers = (struct numbers){ 42 };
	if (storage_open(&options, &storage) != STATUS_OK)
		return -1;
	return storage_begin(storage, false) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	storage_rollback(storage);
	storage_close(storage);
	arena_finish(&arena);
	scratch_finish();
	return 0;
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(every_schema_gives_back_what_was_put),
		TABLE_TEST(inserts_and_updates_may_alternate),
		TABLE_TEST(the_feed_is_in_commit_then_id_order_and_resumes_anywhere),
		TABLE_TEST(the_feed_leaves_out_the_rows_of_one_author),
		TABLE_TEST(by_id_gives_one_home_in_id_order),
		TABLE_TEST(scan_gives_all_rows_beyond_an_id),
		TABLE_TEST(a_visit_that_fails_stops_the_walk),
		TABLE_TEST(each_finds_rows_by_a_declared_index_in_id_order),
		TABLE_TEST(an_index_follows_its_field),
		TABLE_TEST(a_walk_may_run_inside_a_walk),
		TABLE_TEST(a_shortened_id_is_found_ambiguous_or_not_there),
		TABLE_TEST(records_of_a_store_are_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
