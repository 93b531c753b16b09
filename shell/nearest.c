#include "shell/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t text_distance(struct text left, struct text right)
{
	uint8_t rows[3][WORD_MAX + 1]; /* before last, last, current (Damerau, Levenshtein) */

	if (left.size > WORD_MAX || right.size > WORD_MAX)
		return SIZE_MAX;
	for (size_t k = 0; k <= right.size; k++)
		rows[0][k] = rows[1][k] = (uint8_t)k;
	for (size_t i = 1; i <= left.size; i++) {
		rows[2][0] = (uint8_t)i;
		for (size_t k = 1; k <= right.size; k++) {
			size_t cost = left.data[i - 1] != right.data[k - 1];
			size_t best = least(least(rows[1][k] + 1U, rows[2][k - 1] + 1U), rows[1][k - 1] + cost);
			if (i > 1 && k > 1 && left.data[i - 1] == right.data[k - 2] && left.data[i - 2] == right.data[k - 1])
				best = least(best, rows[0][k - 2] + 1U);
			rows[2][k] = (uint8_t)best;
		}
		memmove(rows[0], rows[1], sizeof(rows[0]) * 2);
	}
	return rows[1][right.size];
}

struct nearest nearest_to(struct text word)
{
	return (struct nearest){ .word = word, .distance = SIZE_MAX };
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	struct text text = text_of(known);
	size_t distance = text_distance(nearest->word, text);

	/* A word begun is nearer than one mistyped. */
	if (nearest->word.size >= 2 && nearest->word.size < text.size && memcmp(nearest->word.data, text.data, nearest->word.size) == 0)
		distance = 1;
	if (distance < nearest->distance) {
		nearest->distance = distance;
		nearest->best = text;
	}
}

struct text nearest_found(const struct nearest *nearest)
{
	size_t allowed = nearest->word.size < 4 ? 1 : nearest->word.size < 8 ? 2 : 3;

	return nearest->distance <= allowed ? nearest->best : (struct text){ 0 };
}
