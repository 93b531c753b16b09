/* A store of files in memory (protocol/sync/blob_files.h) on a simulated disk: it dies and runs full with that disk, and a crash loses,
 * cuts and spoils what was not kept. One thread. */
#ifndef TRUCKROLL_TESTS_SIMULATION_MEMORY_FILES_H
#define TRUCKROLL_TESTS_SIMULATION_MEMORY_FILES_H

#include "protocol/base/clock.h"
#include "protocol/sync/blob_files.h"
#include "tests/simulation/crash_vfs.h"

struct memory_files;

/* Ages are by the wall clock of the node, as those of a file system. Both must outlive it. */
struct memory_files *memory_files_create(struct crash_disk *disk, const struct clock *clock);
/* Accepts NULL. */
void memory_files_destroy(struct memory_files *files);
/* As the cores ask for it; valid as long as `files`. */
const struct blob_files *memory_files_of(const struct memory_files *files);

/* What was kept is there; of the rest anything may be, removed names may be back, and ends may be garbage. */
void memory_files_crash(struct memory_files *files, struct stream *stream);
/* Makes `to` what `from` is, durably. */
void memory_files_copy(struct memory_files *to, const struct memory_files *from);
/* Everything there is was written so long ago. */
void memory_files_grow_old(struct memory_files *files, int64_t by_ms);

/* In the order they were made; the visit changes nothing. */
typedef void (*memory_file_visit)(void *user, const char *name, struct bytes content);
void memory_files_each(const struct memory_files *files, memory_file_visit visit, void *user);

#endif
