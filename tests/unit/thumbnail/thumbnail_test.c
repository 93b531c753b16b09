#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include "tests/picture/test_picture.h"
#include "thumbnail/exif.h"
#include "thumbnail/picture.h"
#include "thumbnail/thumbnail.h"

#include <cmocka.h>

struct work {
	struct arena arena;
	struct thumbnail thumbnail;
	int width, height;
	struct test_pixel quarters[4];
};

static int start(void **state)
{
	*state = calloc(1, sizeof(struct work));
	return *state == NULL;
}

static int end(void **state)
{
	struct work *work = *state;

	arena_finish(&work->arena);
	free(work);
	return 0;
}

static enum status make(struct work *work, struct bytes jpeg)
{
	enum status status = thumbnail_make(jpeg, &work->thumbnail);

	if (status == STATUS_OK)
		assert_true(test_picture_look(
			(struct bytes){ work->thumbnail.data, work->thumbnail.size }, &work->width, &work->height, work->quarters));
	return status;
}

static void the_longer_side_becomes_320_pixels_and_a_small_picture_stays(void **state)
{
	/* clang-format off */
	static const struct { int width, height, small_width, small_height; } sizes[] = {
		{ 4000, 3000, 320, 240 }, { 3000, 4000, 240, 320 }, { 640, 480, 320, 240 }, { 321, 321, 320, 320 }, { 320, 17, 320, 17 },
		{ 1, 1, 1, 1 }, { 2559, 2559, 320, 320 }, { 2561, 3, 320, 1 }, { 5, 5000, 1, 320 }, { 12000, 8, 320, 1 },
	};
	/* clang-format on */
	struct work *work = *state;

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		struct test_picture picture = { .width = sizes[i].width, .height = sizes[i].height, .progressive = i % 2 == 1 };
		assert_int_equal(make(work, test_picture_jpeg(&work->arena, &picture)), STATUS_OK);
		assert_int_equal(work->width, sizes[i].small_width);
		assert_int_equal(work->height, sizes[i].small_height);
	}
}

static int distance(const struct test_pixel *left, const struct test_pixel *right)
{
	return abs(left->red - right->red) + abs(left->green - right->green) + abs(left->blue - right->blue);
}

static void it_is_upright_however_the_camera_was_held(void **state)
{
	/* Which quarter of the picture is seen at the top left, top right, bottom left, bottom right. */
	static const int seen[][4] = { { 0, 1, 2, 3 }, { 0, 1, 2, 3 }, { 1, 0, 3, 2 }, { 3, 2, 1, 0 }, { 2, 3, 0, 1 }, { 0, 2, 1, 3 },
		{ 2, 0, 3, 1 }, { 3, 1, 2, 0 }, { 1, 3, 0, 2 }, { 0, 1, 2, 3 } };
	struct work *work = *state;

	for (int orientation = 0; orientation < (int)LENGTH(seen); orientation++) {
		struct test_picture picture = { .width = 900, .height = 600, .orientation = orientation };
		bool turned = orientation >= ORIENTATION_TRANSPOSED && orientation < ORIENTATION_END;
		assert_int_equal(make(work, test_picture_jpeg(&work->arena, &picture)), STATUS_OK);
		assert_int_equal(work->width, turned ? 213 : 320);
		for (int i = 0; i < 4; i++)
			if (distance(&work->quarters[i], &test_picture_quarters[seen[orientation][i]]) > 40)
				fail_msg("orientation %d: quarter %d is another one", orientation, i);
		assert_null(memmem(work->thumbnail.data, work->thumbnail.size, "Exif", 4));
	}
}

static void a_picture_full_of_noise_still_fits(void **state)
{
	struct work *work = *state;

	assert_int_equal(
		make(work, test_picture_jpeg(&work->arena, &(struct test_picture){ .width = 320, .height = 320, .noise = 5 })), STATUS_OK);
	assert_in_range(work->thumbnail.size, 1000, THUMBNAIL_SIZE_MAX);
}

static uint8_t *copy(struct work *work, struct bytes jpeg)
{
	uint8_t *bytes = arena_allocate(&work->arena, jpeg.size);

	memcpy(bytes, jpeg.data, jpeg.size);
	return bytes;
}

/* Says other sides in the header of the frame. */
static struct bytes with_sides(struct work *work, struct bytes jpeg, unsigned width, unsigned height)
{
	uint8_t *bytes = copy(work, jpeg), *frame = memmem(bytes, jpeg.size, (const uint8_t[]){ 0xff, 0xc0 }, 2);

	assert_non_null(frame);
	frame[5] = (uint8_t)(height >> 8);
	frame[6] = (uint8_t)height;
	frame[7] = (uint8_t)(width >> 8);
	frame[8] = (uint8_t)width;
	return (struct bytes){ bytes, jpeg.size };
}

static void more_pixels_than_it_looks_at_are_refused_before_there_is_room_for_them(void **state)
{
	struct work *work = *state;
	struct bytes jpeg = test_picture_jpeg(&work->arena, &(struct test_picture){ .width = 64, .height = 64 });

	assert_int_equal(make(work, with_sides(work, jpeg, 12001, 1)), STATUS_REFUSED);
	assert_int_equal(make(work, with_sides(work, jpeg, 8, 65500)), STATUS_REFUSED);
	assert_int_equal(make(work, with_sides(work, jpeg, 65500, 65500)), STATUS_REFUSED);
	assert_int_equal(make(work, with_sides(work, jpeg, 12000, 12000)), STATUS_CORRUPT); /* its pixels end long before */
	assert_int_equal(make(work, with_sides(work, jpeg, 0, 64)), STATUS_CORRUPT);
}

static void one_that_ends_before_its_end_has_none(void **state)
{
	struct work *work = *state;
	struct bytes jpeg = test_picture_jpeg(&work->arena, &(struct test_picture){ .width = 97, .height = 61, .orientation = 6 });

	for (size_t size = 0; size + 2 < jpeg.size; size++) {
		struct bytes cut = { copy(work, (struct bytes){ jpeg.data, size }), size };
		assert_int_equal(make(work, cut), STATUS_CORRUPT);
	}
}

static void an_exif_block_that_leads_nowhere_is_upright(void **state)
{
	struct work *work = *state;
	struct bytes jpeg = test_picture_jpeg(&work->arena, &(struct test_picture){ .width = 16, .height = 16, .orientation = 6 });
	size_t head = 2 + 36;

	assert_int_equal(exif_orientation(jpeg), ORIENTATION_TURN_RIGHT);
	for (size_t size = 0; size < head - 6; size++) {
		struct bytes cut = { copy(work, (struct bytes){ jpeg.data, size }), size };
		assert_in_range(exif_orientation(cut), ORIENTATION_UPRIGHT, ORIENTATION_END - 1);
	}
	for (size_t i = 2; i < head; i++) {
		uint8_t *bytes = copy(work, jpeg);
		bytes[i] = 0xff;
		assert_in_range(exif_orientation((struct bytes){ bytes, jpeg.size }), ORIENTATION_UPRIGHT, ORIENTATION_END - 1);
	}
}

static void a_pixel_is_the_average_of_the_area_that_it_covers(void **state)
{
	uint8_t pixels[3 * PICTURE_CHANNELS] = { 0, 30, 0, 90, 60, 0, 240, 90, 255 };
	struct picture row = { 3, 1, pixels }, column = { 1, 3, pixels };
	struct picture narrow = picture_shrink(&row, 2, 1), low = picture_shrink(&column, 1, 2);

	(void)state;
	assert_memory_equal(narrow.pixels, ((uint8_t[]){ 30, 40, 0, 190, 80, 170 }), 6);
	assert_memory_equal(low.pixels, narrow.pixels, 6);
	free(narrow.pixels);
	free(low.pixels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_longer_side_becomes_320_pixels_and_a_small_picture_stays, start, end),
		cmocka_unit_test_setup_teardown(it_is_upright_however_the_camera_was_held, start, end),
		cmocka_unit_test_setup_teardown(a_picture_full_of_noise_still_fits, start, end),
		cmocka_unit_test_setup_teardown(more_pixels_than_it_looks_at_are_refused_before_there_is_room_for_them, start, end),
		cmocka_unit_test_setup_teardown(one_that_ends_before_its_end_has_none, start, end),
		cmocka_unit_test_setup_teardown(an_exif_block_that_leads_nowhere_is_upright, start, end),
		cmocka_unit_test(a_pixel_is_the_average_of_the_area_that_it_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
