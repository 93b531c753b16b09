#include <stdio.h>
#include <string.h>

#include "protocol/base/buffer.h"
#include "shell/arguments.h"
#include "shell/command.h"
#include "shell/terminal.h"

#define PAGE_MAX ((size_t)1024 * 1024)
#define INDENT 2
#define WIDTH_MIN 60
#define WIDTH_MAX 100
#define WIDTH_OTHERWISE 80

/* A page of help being written. */
struct page {
	struct arena *arena;
	struct writer writer;
	size_t width;
	enum language language;
};

static struct page page_start(struct arena *arena, enum language language, size_t width)
{
	if (width == 0)
		width = WIDTH_OTHERWISE;
	if (width < WIDTH_MIN)
		width = WIDTH_MIN;
	return (struct page){
		.arena = arena, .writer = writer_in(arena, PAGE_MAX), .width = width > WIDTH_MAX ? WIDTH_MAX : width, .language = language
	};
}

static struct text page_text(struct page *page)
{
	struct bytes bytes = writer_bytes(&page->writer);

	return arena_copy_text(page->arena, (struct text){ (const char *)bytes.data, bytes.size });
}

static void put(struct page *page, struct text text)
{
	write_raw(&page->writer, text.data, text.size);
}

static void put_string(struct page *page, const char *string)
{
	put(page, text_of(string));
}

/* A text of the tables, in the page's language. */
static struct text told(const struct page *page, const char *english)
{
	return text_of(catalogue_translate(page->language, english));
}

static void put_blanks(struct page *page, size_t count)
{
	while (count-- > 0)
		put_string(page, " ");
}

/* Words of `text`, broken at the page's width; the first line has begun at `column` already, others begin at `indent`. */
static void put_wrapped(struct page *page, struct text text, size_t column, size_t indent)
{
	const char *end = NULL; /* of the word before */

	for (struct text rest = text_trim(text); rest.size > 0;) {
		struct text word = text_first_word(rest);
		size_t blank = end != NULL && word.data != end ? 1 : 0, columns = text_columns(word);
		if (end != NULL && column + blank + columns > page->width) {
			put_string(page, "\n");
			put_blanks(page, indent);
			column = indent;
		} else {
			put_blanks(page, blank);
			column += blank;
		}
		put(page, word);
		column += columns;
		end = word.data + word.size;
		rest = text_trim((struct text){ end, rest.size - word.size });
	}
	put_string(page, "\n");
}

/* "  name          help", the help wrapped in its own column. */
static void put_row(struct page *page, struct text name, size_t name_columns, struct text help)
{
	size_t indent = INDENT + name_columns + 2;

	put_blanks(page, INDENT);
	put(page, name);
	if (text_columns(name) > name_columns) {
		put_string(page, "\n");
		put_blanks(page, indent);
	} else {
		put_blanks(page, name_columns + 2 - text_columns(name));
	}
	put_wrapped(page, help, indent, indent);
}

/* "--reason TEXT", "VISIT" */
static struct text option_name(struct page *page, const struct option *option, bool positional)
{
	if (positional)
		return text_of(option->name);
	if (option->kind == OPTION_FLAG)
		return arena_print(page->arena, "--%s", option->name);
	return arena_print(page->arena, "--%s %s", option->name, option->value);
}

static size_t names_columns(struct page *page, const struct option *options, bool positional, size_t columns)
{
	for (size_t i = 0; i < option_count(options); i++) {
		size_t own = text_columns(option_name(page, &options[i], positional));
		if (own > columns && own <= 28)
			columns = own;
	}
	return columns;
}

static struct text option_help(struct page *page, const struct option *option, bool positional)
{
	const char *note = positional ? "" : option->required ? " (required)" : option->repeated ? " (several times, if need be)" : "";
	struct text help = told(page, option->help);

	note = told(page, note).data;
	if (option->kind == OPTION_INTEGER && (option->min != 0 || option->max != 0))
		return catalogue_format(
			page->arena, page->language, "%s, %lld to %lld%s", help.data, (long long)option->min, (long long)option->max, note);
	return arena_print(page->arena, "%s%s", help.data, note);
}

static void put_options(struct page *page, const char *heading, const struct option *options, bool positional, size_t columns)
{
	if (option_count(options) == 0)
		return;
	put_string(page, "\n");
	put(page, told(page, heading));
	put_string(page, "\n");
	for (size_t i = 0; i < option_count(options); i++)
		put_row(page, option_name(page, &options[i], positional), columns, option_help(page, &options[i], positional));
}

/* Paragraphs and examples: the lines of `string`, each indented. */
static void put_lines(struct page *page, const char *string, size_t indent)
{
	for (struct text rest = told(page, string); rest.size > 0;) {
		const char *end = memchr(rest.data, '\n', rest.size);
		struct text line = { rest.data, end == NULL ? rest.size : (size_t)(end - rest.data) };
		put_blanks(page, indent);
		put(page, line);
		put_string(page, "\n");
		rest = text_behind(rest, end);
	}
}

struct text command_usage(struct arena *arena, enum language language, const struct program *program, const struct command *command)
{
	struct page page = page_start(arena, language, 0);
	bool optional = false;

	put(&page, told(&page, "usage: "));
	put(&page, arena_print(arena, "%s %s", program->name, command == NULL ? told(&page, "COMMAND [options]").data : command->name));
	for (size_t i = 0; command != NULL && i < option_count(command->positionals); i++) {
		const struct option *row = &command->positionals[i];
		put(&page, arena_print(arena, row->required ? " %s%s" : " [%s%s]", row->name, row->repeated ? "..." : ""));
	}
	for (size_t i = 0; command != NULL && i < option_count(command->options); i++) {
		if (command->options[i].required)
			put(&page, arena_print(arena, " %.*s", TEXT_ARGUMENTS(option_name(&page, &command->options[i], false))));
		else
			optional = true;
	}
	if (optional)
		put(&page, told(&page, " [options]"));
	return page_text(&page);
}

struct text command_help(
	struct arena *arena, enum language language, const struct program *program, const struct command *command, size_t width)
{
	struct page page = page_start(arena, language, width);
	size_t columns = names_columns(&page, command_common_options, false, 0);

	columns = names_columns(&page, command->options, false, columns);
	columns = names_columns(&page, command->positionals, true, columns);
	put_wrapped(&page,
		arena_print(arena, "%s %s%s%s", program->name, command->name, told(&page, ": ").data, told(&page, command->summary).data),
		0, INDENT);
	put_string(&page, "\n");
	put_wrapped(&page, command_usage(arena, language, program, command), 0, INDENT);
	if (command->details != NULL) {
		put_string(&page, "\n");
		put_lines(&page, command->details, 0);
	}
	if (option_count(command->positionals) > 0)
		put_options(&page, "arguments", command->positionals, true, columns);
	put_options(&page, "options", command->options, false, columns);
	put_options(&page, "options of every command", command_common_options, false, columns);
	if (command->example != NULL) {
		put_string(&page, "\n");
		put(&page, told(&page, strchr(command->example, '\n') == NULL ? "example" : "examples"));
		put_string(&page, "\n");
		put_lines(&page, command->example, INDENT);
	}
	return page_text(&page);
}

struct text program_help(struct arena *arena, enum language language, const struct program *program, size_t width)
{
	struct page page = page_start(arena, language, width);
	const char *group = NULL;
	size_t columns = 0;

	put_wrapped(
		&page, arena_print(arena, "%s%s%s", program->name, told(&page, ": ").data, told(&page, program->summary).data), 0, INDENT);
	put_string(&page, "\n");
	put_wrapped(&page, command_usage(arena, language, program, NULL), 0, INDENT);
	for (size_t i = 0; i < program->command_count; i++)
		if (strlen(program->commands[i].name) > columns)
			columns = strlen(program->commands[i].name);
	for (size_t i = 0; i < program->command_count; i++) {
		const struct command *command = &program->commands[i];
		if (i == 0 || (command->group != NULL && (group == NULL || strcmp(group, command->group) != 0))) {
			group = command->group;
			put(&page, arena_print(arena, "\n%s\n", told(&page, group == NULL ? "commands" : group).data));
		}
		put_row(&page, text_of(command->name), columns, told(&page, command->summary));
	}
	put_options(&page, "options of every command", command_common_options, false, names_columns(&page, command_common_options,
		false, 0));
	put_string(&page, "\n");
	put(&page, catalogue_format(arena, language, "'%s help COMMAND' tells more about one of them, with an example.\n", program->name));
	return page_text(&page);
}

static bool begins_with_word(const char *name, struct text word)
{
	return strlen(name) > word.size && name[word.size] == ' ' && memcmp(name, word.data, word.size) == 0;
}

struct text commands_help(struct arena *arena, enum language language, const struct program *program, struct text beginning, size_t width)
{
	struct page page = page_start(arena, language, width);
	size_t columns = 0;

	for (size_t i = 0; i < program->command_count; i++)
		if (begins_with_word(program->commands[i].name, beginning) && strlen(program->commands[i].name) > columns)
			columns = strlen(program->commands[i].name);
	for (size_t i = 0; i < program->command_count; i++)
		if (begins_with_word(program->commands[i].name, beginning))
			put_row(&page, text_of(program->commands[i].name), columns, told(&page, program->commands[i].summary));
	put_string(&page, "\n");
	put(&page, catalogue_format(arena, language, "'%s help COMMAND' tells more about one of them, with an example.\n", program->name));
	return page_text(&page);
}
