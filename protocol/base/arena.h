/* Memory for one unit of work (a request, a batch, a command): everything in it vanishes together. */
#ifndef TRUCKROLL_BASE_ARENA_H
#define TRUCKROLL_BASE_ARENA_H

#include <stddef.h>

#include "protocol/base/text.h"

struct arena_block;

/* Zero-initialised is a valid empty arena. Not for use by two threads at once. */
struct arena {
	struct arena_block *newest;
	size_t used; /* bytes handed out since the last reset */
};

/* Zeroed memory, aligned for any object, valid until arena_reset() or arena_finish(). Never NULL: running out of
 * memory ends the process, which restarts from durable state. Outside input is capped before it comes here. */
void *arena_allocate(struct arena *arena, size_t size);

/* `count` objects of `size` bytes; a product that overflows ends the process. */
void *arena_allocate_array(struct arena *arena, size_t count, size_t size);

/* Room for one more element in an array that grows: `array` itself while `count` is below `*capacity`, else a copy with more room, which
 * `*capacity` then tells; the former array stays in the arena until it is reset. Begins with NULL and a capacity of 0. */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size);

/* Copies with the arena's life. arena_copy_text() adds a NUL after the last byte. */
void *arena_copy(struct arena *arena, const void *data, size_t size);
struct text arena_copy_text(struct arena *arena, struct text text);
struct bytes arena_copy_bytes(struct arena *arena, struct bytes bytes);

/* printf into the arena; the result has a NUL after its last byte. */
struct text arena_print(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets everything but keeps one block for the next unit of work. */
void arena_reset(struct arena *arena);

/* Gives all memory back; the arena is empty and usable again. */
void arena_finish(struct arena *arena);

#endif
