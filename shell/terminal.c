#include "shell/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct range {
	uint32_t first, last;
};

/* Characters that take no column: marks that sit on the letter before, and formatting characters. */
static const struct range narrow[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x093a, 0x093c },
	{ 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200f },
	{ 0x202a, 0x202e }, { 0x2060, 0x2064 }, { 0x2066, 0x2069 }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
	{ 0xfeff, 0xfeff },
};

/* Characters that take two columns (Unicode, East Asian Width W and F). */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },   { 0x23e9, 0x23ec },   { 0x25fd, 0x25fe },
	{ 0x2614, 0x2615 },   { 0x2648, 0x2653 },   { 0x267f, 0x267f },   { 0x26a1, 0x26a1 },   { 0x2705, 0x2705 },
	{ 0x274c, 0x274c },   { 0x2753, 0x2755 },   { 0x2795, 0x2797 },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
	{ 0x16fe0, 0x18aff }, { 0x1b000, 0x1b2ff }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
	{ 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

size_t terminal_width(int descriptor)
{
	struct winsize size = { 0 };

	if (descriptor < 0 || isatty(descriptor) == 0)
		return 0;
	if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

bool terminal_obeys(void)
{
	const char *kind = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe): nothing here sets the environment */

	return kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;
}

static bool in_ranges(const struct range *ranges, size_t count, uint32_t character)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (character > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && character >= ranges[low].first;
}

/* Decodes one character; anything malformed is one byte of U+FFFD. */
static uint32_t next_character(struct text text, size_t *out_size)
{
	static const uint8_t lead_masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint8_t lead = (uint8_t)text.data[0];
	size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
	uint32_t character;

	*out_size = 1;
	if (size == 0 || size > text.size || !text_valid((struct text){ text.data, size }))
		return 0xfffd;
	character = lead & lead_masks[size];
	for (size_t i = 1; i < size; i++)
		character = character << 6 | ((uint8_t)text.data[i] & 0x3f);
	*out_size = size;
	return character;
}

static size_t character_columns(uint32_t character)
{
	if (character < 0x300)
		return 1;
	if (in_ranges(narrow, LENGTH(narrow), character))
		return 0;
	return in_ranges(wide, LENGTH(wide), character) ? 2 : 1;
}

struct text text_cut_columns(struct text text, size_t columns)
{
	size_t used = 0, position = 0;

	while (position < text.size) {
		size_t size;
		uint32_t character = next_character((struct text){ text.data + position, text.size - position }, &size);
		used += character_columns(character);
		if (used > columns)
			break;
		position += size;
	}
	return (struct text){ .data = text.data, .size = position };
}

size_t text_columns(struct text text)
{
	size_t columns = 0;

	for (size_t position = 0; position < text.size;) {
		size_t size;
		columns += character_columns(next_character((struct text){ text.data + position, text.size - position }, &size));
		position += size;
	}
	return columns;
}

struct text text_first_character(struct text text)
{
	size_t size;

	(void)next_character(text, &size);
	return (struct text){ text.data, size };
}

static bool is_one_of(const char *const *characters, struct text character)
{
	for (; *characters != NULL; characters++)
		if (text_equals(character, *characters))
			return true;
	return false;
}

/* Chinese is written without blanks: a line may end at each of its characters, but not before what closes nor behind what opens. */
static bool may_break(struct text before, struct text after)
{
	static const char *const closing[] = { "，", "。", "；", "：", "、", "！", "？", "）", "》", "”", "…", ",", ".", ";", ":", ")",
		NULL };
	static const char *const opening[] = { "（", "《", "“", "(", NULL };

	return (text_columns(before) > 1 || text_columns(after) > 1) && !is_one_of(closing, after) && !is_one_of(opening, before);
}

struct text text_first_word(struct text text)
{
	struct text last = text_first_character(text);
	size_t size = last.size;

	while (size < text.size && text.data[size] != ' ') {
		struct text next = text_first_character((struct text){ text.data + size, text.size - size });
		if (may_break(last, next))
			break;
		size += next.size;
		last = next;
	}
	return (struct text){ text.data, size };
}

struct text text_first_line(struct text *rest, size_t columns)
{
	struct text line = text_trim(*rest);
	size_t size = 0;

	while (size < line.size) {
		size_t blank = size > 0 && line.data[size] == ' ';
		struct text word = text_first_word((struct text){ line.data + size + blank, line.size - size - blank });
		if (text_columns((struct text){ line.data, size + blank + word.size }) > columns)
			break;
		size += blank + word.size;
	}
	if (size == 0)
		size = text_cut_columns(line, columns).size;
	if (size == 0 && line.size > 0)
		size = text_first_character(line).size;
	*rest = text_trim((struct text){ line.data + size, line.size - size });
	return (struct text){ line.data, size };
}

/* C0, DEL, C1, and the marks that turn the direction of writing: what could deceive or command a terminal. */
static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || (character >= 0x202a && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069) || character == 0xfffd || character == 0x2028 || character == 0x2029;
}

static struct text clean(struct arena *arena, struct text text, bool keep_lines)
{
	char *out = arena_allocate(arena, text.size + 1);
	size_t used = 0, size;

	for (size_t position = 0; position < text.size; position += size) {
		uint32_t character = next_character((struct text){ text.data + position, text.size - position }, &size);
		if (!is_control(character)) {
			memcpy(out + used, text.data + position, size);
			used += size;
		} else if (character == '\n' && keep_lines) {
			out[used++] = '\n';
		} else if (character != '\r') {
			out[used++] = character == '\n' || character == '\t' ? ' ' : '?';
		}
	}
	return (struct text){ .data = out, .size = used };
}

struct text text_one_line(struct arena *arena, struct text text)
{
	return clean(arena, text, false);
}

struct text text_printable(struct arena *arena, struct text text)
{
	return clean(arena, text, true);
}
