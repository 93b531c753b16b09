/* A file being imported, as a stream of bytes: plain or gzip, told by its first bytes. Bounded: never more than
 * IMPORT_FILE_MAX bytes after unpacking, however small the file was. */
#ifndef TRUCKROLL_SERVER_IMPORT_INPUT_H
#define TRUCKROLL_SERVER_IMPORT_INPUT_H

#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

#define IMPORT_FILE_MAX ((int64_t)1024 * 1024 * 1024)
/* Longest line, or row of several lines. */
#define IMPORT_LINE_MAX ((size_t)1024 * 1024)

/* What import_input_take() and import_input_peek() give at the end and after a failure. */
#define IMPORT_INPUT_END (-1)

struct import_input;

/* Opens a regular file; the handle's memory is in `arena`, the file is open until import_input_close(). STATUS_NOT_FOUND when there
 * is none or it cannot be read, STATUS_INVALID for what is not a file or over the limit. */
enum status import_input_open(struct arena *arena, const char *path, struct import_input **out_input);

/* The same over bytes that the caller keeps. */
struct import_input *import_input_of(struct arena *arena, struct bytes bytes);

/* Safe on NULL. */
void import_input_close(struct import_input *input);

/* Back to the first byte, with a fresh fingerprint. */
enum status import_input_rewind(struct import_input *input);

/* The next byte, 0 to 255, or IMPORT_INPUT_END. peek leaves it there. */
int import_input_take(struct import_input *input);
int import_input_peek(struct import_input *input);

/* Up to `size` bytes that come next, without taking them: at most what is buffered, at least one unless at the end. */
struct bytes import_input_ahead(struct import_input *input, size_t size);

/* Takes `size` of the bytes that import_input_ahead() showed. */
void import_input_skip(struct import_input *input, size_t size);

/* STATUS_OK at a true end of file; otherwise why the bytes stopped (damaged gzip, unreadable, too big). */
enum status import_input_status(const struct import_input *input);

/* Length and CRC of what was taken so far: differs when the file changed between two passes. */
uint64_t import_input_fingerprint(const struct import_input *input);

/* How much of the file as stored was read, and its size. */
int64_t import_input_done(const struct import_input *input);
int64_t import_input_size(const struct import_input *input);

#endif
