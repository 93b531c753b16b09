/* A question to the owner of the directory: a short command of the program, given by another that works beside the owner, and answered as
 * an object. */
#ifndef TRUCKROLL_SHELL_OWNER_QUESTION_H
#define TRUCKROLL_SHELL_OWNER_QUESTION_H

#include <jansson.h>

#include "shell/command.h"

/* Gives the command of these words, "--json" among them; the process becomes the owner for a moment when there is none. `*out_answer` is
 * the caller's (json_decref()), also when the command fails: then its status, with its reason. NULL: there is none, with a status of
 * command_in_owner(). */
enum status owner_ask(const struct context *context, const struct text *words, size_t word_count, json_t **out_answer);
/* A number of an answer; 0: it has none of that name. */
int64_t owner_integer(const json_t *answer, const char *name);

#endif
