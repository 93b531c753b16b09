#include "shell/blob_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "shell/file.h"

#define PATH_SIZE 4096

struct folder {
	struct blob_files files;
	char dir[PATH_SIZE - 256];
};

struct path {
	char characters[PATH_SIZE];
};

static struct path path_of(void *context, const char *name)
{
	const struct folder *folder = context;
	struct path path;

	(void)snprintf(path.characters, sizeof(path.characters), "%s/%.*s", folder->dir, 200, name);
	return path;
}

/* The folder that `path` lies in. */
static struct path parent_of(const struct path *path)
{
	struct path parent = *path;

	*strrchr(parent.characters, '/') = '\0';
	return parent;
}

static enum status size_of(void *context, const char *name, int64_t *out_size)
{
	struct path path = path_of(context, name);
	struct stat what;

	if (stat(path.characters, &what) != 0)
		return file_fail(errno, "read", path.characters);
	if (!S_ISREG(what.st_mode))
		return fail(STATUS_CORRUPT, "cannot read %s: it is not a file", path.characters);
	*out_size = (int64_t)what.st_size;
	return STATUS_OK;
}

static enum status read_exactly(void *context, const char *name, int64_t offset, uint8_t *data, size_t size)
{
	struct path path = path_of(context, name);
	int descriptor = open(path.characters, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum status status = STATUS_OK;

	if (descriptor < 0)
		return file_fail(errno, "read", path.characters);
	for (size_t done = 0; done < size && status == STATUS_OK;) {
		ssize_t got = pread(descriptor, data + done, size - done, (off_t)(offset + (int64_t)done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			status = fail(STATUS_CORRUPT, "cannot read %s: it ends after %zu of %zu bytes; check the disk", path.characters,
				done, size);
		else
			done += (size_t)got;
	}
	(void)close(descriptor);
	return status;
}

/* Opens to write; makes the folders when they are missing. */
static enum status open_to_write(const struct path *path, int *out_descriptor)
{
	struct path parent = parent_of(path);
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	enum status status = STATUS_OK;

	*out_descriptor = open(path->characters, flags, 0600);
	if (*out_descriptor < 0 && errno == ENOENT) {
		status = directory_make(parent.characters);
		if (status == STATUS_OK)
			*out_descriptor = open(path->characters, flags, 0600);
	}
	if (status == STATUS_OK && *out_descriptor < 0)
		status = file_fail(errno, "write", path->characters);
	return status == STATUS_NOT_FOUND ? STATUS_CANNOT_WRITE : status;
}

static enum status write_at(void *context, const char *name, int64_t offset, struct bytes bytes)
{
	struct path path = path_of(context, name);
	int descriptor = -1;
	size_t done = 0;
	enum status status = open_to_write(&path, &descriptor);

	if (status != STATUS_OK)
		return status;
	while (done < bytes.size && status == STATUS_OK) {
		ssize_t put = pwrite(descriptor, bytes.data + done, bytes.size - done, (off_t)(offset + (int64_t)done));
		if (put < 0 && errno != EINTR)
			status = file_fail(errno, "write", path.characters);
		else if (put > 0)
			done += (size_t)put;
	}
	if (ftruncate(descriptor, (off_t)(offset + (int64_t)done)) != 0 && status == STATUS_OK)
		status = file_fail(errno, "write", path.characters);
	(void)close(descriptor);
	return status;
}

static enum status sync_path(const char *path, int flags)
{
	int descriptor = open(path, flags | O_CLOEXEC);
	enum status status = STATUS_OK;

	if (descriptor < 0)
		return file_fail(errno, "open", path);
	if (fsync(descriptor) != 0)
		status = file_fail(errno, "write", path);
	(void)close(descriptor);
	return status;
}

/* A folder that was made now is durable only when the one it lies in is: up to DIR. */
static enum status sync_folders(const struct folder *folder, struct path path)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && strlen(path.characters) > strlen(folder->dir)) {
		path = parent_of(&path);
		status = sync_path(path.characters, O_RDONLY | O_DIRECTORY);
	}
	path = parent_of(&path);
	return status == STATUS_OK ? sync_path(path.characters, O_RDONLY | O_DIRECTORY) : status;
}

static enum status keep_as(void *context, const char *name, const char *as)
{
	struct path from = path_of(context, name), to = path_of(context, as), parent = parent_of(&to);
	enum status status = sync_path(from.characters, O_RDONLY | O_NOFOLLOW);

	if (status == STATUS_OK)
		status = directory_make(parent.characters);
	if (status == STATUS_OK && rename(from.characters, to.characters) != 0)
		status = file_fail(errno, "write", to.characters);
	return status == STATUS_OK ? sync_folders(context, to) : status;
}

static enum status remove_name(void *context, const char *name)
{
	struct path path = path_of(context, name);

	if (unlink(path.characters) == 0 || errno == ENOENT || errno == ENOTDIR)
		return STATUS_OK;
	return file_fail(errno, "remove", path.characters);
}

struct walk {
	blob_file_visit visit;
	void *user;
	time_t now_s;
};

static enum status walk_folder(const struct walk *walk, const struct path *path, int depth);

/* What is neither a file nor a folder is passed over. */
static enum status walk_entry(const struct walk *walk, const struct path *path, int directory, const char *name, int depth)
{
	struct stat what;
	struct path below;

	if (name[0] == '.' || fstatat(directory, name, &what, AT_SYMLINK_NOFOLLOW) != 0)
		return STATUS_OK;
	if (S_ISREG(what.st_mode))
		return walk->visit(walk->user, name, (int64_t)(walk->now_s - what.st_mtim.tv_sec) * 1000);
	if (!S_ISDIR(what.st_mode) || depth == 0 ||
		(size_t)snprintf(below.characters, sizeof(below.characters), "%s/%s", path->characters, name) >= sizeof(below.characters))
		return STATUS_OK;
	return walk_folder(walk, &below, depth - 1);
}

static enum status walk_folder(const struct walk *walk, const struct path *path, int depth)
{
	DIR *directory = opendir(path->characters);
	const struct dirent *entry;
	enum status status = STATUS_OK;

	if (directory == NULL)
		return errno == ENOENT ? STATUS_OK : file_fail(errno, "read", path->characters);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while (status == STATUS_OK && (entry = readdir(directory)) != NULL)
		status = walk_entry(walk, path, dirfd(directory), entry->d_name, depth);
	(void)closedir(directory);
	return status;
}

static enum status each_of(void *context, const char *name, blob_file_visit visit, void *user)
{
	struct path path = path_of(context, name);
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return walk_folder(&(struct walk){ visit, user, now.tv_sec }, &path, 1);
}

/* Before the folder is there, what is free where it will be. */
static int64_t free_bytes(void *context)
{
	struct path path = path_of(context, "");
	struct statvfs what;
	bool known = false;

	for (int i = 0; i < 4 && !known && strlen(path.characters) > 1 && strchr(path.characters, '/') != NULL; i++) {
		known = statvfs(path.characters, &what) == 0;
		if (!known)
			path = parent_of(&path);
	}
	return known ? (int64_t)what.f_bavail * (int64_t)what.f_frsize : INT64_MAX;
}

/* Writing tells when the disk is full, with the path. */
static int64_t free_to_the_end(void *context)
{
	(void)context;
	return INT64_MAX;
}

static enum status write_nothing(void *context, const char *name, int64_t offset, struct bytes bytes)
{
	struct path path = path_of(context, name);

	(void)offset;
	(void)bytes;
	return fail(STATUS_REFUSED, "%s is only read here", path.characters);
}

static enum status keep_nothing(void *context, const char *name, const char *as)
{
	(void)as;
	return write_nothing(context, name, 0, (struct bytes){ 0 });
}

static enum status leave_it(void *context, const char *name)
{
	(void)context;
	(void)name;
	return STATUS_OK;
}

static struct folder *folder_make(struct arena *arena, struct text dir, const char *below)
{
	struct folder *folder = arena_allocate(arena, sizeof(*folder));

	(void)snprintf(folder->dir, sizeof(folder->dir), "%.*s%s", TEXT_ARGUMENTS(dir), below);
	folder->files = (struct blob_files){ folder, size_of, read_exactly, write_at, keep_as, remove_name, each_of, free_bytes };
	return folder;
}

const struct blob_files *blob_folder(struct arena *arena, struct text dir)
{
	return &folder_make(arena, dir, "/blobs")->files;
}

const struct blob_files *plain_folder(struct arena *arena, struct text dir)
{
	return &folder_make(arena, dir, "")->files;
}

const struct blob_files *blob_folder_to_read(struct arena *arena, struct text dir)
{
	struct folder *folder = folder_make(arena, dir, "/blobs");

	folder->files.write = write_nothing;
	folder->files.keep = keep_nothing;
	folder->files.remove = leave_it;
	return &folder->files;
}

const struct blob_files *blob_folder_to_fill(struct arena *arena, struct text dir)
{
	struct folder *folder = folder_make(arena, dir, "/blobs");

	folder->files.free_bytes = free_to_the_end;
	return &folder->files;
}
