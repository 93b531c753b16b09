#include "protocol/sync/untold.h"

#include <string.h>

#include "protocol/wire/body.h"

#define NAME     "told/latest"
#define DRAFT    "in/told.new"
#define SIZE_MAX_OF_NOTE 512

bool untold_is(const struct untold *untold)
{
	return untold->told.what.size > 0;
}

static void keep_texts(struct untold *untold, int64_t at_ms, struct text what, struct text detail)
{
	what = text_cut(what, TOLD_WHAT_MAX);
	detail = text_cut(detail, TOLD_DETAIL_MAX);
	if (what.size > 0)
		memcpy(untold->what, what.data, what.size);
	if (detail.size > 0)
		memcpy(untold->detail, detail.data, detail.size);
	untold->told = (struct told_incident){ at_ms, { untold->what, what.size }, { untold->detail, detail.size } };
}

static void keep(const struct untold *untold, const struct blob_files *files)
{
	struct arena arena = { 0 };
	struct writer body = writer_in(&arena, SIZE_MAX_OF_NOTE), note = writer_in(&arena, SIZE_MAX_OF_NOTE);

	if (files == NULL)
		return;
	told_incident_encode(&body, &untold->told);
	write_bytes(&note, writer_bytes(&body));
	write_cursor(&note, &untold->said);
	if (files->write(files->context, DRAFT, 0, writer_bytes(&note)) == STATUS_OK)
		(void)(files->keep(files->context, DRAFT, NAME) == STATUS_OK);
	arena_finish(&arena);
}

void untold_load(struct untold *untold, const struct blob_files *files)
{
	uint8_t bytes[SIZE_MAX_OF_NOTE];
	struct reader reader;
	struct told_incident told;
	struct cursor said;
	int64_t size = 0;

	if (files == NULL || files->size(files->context, NAME, &size) != STATUS_OK || size > SIZE_MAX_OF_NOTE ||
		files->read(files->context, NAME, 0, bytes, (size_t)size) != STATUS_OK)
		return;
	reader = reader_of((struct bytes){ bytes, (size_t)size });
	if (told_incident_decode(read_bytes(&reader, SIZE_MAX_OF_NOTE), &told) != STATUS_OK)
		return;
	said = read_cursor(&reader);
	if (reader_end(&reader, "told") != STATUS_OK)
		return;
	keep_texts(untold, told.at_ms, told.what, told.detail);
	untold->said = said;
}

void untold_note(struct untold *untold, const struct blob_files *files, int64_t at_ms, struct text what, struct text detail)
{
	keep_texts(untold, at_ms, what, detail);
	untold->said = (struct cursor){ .gseq = 0 };
	keep(untold, files);
}

void untold_said(struct untold *untold, const struct blob_files *files, const struct cursor *cursor)
{
	untold->said = *cursor;
	keep(untold, files);
}

void untold_clear(struct untold *untold, const struct blob_files *files)
{
	untold->told = (struct told_incident){ .at_ms = 0 };
	if (files != NULL)
		(void)(files->remove(files->context, NAME) == STATUS_OK);
}
