#include "shell/descriptors.h"

#include <dirent.h>
#include <limits.h>
#include <sys/resource.h>

size_t descriptors_raise(size_t most)
{
	struct rlimit limit, raised;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return _POSIX_OPEN_MAX;
	raised = limit;
	raised.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
	if (raised.rlim_cur > limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0)
		limit = raised;
	return (size_t)limit.rlim_cur;
}

int64_t descriptors_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int64_t count = -3; /* itself, and two names that are none */

	if (folder == NULL)
		return -1;
	while (readdir(folder) != NULL) /* NOLINT(concurrency-mt-unsafe): the stream is this function's own */
		count++;
	(void)closedir(folder);
	return count;
}
