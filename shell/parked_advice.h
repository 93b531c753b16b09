/* What to do about a parked operation. */
#ifndef TRUCKROLL_SHELL_PARKED_ADVICE_H
#define TRUCKROLL_SHELL_PARKED_ADVICE_H

#include "protocol/domain/operation_outcome.h"

/* Of one that is parked, in English (the key of its translations). `here`: the record that it waits for is there all the same. */
const char *parked_advice(const struct operation_outcome *outcome, bool here);

#endif
