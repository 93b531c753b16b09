/* A page of documentation that is printed from tables of the program, and kept in the tree beside the pages written by hand. */
#ifndef TRUCKROLL_TESTS_GOLDEN_DOCUMENT_H
#define TRUCKROLL_TESTS_GOLDEN_DOCUMENT_H

#include <stddef.h>

/* Compares `text` with the file at `path` and prints that as one test called `promise` in TAP; UPDATE_GOLDEN=1 writes the file. When
 * `begin` is not NULL only what stands between the lines `begin` and `end` of the file is compared and written. Returns the exit code
 * of main(). */
int document_check(const char *path, const char *begin, const char *end, const char *text, size_t size, const char *promise);

#endif
