/* The dictionary that came with revision 4 of the schema; tests/dictionary/train.c made it. Permanent. */
#ifndef TRUCKROLL_WIRE_DICTIONARY_4_H
#define TRUCKROLL_WIRE_DICTIONARY_4_H

#include <stdint.h>

#define DICTIONARY_4_SIZE 12288

extern const uint8_t dictionary_4[DICTIONARY_4_SIZE];

#endif
