#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier,readability-identifier-naming): realpath() */
#include "shell/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/catalogue.h"

/* clang-format off */
static const struct {
	int error;
	enum status status;
	const char *why;
} errors[] = {
	{ ENOENT,       STATUS_NOT_FOUND,    "there is no such file or directory" },
	{ ENOTDIR,      STATUS_NOT_FOUND,    "a part of the path is not a directory" },
	{ ENOSPC,       STATUS_CANNOT_WRITE, "the disk is full: free some space and try again" },
	{ EDQUOT,       STATUS_CANNOT_WRITE, "your quota of disk space is used up: free some space and try again" },
	{ EROFS,        STATUS_CANNOT_WRITE, "the disk is read-only: make it writable, or choose another directory with --dir" },
	{ EACCES,       STATUS_CANNOT_WRITE, "this user may not: give the user the right, or choose another directory with --dir" },
	{ EPERM,        STATUS_CANNOT_WRITE, "this user may not: give the user the right, or choose another directory with --dir" },
	{ EFBIG,        STATUS_CANNOT_WRITE, "the file would be larger than this user may write" },
	{ EIO,          STATUS_CANNOT_WRITE, "the disk fails: check it" },
	{ EMFILE,       STATUS_CANNOT_WRITE, "too many files are open in this process" },
	{ ENFILE,       STATUS_CANNOT_WRITE, "too many files are open on this machine" },
	{ ELOOP,        STATUS_INVALID,      "it is a symbolic link" },
	{ ENAMETOOLONG, STATUS_INVALID,      "the name is too long" },
	{ EISDIR,       STATUS_INVALID,      "it is a directory" },
};
/* clang-format on */

enum status file_fail(int error, const char *doing, const char *path)
{
	enum language language = catalogue_spoken();

	doing = catalogue_translate(language, doing);
	for (size_t i = 0; i < LENGTH(errors); i++)
		if (errors[i].error == error)
			return fail(errors[i].status, "cannot %s %s: %s", doing, path, catalogue_translate(language, errors[i].why));
	return fail(STATUS_CANNOT_WRITE, "cannot %s %s: error %d of the system", doing, path, error);
}

struct text path_join(struct arena *arena, struct text dir, struct text name)
{
	if (dir.size == 0 || (name.size > 0 && name.data[0] == '/'))
		return arena_copy_text(arena, name);
	while (dir.size > 1 && dir.data[dir.size - 1] == '/')
		dir.size--;
	if (name.size == 0)
		return arena_copy_text(arena, dir);
	if (dir.size == 1 && dir.data[0] == '/')
		return arena_print(arena, "/%.*s", TEXT_ARGUMENTS(name));
	return arena_print(arena, "%.*s/%.*s", TEXT_ARGUMENTS(dir), TEXT_ARGUMENTS(name));
}

bool file_exists(const char *path)
{
	struct stat what;

	return lstat(path, &what) == 0;
}

static enum status read_all(int descriptor, const char *path, uint8_t *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(descriptor, data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail(STATUS_CORRUPT, "cannot read %s: it ends after %zu of %zu bytes; check the disk", path, done, size);
		done += (size_t)got;
	}
	return STATUS_OK;
}

/* Size of a regular file of at most `size_max` bytes. */
static enum status check_size(int descriptor, const char *path, size_t size_max, size_t *out_size)
{
	struct stat what;

	if (fstat(descriptor, &what) != 0)
		return file_fail(errno, "read", path);
	if (!S_ISREG(what.st_mode))
		return fail(STATUS_INVALID, "cannot read %s: it is not a file", path);
	if ((uintmax_t)what.st_size > size_max)
		return fail(STATUS_INVALID, "cannot read %s: it has %jd bytes, more than the %zu allowed", path, (intmax_t)what.st_size,
			size_max);
	*out_size = (size_t)what.st_size;
	return STATUS_OK;
}

static enum status open_to_read(const char *path, int *out_descriptor)
{
	*out_descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*out_descriptor < 0 && errno == EACCES)
		return fail(STATUS_CORRUPT, "cannot read %s: this user may not", path);
	return *out_descriptor < 0 ? file_fail(errno, "read", path) : STATUS_OK;
}

static enum status read_into(struct arena *arena, int descriptor, const char *path, size_t size, struct bytes *out_bytes)
{
	uint8_t *data = arena_allocate(arena, size + 1);
	enum status status = read_all(descriptor, path, data, size);

	if (status == STATUS_OK)
		*out_bytes = (struct bytes){ .data = data, .size = size };
	return status;
}

enum status file_read(struct arena *arena, const char *path, size_t size_max, struct bytes *out_bytes)
{
	int descriptor;
	size_t size = 0;
	enum status status = open_to_read(path, &descriptor);

	if (status != STATUS_OK)
		return status;
	status = check_size(descriptor, path, size_max, &size);
	if (status == STATUS_OK)
		status = read_into(arena, descriptor, path, size, out_bytes);
	(void)close(descriptor);
	return status;
}

enum status file_read_part(struct arena *arena, const char *path, int64_t offset, size_t size, struct bytes *out_bytes)
{
	int descriptor;
	size_t whole = 0;
	enum status status = open_to_read(path, &descriptor);

	if (status != STATUS_OK)
		return status;
	status = check_size(descriptor, path, SIZE_MAX, &whole);
	if (status == STATUS_OK && lseek(descriptor, (off_t)offset, SEEK_SET) < 0)
		status = file_fail(errno, "read", path);
	if (status == STATUS_OK)
		status = read_into(arena, descriptor, path, size, out_bytes);
	(void)close(descriptor);
	return status;
}

enum status file_put(int descriptor, const char *path, struct bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t put = write(descriptor, bytes.data, bytes.size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return file_fail(errno, "write", path);
		bytes.data += put;
		bytes.size -= (size_t)put;
	}
	return STATUS_OK;
}

struct text path_folder(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return text_of(slash == NULL ? "." : "/");
	return arena_print(arena, "%.*s", (int)(slash - path), path);
}

/* A rename is durable only when its directory is. */
static enum status sync_directory_of(struct arena *arena, const char *path)
{
	const char *dir = path_folder(arena, path).data;
	int descriptor = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum status status = STATUS_OK;

	if (descriptor < 0)
		return file_fail(errno, "open", dir);
	if (fsync(descriptor) != 0)
		status = file_fail(errno, "write", dir);
	(void)close(descriptor);
	return status;
}

/* A device, a pipe or a link would be gone, and a file in its place. */
enum status file_check_target(const char *path)
{
	struct stat what;

	if (lstat(path, &what) != 0 || S_ISREG(what.st_mode))
		return STATUS_OK; /* what else is wrong, writing will tell */
	if (S_ISDIR(what.st_mode))
		return file_fail(EISDIR, "replace", path);
	return fail(STATUS_REFUSED, "%s is there already and is no ordinary file: give another name", path);
}

static enum status replace(const char *path, struct bytes bytes, unsigned int mode)
{
	struct arena arena = { 0 };
	struct text name = arena_print(&arena, "%s.XXXXXX", path);
	char *temporary = arena_copy(&arena, name.data, name.size + 1);
	enum status status;
	int descriptor;

	descriptor = mkstemp(temporary);
	if (descriptor < 0) {
		status = file_fail(errno, "write", path);
		goto done;
	}
	status = file_put(descriptor, path, bytes);
	if (status == STATUS_OK && fsync(descriptor) != 0)
		status = file_fail(errno, "write", path);
	if (fchmod(descriptor, (mode_t)mode) != 0 && status == STATUS_OK)
		status = file_fail(errno, "write", path);
	if (close(descriptor) != 0 && status == STATUS_OK)
		status = file_fail(errno, "write", path);
	if (status == STATUS_OK && rename(temporary, path) != 0)
		status = file_fail(errno, "replace", path);
	if (status == STATUS_OK)
		status = sync_directory_of(&arena, path);
	else
		(void)unlink(temporary);
done:
	arena_finish(&arena);
	return status;
}

enum status file_write(const char *path, struct bytes bytes, unsigned int mode)
{
	enum status status = file_check_target(path);

	return status == STATUS_OK ? replace(path, bytes, mode) : status;
}

enum status file_keep(const char *path, const char *as)
{
	struct arena arena = { 0 };
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum status status = STATUS_OK;

	if (descriptor < 0)
		return file_fail(errno, "open", path);
	if (fsync(descriptor) != 0)
		status = file_fail(errno, "write", path);
	(void)close(descriptor);
	if (status == STATUS_OK && rename(path, as) != 0)
		status = file_fail(errno, "replace", as);
	if (status == STATUS_OK)
		status = sync_directory_of(&arena, as);
	arena_finish(&arena);
	return status;
}

static enum status make_one(const char *path)
{
	struct stat what;

	if (mkdir(path, 0700) == 0)
		return STATUS_OK;
	if (errno != EEXIST)
		return file_fail(errno, "make the directory", path);
	if (stat(path, &what) != 0)
		return file_fail(errno, "open", path);
	if (!S_ISDIR(what.st_mode))
		return fail(STATUS_INVALID, "cannot make the directory %s: something else has that name", path);
	return STATUS_OK;
}

enum status directory_make(const char *path)
{
	struct arena arena = { 0 };
	char *part = arena_copy(&arena, path, strlen(path) + 1);
	enum status status = STATUS_OK;

	for (size_t i = 1; part[i] != '\0' && status == STATUS_OK; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		status = make_one(part);
		part[i] = '/';
	}
	if (status == STATUS_OK)
		status = make_one(part);
	arena_finish(&arena);
	return status;
}

/* Always the same name: what a killed process left the next one takes away. */
enum status directory_check_writable(const char *path)
{
	struct arena arena = { 0 };
	const char *probe = arena_print(&arena, "%s/.truckroll-probe", path).data;
	int descriptor = open(probe, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status status = STATUS_OK;

	if (descriptor < 0)
		status = file_fail(errno, "write in", path);
	else
		(void)close(descriptor);
	if (descriptor >= 0)
		(void)unlink(probe);
	arena_finish(&arena);
	return status;
}

bool directory_holds(const char *directory, const char *path)
{
	char *outer = realpath(directory, NULL), *inner = realpath(path, NULL);
	size_t size = outer == NULL ? 0 : strlen(outer);
	bool holds = outer != NULL && inner != NULL && strncmp(outer, inner, size) == 0 &&
		     (inner[size] == '\0' || inner[size] == '/' || outer[size - 1] == '/');

	free(outer);
	free(inner);
	return holds;
}
