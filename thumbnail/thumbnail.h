/* A JPEG made small. Bytes in, bytes out: no file, no clock; what it is given is hostile. */
#ifndef TRUCKROLL_THUMBNAIL_THUMBNAIL_H
#define TRUCKROLL_THUMBNAIL_THUMBNAIL_H

#include <stdint.h>

#include "protocol/base/status.h"
#include "protocol/base/text.h"

#define THUMBNAIL_SIDE         320                 /* pixels of the longer side; what is smaller stays as it is */
#define THUMBNAIL_SIZE_MAX     ((size_t)24 * 1024) /* bytes: one piece of a transfer, both ways */
#define THUMBNAIL_PICTURE_SIDE 12000               /* pixels a side: of a picture that is looked at at all */
#define THUMBNAIL_INPUT_MAX    ((size_t)64 * 1024 * 1024)

struct thumbnail {
	size_t size;
	uint8_t data[THUMBNAIL_SIZE_MAX]; /* a JPEG */
};

/* Upright, whatever its EXIF says, and without any of that. STATUS_REFUSED: more pixels than THUMBNAIL_PICTURE_SIDE allows, or too much
 * in them. STATUS_CORRUPT: no JPEG, or not to its end, or of colours that are not shown. */
enum status thumbnail_make(struct bytes jpeg, struct thumbnail *out_thumbnail);

#endif
