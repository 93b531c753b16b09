/* The seam for chance. Programs fill from libsodium, simulations from a seed. */
#ifndef TRUCKROLL_BASE_RANDOM_H
#define TRUCKROLL_BASE_RANDOM_H

#include <stddef.h>

struct random {
	void (*fill)(void *context, void *out, size_t size);
	void *context;
};

/* Fills `size` bytes at `out`. */
void random_fill(const struct random *random, void *out, size_t size);

#endif
