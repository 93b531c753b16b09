#include "tests/picture/test_picture.h"

#include <string.h>
#include <turbojpeg.h>

#define CHANNELS 3

const struct test_pixel test_picture_quarters[4] = { { 220, 30, 30 }, { 30, 200, 30 }, { 30, 30, 220 }, { 240, 240, 240 } };

static uint32_t next_noise(uint32_t *noise)
{
	*noise ^= *noise << 13;
	*noise ^= *noise >> 17;
	*noise ^= *noise << 5;
	return *noise;
}

static uint8_t sample(int value, uint32_t *noise)
{
	value += *noise == 0 ? 0 : (int)(next_noise(noise) % 50) - 25;
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static uint8_t *draw(struct arena *arena, const struct test_picture *picture)
{
	uint8_t *pixels = arena_allocate(arena, (size_t)picture->width * (size_t)picture->height * CHANNELS), *next = pixels;
	uint32_t noise = picture->noise;

	for (int y = 0; y < picture->height; y++)
		for (int x = 0; x < picture->width; x++) {
			const struct test_pixel *pixel =
				&test_picture_quarters[(y >= (picture->height + 1) / 2) * 2 + (x >= (picture->width + 1) / 2)];
			*next++ = sample(pixel->red, &noise);
			*next++ = sample(pixel->green, &noise);
			*next++ = sample(pixel->blue, &noise);
		}
	return pixels;
}

/* An EXIF block that says one thing: an entry of one big-endian number. */
static void write_exif(struct writer *writer, int orientation)
{
	static const uint8_t start[] = { 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3,
		0, 0, 0, 1, 0 };
	static const uint8_t end[] = { 0, 0, 0, 0, 0, 0 };

	write_raw(writer, start, sizeof(start));
	write_u8(writer, (uint8_t)orientation);
	write_raw(writer, end, sizeof(end));
}

struct bytes test_picture_jpeg(struct arena *arena, const struct test_picture *picture)
{
	struct writer writer = writer_in(arena, SIZE_MAX / 4);
	tjhandle encoder = tjInitCompress();
	unsigned char *data = NULL;
	unsigned long size = 0;

	if (tjCompress2(encoder, draw(arena, picture), picture->width, 0, picture->height, TJPF_RGB, &data, &size, TJSAMP_420, 90,
		    picture->progressive ? TJFLAG_PROGRESSIVE : 0) == 0) {
		write_raw(&writer, data, 2);
		if (picture->orientation != 0)
			write_exif(&writer, picture->orientation);
		write_raw(&writer, data + 2, size - 2);
	}
	tjFree(data);
	(void)tjDestroy(encoder);
	return writer_bytes(&writer);
}

bool test_picture_look(struct bytes jpeg, int *out_width, int *out_height, struct test_pixel out_quarters[4])
{
	struct arena arena = { 0 };
	tjhandle decoder = tjInitDecompress();
	int sampling, colours;
	bool sound = tjDecompressHeader3(decoder, jpeg.data, jpeg.size, out_width, out_height, &sampling, &colours) == 0;
	uint8_t *pixels = sound ? arena_allocate(&arena, (size_t)*out_width * (size_t)*out_height * CHANNELS) : NULL;

	sound = sound && tjDecompress2(decoder, jpeg.data, jpeg.size, pixels, *out_width, 0, *out_height, TJPF_RGB, 0) == 0;
	for (int i = 0; sound && i < 4; i++) {
		int x = *out_width * (1 + i % 2 * 2) / 4, y = *out_height * (1 + i / 2 * 2) / 4;
		const uint8_t *pixel = pixels + (y * *out_width + x) * CHANNELS;
		out_quarters[i] = (struct test_pixel){ pixel[0], pixel[1], pixel[2] };
	}
	(void)tjDestroy(decoder);
	arena_finish(&arena);
	return sound;
}
