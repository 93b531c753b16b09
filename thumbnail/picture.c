#include "thumbnail/picture.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"

struct picture picture_of(size_t width, size_t height)
{
	return (struct picture){ width, height, memory_allocate(width * height * PICTURE_CHANNELS) };
}

/* ---- shrinking ---- */

/* Samples that lie `step` bytes from each other. */
struct line {
	uint8_t *samples;
	size_t count, step;
};

/* In parts of a sample of which `to` has `from->count` each, and `from` `to->count`. */
static void shrink_line(const struct line *from, const struct line *to)
{
	for (size_t i = 0; i < to->count; i++) {
		size_t at = i * from->count, end = at + from->count, sum = 0;

		while (at < end) {
			size_t place = at / to->count, next = (place + 1) * to->count;
			if (next > end)
				next = end;
			sum += (next - at) * from->samples[place * from->step];
			at = next;
		}
		to->samples[i * to->step] = (uint8_t)((sum + from->count / 2) / from->count);
	}
}

/* Lines of samples, one in each channel of each row. */
static void shrink_rows(const struct picture *from, const struct picture *to)
{
	for (size_t i = 0; i < from->height * PICTURE_CHANNELS; i++) {
		size_t row = i / PICTURE_CHANNELS * PICTURE_CHANNELS, channel = i % PICTURE_CHANNELS;
		shrink_line(&(struct line){ from->pixels + row * from->width + channel, from->width, PICTURE_CHANNELS },
			&(struct line){ to->pixels + row * to->width + channel, to->width, PICTURE_CHANNELS });
	}
}

static void shrink_columns(const struct picture *from, const struct picture *to)
{
	size_t step = from->width * PICTURE_CHANNELS;

	for (size_t i = 0; i < step; i++)
		shrink_line(&(struct line){ from->pixels + i, from->height, step }, &(struct line){ to->pixels + i, to->height, step });
}

struct picture picture_shrink(const struct picture *picture, size_t width, size_t height)
{
	struct picture narrow = picture_of(width, picture->height), small = picture_of(width, height);

	assert(width > 0 && width <= picture->width && height > 0 && height <= picture->height);
	shrink_rows(picture, &narrow);
	shrink_columns(&narrow, &small);
	free(narrow.pixels);
	return small;
}

/* ---- turning ---- */

/* Where a pixel comes from: its column and row are swapped, then counted from the other end. */
/* clang-format off */
static const struct { bool swapped, from_right, from_bottom; } ways[ORIENTATION_END] = {
	[ORIENTATION_UPRIGHT]     = { false, false, false },
	[ORIENTATION_MIRRORED]    = { false, true,  false },
	[ORIENTATION_UPSIDE_DOWN] = { false, true,  true  },
	[ORIENTATION_FLIPPED]     = { false, false, true  },
	[ORIENTATION_TRANSPOSED]  = { true,  false, false },
	[ORIENTATION_TURN_RIGHT]  = { true,  false, true  },
	[ORIENTATION_TRANSVERSED] = { true,  true,  true  },
	[ORIENTATION_TURN_LEFT]   = { true,  true,  false },
};
/* clang-format on */

static const uint8_t *source_of(const struct picture *picture, enum orientation orientation, size_t x, size_t y)
{
	size_t column = ways[orientation].swapped ? y : x, row = ways[orientation].swapped ? x : y;

	if (ways[orientation].from_right)
		column = picture->width - 1 - column;
	if (ways[orientation].from_bottom)
		row = picture->height - 1 - row;
	return picture->pixels + (row * picture->width + column) * PICTURE_CHANNELS;
}

struct picture picture_turn(const struct picture *picture, enum orientation orientation)
{
	bool swapped = ways[orientation].swapped;
	struct picture turned = picture_of(swapped ? picture->height : picture->width, swapped ? picture->width : picture->height);

	for (size_t y = 0; y < turned.height; y++)
		for (size_t x = 0; x < turned.width; x++)
			memcpy(turned.pixels + (y * turned.width + x) * PICTURE_CHANNELS, source_of(picture, orientation, x, y),
				PICTURE_CHANNELS);
	return turned;
}
