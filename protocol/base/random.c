#include "protocol/base/random.h"

#include <sodium.h>

static void fill_from_system(void *context, void *out, size_t size)
{
	(void)context;
	randombytes_buf(out, size);
}

const struct random *random_system(void)
{
	static const struct random system = { .fill = fill_from_system };

	return &system;
}

void random_fill(const struct random *random, void *out, size_t size)
{
	random->fill(random->context, out, size);
}
