#include "protocol/base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/no_memory.h"

void *memory_allocate(size_t size)
{
	void *memory = malloc(size == 0 ? 1 : size);

	if (memory == NULL)
		no_memory();
	return memory;
}

void *memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL && count > 0 && size > 0)
		no_memory();
	return memory;
}

void *memory_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size);

	if (resized == NULL)
		no_memory();
	return resized;
}

void *memory_copy(const void *data, size_t size)
{
	void *copy = memory_allocate(size);

	return size == 0 ? copy : memcpy(copy, data, size);
}
