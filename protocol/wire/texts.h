/* Many texts of one field (docs/protocol.md, "Columns"). Permanent. Their count is known from the context. */
#ifndef TRUCKROLL_WIRE_TEXTS_H
#define TRUCKROLL_WIRE_TEXTS_H

#include "protocol/base/buffer.h"

/* Chooses among the forms by what they cost; nothing written depends on `scratch`. */
void texts_encode(struct writer *writer, const struct text *texts, size_t count, struct arena *scratch);

/* The texts are views of the reader's bytes, or in `arena`, where they take at most `*room`, which is lessened; the list itself is in
 * `scratch`. STATUS_CORRUPT (also for bad UTF-8), STATUS_NEWER for an unknown form. */
enum status texts_decode(struct reader *reader, struct arena *arena, struct arena *scratch, size_t count, size_t *room,
			 struct text **out_texts);

#endif
