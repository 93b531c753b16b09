/* A descriptor that becomes readable when another thread has something: what joins it to a poll loop. */
#ifndef TRUCKROLL_TRANSPORT_SIGNAL_FILE_H
#define TRUCKROLL_TRANSPORT_SIGNAL_FILE_H

#include "protocol/base/status.h"

/* Close it with close(). STATUS_CANNOT_WRITE when the process has no descriptor left. */
enum status signal_file_open(int *out_descriptor);
/* From any thread and from signal handlers; keeps errno. */
void signal_file_raise(int descriptor);
void signal_file_clear(int descriptor);

#endif
