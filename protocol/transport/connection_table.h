/* The connections of a listener: what each has shown of itself, who it belongs to, and which goes when there are too many. Knows no
 * carrier: connections are numbers that the listener gives. One thread. */
#ifndef TRUCKROLL_TRANSPORT_CONNECTION_TABLE_H
#define TRUCKROLL_TRANSPORT_CONNECTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/id.h"

/* What a connection has shown of itself. */
enum connection_standing {
	STANDING_SILENT,  /* nothing yet */
	STANDING_GREETED, /* something that makes sense, and could be a recording */
	STANDING_PROVED,  /* something that only its author can say now */
};

struct connection {
	uint32_t number; /* 0: free */
	enum connection_standing standing;
	uint32_t older; /* connections of the same standing, in the order they came to it; 0: none. Not of those that proved themselves */
	uint32_t newer;
	int64_t since_ms; /* monotonic; it came to its standing */
	struct id owner;  /* of one that proved itself */
	uint32_t sibling; /* the next older one whose owner has the same place; 0: none */
};

/* Connections that proved nothing, in the order in which they go. */
struct doubtful {
	uint32_t oldest;
	uint32_t newest;
	size_t count;
};

/* An open-addressing table of at least twice as many places as there may be connections. */
struct connection_table {
	struct connection *places;
	size_t size; /* a power of two */
	size_t max;
	size_t count;
	uint32_t *owners; /* by owner, of the same size: the newest that proved itself */
	struct doubtful doubtful[STANDING_PROVED]; /* by standing */
};

/* For at most `max` connections, at least 1. Running out of memory ends the process. */
void connection_table_init(struct connection_table *table, size_t max);
void connection_table_finish(struct connection_table *table);

/* NULL when there is none. Valid until the next connection is added or removed. */
struct connection *connection_find(const struct connection_table *table, uint32_t number);

/* Which connection goes when there is one too many, 0 when all have proved themselves: the oldest of those that greeted when they are
 * more than half of those that proved nothing, else of the silent ones. So whoever fills the listener with connections pushes out mostly
 * its own, and recordings leave newcomers the time that a slow link takes. */
uint32_t connection_to_leave(const struct connection_table *table);
/* A newcomer, silent; `number` is not 0 and not in use, and there is room. */
struct connection *connection_add(struct connection_table *table, uint32_t number, int64_t now_ms);
void connection_remove(struct connection_table *table, uint32_t number);

/* It greeted. False when it had risen so far before, or is not there. */
bool connection_greet(struct connection_table *table, uint32_t number, int64_t now_ms);
/* It proved to be `owner`'s (not nil), who keeps it: a standing is never lost again, an owner never changed. False as above. */
bool connection_prove(struct connection_table *table, uint32_t number, const struct id *owner, int64_t now_ms);
/* The oldest of an owner's connections but for its newest `kept`; 0 when there are no more. */
uint32_t connection_oldest_beyond(const struct connection_table *table, const struct id *owner, size_t kept);

/* The oldest of one standing, when its time, `life_ms`, is over; else 0. O(1). */
uint32_t connection_overdue(const struct connection_table *table, enum connection_standing standing, int64_t now_ms, int64_t life_ms);

#endif
