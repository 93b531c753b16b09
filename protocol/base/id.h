/* A record's permanent name: 128 bits, derived from the operation that made it (docs/protocol.md). */
#ifndef TRUCKROLL_BASE_ID_H
#define TRUCKROLL_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/status.h"
#include "protocol/base/text.h"

#define ID_SIZE 16
#define ID_TEXT_SIZE (2 * ID_SIZE + 1)

/* All zero means "none". */
struct id {
	uint8_t bytes[ID_SIZE];
};

struct id_text {
	char characters[ID_TEXT_SIZE]; /* lower-case hexadecimal, NUL-terminated */
};

bool id_is_nil(const struct id *id);
bool id_equal(const struct id *left, const struct id *right);

/* Byte order: <0, 0, >0. */
int id_compare(const struct id *left, const struct id *right);

struct id_text id_to_text(const struct id *id);

/* Reads 32 hexadecimal digits; dashes are skipped. STATUS_INVALID for anything else. */
enum status id_from_text(struct text text, struct id *out_id);

#endif
