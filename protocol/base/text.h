/* Borrowed views of text and bytes. A view never owns; it lives as long as what it points into. */
#ifndef TRUCKROLL_BASE_TEXT_H
#define TRUCKROLL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* UTF-8 without NUL; `data` may be NULL when `size` is 0, and has no terminator. */
struct text {
	const char *data;
	size_t size;
};

struct bytes {
	const uint8_t *data;
	size_t size;
};

/* Arguments for a "%.*s" conversion. */
#define TEXT_ARGUMENTS(text) (int)(text).size, ((text).data == NULL ? "" : (text).data)

/* A view of a NUL-terminated string; NULL gives the empty text. */
struct text text_of(const char *string);

bool text_equal(struct text left, struct text right);
bool text_equals(struct text left, const char *right);

/* True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool text_valid(struct text text);

/* Without ASCII blanks at either end. */
struct text text_trim(struct text text);

/* The longest start of `text` that has at most `size_max` bytes and cuts no character. */
struct text text_cut(struct text text, size_t size_max);

/* What follows `mark`, a place within `text`; the empty text when that is NULL. */
struct text text_behind(struct text text, const char *mark);

bool bytes_equal(struct bytes left, struct bytes right);
/* What follows the first `size` of them, a view; empty when there are no more. */
struct bytes bytes_behind(struct bytes bytes, size_t size);

#endif
