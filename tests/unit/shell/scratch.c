#include "tests/unit/shell/scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int scratch_make(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return -1;
	(void)snprintf(scratch->dir, sizeof(scratch->dir), "/tmp/truckroll-shell-XXXXXX");
	*state = scratch;
	return mkdtemp(scratch->dir) == NULL ? -1 : 0;
}

const char *scratch_path(struct scratch *scratch, const char *name)
{
	return arena_print(&scratch->arena, "%s/%s", scratch->dir, name).data;
}

/* Removes files; folders in it are the test's own to remove. Returns how many entries there were. */
static size_t each_entry(const char *dir, int remove_them)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	size_t count = 0;
	char path[512];

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (remove_them)
			(void)remove(path);
	}
	(void)closedir(folder);
	return count;
}

size_t scratch_count(const struct scratch *scratch)
{
	return each_entry(scratch->dir, 0);
}

int scratch_remove(void **state)
{
	struct scratch *scratch = *state;

	(void)each_entry(scratch->dir, 1);
	(void)rmdir(scratch->dir);
	arena_finish(&scratch->arena);
	free(scratch);
	return 0;
}
