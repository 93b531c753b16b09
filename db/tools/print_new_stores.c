/* Makes new_stores.c: of each kind of store and each revision what migrations make of an empty one.  usage: print_new_stores NEW_STORES_C
 *
 * The stores themselves lie beside NEW_STORES_C while they are read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/connection.h"
#include "db/revision_step.h"
#include "protocol/domain/revision.h"

#define STATEMENT_SIZE_MAX 4000 /* what a C string literal may portably hold, less some */

const struct new_store_text new_store_texts[] = { { NULL, 0, NULL, NULL } };

/* A virtual table makes its shadows itself. */
static const char objects[] = "SELECT iif(type = 'index', tbl_name, NULL), sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT IN"
			      " (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY type = 'index', rowid";
static const char tables[] = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
			     " AND name != 'migration' ORDER BY name";

static void stop(const char *path, const char *problem)
{
	fprintf(stderr, "print_new_stores: %s: %s\n", path, problem);
	exit(1); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

static void remove_store(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[FILENAME_MAX];

	for (size_t i = 0; i < LENGTH(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		remove(name);
	}
}

static void print_literal(FILE *out, const char *path, const char *sql)
{
	if (strlen(sql) > STATEMENT_SIZE_MAX)
		stop(path, "a statement is too long");
	fputc('"', out);
	for (; *sql != '\0'; sql++) {
		if (*sql == '"' || *sql == '\\')
			fputc('\\', out);
		if (*sql == '\n')
			fputs("\\n\"\n\t  \"", out);
		else if (*sql == '\t')
			fputs("\\t", out);
		else
			fputc(*sql, out);
	}
	fputc('"', out);
}

static sqlite3_stmt *prepare(struct storage *storage, const char *sql)
{
	sqlite3_stmt *prepared = NULL;

	if (sql_prepare(storage, sql, &prepared) != STATUS_OK)
		stop(storage->path, fail_reason());
	return prepared;
}

static void print_text(FILE *out, const struct storage *storage, const char *indexed, const char *sql)
{
	fprintf(out, "\t{ \"%s\", %u, ", storage_kind_find(storage->kind)->set, storage->revision);
	fprintf(out, indexed == NULL ? "NULL, " : "\"%s\", ", indexed);
	print_literal(out, storage->path, sql);
	fputs(" },\n", out);
}

static void print_objects(FILE *out, struct storage *storage)
{
	sqlite3_stmt *select = prepare(storage, objects);

	while (sqlite3_step(select) == SQLITE_ROW)
		print_text(out, storage, (const char *)sqlite3_column_text(select, 0), (const char *)sqlite3_column_text(select, 1));
	sqlite3_finalize(select);
}

/* "SELECT 'INSERT INTO state VALUES (' || quote(…) || ', ' || quote(…) || ')' FROM state" */
static void print_rows(FILE *out, struct storage *storage, const char *table)
{
	char sql[STATEMENT_SIZE_MAX];
	size_t size = 0;
	sqlite3_stmt *columns, *select;

	snprintf(sql, sizeof(sql), "SELECT group_concat('quote(' || name || ')', ' || '', '' || ') FROM pragma_table_info('%s')", table);
	columns = prepare(storage, sql);
	if (sqlite3_step(columns) != SQLITE_ROW)
		stop(storage->path, table);
	size = (size_t)snprintf(sql, sizeof(sql), "SELECT 'INSERT INTO %s VALUES (' || %s || ')' FROM %s", table,
		(const char *)sqlite3_column_text(columns, 0), table);
	if (size >= sizeof(sql))
		stop(storage->path, "a table has too many columns");
	select = prepare(storage, sql);
	while (sqlite3_step(select) == SQLITE_ROW)
		print_text(out, storage, NULL, (const char *)sqlite3_column_text(select, 0));
	sqlite3_finalize(select);
	sqlite3_finalize(columns);
}

static void print_store(FILE *out, const char *path, enum storage_kind kind)
{
	struct storage_options options = { .path = path, .kind = kind, .mode = STORAGE_CREATE };
	struct storage *storage = NULL;
	sqlite3_stmt *select;

	remove_store(path);
	if (storage_open(&options, &storage) != STATUS_OK)
		stop(path, fail_reason());
	print_objects(out, storage);
	select = prepare(storage, tables);
	while (sqlite3_step(select) == SQLITE_ROW)
		print_rows(out, storage, (const char *)sqlite3_column_text(select, 0));
	sqlite3_finalize(select);
	storage_close(storage);
	remove_store(path);
}

int main(int argument_count, char **arguments)
{
	char path[FILENAME_MAX];
	FILE *out;

	if (argument_count != 2) {
		fputs("usage: print_new_stores NEW_STORES_C\n", stderr);
		return 2;
	}
	out = fopen(arguments[1], "w");
	if (out == NULL)
		stop(arguments[1], "cannot be opened");
	snprintf(path, sizeof(path), "%s.db", arguments[1]);
	fputs("/* Made from db/migrations by print_new_stores. */\n#include \"db/embedded.h\"\n\n"
	      "const struct new_store_text new_store_texts[] = {\n",
		out);
	for (uint32_t revision = SCHEMA_REVISION_PLAIN; revision <= SCHEMA_REVISION; revision++) {
		schema_speak(revision);
		for (int kind = STORAGE_SERVER; kind <= STORAGE_REPLICA; kind++)
			if (revision_of_now((enum storage_kind)kind) == revision)
				print_store(out, path, (enum storage_kind)kind);
	}
	fputs("\t{ NULL, 0, NULL, NULL }\n};\n", out);
	if (fflush(out) != 0 || ferror(out) || fclose(out) != 0)
		stop(arguments[1], "cannot be written");
	return 0;
}
