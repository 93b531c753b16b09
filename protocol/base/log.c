#include "protocol/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void write_to_stderr(void *context, const char *line, size_t size)
{
	(void)context;
	while (size > 0) {
		ssize_t put = write(STDERR_FILENO, line, size);
		if (put < 0 && errno != EINTR)
			return;
		if (put > 0) {
			line += put;
			size -= (size_t)put;
		}
	}
}

void log_init(struct log *log, const struct clock *clock, enum log_level least, void (*write_line)(void *context, const char *line,
	size_t size),
	void *context)
{
	memset(log, 0, sizeof(*log));
	log->clock = clock;
	log->least = least;
	log->write = write_line == NULL ? write_to_stderr : write_line;
	log->context = context;
	(void)pthread_mutex_init(&log->mutex, NULL);
}

void log_finish(struct log *log)
{
	(void)pthread_mutex_destroy(&log->mutex);
}

/* One event is one line, whatever its values hold. */
static void make_plain(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

/* "2026-11-21T14:30:05.123Z info sync.batch.applied device=3 changes=12\n", cut to LOG_LINE_SIZE. Returns its length. */
static size_t format_line(const struct log *log, enum log_level level, const char *event, const char *format, va_list arguments, char *out)
	__attribute__((format(printf, 4, 0)));

static size_t format_line(const struct log *log, enum log_level level, const char *event, const char *format, va_list arguments, char *out)
{
	static const char *const levels[] = { [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_UNUSUAL] = "unusual",
		[LOG_BROKEN] = "broken" };
	int64_t now_ms = clock_now_ms(log->clock);
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm parts = { 0 };
	int head;
	size_t size;

	(void)gmtime_r(&seconds, &parts);
	head = snprintf(out, LOG_LINE_SIZE - 1, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %s ", parts.tm_year + 1900, parts.tm_mon + 1,
		parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (int)(now_ms % 1000), levels[level], event);
	if (head > 0 && head < LOG_LINE_SIZE - 1)
		(void)vsnprintf(out + head, (size_t)(LOG_LINE_SIZE - 1 - head), format, arguments);
	make_plain(out);
	size = strlen(out);
	while (size > 0 && out[size - 1] == ' ')
		size--;
	out[size] = '\n';
	out[size + 1] = '\0';
	return size + 1;
}

static void keep_line(struct log *log, const char *line, size_t size)
{
	memcpy(log->ring[log->ring_next], line, size + 1);
	log->ring_next = (log->ring_next + 1) % LOG_RING_LINES;
	if (log->ring_count < LOG_RING_LINES)
		log->ring_count++;
}

static void write_ring(struct log *log)
{
	size_t first = (log->ring_next + LOG_RING_LINES - log->ring_count) % LOG_RING_LINES;

	for (size_t i = 0; i < log->ring_count; i++) {
		const char *line = log->ring[(first + i) % LOG_RING_LINES];
		log->write(log->context, line, strlen(line));
	}
	log->ring_count = 0;
}

static void log_event(struct log *log, enum log_level level, const char *event, const char *format, va_list arguments)
	__attribute__((format(printf, 4, 0)));

static void log_event(struct log *log, enum log_level level, const char *event, const char *format, va_list arguments)
{
	char line[LOG_LINE_SIZE];
	size_t size;

	if (log == NULL)
		return;
	size = format_line(log, level, event, format, arguments, line);
	(void)pthread_mutex_lock(&log->mutex);
	if (level == LOG_BROKEN)
		write_ring(log);
	if (level >= log->least)
		log->write(log->context, line, size);
	else
		keep_line(log, line, size);
	(void)pthread_mutex_unlock(&log->mutex);
}

void log_debug(struct log *log, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_event(log, LOG_DEBUG, event, format, arguments);
	va_end(arguments);
}

void log_info(struct log *log, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_event(log, LOG_INFO, event, format, arguments);
	va_end(arguments);
}

void log_unusual(struct log *log, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_event(log, LOG_UNUSUAL, event, format, arguments);
	va_end(arguments);
}

void log_broken(struct log *log, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_event(log, LOG_BROKEN, event, format, arguments);
	va_end(arguments);
}
