/* DIR/lock: who holds it owns the store (docs/architecture.md). */
#ifndef TRUCKROLL_SHELL_LOCK_H
#define TRUCKROLL_SHELL_LOCK_H

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

struct lock {
	int descriptor;
};

/* Takes the lock, waiting up to `wait_ms`; `program` is told to others who want it. STATUS_BUSY names the holder, STATUS_CANNOT_WRITE,
 * STATUS_NOT_FOUND when there is no such directory. Ends with the process at the latest. */
enum status lock_take(const char *dir, const char *program, int wait_ms, struct lock *out_lock);
/* Who holds it, in the arena, such as "truckroll agent, process 4711"; "another process" when that is not known. */
struct text lock_holder(struct arena *arena, const char *dir);
/* Accepts a lock with descriptor -1 and leaves it so. */
void lock_release(struct lock *lock);

#endif
