#include "protocol/base/random.h"

void random_fill(const struct random *random, void *out, size_t size)
{
	random->fill(random->context, out, size);
}
