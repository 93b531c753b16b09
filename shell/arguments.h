/* What a command line said, by the names that the command declares. The lookups are in command.h. */
#ifndef TRUCKROLL_SHELL_ARGUMENTS_H
#define TRUCKROLL_SHELL_ARGUMENTS_H

#include "shell/command.h"

struct given {
	const struct option *option;
	struct text text;
	int64_t integer; /* integers and times */
};

struct arguments {
	const struct command *command; /* NULL until it is known */
	struct given *given;
	size_t given_count;
	size_t capacity;
};

/* Room for as many as there are words. */
struct arguments *arguments_create(struct arena *arena, size_t word_count);

/* Checks the text by the option's kind and keeps it. STATUS_INVALID. */
enum status arguments_add(struct arguments *arguments, const struct option *option, struct text text, const struct parse_options *options);

/* STATUS_INVALID naming what is required and not there. */
enum status arguments_check(const struct arguments *arguments);

/* Rows of a table of options, which ends with one that has no name; `options` may be NULL. */
size_t option_count(const struct option *options);

#endif
