/* Makes statements.h and statements.c from .sql files.  usage: embed_sql STATEMENTS_H STATEMENTS_C FILE.sql...
 *
 * A file below .../migrations/SET/NNNN_name.sql is one migration, kept byte for byte. Any other file holds statements, each under a
 * line "-- name: the_name"; it becomes STATEMENT_THE_NAME. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE_MAX      1024
#define STATEMENT_SIZE_MAX 4000 /* what a C string literal may portably hold, less some */

static const char name_mark[] = "-- name: ";
static const char migrations_mark[] = "/migrations/";

static void stop(const char *path, int line, const char *problem)
{
	fprintf(stderr, "%s:%d: %s\n", path, line, problem);
	exit(1); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

static FILE *open_file(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (file == NULL)
		stop(path, 0, "cannot be opened");
	return file;
}

static void close_written(const char *path, FILE *file)
{
	if (fflush(file) != 0 || ferror(file) || fclose(file) != 0)
		stop(path, 0, "cannot be written");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The part after ".../migrations/", such as "server/0001_start.sql"; NULL for a file of statements. */
static const char *migration_path(const char *path)
{
	const char *found = strstr(path, migrations_mark);

	return found == NULL ? NULL : found + strlen(migrations_mark);
}

static void write_literal_line(FILE *out, const char *line)
{
	fputs("\n\t  \"", out);
	for (; *line != '\0' && *line != '\n'; line++) {
		if (*line == '"' || *line == '\\')
			fputc('\\', out);
		fputc(*line == '\t' ? ' ' : *line, out);
	}
	fputs("\\n\"", out);
}

/* A name's character as it stands in STATEMENT_THE_NAME; 0 for one that no name has. */
static char capital(char character)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *found = strchr(small, character);

	if (found == NULL)
		return '\0';
	return large[found - small];
}

static void write_statement_start(FILE *header, FILE *code, const char *path, int number, char *name)
{
	name[strcspn(name, "\r\n")] = '\0';
	fprintf(code, "\t{ \"%s\", \"%s:%d\",", name, base_name(path), number);
	fputs("\tSTATEMENT_", header);
	for (const char *at = name; *at != '\0'; at++) {
		if (capital(*at) == '\0')
			stop(path, number, "a statement's name has only a-z, 0-9 and _");
		fputc(capital(*at), header);
	}
	fprintf(header, ", /* %s:%d */\n", base_name(path), number);
}

static void embed_statements(FILE *header, FILE *code, const char *path)
{
	FILE *file = open_file(path, "r");
	char line[LINE_SIZE_MAX];
	size_t size = 0;
	bool open = false;

	for (int number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		if (strchr(line, '\n') == NULL)
			stop(path, number, "a line is too long or has no end");
		if (strncmp(line, name_mark, strlen(name_mark)) == 0) {
			fputs(open ? " },\n" : "", code);
			write_statement_start(header, code, path, number, line + strlen(name_mark));
			open = true;
			size = 0;
		} else if (open && line[0] != '\n' && strncmp(line, "--", 2) != 0) {
			size += 2 * strlen(line);
			if (size > STATEMENT_SIZE_MAX)
				stop(path, number, "a statement is too long");
			write_literal_line(code, line);
		} else if (!open && line[0] != '\n' && strncmp(line, "--", 2) != 0) {
			stop(path, number, "SQL before the first \"-- name: \"");
		}
	}
	fputs(open ? " },\n" : "", code);
	fclose(file);
}

/* Bytes one by one: a migration may be longer than a string literal may be. */
static void embed_migration_text(FILE *code, int position, const char *path)
{
	FILE *file = open_file(path, "rb");
	int column = 0;

	fprintf(code, "\nstatic const char migration_%d[] = { /* %s */", position, migration_path(path));
	for (int byte = fgetc(file); byte != EOF; byte = fgetc(file)) {
		if (byte == 0 || byte > 126)
			stop(path, 0, "a migration is plain ASCII");
		fprintf(code, "%s%d,", column++ % 30 == 0 ? "\n\t" : " ", byte);
	}
	fputs("\n\t0 };\n", code);
	fclose(file);
}

static void embed_migration_row(FILE *code, int position, const char *path)
{
	const char *set = migration_path(path);
	const char *slash = set == NULL ? NULL : strchr(set, '/');
	int number = slash == NULL ? 0 : (int)strtol(slash + 1, NULL, 10);
	const char *name = slash == NULL ? NULL : strchr(slash, '_');

	if (number < 1 || name == NULL)
		stop(path, 0, "a migration is called migrations/SET/NNNN_name.sql");
	name++;
	fprintf(code, "\t{ \"%.*s\", %d, \"%.*s\", migration_%d, sizeof(migration_%d) - 1 },\n", (int)(slash - set), set, number,
		(int)strcspn(name, "."), name, position, position);
}

static void embed_migrations(FILE *code, int count, char **paths)
{
	for (int i = 0; i < count; i++)
		if (migration_path(paths[i]) != NULL)
			embed_migration_text(code, i, paths[i]);
	fputs("\nconst struct migration_text migration_texts[] = {\n", code);
	for (int i = 0; i < count; i++)
		if (migration_path(paths[i]) != NULL)
			embed_migration_row(code, i, paths[i]);
	fputs("\t{ NULL, 0, NULL, NULL, 0 }\n};\n", code);
}

int main(int argument_count, char **arguments)
{
	FILE *header;
	FILE *code;

	if (argument_count < 3) {
		fputs("usage: embed_sql STATEMENTS_H STATEMENTS_C FILE.sql...\n", stderr);
		return 2;
	}
	header = open_file(arguments[1], "w");
	code = open_file(arguments[2], "w");
	fputs("/* Made from db/sql by embed_sql. */\n#ifndef TRUCKROLL_DB_STATEMENTS_H\n#define TRUCKROLL_DB_STATEMENTS_H\n\n"
	      "enum statement_id {\n",
		header);
	fputs("/* Made from db/sql and db/migrations by embed_sql. */\n#include \"db/embedded.h\"\n\n"
	      "const struct statement_text statement_texts[] = {\n",
		code);
	for (int i = 3; i < argument_count; i++)
		if (migration_path(arguments[i]) == NULL)
			embed_statements(header, code, arguments[i]);
	fputs("\tSTATEMENT_COUNT\n};\n\n#endif\n", header);
	fputs("\t{ NULL, NULL, NULL }\n};\n", code);
	embed_migrations(code, argument_count - 3, arguments + 3);
	close_written(arguments[1], header);
	close_written(arguments[2], code);
	return 0;
}
