/* What the bodies of several sections share. */
#ifndef TRUCKROLL_WIRE_BODY_H
#define TRUCKROLL_WIRE_BODY_H

#include "protocol/wire/message.h"

/* An int64_t that is never negative, as a varint; a negative one (a bug) is written as 0. */
void write_count(struct writer *writer, int64_t value);
int64_t read_count(struct reader *reader);

void write_id(struct writer *writer, const struct id *id);
struct id read_id(struct reader *reader);
void write_hash(struct writer *writer, const struct hash *hash);
struct hash read_hash(struct reader *reader);
void write_cursor(struct writer *writer, const struct cursor *cursor);
struct cursor read_cursor(struct reader *reader);

/* Sets the ground that a section is to be completed with; NULL: it is in its long form. STATUS_CORRUPT: it is in the short one, and none is
 * given. */
enum status section_ground(const struct section *section, const struct common_ground *given, const struct common_ground **out_ground);
/* What the long form says and the short one leaves out: an id that the ground has, and all of a hash but its beginning. */
void write_unless(struct writer *writer, bool brief, const struct id *id);
struct id read_unless(struct reader *reader, const struct id *known);
void write_hash_within(struct writer *writer, bool brief, const struct hash *hash);
struct hash read_hash_within(struct reader *reader, bool brief);

/* Kind varint, then the id where the kind has one (not the two org scopes). */
void write_scope(struct writer *writer, const struct scope *scope);
/* STATUS_CORRUPT; STATUS_NEWER for an unknown kind. */
enum status read_scope(struct reader *reader, struct scope *out_scope);

/* One byte; a set bit beyond `known` is malformed. */
uint8_t read_flags(struct reader *reader, uint8_t known);

#endif
