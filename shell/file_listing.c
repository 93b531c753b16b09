#include "shell/file_listing.h"

#include <string.h>

#include "protocol/domain/work_order.h"
#include "protocol/sync/blob_store.h"
#include "shell/file.h"
#include "shell/lookup.h"

const struct option file_list_positionals[] = {
	{ .name = "ORDER", .kind = OPTION_TEXT, .help = "work order: its number, or first digits of its id; without it all files" },
	{ 0 },
};
const struct option file_get_positionals[] = {
	{ .name = "ATTACHMENT", .kind = OPTION_TEXT, .required = true, .help = "first digits of its id" },
	{ 0 },
};

struct file_state {
	const char *word; /* as JSON has it; people see its translation */
	int64_t percent;
};

static struct file_state state_of(struct arena *arena, const struct blob_files *files, struct text blob)
{
	struct blob_part part;
	struct hash id;
	int64_t size;

	if (blob_from_text(blob, &id) != STATUS_OK)
		return (struct file_state){ "none", 0 };
	if (blob_whole(files, &id, &size) == STATUS_OK)
		return (struct file_state){ blob_listed(files, BLOB_OUT, &id) ? "to_send" : "here", 100 };
	if (blob_part_find(files, arena, NULL, &id, &part) == STATUS_OK && part.size > 0)
		return (struct file_state){ "under_way", 100 * part.have / part.size };
	return (struct file_state){ blob_listed(files, BLOB_WANT, &id) ? "asked_for" : "missing", 0 };
}

struct file_rows {
	struct context *context;
	struct table *table;
	const struct blob_files *files;
};

/* As a person reads it. */
static struct text words_of(const struct file_rows *rows, const struct file_state *state)
{
	struct arena *arena = rows->context->arena;
	struct text word = catalogue_word(arena, rows->context->language, "state.file", text_of(state->word));

	if (strcmp(state->word, "under_way") == 0)
		return arena_print(arena, "%.*s %lld %%", TEXT_ARGUMENTS(word), (long long)state->percent);
	return word;
}

static enum status list_file(void *user, const void *row, const struct row_meta *meta)
{
	struct file_rows *rows = user;
	const struct attachment *attachment = row;
	struct arena *arena = rows->context->arena;
	struct file_state state = state_of(arena, rows->files, attachment->blob);
	struct file_state thumbnail = state_of(arena, rows->files, attachment->thumbnail);
	struct text kind = choice_to_text(arena, attachment_kind_names, attachment->kind);

	(void)meta;
	table_row(rows->table, (const struct cell[]){
				       cell_id(&attachment->id),
				       cell_name("state.attachment_kind", kind),
				       cell_text(attachment->caption),
				       cell_size(attachment->size),
				       cell_text(attachment->thumbnail.size == 0 ? text_of("") : words_of(rows, &thumbnail)),
				       cell_text(words_of(rows, &state)),
				       cell_string(thumbnail.word),
				       cell_string(state.word),
				       cell_integer(state.percent),
			       });
	return STATUS_OK;
}

static enum status list_other_file(void *user, const void *row, const struct row_meta *meta)
{
	/* What was taken on a job is listed with that job. */
	return id_is_nil(&((const struct attachment *)row)->work_order_id) ? list_file(user, row, meta) : STATUS_OK;
}

/* What is attached to the machine and the site of an order. */
static enum status list_of_what_it_is_for(struct file_rows *rows, struct storage *storage, const struct id *order)
{
	const struct work_order *work_order;
	void *row;
	enum status status = table_get(storage, &work_order_schema, order, rows->context->arena, &row, NULL);

	if (status != STATUS_OK)
		return status;
	work_order = row;
	if (!id_is_nil(&work_order->asset_id))
		status = table_each(storage, &attachment_schema, "record_id", &work_order->asset_id, list_other_file, rows);
	if (status == STATUS_OK && !id_is_nil(&work_order->site_id))
		status = table_each(storage, &attachment_schema, "record_id", &work_order->site_id, list_other_file, rows);
	return status;
}

enum status file_listing(struct context *context, struct storage *storage, const struct blob_files *files, const struct id *order)
{
	static const struct column columns[] = { { "id", "attachment", false }, { "kind", NULL, false }, { "caption", NULL, false },
		{ "size", NULL, false }, { "thumbnail_words", "thumbnail", false }, { "words", "file", false }, { "thumbnail", NULL, true },
		{ "state", NULL, true }, { "percent", NULL, true } };
	struct file_rows rows = { .context = context, .files = files };
	enum status status;

	rows.table = output_table(context->output, "files", columns, LENGTH(columns));
	if (id_is_nil(order))
		return table_scan(storage, &attachment_schema, &(struct id){ 0 }, list_file, &rows);
	status = table_each(storage, &attachment_schema, "work_order_id", order, list_file, &rows);
	return status == STATUS_OK ? list_of_what_it_is_for(&rows, storage, order) : status;
}

enum status file_find(struct context *context, struct storage *storage, struct text which, struct attachment *out_attachment)
{
	struct id id;
	void *row;
	enum status status = lookup_record(storage, RECORD_ATTACHMENT, which, &id);

	if (status == STATUS_OK)
		status = table_get(storage, &attachment_schema, &id, context->arena, &row, NULL);
	if (status == STATUS_OK)
		*out_attachment = *(const struct attachment *)row;
	return status;
}

/* What a file begins with, and what it is then. */
static const struct {
	const char *mark, *media_type, *ending;
} media[] = {
	{ "\xff\xd8\xff", "image/jpeg", ".jpg" },
	{ "\x89PNG", "image/png", ".png" },
	{ "%PDF", "application/pdf", ".pdf" },
};

struct text file_media_type(struct bytes content)
{
	for (size_t i = 0; i < LENGTH(media); i++) {
		size_t size = strlen(media[i].mark);
		if (content.size >= size && memcmp(content.data, media[i].mark, size) == 0)
			return text_of(media[i].media_type);
	}
	return text_of("application/octet-stream");
}

static const char *ending_of(struct text media_type)
{
	for (size_t i = 0; i < LENGTH(media); i++)
		if (text_equals(media_type, media[i].media_type))
			return media[i].ending;
	return "";
}

struct text file_chosen(const struct context *context, const struct attachment *attachment)
{
	return arguments_flag(context->arguments, "thumbnail") ? attachment->thumbnail : attachment->blob;
}

/* Where it is written when nobody says. */
static struct text own_name(const struct context *context, const struct attachment *attachment)
{
	struct id_text id = id_to_text(&attachment->id);

	if (arguments_flag(context->arguments, "thumbnail"))
		return arena_print(context->arena, "%.8s-thumbnail.jpg", id.characters);
	return arena_print(context->arena, "%.8s%s", id.characters, ending_of(attachment->media_type));
}

enum status file_hand_out(struct context *context, const struct blob_files *files, const struct attachment *attachment)
{
	struct text name = arguments_text(context->arguments, "out"), path;
	struct bytes content;
	struct hash id;
	enum status status = blob_from_text(file_chosen(context, attachment), &id);

	if (status != STATUS_OK && arguments_flag(context->arguments, "thumbnail"))
		return fail(STATUS_NOT_FOUND,
			"this attachment has no thumbnail: it is small itself, or no picture from which one could be made");
	if (status != STATUS_OK)
		return fail(STATUS_NOT_FOUND, "this attachment has no file: only what is known of it was recorded");
	status = blob_read_whole(files, context->arena, &id, &content);
	if (status == STATUS_CORRUPT)
		return fail(STATUS_CORRUPT, "the file of this attachment is damaged here (%s)", blob_to_text(&id).characters);
	if (status != STATUS_OK)
		return status;
	if (name.size == 0)
		name = own_name(context, attachment);
	path = path_join(context->arena, context->working_dir, name);
	if (file_exists(path.data))
		return fail(STATUS_REFUSED, "%s is there already: name another file with --out", path.data);
	status = file_write(path.data, content, 0600);
	if (status == STATUS_NOT_FOUND) /* the folder: the file itself is here */
		return STATUS_CANNOT_WRITE;
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "file", NULL, cell_text(path));
	output_value(context->output, "size", NULL, cell_size((int64_t)content.size));
	return STATUS_OK;
}
