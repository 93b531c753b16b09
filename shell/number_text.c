#include "shell/number_text.h"

#include <inttypes.h>
#include <stdbool.h>

#include "protocol/domain/schema.h"
#include "shell/catalogue.h"

#define SHOWN_MAX 40

static bool is_point(char character)
{
	return character == '.' || character == ',';
}

int64_t number_decimals(struct text text)
{
	for (size_t i = 0; i < text.size; i++)
		if (is_point(text.data[i]))
			return text.size - i - 1 < SCALE_MAX ? (int64_t)(text.size - i - 1) : SCALE_MAX;
	return 0;
}

static enum status refuse(struct text text, const char *why)
{
	struct text shown = text_cut(text, SHOWN_MAX);

	return fail(STATUS_INVALID, "\"%.*s\" %s; write it like 12 or -0.5", TEXT_ARGUMENTS(shown),
		catalogue_translate(catalogue_spoken(), why));
}

enum status number_from_text(struct text text, int64_t scale, int64_t *out_number)
{
	bool negative = text.size > 0 && text.data[0] == '-', point = false, digits = false;
	int64_t number = 0, decimals = 0;

	for (size_t i = negative ? 1 : 0; i < text.size; i++) {
		char character = text.data[i];
		if (is_point(character) && !point) {
			point = true;
			continue;
		}
		if (character < '0' || character > '9')
			return refuse(text, "is not a number");
		digits = true;
		decimals += point;
		number = 10 * number + (character - '0');
		if (number > NUMBER_MAX)
			return refuse(text, "is too large");
	}
	if (!digits)
		return refuse(text, "is not a number");
	if (decimals > scale)
		return refuse(text, "has more decimals than are kept");
	for (; decimals < scale; decimals++) {
		number *= 10;
		if (number > NUMBER_MAX)
			return refuse(text, "is too large");
	}
	*out_number = negative ? -number : number;
	return STATUS_OK;
}

struct text number_to_text(struct arena *arena, int64_t number, int64_t scale)
{
	uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number, one = 1;

	if (scale <= 0 || scale > SCALE_MAX)
		return arena_print(arena, "%" PRId64, number);
	for (int64_t i = 0; i < scale; i++)
		one *= 10;
	return arena_print(arena, "%s%" PRIu64 ".%0*" PRIu64, number < 0 ? "-" : "", size / one, (int)scale, size % one);
}
