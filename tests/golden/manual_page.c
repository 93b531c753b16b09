#include "tests/golden/manual_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/arguments.h"
#include "tests/golden/document.h"

/* Words of the table, safe for a page of mdoc. */
static void put(FILE *out, const char *words, bool as_it_stands)
{
	bool line_begins = true;

	for (const char *at = words; *at != '\0'; at++) {
		if (line_begins && (*at == '.' || *at == '\''))
			fputs("\\&", out);
		if (*at == '\\')
			fputs("\\e", out);
		else if (!as_it_stands && strncmp(at, ". ", 2) == 0) { /* a sentence begins a line */
			fputs(".\n", out);
			at++;
		} else if (strncmp(at, "…", strlen("…")) == 0) {
			fputs("...", out);
			at += strlen("…") - 1;
		} else
			fputc(*at, out);
		line_begins = *at == '\n';
	}
}

/* As an argument of a macro: in quotes. */
static void put_quoted(FILE *out, const char *words)
{
	fputc('"', out);
	for (const char *at = words; *at != '\0'; at++) {
		if (*at == '"')
			fputs("\\(dq", out);
		else if (*at == '\\')
			fputs("\\e", out);
		else
			fputc(*at, out);
	}
	fputc('"', out);
}

static void put_option_macro(FILE *out, const struct option *option)
{
	fprintf(out, " Fl \\-%s", option->name);
	if (option->kind != OPTION_FLAG) {
		fputs(" Ar ", out);
		put_quoted(out, option->value);
	}
}

static void put_synopsis(FILE *out, const struct command *command)
{
	fprintf(out, ".It Ic %s", command->name);
	for (size_t i = 0; i < option_count(command->positionals); i++) {
		const struct option *positional = &command->positionals[i];
		fprintf(out, "%s Ar ", positional->required ? "" : " Oo");
		put_quoted(out, positional->name);
		fprintf(out, "%s%s", positional->repeated ? " No ..." : "", positional->required ? "" : " Oc");
	}
	for (size_t i = 0; i < option_count(command->options); i++) {
		bool required = command->options[i].required;
		fputs(required ? "" : " Oo", out);
		put_option_macro(out, &command->options[i]);
		fputs(required ? "" : " Oc", out);
	}
	fputs("\n", out);
}

static void put_help(FILE *out, const struct option *option, bool positional)
{
	fputs(".It", out);
	if (positional) {
		fputs(" Ar ", out);
		put_quoted(out, option->name);
	} else {
		put_option_macro(out, option);
	}
	fputs("\n", out);
	put(out, option->help, false);
	if (option->kind == OPTION_INTEGER && (option->min != 0 || option->max != 0))
		fprintf(out, ", %lld to %lld", (long long)option->min, (long long)option->max);
	fputs("\n", out);
}

static void put_options(FILE *out, const struct command *command)
{
	if (option_count(command->positionals) + option_count(command->options) == 0)
		return;
	fputs(".Bl -tag -width 20n -compact\n", out);
	for (size_t i = 0; i < option_count(command->positionals); i++)
		put_help(out, &command->positionals[i], true);
	for (size_t i = 0; i < option_count(command->options); i++)
		put_help(out, &command->options[i], false);
	fputs(".El\n", out);
}

static void put_command(FILE *out, const struct command *command)
{
	put_synopsis(out, command);
	put(out, command->summary, false);
	fputs(".\n", out);
	if (command->details != NULL) {
		put(out, command->details, false);
		fputs("\n", out);
	}
	put_options(out, command);
	fputs(".Bd -literal -offset indent\n", out);
	put(out, command->example, true);
	fputs("\n.Ed\n", out);
}

static void put_commands(FILE *out, const struct program *program)
{
	const char *group = "";

	for (size_t i = 0; i < program->command_count; i++) {
		const struct command *command = &program->commands[i];
		if (command->group == NULL)
			continue;
		if (strcmp(group, command->group) != 0) {
			fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", i == 0 ? "" : ".El\n", command->group);
			group = command->group;
		}
		put_command(out, command);
	}
	fputs(".El\n.Ss Options of every command\n.Bl -tag -width 16n -compact\n", out);
	for (size_t i = 0; i < option_count(command_common_options); i++)
		put_help(out, &command_common_options[i], false);
	fputs(".El\n", out);
}

int manual_page_main(const struct program *program, int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int code;

	if (argc != 2 || out == NULL) {
		fprintf(stderr, "usage: manual_page PAGE (UPDATE_GOLDEN=1 writes its commands)\n");
		return 2;
	}
	put_commands(out, program);
	if (fclose(out) != 0)
		return 2;
	code = document_check(argv[1], ".\\\" commands", ".\\\" end of commands", text, size,
		"the_manual_page_has_the_commands_of_the_table");
	free(text);
	return code;
}
