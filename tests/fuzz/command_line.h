/* Command lines of a program, its words each behind a newline. What is accepted has all that the command requires, within its limits;
 * what is not has a reason; its usage can be told either way. */
#ifndef TRUCKROLL_TESTS_FUZZ_COMMAND_LINE_H
#define TRUCKROLL_TESTS_FUZZ_COMMAND_LINE_H

#include "shell/command.h"

void command_line_try(const struct program *program, struct text line);

#endif
