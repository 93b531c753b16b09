/* Changes bytes of a database that lies on a simulated disk. */
#ifndef TRUCKROLL_TESTS_FUZZ_CHANGE_FILE_H
#define TRUCKROLL_TESTS_FUZZ_CHANGE_FILE_H

#include "protocol/base/buffer.h"
#include "tests/simulation/crash_vfs.h"

/* Changes of four bytes each, at most 64: three of a place (modulo the file's size), one that is put there. */
void change_file(const char *path, struct reader *reader);

#endif
