/* The canonical form of an operation, over which its chain hash runs. Permanent. */
#ifndef TRUCKROLL_WIRE_OPERATION_CODEC_H
#define TRUCKROLL_WIRE_OPERATION_CODEC_H

#include "protocol/base/buffer.h"
#include "protocol/domain/operation.h"

#define OPERATION_SIZE_MAX ((size_t)60 * 1024)

/* bytes(canonical head) ‖ bytes(canonical arguments; empty when the kind has none) and for an EDIT: varint mask ‖ bytes(canonical old
 * values), where `bytes` is a varint length and the bytes, and rows of an EDIT carry only fields of the mask. CREATE's record carries
 * its id only when head.subject is given; the rows of every other kind carry the nil id. */
void operation_encode(struct writer *writer, const struct operation *operation);

/* The reverse, strict: STATUS_CORRUPT for anything operation_encode() would not write, STATUS_NEWER for unknown kinds. Structure only:
 * the rules are operation_validate()'s. Texts are borrowed from `bytes`. */
enum status operation_decode(struct arena *arena, struct bytes bytes, struct operation *out_operation);

/* The pieces that the batch shares. */

/* Every tag of the schema but the id's: what the mask of an EDIT may hold. */
uint64_t schema_mask(const struct schema *schema);
/* What the arguments of numbers read from outside are; NULL when that kind has none. STATUS_NEWER for unknown numbers. */
enum status operation_schema(uint64_t kind, uint64_t record, const struct schema **out_schema);

#endif
