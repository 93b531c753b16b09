#include "tests/unit/server/import_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct id import_test_territory = { { 7, 7, 7 } };

void import_test_write(const char *path, struct text content)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || (content.size > 0 && fwrite(content.data, content.size, 1, file) != 1) || fclose(file) != 0)
		abort();
}

const char *import_test_file(struct arena *arena, const char *name, struct text content)
{
	char folder[] = "/tmp/truckroll_import_XXXXXX";
	const char *path;

	if (mkdtemp(folder) == NULL)
		abort();
	path = arena_print(arena, "%s/%s", folder, name).data;
	import_test_write(path, content);
	return path;
}

void import_test_remove(const char *path)
{
	char folder[256];
	char *end;

	unlink(path);
	snprintf(folder, sizeof(folder), "%s", path);
	end = strrchr(folder, '/');
	if (end == NULL)
		abort();
	*end = '\0';
	rmdir(folder);
}

static struct operation *copy_of(struct arena *arena, const struct operation *operation)
{
	const struct schema *schema = arguments_schema(operation->head.kind, operation->head.record);
	struct operation *copy = arena_copy(arena, operation, sizeof(*operation));

	copy->arguments = row_copy(arena, schema, operation->arguments);
	if (operation->old_values != NULL)
		copy->old_values = row_copy(arena, schema, operation->old_values);
	return copy;
}

static enum status take(void *context, const struct operation *operation)
{
	struct taken *taken = context;

	if (taken->refuse_from > 0 && taken->count + 1 >= taken->refuse_from)
		return fail(STATUS_CANNOT_WRITE, "the store is full");
	if (taken->count == taken->capacity) {
		size_t capacity = taken->capacity * 2 + 64;
		struct operation **grown = arena_allocate_array(&taken->arena, capacity, sizeof(struct operation *));
		if (taken->count > 0)
			memcpy(grown, taken->operations, taken->count * sizeof(struct operation *));
		taken->operations = grown;
		taken->capacity = capacity;
	}
	taken->operations[taken->count++] = copy_of(&taken->arena, operation);
	return STATUS_OK;
}

void import_run(struct import_run *run, const char *path)
{
	run->options.path = path;
	run->options.at_ms = IMPORT_TEST_AT_MS;
	run->status =
		import_file(&run->options, &run->taken.arena, &(struct import_sinks){ .take = take, .context = &run->taken }, &run->report);
}

void import_run_finish(struct import_run *run)
{
	arena_finish(&run->taken.arena);
}

const void *import_run_row(const struct import_run *run, size_t k)
{
	return run->taken.operations[k]->arguments;
}
