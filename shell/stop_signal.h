/* A process that serves is asked to end: by SIGTERM, SIGINT, or SIGHUP, as when the terminal it was started from is closed. */
#ifndef TRUCKROLL_SHELL_STOP_SIGNAL_H
#define TRUCKROLL_SHELL_STOP_SIGNAL_H

#include <stdbool.h>

/* From now on the signals only ask, and end a wait. One that is ignored stays so, as under nohup(1). */
void stop_signals_catch(void);
/* One came since. */
bool stop_is_asked(void);

#endif
