/* Memory that there always is: for what outlives an arena. A process that finds none ends as no_memory() says, so no caller asks for NULL.
 * Given back with free(). Any thread. */
#ifndef TRUCKROLL_BASE_MEMORY_H
#define TRUCKROLL_BASE_MEMORY_H

#include <stddef.h>

/* What it holds is not set. `size` may be 0. */
void *memory_allocate(size_t size);
/* Zeroed, for `count` elements of `size` bytes each. */
void *memory_zeroed(size_t count, size_t size);
/* malloc'ed before, or NULL; what it held is kept as far as there is room. `size` is at least 1. */
void *memory_resize(void *memory, size_t size);
/* A copy of `size` bytes; `data` may be NULL when there are none. */
void *memory_copy(const void *data, size_t size);

#endif
