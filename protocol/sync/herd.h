/* Thousands of devices come back at once, when a server or a network was away: what they brought is taken in at the speed it can be, and
 * whoever would wait for long is told when to come again, a different moment each. So nobody's request grows old in a queue, and whoever
 * asks for little is answered between them. Pure: the caller tells the time. */
#ifndef TRUCKROLL_SYNC_HERD_H
#define TRUCKROLL_SYNC_HERD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HERD_ROUND_MS   250   /* so long operations are taken in for one commit */
#define HERD_PATIENT_MS 4000  /* a queue that was never empty for so long is a herd's */
#define HERD_WAIT_MAX_MS 60000 /* nobody is told more, but for chance */

/* Zero-initialised it knows of no herd. */
struct herd {
	int64_t since_ms;        /* monotonic; the queue was never empty since; 0: it is, or nobody says */
	int64_t round_ms;        /* when the round began; 0: nothing was taken yet */
	size_t round_bytes;      /* taken in it */
	int64_t bytes_a_second;  /* as the rounds so far went; 0: not known */
	int64_t slot_ms;         /* when there is time for what is told next */
	int64_t told;            /* so many were told to come again */
};

/* Requests wait still (true), or none does. `now_ms` > 0. */
void herd_queue(struct herd *herd, bool waiting, int64_t now_ms);
/* A batch of `size` bytes is to be taken in. True: now. False: its sender is to come again in *out_wait_ms, 1 to a quarter more than
 * HERD_WAIT_MAX_MS; `chance`: any number. */
bool herd_admit(struct herd *herd, size_t size, int64_t now_ms, uint64_t chance, int64_t *out_wait_ms);
/* Whether a queue has grown old. */
bool herd_is_here(const struct herd *herd, int64_t now_ms);
/* Has the round taken so long that what it took is to be committed and answered? */
bool herd_round_is_full(const struct herd *herd, int64_t now_ms);
/* What the round took is committed and answered; the next one begins with what is admitted next. */
void herd_end_round(struct herd *herd, int64_t now_ms);

#endif
