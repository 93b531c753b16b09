/* A folder of one test, made empty and taken away with all in it. */
#ifndef TRUCKROLL_TESTS_UNIT_SHELL_SCRATCH_H
#define TRUCKROLL_TESTS_UNIT_SHELL_SCRATCH_H

#include "protocol/base/arena.h"

struct scratch {
	struct arena arena;
	char dir[64];
};

/* cmocka's set-up and tear-down: *state is a struct scratch. */
int scratch_make(void **state);
int scratch_remove(void **state);

/* "DIR/NAME" in the scratch's arena. */
const char *scratch_path(struct scratch *scratch, const char *name);
/* Entries in the folder. */
size_t scratch_count(const struct scratch *scratch);

#endif
