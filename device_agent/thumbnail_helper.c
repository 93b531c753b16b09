#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,readability-identifier-naming): memfd_create() */
#include "device_agent/thumbnail_helper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/base/clock.h"
#include "protocol/wire/blob.h"
#include "thumbnail/thumbnail.h"

/* NOLINTNEXTLINE(misc-redundant-expression): two limits of two folders */
static_assert(THUMBNAIL_SIZE_MAX <= BLOB_SMALL_MAX, "thumbnails go before what is larger");

#define HELPER_NAME "truckroll-thumbnail"

static void close_unless_none(int descriptor)
{
	if (descriptor >= 0)
		(void)close(descriptor);
}

/* ---- starting ---- */

/* A copy that nobody else has; -1. */
static int copy_of(struct bytes jpeg)
{
	int copy = memfd_create(HELPER_NAME, MFD_CLOEXEC);

	while (copy >= 0 && jpeg.size > 0) {
		ssize_t count = write(copy, jpeg.data, jpeg.size);
		if (count <= 0) {
			(void)close(copy);
			return -1;
		}
		jpeg = bytes_behind(jpeg, (size_t)count);
	}
	if (copy >= 0)
		(void)lseek(copy, 0, SEEK_SET);
	return copy;
}

/* Of the file beside this program. */
static bool find_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size);
	char *name;

	if (length <= 0 || (size_t)length >= size)
		return false;
	path[length] = '\0';
	name = strrchr(path, '/');
	if (name == NULL || (size_t)(name + 1 - path) + sizeof(HELPER_NAME) > size)
		return false;
	memcpy(name + 1, HELPER_NAME, sizeof(HELPER_NAME));
	return true;
}

/* 0: it did not start. */
static pid_t spawn(const char *path, int input, int output)
{
	char *arguments[] = { (char[]){ HELPER_NAME }, NULL }, *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t process = 0;
	int error;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return 0;
	error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn(&process, path, &actions, NULL, arguments, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error == 0 ? process : 0;
}

struct thumbnail_helper thumbnail_helper_start(struct bytes jpeg)
{
	struct thumbnail_helper helper = { .output = -1, .until_ms = clock_monotonic_ms(clock_system()) + THUMBNAIL_WAIT_MS };
	char path[4096];
	int input = copy_of(jpeg), ends[2] = { -1, -1 };

	if (input >= 0 && pipe2(ends, O_CLOEXEC) == 0 && find_path(path, sizeof(path)))
		helper.process = spawn(path, input, ends[1]);
	helper.output = ends[0];
	close_unless_none(ends[1]);
	close_unless_none(input);
	return helper;
}

/* ---- what it made ---- */

/* Until it ends, has said too much, or the time is over. */
static size_t read_output(const struct thumbnail_helper *helper, uint8_t *data, size_t size)
{
	size_t have = 0;

	while (have < size) {
		int64_t left_ms = helper->until_ms - clock_monotonic_ms(clock_system());
		struct pollfd ready = { .fd = helper->output, .events = POLLIN };
		int count = left_ms > 0 ? poll(&ready, 1, (int)left_ms) : 0;
		ssize_t more = count > 0 ? read(helper->output, data + have, size - have) : count;
		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		have += (size_t)more;
	}
	return have;
}

/* It has said what it says, so nothing is lost by ending it when it did not end by itself in time. */
static bool ended_well(const struct thumbnail_helper *helper, bool in_time)
{
	int ended = 0;
	pid_t found;

	if (!in_time)
		(void)kill(helper->process, SIGKILL);
	do
		found = waitpid(helper->process, &ended, 0);
	while (found < 0 && errno == EINTR);
	return found == helper->process && WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
}

static bool seems_a_jpeg(const uint8_t *data, size_t size)
{
	return size > 3 && size <= THUMBNAIL_SIZE_MAX && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

bool thumbnail_helper_finish(struct thumbnail_helper *helper, struct arena *arena, struct bytes *out_thumbnail)
{
	uint8_t *data = arena_allocate(arena, THUMBNAIL_SIZE_MAX + 1);
	size_t size = helper->process == 0 ? 0 : read_output(helper, data, THUMBNAIL_SIZE_MAX + 1);
	bool in_time = clock_monotonic_ms(clock_system()) < helper->until_ms && size <= THUMBNAIL_SIZE_MAX;
	bool well = helper->process != 0 && ended_well(helper, in_time);

	close_unless_none(helper->output);
	*helper = (struct thumbnail_helper){ .output = -1 };
	if (!well || !seems_a_jpeg(data, size))
		return false;
	*out_thumbnail = (struct bytes){ data, size };
	return true;
}
