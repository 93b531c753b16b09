#include "protocol/transport/signal_file.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum status signal_file_open(int *out_descriptor)
{
	int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (descriptor < 0)
		return fail(STATUS_CANNOT_WRITE,
			"cannot open an event descriptor (error %d); close programs or raise the limit of open files", errno);
	*out_descriptor = descriptor;
	return STATUS_OK;
}

void signal_file_raise(int descriptor)
{
	const uint64_t one = 1;
	int saved = errno;

	/* It can only fail when 2^64 signals are waiting: the descriptor is readable then as well. */
	if (write(descriptor, &one, sizeof(one)) < 0)
		errno = saved;
}

void signal_file_clear(int descriptor)
{
	uint64_t count;

	if (read(descriptor, &count, sizeof(count)) < 0)
		return; /* it was not raised */
}
