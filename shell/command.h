/* The command line: commands are rows of a table, from which parsing, help and suggestions come. */
#ifndef TRUCKROLL_SHELL_COMMAND_H
#define TRUCKROLL_SHELL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/clock.h"
#include "shell/catalogue.h"
#include "shell/output.h"
#include "shell/zone.h"

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_INTEGER,
	OPTION_TIME, /* anything time_parse() understands */
	OPTION_PAST, /* the same, never later than now */
};

/* An option, or a positional argument (then `repeated` only in the last row). A table ends with a NULL name. */
struct option {
	const char *name;  /* "reason" for --reason; of a positional its name in help, "VISIT" */
	const char *value; /* stands for the value in help: "TEXT"; NULL for flags and positionals */
	enum option_kind kind;
	bool required; /* without it the command line is refused */
	bool repeated; /* may stand several times */
	int64_t min;   /* OPTION_INTEGER; both 0: any */
	int64_t max;
	const char *help;
	const char *field; /* the argument of the operation that it gives, where that is called otherwise; or NULL */
};

struct arguments;
struct command;
struct program;

/* What a command runs in. */
struct context {
	const struct program *program;
	const struct command *command;
	const struct arguments *arguments;
	struct output *output;
	struct arena *arena; /* until the command ends */
	enum language language;
	const struct zone *zone;
	const struct clock *clock;
	struct text dir;       /* NUL-terminated, absolute or below `working_dir` already resolved */
	struct text working_dir; /* where the person is: relative file names are meant from here */
	int64_t now_ms;        /* when the command was given */
	int64_t at_ms;         /* --at, else now_ms */
	bool at_manual;        /* --at was given */
	bool forwarded;        /* runs in the owner for another process: no terminal, no standard input */
	void *state;           /* what the program's open() gave */
};

typedef enum status (*command_run)(struct context *context);

/* Where a command does its work. */
enum place {
	PLACE_HERE,   /* in the process that was started, without any store opened for it */
	PLACE_READER, /* the same, with the store opened for reading */
	PLACE_OWNER,  /* in the process that owns the store: forwarded when one runs, else this one becomes the owner */
};

struct command {
	const char *name;    /* one word or two: "show", "issue resolve" */
	const char *summary; /* one line */
	const char *details; /* further lines, or NULL */
	const char *example; /* a whole command line, or several */
	const struct option *positionals; /* NULL: none */
	const struct option *options;     /* NULL: only the common ones */
	enum place place;
	command_run run;
	bool beside;       /* PLACE_OWNER: done also while the owner is at something long (enter() sees to it) */
	bool long_running; /* PLACE_OWNER: the owner may take as long as it likes to answer */
	const char *group; /* heading in the list of commands; rows of one group stand together */
};

struct program {
	const char *name; /* "truckroll" */
	const char *summary;
	const char *version;
	const char *dir_variable; /* environment variable for --dir: "TRUCKROLL_DIR" */
	const char *dir_default;  /* when neither is given; a leading "~/" is the home directory */
	const struct command *commands;
	size_t command_count;
	/* Opens what commands work on. PLACE_OWNER: the lock is held. Sets context->state. NULL: there is nothing to open. */
	enum status (*open)(struct context *context, enum place place);
	/* In an owner that was asked over its socket, before a command and, when that gave STATUS_OK, after it; NULL: nothing to do. */
	enum status (*enter)(struct context *context);
	void (*leave)(struct context *context);
	/* After a command of PLACE_READER that did what it could: was it able to read all that it asked for? NULL: nobody asks. */
	enum status (*check)(struct context *context);
	/* What a person should know beside the reason of a command that failed, while what it works on is open; NULL: nothing. */
	void (*explain)(struct context *context, enum status status);
	/* Accepts what open() left, also after it failed; NULL: nothing to do. */
	void (*close)(struct context *context);
};

/* --json, --dir, --at, --lang, --help, --version: known to every command; ends with a NULL name. */
extern const struct option command_common_options[];

/* What the command line said. */
enum request_kind {
	REQUEST_RUN,
	REQUEST_HELP_PROGRAM,
	REQUEST_HELP_COMMAND,
	REQUEST_VERSION,
};

struct request {
	enum request_kind kind;
	const struct command *command; /* RUN and HELP_COMMAND */
	struct text beginning;         /* HELP_PROGRAM: the first word that commands are wanted of; empty: all */
	struct arguments *arguments;
};

/* Needed to read times. */
struct parse_options {
	int64_t now_ms;
	const struct zone *zone;
};

/* Reads argv without the program's name. All in the arena; texts are copies. STATUS_INVALID: the reason is a
 * sentence, with the nearest command or option suggested; `out_request` is then filled as far as known, so that the
 * usage line and --json are. */
enum status command_parse(const struct program *program, struct arena *arena, const struct text *words, size_t word_count,
			  const struct parse_options *options, struct request *out_request);

/* For people, in the arena, with the words of the tables translated: the usage line of a command (of the program for NULL), all about
 * a command, all commands. */
struct text command_usage(struct arena *arena, enum language language, const struct program *program, const struct command *command);
struct text command_help(
	struct arena *arena, enum language language, const struct program *program, const struct command *command, size_t width);
struct text program_help(struct arena *arena, enum language language, const struct program *program, size_t width);
/* Only the commands of two words that begin with this one. */
struct text commands_help(
	struct arena *arena, enum language language, const struct program *program, struct text beginning, size_t width);

/* Lookups; a name that the command does not declare is a programming error. Options and positionals by their names. */
bool arguments_has(const struct arguments *arguments, const char *name);
bool arguments_flag(const struct arguments *arguments, const char *name);
struct text arguments_text(const struct arguments *arguments, const char *name); /* NUL-terminated; "" when not given */
int64_t arguments_integer(const struct arguments *arguments, const char *name, int64_t otherwise);
int64_t arguments_time(const struct arguments *arguments, const char *name, int64_t otherwise);
size_t arguments_count(const struct arguments *arguments, const char *name);
struct text arguments_text_at(const struct arguments *arguments, const char *name, size_t position);
/* All given texts joined by one blank: a note typed without quotes. */
struct text arguments_joined(const struct arguments *arguments, struct arena *arena, const char *name);

#endif
