#include "protocol/sync/attachment_files.h"

size_t attachment_files(const struct attachment *attachment, struct attachment_file out_files[ATTACHMENT_FILES_MAX])
{
	struct attachment_file thumbnail = { .thumbnail = true }, whole = { .size = attachment->size };
	size_t count = 0;

	if (blob_from_text(attachment->thumbnail, &thumbnail.id) == STATUS_OK)
		out_files[count++] = thumbnail;
	if (whole.size <= (int64_t)BLOB_FILE_MAX && blob_from_text(attachment->blob, &whole.id) == STATUS_OK)
		out_files[count++] = whole;
	return count;
}
