/* Which of several queues goes next, so that each gets its share of the bytes and none starves: deficit round robin (M. Shreedhar and
 * G. Varghese, "Efficient Fair Queueing Using Deficit Round Robin", SIGCOMM 1995). Pure. */
#ifndef TRUCKROLL_SYNC_FAIR_SHARES_H
#define TRUCKROLL_SYNC_FAIR_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARES_MAX 8

/* Zero-initialised nobody was served yet. */
struct fair_shares {
	int64_t deficits[SHARES_MAX]; /* what a queue may still send in this round, in bytes */
	size_t turn;                  /* whose it is … */
	bool credited;                /* … and whether it got the quantum of this round */
};

/* The queue to be served, which is charged for it; `count` when nothing waits anywhere. `heads`: bytes of what each queue would send next,
 * 0: nothing waits in it. `quanta`: what each gets a round, above 0. While all wait, the bytes served stand in the ratio of the quanta, but
 * for a quantum and the largest head. O(count × largest head / smallest quantum). */
size_t fair_shares_next(struct fair_shares *shares, const int64_t *quanta, const int64_t *heads, size_t count);

#endif
