#include "shell/file_check.h"

#include <stdlib.h>

#include "protocol/sync/attachment_files.h"
#include "protocol/sync/blob_store.h"

/* What rows speak of: each file once, in order. */
struct spoken {
	struct arena arena;
	struct hash *ids;
	size_t count, capacity;
};

static enum status gather(void *user, const void *row, const struct row_meta *meta)
{
	struct spoken *spoken = user;
	struct attachment_file files[ATTACHMENT_FILES_MAX];
	size_t count = attachment_files(row, files);

	(void)meta;
	for (size_t i = 0; i < count; i++) {
		spoken->ids = arena_grow(&spoken->arena, spoken->ids, spoken->count, &spoken->capacity, sizeof(*spoken->ids));
		spoken->ids[spoken->count++] = files[i].id;
	}
	return STATUS_OK;
}

static enum status spoken_read(struct storage *storage, struct spoken *spoken)
{
	enum status status = table_scan(storage, &attachment_schema, &(struct id){ 0 }, gather, spoken);
	size_t kept = 0;

	if (spoken->count > 0)
		qsort(spoken->ids, spoken->count, sizeof(*spoken->ids), hash_order);
	for (size_t i = 0; i < spoken->count; i++)
		if (kept == 0 || !hash_equal(&spoken->ids[kept - 1], &spoken->ids[i]))
			spoken->ids[kept++] = spoken->ids[i];
	spoken->count = kept;
	return status;
}

static enum status take_damaged(const struct blob_files *files, const struct hash *id, bool drop, struct file_check *check)
{
	enum status status = STATUS_OK;

	if (check->damaged++ == 0)
		check->first_damaged = *id;
	if (!drop || blob_listed(files, BLOB_OUT, id))
		return STATUS_OK;
	status = blob_drop(files, id);
	check->dropped += status == STATUS_OK;
	return status;
}

static enum status check_one(const struct blob_files *files, const struct hash *id, bool drop, struct file_check *check)
{
	struct arena arena = { 0 };
	struct bytes content;
	enum status status = blob_read_whole(files, &arena, id, &content);

	arena_finish(&arena);
	check->missing += status == STATUS_NOT_FOUND;
	check->files += status != STATUS_NOT_FOUND;
	if (status == STATUS_CORRUPT)
		return take_damaged(files, id, drop, check);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct counting {
	const struct spoken *spoken;
	struct file_check *check;
};

static enum status count_unspoken(void *user, const struct hash *id)
{
	const struct counting *counting = user;
	const struct spoken *spoken = counting->spoken;

	if (spoken->count == 0 || bsearch(id, spoken->ids, spoken->count, sizeof(*spoken->ids), hash_order) == NULL)
		counting->check->unspoken++;
	return STATUS_OK;
}

enum status file_check_run(struct storage *storage, const struct blob_files *files, unsigned int how, struct file_check *out_check)
{
	struct spoken spoken = { .count = 0 };
	struct file_check check = { .files = 0 };
	enum status status = spoken_read(storage, &spoken);

	for (size_t i = 0; i < spoken.count && status == STATUS_OK; i++)
		status = check_one(files, &spoken.ids[i], (how & FILE_CHECK_DROP) != 0, &check);
	if (status == STATUS_OK && (how & FILE_CHECK_UNSPOKEN) != 0)
		status = blob_whole_each(files, count_unspoken, &(struct counting){ &spoken, &check });
	arena_finish(&spoken.arena);
	if (status == STATUS_OK)
		*out_check = check;
	return status;
}
