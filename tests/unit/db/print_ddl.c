/* Prints the DDL of every record for a migration.  usage: print_ddl server|replica */
#include <stdio.h>
#include <string.h>

#include "db/schema_ddl.h"

int main(int argument_count, char **arguments)
{
	struct arena arena = { 0 };
	const struct schema *schema;
	enum storage_kind kind = STORAGE_REPLICA;

	if (argument_count == 2 && strcmp(arguments[1], "server") == 0)
		kind = STORAGE_SERVER;
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		if (schema->kind < RECORD_BENCH_ORDER)
			printf("%s%s", i == 0 ? "" : "\n", schema_ddl(&arena, schema, kind).data);
	arena_finish(&arena);
	return 0;
}
