#include "tests/fuzz/scratch_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void remove_all(void)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	char path[sizeof(dir) + 300];

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	if (folder != NULL)
		(void)closedir(folder);
	(void)rmdir(dir);
}

const char *scratch_file_dir(void)
{
	struct stat memory;

	if (dir[0] != '\0')
		return dir;
	(void)snprintf(dir, sizeof(dir), "%s/truckroll-fuzz-XXXXXX", stat("/dev/shm", &memory) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(dir) == NULL || atexit(remove_all) != 0)
		abort();
	return dir;
}

void scratch_file_write(const char *name, struct bytes content)
{
	char path[sizeof(dir) + 300];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", scratch_file_dir(), name);
	file = fopen(path, "wb");
	if (file == NULL || (content.size > 0 && fwrite(content.data, 1, content.size, file) != content.size) || fclose(file) != 0)
		abort();
}
