/* Signs that the server has lost commits: a device says, in the same epoch, that it was told of a later one. Only its word, which may be a
 * lie: a person is told which device says so, and how to see whether it is true. What the server itself wrote down beside its store
 * (server/commit_note.h) is proof. */
#ifndef TRUCKROLL_SYNC_LOSS_H
#define TRUCKROLL_SYNC_LOSS_H

#include "protocol/sync/server_store.h"
#include "protocol/wire/message.h"

#define LOSS_SIGNS_MAX 64

struct loss_sign {
	struct id device;
	int64_t device_gseq; /* it says that it was told of this commit … */
	int64_t server_gseq; /* … when the server had come so far */
};

/* Since the server's start; one a device, the first so many. */
struct losses {
	struct loss_sign signs[LOSS_SIGNS_MAX];
	size_t count;
	size_t told; /* by the owner of the log: so many of them */
};

/* Looks at where a device says it stands; true when that is a new sign. `state` is as durable as what devices were told of. */
bool loss_look(struct losses *losses, const struct server_state *state, const struct id *device, const struct cursor *cursor);

#endif
