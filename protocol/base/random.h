/* The seam for chance. Programs fill from the system, simulations from a seed. */
#ifndef TRUCKROLL_BASE_RANDOM_H
#define TRUCKROLL_BASE_RANDOM_H

#include <stddef.h>

struct random {
	void (*fill)(void *context, void *out, size_t size);
	void *context;
};

/* The machine's randomness, fit for keys. */
const struct random *random_system(void);

/* Fills `size` bytes at `out`. */
void random_fill(const struct random *random, void *out, size_t size);

#endif
