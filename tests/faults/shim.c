/* Preloaded into the programs: a wall clock that is wrong, and an allocation that fails.
 *
 *   SHIM_CLOCK=FILE   the wall clock is off by the milliseconds in FILE, 8 bytes in the machine's order, read anew at every look
 *   SHIM_FAIL=N       the N-th allocation finds no memory
 *   SHIM_COUNT=FILE   at its end the program writes how many allocations there were
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static atomic_uint_fast64_t allocations;
static uint64_t failing; /* 0: none */
static const volatile int64_t *error_ms;

__attribute__((constructor)) static void read_environment(void)
{
	const char *fail = getenv("SHIM_FAIL"), *clock_file = getenv("SHIM_CLOCK");
	int descriptor = clock_file == NULL ? -1 : open(clock_file, O_RDONLY | O_CLOEXEC);
	void *memory = descriptor < 0 ? MAP_FAILED : mmap(NULL, sizeof(*error_ms), PROT_READ, MAP_SHARED, descriptor, 0);

	if (memory != MAP_FAILED)
		error_ms = memory;
	if (descriptor >= 0)
		(void)close(descriptor);
	atomic_store(&allocations, 0);
	failing = fail == NULL ? 0 : strtoull(fail, NULL, 10);
}

__attribute__((destructor)) static void write_count(void)
{
	const char *path = getenv("SHIM_COUNT");
	int descriptor = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (descriptor >= 0) {
		(void)(dprintf(descriptor, "%llu\n", (unsigned long long)atomic_load(&allocations)) > 0);
		(void)close(descriptor);
	}
}

static int fails(void)
{
	uint64_t number = atomic_fetch_add(&allocations, 1) + 1;

	if (failing == 0 || number != failing)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	int64_t ms;

	if (result != 0 || error_ms == NULL || clock != CLOCK_REALTIME)
		return result;
	ms = (int64_t)now->tv_sec * 1000 + now->tv_nsec / 1000000 + *error_ms;
	now->tv_sec = (time_t)(ms / 1000);
	now->tv_nsec = (long)(ms % 1000) * 1000000;
	return 0;
}

int gettimeofday(struct timeval *restrict out_now, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*out_now = (struct timeval){ now.tv_sec, (suseconds_t)(now.tv_nsec / 1000) };
	return 0;
}

time_t time(time_t *out_now)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out_now != NULL)
		*out_now = now.tv_sec;
	return now.tv_sec;
}
