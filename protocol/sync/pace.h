/* How many bytes are asked for, or sent, at a time: fewer on a slow link, so that no operation waits long behind them, and little is lost
 * with a link that breaks. Pure. */
#ifndef TRUCKROLL_SYNC_PACE_H
#define TRUCKROLL_SYNC_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_MIN    ((size_t)4 * 1024)
#define PACE_FIRST  ((size_t)8 * 1024) /* of pieces, when nothing is known of the link: at 1 kB/s a whole one would be taken for lost */
#define PACE_AIM_MS 2000 /* what one step may take beside the way there and back … */
#define PACE_WAYS   4    /* … or so many times that: where the way is long, small steps would only wait for it */

/* A step of `size` bytes took so long, of which `way_ms` go there and back without any: the size of the next one, at most `max`. */
size_t pace_after(size_t size, int64_t took_ms, int64_t way_ms, size_t max);
/* A step was lost. */
size_t pace_after_loss(size_t size);

#endif
