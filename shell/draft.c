#include "shell/draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/file.h"

#define TRIES_MAX 10 /* a draft that another took for left before it was locked is begun again */

/* False: another process has it locked. A disk that knows of no locks has no drafts of others. */
static bool is_ours(int descriptor)
{
	return flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static bool has_name(int descriptor, const char *path)
{
	struct stat named, opened;

	return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_dev == opened.st_dev &&
	       named.st_ino == opened.st_ino;
}

/* Takes away what was left there. */
static void sweep(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	struct stat what;

	if (descriptor < 0)
		return;
	if (fstat(descriptor, &what) == 0 && S_ISREG(what.st_mode) && is_ours(descriptor) && has_name(descriptor, path))
		(void)unlink(path);
	(void)close(descriptor);
}

static bool is_draft(const char *name)
{
	size_t size = strlen(name), end = strlen(DRAFT_END);

	return size > end && strcmp(name + size - end, DRAFT_END) == 0;
}

static void sweep_folder(struct arena *arena, struct text folder)
{
	DIR *directory = opendir(folder.data);
	const struct dirent *entry;

	if (directory == NULL)
		return; /* beginning the draft will tell */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while ((entry = readdir(directory)) != NULL)
		if (is_draft(entry->d_name))
			sweep(path_join(arena, folder, text_of(entry->d_name)).data);
	(void)closedir(directory);
}

/* Another's draft, which is not to be taken away, has the name. */
static enum status refuse_taken(const struct draft *draft)
{
	int taken = open(draft->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	bool strange = taken < 0 && errno == EACCES;

	if (taken >= 0)
		(void)close(taken);
	if (strange)
		return fail(STATUS_CANNOT_WRITE,
			"another user writes %s, or left it: remove it when nobody does, or give another name", draft->path);
	return fail(STATUS_BUSY, "another process is writing %s: wait until it is done, or give another name", draft->as);
}

static enum status begin_once(struct draft *draft, bool *out_begun)
{
	draft->descriptor = open(draft->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (draft->descriptor < 0 && errno == EEXIST)
		return refuse_taken(draft);
	if (draft->descriptor < 0)
		return file_fail(errno, "write", draft->as);
	*out_begun = is_ours(draft->descriptor) && has_name(draft->descriptor, draft->path);
	if (!*out_begun)
		(void)close(draft->descriptor);
	return STATUS_OK;
}

enum status draft_begin(struct arena *arena, const char *as, struct draft *out_draft)
{
	struct draft draft = { .path = arena_print(arena, "%s" DRAFT_END, as).data, .as = as, .descriptor = -1 };
	bool begun = false;
	enum status status = file_check_target(as);

	if (status == STATUS_OK)
		sweep_folder(arena, path_folder(arena, as));
	for (int i = 0; i < TRIES_MAX && status == STATUS_OK && !begun; i++)
		status = begin_once(&draft, &begun);
	if (status == STATUS_OK && !begun)
		status = fail(STATUS_BUSY, "another process is writing %s: wait until it is done, or give another name", as);
	if (status == STATUS_OK)
		*out_draft = draft;
	return status;
}

enum status draft_put(const struct draft *draft, struct bytes bytes)
{
	return file_put(draft->descriptor, draft->as, bytes);
}

/* The lock is held until it has its name: it is swept by nobody before. */
enum status draft_keep(struct draft *draft, unsigned int mode)
{
	enum status status;

	(void)fchmod(draft->descriptor, (mode_t)mode); /* a stick knows none, and may say so */
	status = file_keep(draft->path, draft->as);
	if (status == STATUS_OK) {
		(void)close(draft->descriptor);
		draft->descriptor = -1;
	}
	draft_drop(draft);
	return status;
}

void draft_drop(struct draft *draft)
{
	if (draft->descriptor < 0)
		return;
	if (has_name(draft->descriptor, draft->path))
		(void)unlink(draft->path);
	(void)close(draft->descriptor);
	draft->descriptor = -1;
}
