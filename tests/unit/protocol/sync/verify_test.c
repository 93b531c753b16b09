/* What the server's check of its own store finds: each kind of damage to the digests of scopes is told by the name of the scope. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "db/connection.h"
#include "server/verify.h"
#include "tests/unit/protocol/sync/pair.h"

static void run(struct simulation *pair, const char *sql)
{
	assert_int_equal(sqlite3_exec(server_store_storage(pair->server.store)->connection, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* The damage is found while it is there, and told with each of the words; afterwards all is well. */
static void assert_named(struct simulation *pair, const char *damage, const char *undo, const char *const words[])
{
	struct verify_report report;

	run(pair, damage);
	assert_int_equal(verify_organisation(pair->server.store, &report), STATUS_CORRUPT);
	for (size_t i = 0; words[i] != NULL; i++)
		if (strstr(fail_reason(), words[i]) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", fail_reason(), words[i]);
	run(pair, undo);
	if (verify_organisation(pair->server.store, &report) != STATUS_OK)
		fail_msg("after \"%s\": %s", undo, fail_reason());
}

/* A job that device 2 has from the other territory, so that it links rows of elsewhere. */
static struct id make_job(struct simulation *pair)
{
	struct id order = pair_order(pair, 0);

	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	return order;
}

#define JOB  "(SELECT max(number) FROM scope WHERE kind = 7 AND count > 0)"
#define KEEP "CREATE TEMP TABLE kept AS SELECT * FROM "
#define ADVICE "restore the newest backup"

static void verify_counts_the_links_of_a_job(void **state)
{
	struct simulation *pair = *state;
	struct id order = make_job(pair);
	char text[40];
	const char *const found[] = { "job", text, "digest", ADVICE, NULL };

	(void)snprintf(text, sizeof(text), "%s", id_to_text(&order).characters);
	assert_named(pair,
		KEEP "link WHERE job = " JOB " AND kind = (SELECT max(kind) FROM link WHERE job = " JOB ");"
		     "DELETE FROM link WHERE (job, kind, id) IN (SELECT job, kind, id FROM kept)",
		"INSERT INTO link SELECT * FROM kept; DROP TABLE kept", found);
	assert_named(pair, KEEP "scope WHERE number = " JOB "; UPDATE scope SET sum = zeroblob(16) WHERE number = " JOB,
		"INSERT OR REPLACE INTO scope SELECT * FROM kept; DROP TABLE kept", found);
	assert_named(pair, "UPDATE scope SET count = count + 1 WHERE number = " JOB,
		"UPDATE scope SET count = count - 1 WHERE number = " JOB, found);
}

static void verify_finds_a_link_to_a_row_that_is_not_there(void **state)
{
	struct simulation *pair = *state;
	struct id order = make_job(pair);
	char text[40];
	const char *const found[] = { "job", text, "1 of its", "not there", ADVICE, NULL };

	(void)snprintf(text, sizeof(text), "%s", id_to_text(&order).characters);
	assert_named(pair,
		"INSERT INTO link (job, kind, id, gseq, from_gseq) VALUES (" JOB ", 6, x'5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e', 1, 1)",
		"DELETE FROM link WHERE id = x'5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e'", found);
}

/* A scope that holds nothing any more says so. */
static void verify_looks_at_a_scope_that_no_row_names(void **state)
{
	static const char *const found[] = { "tech", "7e7e7e7e", "3 rows", "there are 0", ADVICE, NULL };
	struct simulation *pair = *state;

	assert_named(pair,
		"INSERT INTO scope (kind, id, count, sum, gseq) VALUES (4, x'7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e', 3, zeroblob(16), 1)",
		"DELETE FROM scope WHERE id = x'7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e'", found);
}

static void verify_finds_rows_whose_scope_is_not_there(void **state)
{
	static const char *const found[] = { "scope number", "not there", "rows are in it", ADVICE, NULL };
	struct simulation *pair = *state;

	(void)make_job(pair);
	assert_named(pair,
		KEEP "scope WHERE number = (SELECT home FROM site LIMIT 1); "
		     "DELETE FROM scope WHERE number = (SELECT home FROM site LIMIT 1)",
		"INSERT INTO scope SELECT * FROM kept; DROP TABLE kept", found);
	assert_named(pair, KEEP "scope WHERE number = " JOB "; DELETE FROM scope WHERE number IN (SELECT number FROM kept)",
		"INSERT INTO scope SELECT * FROM kept; DROP TABLE kept", found);
}

/* All of it is read from the store, not from what the serving process remembers. */
static void verify_names_a_home_whose_digest_does_not_fit(void **state)
{
	static const char *const found[] = { "territory", "digest", ADVICE, NULL };
	struct simulation *pair = *state;

	pair_settle(pair);
	assert_named(pair, "UPDATE scope SET count = count + 1 WHERE kind = 3", "UPDATE scope SET count = count - 1 WHERE kind = 3", found);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(verify_counts_the_links_of_a_job),
		TEST(verify_finds_a_link_to_a_row_that_is_not_there),
		TEST(verify_looks_at_a_scope_that_no_row_names),
		TEST(verify_finds_rows_whose_scope_is_not_there),
		TEST(verify_names_a_home_whose_digest_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
