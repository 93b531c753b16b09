/* A list of rows, each once, with a quick answer to whether one is among them. */
#ifndef TRUCKROLL_SYNC_MEMBER_SET_H
#define TRUCKROLL_SYNC_MEMBER_SET_H

#include "protocol/sync/server_store.h"

/* Zero-initialised with an arena it is empty. Only kind and id of the members count. */
struct member_set {
	struct arena *arena;
	struct member *members; /* in the order in which they were added */
	size_t count;
	size_t capacity;
	uint32_t *slots; /* position + 1 of a member; 0: free */
	size_t slot_count;
};

/* NULL when it is not there. O(1). */
struct member *member_set_find(const struct member_set *set, enum record_kind kind, const struct id *id);
/* Adds one that is not there yet; false when it was. Members move in memory. O(1) over many. */
bool member_set_add(struct member_set *set, const struct member *member);

#endif
