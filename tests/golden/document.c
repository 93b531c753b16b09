#include "tests/golden/document.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX ((size_t)4 * 1024 * 1024)

/* What stands in the file: before, between and behind the two lines. */
struct parts {
	char *content;
	char *between;
	char *behind;
	size_t between_size;
};

static bool file_read(const char *path, char *out, size_t size_max)
{
	FILE *file = fopen(path, "rb");
	size_t size = 0;

	if (file == NULL)
		return false;
	size = fread(out, 1, size_max - 1, file);
	out[size] = '\0';
	return fclose(file) == 0;
}

static bool file_write(const char *path, const struct parts *parts, const char *text, size_t size)
{
	size_t before = (size_t)(parts->between - parts->content);
	size_t behind = strlen(parts->behind);
	char *copy = malloc(before + size + behind + 1);
	FILE *file = fopen(path, "wb");
	bool written = false;

	if (copy != NULL && file != NULL) {
		memcpy(copy, parts->content, before);
		memcpy(copy + before, text, size);
		memcpy(copy + before + size, parts->behind, behind);
		written = fwrite(copy, 1, before + size + behind, file) == before + size + behind;
	}
	free(copy);
	return file != NULL && fclose(file) == 0 && written;
}

/* The place behind a line of the content; NULL when it has no such line. */
static char *line_end(char *content, const char *line)
{
	size_t size = strlen(line);

	for (char *at = content; at != NULL && *at != '\0'; at = strchr(at, '\n'), at = at == NULL ? NULL : at + 1)
		if (strncmp(at, line, size) == 0 && at[size] == '\n')
			return at + size + 1;
	return NULL;
}

static bool split(struct parts *parts, const char *begin, const char *end)
{
	parts->between = parts->content;
	parts->behind = parts->content + strlen(parts->content);
	if (begin != NULL) {
		char *behind = line_end(parts->content, end);
		parts->between = line_end(parts->content, begin);
		parts->behind = behind == NULL ? NULL : behind - strlen(end) - 1;
	}
	if (parts->between == NULL || parts->behind == NULL || parts->behind < parts->between)
		return false;
	parts->between_size = (size_t)(parts->behind - parts->between);
	return true;
}

static size_t first_difference(const struct parts *parts, const char *text, size_t size)
{
	size_t line = 1;

	for (const char *at = parts->content; at < parts->between; at++)
		line += *at == '\n';
	for (size_t i = 0; i < size && i < parts->between_size && text[i] == parts->between[i]; i++)
		line += text[i] == '\n';
	return line;
}

int document_check(const char *path, const char *begin, const char *end, const char *text, size_t size, const char *promise)
{
	const char *update = getenv("UPDATE_GOLDEN");
	bool writing = update != NULL && strcmp(update, "1") == 0;
	struct parts parts = { .content = calloc(1, DOCUMENT_MAX) };
	bool good = parts.content != NULL && (file_read(path, parts.content, DOCUMENT_MAX) || writing);

	if (good && !split(&parts, begin, end)) {
		printf("# %s has no lines \"%s\" and \"%s\"\n", path, begin, end);
		good = false;
	}
	if (good && writing)
		good = file_write(path, &parts, text, size);
	else if (good && (parts.between_size != size || memcmp(parts.between, text, size) != 0)) {
		printf("# %s is not what the tables say from line %zu on; UPDATE_GOLDEN=1 writes it anew\n", path,
			first_difference(&parts, text, size));
		good = false;
	}
	printf("1..1\n%s 1 - %s\n", good ? "ok" : "not ok", promise);
	free(parts.content);
	return good ? 0 : 1;
}
