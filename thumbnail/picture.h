/* Pixels: rows from the top, each of red, green and blue bytes. Whoever has one frees its pixels. */
#ifndef TRUCKROLL_THUMBNAIL_PICTURE_H
#define TRUCKROLL_THUMBNAIL_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "thumbnail/exif.h"

#define PICTURE_CHANNELS 3

struct picture {
	size_t width, height; /* at least 1 */
	uint8_t *pixels;
};

/* Room for a picture; its pixels are not set. */
struct picture picture_of(size_t width, size_t height);
/* Each pixel is the average of the area that it covers. `width` and `height` are at most those of the picture. */
struct picture picture_shrink(const struct picture *picture, size_t width, size_t height);
/* As it is seen upright. */
struct picture picture_turn(const struct picture *picture, enum orientation orientation);

#endif
