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

/* Kind varint, then the id where the kind has one (not the two org scopes). */
void write_scope(struct writer *writer, const struct scope *scope);
/* STATUS_CORRUPT; STATUS_NEWER for an unknown kind. */
enum status read_scope(struct reader *reader, struct scope *out_scope);

/* One byte; a set bit beyond `known` is malformed. */
uint8_t read_flags(struct reader *reader, uint8_t known);

#endif
