/* A compressed block: compression byte (0 stored, 1 a zstd frame, 2 the blocks of one, by a dictionary) ‖ dictionary byte (0 none)
 * ‖ raw size varint ‖ bytes. Permanent. */
#ifndef TRUCKROLL_WIRE_PACK_H
#define TRUCKROLL_WIRE_PACK_H

#include "protocol/wire/dictionary.h"

#define PACK_RAW_MAX        ((size_t)1024 * 1024)
#define PACK_SMALL_MAX      ((size_t)16 * 1024) /* so much may be packed with a dictionary: beyond it, that gains nothing */
#define PACK_WINDOW_LOG_MAX 18

/* Writes `raw` (<= PACK_RAW_MAX) as varint length ‖ block, in the form that is shortest: stored, compressed, or compressed by the
 * dictionary, which the reader must know (DICTIONARY_NONE: without). `level` is zstd's, for what takes no dictionary. */
void pack_write(struct writer *writer, struct bytes raw, int level, uint8_t dictionary);

/* Reads what pack_write() wrote; the raw bytes are in `arena`. STATUS_CORRUPT for bombs (more than the stated size), windows over
 * 2^18, several or skippable frames; STATUS_NEWER for unknown compressions, and for dictionaries not known to this process. */
enum status pack_read(struct reader *reader, struct arena *arena, struct bytes *out_raw);

#endif
