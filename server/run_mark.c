#include "server/run_mark.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/buffer.h"
#include "shell/file.h"

#define MARK_FILE "running"
#define RUNNING   "running\n"
#define CAREFUL   "careful\n" /* of the same length, so that it is written over the other in one go */
#define WORD_SIZE (sizeof(RUNNING) - 1)

/* A suspect: work, device, incarnation, first seq, last seq, hash, since. A work of 0 is the end. */
#define PLACE_SIZE (1 + 16 + 16 + 8 + 8 + HASH_SIZE + 8)
#define MARK_SIZE  (WORD_SIZE + SUSPECTS_MAX * PLACE_SIZE + 1)

static off_t place_of(size_t place)
{
	return (off_t)(WORD_SIZE + place * PLACE_SIZE);
}

static void suspect_read(struct reader *reader, struct suspect *out_suspect)
{
	uint8_t work = read_u8(reader);

	*out_suspect = (struct suspect){ .work = work < SUSPECT_WORK_COUNT ? (enum suspect_work)work : SUSPECT_NONE };
	read_raw(reader, &out_suspect->device, sizeof(out_suspect->device));
	read_raw(reader, &out_suspect->incarnation, sizeof(out_suspect->incarnation));
	out_suspect->first_seq = (int64_t)read_u64(reader);
	out_suspect->last_seq = (int64_t)read_u64(reader);
	read_raw(reader, out_suspect->hash.bytes, HASH_SIZE);
	out_suspect->since_ms = (int64_t)read_u64(reader);
	if (reader->bad)
		out_suspect->work = SUSPECT_NONE;
}

static void read_suspects(struct arena *arena, struct bytes content, struct suspect **out_suspects, size_t *out_count)
{
	struct reader reader = reader_of(content);

	(void)read_view(&reader, WORD_SIZE);
	*out_suspects = arena_allocate_array(arena, SUSPECTS_MAX, sizeof(**out_suspects));
	while (*out_count < SUSPECTS_MAX) {
		suspect_read(&reader, &(*out_suspects)[*out_count]);
		if ((*out_suspects)[*out_count].work == SUSPECT_NONE)
			return;
		++*out_count;
	}
}

enum run_mark_state run_mark_read(struct arena *arena, struct text dir, struct suspect **out_suspects, size_t *out_count)
{
	const char *path = path_join(arena, dir, text_of(MARK_FILE)).data;
	struct bytes content;

	*out_suspects = NULL;
	*out_count = 0;
	if (!file_exists(path))
		return RUN_MARK_NONE;
	if (file_read(arena, path, MARK_SIZE, &content) != STATUS_OK || content.size < WORD_SIZE)
		return RUN_MARK_UNCLEAN;
	read_suspects(arena, content, out_suspects, out_count);
	return memcmp(content.data, CAREFUL, WORD_SIZE) == 0 ? RUN_MARK_CAREFUL : RUN_MARK_UNCLEAN;
}

static bool write_at(const struct run_mark *mark, off_t offset, const void *data, size_t size)
{
	return pwrite(mark->descriptor, data, size, offset) == (ssize_t)size;
}

/* Room is taken at once, so that a disk that fills up does not keep the owner from saying what it is at. */
static bool open_mark(struct run_mark *mark)
{
	if (mark->descriptor >= 0)
		return true;
	mark->descriptor = open(mark->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (mark->descriptor < 0)
		return false;
	(void)posix_fallocate(mark->descriptor, 0, (off_t)MARK_SIZE);
	(void)write_at(mark, 0, RUNNING, WORD_SIZE);
	return true;
}

void run_mark_begin(struct run_mark *mark, struct arena *arena, struct text dir)
{
	*mark = (struct run_mark){ .path = path_join(arena, dir, text_of(MARK_FILE)).data, .descriptor = -1 };
	(void)open_mark(mark);
}

static uint8_t *append(uint8_t *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return at + size;
}

static uint8_t *append_number(uint8_t *at, int64_t number)
{
	for (size_t i = 0; i < 8; i++)
		*at++ = (uint8_t)((uint64_t)number >> 8 * i);
	return at;
}

static size_t suspect_write(uint8_t out_bytes[static PLACE_SIZE], const struct suspect *suspect)
{
	uint8_t *at = out_bytes;

	*at++ = (uint8_t)suspect->work;
	at = append(at, suspect->device.bytes, sizeof(suspect->device.bytes));
	at = append(at, suspect->incarnation.bytes, sizeof(suspect->incarnation.bytes));
	at = append_number(at, suspect->first_seq);
	at = append_number(at, suspect->last_seq);
	at = append(at, suspect->hash.bytes, HASH_SIZE);
	at = append_number(at, suspect->since_ms);
	return (size_t)(at - out_bytes);
}

bool run_mark_put(void *context, size_t place, const struct suspect *suspect)
{
	struct run_mark *mark = context;
	uint8_t bytes[PLACE_SIZE + 1] = { 0 };
	size_t size = suspect == NULL ? 0 : suspect_write(bytes, suspect);

	return open_mark(mark) && write_at(mark, place_of(place), bytes, size + 1);
}

void run_mark_end(struct run_mark *mark, bool careful)
{
	if (careful && mark->descriptor >= 0)
		(void)write_at(mark, 0, CAREFUL, WORD_SIZE);
	else if (!careful)
		(void)unlink(mark->path);
	if (mark->descriptor >= 0)
		(void)close(mark->descriptor);
	mark->descriptor = -1;
}
