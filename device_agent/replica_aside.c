#include "device_agent/replica_aside.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/file.h"

#define ASIDE_PREFIX "replica.damaged-"

enum status replica_aside_verify(struct context *context, const char *name, enum storage_kind kind)
{
	const struct storage_options options = {
		.path = path_join(context->arena, context->dir, text_of(name)).data, .kind = kind, .mode = STORAGE_READ
	};
	struct storage *storage = NULL;
	enum status status = storage_open(&options, &storage);

	if (status == STATUS_OK)
		status = storage_verify(storage);
	storage_close(storage);
	return status;
}

/* The room of a disk is not for damaged files: the latest tells as much as all of them. */
static void remove_earlier(struct context *context)
{
	DIR *folder = opendir(context->dir.data);
	const struct dirent *entry;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) /* NOLINT(concurrency-mt-unsafe): the stream is this function's own */
		if (strncmp(entry->d_name, ASIDE_PREFIX, strlen(ASIDE_PREFIX)) == 0)
			(void)unlink(path_join(context->arena, context->dir, text_of(entry->d_name)).data);
	(void)closedir(folder);
}

enum status replica_aside_put(struct context *context, struct text *out_name)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	struct text name = arena_print(context->arena, ASIDE_PREFIX "%lld.db", (long long)(context->now_ms / 1000));

	remove_earlier(context);
	for (size_t i = 0; i < LENGTH(endings); i++) {
		struct text from = path_join(context->arena, context->dir, arena_print(context->arena, "replica.db%s", endings[i]));
		struct text to =
			path_join(context->arena, context->dir, arena_print(context->arena, "%.*s%s", TEXT_ARGUMENTS(name), endings[i]));
		if (rename(from.data, to.data) != 0 && errno != ENOENT)
			return file_fail(errno, "rename", from.data);
	}
	*out_name = name;
	return STATUS_OK;
}

enum status replica_aside_if_damaged(struct context *context, struct text *out_name, struct text *out_why)
{
	struct text before = arena_print(context->arena, "%s", fail_reason());
	enum language language = catalogue_speak(LANGUAGE_EN); /* the office is told why */
	bool damaged = replica_aside_verify(context, "outbox.db", STORAGE_OUTBOX) == STATUS_OK &&
		       replica_aside_verify(context, "replica.db", STORAGE_REPLICA) == STATUS_CORRUPT;

	if (damaged)
		*out_why = arena_print(context->arena, "%s", fail_reason());
	(void)catalogue_speak(language);
	if (damaged)
		return replica_aside_put(context, out_name);
	return fail(STATUS_CORRUPT, "%.*s", TEXT_ARGUMENTS(before));
}
