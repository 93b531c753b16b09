#include "tests/simulation/memory_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE  200
#define ROOM_BYTES ((int64_t)1 << 32)

struct file {
	char name[NAME_SIZE];
	uint8_t *bytes;
	size_t size;
	int64_t written_at_ms; /* wall */
	bool kept;    /* survives a crash as it is */
	bool removed; /* until a crash brings it back, or another takes the name */
};

struct memory_files {
	struct blob_files interface;
	struct crash_disk *disk;
	const struct clock *clock;
	struct file *files;
	size_t count;
	size_t capacity;
};

static struct file *find(const struct memory_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->files[i].removed && strcmp(files->files[i].name, name) == 0)
			return &files->files[i];
	return NULL;
}

static void *resize(void *bytes, size_t size)
{
	void *moved = realloc(bytes, size + 1);

	if (moved == NULL)
		abort();
	return moved;
}

static void forget(struct memory_files *files, const char *name, bool only_removed)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct file *file = &files->files[i];
		if (strcmp(file->name, name) == 0 && (file->removed || !only_removed))
			free(file->bytes);
		else
			files->files[kept++] = *file;
	}
	files->count = kept;
}

static struct file *add(struct memory_files *files, const char *name)
{
	struct file *file;

	forget(files, name, true);
	if (files->count == files->capacity) {
		files->capacity = files->capacity == 0 ? 16 : 2 * files->capacity;
		files->files = resize(files->files, files->capacity * sizeof(*files->files));
	}
	file = &files->files[files->count++];
	*file = (struct file){ .kept = false };
	(void)snprintf(file->name, sizeof(file->name), "%s", name);
	return file;
}

static enum status gone(const char *name)
{
	return fail(STATUS_NOT_FOUND, "%s: there is no such file", name);
}

/* Of a call that changes something. */
static enum status reach_disk(const struct memory_files *files, bool lengthens)
{
	enum disk_failure failure = crash_disk_call(files->disk);

	if (failure == DISK_WELL || (failure == DISK_FULL && !lengthens))
		return STATUS_OK;
	return fail(STATUS_CANNOT_WRITE, "the disk of files is full or dead");
}

/* ---- what the cores ask for ---- */

static enum status size_of(void *context, const char *name, int64_t *out_size)
{
	const struct file *file = find(context, name);

	if (file == NULL)
		return gone(name);
	*out_size = (int64_t)file->size;
	return STATUS_OK;
}

static enum status read_exactly(void *context, const char *name, int64_t offset, uint8_t *data, size_t size)
{
	const struct file *file = find(context, name);

	if (file == NULL)
		return gone(name);
	if ((size_t)offset > file->size || size > file->size - (size_t)offset)
		return fail(STATUS_CORRUPT, "%s: it ends before byte %lld", name, (long long)offset + (long long)size);
	if (size > 0)
		memcpy(data, file->bytes + offset, size);
	return STATUS_OK;
}

static enum status write_at(void *context, const char *name, int64_t offset, struct bytes bytes)
{
	struct memory_files *files = context;
	struct file *file = find(files, name);
	size_t end = (size_t)offset + bytes.size, before = file == NULL ? 0 : file->size;
	enum status status = reach_disk(files, file == NULL || end > before);

	if (status != STATUS_OK)
		return status;
	if (file == NULL)
		file = add(files, name);
	file->bytes = resize(file->bytes, end);
	if (end > before)
		memset(file->bytes + before, 0, end - before);
	if (bytes.size > 0)
		memcpy(file->bytes + offset, bytes.data, bytes.size);
	file->size = end;
	file->kept = false;
	file->written_at_ms = clock_now_ms(files->clock);
	return STATUS_OK;
}

static enum status keep_as(void *context, const char *name, const char *as)
{
	struct memory_files *files = context;
	enum status status = reach_disk(files, true);
	struct file *file;

	if (status != STATUS_OK)
		return status;
	if (strcmp(name, as) != 0)
		forget(files, as, false);
	file = find(files, name);
	if (file == NULL)
		return gone(name);
	(void)snprintf(file->name, sizeof(file->name), "%s", as);
	file->kept = true;
	return STATUS_OK;
}

static enum status remove_name(void *context, const char *name)
{
	struct memory_files *files = context;
	struct file *file = find(files, name);
	enum status status = file == NULL ? STATUS_OK : reach_disk(files, false);

	if (file == NULL || status != STATUS_OK)
		return status;
	file->removed = true;
	return STATUS_OK;
}

/* The visit may remove and add: what is there is noted first. */
static enum status each_of(void *context, const char *folder, blob_file_visit visit, void *user)
{
	const struct memory_files *files = context;
	size_t size = strlen(folder), count = files->count;
	struct file *before = count == 0 ? NULL : resize(NULL, count * sizeof(*before));
	enum status status = STATUS_OK;

	if (count > 0)
		memcpy(before, files->files, count * sizeof(*before));
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (before[i].removed || strncmp(before[i].name, folder, size) != 0 || before[i].name[size] != '/' ||
			find(files, before[i].name) == NULL)
			continue;
		status = visit(user, strrchr(before[i].name, '/') + 1, clock_now_ms(files->clock) - before[i].written_at_ms);
	}
	free(before);
	return status;
}

static int64_t free_bytes(void *context)
{
	const struct memory_files *files = context;

	return crash_disk_state(files->disk) == DISK_FULL ? 0 : ROOM_BYTES;
}

/* ---- what the simulation does ---- */

struct memory_files *memory_files_create(struct crash_disk *disk, const struct clock *clock)
{
	struct memory_files *files = resize(NULL, sizeof(*files));

	*files = (struct memory_files){ .disk = disk, .clock = clock };
	files->interface =
		(struct blob_files){ files, size_of, read_exactly, write_at, keep_as, remove_name, each_of, free_bytes };
	return files;
}

static void empty(struct memory_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->files[i].bytes);
	files->count = 0;
}

void memory_files_destroy(struct memory_files *files)
{
	if (files == NULL)
		return;
	empty(files);
	free(files->files);
	free(files);
}

const struct blob_files *memory_files_of(const struct memory_files *files)
{
	return &files->interface;
}

/* False: nothing of it is left. */
static bool survive(struct file *file, struct stream *stream)
{
	if (file->removed)
		file->removed = stream_chance(stream, 50);
	if (file->kept || file->removed)
		return !file->removed;
	if (stream_chance(stream, 40))
		file->size = (size_t)stream_below(stream, file->size + 1);
	else if (file->size > 0 && stream_chance(stream, 40))
		for (size_t i = (size_t)stream_below(stream, file->size); i < file->size; i++)
			file->bytes[i] = 0;
	return stream_chance(stream, 70);
}

void memory_files_crash(struct memory_files *files, struct stream *stream)
{
	size_t left = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (survive(&files->files[i], stream))
			files->files[left++] = files->files[i];
		else
			free(files->files[i].bytes);
	}
	files->count = left;
}

void memory_files_copy(struct memory_files *to, const struct memory_files *from)
{
	empty(to);
	for (size_t i = 0; i < from->count; i++) {
		const struct file *file = &from->files[i];
		struct file *copy;
		if (file->removed)
			continue;
		copy = add(to, file->name);
		copy->bytes = resize(NULL, file->size);
		copy->size = file->size;
		if (file->size > 0)
			memcpy(copy->bytes, file->bytes, file->size);
		copy->written_at_ms = file->written_at_ms;
		copy->kept = true;
	}
}

void memory_files_grow_old(struct memory_files *files, int64_t by_ms)
{
	for (size_t i = 0; i < files->count; i++)
		files->files[i].written_at_ms = clock_now_ms(files->clock) - by_ms; /* also what a wrong clock dated ahead */
}

void memory_files_each(const struct memory_files *files, memory_file_visit visit, void *user)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->files[i].removed)
			visit(user, files->files[i].name, (struct bytes){ files->files[i].bytes, files->files[i].size });
}
