/* The tests that the help of each program is complete in Chinese. */
#ifndef TRUCKROLL_TESTS_UNIT_SHELL_CHINESE_H
#define TRUCKROLL_TESTS_UNIT_SHELL_CHINESE_H

#include "shell/command.h"

/* The whole main() of a test of one program's table of commands. */
int chinese_main(const struct program *program);

#endif
