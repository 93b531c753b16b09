/* The least that a change costs on this machine, on plain SQLite: one row committed durably (WAL, FULL). A live change: three processes do
 * so in the places of a device, the server and another device, and hand it on: a local socket to the first, TCP over loopback between
 * them. */
#ifndef TRUCKROLL_TESTS_BENCH_LEAST_H
#define TRUCKROLL_TESTS_BENCH_LEAST_H

#include <sqlite3.h>
#include <stdint.h>

struct least_rows {
	sqlite3 *database;
	sqlite3_stmt *insert;
};

/* DIR/least-PLACE.db, made when it is not there. Ends the program with a sentence when it cannot, as all of these do. */
struct least_rows least_rows_open(const char *dir, int place);
void least_rows_add(const struct least_rows *rows, const void *row, int size);
void least_rows_close(struct least_rows *rows);

struct least;

/* Starts them, with their databases in `dir`, which is there. */
struct least *least_start(const char *dir);

/* Hands the first one row; the CLOCK_MONOTONIC time in ns at which the last one has it on disk. */
int64_t least_change(struct least *least);

/* Ends them, and waits until they are gone. NULL is nothing. */
void least_stop(struct least *least);

#endif
