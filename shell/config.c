#include "shell/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/file.h"
#include "shell/nearest.h"

#define FILE_SIZE_MAX ((size_t)64 * 1024)

/* A line of the file being read, for reasons. */
struct place {
	const char *name;
	size_t line;
};

static size_t setting_count(const struct setting *settings)
{
	size_t count = 0;

	while (settings[count].key != NULL)
		count++;
	return count;
}

static enum status unknown_key(const struct place *place, const struct setting *settings, struct text key)
{
	struct nearest nearest = nearest_to(key);
	struct text found;

	for (size_t i = 0; settings[i].key != NULL; i++)
		nearest_offer(&nearest, settings[i].key);
	found = nearest_found(&nearest);
	if (found.size > 0)
		return fail(STATUS_INVALID, "%s, line %zu: there is no setting '%.*s': did you mean '%.*s'?", place->name, place->line,
			TEXT_ARGUMENTS(text_cut(key, 60)), TEXT_ARGUMENTS(found));
	return fail(STATUS_INVALID, "%s, line %zu: there is no setting '%.*s'", place->name, place->line,
		TEXT_ARGUMENTS(text_cut(key, 60)));
}

static enum status check_integer(const struct place *place, const struct setting *setting, struct text value)
{
	long long integer;
	char *end;

	errno = 0;
	integer = strtoll(value.data, &end, 10);
	if (value.size == 0 || errno != 0 || end != value.data + value.size)
		return fail(STATUS_INVALID, "%s, line %zu: %s: '%.*s' is not a whole number", place->name, place->line, setting->key,
			TEXT_ARGUMENTS(text_cut(value, 60)));
	if (integer < setting->min || integer > setting->max)
		return fail(STATUS_INVALID, "%s, line %zu: %s: %lld is not within %lld to %lld", place->name, place->line, setting->key,
			integer, (long long)setting->min, (long long)setting->max);
	return STATUS_OK;
}

/* "key = value" */
static enum status read_line(struct arena *arena, const struct place *place, struct text line, bool *seen, struct config *config)
{
	const char *equals = line.size == 0 ? NULL : memchr(line.data, '=', line.size);
	struct text key, value;

	if (equals == NULL)
		return fail(STATUS_INVALID, "%s, line %zu: 'key = value' is expected here", place->name, place->line);
	key = text_trim((struct text){ line.data, (size_t)(equals - line.data) });
	value = arena_copy_text(arena, text_trim(text_behind(line, equals)));
	for (size_t i = 0; config->settings[i].key != NULL; i++) {
		const struct setting *setting = &config->settings[i];
		enum status status = STATUS_OK;
		if (!text_equals(key, setting->key))
			continue;
		if (seen[i])
			return fail(STATUS_INVALID, "%s, line %zu: %s is set a second time", place->name, place->line, setting->key);
		if (setting->integer)
			status = check_integer(place, setting, value);
		config->values[i] = value;
		seen[i] = true;
		return status;
	}
	return unknown_key(place, config->settings, key);
}

/* Takes a line without its end and its comment; a '#' inside a value needs a blank before it to begin one. */
static struct text take_line(struct text *rest)
{
	const char *end = memchr(rest->data, '\n', rest->size);
	struct text line = { rest->data, end == NULL ? rest->size : (size_t)(end - rest->data) };

	*rest = text_behind(*rest, end);
	for (size_t i = 0; i < line.size; i++)
		if (line.data[i] == '#' && (i == 0 || line.data[i - 1] == ' ' || line.data[i - 1] == '\t'))
			line.size = i;
	return text_trim(line);
}

enum status config_read(struct arena *arena, const char *name, struct text content, const struct setting *settings,
	struct config *out_config)
{
	size_t count = setting_count(settings);
	struct config config = { .settings = settings, .values = arena_allocate_array(arena, count + 1, sizeof(struct text)) };
	bool *seen = arena_allocate_array(arena, count + 1, sizeof(*seen));
	struct place place = { .name = name };
	enum status status = STATUS_OK;

	if (!text_valid(content))
		return fail(STATUS_INVALID, "%s is not UTF-8 text", name);
	for (size_t i = 0; i < count; i++)
		config.values[i] = text_of(settings[i].otherwise == NULL ? "" : settings[i].otherwise);
	while (content.size > 0 && status == STATUS_OK) {
		struct text line = take_line(&content);
		place.line++;
		if (line.size > 0)
			status = read_line(arena, &place, line, seen, &config);
	}
	if (status == STATUS_OK)
		*out_config = config;
	return status;
}

enum status config_load(struct arena *arena, const char *path, const struct setting *settings, struct config *out_config)
{
	struct bytes content = { 0 };
	enum status status = file_read(arena, path, FILE_SIZE_MAX, &content);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	return config_read(arena, path, (struct text){ (const char *)content.data, content.size }, settings, out_config);
}

struct text config_text(const struct config *config, const char *key)
{
	for (size_t i = 0; config->settings[i].key != NULL; i++)
		if (strcmp(config->settings[i].key, key) == 0)
			return config->values[i];
	assert(false && "a setting without a row");
	return (struct text){ .data = "" };
}

int64_t config_integer(const struct config *config, const char *key)
{
	struct text value = config_text(config, key);

	return value.size == 0 ? 0 : strtoll(value.data, NULL, 10);
}
