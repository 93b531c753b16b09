#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/exit_code.h"
#include "shell/lock.h"
#include "shell/owner_question.h"
#include "shell/runner.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h>

/* What the program's commands leave behind; a child process has its own copy. */
static struct {
	int opened, closed, ran;
	bool forwarded;
	enum place place;
	int64_t at_ms, now_ms;
	bool manual;
} seen;

static char own_store[] = "opened here", owners_store[] = "the owner's";

static enum status run_save(struct context *context)
{
	seen.ran++;
	seen.forwarded = context->forwarded;
	seen.at_ms = context->at_ms;
	seen.now_ms = context->now_ms;
	seen.manual = context->at_manual;
	output_value(context->output, "state", NULL, cell_text(text_of(context->state)));
	output_value(context->output, "dir", NULL, cell_text(context->working_dir));
	return arguments_flag(context->arguments, "refuse") ? (fail)(STATUS_REFUSED, "a rule says no") : STATUS_OK;
}

static enum status open_state(struct context *context, enum place place)
{
	seen.opened++;
	seen.place = place;
	context->state = own_store;
	return arguments_flag(context->arguments, "broken") ? (fail)(STATUS_CORRUPT, "the store is damaged") : STATUS_OK;
}

static void close_state(struct context *context)
{
	seen.closed++;
	context->state = NULL;
}

static const struct option save_options[] = {
	{ .name = "refuse", .kind = OPTION_FLAG, .help = "refuse" },
	{ .name = "broken", .kind = OPTION_FLAG, .help = "cannot be opened" },
	{ 0 },
};

static const struct command commands[] = {
	{ .name = "save", .summary = "Writes", .options = save_options, .place = PLACE_OWNER, .run = run_save },
	{ .name = "look", .summary = "Reads", .options = save_options, .place = PLACE_READER, .run = run_save },
	{ .name = "here", .summary = "Neither", .options = save_options, .place = PLACE_HERE, .run = run_save },
};

static const struct program program = { .name = "depot",
	.summary = "an example",
	.version = "1.0",
	.dir_default = ".",
	.commands = commands,
	.command_count = LENGTH(commands),
	.open = open_state,
	.close = close_state };

static struct control_reply run_here(struct scratch *scratch, const char *command, const char *option, bool forwarded)
{
	struct text words[] = { text_of(command), text_of(option) };
	const struct caller caller = { .working_dir = text_of("/somewhere"),
		.dir = text_of(scratch->dir),
		.clock = clock_system(),
		.now_ms = 1000,
		.stdout_descriptor = -1,
		.stderr_descriptor = -1,
		.forwarded = forwarded,
		.state = owners_store };
	struct control_reply reply;

	memset(&seen, 0, sizeof(seen));
	command_run_here(&program, &scratch->arena, &caller, words, option == NULL ? 1 : 2, &reply);
	return reply;
}

static void a_command_opens_runs_and_closes_as_its_place_asks(void **state)
{
	struct control_reply reply = run_here(*state, "look", NULL, false);

	assert_int_equal(reply.exit_code, 0);
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(seen.place, PLACE_READER);
	assert_non_null(strstr(reply.out.data, "opened here"));
	(void)run_here(*state, "here", NULL, false);
	assert_int_equal(seen.opened + seen.closed, 0);
	assert_int_equal(seen.ran, 1);
}

static void what_cannot_be_opened_is_closed_and_not_run(void **state)
{
	struct control_reply reply = run_here(*state, "look", "--broken", false);

	assert_int_equal(reply.exit_code, EXIT_CODE_CORRUPT);
	assert_int_equal(seen.ran, 0);
	assert_int_equal(seen.closed, 1);
	assert_non_null(strstr(reply.err.data, "the store is damaged"));
}

static void in_the_owner_a_command_uses_the_owners_store(void **state)
{
	struct control_reply reply = run_here(*state, "save", NULL, true);

	assert_int_equal(seen.opened + seen.closed, 0);
	assert_true(seen.forwarded);
	assert_non_null(strstr(reply.out.data, "the owner's"));
	reply = run_here(*state, "here", NULL, true);
	assert_int_equal(reply.exit_code, EXIT_CODE_USAGE);
	assert_int_equal(seen.ran, 0);
	reply = run_here(*state, "look", NULL, true); /* an older program may still hand it over */
	assert_int_equal(reply.exit_code, EXIT_CODE_USAGE);
	assert_int_equal(seen.ran, 0);
}

static void a_wrong_line_is_answered_with_the_usage_and_exit_code_2(void **state)
{
	struct control_reply reply = run_here(*state, "save", "--refsue", false);

	assert_int_equal(reply.exit_code, EXIT_CODE_USAGE);
	assert_non_null(strstr(reply.err.data, "did you mean --refuse?\nusage: depot save [options]\n"));
	assert_int_equal(reply.out.size, 0);
	assert_int_equal(run_here(*state, "save", "--help", false).exit_code, EXIT_CODE_DONE);
}

static void a_refusal_is_in_the_language_asked_for_and_what_follows_is_not(void **state)
{
	struct control_reply reply = run_here(*state, "here", "--lang=zh", true);

	assert_int_equal(reply.exit_code, EXIT_CODE_USAGE);
	assert_string_equal(reply.err.data, "输入有误：“here”不能交给正在运行的进程执行\n");
	assert_int_equal(catalogue_spoken(), LANGUAGE_EN);
	reply = run_here(*state, "here", NULL, true);
	assert_string_equal(reply.err.data, "'here' cannot be given to a running process\n");
}

static void the_time_given_is_kept_as_typed(void **state)
{
	(void)run_here(*state, "here", "--at=1970-01-01T00:00:00.5Z", false);
	assert_int_equal(seen.at_ms, 500);
	assert_true(seen.manual);
	(void)run_here(*state, "here", NULL, false);
	assert_int_equal(seen.at_ms, 1000);
	assert_false(seen.manual);
	assert_int_equal(run_here(*state, "here", "--at=1970-01-01T00:00:02Z", false).exit_code, EXIT_CODE_USAGE);
	assert_int_equal(run_here(*state, "here", "--lang=xx", false).exit_code, EXIT_CODE_USAGE);
}

struct owner {
	struct runner_owner runner;
	struct control *control;
	atomic_bool over;
};

static void *serve(void *context)
{
	struct owner *owner = context;
	struct pollfd polls[CONTROL_POLL_MAX];

	while (!atomic_load(&owner->over)) {
		(void)poll(polls, (nfds_t)control_poll(owner->control, polls), 20);
		control_step(owner->control, runner_answer, &owner->runner);
	}
	return NULL;
}

static void a_running_owner_answers_what_another_process_asks(void **state)
{
	struct scratch *scratch = *state;
	struct owner owner = { .runner = { .program = &program, .clock = clock_system(), .dir = scratch->dir, .state = owners_store } };
	struct text words[] = { text_of("save"), text_of("--refuse"), text_of("--json") };
	const struct caller caller = { .working_dir = text_of("/somewhere"),
		.dir = text_of(scratch->dir),
		.clock = clock_system(),
		.now_ms = clock_now_ms(clock_system()) + 3600000,
		.answer_ms = 20000 };
	struct control_reply reply;
	struct arena arena = { 0 };
	pthread_t thread;

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(control_open(scratch->dir, clock_system(), &owner.control), STATUS_OK);
	assert_int_equal(pthread_create(&thread, NULL, serve, &owner), 0);
	assert_int_equal(command_forward(&arena, &caller, words, 3, &reply), STATUS_OK);
	atomic_store(&owner.over, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	control_close(owner.control);
	assert_int_equal(reply.exit_code, EXIT_CODE_REFUSED);
	assert_non_null(strstr(reply.out.data, "\"reason\": \"a rule says no\""));
	assert_non_null(strstr(reply.out.data, "the owner's"));
	assert_non_null(strstr(reply.out.data, "/somewhere"));
	assert_true(seen.forwarded);
	assert_true(seen.now_ms < caller.now_ms); /* a caller from the future is not believed */
	assert_int_equal(command_forward(&arena, &caller, words, 3, &reply), STATUS_NOT_FOUND);
	arena_finish(&arena);
}

/* The whole program in a process of its own, its output in a file. */
static int run_program(struct scratch *scratch, const char *command, char *out, size_t size)
{
	const char *path = scratch_path(scratch, "out");
	char name[] = "depot", *argv[] = { name, NULL, NULL, NULL };
	pid_t child;
	int result;
	FILE *file;
	size_t got;

	argv[1] = arena_copy(&scratch->arena, arena_print(&scratch->arena, "--dir=%s", scratch->dir).data, strlen(scratch->dir) + 7);
	argv[2] = arena_copy(&scratch->arena, command, strlen(command) + 1);
	child = fork();
	if (child == 0) {
		if (freopen(path, "w", stdout) == NULL || dup2(fileno(stdout), 2) < 0)
			_exit(99);
		_exit(runner_main(&program, 3, argv));
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	file = fopen(path, "r");
	assert_non_null(file);
	got = fread(out, 1, size - 1, file);
	out[got] = '\0';
	(void)fclose(file);
	return WEXITSTATUS(result);
}

static void without_an_owner_the_program_becomes_one_and_leaves(void **state)
{
	struct scratch *scratch = *state;
	char out[1000];
	struct lock lock;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(run_program(scratch, "save", out, sizeof(out)), 0);
		assert_non_null(strstr(out, "opened here"));
	}
	assert_int_equal(lock_take(scratch->dir, "test", 0, &lock), STATUS_OK);
	lock_release(&lock);
}

static void a_question_to_the_owner_brings_its_answer_or_its_own_refusal(void **state)
{
	struct scratch *scratch = *state;
	const struct context context = { .program = &program,
		.dir = text_of(scratch->dir),
		.working_dir = text_of("/somewhere"),
		.clock = clock_system(),
		.arena = &scratch->arena };
	const struct text words[] = { text_of("save"), text_of("--json"), text_of("--refuse") };
	json_t *answer;

	assert_int_equal(owner_ask(&context, words, 2, &answer), STATUS_OK);
	assert_string_equal(json_string_value(json_object_get(answer, "state")), "opened here");
	assert_int_equal(owner_integer(answer, "state"), 0);
	json_decref(answer);
	assert_int_equal(owner_ask(&context, words, 3, &answer), STATUS_REFUSED);
	assert_string_equal(fail_reason(), "a rule says no");
	assert_string_equal(json_string_value(json_object_get(answer, "dir")), "/somewhere");
	json_decref(answer);
}

static void an_owner_that_is_silent_is_named_after_a_while(void **state)
{
	struct scratch *scratch = *state;
	char out[1000];
	struct lock lock;

	assert_int_equal(lock_take(scratch->dir, "truckrolld", 0, &lock), STATUS_OK);
	assert_int_equal(run_program(scratch, "save", out, sizeof(out)), EXIT_CODE_CANNOT_WRITE);
	assert_non_null(strstr(out, "held by truckrolld, process "));
	assert_int_equal(run_program(scratch, "look", out, sizeof(out)), 0); /* reading waits for nobody */
	lock_release(&lock);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRATCH(a_command_opens_runs_and_closes_as_its_place_asks),
		WITH_SCRATCH(what_cannot_be_opened_is_closed_and_not_run),
		WITH_SCRATCH(in_the_owner_a_command_uses_the_owners_store),
		WITH_SCRATCH(a_wrong_line_is_answered_with_the_usage_and_exit_code_2),
		WITH_SCRATCH(a_refusal_is_in_the_language_asked_for_and_what_follows_is_not),
		WITH_SCRATCH(the_time_given_is_kept_as_typed),
		WITH_SCRATCH(a_running_owner_answers_what_another_process_asks),
		WITH_SCRATCH(without_an_owner_the_program_becomes_one_and_leaves),
		WITH_SCRATCH(a_question_to_the_owner_brings_its_answer_or_its_own_refusal),
		WITH_SCRATCH(an_owner_that_is_silent_is_named_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
