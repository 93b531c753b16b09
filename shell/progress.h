/* A bar on standard error while something long goes on; only on a terminal, silent otherwise. */
#ifndef TRUCKROLL_SHELL_PROGRESS_H
#define TRUCKROLL_SHELL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/clock.h"
#include "protocol/base/text.h"
#include "shell/catalogue.h"

struct progress {
	const struct clock *clock;
	enum language language;
	const char *what; /* "importing orders" */
	int descriptor;   /* -1: silent */
	int64_t started_ms, drawn_ms;
	int64_t items, items_total; /* total 0: unknown */
	int64_t bytes, bytes_total;
	bool on_screen;
};

/* `what` is borrowed. `quiet`: say nothing even on a terminal. */
void progress_start(struct progress *progress, const struct clock *clock, enum language language, const char *what, bool quiet);
void progress_total(struct progress *progress, int64_t items, int64_t bytes);
/* Cheap enough for every item: draws at most ten times a second. */
void progress_step(struct progress *progress, int64_t items, int64_t bytes);
/* Takes the bar away. */
void progress_finish(struct progress *progress);

/* The bar as it would be drawn at that time since the start; for tests. Returns bytes written without the NUL. */
size_t progress_print(const struct progress *progress, int64_t elapsed_ms, size_t width, char *out, size_t size);

#endif
