#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/text.h"
#include "thumbnail/confine.h"

#include <cmocka.h>

/* What a decoder that was taken over might try. */
static void open_a_file(void)
{
	(void)open("/etc/passwd", O_RDONLY);
}

static void write_a_file(void)
{
	(void)open("/tmp/truckroll-confine", O_WRONLY | O_CREAT, 0600);
}

static void open_a_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void start_a_process(void)
{
	(void)fork();
}

static void run_a_program(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
}

static void end_another(void)
{
	(void)kill(getppid(), 0);
}

static void read_another_descriptor(void)
{
	char byte;

	(void)!read(7, &byte, 1);
}

static void write_into_another_descriptor(void)
{
	(void)!write(7, "x", 1);
}

static void make_memory_executable(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void wait_for_long(void)
{
	(void)nanosleep(&(struct timespec){ .tv_sec = 60 }, NULL);
}

/* Ends with 77 what cannot be confined. */
static int ended(void (*act)(void))
{
	int how = 0;
	pid_t child = fork();

	if (child == 0) {
		if (confine() != STATUS_OK)
			_exit(77);
		act();
		_exit(0);
	}
	assert_true(child > 0 && waitpid(child, &how, 0) == child);
	return how;
}

static bool runs_under_valgrind(void)
{
	return getenv("TRUCKROLL_VALGRIND") != NULL; /* its own calls would be the first to be killed */
}

static void whatever_it_does_not_need_kills_it(void **state)
{
	static void (*const acts[])(void) = { open_a_file, write_a_file, open_a_socket, start_a_process, run_a_program, end_another,
		read_another_descriptor, write_into_another_descriptor, make_memory_executable, wait_for_long };

	(void)state;
	for (size_t i = 0; i < LENGTH(acts) && !runs_under_valgrind(); i++) {
		int how = ended(acts[i]);
		if (!WIFSIGNALED(how) || WTERMSIG(how) != SIGSYS)
			fail_msg("act %zu ended with %#x", i, (unsigned)how);
	}
}

static void use_what_is_left(void)
{
	(void)!write(STDERR_FILENO, "", 0);
	(void)mmap(NULL, (size_t)1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void what_it_needs_it_may_do(void **state)
{
	int how = runs_under_valgrind() ? 0 : ended(use_what_is_left);

	(void)state;
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static void take_all_memory(void)
{
	size_t had = 0;

	while (had < 4096 && mmap(NULL, (size_t)1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		had++;
	_exit(had < 4096 ? 42 : 0);
}

static void its_memory_is_bounded(void **state)
{
	int how = runs_under_valgrind() ? 42 << 8 : ended(take_all_memory);

	(void)state;
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_it_does_not_need_kills_it),
		cmocka_unit_test(what_it_needs_it_may_do),
		cmocka_unit_test(its_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
