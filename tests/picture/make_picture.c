/* usage: make_picture WIDTH HEIGHT NOISE [ORIENTATION]     a JPEG to standard output */
#include <stdio.h>
#include <stdlib.h>

#include "tests/picture/test_picture.h"

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct test_picture picture = { 0 };
	struct bytes jpeg;

	if (argc < 4)
		return 2;
	picture.width = atoi(argv[1]);
	picture.height = atoi(argv[2]);
	picture.noise = (uint32_t)atoi(argv[3]);
	picture.orientation = argc > 4 ? atoi(argv[4]) : 0;
	jpeg = test_picture_jpeg(&arena, &picture);
	return fwrite(jpeg.data, 1, jpeg.size, stdout) == jpeg.size && jpeg.size > 0 ? 0 : 1;
}
