/* A process that gives up what it does not need: what it is given may be made to take it over, and then there is nothing to take. */
#ifndef TRUCKROLL_THUMBNAIL_CONFINE_H
#define TRUCKROLL_THUMBNAIL_CONFINE_H

#include "protocol/base/status.h"

/* From here on it reads standard input, writes standard output and standard error, and has a bounded amount of memory and of the
 * processor's time; whatever else it asks of the system kills it. For good. STATUS_REFUSED: this system cannot do so; nothing may be read
 * then. */
enum status confine(void);

#endif
