/* How many files and connections this process may have open. */
#ifndef TRUCKROLL_SHELL_DESCRIPTORS_H
#define TRUCKROLL_SHELL_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* Raises the limit as far as an unprivileged process may, to `most` at best; never lowers it. Returns what holds then. */
size_t descriptors_raise(size_t most);

/* How many this process has open; -1 when that cannot be found out. */
int64_t descriptors_open(void);

#endif
