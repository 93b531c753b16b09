/* The digests of scopes as both programs print them: server and device are equal when they say the same of every scope that
 * the device holds. */
#ifndef TRUCKROLL_SHELL_DIGEST_LISTING_H
#define TRUCKROLL_SHELL_DIGEST_LISTING_H

#include "protocol/domain/schema.h"
#include "protocol/wire/record_codec.h"
#include "shell/output.h"

/* The word for a kind of scope, such as "job"; borrowed, or in `arena`: the number of one that this version does not know. */
struct text scope_word(struct arena *arena, enum scope_kind kind);
/* A table "digests" of scope, of (nil for the whole organisation), rows, sum (32 digits, the highest first). */
struct table *digest_listing_start(struct output *output);
void digest_listing_add(struct table *table, struct arena *arena, const struct scope *scope, const struct digest *digest);

#endif
