/* Many rows of one schema, field by field: what is alike lies together and compresses (docs/protocol.md, "Columns"). Permanent. */
#ifndef TRUCKROLL_WIRE_COLUMNS_H
#define TRUCKROLL_WIRE_COLUMNS_H

#include "protocol/base/buffer.h"
#include "protocol/domain/schema.h"
#include "protocol/wire/ids.h"

#define COLUMNS_ROWS_MAX ((size_t)65536)

/* Decoded rows of one block (a page, a batch) take at most this much memory, every text counted as often as it occurs: who writes such
 * rows out one by one takes no more. */
#define COLUMNS_MEMORY_MAX ((size_t)16 * 1024 * 1024)

/* What a writer may fill of it, so that what one build sends another one takes. */
#define COLUMNS_ROOM (COLUMNS_MEMORY_MAX / 2)

/* Which fields of a row count. */
struct columns {
	const struct schema *schema;
	const void *const *rows;
	const uint64_t *masks; /* one a row, bit `tag`; NULL: every field of every row */
	size_t count;
	/* The ids (tag 1) are references to rows the receiver has (EDIT, left, patch), not new ones. */
	bool ids_known;
	enum record_kind ids_kind; /* the kind the ids name, when known */
	bool masks_known;          /* the receiver has the masks from elsewhere: they are not written */
	bool extra;                /* also fields that this program does not know (row_extra()); the receiver may do the same */
	uint64_t left_out;         /* tags that are never written, whatever the rows hold; bit 1: the ids */
};

/* The count of rows is not written. `references` may be NULL: ids are then whole. `*room` is the memory that the decoded rows of the
 * block may still take, COLUMNS_ROOM at its start, and is lessened; the writer overflows beyond it. */
void columns_encode(struct writer *writer, const struct columns *columns, const struct references *references, size_t *room);

/* What a reader must know beforehand; the members are those of struct columns. */
struct columns_shape {
	const struct schema *schema;
	size_t count; /* <= COLUMNS_ROWS_MAX */
	bool masked;
	const uint64_t *masks; /* masked, and known from elsewhere: not read */
	bool ids_known;
	enum record_kind ids_kind;
	uint64_t left_out;
	bool extra; /* unknown fields are kept, in columns and in masks; else they are STATUS_NEWER */
	const struct references *references; /* NULL: ids are whole */
};

/* Reads the rows; rows and masks are in `arena`, texts there or views of the reader's bytes. STATUS_CORRUPT, STATUS_NEWER (unknown
 * tag or encoding), STATUS_AMBIGUOUS or STATUS_NOT_FOUND (from resolve). `*room` is the memory that the rows of the block may still
 * take, COLUMNS_MEMORY_MAX at its start, and is lessened; STATUS_CORRUPT beyond it. `out_masks` may be NULL. */
enum status columns_decode(struct reader *reader, struct arena *arena, const struct columns_shape *shape, size_t *room, void ***out_rows,
	uint64_t **out_masks);

#endif
