#include "server/import_input.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_SIZE ((size_t)64 * 1024)

struct import_input {
	const char *path;
	gzFile file; /* NULL: all bytes are in `data` from the start */
	const uint8_t *data;
	uint8_t *chunk;  /* what `data` points to when there is a file */
	size_t size;     /* of data */
	size_t position; /* in data */
	int64_t taken;   /* bytes before `data`, unpacked */
	int64_t file_size;
	uLong crc; /* of everything before and in `data` */
	bool ended;
	enum status status;
};

static enum status file_check(const char *path, int descriptor, int64_t *out_size)
{
	struct stat about;

	if (fstat(descriptor, &about) != 0)
		return fail(STATUS_NOT_FOUND, "cannot examine %s: %s", path, error_to_text(errno));
	if (!S_ISREG(about.st_mode))
		return fail(STATUS_INVALID, "%s is not a regular file: an import is read twice, so write it to a file first", path);
	if (about.st_size > IMPORT_FILE_MAX)
		return fail(STATUS_INVALID, "%s is larger than 1 GiB: split it", path);
	*out_size = about.st_size;
	return STATUS_OK;
}

enum status import_input_open(struct arena *arena, const char *path, struct import_input **out_input)
{
	struct import_input *input;
	enum status status;
	int64_t size = 0;
	/* Non-blocking: the name of a pipe must not hold the program before it is refused. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	gzFile file;

	if (descriptor < 0)
		return fail(STATUS_NOT_FOUND, "cannot open %s: %s", path, error_to_text(errno));
	status = file_check(path, descriptor, &size);
	if (status != STATUS_OK) {
		close(descriptor);
		return status;
	}
	file = gzdopen(descriptor, "rb");
	if (file == NULL) {
		close(descriptor);
		return fail(STATUS_NOT_FOUND, "cannot read %s: no memory for it", path);
	}
	gzbuffer(file, CHUNK_SIZE);
	input = arena_allocate(arena, sizeof(*input));
	input->path = path;
	input->file = file;
	input->chunk = arena_allocate(arena, CHUNK_SIZE);
	input->data = input->chunk;
	input->file_size = size;
	*out_input = input;
	return STATUS_OK;
}

struct import_input *import_input_of(struct arena *arena, struct bytes bytes)
{
	struct import_input *input = arena_allocate(arena, sizeof(*input));

	input->path = "memory";
	input->data = bytes.data;
	input->size = bytes.size;
	input->file_size = (int64_t)bytes.size;
	input->crc = crc32_z(0, bytes.data, bytes.size);
	return input;
}

void import_input_close(struct import_input *input)
{
	if (input != NULL && input->file != NULL)
		gzclose(input->file);
}

enum status import_input_rewind(struct import_input *input)
{
	input->position = 0;
	if (input->file == NULL)
		return STATUS_OK;
	input->size = 0;
	input->taken = 0;
	input->crc = 0;
	input->ended = false;
	input->status = STATUS_OK;
	if (gzrewind(input->file) != 0)
		return fail(STATUS_NOT_FOUND, "cannot read %s a second time", input->path);
	return STATUS_OK;
}

static void stop(struct import_input *input, enum status status)
{
	input->ended = true;
	input->status = status;
}

/* What a read of nothing or less meant: a true end, damage, or a failing disk. */
static enum status stop_reason(const struct import_input *input)
{
	int code = Z_OK;

	(void)gzerror(input->file, &code);
	if (code == Z_OK || code == Z_STREAM_END)
		return STATUS_OK;
	if (code == Z_ERRNO)
		return fail(STATUS_NOT_FOUND, "%s cannot be read any further: %s", input->path, error_to_text(errno));
	return fail(STATUS_INVALID, "%s is damaged or cut short: its gzip data does not unpack; fetch the file again", input->path);
}

/* Makes at least one byte available; false at the end and after a failure. */
static bool fill(struct import_input *input)
{
	int got;

	if (input->position < input->size)
		return true;
	if (input->file == NULL || input->ended)
		return false;
	input->taken += (int64_t)input->size;
	input->size = 0;
	input->position = 0;
	if (input->taken > IMPORT_FILE_MAX) {
		stop(input, fail(STATUS_INVALID, "%s unpacks to more than 1 GiB: split it", input->path));
		return false;
	}
	got = gzread(input->file, input->chunk, (unsigned)CHUNK_SIZE);
	if (got <= 0) {
		stop(input, stop_reason(input));
		return false;
	}
	input->size = (size_t)got;
	input->crc = crc32_z(input->crc, input->chunk, input->size);
	return true;
}

int import_input_take(struct import_input *input)
{
	return fill(input) ? input->data[input->position++] : IMPORT_INPUT_END;
}

int import_input_peek(struct import_input *input)
{
	return fill(input) ? input->data[input->position] : IMPORT_INPUT_END;
}

struct bytes import_input_ahead(struct import_input *input, size_t size)
{
	size_t left;

	if (!fill(input))
		return (struct bytes){ .data = NULL };
	left = input->size - input->position;
	return (struct bytes){ .data = input->data + input->position, .size = left < size ? left : size };
}

void import_input_skip(struct import_input *input, size_t size)
{
	assert(size <= input->size - input->position);
	input->position += size;
}

enum status import_input_status(const struct import_input *input)
{
	return input->status;
}

uint64_t import_input_fingerprint(const struct import_input *input)
{
	return (uint64_t)(input->taken + (int64_t)input->size) << 32 | (uint64_t)(input->crc & 0xffffffff);
}

int64_t import_input_done(const struct import_input *input)
{
	return input->file == NULL ? (int64_t)input->position : (int64_t)gzoffset(input->file);
}

int64_t import_input_size(const struct import_input *input)
{
	return input->file_size;
}
