/* The server's keys on disk: DIR/server.keys (its own, with the root's certificate) and DIR/root.key (the organisation's root,
 * needed only to certify new server keys; keep a copy elsewhere). Both 0600. */
#ifndef TRUCKROLL_SERVER_SERVER_KEYS_H
#define TRUCKROLL_SERVER_SERVER_KEYS_H

#include "protocol/base/arena.h"
#include "protocol/wire/enrolment.h"

/* Makes fresh keys and both files. `passphrase` may be empty: then the root key is only protected by the file's mode.
 * Otherwise it is sealed with XSalsa20-Poly1305 under argon2id13 at libsodium's MODERATE limits (INTERACTIVE when `quick`, for
 * tests). */
enum status server_keys_make(struct arena *arena, struct text dir, const struct id *organisation, struct text passphrase, bool quick);

/* STATUS_NOT_FOUND when there is no organisation in `dir`; STATUS_CORRUPT when the files do not fit each other. */
enum status server_keys_load(struct arena *arena, struct text dir, struct server_keys *out_keys, struct identity *out_identity);

/* Looks at the root key, which nothing reads for years: STATUS_CORRUPT when it is damaged or another organisation's. That there is
 * none here is well: it may be kept elsewhere. Of a sealed one only the form can be seen. */
enum status server_keys_check_root(struct arena *arena, struct text dir, const struct server_keys *keys);

#endif
