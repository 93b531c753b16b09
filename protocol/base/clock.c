#include "protocol/base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t which)
{
	struct timespec now;

	(void)clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_now_ms(void *context)
{
	(void)context;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *context)
{
	(void)context;
	return read_clock(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
	static const struct clock system = { .now_ms = system_now_ms, .monotonic_ms = system_monotonic_ms };

	return &system;
}

int64_t clock_now_ms(const struct clock *clock)
{
	return clock->now_ms(clock->context);
}

int64_t clock_monotonic_ms(const struct clock *clock)
{
	return clock->monotonic_ms(clock->context);
}
