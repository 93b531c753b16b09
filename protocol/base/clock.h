/* The seam for time: nothing but its implementations asks the system what time it is. */
#ifndef TRUCKROLL_BASE_CLOCK_H
#define TRUCKROLL_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*now_ms)(void *context);       /* wall time, ms since 1970-01-01 UTC; may jump */
	int64_t (*monotonic_ms)(void *context); /* never goes back; the origin means nothing */
	void *context;
};

/* The machine's clocks. */
const struct clock *clock_system(void);

int64_t clock_now_ms(const struct clock *clock);
int64_t clock_monotonic_ms(const struct clock *clock);

#endif
