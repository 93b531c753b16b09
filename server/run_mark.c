#include "server/run_mark.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/buffer.h"
#include "shell/file.h"

#define MARK_FILE "running"
#define RUNNING   "working\n"
#define STOPPED   "stopped\n" /* of the same length, so that it is written over the other in one go */
#define WORD_SIZE (sizeof(RUNNING) - 1)
#define BOOT_FILE "/proc/sys/kernel/random/boot_id"

/* A suspect: work, device, incarnation, first seq, last seq, hash, since. A work of 0 is the end. */
#define PLACE_SIZE (1 + 16 + 16 + 8 + 8 + HASH_SIZE + 8)
#define HEAD_SIZE  (WORD_SIZE + RUN_MARK_BOOT_SIZE)
#define MARK_SIZE  (HEAD_SIZE + SUSPECTS_MAX * PLACE_SIZE + 1)

static off_t place_of(size_t place)
{
	return (off_t)(HEAD_SIZE + place * PLACE_SIZE);
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

/* Zeros when the system does not say. */
static void read_boot(char out_boot[static RUN_MARK_BOOT_SIZE])
{
	int descriptor = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0 || read(descriptor, out_boot, RUN_MARK_BOOT_SIZE) != RUN_MARK_BOOT_SIZE)
		memset(out_boot, 0, RUN_MARK_BOOT_SIZE);
	if (descriptor >= 0)
		(void)close(descriptor);
}

/* What a machine that went down had not written yet is not in the file: it may be cleared there what was tried since. */
static bool is_of_this_boot(struct bytes content)
{
	static const char unknown[RUN_MARK_BOOT_SIZE];
	char boot[RUN_MARK_BOOT_SIZE];

	read_boot(boot);
	return memcmp(boot, unknown, sizeof(boot)) != 0 && memcmp(content.data + WORD_SIZE, boot, sizeof(boot)) == 0;
}

static void read_suspects(struct arena *arena, struct bytes content, bool believe, struct suspect **out_suspects, size_t *out_count)
{
	struct reader reader = reader_of(content);
	struct suspect *suspects = arena_allocate_array(arena, SUSPECTS_MAX, sizeof(*suspects));

	(void)read_view(&reader, HEAD_SIZE);
	*out_suspects = suspects;
	for (size_t place = 0; place < SUSPECTS_MAX; place++) {
		suspect_read(&reader, &suspects[*out_count]);
		if (suspects[*out_count].work == SUSPECT_NONE)
			return;
		*out_count += believe || suspects[*out_count].work != SUSPECT_CLEARED;
	}
}

enum run_mark_state run_mark_read(struct arena *arena, struct text dir, struct suspect **out_suspects, size_t *out_count)
{
	const char *path = path_join(arena, dir, text_of(MARK_FILE)).data;
	struct bytes content;
	bool stopped;

	*out_suspects = NULL;
	*out_count = 0;
	if (!file_exists(path))
		return RUN_MARK_NONE;
	if (file_read(arena, path, MARK_SIZE, &content) != STATUS_OK || content.size < HEAD_SIZE)
		return RUN_MARK_UNCLEAN;
	stopped = memcmp(content.data, STOPPED, WORD_SIZE) == 0;
	if (stopped || memcmp(content.data, RUNNING, WORD_SIZE) == 0)
		read_suspects(arena, content, stopped || is_of_this_boot(content), out_suspects, out_count);
	return stopped ? RUN_MARK_CAREFUL : RUN_MARK_UNCLEAN;
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
	if (mark->descriptor >= 0)
		(void)posix_fallocate(mark->descriptor, 0, (off_t)MARK_SIZE);
	return mark->descriptor >= 0;
}

void run_mark_init(struct run_mark *mark, struct arena *arena, struct text dir)
{
	*mark = (struct run_mark){ .path = path_join(arena, dir, text_of(MARK_FILE)).data, .descriptor = -1 };
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

/* The word and the list of this owner in the place of the last one's, at once. That one's is not to come back with the power when this one
 * has cleared a try, and that took the machine along. */
static bool begin(struct run_mark *mark, uint8_t *bytes, size_t size)
{
	memcpy(bytes, RUNNING, WORD_SIZE);
	read_boot((char *)bytes + WORD_SIZE);
	mark->begun = open_mark(mark) && write_at(mark, 0, bytes, size);
	if (mark->begun && size > HEAD_SIZE + 1)
		(void)fdatasync(mark->descriptor);
	return mark->begun;
}

bool run_mark_put(void *context, size_t place, const struct suspect *suspects, size_t count)
{
	struct run_mark *mark = context;
	uint8_t bytes[MARK_SIZE];
	size_t size = HEAD_SIZE;

	if (place + count > SUSPECTS_MAX || (place > 0 && !mark->begun))
		return false;
	for (size_t i = 0; i < count; i++)
		size += suspect_write(bytes + size, &suspects[i]);
	bytes[size++] = SUSPECT_NONE;
	if (!mark->begun)
		return begin(mark, bytes, size);
	return write_at(mark, place_of(place), bytes + HEAD_SIZE, size - HEAD_SIZE);
}

void run_mark_end(struct run_mark *mark, bool careful)
{
	if (mark->begun && careful)
		(void)write_at(mark, 0, STOPPED, WORD_SIZE);
	else if (mark->begun)
		(void)unlink(mark->path);
	if (mark->descriptor >= 0)
		(void)close(mark->descriptor);
	mark->descriptor = -1;
	mark->begun = false;
}
