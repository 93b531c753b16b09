/* The 2,048 words in which two people compare keys: 4 to 6 letters, and no slip of one letter turns one into another. Permanent: both
 * sides must show the same words. */
#ifndef TRUCKROLL_WIRE_WORDS_H
#define TRUCKROLL_WIRE_WORDS_H

#include <stdint.h>

#define WORDS_SIZE 2048
#define WORD_BITS  11

/* The word of a number below WORDS_SIZE, NUL-terminated, in lower case; alphabetical order. */
const char *words_get(uint32_t number);

#endif
