#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "device_agent/store_parts.h"
#include "shell/file.h"

static int system_rename(void *context, const char *from, const char *to)
{
	(void)context;
	return rename(from, to) == 0 ? 0 : errno;
}

static int system_remove(void *context, const char *path)
{
	(void)context;
	return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

static int system_sync_directory(void *context, const char *dir)
{
	int descriptor = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	(void)context;
	if (descriptor < 0)
		return errno;
	error = fsync(descriptor) == 0 ? 0 : errno;
	(void)close(descriptor);
	return error;
}

const struct store_files device_files_system = {
	.rename = system_rename,
	.remove = system_remove,
	.sync_directory = system_sync_directory,
};

enum status swap_lock_take(struct device_store *store, bool exclusive, int *out_descriptor)
{
	const char *path;
	int descriptor;

	*out_descriptor = -1;
	if (store->vfs != NULL)
		return STATUS_OK;
	path = device_path(store, "replica.swap");
	descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (descriptor < 0) {
		if (!exclusive && (errno == EROFS || errno == EACCES))
			return STATUS_OK; /* nobody exchanges files where none can be made */
		return file_fail(errno, "open", path);
	}
	while (flock(descriptor, exclusive ? LOCK_EX : LOCK_SH) != 0) {
		int error = errno;
		if (error == EINTR)
			continue;
		(void)close(descriptor);
		return file_fail(error, "lock", path);
	}
	*out_descriptor = descriptor;
	return STATUS_OK;
}

void swap_lock_release(int descriptor)
{
	if (descriptor >= 0)
		(void)close(descriptor);
}
