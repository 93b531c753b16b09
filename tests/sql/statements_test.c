/* Every named statement is prepared on a store of its kind and keeps to the house rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "db/embedded.h"
#include "db/table_sql.h"
#include "tests/unit/db/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static sqlite3 *stores[3];

static const char *const names[] = { "server.db", "outbox.db", "replica.db" };

/* The store in which the statement can be prepared; NULL when there is none. */
static sqlite3_stmt *prepare_somewhere(const char *sql)
{
	sqlite3_stmt *prepared = NULL;

	for (size_t i = 0; i < LENGTH(stores); i++)
		if (sqlite3_prepare_v2(stores[i], sql, -1, &prepared, NULL) == SQLITE_OK)
			return prepared;
	return NULL;
}

static void every_statement_can_be_prepared(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_stmt *prepared = prepare_somewhere(statement_texts[i].sql);

		if (prepared == NULL)
			print_message("%s (%s): %s\n", statement_texts[i].name, statement_texts[i].source, sqlite3_errmsg(stores[0]));
		assert_non_null(prepared);
		sqlite3_finalize(prepared);
	}
	assert_null(prepare_somewhere("SELECT nothing FROM nowhere"));
}

static void a_statement_is_one_statement(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		const char *end = statement_texts[i].sql + strlen(statement_texts[i].sql);

		assert_null(strchr(statement_texts[i].sql, ';'));
		assert_true(end[-1] == '\n');
	}
}

static void parameters_are_numbered_without_gaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_stmt *prepared = prepare_somewhere(statement_texts[i].sql);
		int count = sqlite3_bind_parameter_count(prepared);

		for (int k = 1; k <= count; k++) {
			const char *name = sqlite3_bind_parameter_name(prepared, k);

			assert_non_null(name);
			assert_int_equal(name[0], '$');
			assert_in_range(atoi(name + 1), 1, count);
		}
		sqlite3_finalize(prepared);
	}
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		for (size_t k = i + 1; k < STATEMENT_COUNT; k++)
			assert_string_not_equal(statement_texts[i].name, statement_texts[k].name);
}

/* Pages of any size cost what they hold: nothing is sorted, no table is walked from its start. */
static void the_feeds_of_every_record_walk_an_index(void **state)
{
	static const enum table_verb verbs[] = { TABLE_GET, TABLE_LOOK, TABLE_FEED, TABLE_BY_ID, TABLE_SCAN, TABLE_RESOLVE,
		TABLE_AGED }; /* the last one of tables with a window */
	const struct schema *schema;
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
		for (size_t k = 0; k < LENGTH(verbs) - (schema->window.field == NULL); k++) {
			struct text sql = arena_print(&arena, "EXPLAIN QUERY PLAN %s", table_sql(&arena, schema, verbs[k]));
			sqlite3_stmt *plan = NULL;

			assert_int_equal(sqlite3_prepare_v2(stores[STORAGE_SERVER], sql.data, -1, &plan, NULL), SQLITE_OK);
			while (sqlite3_step(plan) == SQLITE_ROW) {
				const char *step = (const char *)sqlite3_column_text(plan, 3);

				assert_non_null(strstr(step, "SEARCH"));
				assert_non_null(strstr(step, "INDEX"));
			}
			sqlite3_finalize(plan);
		}
	}
	arena_finish(&arena);
}

/* Tables that grow with every operation, by the names that statements have for them. */
static bool grows(const char *table)
{
	static const char *const tables[] = { "operation_log", "l", "link", "left_row", "grant_entry", "salt_window", "signature" };

	for (size_t i = 0; i < LENGTH(tables); i++)
		if (strncmp(table, tables[i], strlen(tables[i])) == 0 && strchr(" ", table[strlen(tables[i])]) != NULL)
			return true;
	return false;
}

static void no_statement_of_the_server_walks_what_every_operation_adds_to(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		struct text sql = arena_print(&arena, "EXPLAIN QUERY PLAN %s", statement_texts[i].sql);
		sqlite3_stmt *plan = NULL;

		if (sqlite3_prepare_v2(stores[STORAGE_SERVER], sql.data, -1, &plan, NULL) != SQLITE_OK)
			continue; /* a device's */
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(plan, 3);

			if (strncmp(step, "SCAN ", 5) == 0 && grows(step + 5))
				fail_msg("%s (%s): %s", statement_texts[i].name, statement_texts[i].source, step);
		}
		sqlite3_finalize(plan);
	}
	arena_finish(&arena);
}

static int set_up(void **state)
{
	(void)state;
	scratch_init();
	for (size_t i = 0; i < LENGTH(stores); i++) {
		struct storage_options options = { .path = scratch_path(names[i]), .kind = (enum storage_kind)i, .mode = STORAGE_CREATE };
		struct storage *storage = NULL;

		if (storage_open(&options, &storage) != STATUS_OK)
			return -1;
		storage_close(storage);
		if (sqlite3_open(options.path, &stores[i]) != SQLITE_OK)
			return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(stores); i++)
		sqlite3_close(stores[i]);
	scratch_finish();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_can_be_prepared),
		cmocka_unit_test(a_statement_is_one_statement),
		cmocka_unit_test(parameters_are_numbered_without_gaps),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(the_feeds_of_every_record_walk_an_index),
		cmocka_unit_test(no_statement_of_the_server_walks_what_every_operation_adds_to),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
