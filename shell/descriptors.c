#include "shell/descriptors.h"

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
