/* Measured numbers as people type and read them: integers in units of 10^-scale, see schema.h. */
#ifndef TRUCKROLL_SHELL_NUMBER_TEXT_H
#define TRUCKROLL_SHELL_NUMBER_TEXT_H

#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* "12", "-0.5", also "12,5". STATUS_INVALID when it is no number, has more decimals than `scale`, or is beyond NUMBER_MAX. */
enum status number_from_text(struct text text, int64_t scale, int64_t *out_number);
/* The decimals it is written with, 0 to SCALE_MAX: "12.50" has 2. */
int64_t number_decimals(struct text text);
/* With all its decimals: "12.50". `scale` out of range is taken for 0. */
struct text number_to_text(struct arena *arena, int64_t number, int64_t scale);

#endif
