/* A folder for targets whose code under test reads files; it goes with the process. */
#ifndef TRUCKROLL_TESTS_FUZZ_SCRATCH_FILE_H
#define TRUCKROLL_TESTS_FUZZ_SCRATCH_FILE_H

#include "protocol/base/text.h"

/* Made at the first call; NUL-terminated. */
const char *scratch_file_dir(void);
/* Replaces DIR/NAME. */
void scratch_file_write(const char *name, struct bytes content);

#endif
