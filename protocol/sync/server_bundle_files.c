/* Files in a bundle for a device: those that would come to it over a link by themselves, in the order in which they would, but for what it
 * told that it has. */
#include <stdlib.h>

#include "protocol/sync/attachment_files.h"
#include "protocol/sync/blob_store.h"
#include "protocol/sync/file_order.h"
#include "protocol/sync/server_core_inner.h"

struct candidate {
	struct hash id;
	struct id work_order;
	int64_t size;
	enum blob_queue queue;
};

struct gathering {
	struct server_core *core;
	struct arena *arena;
	struct bytes held;
	struct candidate *candidates;
	size_t count, capacity;
};

/* Only what is whole here, and was not told to be there. */
static void add_candidates(struct gathering *gathering, const struct attachment *attachment)
{
	struct attachment_file files[ATTACHMENT_FILES_MAX];
	size_t count = attachment_files(attachment, files);

	for (size_t i = 0; i < count; i++) {
		struct candidate candidate = { .id = files[i].id, .work_order = attachment->work_order_id };
		if (blob_held_names(gathering->held, &candidate.id) ||
			blob_whole(gathering->core->options.blobs, &candidate.id, &candidate.size) != STATUS_OK)
			continue;
		gathering->candidates = arena_grow(
			gathering->arena, gathering->candidates, gathering->count, &gathering->capacity, sizeof(candidate));
		gathering->candidates[gathering->count++] = candidate;
	}
}

static enum status add_row(void *context, const void *row, const struct server_row *meta)
{
	(void)meta;
	add_candidates(context, row);
	return STATUS_OK;
}

static enum status add_link(void *context, const struct member *member)
{
	struct gathering *gathering = context;
	const void *row = NULL;
	enum status status =
		records_look(server_store_records(gathering->core->options.store), RECORD_ATTACHMENT, &member->id, &row);

	if (status == STATUS_OK && row != NULL)
		add_candidates(gathering, row);
	return status;
}

/* Of one scope: what is at home there, and what a job links. */
static enum status gather_scope(struct gathering *gathering, int64_t scope)
{
	struct server_store *store = gathering->core->options.store;
	const struct member after = { .scope = scope, .kind = RECORD_ATTACHMENT };
	struct id last;
	enum status status = server_store_by_id(store, RECORD_ATTACHMENT, scope, &(struct id){ 0 }, add_row, gathering);

	for (size_t i = 0; i < ID_SIZE; i++)
		last.bytes[i] = UINT8_MAX;
	if (status == STATUS_OK)
		status = server_store_links_by_id(store, &after, &last, add_link, gathering);
	server_store_reset_rows(store);
	return status;
}

static enum status gather(struct gathering *gathering, const struct id *device)
{
	struct grant_entry *grants = NULL;
	size_t count = 0;
	enum status status =
		server_store_grants(gathering->core->options.store, device, INT64_MAX, gathering->arena, &grants, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (grants[i].until_gseq == 0)
			status = gather_scope(gathering, grants[i].scope);
	return status;
}

static int compare_ids(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = hash_order(&a->id, &b->id);

	return order != 0 ? order : (a->queue > b->queue) - (a->queue < b->queue);
}

static int compare_turns(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->queue != b->queue)
		return (a->queue > b->queue) - (a->queue < b->queue);
	return a->size != b->size ? (a->size > b->size) - (a->size < b->size) : hash_order(&a->id, &b->id);
}

/* What comes by itself stays, each file once, by the earlier of its queues. */
static enum status put_in_order(struct gathering *gathering, const struct id *technician)
{
	struct server_store *store = gathering->core->options.store;
	struct candidate *candidates = gathering->candidates;
	size_t kept = 0, once = 0;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < gathering->count && status == STATUS_OK; i++) {
		struct candidate candidate = candidates[i];
		status = file_queue_of(server_store_records(store), technician, server_core_now_ms(gathering->core),
			&candidate.work_order, &candidate.queue);
		server_store_reset_rows(store);
		if (candidate.queue == BLOB_QUEUE_COUNT)
			continue;
		if (candidate.size <= (int64_t)BLOB_SMALL_MAX)
			candidate.queue = BLOB_QUEUE_SMALL_IN;
		candidates[kept++] = candidate;
	}
	if (kept > 1)
		qsort(candidates, kept, sizeof(*candidates), compare_ids);
	for (size_t i = 0; i < kept; i++)
		if (once == 0 || !hash_equal(&candidates[once - 1].id, &candidates[i].id))
			candidates[once++] = candidates[i];
	if (once > 1)
		qsort(candidates, once, sizeof(*candidates), compare_turns);
	gathering->count = once;
	return status;
}

enum status server_core_files_for(struct server_core *core, const struct device_entry *device, struct bundle_files *files)
{
	struct arena arena = { 0 };
	struct gathering gathering = { .core = core, .arena = &arena };
	enum status status = STATUS_OK;

	files->files = core->options.blobs;
	if (files->files == NULL)
		return STATUS_OK;
	gathering.held = blob_held_of(files->files, &arena, &device->id);
	status = gather(&gathering, &device->id);
	if (status == STATUS_OK)
		status = put_in_order(&gathering, &device->technician);
	for (size_t i = 0; i < gathering.count && status == STATUS_OK; i++)
		status = bundle_files_add(files, &gathering.candidates[i].id);
	arena_finish(&arena);
	return status;
}
