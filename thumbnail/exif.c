#include "thumbnail/exif.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MARKER_APP1 0xe1
#define MARKER_SCAN 0xda /* from here on it is pixels */
#define TAG         0x0112
#define ENTRY_SIZE  12
#define TIFF_HEADER 8

/* 0 when it does not lie within. */
static uint32_t number_at(struct bytes bytes, size_t offset, size_t width, bool big)
{
	struct bytes digits = bytes_behind(bytes, offset);
	uint32_t number = 0;

	if (digits.size < width)
		return 0;
	for (size_t i = 0; i < width; i++)
		number = number << 8 | digits.data[big ? i : width - 1 - i];
	return number;
}

static bool begins(struct bytes bytes, const char *mark, size_t size)
{
	return bytes.size >= size && memcmp(bytes.data, mark, size) == 0;
}

/* What the first directory of a TIFF says. */
static uint32_t orientation_of(struct bytes tiff)
{
	bool big = begins(tiff, "MM", 2);
	struct bytes directory = bytes_behind(tiff, number_at(tiff, 4, 4, big));
	uint32_t count = number_at(directory, 0, 2, big);

	if (tiff.size < TIFF_HEADER || (!big && !begins(tiff, "II", 2)))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		struct bytes entry = bytes_behind(directory, 2 + (size_t)i * ENTRY_SIZE);
		if (entry.size < ENTRY_SIZE)
			return 0;
		if (number_at(entry, 0, 2, big) == TAG)
			return number_at(entry, 8, 2, big);
	}
	return 0;
}

enum orientation exif_orientation(struct bytes jpeg)
{
	struct bytes segment = bytes_behind(jpeg, 2);
	uint32_t found = 0;

	while (segment.size > 4 && segment.data[0] == 0xff && segment.data[1] != MARKER_SCAN) {
		size_t size = number_at(segment, 2, 2, true);
		struct bytes body = bytes_behind(segment, 4);
		if (size < 2)
			break;
		if (body.size > size - 2)
			body.size = size - 2;
		if (segment.data[1] == MARKER_APP1 && begins(body, "Exif\0", 6)) {
			found = orientation_of(bytes_behind(body, 6));
			break;
		}
		segment = bytes_behind(segment, 2 + size);
	}
	return found > 0 && found < ORIENTATION_END ? (enum orientation)found : ORIENTATION_UPRIGHT;
}
