/* A stream of chance of its own for every part of a simulation: the same seed and name give the same bytes, whatever other
 * streams were asked for meanwhile, so that adding a device does not shift what happens to the others. */
#ifndef TRUCKROLL_TESTS_SIMULATION_STREAM_H
#define TRUCKROLL_TESTS_SIMULATION_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/random.h"

struct stream {
	uint8_t key[32];
	uint64_t block; /* of 512 bytes, next to be made */
	uint8_t bytes[512];
	size_t left;
};

void stream_init(struct stream *stream, uint64_t seed, const char *name);
void stream_fill(struct stream *stream, void *out, size_t size);
/* 0 .. bound - 1; `bound` > 0. */
uint64_t stream_below(struct stream *stream, uint64_t bound);
/* min .. max, both included. */
int64_t stream_between(struct stream *stream, int64_t min, int64_t max);
/* True `percent` times in a hundred. */
bool stream_chance(struct stream *stream, unsigned percent);
/* As the cores ask for it; `stream` must outlive it. */
struct random stream_random(struct stream *stream);

/* Makes libsodium draw from streams from now on; call before anything else of libsodium. */
void stream_seize_libsodium(void);
/* The stream libsodium draws from until the next call. */
void stream_for_libsodium(struct stream *stream);
/* That stream: whose turn it is. */
const struct stream *stream_of_libsodium(void);

#endif
