#include "protocol/base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/no_memory.h"

#define BLOCK_SIZE      ((size_t)64 * 1024)
#define GROWN_COUNT_MIN 16 /* elements that a growing array has room for at first */

struct arena_block {
	struct arena_block *older;
	size_t size; /* of `data` */
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

/* A large one is zeroed: the system hands out such memory so, and no page of it is touched before it is used. */
static struct arena_block *block_create(struct arena_block *older, size_t size)
{
	size_t whole = sizeof(struct arena_block) + size;
	struct arena_block *block = size > BLOCK_SIZE ? calloc(1, whole) : malloc(whole);

	if (block == NULL)
		no_memory();
	block->older = older;
	block->size = size;
	block->used = 0;
	return block;
}

void *arena_allocate(struct arena *arena, size_t size)
{
	const size_t alignment = alignof(max_align_t);
	struct arena_block *block = arena->newest;
	bool zeroed = false;
	void *memory;

	if (size > SIZE_MAX / 2)
		no_memory();
	size = (size + alignment - 1) / alignment * alignment;
	if (block == NULL || block->size - block->used < size) {
		block = block_create(arena->newest, size > BLOCK_SIZE ? size : BLOCK_SIZE);
		arena->newest = block;
		zeroed = size > BLOCK_SIZE;
	}
	memory = block->data + block->used;
	block->used += size;
	arena->used += size;
	return zeroed ? memory : memset(memory, 0, size);
}

void *arena_allocate_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / 2 / size)
		no_memory();
	return arena_allocate(arena, count * size);
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
	void *larger;

	if (count < *capacity)
		return array;
	*capacity = *capacity == 0 ? GROWN_COUNT_MIN : 2 * *capacity;
	larger = arena_allocate_array(arena, *capacity, size);
	return count == 0 ? larger : memcpy(larger, array, count * size);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_allocate(arena, size);

	return size == 0 ? copy : memcpy(copy, data, size);
}

struct text arena_copy_text(struct arena *arena, struct text text)
{
	char *copy = arena_allocate(arena, text.size + 1);

	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	return (struct text){ .data = copy, .size = text.size };
}

struct bytes arena_copy_bytes(struct arena *arena, struct bytes bytes)
{
	return (struct bytes){ .data = arena_copy(arena, bytes.data, bytes.size), .size = bytes.size };
}

struct text arena_print(struct arena *arena, const char *format, ...)
{
	va_list arguments, again;
	char *text;
	int size;

	va_start(arguments, format);
	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, arguments);
	if (size < 0)
		abort();
	text = arena_allocate(arena, (size_t)size + 1);
	(void)vsnprintf(text, (size_t)size + 1, format, again);
	va_end(again);
	va_end(arguments);
	return (struct text){ .data = text, .size = (size_t)size };
}

static void free_older_than(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *older = block->older;
		free(block);
		block = older;
	}
}

void arena_reset(struct arena *arena)
{
	arena->used = 0;
	if (arena->newest == NULL)
		return;
	free_older_than(arena->newest->older);
	arena->newest->older = NULL;
	arena->newest->used = 0;
	if (arena->newest->size > 16 * BLOCK_SIZE)
		arena_finish(arena);
}

void arena_finish(struct arena *arena)
{
	free_older_than(arena->newest);
	*arena = (struct arena){ 0 };
}
