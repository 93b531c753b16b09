#include "protocol/sync/readiness.h"

#include <string.h>

#include "protocol/domain/attachment.h"
#include "protocol/sync/blob_store.h"

enum status readiness_open(struct readiness *readiness, struct device_store *store, const struct blob_files *files)
{
	*readiness = (struct readiness){ .store = store, .files = files };
	return shadow_set_load(&readiness->shadows, store, &readiness->arena);
}

void readiness_close(struct readiness *readiness)
{
	arena_finish(&readiness->arena);
	*readiness = (struct readiness){ 0 };
}

/* ---- files ---- */

/* As far as it has come. */
static int64_t part_of(const struct blob_files *files, struct arena *arena, const struct hash *id)
{
	struct blob_part part;

	return blob_part_find(files, arena, NULL, id, &part) == STATUS_OK ? part.have : 0;
}

static void count_file(const struct blob_files *files, const struct attachment *attachment, struct job_readiness *job)
{
	struct arena arena = { 0 }; /* the content of one file */
	struct bytes content;
	struct hash id;
	enum status status;

	if (attachment->size > (int64_t)BLOB_FILE_MAX || blob_from_text(attachment->blob, &id) != STATUS_OK)
		return; /* it does not travel */
	status = blob_read_whole(files, &arena, &id, &content);
	job->files++;
	job->files_here += status == STATUS_OK;
	job->files_damaged += status != STATUS_OK && status != STATUS_NOT_FOUND;
	job->file_bytes += attachment->size;
	job->file_bytes_here += status == STATUS_OK ? attachment->size : part_of(files, &arena, &id);
	arena_finish(&arena);
}

/* ---- rows ---- */

struct counting {
	const struct readiness *readiness;
	struct job_readiness *job;
	struct digest found;
};

/* A row that the job links; `meta` NULL: it is not here. */
static enum status count_row(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct counting *counting = context;
	const struct shadow *shadow = shadow_set_find(&counting->readiness->shadows, kind, row_id(row));

	if (shadow != NULL && shadow->present)
		digest_add(&counting->found, shadow->row.hash);
	else if (shadow == NULL && meta != NULL)
		digest_add(&counting->found, row_hash(schema_find(kind), row));
	if (kind == RECORD_ATTACHMENT && meta != NULL && counting->readiness->files != NULL)
		count_file(counting->readiness->files, row, counting->job);
	return STATUS_OK;
}

enum status readiness_of_job(struct readiness *readiness, const struct id *work_order, struct job_readiness *out_job)
{
	const struct scope scope = { .kind = SCOPE_JOB, .id = *work_order };
	struct job_readiness job = { 0 };
	struct counting counting = { .readiness = readiness, .job = &job };
	struct id_span all = { 0 };
	enum status status = device_store_scope(readiness->store, &scope, &job.digest);

	memset(&all.last, 0xff, sizeof(all.last));
	job.granted = status == STATUS_OK;
	if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	else if (status == STATUS_OK)
		status = device_store_span_each(readiness->store, &scope, &all, count_row, &counting);
	if (status != STATUS_OK)
		return status;
	job.rows = job.digest.count;
	job.rows_here = counting.found.count;
	job.proven = job.granted && digest_equal(&counting.found, &job.digest);
	*out_job = job;
	return STATUS_OK;
}

bool job_is_ready(const struct job_readiness *job)
{
	return job->granted && job->proven && job->files_here == job->files;
}
