/* Files in memory under SQLite, for thousands of stores in one process: no descriptors, no fsync, and what was copied is shared until it is
 * written. A file is "/NUMBER/NAME", in the folder of that number. One thread, one connection a file. */
#ifndef TRUCKROLL_TESTS_BENCH_LOAD_MEMORY_DISK_H
#define TRUCKROLL_TESTS_BENCH_LOAD_MEMORY_DISK_H

#include <stddef.h>

#include "device_agent/store.h"

#define MEMORY_DISK_VFS "memory_disk"

/* Makes folders 0 to count - 1, empty, and the VFS known to SQLite; once, before anything else uses SQLite. */
void memory_disk_register(size_t count);
/* Gives everything back. No file may be open. */
void memory_disk_finish(void);

/* Folder `to` gets a copy of that file of folder `from`, with its log; neither may be open. */
void memory_disk_copy(size_t from, size_t to, const char *name);

/* For device_store_open(). */
extern const struct store_files memory_disk_files;

#endif
