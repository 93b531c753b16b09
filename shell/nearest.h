/* Which known word was probably meant by one that is not known. */
#ifndef TRUCKROLL_SHELL_NEAREST_H
#define TRUCKROLL_SHELL_NEAREST_H

#include <stddef.h>

#include "protocol/base/text.h"

struct nearest {
	struct text word; /* as typed */
	struct text best;
	size_t distance;
};

/* Begins a search: offer it every known word, then ask for the best. `word` is borrowed, and so is what is offered. */
struct nearest nearest_to(struct text word);
void nearest_offer(struct nearest *nearest, const char *known);
/* The best one offered; empty when none is near. */
struct text nearest_found(const struct nearest *nearest);

/* Letters to insert, remove, change or swap with a neighbour; words beyond 63 bytes count as far away. */
size_t text_distance(struct text left, struct text right);

#endif
