/* A compressed block: compression byte (0 stored, 1 zstd) ‖ dictionary byte (0 none) ‖ raw size varint ‖ bytes. Permanent. */
#ifndef TRUCKROLL_WIRE_PACK_H
#define TRUCKROLL_WIRE_PACK_H

#include "protocol/base/buffer.h"

#define PACK_RAW_MAX        ((size_t)1024 * 1024)
#define PACK_WINDOW_LOG_MAX 18

/* Writes `raw` (<= PACK_RAW_MAX) as varint length ‖ block; stored when compression gains nothing. `level` is zstd's. */
void pack_write(struct writer *writer, struct bytes raw, int level);

/* Reads what pack_write() wrote; the raw bytes are in `arena`. STATUS_CORRUPT for bombs (more than the stated size), windows over
 * 2^18, several or skippable frames; STATUS_NEWER for unknown compression or dictionary numbers. */
enum status pack_read(struct reader *reader, struct arena *arena, struct bytes *out_raw);

#endif
