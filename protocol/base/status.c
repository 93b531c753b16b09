#include "protocol/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"

static _Thread_local char last_reason[REASON_SIZE];
static _Thread_local fail_translation translate;

/* clang-format off */
static const char *const names[] = {
	[STATUS_OK]           = "ok",
	[STATUS_REFUSED]      = "refused",
	[STATUS_INVALID]      = "invalid",
	[STATUS_NOT_FOUND]    = "not_found",
	[STATUS_OFFLINE]      = "offline",
	[STATUS_CORRUPT]      = "corrupt",
	[STATUS_CANNOT_WRITE] = "cannot_write",
	[STATUS_NEWER]        = "newer",
	[STATUS_BUSY]         = "busy",
	[STATUS_AMBIGUOUS]    = "ambiguous",
};
/* clang-format on */

/* The attribute tells compilers that what comes out is a format when what goes in is one. */
static const char *translated(const char *reason) __attribute__((format_arg(1)));

static const char *translated(const char *reason)
{
	return translate == NULL ? reason : translate(reason);
}

/* In parentheses, so that what status.h tells the analyser leaves the function itself alone. */
enum status(fail)(enum status status, const char *reason, ...)
{
	char text[REASON_SIZE + 4]; /* the arguments may point into last_reason; a character that is cut still fits */
	struct text kept = { .data = text };
	va_list arguments;
	int size;

	va_start(arguments, reason);
	size = vsnprintf(text, sizeof(text), translated(reason), arguments);
	va_end(arguments);
	if (size > 0)
		kept = text_cut((struct text){ text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1 }, REASON_SIZE - 1);
	(void)snprintf(last_reason, sizeof(last_reason), "%.*s", TEXT_ARGUMENTS(kept));
	return status;
}

void fail_translate(fail_translation translation)
{
	translate = translation;
}

const char *fail_reason(void)
{
	return last_reason;
}

const char *error_to_text(int error)
{
	static _Thread_local char words[100];

	if (strerror_r(error, words, sizeof(words)) != 0)
		(void)snprintf(words, sizeof(words), "error %d of the system", error);
	return words;
}

const char *status_to_text(enum status status)
{
	return (size_t)status < LENGTH(names) ? names[status] : "unknown";
}
