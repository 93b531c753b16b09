#include "tests/bench/stopwatch.h"

#include <sys/resource.h>
#include <time.h>

static double cpu_now(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int64_t stopwatch_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void stopwatch_start(struct stopwatch *watch)
{
	watch->cpu_started = cpu_now();
	watch->started_ns = stopwatch_now_ns();
}

void stopwatch_stop(struct stopwatch *watch)
{
	watch->seconds = (double)(stopwatch_now_ns() - watch->started_ns) / 1e9;
	watch->cpu_seconds = cpu_now() - watch->cpu_started;
}
