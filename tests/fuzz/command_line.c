#include "tests/fuzz/command_line.h"

#include "shell/arguments.h"
#include "tests/fuzz/target.h"

#define WORDS_MAX 64
#define NOW_MS    INT64_C(1767600000000)

static size_t split(struct text line, struct text words[static WORDS_MAX])
{
	size_t count = 0;

	while (line.size > 0 && count < WORDS_MAX) {
		const char *end = memchr(line.data, '\n', line.size);
		size_t size = end == NULL ? line.size : (size_t)(end - line.data);
		words[count++] = (struct text){ line.data, size };
		size += end != NULL;
		line = (struct text){ line.data + size, line.size - size };
	}
	return count;
}

static void look_at(const struct arguments *arguments)
{
	insist(arguments != NULL && arguments->given_count <= arguments->capacity);
	for (size_t i = 0; i < arguments->given_count; i++) {
		const struct given *given = &arguments->given[i];
		insist(text_valid(given->text));
		if (given->option->kind == OPTION_INTEGER && given->option->min < given->option->max)
			insist(given->integer >= given->option->min && given->integer <= given->option->max);
		if (given->option->kind == OPTION_PAST)
			insist(given->integer <= NOW_MS);
	}
	for (const struct option *option = arguments->command->positionals; option != NULL && option->name != NULL; option++)
		insist(!option->required || arguments_has(arguments, option->name));
	for (const struct option *option = arguments->command->options; option != NULL && option->name != NULL; option++)
		insist(!option->required || arguments_has(arguments, option->name));
}

void command_line_try(const struct program *program, struct text line)
{
	static const struct zone utc;
	const struct parse_options options = { .now_ms = NOW_MS, .zone = &utc };
	struct text words[WORDS_MAX];
	struct arena arena = { 0 };
	struct request request = { 0 };
	size_t count = split(line, words);

	if (command_parse(program, &arena, words, count, &options, &request) == STATUS_OK) {
		insist(request.kind != REQUEST_RUN || request.command != NULL);
		if (request.kind == REQUEST_RUN)
			look_at(request.arguments);
	} else {
		insist(fail_reason()[0] != '\0');
	}
	(void)command_usage(&arena, LANGUAGE_ZH, program, request.command);
	insist(arena.used <= 1024 * line.size + ((size_t)1 << 20));
	arena_finish(&arena);
}
