/* Dictionaries of small packed blocks: what rows and operations are likely to say, trained on the example organisation. The number of
 * one is the revision of the schema that it came with, and means the same bytes for ever: what was packed by it must be readable. They
 * are part of both programs; none comes over the wire. */
#ifndef TRUCKROLL_WIRE_DICTIONARY_H
#define TRUCKROLL_WIRE_DICTIONARY_H

#include "protocol/base/buffer.h"

#define DICTIONARY_NONE 0

/* Its bytes, as zstd takes them; borrowed for good. Empty: the number is not known to this process. */
struct bytes dictionary_bytes(uint8_t number);

/* The newest one known to this process and to whoever said in a hello or welcome that its schema has that revision; NONE: they share
 * none. */
uint8_t dictionary_common(int64_t revision);

/* The same made ready, once for the process; borrowed for good. NULL: the number is not known to this process. Any thread. */
const struct ZSTD_CDict_s *dictionary_for_writing(uint8_t number);
const struct ZSTD_DDict_s *dictionary_for_reading(uint8_t number);

#endif
