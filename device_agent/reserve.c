#include "device_agent/reserve.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOM_MIN 4 /* times its size, else the disk is as good as full */

static bool has_room(int descriptor)
{
	struct statvfs disk;

	return fstatvfs(descriptor, &disk) == 0 && disk.f_frsize > 0 && disk.f_bavail >= ROOM_MIN * RESERVE_SIZE / disk.f_frsize;
}

void reserve_keep(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool made;

	if (descriptor < 0)
		return; /* it is there */
	made = has_room(descriptor) && posix_fallocate(descriptor, 0, (off_t)RESERVE_SIZE) == 0;
	(void)close(descriptor);
	if (!made)
		(void)unlink(path);
}

bool reserve_give_up(const char *path)
{
	return unlink(path) == 0;
}
