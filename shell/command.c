#include "shell/command.h"

#include <string.h>

#include "shell/arguments.h"
#include "shell/nearest.h"

/* clang-format off */
const struct option command_common_options[] = {
	{ .name = "json", .kind = OPTION_FLAG,                   .help = "answer in JSON, with names that stay the same" },
	{ .name = "dir",  .kind = OPTION_TEXT, .value = "DIR",   .help = "where the data lies" },
	{ .name = "at",   .kind = OPTION_PAST, .value = "TIME",
		 .help = "when it happened, if not now: 14:30, -10m, \"yesterday 9:00\", 2026-11-21T14:30" },
	{ .name = "lang", .kind = OPTION_TEXT, .value = "en|zh", .help = "language of messages; default: that of the environment" },
	{ .name = "help", .kind = OPTION_FLAG,                   .help = "tell about the program, or about this command" },
	{ .name = "version", .kind = OPTION_FLAG,                .help = "tell which version of the program this is" },
	{ .name = NULL },
};
/* clang-format on */

/* Where the reading of a command line stands. */
struct parse {
	const struct program *program;
	struct arena *arena;
	const struct parse_options *options;
	const struct text *words;
	size_t word_count;
	size_t position;
	size_t positional_count; /* given so far */
	bool only_positionals;   /* behind "--" */
	bool unknown_command;    /* which is wrong even where help is asked for */
	struct request *request;
};

static const struct command *find_command(const struct program *program, struct text name)
{
	for (size_t i = 0; i < program->command_count; i++)
		if (text_equals(name, program->commands[i].name))
			return &program->commands[i];
	return NULL;
}

static bool begins_command(const struct program *program, struct text word)
{
	for (size_t i = 0; i < program->command_count; i++) {
		const char *name = program->commands[i].name;
		if (strlen(name) > word.size && name[word.size] == ' ' && memcmp(name, word.data, word.size) == 0)
			return true;
	}
	return false;
}

static enum status unknown_command(struct parse *parse, struct text typed)
{
	struct nearest nearest = nearest_to(typed);
	struct text found;

	parse->unknown_command = true;
	for (size_t i = 0; i < parse->program->command_count; i++)
		nearest_offer(&nearest, parse->program->commands[i].name);
	found = nearest_found(&nearest);
	if (found.size > 0)
		return fail(STATUS_INVALID, "there is no command '%.*s': did you mean '%.*s'?", TEXT_ARGUMENTS(typed),
			TEXT_ARGUMENTS(found));
	return fail(STATUS_INVALID, "there is no command '%.*s': '%s --help' lists them", TEXT_ARGUMENTS(text_cut(typed, 60)),
		parse->program->name);
}

static enum status incomplete_command(const struct parse *parse, struct text word)
{
	char names[200] = "";
	size_t used = 0;

	for (size_t i = 0; i < parse->program->command_count; i++) {
		const char *name = parse->program->commands[i].name;
		size_t size = strlen(name);
		if (size <= word.size || name[word.size] != ' ' || memcmp(name, word.data, word.size) != 0)
			continue;
		if (used + size + 3 > sizeof(names))
			break;
		if (used > 0)
			used += (size_t)(stpcpy(names + used, ", ") - (names + used));
		memcpy(names + used, name, size + 1);
		used += size;
	}
	return fail(STATUS_INVALID, "'%.*s' is only half a command: %s", TEXT_ARGUMENTS(word), names);
}

/* Takes one word or two. */
static enum status take_command(struct parse *parse)
{
	struct text word = parse->words[parse->position];
	const struct command *command = find_command(parse->program, word);

	if (begins_command(parse->program, word)) {
		bool alone = parse->position + 1 == parse->word_count || parse->words[parse->position + 1].size == 0 ||
			     parse->words[parse->position + 1].data[0] == '-';
		struct text both = alone ? word :
					   arena_print(parse->arena, "%.*s %.*s", TEXT_ARGUMENTS(word),
						   TEXT_ARGUMENTS(parse->words[parse->position + 1]));
		const struct command *longer = find_command(parse->program, both);
		if (longer != NULL && !alone) {
			command = longer;
			parse->position++;
		}
		if (command == NULL && alone && arguments_has(parse->request->arguments, "help")) {
			parse->request->beginning = word;
			parse->position++;
			return STATUS_OK;
		}
		if (command == NULL)
			return alone ? incomplete_command(parse, word) : unknown_command(parse, both);
	}
	if (command == NULL)
		return unknown_command(parse, word);
	parse->position++;
	parse->request->command = command;
	parse->request->arguments->command = command;
	return STATUS_OK;
}

static const struct option *find_option(const struct option *options, struct text name)
{
	for (size_t i = 0; i < option_count(options); i++)
		if (text_equals(name, options[i].name))
			return &options[i];
	return NULL;
}

static void offer_options(struct nearest *nearest, const struct option *options)
{
	for (size_t i = 0; i < option_count(options); i++)
		nearest_offer(nearest, options[i].name);
}

static enum status unknown_option(const struct parse *parse, struct text name)
{
	struct nearest nearest = nearest_to(name);
	struct text found;

	if (parse->request->command != NULL)
		offer_options(&nearest, parse->request->command->options);
	offer_options(&nearest, command_common_options);
	found = nearest_found(&nearest);
	if (found.size > 0)
		return fail(STATUS_INVALID, "there is no option --%.*s: did you mean --%.*s?", TEXT_ARGUMENTS(text_cut(name, 60)),
			TEXT_ARGUMENTS(found));
	return fail(STATUS_INVALID, "there is no option --%.*s here", TEXT_ARGUMENTS(text_cut(name, 60)));
}

static bool is_option(struct text word)
{
	return word.size > 2 && word.data[0] == '-' && word.data[1] == '-';
}

/* --name, --name=value, --name value */
static enum status take_option(struct parse *parse)
{
	struct text word = parse->words[parse->position++];
	struct text name = { word.data + 2, word.size - 2 }, value = { .data = "" };
	const char *equals = memchr(name.data, '=', name.size);
	const struct option *option;

	if (equals != NULL) {
		value = arena_copy_text(parse->arena, text_behind(word, equals));
		name.size = (size_t)(equals - name.data);
	}
	option = find_option(command_common_options, name);
	if (option == NULL && parse->request->command != NULL)
		option = find_option(parse->request->command->options, name);
	if (option == NULL)
		return unknown_option(parse, name);
	if (option->kind == OPTION_FLAG && equals != NULL)
		return fail(STATUS_INVALID, "--%s takes no value", option->name);
	if (option->kind != OPTION_FLAG && equals == NULL) {
		if (parse->position == parse->word_count)
			return fail(STATUS_INVALID, "--%s needs a value: --%s %s", option->name, option->name, option->value);
		if (is_option(parse->words[parse->position])) /* the next option, not what this one was to say */
			return fail(STATUS_INVALID, "--%s needs a value: --%s %s; one that begins with dashes is given as --%s=%.*s",
				option->name, option->name, option->value, option->name,
				TEXT_ARGUMENTS(text_cut(parse->words[parse->position], 60)));
		value = arena_copy_text(parse->arena, parse->words[parse->position++]);
	}
	return arguments_add(parse->request->arguments, option, value, parse->options);
}

static enum status take_positional(struct parse *parse)
{
	struct text word = parse->words[parse->position++];
	const struct command *command = parse->request->command;
	size_t count = option_count(command->positionals);
	size_t which = parse->positional_count;

	if (count > 0 && which >= count && command->positionals[count - 1].repeated)
		which = count - 1;
	if (which >= count)
		return fail(STATUS_INVALID, "'%.*s' is one word too many: put a name of several words in quotes",
			TEXT_ARGUMENTS(text_cut(word, 60)));
	parse->positional_count++;
	return arguments_add(parse->request->arguments, &command->positionals[which], arena_copy_text(parse->arena, word), parse->options);
}

/* "-x", but neither "-" nor "-5". */
static bool is_short(struct text word)
{
	return word.size >= 2 && word.data[0] == '-' && (word.data[1] < '0' || word.data[1] > '9');
}

/* "help COMMAND" and "version" are "--help" and "--version", in a program that has no command of that name. */
static bool is_built_in(const struct parse *parse, struct text word)
{
	return (text_equals(word, "help") || text_equals(word, "version")) && find_command(parse->program, word) == NULL &&
	       !arguments_has(parse->request->arguments, "help");
}

static enum status take_flag(struct parse *parse, struct text name)
{
	parse->position++;
	return arguments_add(parse->request->arguments, find_option(command_common_options, name), text_of(""), parse->options);
}

static enum status take_word(struct parse *parse)
{
	struct text word = parse->words[parse->position];

	if (!parse->only_positionals && text_equals(word, "--")) {
		parse->only_positionals = true;
		parse->position++;
		return STATUS_OK;
	}
	if (!parse->only_positionals && text_equals(word, "-h"))
		return take_flag(parse, text_of("help"));
	if (!parse->only_positionals && is_option(word))
		return take_option(parse);
	if (!parse->only_positionals && is_short(word))
		return fail(STATUS_INVALID, "there is no option %.*s: options begin with two dashes", TEXT_ARGUMENTS(text_cut(word, 60)));
	if (parse->request->command == NULL && is_built_in(parse, word))
		return take_flag(parse, word);
	if (parse->request->command == NULL)
		return take_command(parse);
	return take_positional(parse);
}

static bool asks_for_help(const struct request *request)
{
	return arguments_has(request->arguments, "help");
}

enum status command_parse(const struct program *program, struct arena *arena, const struct text *words, size_t word_count,
	const struct parse_options *options, struct request *out_request)
{
	struct parse parse = { .program = program, .arena = arena, .options = options, .words = words, .word_count = word_count };
	enum status status = STATUS_OK;

	*out_request = (struct request){ .kind = REQUEST_HELP_PROGRAM, .arguments = arguments_create(arena, word_count) };
	parse.request = out_request;
	if (word_count == 0)
		return STATUS_OK;
	while (parse.position < word_count && status == STATUS_OK)
		status = take_word(&parse);
	if (asks_for_help(out_request) && !parse.unknown_command) { /* even when the rest is not right yet: that is when help is wanted */
		out_request->kind = out_request->command == NULL ? REQUEST_HELP_PROGRAM : REQUEST_HELP_COMMAND;
		return STATUS_OK;
	}
	if (status == STATUS_OK && arguments_has(out_request->arguments, "version")) {
		out_request->kind = REQUEST_VERSION;
		return STATUS_OK;
	}
	if (out_request->command != NULL)
		out_request->kind = REQUEST_RUN;
	if (status == STATUS_OK && out_request->command != NULL)
		status = arguments_check(out_request->arguments);
	if (status == STATUS_OK && out_request->command == NULL)
		status = fail(STATUS_INVALID, "a command is missing: '%s --help' lists them", program->name);
	return status;
}
