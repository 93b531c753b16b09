#include "server/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "protocol/sync/blob_store.h"
#include "server/verify.h"
#include "shell/blob_folder.h"
#include "shell/file.h"
#include "shell/lock.h"

#define DATABASE_SUFFIX ".db"
#define FILES_SUFFIX    ".files"
#define DRAFT_SUFFIX    ".part"
#define NAMES_MAX       100
#define PIECE_SIZE      ((size_t)1 << 20)
#define LINE_SIZE       (2 * HASH_SIZE + 1)
#define FILES_MAX       ((size_t)1 << 26) /* that a list is read for: 4 GB of names */

static struct text with(struct arena *arena, struct text stem, const char *suffix)
{
	return arena_print(arena, "%.*s%s", TEXT_ARGUMENTS(stem), suffix);
}

/* ---- names ---- */

static bool ends_with(const char *name, const char *suffix)
{
	size_t size = strlen(name), suffix_size = strlen(suffix);

	return size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

/* The stem of a name that stem_for() may have made, whatever stands behind it; else empty. */
static struct text stem_of(const char *name)
{
	static const char form[] = "ddddddddTddddddZ-";
	size_t size = 0, digits;

	while (form[size] != '\0' && (form[size] == 'd' ? name[size] >= '0' && name[size] <= '9' : name[size] == form[size]))
		size++;
	digits = form[size] == '\0' ? strspn(name + size, "0123456789") : 0;
	return digits > 0 && name[size + digits] == '.' ? (struct text){ name, size + digits } : text_of("");
}

/* What a backup writes before it counts, with what SQLite and file_write() lay beside it. Nobody else makes such names. */
static bool is_draft(const char *suffix)
{
	static const struct {
		const char *begin;
		size_t chance; /* so many letters follow that file_write() drew */
	} forms[] = {
		{ DATABASE_SUFFIX DRAFT_SUFFIX, 0 },
		{ DATABASE_SUFFIX DRAFT_SUFFIX "-journal", 0 },
		{ DATABASE_SUFFIX DRAFT_SUFFIX "-wal", 0 },
		{ DATABASE_SUFFIX DRAFT_SUFFIX "-shm", 0 },
		{ FILES_SUFFIX DRAFT_SUFFIX, 0 },
		{ FILES_SUFFIX DRAFT_SUFFIX ".", 6 },
		{ BACKUP_SUFFIX DRAFT_SUFFIX, 0 },
		{ BACKUP_SUFFIX DRAFT_SUFFIX ".", 6 },
	};

	for (size_t i = 0; i < LENGTH(forms); i++) {
		size_t size = strlen(forms[i].begin);
		if (strncmp(suffix, forms[i].begin, size) == 0 && strlen(suffix) == size + forms[i].chance)
			return true;
	}
	return false;
}

static struct text stamp_of(struct arena *arena, int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm when = { 0 };

	(void)gmtime_r(&seconds, &when);
	return arena_print(arena, "%04d%02d%02dT%02d%02d%02dZ", when.tm_year + 1900, when.tm_mon + 1, when.tm_mday, when.tm_hour,
		when.tm_min, when.tm_sec);
}

static bool has(struct arena *arena, struct text stem, const char *suffix)
{
	return file_exists(with(arena, stem, suffix).data);
}

/* A name that no backup in the folder has, nor a part of one: the second one of the same second gets a number. */
static enum status stem_for(struct arena *arena, struct text folder, int64_t at_ms, struct text *out_stem)
{
	struct text stamp = stamp_of(arena, at_ms);

	for (int number = 1; number <= NAMES_MAX; number++) {
		struct text stem = path_join(arena, folder, arena_print(arena, "%.*s-%d", TEXT_ARGUMENTS(stamp), number));
		if (has(arena, stem, BACKUP_SUFFIX) || has(arena, stem, DATABASE_SUFFIX) || has(arena, stem, FILES_SUFFIX))
			continue;
		*out_stem = stem;
		return STATUS_OK;
	}
	return fail(STATUS_BUSY, "%.*s has %d backups of this second already: try again", TEXT_ARGUMENTS(folder), NAMES_MAX);
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(((const struct text *)left)->data, ((const struct text *)right)->data);
}

/* All names in the folder that are ours, in their order. */
static enum status read_names(struct arena *arena, struct text folder, struct text **out_names, size_t *out_count)
{
	DIR *directory = opendir(folder.data);
	const struct dirent *entry;
	struct text *names = NULL;
	size_t count = 0, capacity = 0;

	if (directory == NULL)
		return file_fail(errno, "read", folder.data);
	while ((entry = readdir(directory)) != NULL) { /* NOLINT(concurrency-mt-unsafe): the stream is this function's own */
		if (stem_of(entry->d_name).size == 0)
			continue;
		names = arena_grow(arena, names, count, &capacity, sizeof(*names));
		names[count++] = arena_copy_text(arena, text_of(entry->d_name));
	}
	(void)closedir(directory);
	if (count > 1)
		qsort(names, count, sizeof(*names), compare_texts);
	*out_names = names;
	*out_count = count;
	return STATUS_OK;
}

/* Is it the first in their order of what lies there of one backup? What the next one removes is none. */
static bool stands_for_one(struct arena *arena, struct text stem, const char *suffix)
{
	if (strcmp(suffix, BACKUP_SUFFIX) == 0)
		return true;
	if (has(arena, stem, BACKUP_SUFFIX) || has(arena, stem, BACKUP_SUFFIX DRAFT_SUFFIX))
		return false;
	return strcmp(suffix, DATABASE_SUFFIX) == 0 || (strcmp(suffix, FILES_SUFFIX) == 0 && !has(arena, stem, DATABASE_SUFFIX));
}

enum status backup_each(struct arena *arena, struct text folder, backup_visit visit, void *context)
{
	struct text *names;
	size_t count = 0;
	enum status status = read_names(arena, folder, &names, &count);

	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct text stem = stem_of(names[i].data), path = path_join(arena, folder, stem);
		if (stands_for_one(arena, path, names[i].data + stem.size))
			status = visit(context, with(arena, path, BACKUP_SUFFIX));
	}
	return status;
}

static enum status remove_file(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT ? STATUS_OK : file_fail(errno, "remove", path);
}

/* While the manifest is a draft, the parts that have their own names already are a draft, too. */
static enum status remove_draft(struct arena *arena, struct text stem, const char *suffix)
{
	enum status status = STATUS_OK;

	if (strcmp(suffix, BACKUP_SUFFIX DRAFT_SUFFIX) == 0 && !has(arena, stem, BACKUP_SUFFIX)) {
		status = remove_file(with(arena, stem, DATABASE_SUFFIX).data);
		if (status == STATUS_OK)
			status = remove_file(with(arena, stem, FILES_SUFFIX).data);
	}
	return status == STATUS_OK ? remove_file(with(arena, stem, suffix).data) : status;
}

/* What backups left that did not come to their end, and nothing that others laid there. The folder is locked. */
static enum status remove_unfinished(struct arena *arena, struct text folder)
{
	struct text *names;
	size_t count = 0;
	enum status status = read_names(arena, folder, &names, &count);

	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct text stem = stem_of(names[i].data);
		if (is_draft(names[i].data + stem.size))
			status = remove_draft(arena, path_join(arena, folder, stem), names[i].data + stem.size);
	}
	return status;
}

/* ---- the database ---- */

static enum status show_copying(void *context, int64_t done, int64_t all)
{
	struct progress *progress = context;

	progress_total(progress, all, 0);
	progress_step(progress, done, 0);
	return STATUS_OK;
}

/* As `verify` looks at an organisation. One that an older version made can only be looked at after a restore. */
static enum status look_into(const char *path, struct server_state *out_state)
{
	const struct server_store_options options = { .path = path, .mode = STORAGE_READ };
	struct server_store *store = NULL;
	struct verify_report report;
	enum status status = server_store_open(&options, &store);

	if (status == STATUS_OK)
		status = storage_verify(server_store_storage(store));
	if (status == STATUS_OK)
		status = verify_organisation(store, &report);
	if (status == STATUS_OK)
		status = server_store_state(store, out_state);
	server_store_close(store);
	return status;
}

static enum status copy_database(
	const struct backup_source *source, struct arena *arena, struct text stem, struct backup_manifest *manifest)
{
	struct storage *storage = server_store_storage(source->store);
	const char *path = with(arena, stem, DATABASE_SUFFIX DRAFT_SUFFIX).data;
	struct server_state state;
	enum status status = storage_begin_read(storage);

	if (status != STATUS_OK)
		return status;
	status = storage_copy(storage, path, show_copying, source->progress);
	storage_rollback(storage);
	if (status == STATUS_OK)
		status = look_into(path, &state);
	if (status != STATUS_OK)
		return status;
	manifest->epoch = state.epoch;
	manifest->gseq = state.gseq;
	return STATUS_OK;
}

/* Reads the file to its end, and writes it to `target` as well unless that is -1. */
static enum status hash_file(int from, const char *path, int target, const char *target_path, struct hash *out_hash, int64_t *out_size)
{
	crypto_generichash_state state;
	uint8_t *piece = memory_allocate(PIECE_SIZE);
	enum status status = STATUS_OK;
	ssize_t got = 1;

	*out_size = 0;
	(void)crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	while (status == STATUS_OK && got > 0) {
		got = read(from, piece, PIECE_SIZE);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			status = fail(STATUS_CORRUPT, "cannot read %s (%s); check the disk", path, error_to_text(errno));
		else {
			(void)crypto_generichash_update(&state, piece, (size_t)got);
			*out_size += got;
			if (target >= 0)
				status = file_put(target, target_path, (struct bytes){ piece, (size_t)got });
		}
	}
	(void)crypto_generichash_final(&state, out_hash->bytes, HASH_SIZE);
	free(piece);
	return status;
}

static enum status hash_path(const char *path, const char *target_path, struct hash *out_hash, int64_t *out_size)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), target = -1;
	enum status status = STATUS_OK;

	if (from < 0)
		return file_fail(errno, "read", path);
	if (target_path != NULL)
		target = open(target_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (target_path != NULL && target < 0)
		status = file_fail(errno, "write", target_path);
	if (status == STATUS_OK)
		status = hash_file(from, path, target, target_path, out_hash, out_size);
	(void)close(from);
	if (target >= 0 && close(target) != 0 && status == STATUS_OK)
		status = file_fail(errno, "write", target_path);
	return status;
}

/* ---- files ---- */

/* Files being gathered, checked or put back. */
struct gathering {
	struct arena arena; /* life of one file */
	struct arena ids_arena;
	const struct blob_files *from;
	const struct blob_files *to; /* NULL: only looked at */
	struct progress *progress;
	struct hash *ids;
	size_t count, capacity;
	int64_t bytes;
	struct backup_files files;
};

/* There already. One that has not the size of the other side's is judged by itself: it may be the only one that is whole. What is not the
 * file makes room. */
static enum status find_kept(struct gathering *gathering, const struct hash *id, int64_t *out_size)
{
	struct bytes content;
	int64_t size = 0;
	enum status status = blob_whole(gathering->to, id, out_size);

	if (status == STATUS_CORRUPT)
		return fail(STATUS_CANNOT_WRITE, "%s: remove it, and try again",
			arena_copy_text(&gathering->arena, text_of(fail_reason())).data);
	if (status != STATUS_OK || (blob_whole(gathering->from, id, &size) == STATUS_OK && size == *out_size))
		return status;
	status = blob_read_whole(gathering->to, &gathering->arena, id, &content);
	if (status != STATUS_CORRUPT)
		return status;
	status = blob_drop(gathering->to, id);
	return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

/* Whole on both sides. A file of the right size that is there already is taken at its word: it was checked when it came, and `backup check`
 * reads it. */
static enum status take_file(struct gathering *gathering, const struct hash *id)
{
	struct bytes content = { 0 };
	int64_t size = 0;
	enum status status = gathering->to == NULL ? STATUS_NOT_FOUND : find_kept(gathering, id, &size);

	if (status == STATUS_NOT_FOUND) {
		status = blob_read_whole(gathering->from, &gathering->arena, id, &content);
		size = (int64_t)content.size;
		if (status == STATUS_OK && gathering->to != NULL)
			status = blob_put(gathering->to, id, content);
		gathering->files.copied += status == STATUS_OK;
	}
	arena_reset(&gathering->arena);
	if (status != STATUS_OK)
		return status;
	gathering->bytes += size;
	gathering->count++;
	progress_step(gathering->progress, (int64_t)gathering->count, gathering->bytes);
	return STATUS_OK;
}

static enum status gather_file(void *context, const struct hash *id)
{
	struct gathering *gathering = context;
	enum status status = take_file(gathering, id);

	if (status == STATUS_NOT_FOUND) /* swept meanwhile: no row speaks of it */
		return STATUS_OK;
	if (status == STATUS_CORRUPT) { /* one photo must not keep everything else from being kept */
		gathering->files.damaged++;
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	gathering->ids = arena_grow(
		&gathering->ids_arena, gathering->ids, gathering->count - 1, &gathering->capacity, sizeof(*gathering->ids));
	gathering->ids[gathering->count - 1] = *id;
	return STATUS_OK;
}

/* One id a line, ascending. */
static struct bytes print_list(struct arena *arena, struct hash *ids, size_t count)
{
	char *list = arena_allocate(arena, count * LINE_SIZE + 1);

	if (count > 1)
		qsort(ids, count, sizeof(*ids), hash_order);
	for (size_t i = 0; i < count; i++) {
		memcpy(list + i * LINE_SIZE, blob_to_text(&ids[i]).characters, LINE_SIZE - 1);
		list[(i + 1) * LINE_SIZE - 1] = '\n';
	}
	return (struct bytes){ (const uint8_t *)list, count * LINE_SIZE };
}

static struct hash hash_bytes(struct bytes bytes)
{
	struct hash hash;

	(void)crypto_generichash(hash.bytes, HASH_SIZE, bytes.data, bytes.size, NULL, 0);
	return hash;
}

/* After the database, so that every file that a row of the copy speaks of, and that was here, is among them. */
static enum status copy_files(const struct backup_source *source, struct arena *arena, struct text folder, struct text stem,
	struct backup_manifest *manifest, struct backup_files *out_files)
{
	struct gathering gathering = { .from = source->blobs, .to = blob_folder_to_fill(arena, folder), .progress = source->progress };
	struct bytes list;
	enum status status = blob_whole_each(source->blobs, gather_file, &gathering);

	list = print_list(arena, gathering.ids, gathering.count);
	arena_finish(&gathering.ids_arena);
	arena_finish(&gathering.arena);
	if (status == STATUS_OK)
		status = file_write(with(arena, stem, FILES_SUFFIX DRAFT_SUFFIX).data, list, 0600);
	manifest->file_count = (int64_t)gathering.count;
	manifest->file_bytes = gathering.bytes;
	manifest->files_hash = hash_bytes(list);
	*out_files = gathering.files;
	return status;
}

/* ---- making one ---- */

/* All of it, under the names of drafts. */
static enum status draft_parts(const struct backup_source *source, struct arena *arena, struct text folder, struct backup *backup,
	struct backup_files *out_files)
{
	struct backup_manifest *manifest = &backup->manifest;
	const char *database = with(arena, backup->stem, DATABASE_SUFFIX DRAFT_SUFFIX).data;
	struct text text;
	enum status status = copy_database(source, arena, backup->stem, manifest);

	if (status == STATUS_OK)
		status = hash_path(database, NULL, &manifest->database_hash, &manifest->database_size);
	if (status == STATUS_OK)
		status = copy_files(source, arena, folder, backup->stem, manifest, out_files);
	if (status != STATUS_OK)
		return status;
	text = backup_manifest_print(arena, manifest, source->identity);
	return file_write(with(arena, backup->stem, BACKUP_SUFFIX DRAFT_SUFFIX).data,
		(struct bytes){ (const uint8_t *)text.data, text.size }, 0600);
}

/* Each gets its own name, the manifest last. */
static enum status keep_parts(struct arena *arena, struct text stem)
{
	static const char *const names[][2] = {
		{ DATABASE_SUFFIX DRAFT_SUFFIX, DATABASE_SUFFIX },
		{ FILES_SUFFIX DRAFT_SUFFIX, FILES_SUFFIX },
		{ BACKUP_SUFFIX DRAFT_SUFFIX, BACKUP_SUFFIX },
	};
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < LENGTH(names); i++)
		status = file_keep(with(arena, stem, names[i][0]).data, with(arena, stem, names[i][1]).data);
	return status;
}

enum status backup_make(const struct backup_source *source, struct text folder, struct arena *arena, struct backup *out_backup,
	struct backup_files *out_files)
{
	struct backup backup = { .manifest = { .keys = *source->keys, .made_at_ms = source->now_ms } };
	struct lock lock = { .descriptor = -1 };
	enum status status = directory_check_writable(folder.data);

	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_NOT_FOUND, "there is no folder %.*s: make it, or see whether its disk is there; nothing was backed up",
			TEXT_ARGUMENTS(folder));
	if (status == STATUS_OK)
		status = lock_take(folder.data, "truckrolld backup", 0, &lock);
	if (status != STATUS_OK)
		return status;
	status = remove_unfinished(arena, folder);
	if (status == STATUS_OK)
		status = stem_for(arena, folder, source->now_ms, &backup.stem);
	if (status == STATUS_OK) {
		backup.path = with(arena, backup.stem, BACKUP_SUFFIX);
		status = draft_parts(source, arena, folder, &backup, out_files);
	}
	if (status == STATUS_OK)
		status = keep_parts(arena, backup.stem);
	if (status == STATUS_OK) {
		*out_backup = backup;
	} else {
		struct text why = arena_print(arena, "%s", fail_reason());
		(void)(remove_unfinished(arena, folder) == STATUS_OK); /* else the next backup does */
		status = fail(status, "%.*s", TEXT_ARGUMENTS(why));
	}
	lock_release(&lock);
	return status;
}

/* ---- looking at one ---- */

enum status backup_open(struct arena *arena, struct text path, struct backup *out_backup)
{
	struct backup backup = { .path = arena_copy_text(arena, path) };
	struct bytes content = { 0 };
	enum status status = STATUS_OK;

	if (!ends_with(backup.path.data, BACKUP_SUFFIX))
		return fail(STATUS_INVALID, "%.*s is not a backup: name the file that ends with .backup", TEXT_ARGUMENTS(path));
	status = file_read(arena, backup.path.data, BACKUP_MANIFEST_MAX, &content);
	if (status == STATUS_INVALID)
		status = STATUS_CORRUPT; /* for that reason */
	if (status == STATUS_OK)
		status = backup_manifest_read(
			arena, backup.path.data, (struct text){ (const char *)content.data, content.size }, &backup.manifest);
	if (status != STATUS_OK)
		return status;
	backup.stem = arena_copy_text(arena, (struct text){ backup.path.data, backup.path.size - strlen(BACKUP_SUFFIX) });
	*out_backup = backup;
	return STATUS_OK;
}

static enum status as_damage(enum status status, struct arena *arena)
{
	return status == STATUS_NOT_FOUND || status == STATUS_INVALID
		       ? fail(STATUS_CORRUPT, "%s: the backup is not whole; take another one", arena_print(arena, "%s", fail_reason()).data)
		       : status;
}

enum status backup_check_database(const struct backup *backup, const char *target, struct progress *progress)
{
	struct arena arena = { 0 };
	const char *path = with(&arena, backup->stem, DATABASE_SUFFIX).data;
	struct hash hash;
	int64_t size = 0;
	enum status status = as_damage(hash_path(path, target, &hash, &size), &arena);

	progress_step(progress, 0, size);
	if (status == STATUS_OK && (size != backup->manifest.database_size || !hash_equal(&hash, &backup->manifest.database_hash)))
		status = fail(STATUS_CORRUPT, "%s is not as it was when it was made: the backup is damaged; take another one", path);
	arena_finish(&arena);
	return status;
}

static enum status read_list(const struct backup *backup, struct arena *arena, struct bytes *out_list)
{
	const char *path = with(arena, backup->stem, FILES_SUFFIX).data;
	struct hash hash;
	size_t count = (size_t)backup->manifest.file_count < FILES_MAX ? (size_t)backup->manifest.file_count : FILES_MAX;
	enum status status = as_damage(file_read(arena, path, count * LINE_SIZE, out_list), arena);

	if (status != STATUS_OK)
		return status;
	hash = hash_bytes(*out_list);
	if (!hash_equal(&hash, &backup->manifest.files_hash) || out_list->size != (size_t)backup->manifest.file_count * LINE_SIZE)
		return fail(STATUS_CORRUPT, "%s is not as it was when it was made: the backup is damaged; take another one", path);
	return STATUS_OK;
}

enum status backup_check_files(const struct backup *backup, const struct blob_files *target, struct progress *progress)
{
	struct arena arena = { 0 };
	struct text folder = path_folder(&arena, backup->stem.data);
	struct gathering gathering = { .from = blob_folder(&arena, folder), .to = target, .progress = progress };
	struct bytes list = { 0 };
	struct hash id;
	enum status status = read_list(backup, &arena, &list);

	for (size_t at = 0; status == STATUS_OK && at < list.size; at += LINE_SIZE) {
		status = blob_from_text((struct text){ (const char *)list.data + at, LINE_SIZE - 1 }, &id);
		if (status == STATUS_OK)
			status = as_damage(take_file(&gathering, &id), &arena);
	}
	if (status == STATUS_OK && gathering.bytes != backup->manifest.file_bytes)
		status = fail(STATUS_CORRUPT, "%s.backup: its files have other sizes than when it was made; take another one",
			backup->stem.data);
	arena_finish(&gathering.arena);
	arena_finish(&arena);
	return status;
}

enum status backup_check(const struct backup *backup, struct progress *progress)
{
	struct arena arena = { 0 };
	struct server_state state;
	enum status status = backup_check_database(backup, NULL, progress);

	if (status == STATUS_OK)
		status = backup_check_files(backup, NULL, progress);
	if (status == STATUS_OK) {
		status = look_into(with(&arena, backup->stem, DATABASE_SUFFIX).data, &state);
		if (status == STATUS_BUSY) /* of an older version: its bytes are as they were when they were looked into */
			status = STATUS_OK;
	}
	arena_finish(&arena);
	return status;
}
