/* The least that a live change costs on this machine: three processes on plain SQLite, in the places of a device, the server and another
 * device. Each commits one row, durably (WAL, FULL), and hands it on: a local socket to the first, TCP over loopback between them. */
#ifndef TRUCKROLL_TESTS_BENCH_LEAST_H
#define TRUCKROLL_TESTS_BENCH_LEAST_H

#include <stdint.h>

struct least;

/* Starts them, with their databases in `dir`, which is there. Ends the program with a sentence when it cannot. */
struct least *least_start(const char *dir);

/* Hands the first one row; the CLOCK_MONOTONIC time in ns at which the last one has it on disk. */
int64_t least_change(struct least *least);

/* Ends them, and waits until they are gone. NULL is nothing. */
void least_stop(struct least *least);

#endif
