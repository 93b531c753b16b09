/* What a program notes for its operator: a literal event name, then key=value. No secrets, no customers' words:
 * personal fields are logged as lengths. */
#ifndef TRUCKROLL_BASE_LOG_H
#define TRUCKROLL_BASE_LOG_H

#include <pthread.h>
#include <stddef.h>

#include "protocol/base/clock.h"

/* clang-format off */
enum log_level {
	LOG_DEBUG,   /* kept in a ring, and written only when something is broken or when asked for */
	LOG_INFO,
	LOG_UNUSUAL, /* someone should look */
	LOG_BROKEN,  /* a bug, or lost data */
};
/* clang-format on */

#define LOG_LINE_SIZE 400
#define LOG_RING_LINES 64

/* Allocates nothing. May be used by several threads at once. */
struct log {
	const struct clock *clock;
	enum log_level least; /* written at once from this level on */
	void (*write)(void *context, const char *line, size_t size); /* one whole line with its end */
	void *context;
	pthread_mutex_t mutex;
	size_t ring_next, ring_count;
	char ring[LOG_RING_LINES][LOG_LINE_SIZE];
};

/* `write` NULL: standard error. */
void log_init(struct log *log, const struct clock *clock, enum log_level least, void (*write)(void *context, const char *line, size_t size),
	      void *context);
void log_finish(struct log *log);

/* `log` may be NULL: then nothing happens. Control characters in values are replaced, long lines cut. */
void log_debug(struct log *log, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
void log_info(struct log *log, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
void log_unusual(struct log *log, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Also writes the ring of debug lines first. */
void log_broken(struct log *log, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
