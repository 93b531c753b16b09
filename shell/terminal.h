/* What a terminal shows: widths of characters, and texts that cannot move its cursor. */
#ifndef TRUCKROLL_SHELL_TERMINAL_H
#define TRUCKROLL_SHELL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/base/arena.h"
#include "protocol/base/text.h"

/* Columns of the terminal behind a descriptor; 0 when it is none. */
size_t terminal_width(int descriptor);

/* Whether the terminal understands commands to it: $TERM is set and not "dumb". */
bool terminal_obeys(void);

/* Columns that a text takes: Chinese and the like 2, marks above letters 0. */
size_t text_columns(struct text text);
/* The longest start that takes at most `columns`. */
struct text text_cut_columns(struct text text, size_t columns);

/* The first character of a text that is not empty, without marks that may follow it. */
struct text text_first_character(struct text text);

/* What stands together on a line, from the beginning of a text on: a word, or in Chinese a character with what belongs to it. */
struct text text_first_word(struct text text);
/* Takes from `rest` what fits into `columns` of words, or of one word that is longer; at least one character. */
struct text text_first_line(struct text *rest, size_t columns);

/* One line without control characters: line ends and tabs become blanks, others '?'; invalid UTF-8 becomes '?'. */
struct text text_one_line(struct arena *arena, struct text text);
/* The same, but line ends stay. */
struct text text_printable(struct arena *arena, struct text text);

#endif
