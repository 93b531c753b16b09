/* Brings a command to where it runs: into this process, or over the control socket into the owner. */
#ifndef TRUCKROLL_SHELL_RUNNER_H
#define TRUCKROLL_SHELL_RUNNER_H

#include "shell/command.h"
#include "shell/control.h"

/* The whole main() of both programs: parses, runs here or in the owner, writes the output, returns the exit code. */
int runner_main(const struct program *program, int argc, char **argv);

/* What one call needs beside its words. */
struct caller {
	struct text working_dir;
	struct text dir; /* when --dir is not given */
	enum language language; /* when --lang is not given */
	const struct zone *zone;
	const struct clock *clock;
	int64_t now_ms;
	size_t width;
	int stdout_descriptor; /* -1: collect only */
	int stderr_descriptor;
	int answer_ms; /* how long an owner is waited for; -1: no limit */
	bool forwarded;
	void *state; /* forwarded: the owner's */
};

/* Parses and runs in this process without looking for an owner or calling open() and close() when
 * `caller->forwarded`; else does both as the command's place asks. The reply lives in `arena`. */
void command_run_here(const struct program *program, struct arena *arena, const struct caller *caller, const struct text *words,
	size_t word_count, struct control_reply *out_reply);

/* Asks the owner listening in the caller's directory. STATUS_NOT_FOUND when nobody listens, STATUS_BUSY with who holds the directory
 * when there is no answer. */
enum status command_forward(
	struct arena *arena, const struct caller *caller, const struct text *words, size_t word_count, struct control_reply *out_reply);

/* Another of the program's commands, carried out for the one that runs: in the owner of its directory, which this process becomes for a
 * moment when there is none. The reply lives in the context's arena. Statuses of command_forward(), but not STATUS_NOT_FOUND for want of
 * an owner; how the command itself ended is in the reply. */
enum status command_in_owner(const struct context *context, const struct text *words, size_t word_count, struct control_reply *out_reply);

/* An owner's control_handler: answers requests with the program's own commands. */
struct runner_owner {
	const struct program *program;
	const struct clock *clock;
	const char *dir;
	void *state; /* context->state of every command */
};
void runner_answer(void *context, struct arena *arena, const struct control_request *request, struct control_reply *out_reply);

#endif
