/* Whole files and directories. */
#ifndef TRUCKROLL_SHELL_FILE_H
#define TRUCKROLL_SHELL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* Reads a regular file into the arena, with a NUL behind it. STATUS_NOT_FOUND, STATUS_INVALID (larger than
 * `size_max`, not a file), STATUS_CORRUPT (cannot be read). */
enum status file_read(struct arena *arena, const char *path, size_t size_max, struct bytes *out_bytes);

/* Reads `size` bytes of a regular file from `offset` on. STATUS_CORRUPT also when they are not there, else as file_read(). */
enum status file_read_part(struct arena *arena, const char *path, int64_t offset, size_t size, struct bytes *out_bytes);

/* Replaces the file whole or not at all, durable on return. `mode` such as 0600. STATUS_CANNOT_WRITE says why and what to do;
 * STATUS_REFUSED when something else has that name (a device, a pipe, a symbolic link), STATUS_INVALID when a directory has. */
enum status file_write(const char *path, struct bytes bytes, unsigned int mode);

/* Can a file take the place of what has that name, if anything has? STATUS_REFUSED and STATUS_INVALID, as file_write(). */
enum status file_check_target(const char *path);

/* Makes a whole file durable under another name, in the place of what had it: syncs it, renames it, and syncs its directory. Both names are
 * of one directory. */
enum status file_keep(const char *path, const char *as);

/* Writes all of it at the descriptor's place; `path` is only said. Not durable. STATUS_CANNOT_WRITE, as file_fail(). */
enum status file_put(int descriptor, const char *path, struct bytes bytes);

/* Has anything that name, be it a symbolic link to nothing? */
bool file_exists(const char *path);

/* Makes the directory (0700) and its parents when they are not there. STATUS_CANNOT_WRITE; STATUS_INVALID when
 * something else has that name. */
enum status directory_make(const char *path);
/* STATUS_NOT_FOUND, STATUS_CANNOT_WRITE when no file can be made in it. */
enum status directory_check_writable(const char *path);

/* Is the directory `path` this one, or within it? Links are followed. False when either is not there. */
bool directory_holds(const char *directory, const char *path);

/* "DIR/NAME" in the arena, NUL-terminated. An absolute `name` stands for itself. */
struct text path_join(struct arena *arena, struct text dir, struct text name);
/* The folder that the path names something in, NUL-terminated: in the arena, "." or "/". */
struct text path_folder(struct arena *arena, const char *path);

/* STATUS_CANNOT_WRITE or STATUS_NOT_FOUND with the sentence for errno `error` when `doing` (such as "write") `path`. */
enum status file_fail(int error, const char *doing, const char *path);

#endif
