/* Many ids of one kind, whole or shortened (docs/protocol.md, "Columns"). Permanent. Their count is known from the context. */
#ifndef TRUCKROLL_WIRE_IDS_H
#define TRUCKROLL_WIRE_IDS_H

#include "protocol/base/buffer.h"
#include "protocol/base/id.h"
#include "protocol/domain/schema.h"

#define REFERENCE_WIDTH_MIN 4
#define REFERENCE_WIDTH_MAX 16

/* How ids are shortened when written and found again when read. A NULL pointer or function means whole ids. */
struct references {
	/* Bytes (4..16) that make each of the ids unique among the sender's rows of that kind, plus two; 16 as soon as the
	 * receiver may not have one of them. */
	size_t (*width)(void *context, enum record_kind kind, const struct id *ids, size_t count);
	/* The one id of that kind that begins so. STATUS_AMBIGUOUS when several do, STATUS_NOT_FOUND when none does. */
	enum status (*resolve)(void *context, enum record_kind kind, const uint8_t *prefix, size_t width, struct id *out_id);
	void *context;
};

/* `kind` RECORD_NONE: whole ids, whatever `references` says. */
void ids_encode(struct writer *writer, const struct id *ids, size_t count, enum record_kind kind, const struct references *references,
		struct arena *scratch);

/* The ids are in `scratch`. STATUS_CORRUPT, STATUS_NEWER (unknown form), or what `references->resolve` says; STATUS_NOT_FOUND for a
 * shortened id when there is none. */
enum status ids_decode(struct reader *reader, struct arena *scratch, size_t count, enum record_kind kind,
		       const struct references *references, struct id **out_ids);

#endif
