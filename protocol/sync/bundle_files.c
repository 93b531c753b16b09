#include "protocol/sync/bundle_files.h"

static enum status add_list(struct bundle_files *files, const struct hash *id, struct bytes content)
{
	struct arena arena = { 0 };
	struct writer body = writer_in(&arena, BLOB_LIST_MAX + 128);
	const struct blob_offer offer = { .id = *id, .size = (int64_t)content.size, .list = blob_list_of(&arena, content) };
	enum status status;

	blob_offer_encode(&body, &offer);
	status = files->take(files->context, true, writer_bytes(&body));
	arena_finish(&arena);
	return status;
}

/* No piece passes the end of its chunk. */
static enum status add_pieces(struct bundle_files *files, const struct hash *id, struct bytes content)
{
	struct arena arena = { 0 };
	enum status status = STATUS_OK;

	for (size_t at = 0, size; status == STATUS_OK && at < content.size; at += size) {
		struct writer body = writer_in(&arena, BLOB_PIECE_MAX + 128);
		size_t left_of_chunk = BLOB_CHUNK_SIZE - at % BLOB_CHUNK_SIZE;
		size = left_of_chunk < BLOB_PIECE_MAX ? left_of_chunk : BLOB_PIECE_MAX;
		if (size > content.size - at)
			size = content.size - at;
		blob_piece_encode(&body, &(struct blob_piece){ .id = *id, .offset = (int64_t)at, .bytes = { content.data + at, size } });
		status = files->take(files->context, false, writer_bytes(&body));
		arena_reset(&arena);
	}
	arena_finish(&arena);
	return status;
}

enum status bundle_files_add(struct bundle_files *files, const struct hash *id)
{
	struct arena arena = { 0 };
	struct bytes content = { 0 };
	int64_t size = 0;
	bool fits = blob_whole(files->files, id, &size) == STATUS_OK && size <= files->room &&
		    blob_read_whole(files->files, &arena, id, &content) == STATUS_OK;
	enum status status = fits ? add_list(files, id, content) : STATUS_OK;

	if (fits && status == STATUS_OK)
		status = add_pieces(files, id, content);
	arena_finish(&arena);
	files->room -= fits ? size : 0;
	files->count += fits;
	files->left += !fits;
	return status;
}
