/* What the programs say, in each language: a key leads to a sentence with {name} in the places of its values. */
#ifndef TRUCKROLL_SHELL_CATALOGUE_H
#define TRUCKROLL_SHELL_CATALOGUE_H

#include <stdarg.h>
#include <stddef.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

enum language { LANGUAGE_EN, LANGUAGE_ZH, LANGUAGE_COUNT };

struct message {
	const char *key;
	const char *sentence;
};

/* A value for one {name}. */
struct message_value {
	const char *name;
	struct text text;
};

/* The sentence of a key, or NULL. */
const char *catalogue_find(enum language language, const char *key);

/* The sentence with its values set in, in the arena. A key without a sentence gives the key itself, a {name} without a value
 * stays as it is: a person sees something odd rather than nothing. */
struct text catalogue_print(struct arena *arena, enum language language, const char *key, const struct message_value *values, size_t count);

/* The pairs of a detail "name=value;name=value", as verdicts and issues carry them, at most `count_max`; names are copied to the arena,
 * texts borrowed. Returns how many. */
size_t detail_values(struct arena *arena, struct text detail, struct message_value *out_values, size_t count_max);

/* Value of `name` in such a detail; empty when it is not there. Borrowed. */
struct text detail_value(struct text detail, const char *name);

/* The word for a name such as "on_site" under a prefix such as "state.visit"; without one the name, with blanks for '_'. */
struct text catalogue_word(struct arena *arena, enum language language, const char *prefix, struct text name);

/* What is said in one place only, and keeps its English there: help, labels, what a single command tells. Gives what the language has
 * for that English, else the English itself. A printf format has the same conversions in the same order in every language. */
const char *catalogue_translate(enum language language, const char *english) __attribute__((format_arg(2)));

/* printf into the arena, with the format translated. */
struct text catalogue_format(struct arena *arena, enum language language, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct text catalogue_format_list(struct arena *arena, enum language language, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

/* The language of this thread's reasons (fail()) from now on; gives the one before. Every thread begins with English: what is logged,
 * stored or sent is, and only what a person asked for just now is answered in the person's language. */
enum language catalogue_speak(enum language language);
enum language catalogue_spoken(void);

/* The word for a kind of record in the spoken language; English has the record's own name, as commands take it. */
const char *catalogue_kind(const char *record);

/* All messages of a language that have keys, for checks and documents; NULL at and beyond the end. */
const struct message *catalogue_at(enum language language, size_t position);

/* "en", "zh", also "zh_CN.UTF-8". STATUS_INVALID for others. */
enum status language_from_text(struct text text, enum language *out_language);
const char *language_to_text(enum language language);

/* From LC_ALL, LC_MESSAGES, LANG as the environment has them; English when they name no language known here. */
enum language language_of_environment(void);

#endif
