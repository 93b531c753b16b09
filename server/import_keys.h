/* The records a file has named so far: finds a key that is used twice. */
#ifndef TRUCKROLL_SERVER_IMPORT_KEYS_H
#define TRUCKROLL_SERVER_IMPORT_KEYS_H

#include <stdbool.h>

#include "protocol/base/id.h"

/* Most records of one file: 128 MiB of table. */
#define IMPORT_RECORDS_MAX ((size_t)3 * 1000 * 1000)

struct import_key;

/* Zero-initialised is empty; import_keys_finish() gives the memory back. */
struct import_keys {
	struct import_key *slots;
	size_t capacity;
	size_t count;
};

enum import_key_use {
	IMPORT_KEY_NEW,
	IMPORT_KEY_REPEATED, /* there already, with the same content */
	IMPORT_KEY_TAKEN,    /* there already, with other content */
};

/* Adds the record with that id and a fingerprint of its content. `*out_line` is the line it was first on; when it is new, `line`.
 * STATUS_INVALID when there are more than IMPORT_RECORDS_MAX. */
enum status import_keys_add(
	struct import_keys *keys, const struct id *id, uint64_t content, int64_t line, enum import_key_use *out_use, int64_t *out_line);

bool import_keys_has(const struct import_keys *keys, const struct id *id);

/* Gives its memory back. */
void import_keys_finish(struct import_keys *keys);

#endif
