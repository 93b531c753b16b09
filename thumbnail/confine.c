#include "thumbnail/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "protocol/base/text.h"

#define MEMORY_MAX    ((rlim_t)384 * 1024 * 1024) /* a progressive JPEG is held whole, at 3 to 6 bytes a pixel: 50 megapixels and more */
#define PROCESSOR_MAX 5                           /* seconds */
#define WRITTEN_MAX   ((rlim_t)1024 * 1024)       /* bytes, when standard output is a file */

extern char **environ; /* NOLINT(readability-redundant-declaration): POSIX has no header for it */

static enum status fail_confine(const char *what, int error)
{
	return fail(STATUS_REFUSED, "%s is not possible here: %s", what, error_to_text(error));
}

static enum status limit_resources(void)
{
	/* clang-format off */
	static const struct { int resource; rlim_t most; } limits[] = {
		{ RLIMIT_AS,     MEMORY_MAX },
		{ RLIMIT_CPU,    PROCESSOR_MAX },
		{ RLIMIT_FSIZE,  WRITTEN_MAX },
		{ RLIMIT_NOFILE, 0 },
		{ RLIMIT_CORE,   0 },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(limits); i++)
		if (setrlimit(limits[i].resource, &(struct rlimit){ limits[i].most, limits[i].most }) != 0)
			return fail_confine("a limit of resources", errno);
	return STATUS_OK;
}

/* An argument of a call, and what it must be; memory is never made executable, and no file is mapped. */
/* clang-format off */
static const struct {
	int call;
	unsigned argument_count;
	struct scmp_arg_cmp arguments[2];
} allowed[] = {
	{ SCMP_SYS(read),       1, { { 0, SCMP_CMP_EQ, STDIN_FILENO, 0 } } },
	{ SCMP_SYS(write),      1, { { 0, SCMP_CMP_EQ, STDOUT_FILENO, 0 } } },
	{ SCMP_SYS(write),      1, { { 0, SCMP_CMP_EQ, STDERR_FILENO, 0 } } },
	{ SCMP_SYS(brk),        0, { { 0 } } },
	{ SCMP_SYS(mmap),       2, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 }, { 3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS } } },
	{ SCMP_SYS(mmap2),      2, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 }, { 3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS } } },
	{ SCMP_SYS(mremap),     0, { { 0 } } },
	{ SCMP_SYS(munmap),     0, { { 0 } } },
	{ SCMP_SYS(exit_group), 0, { { 0 } } },
};
/* clang-format on */

static enum status limit_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; error == 0 && i < LENGTH(allowed); i++)
		error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i].call, allowed[i].argument_count, allowed[i].arguments);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error == 0 ? STATUS_OK : fail_confine("a filter of system calls", -error);
}

enum status confine(void)
{
	static char *nothing[] = { NULL };
	enum status status;

	environ = nothing;
	closefrom(STDERR_FILENO + 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail_confine("giving up privileges", errno);
	status = limit_resources();
	return status == STATUS_OK ? limit_calls() : status;
}
