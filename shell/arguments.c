#include "shell/arguments.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/time_text.h"

size_t option_count(const struct option *options)
{
	size_t count = 0;

	while (options != NULL && options[count].name != NULL)
		count++;
	return count;
}

struct arguments *arguments_create(struct arena *arena, size_t word_count)
{
	struct arguments *arguments = arena_allocate(arena, sizeof(*arguments));

	arguments->given = arena_allocate_array(arena, word_count + 1, sizeof(*arguments->given));
	arguments->capacity = word_count;
	return arguments;
}

static const char *dashes(const struct arguments *arguments, const struct option *option)
{
	const struct option *positionals = arguments->command == NULL ? NULL : arguments->command->positionals;

	for (size_t i = 0; i < option_count(positionals); i++)
		if (option == &positionals[i])
			return "";
	return "--";
}

static enum status read_integer(const struct arguments *arguments, const struct option *option, struct text text, int64_t *out_integer)
{
	long long integer;
	char *end;

	errno = 0;
	integer = strtoll(text.data, &end, 10);
	if (text.size == 0 || errno != 0 || end != text.data + text.size)
		return fail(STATUS_INVALID, "%s%s: '%.*s' is not a whole number", dashes(arguments, option), option->name,
			TEXT_ARGUMENTS(text));
	if ((option->min != 0 || option->max != 0) && (integer < option->min || integer > option->max))
		return fail(STATUS_INVALID, "%s%s: %lld is not within %lld to %lld", dashes(arguments, option), option->name, integer,
			(long long)option->min, (long long)option->max);
	*out_integer = integer;
	return STATUS_OK;
}

static enum status read_value(const struct arguments *arguments, const struct option *option, struct text text,
	const struct parse_options *options, int64_t *out_integer)
{
	switch (option->kind) {
	case OPTION_FLAG:
	case OPTION_TEXT:
		return STATUS_OK;
	case OPTION_INTEGER:
		return read_integer(arguments, option, text, out_integer);
	case OPTION_TIME:
		return time_parse(text, options->now_ms, options->zone, out_integer);
	case OPTION_PAST:
		return time_parse_past(text, options->now_ms, options->zone, out_integer);
	}
	return STATUS_OK;
}

enum status arguments_add(struct arguments *arguments, const struct option *option, struct text text, const struct parse_options *options)
{
	struct given given = { .option = option, .text = text };
	enum status status;

	assert(arguments->given_count < arguments->capacity);
	if (!text_valid(text))
		return fail(STATUS_INVALID, "%s%s: the text is not UTF-8", dashes(arguments, option), option->name);
	if (*dashes(arguments, option) == '\0' && text_trim(text).size == 0)
		return fail(STATUS_INVALID, "%s: an empty word says nothing: give a text, or leave it out if it may be", option->name);
	for (size_t i = 0; i < arguments->given_count && !option->repeated; i++)
		if (arguments->given[i].option == option && option->kind != OPTION_FLAG)
			return fail(STATUS_INVALID, "%s%s is given twice", dashes(arguments, option), option->name);
	status = read_value(arguments, option, text, options, &given.integer);
	if (status == STATUS_OK)
		arguments->given[arguments->given_count++] = given;
	return status;
}

static const struct given *find_given(const struct arguments *arguments, const struct option *option, size_t position)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (arguments->given[i].option == option && position-- == 0)
			return &arguments->given[i];
	return NULL;
}

enum status arguments_check(const struct arguments *arguments)
{
	const struct option *tables[] = { arguments->command->positionals, arguments->command->options };

	for (size_t table = 0; table < LENGTH(tables); table++)
		for (size_t i = 0; i < option_count(tables[table]); i++)
			if (tables[table][i].required && find_given(arguments, &tables[table][i], 0) == NULL)
				return fail(STATUS_INVALID, "%s%s is missing: %s", dashes(arguments, &tables[table][i]),
					tables[table][i].name, catalogue_translate(catalogue_spoken(), tables[table][i].help));
	return STATUS_OK;
}

static const struct option *find_in(const struct option *options, const char *name)
{
	for (size_t i = 0; i < option_count(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static const struct option *declared(const struct arguments *arguments, const char *name)
{
	const struct option *option = find_in(command_common_options, name);

	if (option == NULL && arguments->command != NULL)
		option = find_in(arguments->command->positionals, name);
	if (option == NULL && arguments->command != NULL)
		option = find_in(arguments->command->options, name);
	assert(option != NULL || arguments->command == NULL);
	return option;
}

bool arguments_has(const struct arguments *arguments, const char *name)
{
	return find_given(arguments, declared(arguments, name), 0) != NULL;
}

bool arguments_flag(const struct arguments *arguments, const char *name)
{
	return arguments_has(arguments, name);
}

struct text arguments_text(const struct arguments *arguments, const char *name)
{
	return arguments_text_at(arguments, name, 0);
}

struct text arguments_text_at(const struct arguments *arguments, const char *name, size_t position)
{
	const struct given *given = find_given(arguments, declared(arguments, name), position);

	return given == NULL ? text_of("") : given->text;
}

int64_t arguments_integer(const struct arguments *arguments, const char *name, int64_t otherwise)
{
	const struct given *given = find_given(arguments, declared(arguments, name), 0);

	return given == NULL ? otherwise : given->integer;
}

int64_t arguments_time(const struct arguments *arguments, const char *name, int64_t otherwise)
{
	return arguments_integer(arguments, name, otherwise);
}

size_t arguments_count(const struct arguments *arguments, const char *name)
{
	const struct option *option = declared(arguments, name);
	size_t count = 0;

	for (size_t i = 0; i < arguments->given_count; i++)
		count += arguments->given[i].option == option;
	return count;
}

struct text arguments_joined(const struct arguments *arguments, struct arena *arena, const char *name)
{
	size_t count = arguments_count(arguments, name), size = 0, used = 0;
	char *joined;

	for (size_t i = 0; i < count; i++)
		size += arguments_text_at(arguments, name, i).size + 1;
	joined = arena_allocate(arena, size + 1);
	for (size_t i = 0; i < count; i++) {
		struct text part = arguments_text_at(arguments, name, i);
		if (i > 0)
			joined[used++] = ' ';
		memcpy(joined + used, part.data, part.size);
		used += part.size;
	}
	return (struct text){ .data = joined, .size = used };
}
