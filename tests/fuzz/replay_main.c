/* Runs a fuzz target over the files of its corpus, where no fuzzing engine is at hand: a plain test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)1024 * 1024)

/* The input lies in a heap block of its size, so that a sanitizer sees a read beyond it. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	uint8_t *input = NULL;
	size_t size;
	int result = 1;

	if (file == NULL || data == NULL)
		goto done;
	size = fread(data, 1, INPUT_MAX, file);
	if (ferror(file))
		goto done;
	input = realloc(data, size == 0 ? 1 : size);
	if (input == NULL)
		goto done;
	data = NULL;
	(void)LLVMFuzzerTestOneInput(input, size);
	result = 0;
done:
	if (result != 0)
		(void)fprintf(stderr, "%s: cannot be read\n", path);
	free(data);
	free(input);
	if (file != NULL)
		(void)fclose(file);
	return result;
}

static int replay_folder(const char *folder, size_t *out_count)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;
	size_t count = 0;
	int result = 0;

	if (directory == NULL) {
		(void)fprintf(stderr, "%s: cannot be opened\n", folder);
		return 1;
	}
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		result = replay_file(path);
		count++;
	}
	(void)closedir(directory);
	*out_count = count;
	return result;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	if (replay_folder(argv[1], &count) != 0)
		return 1;
	if (count == 0) {
		(void)fprintf(stderr, "%s: no inputs\n", argv[1]);
		return 1;
	}
	(void)printf("%zu inputs\n", count);
	return 0;
}
