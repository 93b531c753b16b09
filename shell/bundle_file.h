/* Bundles as files of whoever gives the command. */
#ifndef TRUCKROLL_SHELL_BUNDLE_FILE_H
#define TRUCKROLL_SHELL_BUNDLE_FILE_H

#include "protocol/wire/bundle.h"
#include "shell/command.h"

/* Reads a whole bundle of `organisation` that goes in this direction, in `arena`. `path` is as the person gave it. Statuses of file_read()
 * and bundle_read(); STATUS_REFUSED for another organisation or direction. */
enum status bundle_file_read(const struct context *context, struct text path, const struct bundle_head *wanted, struct arena *arena,
	struct bundle *out_bundle);

/* The same, with the whole file as it is. */
enum status bundle_file_read_raw(const struct context *context, struct text path, const struct bundle_head *wanted, struct arena *arena,
	struct bundle *out_bundle, struct bytes *out_file);

/* Ends the bundle and writes it whole or not at all (draft.h), durable on return. STATUS_REFUSED when something else has the name.
 * `*out_size`: in bytes. Statuses of bundle_end() and of a draft. */
enum status bundle_file_write(const struct context *context, struct text path, struct bundle_writer *bundle, size_t *out_size);

#endif
