#include "server/run_mark.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shell/file.h"

#define MARK_FILE "running"
#define RUNNING   "running\n"
#define CAREFUL   "careful\n"

static const char *mark_path(struct arena *arena, struct text dir)
{
	return path_join(arena, dir, text_of(MARK_FILE)).data;
}

enum run_mark run_mark_read(struct arena *arena, struct text dir)
{
	const char *path = mark_path(arena, dir);
	struct bytes content;

	if (!file_exists(path))
		return RUN_MARK_NONE;
	if (file_read(arena, path, sizeof(RUNNING) - 1, &content) == STATUS_OK && content.size == strlen(CAREFUL) &&
		memcmp(content.data, CAREFUL, content.size) == 0)
		return RUN_MARK_CAREFUL;
	return RUN_MARK_UNCLEAN;
}

/* Of the same length as the other, so that it is written over it in one go. A disk that is full must not keep the server from starting. */
static void write_mark(struct arena *arena, struct text dir, const char *mark)
{
	int descriptor = open(mark_path(arena, dir), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (descriptor < 0)
		return;
	(void)(pwrite(descriptor, mark, strlen(mark), 0) == (ssize_t)strlen(mark));
	(void)close(descriptor);
}

void run_mark_set(struct arena *arena, struct text dir)
{
	write_mark(arena, dir, RUNNING);
}

void run_mark_clear(struct arena *arena, struct text dir, bool careful)
{
	if (careful)
		write_mark(arena, dir, CAREFUL);
	else
		(void)unlink(mark_path(arena, dir));
}
