/* JPEGs that tests make: four quarters of one colour each, so that it can be seen which way up they are, with noise when it is wanted. */
#ifndef TRUCKROLL_TESTS_PICTURE_TEST_PICTURE_H
#define TRUCKROLL_TESTS_PICTURE_TEST_PICTURE_H

#include <stdbool.h>

#include "protocol/base/buffer.h"

struct test_picture {
	int width, height;
	int orientation; /* as EXIF counts; 0: the picture has no EXIF */
	bool progressive;
	uint32_t noise; /* 0: none; else where the noise begins, which makes it as large as a photo */
};

struct bytes test_picture_jpeg(struct arena *arena, const struct test_picture *picture);

struct test_pixel {
	int red, green, blue;
};
/* The quarters of an upright one: red, green; blue, white. */
extern const struct test_pixel test_picture_quarters[4];
/* Decodes `jpeg`: its sides, and the pixel in the middle of each quarter. False: it is no JPEG. */
bool test_picture_look(struct bytes jpeg, int *out_width, int *out_height, struct test_pixel out_quarters[4]);

#endif
