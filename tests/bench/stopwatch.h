/* What a stretch of work took: monotonic time and CPU of the process. */
#ifndef TRUCKROLL_TESTS_BENCH_STOPWATCH_H
#define TRUCKROLL_TESTS_BENCH_STOPWATCH_H

#include <stdint.h>

struct stopwatch {
	int64_t started_ns;
	double cpu_started;
	double seconds;     /* after stopwatch_stop() */
	double cpu_seconds; /* user and system */
};

void stopwatch_start(struct stopwatch *watch);
void stopwatch_stop(struct stopwatch *watch);

/* CLOCK_MONOTONIC, comparable between processes of one machine. */
int64_t stopwatch_now_ns(void);

#endif
