/* How many files and connections this process may have open. */
#ifndef TRUCKROLL_SHELL_DESCRIPTORS_H
#define TRUCKROLL_SHELL_DESCRIPTORS_H

#include <stddef.h>

/* Raises the limit as far as an unprivileged process may, to `most` at best; never lowers it. Returns what holds then. */
size_t descriptors_raise(size_t most);

#endif
