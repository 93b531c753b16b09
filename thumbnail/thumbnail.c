#include "thumbnail/thumbnail.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "thumbnail/exif.h"
#include "thumbnail/picture.h"

/* What is not sound to its end is not shown in part, and no picture has hundreds of scans. */
#define DECODE_FLAGS (TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)

static size_t longer(size_t width, size_t height)
{
	return width > height ? width : height;
}

static int scaled(int side, int divisor)
{
	return (side + divisor - 1) / divisor;
}

/* The decoder leaves out what the smaller picture does not need: as much as leaves no less than the thumbnail takes. */
static int divisor_of(int side)
{
	int divisor = 8;

	while (divisor > 1 && scaled(side, divisor) < THUMBNAIL_SIDE)
		divisor /= 2;
	return divisor;
}

static enum status fail_damaged(tjhandle decoder)
{
	return fail(STATUS_CORRUPT, "no sound JPEG: %s", tjGetErrorStr2(decoder));
}

static enum status check_sides(int width, int height)
{
	if (width < 1 || height < 1)
		return fail(STATUS_CORRUPT, "a picture of %d × %d pixels shows nothing", width, height);
	if (width > THUMBNAIL_PICTURE_SIDE || height > THUMBNAIL_PICTURE_SIDE)
		return fail(STATUS_REFUSED, "a picture of %d × %d pixels is not looked at: at most %d a side", width, height,
			THUMBNAIL_PICTURE_SIDE);
	return STATUS_OK;
}

/* `out_picture`: at least as large as the thumbnail, unless the JPEG itself is not. */
static enum status decode(tjhandle decoder, struct bytes jpeg, struct picture *out_picture)
{
	struct picture picture;
	int width = 0, height = 0, sampling, colours, divisor;
	enum status status;

	if (tjDecompressHeader3(decoder, jpeg.data, jpeg.size, &width, &height, &sampling, &colours) != 0)
		return fail_damaged(decoder);
	status = check_sides(width, height);
	if (status != STATUS_OK)
		return status;
	divisor = divisor_of(width > height ? width : height);
	width = scaled(width, divisor);
	height = scaled(height, divisor);
	picture = picture_of((size_t)width, (size_t)height);
	if (tjDecompress2(decoder, jpeg.data, jpeg.size, picture.pixels, width, 0, height, TJPF_RGB, DECODE_FLAGS) != 0) {
		free(picture.pixels);
		return fail_damaged(decoder);
	}
	*out_picture = picture;
	return STATUS_OK;
}

/* At least 1, however thin it is. */
static size_t side_for(size_t side, size_t longest)
{
	size_t small = longest <= THUMBNAIL_SIDE ? side : (side * THUMBNAIL_SIDE + longest / 2) / longest;

	return small > 0 ? small : 1;
}

/* The best that is not too large. */
static enum status encode(tjhandle encoder, const struct picture *picture, struct thumbnail *out_thumbnail)
{
	static const int qualities[] = { 80, 65, 50, 35, 20, 10 };
	int width = (int)picture->width, height = (int)picture->height;

	for (size_t i = 0; i < LENGTH(qualities); i++) {
		unsigned char *data = NULL;
		unsigned long size = 0;
		int failed = tjCompress2(encoder, picture->pixels, width, 0, height, TJPF_RGB, &data, &size, TJSAMP_420, qualities[i], 0);
		bool fits = failed == 0 && size <= THUMBNAIL_SIZE_MAX;
		if (fits) {
			memcpy(out_thumbnail->data, data, size);
			out_thumbnail->size = size;
		}
		tjFree(data);
		if (failed != 0)
			return fail(STATUS_CORRUPT, "the thumbnail cannot be written: %s", tjGetErrorStr2(encoder));
		if (fits)
			return STATUS_OK;
	}
	return fail(STATUS_REFUSED, "a picture with so much in it fits no thumbnail of %zu bytes", THUMBNAIL_SIZE_MAX);
}

static enum status encode_upright(const struct picture *picture, enum orientation orientation, struct thumbnail *out_thumbnail)
{
	size_t longest = longer(picture->width, picture->height);
	struct picture small = picture_shrink(picture, side_for(picture->width, longest), side_for(picture->height, longest));
	struct picture turned = picture_turn(&small, orientation);
	tjhandle encoder = tjInitCompress();
	enum status status = encode(encoder, &turned, out_thumbnail);

	(void)tjDestroy(encoder);
	free(small.pixels);
	free(turned.pixels);
	return status;
}

enum status thumbnail_make(struct bytes jpeg, struct thumbnail *out_thumbnail)
{
	tjhandle decoder = tjInitDecompress();
	struct picture picture = { 0 };
	enum status status = decode(decoder, jpeg, &picture);

	if (status == STATUS_OK)
		status = encode_upright(&picture, exif_orientation(jpeg), out_thumbnail);
	free(picture.pixels);
	(void)tjDestroy(decoder);
	return status;
}
