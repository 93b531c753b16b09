/* A released migration never changes: the golden list holds its checksum.
 * usage: migrations_test GOLDEN          compares
 *        migrations_test --print         prints the list as it is now */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/embedded.h"
#include "db/migration.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

#define GOLDEN_SIZE_MAX ((size_t)64 * 1024)
#define LINE_SIZE       256

static char golden[GOLDEN_SIZE_MAX];

static void print_line(char *line, const struct migration_text *migration)
{
	uint8_t checksum[CHECKSUM_SIZE];
	int size = snprintf(line, LINE_SIZE, "%s %d %s ", migration->set, migration->number, migration->name);

	migration_checksum(migration->sql, migration->size, checksum);
	for (size_t i = 0; i < CHECKSUM_SIZE; i++)
		size += snprintf(line + size, LINE_SIZE - (size_t)size, "%02x", checksum[i]);
	snprintf(line + size, LINE_SIZE - (size_t)size, "\n");
}

static void every_migration_is_what_was_released(void **state)
{
	size_t size = 0;

	(void)state;
	for (const struct migration_text *migration = migration_texts; migration->set != NULL; migration++) {
		char line[LINE_SIZE];

		print_line(line, migration);
		if (strstr(golden, line) == NULL)
			print_message("not in the golden list: %s", line);
		assert_non_null(strstr(golden, line));
		size += strlen(line);
	}
	assert_int_equal(strlen(golden), size); /* none was taken back */
}

int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_migration_is_what_was_released) };
	char line[LINE_SIZE];
	FILE *file;

	if (argument_count != 2)
		return 2;
	if (strcmp(arguments[1], "--print") == 0) {
		for (const struct migration_text *migration = migration_texts; migration->set != NULL; migration++) {
			print_line(line, migration);
			fputs(line, stdout);
		}
		return 0;
	}
	file = fopen(arguments[1], "rb");
	if (file == NULL || fread(golden, 1, sizeof(golden) - 1, file) == 0)
		return 2;
	fclose(file);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
