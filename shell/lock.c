#include "shell/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "shell/file.h"

#define HOLDER_SIZE 120
#define PAUSE_MS    20

/* What the holder wrote into the file, such as "truckrolld, process 4711"; hostile content is cut at the first odd byte. */
static void read_holder(int descriptor, char *out, size_t size)
{
	ssize_t got = pread(descriptor, out, size - 1, 0);
	size_t length = got > 0 ? (size_t)got : 0;

	out[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if (out[i] < ' ' || out[i] > '~')
			out[i] = '\0';
	if (out[0] == '\0')
		(void)snprintf(out, size, "another process");
}

/* A courtesy: a full disk must not keep anybody out of what can still be read. Over the last name, which needs no room. */
static void write_holder(int descriptor, const char *program)
{
	char line[HOLDER_SIZE];
	int size = snprintf(line, sizeof(line), "%s, process %ld\n", program, (long)getpid());

	if (size >= (int)sizeof(line))
		size = (int)sizeof(line) - 1;
	if (pwrite(descriptor, line, (size_t)size, 0) != size)
		size = 0; /* rather nobody's name than the last one's */
	(void)(ftruncate(descriptor, size) == 0);
}

static void pause_ms(int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&time, NULL);
}

static enum status take(int descriptor, const char *path, int wait_ms)
{
	char holder[HOLDER_SIZE];

	for (int waited_ms = 0;; waited_ms += PAUSE_MS) {
		if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
			return STATUS_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return file_fail(errno, "lock", path);
		if (waited_ms >= wait_ms)
			break;
		pause_ms(PAUSE_MS);
	}
	read_holder(descriptor, holder, sizeof(holder));
	return fail(STATUS_BUSY, "%s is held by %s, which does not give it up: wait for it, or end it", path, holder);
}

enum status lock_take(const char *dir, const char *program, int wait_ms, struct lock *out_lock)
{
	struct arena arena = { 0 };
	const char *path = path_join(&arena, text_of(dir), text_of("lock")).data;
	int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status status;

	if (descriptor < 0 && errno == ENOENT) {
		status = fail(STATUS_NOT_FOUND,
			"there is no directory %s: \"truckroll enroll\" makes a device and \"truckrolld init\" an organisation, or name "
			"another with --dir",
			dir);
		goto done;
	}
	if (descriptor < 0) {
		status = file_fail(errno, "open", path);
		goto done;
	}
	status = take(descriptor, path, wait_ms);
	if (status == STATUS_OK) {
		write_holder(descriptor, program);
		out_lock->descriptor = descriptor;
		descriptor = -1;
	}
done:
	if (descriptor >= 0)
		(void)close(descriptor);
	arena_finish(&arena);
	return status;
}

struct text lock_holder(struct arena *arena, const char *dir)
{
	const char *path = path_join(arena, text_of(dir), text_of("lock")).data;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char holder[HOLDER_SIZE];

	read_holder(descriptor, holder, sizeof(holder));
	if (descriptor >= 0)
		(void)close(descriptor);
	return arena_copy_text(arena, text_of(holder));
}

void lock_release(struct lock *lock)
{
	if (lock->descriptor < 0)
		return;
	/* The file stays: removing it would let two processes lock two files of one name. */
	(void)close(lock->descriptor);
	lock->descriptor = -1;
}
