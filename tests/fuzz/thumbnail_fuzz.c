/* Any bytes as a photo: a small sound JPEG, or a reason why there is none. Within the program's own bounds; the process that it runs in has
 * more of them. */
#include "tests/fuzz/target.h"
#include "tests/picture/test_picture.h"
#include "thumbnail/exif.h"
#include "thumbnail/thumbnail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes jpeg = { data, size };
	enum orientation orientation = exif_orientation(jpeg);
	struct test_pixel quarters[4];
	struct thumbnail thumbnail;
	int width, height;
	enum status status = thumbnail_make(jpeg, &thumbnail);

	insist(orientation >= ORIENTATION_UPRIGHT && orientation < ORIENTATION_END);
	if (status != STATUS_OK) {
		insist((status == STATUS_REFUSED || status == STATUS_CORRUPT) && fail_reason()[0] != '\0');
		return 0;
	}
	insist(thumbnail.size > 0 && thumbnail.size <= THUMBNAIL_SIZE_MAX);
	insist(test_picture_look((struct bytes){ thumbnail.data, thumbnail.size }, &width, &height, quarters));
	insist(width >= 1 && height >= 1 && width <= THUMBNAIL_SIDE && height <= THUMBNAIL_SIDE);
	return 0;
}
