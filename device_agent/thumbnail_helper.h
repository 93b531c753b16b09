/* truckroll-thumbnail at work: a process of its own, because pictures come from anywhere and their decoder is large. It works while its
 * starter does something else; whatever becomes of it, the worst is that there is no thumbnail. */
#ifndef TRUCKROLL_DEVICE_AGENT_THUMBNAIL_HELPER_H
#define TRUCKROLL_DEVICE_AGENT_THUMBNAIL_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol/base/arena.h"
#include "protocol/base/text.h"

#define THUMBNAIL_WAIT_MS 2000 /* from its start: nobody waits longer for it */

struct thumbnail_helper {
	pid_t process; /* 0: there is none */
	int output;
	int64_t until_ms; /* monotonic */
};

/* Starts it on a copy of the JPEG: it lies beside this program. When it cannot be started, it made none. */
struct thumbnail_helper thumbnail_helper_start(struct bytes jpeg);
/* What it made, in `arena`, at most THUMBNAIL_SIZE_MAX bytes. It is gone afterwards. False: it made none, for whatever reason; that is no
 * failure of who asked for it. */
bool thumbnail_helper_finish(struct thumbnail_helper *helper, struct arena *arena, struct bytes *out_thumbnail);

#endif
