/* State machines as tables: one row per move, one function that looks it up. */
#ifndef TRUCKROLL_DOMAIN_MACHINE_H
#define TRUCKROLL_DOMAIN_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/domain/schema.h"

struct move {
	uint32_t from;
	uint32_t event;
	uint32_t to;
};

struct machine {
	const char *name;
	const struct move *moves;
	size_t move_count;
	const struct choice *states;
	const struct choice *events;
};

/* False when the table has no such move; `*out_to` is set on success only. */
bool machine_next(const struct machine *machine, uint32_t from, uint32_t event, uint32_t *out_to);

#endif
