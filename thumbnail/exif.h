/* How a camera was held, as the EXIF block of its JPEG says. */
#ifndef TRUCKROLL_THUMBNAIL_EXIF_H
#define TRUCKROLL_THUMBNAIL_EXIF_H

#include "protocol/base/text.h"

/* The numbers of EXIF: the first row of the picture lies at the top, its first column at the left, unless … */
enum orientation {
	ORIENTATION_UPRIGHT = 1,
	ORIENTATION_MIRRORED = 2,
	ORIENTATION_UPSIDE_DOWN = 3,
	ORIENTATION_FLIPPED = 4,
	ORIENTATION_TRANSPOSED = 5,
	ORIENTATION_TURN_RIGHT = 6, /* shown upright when turned right */
	ORIENTATION_TRANSVERSED = 7,
	ORIENTATION_TURN_LEFT = 8,
	ORIENTATION_END,
};

/* ORIENTATION_UPRIGHT also when there is none, or none that makes sense. */
enum orientation exif_orientation(struct bytes jpeg);

#endif
