/* The last line of a file of settings that a program wrote for itself: `check = <BLAKE2b-256 of the lines before, in hexadecimal>`.
 * It finds damage, not malice: who can write the file can write the line. */
#ifndef TRUCKROLL_SHELL_CHECK_LINE_H
#define TRUCKROLL_SHELL_CHECK_LINE_H

#include <stdbool.h>

#include "protocol/base/buffer.h"

#define CHECK_LINE_KEY "check"

/* Ends what was written so far, whole lines, with its line. */
void check_line_write(struct writer *writer);
/* False: there is no such line at the very end, or it is of other lines. */
bool check_line_fits(struct bytes content);

#endif
