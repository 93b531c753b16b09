/* What a program's exit code means; one table for both programs. */
#ifndef TRUCKROLL_SHELL_EXIT_CODE_H
#define TRUCKROLL_SHELL_EXIT_CODE_H

#include "protocol/base/status.h"

/* Scripts rely on these numbers. */
enum exit_code {
	EXIT_CODE_DONE = 0,         /* work saved offline is done as well */
	EXIT_CODE_REFUSED = 1,      /* a rule says no */
	EXIT_CODE_USAGE = 2,        /* the command line or a file given to it is malformed */
	EXIT_CODE_NOT_FOUND = 3,    /* no such record */
	EXIT_CODE_OFFLINE = 4,      /* the peer cannot be reached */
	EXIT_CODE_CORRUPT = 5,      /* damaged or unreadable data */
	EXIT_CODE_CANNOT_WRITE = 6, /* disk full, read-only, or held by another process */
	EXIT_CODE_NEWER = 7,        /* made by a newer version */
	EXIT_CODE_NO_MEMORY = 8,    /* nothing else was done; as no_memory() ends a process */
	EXIT_CODE_COUNT,
};

/* What a program that failed with this status exits with. */
enum exit_code exit_code_of(enum status status);

/* Key of the catalogue's sentence for the status, such as "status.offline". */
const char *exit_code_message(enum status status);

#endif
