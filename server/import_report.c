#include "server/import_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOTE_SIZE 200

/* What a file says must not steer the terminal it is shown on. */
static void tame(char *characters)
{
	for (; *characters != '\0'; characters++)
		if ((unsigned char)*characters < ' ' || *characters == 0x7f)
			*characters = '?';
}

void import_notes_add(struct import_notes *notes, struct arena *arena, struct text text, int64_t line, int64_t times)
{
	char shown[NOTE_SIZE];

	text = text_cut(text, sizeof(shown) - 1);
	if (text.size > 0)
		memcpy(shown, text.data, text.size);
	shown[text.size] = '\0';
	tame(shown);
	text.data = shown;
	for (size_t i = 0; i < notes->count; i++) {
		if (text_equal(notes->items[i].text, text)) {
			notes->items[i].count += times;
			return;
		}
	}
	if (notes->count == IMPORT_NOTES_MAX) {
		notes->items[IMPORT_NOTES_MAX - 1].text = text_of("and others");
		notes->items[IMPORT_NOTES_MAX - 1].count += times;
		return;
	}
	notes->items[notes->count++] = (struct import_note){ .text = arena_copy_text(arena, text), .count = times, .line = line };
}

void import_report_error(struct import_report *report, struct arena *arena, const struct import_place *place, const char *reason, ...)
{
	char text[REASON_SIZE + 4]; /* room to cut between two characters */
	struct text cut;
	va_list arguments;

	if (report->error_count++ >= IMPORT_ERRORS_MAX)
		return;
	va_start(arguments, reason);
	vsnprintf(text, sizeof(text), reason, arguments);
	va_end(arguments);
	tame(text);
	cut = text_cut(text_of(text), REASON_SIZE - 1);
	report->errors[report->error_count - 1] =
		arena_print(arena, "%s:%" PRId64 ":%" PRId64 ": %.*s", place->path, place->line, place->column, TEXT_ARGUMENTS(cut));
}
