/* A file of `key = value` lines; '#' begins a comment. */
#ifndef TRUCKROLL_SHELL_CONFIG_H
#define TRUCKROLL_SHELL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* What may stand in a file: one row per key; ends with a NULL key. */
struct setting {
	const char *key;
	const char *otherwise; /* value when the file has none */
	bool integer;
	int64_t min, max; /* of an integer */
	const char *help;
};

struct config {
	const struct setting *settings;
	struct text *values; /* beside the settings; in the arena */
};

/* Reads `path`; a file that is not there gives all defaults. STATUS_INVALID: "FILE, line 3: …", with the nearest
 * key suggested. `settings` is borrowed. */
enum status config_load(struct arena *arena, const char *path, const struct setting *settings, struct config *out_config);
/* The same from memory; `name` is for the reasons. */
enum status config_read(struct arena *arena, const char *name, struct text content, const struct setting *settings,
	struct config *out_config);

/* NUL-terminated. A key without a row is a programming error. */
struct text config_text(const struct config *config, const char *key);
int64_t config_integer(const struct config *config, const char *key);

#endif
