/* truckroll-thumbnail: a JPEG from standard input, its thumbnail to standard output. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <turbojpeg.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "thumbnail/confine.h"
#include "thumbnail/thumbnail.h"

#define READ_FIRST ((size_t)1024 * 1024)

/* The numbers of both programs; 8 when there is no memory. */
enum helper_exit {
	HELPER_EXIT_DONE = 0,
	HELPER_EXIT_REFUSED = 1,
	HELPER_EXIT_USAGE = 2,
	HELPER_EXIT_CORRUPT = 5,
	HELPER_EXIT_CANNOT_WRITE = 6,
};

static const char help[] =
	"truckroll-thumbnail makes a JPEG small: its longer side becomes 320 pixels.\n"
	"\n"
	"It reads standard input and writes standard output; before that it gives up everything else. truckroll starts it.\n"
	"\n"
	"Example:  truckroll-thumbnail <photo.jpg >small.jpg\n"
	"\n"
	"Exit codes: 0 done, 1 more pixels than it looks at, or not to be confined here, 5 no sound JPEG, 6 no room, 8 no memory.\n";

/* The JPEG library looks at the processor when it is first used, on some machines in a file: that must be over before it is confined. */
static void warm_up(void)
{
	static const uint8_t grey[16 * 16 * 3];
	struct thumbnail small;
	unsigned char *data = NULL;
	unsigned long size = 0;
	tjhandle encoder = tjInitCompress();

	if (tjCompress2(encoder, grey, 16, 0, 16, TJPF_RGB, &data, &size, TJSAMP_420, 80, 0) == 0)
		(void)(thumbnail_make((struct bytes){ data, size }, &small) == STATUS_OK);
	tjFree(data);
	(void)tjDestroy(encoder);
}

static enum status read_input(struct bytes *out_input)
{
	size_t room = READ_FIRST, size = 0;
	uint8_t *input = memory_allocate(room);
	ssize_t count;

	while ((count = read(STDIN_FILENO, input + size, room - size)) > 0) {
		size += (size_t)count;
		if (size > THUMBNAIL_INPUT_MAX)
			return fail(STATUS_REFUSED, "a file of more than %zu bytes is not looked at", THUMBNAIL_INPUT_MAX);
		if (size == room)
			input = memory_resize(input, room *= 2);
	}
	*out_input = (struct bytes){ input, size };
	return count == 0 ? STATUS_OK : fail(STATUS_CORRUPT, "standard input cannot be read");
}

static enum status write_output(struct bytes output)
{
	while (output.size > 0) {
		ssize_t count = write(STDOUT_FILENO, output.data, output.size);
		if (count <= 0)
			return fail(STATUS_CANNOT_WRITE, "standard output cannot be written");
		output = bytes_behind(output, (size_t)count);
	}
	return STATUS_OK;
}

static enum status run(void)
{
	static struct thumbnail thumbnail;
	struct bytes input = { 0 };
	enum status status;

	warm_up();
	status = confine();
	if (status == STATUS_OK)
		status = read_input(&input);
	if (status == STATUS_OK)
		status = thumbnail_make(input, &thumbnail);
	return status == STATUS_OK ? write_output((struct bytes){ thumbnail.data, thumbnail.size }) : status;
}

static enum helper_exit exit_of(enum status status)
{
	if (status == STATUS_OK)
		return HELPER_EXIT_DONE;
	if (status == STATUS_CANNOT_WRITE)
		return HELPER_EXIT_CANNOT_WRITE;
	return status == STATUS_CORRUPT ? HELPER_EXIT_CORRUPT : HELPER_EXIT_REFUSED;
}

/* Ends without the library's leave-taking, which may ask for what is given up. */
static void say(int descriptor, const char *words)
{
	(void)(write(descriptor, words, strlen(words)) < 0);
}

int main(int argc, char **argv)
{
	enum status status;

	if (argc > 1) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
		say(asked ? STDOUT_FILENO : STDERR_FILENO, help);
		return asked ? HELPER_EXIT_DONE : HELPER_EXIT_USAGE;
	}
	status = run();
	if (status != STATUS_OK) {
		say(STDERR_FILENO, fail_reason());
		say(STDERR_FILENO, "\n");
	}
	_exit(exit_of(status));
}
