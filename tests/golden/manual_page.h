/* The commands in a manual page are those of the program's table. */
#ifndef TRUCKROLL_TESTS_GOLDEN_MANUAL_PAGE_H
#define TRUCKROLL_TESTS_GOLDEN_MANUAL_PAGE_H

#include "shell/command.h"

/* main() of a test whose only argument is the manual page: compares its part between the lines `.\" commands` and `.\" end of commands`
 * with the table; UPDATE_GOLDEN=1 writes it. */
int manual_page_main(const struct program *program, int argc, char **argv);

#endif
