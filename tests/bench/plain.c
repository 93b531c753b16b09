/* The same work on plain SQLite, measured in the same run: what every ratio of ./bench is against. One operation a line of
 * standard input or one verb; prints one JSON object.   insert DB RECORDS.tsv      100,000 rows in file order, 16-byte key,
 * WITHOUT ROWID, WAL, FULL, one transaction, cache 2 MB, page 4096   update DB EDITS.tsv        10,000 rows x 3 columns, FULL,
 * one transaction   update-each DB EDITS.tsv   the same, a transaction each   commit DB BODY             one row with FULL: what a
 * command that writes costs at least   select DB KEY              one row by key: what one that reads does */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/text.h"
#include "tests/bench/stopwatch.h"

#define COLUMNS 10

static sqlite3 *database;

static void check(int result, const char *doing)
{
	if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE)
		return;
	(void)fprintf(stderr, "plain: %s: %s\n", doing, sqlite3_errmsg(database));
	exit(1);
}

static void run(const char *sql)
{
	check(sqlite3_exec(database, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *statement = NULL;

	check(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), sql);
	return statement;
}

static void step(sqlite3_stmt *statement)
{
	check(sqlite3_step(statement), "step");
	check(sqlite3_reset(statement), "reset");
}

static void open_database(const char *path)
{
	check(sqlite3_open(path, &database), path);
	run("PRAGMA page_size = 4096");
	run("PRAGMA journal_mode = WAL");
	run("PRAGMA synchronous = FULL");
	run("PRAGMA cache_size = -2000");
}

static int digit(char character)
{
	return character <= '9' ? character - '0' : character - 'a' + 10;
}

static void bind_key(sqlite3_stmt *statement, int parameter, const char *hex)
{
	unsigned char key[16];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
	check(sqlite3_bind_blob(statement, parameter, key, sizeof(key), SQLITE_TRANSIENT), "bind");
}

/* All lines of a file split at tabs, read before the clock starts. */
struct lines {
	char *bytes;
	char **cells; /* `width` a line */
	size_t count;
};

static struct lines read_lines(const char *path, size_t width)
{
	struct lines lines = { 0 };
	FILE *file = fopen(path, "rb");
	size_t size = 0, capacity = (size_t)64 << 20;

	lines.bytes = malloc(capacity);
	lines.cells = malloc((size_t)1000000 * width * sizeof(*lines.cells));
	if (file == NULL || lines.bytes == NULL || lines.cells == NULL) {
		(void)fprintf(stderr, "plain: %s cannot be read\n", path);
		exit(1);
	}
	size = fread(lines.bytes, 1, capacity - 1, file);
	lines.bytes[size] = '\0';
	(void)fclose(file);
	for (char *at = lines.bytes; *at != '\0'; lines.count++) {
		for (size_t i = 0; i < width; i++) {
			lines.cells[lines.count * width + i] = at;
			at += strcspn(at, "\t\n");
			if (*at != '\0')
				*at++ = '\0';
		}
	}
	return lines;
}

static void bind_cell(sqlite3_stmt *statement, int parameter, const char *cell, bool number)
{
	if (number)
		check(sqlite3_bind_int64(statement, parameter, strtoll(cell, NULL, 10)), "bind");
	else
		check(sqlite3_bind_text(statement, parameter, cell, -1, SQLITE_STATIC), "bind");
}

static void report(size_t rows, const struct stopwatch *watch)
{
	printf("{\"rows\":%zu,\"seconds\":%.6f,\"cpu_s\":%.4f}\n", rows, watch->seconds, watch->cpu_seconds);
}

static void insert_rows(const char *path)
{
	struct lines lines = read_lines(path, COLUMNS);
	struct stopwatch watch;
	sqlite3_stmt *statement;

	run("CREATE TABLE bench_order (id BLOB PRIMARY KEY, site TEXT, asset TEXT, title TEXT, description TEXT, state TEXT, priority "
	    "INTEGER,"
	    " due_at_ms INTEGER, technician TEXT, updated_at_ms INTEGER) WITHOUT ROWID");
	statement = prepare("INSERT INTO bench_order VALUES (?,?,?,?,?,?,?,?,?,?)");
	stopwatch_start(&watch);
	run("BEGIN");
	for (size_t i = 0; i < lines.count; i++) {
		char **cells = lines.cells + i * COLUMNS;
		bind_key(statement, 1, cells[0]);
		for (int k = 1; k < COLUMNS; k++)
			bind_cell(statement, k + 1, cells[k], k == 6 || k == 7 || k == 9);
		step(statement);
	}
	run("COMMIT");
	stopwatch_stop(&watch);
	report(lines.count, &watch);
	check(sqlite3_finalize(statement), "finalize");
}

static void update_rows(const char *path, bool each)
{
	struct lines lines = read_lines(path, 4);
	struct stopwatch watch;
	sqlite3_stmt *statement = prepare("UPDATE bench_order SET state = ?2, technician = ?3, updated_at_ms = ?4 WHERE id = ?1");

	stopwatch_start(&watch);
	if (!each)
		run("BEGIN");
	for (size_t i = 0; i < lines.count; i++) {
		char **cells = lines.cells + i * 4;
		bind_key(statement, 1, cells[0]);
		bind_cell(statement, 2, cells[1], false);
		bind_cell(statement, 3, cells[2], false);
		bind_cell(statement, 4, cells[3], true);
		step(statement);
	}
	if (!each)
		run("COMMIT");
	stopwatch_stop(&watch);
	report(lines.count, &watch);
	check(sqlite3_finalize(statement), "finalize");
}

/* One durable row: what a command that writes costs at least. */
static void commit_row(const char *body)
{
	sqlite3_stmt *statement;

	/* else closing costs three more syncs */
	check(sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), "configure");
	run("CREATE TABLE IF NOT EXISTS commits (n INTEGER PRIMARY KEY, body BLOB)");
	statement = prepare("INSERT INTO commits (body) VALUES (?1)");
	bind_cell(statement, 1, body, false);
	step(statement);
	check(sqlite3_finalize(statement), "finalize");
}

static void select_row(const char *key)
{
	sqlite3_stmt *statement = prepare("SELECT * FROM bench_order WHERE id = ?1");

	bind_key(statement, 1, key);
	check(sqlite3_step(statement), "select");
	printf("%s\n", sqlite3_column_text(statement, 3));
	check(sqlite3_finalize(statement), "finalize");
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		(void)fprintf(stderr, "usage: plain insert|update|update-each|commit|select DB WORD\n");
		return 2;
	}
	open_database(argv[2]);
	if (strcmp(argv[1], "insert") == 0)
		insert_rows(argv[3]);
	else if (strcmp(argv[1], "update") == 0 || strcmp(argv[1], "update-each") == 0)
		update_rows(argv[3], argv[1][6] != '\0');
	else if (strcmp(argv[1], "commit") == 0)
		commit_row(argv[3]);
	else
		select_row(argv[3]);
	return sqlite3_close_v2(database) == SQLITE_OK ? 0 : 1; /* else the next process would have to recover the log first */
}
