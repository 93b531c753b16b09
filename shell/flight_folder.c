#include "shell/flight_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/file.h"

#define LEG_FORMAT "%08lld.leg"
#define DRAFT      "draft"

static struct text folder_of(struct arena *arena, struct text dir)
{
	return path_join(arena, dir, text_of(FLIGHT_FOLDER));
}

/* The number of a leg's file; 0: it is none. */
static int64_t number_of(const char *name)
{
	char *end;
	long long number = strtoll(name, &end, 10);

	return end != name && number > 0 && strcmp(end, ".leg") == 0 ? number : 0;
}

static int by_number(const void *left, const void *right)
{
	int64_t first = ((const struct flight_leg *)left)->number, second = ((const struct flight_leg *)right)->number;

	return first < second ? -1 : first > second;
}

void flight_legs(struct arena *arena, struct text dir, struct flight_leg **out_legs, size_t *out_count)
{
	struct text folder = folder_of(arena, dir);
	DIR *stream = opendir(folder.data);
	struct flight_leg *legs = NULL;
	size_t count = 0, capacity = 0;
	struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL) { /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		int64_t number = number_of(entry->d_name);
		const char *path = path_join(arena, folder, text_of(entry->d_name)).data;
		struct stat what;
		if (number == 0 || lstat(path, &what) != 0 || !S_ISREG(what.st_mode))
			continue;
		legs = arena_grow(arena, legs, count, &capacity, sizeof(*legs));
		legs[count++] = (struct flight_leg){ number, path, (int64_t)what.st_size };
	}
	if (stream != NULL)
		(void)closedir(stream);
	if (count > 0)
		qsort(legs, count, sizeof(*legs), by_number);
	*out_legs = legs;
	*out_count = count;
}

const char *flight_folder_draft(struct arena *arena, struct text dir)
{
	const char *path = path_join(arena, folder_of(arena, dir), text_of(DRAFT)).data;

	(void)unlink(path);
	return path;
}

void flight_folder_bound(struct arena *arena, struct text dir, int64_t size_max)
{
	struct flight_leg *legs;
	size_t count;
	int64_t all = 0;

	(void)flight_folder_draft(arena, dir);
	flight_legs(arena, dir, &legs, &count);
	for (size_t i = 0; i < count; i++)
		all += legs[i].size;
	for (size_t i = 0; i < count && all > size_max; i++) {
		(void)unlink(legs[i].path);
		all -= legs[i].size;
	}
}

enum status flight_folder_next(struct arena *arena, struct text dir, const char **out_path)
{
	struct text folder = folder_of(arena, dir);
	struct flight_leg *legs;
	size_t count;
	enum status status = directory_make(folder.data);

	if (status != STATUS_OK)
		return status;
	flight_legs(arena, dir, &legs, &count);
	*out_path = path_join(arena, folder, arena_print(arena, LEG_FORMAT, count == 0 ? 1LL : (long long)legs[count - 1].number + 1)).data;
	return STATUS_OK;
}
