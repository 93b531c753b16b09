/* A library that is loaded when it is first needed, since it takes longer to load than most commands to run. */
#ifndef TRUCKROLL_TRANSPORT_LATE_LIBRARY_H
#define TRUCKROLL_TRANSPORT_LATE_LIBRARY_H

#include <stddef.h>

#include "protocol/base/status.h"

struct late_call {
	const char *name;
	size_t offset; /* of the pointer to it, among the calls */
};

struct late_library {
	const char *file;    /* with the number of its binary interface */
	const char *name;    /* as people know it */
	const char *package; /* Debian's */
	const struct late_call *table;
	size_t count;
};

/* Sets each pointer of `calls` that the table names. STATUS_CANNOT_WRITE when the library is not installed or lacks a call. It stays
 * loaded; any thread. */
enum status late_library_load(const struct late_library *library, void *calls);

#endif
