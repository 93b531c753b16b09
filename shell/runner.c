#include "shell/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/storage.h"
#include "protocol/base/memory.h"
#include "protocol/base/no_memory.h"
#include "shell/exit_code.h"
#include "shell/file.h"
#include "shell/lock.h"
#include "shell/terminal.h"

#define OWNER_WAIT_MS 5000 /* docs/decisions/0003-owner-process.md: then say who holds it */
#define LOCK_WAIT_MS 200
#define ANSWER_WAIT_MS 60000 /* of a command that is not long_running */
#define CLOCK_TOLERANCE_MS 60000

/* One call while it is carried out. */
struct call {
	const struct program *program;
	const struct caller *caller;
	struct request request;
	struct context context;
	struct output *output;
};

static bool has_word(const struct text *words, size_t word_count, const char *wanted)
{
	for (size_t i = 0; i < word_count && !text_equals(words[i], "--"); i++)
		if (text_equals(words[i], wanted))
			return true;
	return false;
}

/* --dir, else the variable, else the default; made absolute. */
static struct text choose_dir(struct arena *arena, const struct program *program, const struct caller *caller,
	const struct arguments *arguments)
{
	struct text dir = arguments_text(arguments, "dir");
	const char *home = getenv("HOME"); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */

	if (caller->forwarded)
		return arena_copy_text(arena, caller->dir);
	if (dir.size == 0)
		dir = caller->dir;
	if (dir.size == 0 && program->dir_variable != NULL)
		dir = text_of(getenv(program->dir_variable)); /* NOLINT(concurrency-mt-unsafe) */
	if (dir.size == 0)
		dir = text_of(program->dir_default);
	if (dir.size >= 2 && memcmp(dir.data, "~/", 2) == 0 && home != NULL)
		return path_join(arena, text_of(home), (struct text){ dir.data + 2, dir.size - 2 });
	return path_join(arena, caller->working_dir, dir);
}

/* Language and output first, so that what is wrong can be told as it was asked for. */
static enum status prepare(struct call *call, struct arena *arena, const struct text *words, size_t word_count)
{
	const struct caller *caller = call->caller;
	const struct parse_options options = { .now_ms = caller->now_ms, .zone = caller->zone };
	enum status status = command_parse(call->program, arena, words, word_count, &options, &call->request);
	struct text wanted = arguments_text(call->request.arguments, "lang");
	enum language language = caller->language;
	struct output_style style;

	if (wanted.size > 0 && status == STATUS_OK)
		status = language_from_text(wanted, &language);
	style = (struct output_style){ .json = has_word(words, word_count, "--json"),
		.language = language,
		.width = caller->width,
		.zone = caller->zone,
		.stdout_descriptor = caller->stdout_descriptor,
		.stderr_descriptor = caller->stderr_descriptor };
	(void)catalogue_speak(language);
	call->output = output_create(arena, &style);
	call->context = (struct context){ .program = call->program,
		.command = call->request.command,
		.arguments = call->request.arguments,
		.output = call->output,
		.arena = arena,
		.language = language,
		.zone = caller->zone,
		.clock = caller->clock,
		.dir = choose_dir(arena, call->program, caller, call->request.arguments),
		.working_dir = caller->working_dir,
		.now_ms = caller->now_ms,
		.at_ms = arguments_time(call->request.arguments, "at", caller->now_ms),
		.at_manual = arguments_has(call->request.arguments, "at"),
		.forwarded = caller->forwarded,
		.state = caller->state };
	return status;
}

static enum status run_command(struct call *call)
{
	struct context *context = &call->context;
	const struct program *program = call->program;
	enum place place = context->command->place;
	bool opens = place != PLACE_HERE && !call->caller->forwarded, entered = false;
	enum status status = STATUS_OK;

	if (place != PLACE_OWNER && call->caller->forwarded)
		status = fail(STATUS_INVALID, "'%s' cannot be given to a running process", context->command->name);
	else if (opens && program->open != NULL)
		status = program->open(context, place);
	else if (call->caller->forwarded && program->enter != NULL) {
		status = program->enter(context);
		entered = status == STATUS_OK;
	}
	if (status == STATUS_OK)
		status = context->command->run(context);
	if (status == STATUS_OK && place == PLACE_READER && program->check != NULL)
		status = program->check(context);
	if (status != STATUS_OK)
		output_error(call->output, status); /* before close(), which may fail in its own way */
	if (status != STATUS_OK && context->state != NULL && program->explain != NULL)
		program->explain(context, status);
	if (opens && program->close != NULL)
		program->close(context);
	if (entered)
		program->leave(context);
	return status;
}

static struct text help_text(const struct call *call, struct arena *arena)
{
	switch (call->request.kind) {
	case REQUEST_HELP_COMMAND:
		return command_help(arena, call->context.language, call->program, call->request.command, call->caller->width);
	case REQUEST_VERSION:
		return arena_print(arena, "%s %s\n", call->program->name, call->program->version);
	case REQUEST_RUN:
	case REQUEST_HELP_PROGRAM:
		break;
	}
	if (call->request.beginning.size > 0)
		return commands_help(arena, call->context.language, call->program, call->request.beginning, call->caller->width);
	return program_help(arena, call->context.language, call->program, call->caller->width);
}

void command_run_here(const struct program *program, struct arena *arena, const struct caller *caller, const struct text *words,
	size_t word_count, struct control_reply *out_reply)
{
	struct call call = { .program = program, .caller = caller };
	enum language before = catalogue_speak(caller->language);
	enum status status = prepare(&call, arena, words, word_count);

	if (status != STATUS_OK) {
		output_error(call.output, status);
		output_warning(call.output, "%.*s",
			TEXT_ARGUMENTS(command_usage(arena, call.context.language, program, call.request.command)));
	} else if (call.request.kind == REQUEST_RUN) {
		status = run_command(&call);
	}
	if (status == STATUS_OK && call.request.kind != REQUEST_RUN)
		*out_reply = (struct control_reply){ .out = help_text(&call, arena), .err = { .data = "" } };
	else
		*out_reply = (struct control_reply){ .exit_code = (int)exit_code_of(status),
			.out = output_stdout(call.output),
			.err = output_stderr(call.output) };
	output_finish(call.output);
	(void)catalogue_speak(before);
}

enum status command_forward(
	struct arena *arena, const struct caller *caller, const struct text *words, size_t word_count, struct control_reply *out_reply)
{
	const struct control_request request = { .words = words,
		.word_count = word_count,
		.working_dir = caller->working_dir,
		.language = text_of(language_to_text(caller->language)),
		.zone = text_of(getenv("TZ")), /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */
		.now_ms = caller->now_ms,
		.width = (int64_t)caller->width };

	return control_call(caller->dir.data, arena, &request, OWNER_WAIT_MS, caller->answer_ms, out_reply);
}

/* What the caller measured holds, unless its clock and ours cannot be the same. */
static int64_t plausible_now(const struct clock *clock, int64_t asked_ms)
{
	int64_t now_ms = clock_now_ms(clock);

	return asked_ms <= now_ms && asked_ms >= now_ms - CLOCK_TOLERANCE_MS ? asked_ms : now_ms;
}

void runner_answer(void *context, struct arena *arena, const struct control_request *request, struct control_reply *out_reply)
{
	const struct runner_owner *owner = context;
	enum language language = LANGUAGE_EN;
	struct zone zone = { 0 };
	struct caller caller = { .working_dir = request->working_dir,
		.dir = text_of(owner->dir),
		.clock = owner->clock,
		.now_ms = plausible_now(owner->clock, request->now_ms),
		.width = (size_t)request->width,
		.stdout_descriptor = -1,
		.stderr_descriptor = -1,
		.forwarded = true,
		.state = owner->state };

	if (language_from_text(request->language, &language) != STATUS_OK)
		language = LANGUAGE_EN;
	if (request->zone.size == 0 || zone_open(arena, request->zone, &zone) != STATUS_OK)
		zone = zone_of_machine(arena);
	caller.language = language;
	caller.zone = &zone;
	command_run_here(owner->program, arena, &caller, request->words, request->word_count, out_reply);
}

/* Tells why the call could not even begin, in the way that was asked for. */
static void refuse(const struct caller *caller, struct arena *arena, bool json, enum status status, struct control_reply *out_reply)
{
	const struct output_style style = { .json = json, .language = caller->language, .stdout_descriptor = -1, .stderr_descriptor = -1 };
	struct output *output = output_create(arena, &style);

	output_error(output, status);
	*out_reply = (struct control_reply){ .exit_code = (int)exit_code_of(status),
		.out = output_stdout(output),
		.err = output_stderr(output) };
	output_finish(output);
}

/* Over the socket when somebody listens, else as the owner. Between the two another may become or stop being the
 * owner, so they take turns. */
static enum status run_in_owner(const struct program *program, struct arena *arena, const struct caller *caller, const struct text *words,
	size_t word_count, struct control_reply *out_reply)
{
	int64_t deadline_ms = clock_monotonic_ms(caller->clock) + OWNER_WAIT_MS;
	struct lock lock = { .descriptor = -1 };
	const char *dir = caller->dir.data;

	for (;;) {
		enum status status = command_forward(arena, caller, words, word_count, out_reply);
		if (status != STATUS_NOT_FOUND)
			return status;
		status = lock_take(dir, program->name, LOCK_WAIT_MS, &lock);
		if (status == STATUS_OK)
			break;
		if (status != STATUS_BUSY || clock_monotonic_ms(caller->clock) >= deadline_ms)
			return status;
	}
	command_run_here(program, arena, caller, words, word_count, out_reply);
	lock_release(&lock);
	return STATUS_OK;
}

enum status command_in_owner(const struct context *context, const struct text *words, size_t word_count, struct control_reply *out_reply)
{
	const struct caller caller = { .working_dir = context->working_dir,
		.dir = context->dir,
		.language = context->language,
		.zone = context->zone,
		.clock = context->clock,
		.now_ms = clock_now_ms(context->clock),
		.stdout_descriptor = -1,
		.stderr_descriptor = -1,
		.answer_ms = ANSWER_WAIT_MS };

	return run_in_owner(context->program, context->arena, &caller, words, word_count, out_reply);
}

static void run_anywhere(const struct program *program, struct arena *arena, const struct caller *caller, const struct text *words,
	size_t word_count, struct control_reply *out_reply)
{
	const struct parse_options options = { .now_ms = caller->now_ms, .zone = caller->zone };
	struct caller owning = *caller;
	struct request request;
	enum status status = command_parse(program, arena, words, word_count, &options, &request);

	if (status != STATUS_OK || request.kind != REQUEST_RUN || request.command->place != PLACE_OWNER) {
		command_run_here(program, arena, caller, words, word_count, out_reply);
		return;
	}
	owning.dir = choose_dir(arena, program, caller, request.arguments);
	owning.answer_ms = request.command->long_running ? -1 : ANSWER_WAIT_MS;
	status = run_in_owner(program, arena, &owning, words, word_count, out_reply);
	if (status != STATUS_OK)
		refuse(caller, arena, has_word(words, word_count, "--json"), status, out_reply);
}

static bool write_text(int descriptor, struct text text)
{
	while (text.size > 0) {
		ssize_t put = write(descriptor, text.data, text.size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		text.data += put;
		text.size -= (size_t)put;
	}
	return true;
}

/* A store must never get a descriptor that somebody's print statement writes to. */
static bool open_standard_descriptors(void)
{
	for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
		if (fcntl(descriptor, F_GETFD) == -1 && open("/dev/null", O_RDWR) != descriptor)
			return false;
	return true;
}

static struct text working_dir(struct arena *arena)
{
	char path[4096];

	return arena_copy_text(arena, text_of(getcwd(path, sizeof(path)) == NULL ? "/" : path));
}

int runner_main(const struct program *program, int argc, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct arena arena = { 0 };
	struct text *words = arena_allocate_array(&arena, (size_t)(argc > 0 ? argc : 1), sizeof(*words));
	size_t word_count = argc > 0 ? (size_t)argc - 1 : 0;
	struct zone zone = zone_of_machine(&arena);
	struct control_reply reply;
	struct caller caller = { .language = language_of_environment(),
		.zone = &zone,
		.clock = clock_system(),
		.now_ms = clock_now_ms(clock_system()),
		.width = terminal_width(STDOUT_FILENO),
		.stdout_descriptor = STDOUT_FILENO,
		.stderr_descriptor = STDERR_FILENO,
		.working_dir = working_dir(&arena) };

	if (!open_standard_descriptors())
		return EXIT_CODE_CANNOT_WRITE;
	storage_init_library();
	json_set_alloc_funcs(memory_allocate, free); /* else an answer would lack what found no memory, and be called done */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)catalogue_speak(caller.language);
	no_memory_says(catalogue_find(caller.language, "status.no_memory"));
	for (size_t i = 0; i < word_count; i++)
		words[i] = text_of(argv[i + 1]);
	run_anywhere(program, &arena, &caller, words, word_count, &reply);
	if (!write_text(STDOUT_FILENO, reply.out) && errno != EPIPE && reply.exit_code == EXIT_CODE_DONE) {
		reply.exit_code = EXIT_CODE_CANNOT_WRITE;
		reply.err = arena_print(&arena, "%s (%s)\n", catalogue_find(caller.language, "status.unheard"), error_to_text(errno));
	}
	(void)write_text(STDERR_FILENO, reply.err);
	arena_finish(&arena);
	return reply.exit_code;
}
